"""Customers under contract: the chance that a term is not renewed, instead of a chance of being alive.

Each customer ends a term without renewal with a chance of its own, drawn from a beta distribution: the shifted
beta-geometric model (Fader and Hardie 2007, eq. 5 to 8). Who has stayed long stays on: the hazard of the next renewal
falls with every one that went well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.core import ScoringError
from sales_consultant.scoring.customers.contracts import YEAR_DAYS
from sales_consultant.scoring.customers.lifetime import counts_for
from sales_consultant.scoring.customers.max_likelihood import maximise

if TYPE_CHECKING:
    from sales_consultant.scoring.customers.purchases import Purchases

# The terms that contracts usually have: a month, a quarter, half a year, one to three years.
TERMS = (30.0, 90.0, 180.0, 365.0, 730.0, 1095.0)
# A judgement: below it two parameters would mostly be those of the prior.
MIN_DECIDED = 20
# A renewal later than a quarter of its term is a new purchase, not a late signature
# (docs/decisions/scoring-contracts.md).
GRACE = 0.25
# Quantiles that are kept, one every 5 %. A renewal date so soon after a purchase is the last term's: half of the
# shortest.
_LATENESS = 21
_LEAST_TERM = 15


class ShiftedBetaGeometric:
    """How many terms customers stay.

    `fit(renewals, ended)`: renewals so far, and whether the customer left at the term after these (else it is still in
    it). After `fit`: `params_` (alpha, beta), `standard_errors_`, `log_likelihood_`, `converged_`, `warnings_`.
    """

    params_: dict[str, float]

    @classmethod
    def from_params(cls, params: dict[str, float]) -> ShiftedBetaGeometric:
        """A model with known parameters."""
        model = cls()
        model.params_ = dict(params)
        return model

    def fit(
        self, renewals: ArrayLike, ended: ArrayLike, *, weight: ArrayLike | None = None
    ) -> ShiftedBetaGeometric:
        """Maximum likelihood; customers without a decided term say nothing. `weight` counts like customers."""
        from scipy.special import betaln, digamma

        t, left = np.asarray(renewals, dtype=float), np.asarray(ended, dtype=bool)
        w = np.ones(len(t)) if weight is None else np.asarray(weight, dtype=float)
        if len(t) != len(left) or len(t) != len(w) or (t < 0).any() or not np.isfinite(t).all():
            raise ScoringError("renewals must be counts of 0 or more, one for each entry of ended")

        def likelihood(params: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            a, b = params
            value = np.where(left, betaln(a + 1, b + t), betaln(a, b + t)) - betaln(a, b)
            one = np.where(left, 1.0, 0.0)
            whole = digamma(a + b + t + one) - digamma(a + b)
            by_a = digamma(a + one) - digamma(a) - whole
            by_b = digamma(b + t) - digamma(b) - whole
            return float(w @ value), np.array([w @ by_a, w @ by_b])

        fitted = maximise(likelihood, np.ones(2), size=float(w.sum()))
        if not fitted.converged:
            # All stay or all leave: a weak prior around one in five leaving a term holds it.
            prior = (np.log([1.0, 4.0]), 1.0)
            fitted = maximise(likelihood, np.exp(prior[0]), size=float(w.sum()), prior=prior)
        self.params_ = dict(zip(("alpha", "beta"), (float(p) for p in fitted.params), strict=True))
        self.standard_errors_ = dict(zip(self.params_, (float(e) for e in fitted.errors), strict=True))
        self.log_likelihood_ = fitted.log_likelihood
        self.converged_, self.warnings_ = fitted.converged, fitted.warnings
        return self

    def hazard(self, renewals: ArrayLike) -> NDArray[np.float64]:
        """Chance that the next term is not renewed, after so many renewals (eq. 8: 1 - retention rate)."""
        a, b = self.params_["alpha"], self.params_["beta"]
        return np.asarray(a / (a + b + np.asarray(renewals, dtype=float)))

    def survival(self, renewals: ArrayLike, more: ArrayLike) -> NDArray[np.float64]:
        """Chance of so many more renewals in a row."""
        from scipy.special import betaln

        a, b = self.params_["alpha"], self.params_["beta"]
        t = np.asarray(renewals, dtype=float)
        return np.asarray(np.exp(betaln(a, b + t + np.asarray(more, dtype=float)) - betaln(a, b + t)))


def terms(bought: Purchases, customers: pd.Index[Any], *, as_of_day: int) -> pd.DataFrame:
    """Each contractual customer's contract: term_days, renewals, since_days (its term's begin to now), ended.

    The term is the one that a field tells; else the usual length next to the median gap between purchases, or to the time
    from the one purchase to the renewal date; a year where there is none of these. It began with the last purchase, or a
    term before the renewal date that the CRM holds; a date that the last purchase has met already is out of date.
    """
    rows = bought.rows[bought.rows["customer"].isin(customers)]
    gaps = rows.assign(gap=rows.groupby("customer")["day"].diff())
    last = rows.groupby("customer")["day"].max()
    contracts = pd.DataFrame(
        {
            "gap": gaps.groupby("customer")["gap"].median(),
            "renewals": gaps.groupby("customer")["gap"].count(),
            "since_days": as_of_day - last,
        }
    )
    known = (
        bought.contracts
        if bought.contracts is not None
        else pd.DataFrame(columns=["renewal_day", "term_days"])
    )
    known = known.reindex(contracts.index).astype("float64")
    due = known["renewal_day"]
    ahead = (due - last).where(due - last >= _LEAST_TERM)
    usual = np.asarray(TERMS)
    gap = contracts["gap"].fillna(ahead).fillna(YEAR_DAYS).to_numpy(dtype=float)
    nearest = np.abs(np.log(np.maximum(gap, 1.0))[:, None] - np.log(usual)).argmin(axis=1)
    contracts["term_days"] = known["term_days"].where(known["term_days"].notna(), usual[nearest])
    still_ahead = due > last + GRACE * contracts["term_days"]
    contracts["since_days"] = contracts["since_days"].where(
        ~still_ahead, as_of_day - due + contracts["term_days"]
    )
    contracts["ended"] = contracts["since_days"] > (1 + GRACE) * contracts["term_days"]
    return contracts.drop(columns="gap")


@dataclass(frozen=True, slots=True)
class Renewals:
    """The renewals of an org's contractual customers, frozen.

    `lateness`: evenly spaced quantiles of how late renewals were, in terms (below 0: before the term's end).
    """

    params: dict[str, float]
    lateness: tuple[float, ...]

    def predict(self, table: pd.DataFrame, *, discount_rate: float = 0.0) -> tuple[NDArray[np.float64], ...]:
        """Churn risk (percent) and the expected, 10 % and 90 % number of purchases in 365 days, one a row of `terms`.

        The risk is that of the next renewal. Who is past the term's end is the more likely gone the more renewals are
        usually signed by then; past the grace the customer is. Each purchase counts less by the month it is due in, at
        `discount_rate` a month.
        """
        model = ShiftedBetaGeometric.from_params(self.params)
        k, term = (table[c].to_numpy(dtype=float) for c in ("renewals", "term_days"))
        late = table["since_days"].to_numpy(dtype=float) / term - 1
        signed_later = 1 - np.interp(late, self.lateness, np.linspace(0, 1, len(self.lateness)))
        signed_later = np.where(late >= GRACE, 0.0, np.where(late < 0, 1.0, signed_later))
        gone = model.hazard(k)
        stays = (1 - gone) * signed_later
        risk = gone / np.maximum(gone + stays, 1e-12)
        # Renewals due within a year: the coming one, and one a term from then on.
        first = np.maximum(-late, 0.0) * term
        due = np.where(first <= YEAR_DAYS, 1 + np.floor((YEAR_DAYS - first) / term), 0).astype(int)
        most = int(due.max()) if len(due) else 0
        reach = np.stack(
            [np.where(n <= due, (1 - risk) * model.survival(k + 1, n - 1), 0.0) for n in range(1, most + 1)]
            or [np.zeros(len(table))]
        )
        ahead = first + term * np.arange(len(reach))[:, None]
        counts = counts_for(ahead, discount_rate)
        mean = (reach * counts).sum(axis=0)
        # Of so few renewals a quantile can lie beyond the mean; an interval that leaves its value out helps nobody.
        low, high = (((reach > share) * counts).sum(axis=0) for share in (0.9, 0.1))
        return 100 * risk, mean, np.minimum(low, mean), np.maximum(high, mean)


def fit(bought: Purchases, table: pd.DataFrame) -> tuple[Renewals | None, dict[str, Any]]:
    """The renewals of contracts (rows of `terms`) and what the card says; None below 20 decided terms."""
    decided = int(table["renewals"].sum() + table["ended"].sum())
    if decided < MIN_DECIDED:
        return None, {"decided_terms": decided}
    model = ShiftedBetaGeometric().fit(table["renewals"], table["ended"])
    rows = bought.rows[bought.rows["customer"].isin(table.index)]
    gap = rows.groupby("customer")["day"].diff() / rows["customer"].map(table["term_days"]) - 1
    gap = gap[gap.notna() & (gap.abs() <= GRACE)]
    late = np.quantile(gap, np.linspace(0, 1, _LATENESS)) if len(gap) else np.zeros(_LATENESS)
    card = {
        "decided_terms": decided,
        "log_likelihood": model.log_likelihood_,
        "standard_errors": model.standard_errors_,
        "warnings": list(model.warnings_),
    }
    return Renewals(model.params_, tuple(float(v) for v in np.maximum.accumulate(late))), card
