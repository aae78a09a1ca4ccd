"""Maximum likelihood on log parameters, with an analytic gradient and standard errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LogLikelihood = Callable[["NDArray[np.float64]"], "tuple[float, NDArray[np.float64]]"]
"""Takes the parameters, gives the summed log-likelihood and its gradient."""

# |log of a parameter| at which a fit has run away: 12 is a factor of 160,000 from 1, far beyond any published figure.
_EDGE = 12.0


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters, their standard errors (nan where the likelihood is flat), and whether it is a maximum."""

    params: NDArray[np.float64]
    errors: NDArray[np.float64]
    log_likelihood: float
    converged: bool
    warnings: tuple[str, ...]


def maximise(
    likelihood: LogLikelihood,
    start: NDArray[np.float64],
    *,
    size: float,
    prior: tuple[NDArray[np.float64], float] | None = None,
) -> Fit:
    """Maximise a log-likelihood of positive parameters over `size` customers.

    `prior` is (means, sd) of a normal on the log parameters, for data that do not hold them by themselves.
    """
    from scipy.optimize import minimize

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        # Beyond these a step of the search would leave what the likelihood can compute.
        params = np.exp(np.clip(theta, -30, 30))
        value, gradient = likelihood(params)
        gradient = gradient * params
        if prior is not None:
            away = (theta - prior[0]) / prior[1]
            value, gradient = value - 0.5 * float(away @ away), gradient - away / prior[1]
        return -value / size, -gradient / size

    # A parameter that runs away leaves what a float can hold; that is told below, not by numpy.
    with np.errstate(all="ignore"):
        optimum = minimize(
            loss,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 1e-12, "gtol": 1e-8, "maxiter": 500},
        )
        params = np.exp(optimum.x)
        value, gradient = likelihood(params)
        errors = _errors(likelihood, params)
    warnings = []
    if not np.isfinite(value) or not np.isfinite(optimum.x).all() or (np.abs(optimum.x) > _EDGE).any():
        warnings.append("the likelihood has no maximum: a parameter runs away")
    # A judgement: at a maximum the mean gradient is some 1e-8; a thousandth of a standard error does not show.
    if prior is None and float(np.abs(gradient * params).max()) / size > 1e-4:
        warnings.append("the optimiser stopped before the maximum")
    if prior is None and not np.isfinite(errors).all():
        warnings.append("the likelihood is flat: the data do not hold the parameters")
    return Fit(params, errors, float(value), not warnings, tuple(warnings))


def _errors(likelihood: LogLikelihood, params: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square roots of the diagonal of the inverse observed information."""
    k = len(params)
    hessian = np.empty((k, k))
    for i in range(k):
        step = np.zeros(k)
        # About the root of a double's precision, at which central differences of a gradient err least.
        step[i] = 1e-5 * max(params[i], 1e-8)
        hessian[i] = (likelihood(params + step)[1] - likelihood(params - step)[1]) / (2 * step[i])
    hessian = (hessian + hessian.T) / 2
    try:
        if not np.isfinite(hessian).all() or (np.linalg.eigvalsh(-hessian) <= 0).any():
            return np.full(k, np.nan)
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(-hessian))))
    except np.linalg.LinAlgError:
        return np.full(k, np.nan)
