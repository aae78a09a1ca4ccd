"""Margins and probabilities: the map between them, and the affine one that calibrates a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_SLOPE = 2.0


def sigmoid(margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of a margin in log-odds."""
    import numpy as np
    from scipy.special import expit

    return np.asarray(expit(margin), dtype=np.float64)


def held_rate(rate: float) -> float:
    """A rate away from 0 and 1, so that its log-odds exist."""
    return min(max(float(rate), 1e-4), 1 - 1e-4)


def mean_loss(y: NDArray[np.float64], margin: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Mean log-loss of margins in log-odds."""
    import numpy as np

    return float(np.average(np.logaddexp(0.0, margin) - y * margin, weights=weight))


def calibrate(
    margin: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """Slope and shift of the affine map of the margin with the least log-loss (Platt 1999).

    The slope stays in 0 to 2: a negative one would turn the order round, and means that there is no signal.
    """
    import numpy as np
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
