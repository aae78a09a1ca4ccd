"""The linear form of an additive model: a ridge logistic regression on encoded columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.additive.encoding import Encoder

# Numbers of a matrix that is held at once: 8 MB, which stay near the processor.
BLOCK = 1_000_000
# Encoded columns up to which a matrix of all pairs of them is made: with 2,000 rows of 600 columns (2,600 encoded) making it
# takes longer than doing without it.
MOST_TURNED = 1000


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
        step = max(BLOCK // max(len(self.coef), 1), 1000)
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


class LogisticPath:
    """Ridge logistic regressions of the same rows, one strength after the other, each begun where the last one ended.

    Minimised is the weighted log-loss plus |coef|^2 / (2 strength), the intercept free, by L-BFGS (Liu and Nocedal 1989) in
    coordinates in which the Hessian at the base rate is the identity: some ten evaluations a fit, each of two passes over
    the rows. That Hessian is made once for all strengths. Newton's method makes it anew at each step, and its cost grows
    with the square of the columns at each, and with the cube. Beyond 1,000 encoded columns it is not made at all.

    `scale` multiplies the columns (see `screen`); rows of weight 0 are not learnt from.
    """

    def __init__(
        self,
        Z: NDArray[np.float64],
        y: NDArray[np.float64],
        weight: NDArray[np.float64],
        scale: NDArray[np.float64] | None = None,
    ) -> None:
        total = float(weight.sum())
        rate = float(np.clip(weight @ y / total, 1e-4, 1 - 1e-4))
        self._Z, self._y, self._weight = Z, y, weight
        self._scale = np.ones(Z.shape[1]) if scale is None else scale
        self._spread = total * rate * (1 - rate)
        self._mean = (weight @ Z) / total * self._scale
        self._coef = np.zeros(Z.shape[1])
        self._level = float(np.log(rate / (1 - rate)))
        self._gram: NDArray[np.float64] | None = None
        if 0 < Z.shape[1] <= MOST_TURNED:
            known = weight > 0
            turned = Z[known] * (np.sqrt(weight[known] * rate * (1 - rate))[:, None] * self._scale)
            self._gram = turned.T @ turned - self._spread * np.outer(self._mean, self._mean)

    def fit(self, strength: float) -> tuple[NDArray[np.float64], float]:
        """Coefficients of the columns as they are given, and the intercept; `strength` is scikit-learn's C."""
        from scipy.linalg import cholesky, solve_triangular
        from scipy.optimize import minimize
        from scipy.special import expit

        width, root = len(self._coef), float(np.sqrt(self._spread))
        upper: NDArray[np.float64] | None = None
        if self._gram is not None:
            upper = cholesky(self._gram + np.eye(width) / strength, check_finite=False)

        def turned(u: NDArray[np.float64]) -> NDArray[np.float64]:
            return u[:-1] if upper is None else solve_triangular(upper, u[:-1], check_finite=False)

        def loss(u: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            coef = turned(u)
            margin = self._Z @ (self._scale * coef) + (u[-1] / root - self._mean @ coef)
            rest = self._weight * (expit(margin) - self._y)
            value = self._weight @ (np.logaddexp(0.0, margin) - self._y * margin)
            down = self._scale * (rest @ self._Z) - rest.sum() * self._mean + coef / strength
            if upper is not None:
                down = solve_triangular(upper, down, trans="T", check_finite=False)
            return float(value + coef @ coef / (2 * strength)), np.r_[down, rest.sum() / root]

        start = self._coef if upper is None else upper @ self._coef
        found = minimize(
            loss,
            np.r_[start, self._level * root],
            jac=True,
            method="L-BFGS-B",
            # What is left of the loss is about the square of the gradient: less than a thousandth of one row's.
            options={"maxcor": 20, "maxiter": 500, "maxfun": 600, "gtol": 1e-4, "ftol": 1e-12},
        )
        self._coef, self._level = turned(found.x), float(found.x[-1]) / root
        return self._scale * self._coef, self._level - float(self._mean @ self._coef)


def logistic(
    Z: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], strength: float
) -> tuple[NDArray[np.float64], float]:
    """Coefficients and intercept of the logistic regression with a ridge penalty; `strength` is scikit-learn's C."""
    return LogisticPath(Z, y, weight).fit(strength)
