"""What models of unseen leaving share: the customers they were fitted to, parameters, and a weak prior that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.core import ScoringError
from sales_consultant.scoring.customers.max_likelihood import maximise

# How long customers are seen where the usual parameters are from (CDNOW, in weeks); and how many times longer or
# shorter they may be seen before the unit is changed for the fit, whose bounds are on the log of a parameter: a
# judgement.
_SEEN = 33.0
_OFTEN = 20.0

if TYPE_CHECKING:
    from sales_consultant.scoring.customers.max_likelihood import LogLikelihood


class TransactionModel:
    """Parameters by maximum likelihood, with their errors, and the customers they come from.

    x is the frequency (repeat purchases, so 0 for one purchase), t_x the recency (time from the first to the
    last purchase), T the time from the first purchase to now; t_x and T in one unit, which is also that of
    `expected_purchases`.

    After `fit`: `params_` and `standard_errors_` (dicts), `log_likelihood_`, `converged_` and `warnings_`. Where the
    maximum does not exist (no drop-out to be seen), a weak prior holds the parameters, `converged_` is false and
    `warnings_` says why.
    """

    NAMES: ClassVar[tuple[str, ...]]
    # What the parameters usually are, seen over about 33 units of time, of about one customer's weight.
    USUAL: ClassVar[tuple[float, ...]]
    TIMES: ClassVar[tuple[str, ...]]

    params_: dict[str, float]
    standard_errors_: dict[str, float]
    log_likelihood_: float
    converged_: bool
    warnings_: tuple[str, ...]
    _data: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

    def _unit(self) -> float:
        """The unit to fit in, in the caller's: 1, unless the times are far from the usual (seconds, or years)."""
        seen = float(self._data[2].mean()) / _SEEN
        return seen if seen > 0 and not 1 / _OFTEN <= seen <= _OFTEN else 1.0

    def _learn(
        self, likelihood: LogLikelihood, start: NDArray[np.float64], size: float, *, unit: float
    ) -> None:
        """Maximise a `likelihood` with times in `unit`, from `start`; keep what is found in the caller's unit.

        The likelihood is a density of x moments for each customer: in a unit that is c of the caller's its log is
        higher by x log c.
        """
        fitted = maximise(likelihood, start, size=size)
        warnings = fitted.warnings
        if not fitted.converged:
            seen = max(float(self._data[2].mean()) / unit, 1e-9)
            scale = np.array([np.log(seen / _SEEN) if n in self.TIMES else 0.0 for n in self.NAMES])
            middle = np.log(np.array(self.USUAL)) + scale
            fitted = maximise(likelihood, np.exp(middle), size=size, prior=(middle, 1.0))
            warnings = (*warnings, "the parameters are held by a weak prior")
        back = np.array([unit if n in self.TIMES else 1.0 for n in self.NAMES])
        self.params_ = dict(zip(self.NAMES, (fitted.params * back).tolist(), strict=True))
        self.standard_errors_ = dict(zip(self.NAMES, (fitted.errors * back).tolist(), strict=True))
        self.log_likelihood_ = fitted.log_likelihood - float(self._data[0].sum()) * float(np.log(unit))
        self.converged_ = not warnings
        self.warnings_ = warnings

    @classmethod
    def from_params(cls, params: dict[str, float]) -> Self:
        """A model with known parameters."""
        model = cls()
        model.params_ = {k: float(params[k]) for k in cls.NAMES}
        model.standard_errors_ = dict.fromkeys(cls.NAMES, float("nan"))
        model.log_likelihood_, model.converged_, model.warnings_ = float("nan"), True, ()
        return model

    def expected_purchases(
        self,
        t: float,
        frequency: ArrayLike | None = None,
        recency: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Expected purchases in the next `t`, for the fitted customers or for those given."""
        raise NotImplementedError

    def _customers(
        self, frequency: ArrayLike | None, recency: ArrayLike | None, T: ArrayLike | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Those given, else those fitted."""
        if frequency is None or recency is None or T is None:
            return self._data
        return checked(frequency, recency, T)


def checked(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The three arrays as floats; ScoringError for a history that cannot be."""
    x, t, T_ = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (frequency, recency, T))
    if not len(x) == len(t) == len(T_) or not len(x):
        raise ScoringError("frequency, recency and T need one value a customer, and at least one customer")
    problems = {
        "a value is missing or infinite": ~np.isfinite(x + t + T_),
        "a frequency is not a whole number from 0": (x < 0) | (x != np.floor(x)),
        "a recency is negative or beyond T": (t < 0) | (t > T_),
        "a recency is not 0 although the frequency is": (x == 0) & (t != 0),
    }
    for text, hit in problems.items():
        if hit.any():
            raise ScoringError(
                f"{text} (customer {int(np.flatnonzero(hit)[0])} and {int(hit.sum()) - 1} more)"
            )
    return x, t, T_
