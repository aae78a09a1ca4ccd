"""Gamma-gamma: what a purchase is worth (Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value")."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.core import ScoringError
from sales_consultant.scoring.customers.max_likelihood import maximise

NAMES = ("p", "q", "v")


class GammaGammaModel:
    """Purchases of a customer are Gamma(p, nu), nu varies between customers by Gamma(q, v).

    x is the number of purchases that the mean m is of; both above 0 in the rows that are fitted (others are
    left out). After `fit`: `params_`, `standard_errors_`, `log_likelihood_`, `converged_`, `warnings_`.
    """

    params_: dict[str, float]
    standard_errors_: dict[str, float]
    log_likelihood_: float
    converged_: bool
    warnings_: tuple[str, ...]

    def fit(self, frequency: ArrayLike, monetary_value: ArrayLike) -> GammaGammaModel:
        """Maximum likelihood (equation 1a of the note)."""
        x, m = (np.asarray(v, dtype=np.float64) for v in (frequency, monetary_value))
        if len(x) != len(m):
            raise ScoringError("frequency and monetary_value need one value a customer")
        kept = (x > 0) & (m > 0) & np.isfinite(x + m)
        x, m = x[kept], m[kept]
        if not len(x):
            raise ScoringError("no customer has a purchase with an amount above 0")
        unit = float(m.mean())
        m = m / unit

        def of_these(params: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            return likelihood(params, x, m)

        fitted = maximise(of_these, np.array([1.0, 1.0, 1.0]), size=len(x))
        warnings = fitted.warnings
        if not fitted.converged:
            # About those of the CDNOW data set (p 6.25, q 3.74, v 15.45), with amounts in units of their mean.
            middle = np.log(np.array([6.0, 4.0, 0.5]))
            fitted = maximise(of_these, np.exp(middle), size=len(x), prior=(middle, 1.0))
            warnings = (*warnings, "the parameters are held by a weak prior")
        # Amounts were divided by their mean, which only v (an amount) and the density feel.
        scale = np.array([1.0, 1.0, unit])
        self.params_ = dict(zip(NAMES, (fitted.params * scale).tolist(), strict=True))
        self.standard_errors_ = dict(zip(NAMES, (fitted.errors * scale).tolist(), strict=True))
        self.log_likelihood_ = fitted.log_likelihood - len(x) * float(np.log(unit))
        self.converged_ = not warnings
        self.warnings_ = warnings
        return self

    @classmethod
    def from_params(cls, params: dict[str, float]) -> GammaGammaModel:
        """A model with known parameters."""
        model = cls()
        model.params_ = {k: float(params[k]) for k in NAMES}
        model.standard_errors_ = dict.fromkeys(NAMES, float("nan"))
        model.log_likelihood_, model.converged_, model.warnings_ = float("nan"), True, ()
        return model

    def expected_spend(self, frequency: ArrayLike, monetary_value: ArrayLike) -> NDArray[np.float64]:
        """Expected amount of a customer's next purchase (equation 5); the population's mean where x is 0.

        Nan where it is undefined (q of 1 or less and nothing bought).
        """
        p, q, v = (self.params_[k] for k in NAMES)
        x, m = (np.asarray(a, dtype=np.float64) for a in (frequency, monetary_value))
        bottom = p * x + q - 1
        spend = p * (v + x * np.where(x > 0, m, 0.0))
        return np.asarray(np.where(bottom > 0, spend / np.where(bottom > 0, bottom, 1.0), np.nan))


def likelihood(
    params: NDArray[np.float64], x: NDArray[np.float64], m: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Summed log-likelihood (equation 1a of the note) and its gradient at p, q, v, of x purchases with the mean m each."""
    from scipy.special import digamma, gammaln

    p, q, v = params
    total = np.log(x * m + v)
    value = (
        gammaln(p * x + q)
        - gammaln(p * x)
        - gammaln(q)
        + q * np.log(v)
        + (p * x - 1) * np.log(m)
        + p * x * np.log(x)
        - (p * x + q) * total
    )
    both = digamma(p * x + q)
    gradient = [
        (x * (both - digamma(p * x) + np.log(m) + np.log(x) - total)).sum(),
        (both - digamma(q) + np.log(v) - total).sum(),
        (q / v - (p * x + q) / (x * m + v)).sum(),
    ]
    return float(value.sum()), np.array(gradient)
