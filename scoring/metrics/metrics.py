"""Figures of a forward test. Rows are 1-d arrays: y in {0, 1}, p in (0, 1), s any order of merit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# A probability of 0 that happens would cost infinitely much; so it costs 28.
_TINY = 1e-12


def losses(y: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-loss of each row in nats."""
    p = np.clip(p, _TINY, 1 - _TINY)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log1p(-p)))


def aucs(y: NDArray[np.float64], s: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area under the ROC curve for each row of `weights`, shape (resamples, rows); ties count half.

    Nan where a resample holds one class only.
    """
    order = np.argsort(s, kind="stable")
    s, y = s[order], y[order]
    starts = np.flatnonzero(np.r_[True, s[1:] != s[:-1]])
    out = np.empty(len(weights))
    for i, row in enumerate(weights):
        w = row[order]
        wins = np.add.reduceat(w * y, starts)
        rest = np.add.reduceat(w * (1 - y), starts)
        below = np.cumsum(rest) - rest
        total = wins.sum() * rest.sum()
        out[i] = np.dot(wins, below + rest / 2) / total if total > 0 else np.nan
    return out


def auc(y: NDArray[np.float64], s: NDArray[Any]) -> float:
    """Area under the ROC curve; ties count half.

    >>> import numpy as np
    >>> auc(np.array([0.0, 1.0, 0.0, 1.0]), np.array([1, 2, 3, 4]))
    0.75
    """
    return float(aucs(y, s, np.ones((1, len(y))))[0])


def expected_calibration_error(y: NDArray[np.float64], p: NDArray[np.float64], bins: int = 10) -> float:
    """Mean gap between promised and seen rate over bins of equal size, ordered by p."""
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(abs(y[part].sum() - p[part].sum()) for part in parts) / max(len(y), 1))


def lift(y: NDArray[np.float64], s: NDArray[np.float64], share: float = 0.1) -> float:
    """Rate among the best share of the rows over the rate of all; ties at the edge count in part."""
    k = max(1, round(share * len(y)))
    edge = np.partition(s, len(s) - k)[len(s) - k]
    above, tied = s > edge, s == edge
    wins = y[above].sum() + y[tied].mean() * (k - above.sum())
    return float(wins / k / y.mean()) if y.mean() > 0 else float("nan")


def group_weights(groups: NDArray[Any], resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each row is drawn when whole groups are drawn with replacement; (resamples, rows)."""
    codes, names = pd.factorize(groups)
    k = len(names)
    drawn = rng.multinomial(k, np.full(k, 1 / k), size=resamples).astype(np.float64)
    return drawn[:, codes]


def isotonic_gain(
    y: NDArray[np.float64], p: NDArray[np.float64], codes: NDArray[Any], *, parts: int = 5
) -> float:
    """Log-loss that a monotone map of the probabilities would save, each part of the groups mapped by the others.

    A diagnosis: where it is well above 0 the calibration is bent in a way that an affine map of the margin cannot mend.
    """
    from sklearn.isotonic import IsotonicRegression

    part = np.unique(codes, return_inverse=True)[1] % parts
    mapped = np.empty(len(p))
    for k in range(parts):
        judged = part == k
        if judged.all() or not judged.any():
            return 0.0
        curve = IsotonicRegression(y_min=1e-3, y_max=1 - 1e-3, out_of_bounds="clip")
        mapped[judged] = curve.fit(p[~judged], y[~judged]).predict(p[judged])
    return float((losses(y, p) - losses(y, mapped)).mean())
