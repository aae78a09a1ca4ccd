"""A small linear regression with ridge, and its intervals by a bootstrap that knows bias and serial correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Of the months, on standardised columns: only directions in which columns hardly differ are held.
PENALTY = 0.005
_MOST_CORRELATION = 0.9


@dataclass(frozen=True)
class Fit:
    """Coefficients of the columns as they were given (the first is the intercept) and draws of where they may lie.

    coefficients
        Shape (p,).
    draws
        Shape (draws, p): their quantiles are the bootstrap-t interval.
    sigma
        Standard deviation of the residuals.
    correlation
        Of a month's residual with the one before.
    """

    coefficients: np.ndarray
    draws: np.ndarray
    sigma: float
    correlation: float


def solver(x: np.ndarray, penalty: float = PENALTY) -> np.ndarray:
    """The matrix A (p, T) with coefficients A y: ridge on standardised columns, with its bias taken out once.

    x
        Shape (T, p), the first column ones; no other column constant.

    With M = (Z'Z + kT I)^-1 ridge is M Z'y and its bias -kT M b; adding kT M times the ridge estimate leaves a bias of
    the second order (Zhang and Politis, 2022, section 2). Well determined coefficients are those of least squares.
    """
    t, p = x.shape
    centre, spread = x[:, 1:].mean(axis=0), x[:, 1:].std(axis=0)
    z = (x[:, 1:] - centre) / spread
    k = penalty * t
    m = np.linalg.inv(z.T @ z + k * np.eye(p - 1))
    slopes = (np.eye(p - 1) + k * m) @ m @ z.T / spread[:, None]
    return np.vstack([np.full(t, 1 / t) - centre @ slopes, slopes])


class _Columns:
    """What depends on the columns alone, so that a thousand played series are fitted at once."""

    def __init__(self, x: np.ndarray, penalty: float) -> None:
        self.x, self.a = x, solver(x, penalty)
        t = len(x)
        m = np.eye(t) - x @ self.a
        # Residuals are M e: uncorrelated errors show this correlation, which is below 0.
        self.shown = float((m[1:] * m[:-1]).sum() / (m * m).sum())
        lags = np.abs(np.arange(t)[:, None] - np.arange(t)[None, :])
        self.grid = np.linspace(0.0, _MOST_CORRELATION, 19)
        self.factors = np.array([np.einsum("ij,ij->i", self.a @ r**lags, self.a) for r in self.grid])

    def fitted(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """For series (n, T): coefficients, residuals, correlations of errors, standard errors of coefficients."""
        t, p = self.x.shape
        found = y @ self.a.T
        left = y - found @ self.x.T
        square = np.einsum("ij,ij->i", left, left)
        seen = np.einsum("ij,ij->i", left[:, 1:], left[:, :-1]) / np.maximum(square, 1e-300)
        rho = np.clip((seen - self.shown) * (1 + 2 / t), 0.0, _MOST_CORRELATION)
        factor = np.column_stack([np.interp(rho, self.grid, f) for f in self.factors.T])
        return found, left, rho, np.sqrt(square[:, None] / (t - p) * factor)


def fit(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, draws: int = 999, penalty: float = PENALTY
) -> Fit:
    """The regression of y (T,) on x (T, p), T > p + 2, with bootstrap-t draws.

    Residuals follow a first-order autoregression, whose correlation is corrected for what the regression takes off; its
    innovations are drawn anew (residual bootstrap: Freedman, 1981; with an autoregression: Bühlmann, 1997). Each played
    series is fitted and its correlation estimated as the real one was; the studentised deviations give the draws. A block
    bootstrap was not taken: 24 to 60 months hold too few blocks, and its intervals are too narrow.
    """
    t, p = x.shape
    columns = _Columns(x, penalty)
    b, left, rhos, se = (part[0] for part in columns.fitted(y[None, :]))
    rho = float(rhos)
    fresh = (left[1:] - rho * left[:-1]) * np.sqrt(t / (t - p))
    played = rng.choice(fresh - fresh.mean(), (draws, t))
    noise = np.empty((draws, t))
    noise[:, 0] = played[:, 0] / np.sqrt(1 - rho**2)
    for month in range(1, t):
        noise[:, month] = rho * noise[:, month - 1] + played[:, month]
    found, _, _, errors = columns.fitted(x @ b + noise)
    return Fit(b, b - (found - b) / errors * se, float(np.sqrt(left @ left / (t - p))), rho)
