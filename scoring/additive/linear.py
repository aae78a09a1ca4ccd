"""The linear form of an additive model: a ridge logistic regression on encoded columns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.additive.encoding import Encoder

# Numbers of a matrix that is held at once: 160 MB. A judgement: larger costs memory, smaller costs time.
_ENCODED_AT_ONCE = 20_000_000


class Linear:
    """Margin = base + (Z - means) coef, where Z are the encoded columns; base is the margin of the average row."""

    kind = "linear"

    def __init__(
        self, encoder: Encoder, coef: NDArray[np.float64], means: NDArray[np.float64], base: float
    ) -> None:
        self.encoder = encoder
        self.coef = coef
        self.means = means
        self.base = base
        self.columns = encoder.columns

    def scaled(self, slope: float, shift: float) -> Linear:
        """The same with the margin mapped to slope x margin + shift."""
        return Linear(self.encoder, slope * self.coef, self.means, slope * self.base + shift)

    def margin(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Log-odds, one a row."""
        out = np.full(len(X), self.base)
        for rows in self._blocks(X):
            out[rows] += (self.encoder.encode(X.iloc[rows]) - self.means) @ self.coef
        return out

    def contributions(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, columns): what each column adds to the base."""
        if not self.columns:
            return np.zeros((len(X), 0))
        out = np.empty((len(X), len(self.columns)))
        for rows in self._blocks(X):
            terms = (self.encoder.encode(X.iloc[rows]) - self.means) * self.coef
            out[rows] = np.add.reduceat(terms, self.encoder.starts(), axis=1)
        return out

    def _blocks(self, X: pd.DataFrame) -> list[slice]:
        """Rows to encode at once: a text of many levels is wide, and a million rows of it are no matrix to hold."""
        step = max(_ENCODED_AT_ONCE // max(len(self.coef), 1), 1000)
        return [slice(k, k + step) for k in range(0, len(X), step)]

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "kind": self.kind,
            "codes": self.encoder.to_list(),
            "coef": [float(v) for v in self.coef],
            "means": [float(v) for v in self.means],
            "base": self.base,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Linear:
        """The inverse of `to_dict`."""
        coef, means = (np.asarray(data[k], dtype=np.float64) for k in ("coef", "means"))
        return cls(Encoder.from_list(data["codes"]), coef, means, float(data["base"]))


def screen(
    Z: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], least: float
) -> NDArray[np.float64]:
    """What each column is multiplied by before it is learnt from: 0 where alone it says less than chance does.

    With the column's squared z of its correlation with y, sqrt(max(z^2 - least, 0) / z^2): columns that say much are
    held by the ridge penalty as ever, weak ones more (adaptive weights: Zou 2006). Ones where `least` is 0.
    """
    if not least:
        return np.ones(Z.shape[1])
    share = weight / weight.sum()
    mean, rate = share @ Z, float(share @ y)
    spread = np.sqrt(np.maximum(share @ (Z * Z) - mean * mean, 1e-18)) * np.sqrt(rate * (1 - rate))
    z = ((share * (y - rate)) @ Z / np.maximum(spread, 1e-12)) ** 2 * weight.sum()
    return np.asarray(np.sqrt(np.maximum(z - least, 0.0) / np.maximum(z, 1e-12)))


def logistic(
    Z: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    strength: float,
    *,
    start: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Coefficients and intercept of the logistic regression with a ridge penalty; `strength` is scikit-learn's C."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        # Newton's method needs some ten steps; the limit is only for what does not converge.
        C=strength,
        solver="newton-cholesky",
        max_iter=100,
        tol=1e-5,
        warm_start=start is not None,
    )
    if start is not None:
        model.coef_, model.intercept_ = start[None, :-1], start[-1:]
    with warnings.catch_warnings():
        # Begun where a like strength ended, the first step may be too small to improve; the library goes on by itself.
        warnings.filterwarnings("ignore", message="Line search of Newton solver")
        model.fit(Z, y, sample_weight=weight)
    return np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0])
