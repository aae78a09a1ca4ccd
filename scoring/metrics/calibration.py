"""Margins and probabilities: the map between them, and the affine one that calibrates a margin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Judgements: a margin that would have to be more than doubled was learnt wrongly; the newest quarter is recent enough
# to tell of now and large enough to tell it from chance (docs/decisions/scoring-moved-base-rate.md).
_MAX_SLOPE = 2.0
_RECENT = 0.25
# Fewer companies than these have no rate of their own.
_LEAST_RECENT = 30


def sigmoid(margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of a margin in log-odds."""
    from scipy.special import expit

    return np.asarray(expit(margin), dtype=np.float64)


def clipped_rate(rate: float) -> float:
    """A rate away from 0 and 1, so that its log-odds exist."""
    # The same limits as for what is written, `PROBABLE` of the catalogue of fields.
    return min(max(float(rate), 1e-4), 1 - 1e-4)


def mean_loss(y: NDArray[np.float64], margin: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Mean log-loss of margins in log-odds."""
    return float(np.average(np.logaddexp(0.0, margin) - y * margin, weights=weight))


def calibrate(
    margin: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Slope and shift of the affine map of the margin with the least log-loss (Platt 1999).

    The slope stays in 0 to 2: a negative one would turn the order round, and means that there is no signal.
    """
    from scipy.optimize import minimize

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        m = theta[0] * margin + theta[1]
        r = weight * (sigmoid(m) - y)
        value = float((weight * (np.logaddexp(0.0, m) - y * m)).sum())
        return value / weight.sum(), np.array([(r * margin).sum(), r.sum()]) / weight.sum()

    found = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, _MAX_SLOPE), (-20.0, 20.0)]
    )
    return float(found.x[0]), float(found.x[1])


def older(order: NDArray[Any], share: float) -> NDArray[np.bool_]:
    """Which rows are older than the other 1 - `share` of them; rows of one time are never parted."""
    return np.asarray(np.searchsorted(np.sort(order), order, side="left") < share * len(order))


def recent_shift(
    margin: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.int64],
    order: NDArray[Any],
) -> float:
    """What the newest quarter of the rows needs added to the margin, 0 unless it is beyond chance.

    The base rate of a business moves; a probability should be that of now. Groups (`codes`) count together, and a shift
    under two standard errors is taken for chance. What is beyond is shrunk by its own uncertainty.
    """
    newest = ~older(order, 1 - _RECENT)
    if newest.all() or not newest.any():
        return 0.0
    m, seen, w, groups = margin[newest], y[newest], weight[newest], codes[newest]
    delta = 0.0
    # Newton's method needs some five steps; no step goes beyond a factor of 20 in the odds.
    for _ in range(25):
        p = sigmoid(m + delta)
        delta = float(np.clip(delta + (w * (seen - p)).sum() / max((w * p * (1 - p)).sum(), 1e-9), -3, 3))
    p = sigmoid(m + delta)
    score = np.bincount(groups, weights=w * (seen - p))
    information = float((w * p * (1 - p)).sum())
    error = float(np.sqrt((score**2).sum())) / max(information, 1e-9)
    known = len(np.unique(groups))
    if known < _LEAST_RECENT or abs(delta) <= 2 * error:
        return 0.0
    return delta * (1 - (error / delta) ** 2)
