"""Who logs activities and since when: where nobody writes them down, none is not zero but unknown.

A rep who connects no mailbox has deals without an e-mail, and so has everybody before the day on which the mailboxes
were connected. Left at zero, these teach a model that silence is what comes before whatever became of those deals.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS, iso_day
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.features.sources import activities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sales_consultant.scoring.features.declarations import Entity, Feature

# A judgement: a quarter is long enough that a record that is worked on has an activity in it.
WINDOW = 90
# An owner's silence is taken for a habit of not logging only where chance would bring it less than once in so many
# (docs/decisions/scoring-no-activity-logged.md).
_BY_CHANCE = 1e-4
# Deals with an activity below which a beginning is not looked for: a judgement, a first one says nothing of a rate.
_FEW_SEEN = 10
# A judgement: a few that are older than the CRM's history do not make the others undated.
DATED = 0.95
_LEAST_SHARE = 0.2
"""Of the others' records, that have any activity: below it silence is what is usual here."""


def masked(
    engine: Engine,
    entity: Entity,
    features: Sequence[Feature],
    X: pd.DataFrame,
    members: pd.DataFrame,
) -> tuple[pd.DataFrame, list[dict[str, Any]], NDArray[np.bool_]]:
    """The frame with the activity features as gaps where the record's owner logged too little, or not yet, by the cut-off.

    Too little: of an owner's records at a cut-off so few have an activity in 90 days, against those of the others, as
    chance would not bring. Not yet: the owner's deals show their first activity so late after they were made as a
    constant rate would not bring; then each window that reaches back before that time is a gap. Where a feature says so
    (`by_owner`), owners are not told apart. The second result says what was done: a list of owner, cut, why ("low" or
    "sudden"), records and since (ms or None); the third marks the rows whose owner logged too little.
    """
    silent: list[dict[str, Any]] = []
    low = np.zeros(len(X), dtype=bool)
    mine = [f for f in features if f.source == "activities"]
    recent = [f.name for f in mine if f.aggregate == "count" and f.window == WINDOW]
    if not recent or X.empty:
        return X, silent, low
    told_apart = all(f.by_owner for f in mine)
    owners = _owners(engine, entity, members) if told_apart else np.full(len(members), "", dtype=object)
    cut, starts = members["cut"].to_numpy(dtype=np.float64), _Starts(engine)
    active = np.asarray((X[recent].to_numpy(dtype=np.float64) > 0).any(axis=1))
    unknown = np.zeros((len(X), len(mine)), dtype=bool)
    for when in np.unique(cut):
        here = np.flatnonzero(cut == when)
        for owner in sorted(set(owners[here])):
            rows = here[owners[here] == owner]
            others = len(here) - len(rows)
            theirs = float(active[here].sum() - active[rows].sum()) / others if others else 0.0
            hits, since = int(active[rows].sum()), starts.of(owner if told_apart else None, float(when))
            entry = {"owner": owner, "cut": int(when), "records": len(rows)}
            if theirs >= _LEAST_SHARE and _chance(hits, len(rows), theirs) < _BY_CHANCE:
                unknown[rows] = low[rows] = True
                silent.append({**entry, "why": "low", "since": None})
            elif since is not None:
                blind = [when - _reach(f) * DAY_MS < since for f in mine]
                unknown[np.ix_(rows, np.flatnonzero(blind))] = True
                if any(blind):
                    silent.append({**entry, "why": "sudden", "since": int(since)})
    X = X.assign(**{f.name: X[f.name].mask(unknown[:, j]) for j, f in enumerate(mine)}) if silent else X
    return X, silent, low


def _reach(feature: Feature) -> int:
    """How many days back a feature looks; what is planned looks ahead, and days since the last a month at least."""
    if feature.aggregate in ("planned", "days_until_next"):
        return 0
    if feature.aggregate == "trend":
        return 3 * (feature.window or 0)
    return feature.window or 30


def _chance(hits: int, n: int, share: float) -> float:
    """P(at most so many hits of n) where each hits with a share: the lower tail of the binomial."""
    return (
        sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(hits + 1))
        if n < 400
        # Beyond that the normal tail is as good, and numbers of this size do not fit.
        else (0.5 * math.erfc((n * share - hits - 0.5) / math.sqrt(2 * n * share * (1 - share) + 1e-12)))
    )


class _Starts:
    """Since when each owner logs, as it looked at a cut-off, told from deals: they are worked on from their first day."""

    def __init__(self, engine: Engine) -> None:
        t = alive(neutral(engine, "deals"))
        deals = query(engine, t.select("owner_id", "created_at", "closed_at", record_id=t.id))
        deals = deals[deals["created_at"].notna()]
        t = activities(engine, "deals")
        t = t.filter(t.occurred_at <= t.known_at)
        seen = query(engine, t.group_by(t.key).aggregate(first=t.known_at.min())).set_index("key")["first"]
        self._first = deals["record_id"].map(seen).to_numpy(dtype=np.float64)
        self._born, self._end = (
            deals[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in ("created_at", "closed_at")
        )
        self._owner = deals["owner_id"].fillna("").to_numpy(dtype=object)
        self._found: dict[tuple[str | None, float], float | None] = {}

    def of(self, owner: str | None, cut: float) -> float | None:
        """The time from which an owner logs, None where it always was so; with too few deals, that of all together.

        With a constant rate of first activities, learnt from the time since the earliest one, the chance of none in all
        the days that deals were there before it is exp(-rate x days).
        """
        if (owner, cut) in self._found:
            return self._found[owner, cut]
        here = self._born <= cut
        if owner is not None:
            here = here & (self._owner == owner)
        born, end = self._born[here], np.fmin(self._end[here], cut)
        first = np.where(self._first[here] <= cut, self._first[here], np.nan)
        seen = first[np.isfinite(first)]
        begun: float | None = None
        if len(seen) >= _FEW_SEEN:
            since = float(seen.min())
            before = float(np.maximum(np.minimum(end, since) - born, 0).sum())
            after = np.maximum(np.where(np.isfinite(first), first, end) - np.maximum(born, since), 0).sum()
            rate = (len(seen) - 1) / max(float(after), DAY_MS)
            begun = since if rate * before > -math.log(_BY_CHANCE) else None
        elif owner is not None:
            begun = self.of(None, cut)
        self._found[owner, cut] = begun
        return begun


def owners_are_dated(engine: Engine, entity: Entity) -> bool:
    """Whether the CRM tells of nearly every deal who owned it in the past; of other records none does."""
    if entity != "deals":
        return False
    h = neutral(engine, "deal_history")
    h = h.filter(h.owner_id.notnull() & h.changed_at.notnull())
    t = neutral(engine, "deals")
    known = query(engine, h.aggregate(n=h.deal_id.nunique()))
    owned = query(engine, t.aggregate(n=t.owner_id.count()))
    return int(known["n"].iloc[0]) >= DATED * int(owned["n"].iloc[0])


def _owners(engine: Engine, entity: Entity, members: pd.DataFrame) -> NDArray[np.object_]:
    """The owner of each row at its cut-off, "" for none; where the history of deals does not tell, today's."""
    t = neutral(engine, entity)
    today = query(engine, t.select(record_id=t.id, owner=t.owner_id)).set_index("record_id")["owner"]
    owners = members["record_id"].map(today).astype(object).to_numpy(copy=True)
    if entity == "deals":
        h = neutral(engine, "deal_history")
        h = h.filter(h.owner_id.notnull() & h.changed_at.notnull())
        rows = query(engine, h.select("deal_id", "changed_at", "owner_id")).sort_values(
            ["changed_at", "owner_id"]
        )
        for when, places in members.groupby("cut").indices.items() if len(rows) else ():
            last = rows[rows["changed_at"] <= when].groupby("deal_id")["owner_id"].last()
            known = members["record_id"].iloc[places].map(last).astype(object).to_numpy()
            owners[places] = np.where(pd.notna(known), known, owners[places])
    out: NDArray[np.object_] = np.array([v if isinstance(v, str) else "" for v in owners], dtype=object)
    return out


def summary(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """For the model card: owners, rows and sentences."""
    low = [t for t in told if t["why"] == "low"]
    sudden = [t for t in told if t["why"] == "sudden"]
    notes = []
    if low:
        rows, owners = sum(t["records"] for t in low), len({t["owner"] for t in low})
        notes.append(
            f"{owners} owner{'s log' if owners != 1 else ' logs'} so few activities that on {rows} rows they count as "
            "unknown, not as none"
        )
    if sudden:
        rows, owners = sum(t["records"] for t in sudden), len({t["owner"] for t in sudden})
        day = iso_day(min(t["since"] for t in sudden))
        notes.append(
            f"activities of {owners} owner{'s' if owners != 1 else ''} start suddenly, the first on {day}: on {rows} rows "
            "what lies before that is unknown, not none"
        )
    return {
        "rows_low": sum(t["records"] for t in low),
        "rows_sudden": sum(t["records"] for t in sudden),
        "owners": sorted({t["owner"] for t in told}),
        "notes": notes,
    }
