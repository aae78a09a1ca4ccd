"""What an experiment can show in this company, said before it starts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.insight.experiments import (
    Design,
    Inflow,
    Setting,
    days_until,
    minimum_effect,
    plan_of,
    units_needed,
)
from sales_consultant.sync.insights.proof import trials
from sales_consultant.sync.insights.proof.results import Designed
from sales_consultant.sync.models import registry
from sales_consultant.sync.runtime import Workspace, last_as_of, open_pulled

# What is asked of a design beside the smallest effect: how long until these would be seen.
WANTED = (0.05, 0.1, 0.2, 0.3, 0.5)
_LONGEST_DAYS = 1095
# From so many owners on whole owners can be drawn, and then should be.
CLUSTERS_FROM = 12
DEFAULT_SHARE = 0.2
# How the score foretells the event: over shorter times where the horizon is not over yet; of too few it would be noise.
_LOOKBACKS = (60, 30)
_LEAST_SCORED, _LEAST_EVENTS = 100, 10
_MOST_FORETOLD = 0.95


def design(
    ws: Workspace,
    *,
    populations: Sequence[str] = (),
    share: float | None = None,
    clustered: bool = False,
    horizon_days: int | None = None,
) -> Designed:
    """What an experiment can show: the smallest effect that would be seen, and how long until larger ones are.

    Raises UsageError for an unknown population, a share that is none or draws nobody, and where too few companies are known
    for a base rate.
    """
    chosen = share_of_control(share)
    open_pulled(ws)
    names = scored_populations(ws, populations)
    as_of = last_as_of(ws)
    horizon = horizon_days or max(ws.settings.populations[n].horizon_days or 90 for n in names)
    life = trials.timelines(ws, names, as_of)
    then = as_of - horizon * DAY_MS
    past = _units_at(life, then, horizon)
    today = life[trials.alive_at(life, as_of)]["unit"].nunique()
    _refuse_without_base(past, today, horizon)
    per_day = _new_a_day(life, past, then, as_of)
    owners = _owners(ws, past["unit"])
    size, icc, cv = _clusters(past, owners) if clustered else (1.0, 0.0, 0.0)
    units = today + max(per_day, 0.0) * horizon
    refuse_nobody(chosen, round(units))
    correlation, days_ago = _foretold(ws, life, as_of, horizon)
    setting = Setting(
        float(past["hit"].mean()),
        units,
        chosen,
        cluster_size=size,
        icc=icc,
        cluster_cv=cv,
        correlation=correlation,
    )
    least = minimum_effect(setting)
    wanted = _wanted(setting, Inflow(float(today), max(per_day, 0.0), horizon))
    return Designed(
        populations=tuple(names),
        share=chosen,
        clustered=clustered,
        horizon_days=horizon,
        units=round(units),
        per_day=round(per_day, 3),
        owners=int(owners.nunique()),
        base=setting.base,
        correlation=correlation,
        correlation_days=days_ago,
        icc=icc,
        smallest=least.relative,
        smallest_fixed=None if least.fixed_effect is None else least.fixed_effect / setting.base,
        price_of_looking=least.drift,
        wanted=wanted,
        excluded=tuple(ws.settings.proof.exclude_companies),
        planned=plan_of(setting).planned,
        advice=_advice(ws, clustered, int(owners.nunique()), chosen, _seen(least, wanted)),
    )


def share_of_control(share: float | None) -> float:
    """The share of companies in control that was asked for, or the usual one. UsageError where it is not between 0 and a half."""
    chosen = DEFAULT_SHARE if share is None else share
    if not 0 < chosen <= 0.5:
        raise UsageError(
            f"A control share of {chosen:g} leaves nothing to compare.",
            action="Give --share above 0 and at most 0.5, as 0.2 for a fifth of the companies.",
        )
    return chosen


def refuse_nobody(share: float, units: int) -> None:
    """Raise UsageError where a share draws no company of so many."""
    if share * units < 1:
        least = math.ceil(1000 / max(units, 2)) / 1000
        raise UsageError(
            f"A control share of {share:g} draws no company: there are {units:,}.",
            action=f"Give --share of at least {least:g} and at most 0.5; below 0.1 the test is slow.",
        )


def refuse_few_owners(owners: int) -> None:
    """Raise UsageError where so few owners are drawn that nothing could be measured."""
    if owners < CLUSTERS_FROM:
        raise UsageError(
            f"Owners cannot be drawn: {owners} have companies, and below {CLUSTERS_FROM} the difference between two groups of "
            "owners is that between the owners themselves.",
            action="Leave --by-owner out: single companies are drawn then.",
        )


def _refuse_without_base(past: pd.DataFrame, today: int, horizon: int) -> None:
    """Raise UsageError where no base rate can be told."""
    if len(past) < 2 or not 0 < past["hit"].mean() < 1 or not today:
        raise UsageError(
            f"No base rate can be told: {len(past):,} companies were open {_days(horizon)} ago, {int(past['hit'].sum()):,} of "
            f"them had the event since, and {today:,} are open now.",
            action="Choose another --days or --population, or wait until there is more history.",
        )


def _foretold(ws: Workspace, life: pd.DataFrame, as_of: int, horizon: int) -> tuple[float, int | None]:
    """How the score that companies showed so many days ago foretold their event since, and how many days; 0 and None: unknown.

    The longest look back, up to the horizon, at which enough companies showed a score.
    """
    for days in (horizon, *(d for d in _LOOKBACKS if d < horizon)):
        at = as_of - days * DAY_MS
        past = _units_at(life, at, days)
        found = foretold(past["hit"], past["unit"].map(trials.scores_shown(ws, at)).astype("float64"))
        if found is not None:
            return found, days
    return 0.0, None


def foretold(hit: pd.Series[bool], score: pd.Series[float]) -> float | None:
    """The correlation of companies' score (a gap: none was shown) with their event since; None where too few tell it.

    A company without a score counts with the mean, as at a draw: it takes from the correlation what it will take then.
    """
    shown = score.notna()
    events = int(hit[shown].sum())
    if shown.sum() < _LEAST_SCORED or min(events, int(shown.sum()) - events) < _LEAST_EVENTS:
        return None
    if score.nunique() < 2:
        return None
    found = float(np.corrcoef(score.fillna(score.mean()), hit.astype("float64"))[0, 1])
    return min(max(found, -_MOST_FORETOLD), _MOST_FORETOLD)


def _wanted(setting: Setting, inflow: Inflow) -> tuple[tuple[float, int, int | None], ...]:
    out = []
    for effect in WANTED:
        if setting.base * (1 + effect) < 1:
            needed = round(units_needed(setting, effect))
            out.append((effect, needed, days_until(setting, inflow, effect, longest=_LONGEST_DAYS)))
    return tuple(out)


def _new_a_day(life: pd.DataFrame, past: pd.DataFrame, since: int, until: int) -> float:
    """Companies a day that were not there at the beginning."""
    new = life[(life["created_at"] > since) & (life["created_at"] <= until)]
    return (new["unit"].nunique() - len(set(new["unit"]) & set(past["unit"]))) * DAY_MS / (until - since)


def _seen(least: Design, wanted: Sequence[tuple[float, int, int | None]]) -> bool:
    """Whether any effect could be seen, and one of those that are wanted in time."""
    return least.relative is not None and (not wanted or any(days is not None for _, _, days in wanted))


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number:,} days"


def _advice(ws: Workspace, clustered: bool, owners: int, share: float, seen: bool) -> tuple[str, ...]:
    """What an admin is asked before the draw, as codes; `seen`: whether any effect could be."""
    found = []
    if not seen:
        found.append("no_effect_seen")
    if clustered and owners < CLUSTERS_FROM:
        found.append("few_owners")
    if not clustered and owners >= CLUSTERS_FROM:
        found.append("draw_by_owner")
    if not ws.settings.proof.exclude_companies:
        found.append("exclude_automation")
    if share < 0.1:
        found.append("small_control")
    return tuple(found)


def scored_populations(ws: Workspace, wanted: Sequence[str]) -> list[str]:
    """The populations that are named, else those with a model in force, else all. UsageError where one is not known."""
    known = list(ws.settings.populations)
    for name in wanted:
        if name not in known:
            raise UsageError(f'No population is called "{name}".', action=did_you_mean(name, known))
    if not known:
        raise UsageError("No population is set up: nothing is scored.", action="Next: sales-consultant init")
    if wanted:
        return list(wanted)
    # Whom a model scores sees something, or would: the others are no part of the question.
    scored = registry.in_force(ws.state, ws.models_folder, ws.settings).populations
    return [n for n in known if n in scored] or known


def _units_at(life: pd.DataFrame, at: int, days: int) -> pd.DataFrame:
    """Companies with an open record at a moment, and whether the event came within the days after: unit, hit."""
    rows = life[trials.alive_at(life, at)]
    hit = (rows["event_at"] > at) & (rows["event_at"] <= at + days * DAY_MS)
    return rows.assign(hit=hit.fillna(False)).groupby("unit")["hit"].any().reset_index()


def _owners(ws: Workspace, units: pd.Series) -> pd.Series:
    """The owner of each company, "" where it has none."""
    owners = trials.owners_of(ws)
    return units.map(owners).fillna("")


def _clusters(past: pd.DataFrame, owners: pd.Series) -> tuple[float, float, float]:
    """Mean size of an owner's book, the intra-cluster correlation of the event (analysis of variance), and the sizes' variation.

    The estimator of Fisher (1925) as in Donner and Klar (2000, eq. 1.5); below 0 it is 0.
    """
    groups = past["hit"].astype("float64").groupby(owners.to_numpy())
    sizes, means = groups.size(), groups.mean()
    k, n = len(sizes), int(sizes.sum())
    if k < 2 or n <= k:
        return max(n / max(k, 1), 1.0), 0.0, 0.0
    between = float((sizes * (means - past["hit"].mean()) ** 2).sum()) / (k - 1)
    within = float((sizes * means * (1 - means)).sum()) / (n - k)
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    total = between + (typical - 1) * within
    icc = max((between - within) / total, 0.0) if total > 0 else 0.0
    return n / k, min(icc, 1.0), float(sizes.std(ddof=0) / sizes.mean())
