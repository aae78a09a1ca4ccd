"""Whether what is in force may stay: what the data do not contradict is not replaced by what fits them a little better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine
from sales_consultant.scoring.customers import (
    ShiftedBetaGeometric,
    arrays,
    beta_geo_nbd,
    gamma_gamma,
    modelled,
    purchases,
)

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions
    from sales_consultant.scoring.customers import ValueModel
    from sales_consultant.scoring.propensity import PopulationModel

# The usual level (docs/decisions/scoring-unchanged-stays.md).
CONFIDENCE = 0.95
# Silence for as long as this is news of its own.
LONGEST_DAYS = 90


def nothing_ended(old: PopulationModel, new: PopulationModel) -> bool:
    """Whether not one record has ended, or bought, since the model in force was trained, and both ask the same.

    What is learnt anew then comes of the calendar alone: cut-offs have moved, not people. Once a horizon has gone by
    (90 days where it is shorter), that nothing ended says something itself.
    """
    then, now = old.card.get("ended"), new.card.get("ended")
    span = max(old.horizon_days, LONGEST_DAYS) * DAY_MS
    same = (old.propensity is None) == (new.propensity is None) and old.population == new.population
    # Other scores of the past, of a model of somebody's own, are news.
    same = same and old.card.get("scores") == new.card.get("scores")
    same = same and {f.name for f in old.features} == {f.name for f in new.features}
    return then is not None and then == now and same and new.trained_at - old.trained_at < span


def values_stay(engine: Engine, old: ValueModel, new: ValueModel, *, exclusions: Exclusions) -> str:
    """Why the values in force stay; "" where the new ones take their place.

    They stay where nothing was bought since, and where the data of now do not reject their parameters: twice what the new
    ones gain in log-likelihood is no more than chance gives at 95 % (chi-square with as many degrees as there are
    parameters; Wilks 1938). A customer's value then moves with what the customer does, and not with every training.
    """
    from scipy.stats import chi2

    if old.currency != new.currency or old.purchase_params is None or new.purchase_params is None:
        return ""
    if (old.renewals is None) != (new.renewals is None) or old.fields != new.fields:
        return ""
    bought = purchases(engine, as_of=new.trained_at, exclusions=exclusions, fields=new.fields)
    known = old.card.get("bought")
    soon = new.trained_at - old.trained_at < LONGEST_DAYS * DAY_MS
    if known is not None and known == bought.digest() and soon:
        return "nothing was bought since the values in force were learnt: they stay"
    free, contracts = modelled(engine, bought, as_of=new.trained_at, exclusions=exclusions)
    gains = {**_gains(free, old, new), **_renewals(contracts, old, new)}
    if any(2 * gain > float(chi2.ppf(CONFIDENCE, degrees)) for gain, degrees in gains.values()):
        return ""
    told = ", ".join(f"{name} {2 * gain:.1f}" for name, (gain, _) in gains.items())
    return f"the data do not contradict the values in force, which stay (likelihood ratio: {told})"


def _gains(table: pd.DataFrame, old: ValueModel, new: ValueModel) -> dict[str, tuple[float, int]]:
    """What the new parameters gain in log-likelihood, and how many there are, of purchases and of spend."""
    x, t, T, count, m = arrays(table)
    history = beta_geo_nbd.History.of(x, t, T)

    def at(names: tuple[str, ...], params: dict[str, float] | None) -> Any:
        return np.array([(params or {})[n] for n in names])

    buying = [
        beta_geo_nbd.likelihood(at(beta_geo_nbd.BetaGeoModel.NAMES, p), history)[0]
        for p in (new.purchase_params, old.purchase_params)
    ]
    kept = (count > 0) & (m > 0)
    spend = [
        gamma_gamma.likelihood(at(gamma_gamma.NAMES, p), count[kept], m[kept])[0]
        for p in (new.spend_params, old.spend_params)
    ]
    return {"purchases": (buying[0] - buying[1], 4), "spend": (spend[0] - spend[1], 3)}


def _renewals(table: pd.DataFrame, old: ValueModel, new: ValueModel) -> dict[str, tuple[float, int]]:
    """The same of the renewals of contracts, where both models have them."""
    if old.renewals is None or new.renewals is None:
        return {}
    t, ended = table["renewals"].to_numpy(dtype=float), table["ended"].to_numpy(dtype=bool)

    def likelihood(params: dict[str, float]) -> float:
        model = ShiftedBetaGeometric.from_params(params)
        leave = np.where(ended, np.log(model.hazard(t)), 0.0)
        return float((np.log(model.survival(np.zeros(len(t)), t)) + leave).sum())

    return {"renewals": (likelihood(new.renewals["params"]) - likelihood(old.renewals["params"]), 2)}
