"""BG/NBD: how often customers buy who may leave unseen (Fader, Hardie and Lee 2005, Marketing Science 24)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.customers.transaction_model import TransactionModel, checked


class BetaGeoModel(TransactionModel):
    """Purchases at a rate from Gamma(r, alpha), after each of them the customer leaves with a chance from Beta(a, b)."""

    NAMES = ("r", "alpha", "a", "b")
    # About those of the CDNOW data set (Fader, Hardie and Lee 2005): .243, 4.414, .793, 2.426.
    USUAL = (0.25, 4.4, 0.8, 2.4)
    TIMES = ("alpha",)

    def fit(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> BetaGeoModel:
        """Maximum likelihood (equation 6 of the paper), one value a customer in each of the three arrays."""
        self._data = checked(frequency, recency, T)
        x, t, T_ = self._data
        unit = self._unit()
        history = History.of(x, t / unit, T_ / unit)
        start = np.array([1.0, 5.0, 1.0, 1.0])
        self._learn(lambda p: likelihood(p, history), start, len(x), unit=unit)
        return self

    def probability_alive(
        self,
        frequency: ArrayLike | None = None,
        recency: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """P(still a customer at T), for the fitted customers or for those given.

        It is 1 for who bought once: the model lets a customer leave only after a repeat purchase.
        """
        x, t, T_ = self._customers(frequency, recency, T)
        return 1 / self._denominator(x, t, T_)

    def _denominator(
        self, x: NDArray[np.float64], t: NDArray[np.float64], T: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        r, alpha, a, b = (self.params_[k] for k in self.NAMES)
        repeat = np.maximum(x, 1.0)
        left = np.log(a / (b + repeat - 1)) + (r + x) * np.log((alpha + T) / (alpha + t))
        # A double ends at e^709.
        return np.asarray(1 + np.where(x > 0, np.exp(np.minimum(left, 700.0)), 0.0))

    def expected_purchases(
        self,
        t: float,
        frequency: ArrayLike | None = None,
        recency: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Expected purchases in the next `t`, for the fitted customers or for those given (equation 10).

        The hypergeometric function is taken after Euler's transformation, where the frequency no longer
        stands in an exponent, so that frequent buyers do not overflow it.
        """
        from scipy.special import hyp2f1

        x, tx, T_ = self._customers(frequency, recency, T)
        r, alpha, a, b = (self.params_[k] for k in self.NAMES)
        if abs(a - 1) < 1e-7:
            a += 1e-7  # the formula has a removable gap there
        z = t / (alpha + T_ + t)
        c = a + b + x - 1
        kept = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, c, z)
        return np.asarray(c / (a - 1) * (1 - kept) / self._denominator(x, tx, T_))


@dataclass(frozen=True, slots=True)
class History:
    """Customers as the likelihood needs them: what hangs on the frequency alone is computed once a frequency.

    `once` are the T of who bought once, the rest is of who came back; `counts` says how many customers have
    each of the frequencies `levels`; `level` finds a returning customer's own.
    """

    once: NDArray[np.float64]
    x: NDArray[np.float64]
    t: NDArray[np.float64]
    T: NDArray[np.float64]
    levels: NDArray[np.float64]
    counts: NDArray[np.float64]
    level: NDArray[np.int64]

    @classmethod
    def of(cls, x: NDArray[np.float64], t: NDArray[np.float64], T: NDArray[np.float64]) -> History:
        """The customers of three arrays."""
        again = x > 0
        levels, place, counts = np.unique(x, return_inverse=True, return_counts=True)
        return cls(T[~again], x[again], t[again], T[again], levels, counts.astype(np.float64), place[again])


def likelihood(params: NDArray[np.float64], of: History) -> tuple[float, NDArray[np.float64]]:
    """Summed log-likelihood (equation 6 of the paper) and its gradient at r, alpha, a, b."""
    from scipy.special import digamma, expit, gammaln

    r, alpha, a, b = params
    k, n = of.levels, of.counts
    value = float(n @ (gammaln(r + k) + gammaln(b + k) - gammaln(a + b + k)))
    value += float(n.sum()) * float(r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b))
    by_a = digamma(a + b) - digamma(a + b + k)
    gradient = np.array(
        [
            n @ (digamma(r + k) - digamma(r) + np.log(alpha)),
            n.sum() * r / alpha,
            n @ by_a,
            n @ (by_a + digamma(b + k) - digamma(b)),
        ]
    )
    # Who bought once has not had a chance to leave.
    log_once = np.log(alpha + of.once)
    value -= r * float(log_once.sum())
    gradient[0] -= log_once.sum()
    gradient[1] -= r * (1 / (alpha + of.once)).sum()
    end, last = alpha + of.T, alpha + of.t
    log_end, log_last = np.log(end), np.log(last)
    power = r + of.x
    rest = (b + np.maximum(k, 1.0) - 1)[of.level]
    # Left after the last purchase, against still there: their log odds.
    odds = np.log(a) - np.log(rest) + power * (log_end - log_last)
    leave = expit(odds)
    value += float((np.logaddexp(0.0, odds) - power * log_end).sum())
    gradient[0] -= (log_end + leave * (log_last - log_end)).sum()
    gradient[1] -= (power * (1 / end + leave * (1 / last - 1 / end))).sum()
    gradient[2] += leave.sum() / a
    gradient[3] -= (leave / rest).sum()
    return value, gradient
