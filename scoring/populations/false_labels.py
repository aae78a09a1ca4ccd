"""Outcomes that are not to be believed: found, counted, and left out of training and of its test.

Reps book a won deal on the day they close it, admins import thousands of rows in a minute, somebody cleans the pipeline up
on a Friday. Each looks like an outcome, and none of them is what the features could have told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.domains import domain_key, email_key
from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.populations.bulk_edits import closed_together, made_together

if TYPE_CHECKING:
    from collections.abc import Callable

    from sales_consultant.scoring.populations.members import Membership

# Salesforce leaves deals of less than two days out of its own deal scores too.
QUICK_DAYS = 2
# Records in a minute: judgements, more than a person makes or closes by hand (docs/decisions/scoring-bulk-edits.md).
IMPORTED_TOGETHER = 50
CLOSED_TOGETHER = 30
# docs/decisions/scoring-stale-deals.md; of fewer won deals than these the longest cycles are not known.
STALE_CYCLES = 2
_FEW_CYCLES = 20
# Above this share of a population a rule would describe the company, not its mistakes.
_MOST = 0.5


@dataclass(frozen=True, slots=True)
class FalseLabels:
    """Records by the reason why their outcome is not believed; `mass_closed` have the time of their closing (ms).

    `twins` are records that were entered twice: all but the first of the same name (people: address) on one company and day.
    `stale` are open deals older than twice the 95th percentile of won cycles: they stay in training, for nobody has said
    that they are lost, and have no expected value. `notes` name the rules that would have hit more than half of the
    records and were not applied.
    """

    quick: frozenset[str]
    never_open: frozenset[str]
    imported: frozenset[str]
    mass_closed: dict[str, int]
    notes: tuple[str, ...] = ()
    stale: frozenset[str] = frozenset()
    twins: frozenset[str] = frozenset()

    def counts(self) -> dict[str, int]:
        """How many records each rule hit."""
        return {
            "opened and closed within 2 days": len(self.quick),
            "closed without an open stage": len(self.never_open),
            "imported in bulk": len(self.imported),
            "closed in bulk": len(self.mass_closed),
            "open, and stale": len(self.stale),
            "entered twice": len(self.twins),
        }

    def clean(self, rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
        """The labelled rows less those whose label is not believed.

        Of a deal that was lost in a mass closing, the rows whose horizon was over before it stay: it was open, and not won.
        """
        if rows.empty:
            return rows
        out = rows["record_id"].isin(self.quick | self.never_open | self.imported | self.twins)
        closing = rows["record_id"].map(self.mass_closed).astype("float64")
        out |= (closing <= rows["cut"] + horizon * DAY_MS).fillna(False)
        kept = rows[~out].copy()
        kept["weight"] = 1.0 / kept.groupby("record_id")["record_id"].transform("size")
        return kept


def find(engine: Engine, members: Membership) -> FalseLabels:
    """What is wrong with the outcomes of a population's records, as of its own time."""
    life = members.life[members.life["excluded"] == ""]
    notes: list[str] = []
    n = max(len(life), 1)

    def held(found: set[str], rule: str) -> frozenset[str]:
        if len(found) > _MOST * n:
            notes.append(
                f"{len(found)} of {len(life)} records are {rule}: that is how this company works, so they count"
            )
            return frozenset()
        return frozenset(found)

    together = made_together(life["created_at"], IMPORTED_TOGETHER)
    imported = held({str(i) for i in life.loc[together, "record_id"]}, "imported in bulk")
    twins = held(_twins(engine, members.population.object, life), "entered twice")
    if members.population.object != "deals":
        return FalseLabels(frozenset(), frozenset(), imported, {}, tuple(notes), twins=twins)
    closed = life[life["ended_at"].notna()]
    age = (closed["ended_at"].astype("float64") - closed["created_at"].astype("float64")) / DAY_MS
    quick = held(set(closed.loc[age < QUICK_DAYS, "record_id"]), "opened and closed within 2 days")
    never = held(_never_open(engine, closed), "closed without an open stage")
    lost = closed[closed["event_at"].isna()]
    together = closed_together(lost["ended_at"], lost["record_id"].map(_owners(engine)), CLOSED_TOGETHER)
    swept = held({str(i) for i in lost.loc[together, "record_id"]}, "closed in bulk")
    at = dict(zip(lost["record_id"], lost["ended_at"].astype("int64"), strict=True))
    stale = _stale(life, members.as_of)
    closings = {i: int(at[i]) for i in swept}
    return FalseLabels(quick, never, imported, closings, tuple(notes), stale, twins)


def _stale(life: pd.DataFrame, as_of: int) -> frozenset[str]:
    """Open deals so old that those which were won had all been won long before."""
    open_now = life[life["ended_at"].isna()]
    won = life["event_at"].notna()
    limit = stale_days((life["event_at"] - life["created_at"])[won] / DAY_MS)
    old = (as_of - open_now["created_at"]) / DAY_MS > limit
    return frozenset(str(i) for i in open_now.loc[old, "record_id"])


def stale_days(cycles: pd.Series[float]) -> float:
    """The age in days from which an open deal is stale, from the cycles of won deals; infinite where these are few."""
    return STALE_CYCLES * float(cycles.quantile(0.95)) if len(cycles) >= _FEW_CYCLES else float("inf")


def _twins(engine: Engine, entity: str, life: pd.DataFrame) -> set[str]:
    """Records entered again: deals of one company and name made on one day, people of one address, companies of one domain
    and name.

    Addresses and domains have the keys that `check --data` tells duplicates by: a placeholder that many share makes nobody the
    same. Names have to be alike but for case: one spelt otherwise likely is the same, and is learnt from all the same.
    """
    t = neutral(engine, entity)
    same = {
        "deals": ("name", "company_id"),
        "contacts": ("email", "source_object"),
        "companies": ("name", "domain"),
    }
    parts = {f"k{n}": t[c].cast("string").strip().lower() for n, c in enumerate(same[entity])}
    rows = query(engine, t.select(record_id=t.id, **parts))
    rows = life[["record_id", "created_at"]].merge(rows, on="record_id")
    if entity == "contacts":
        rows["k0"] = _keys(rows["k0"], email_key)
        rows["k1"] = rows["k1"].fillna("contact")
    if entity == "companies":
        rows["k1"] = _keys(rows["k1"], domain_key)
    rows = rows[(rows[list(parts)].fillna("") != "").all(axis=1)].sort_values(["created_at", "record_id"])
    keys = list(parts)
    if entity == "deals":
        rows["day"] = rows["created_at"] // DAY_MS
        keys.append("day")
    return {str(i) for i in rows.loc[rows.duplicated(keys), "record_id"]}


def _keys(values: pd.Series[str], key: Callable[[object], str]) -> pd.Series[str]:
    """Texts, also where the column holds nothing but gaps; one look at each value that occurs."""
    keys = {v: key(v) for v in values.dropna().unique()}
    return pd.Series([keys.get(v, "") for v in values], index=values.index, dtype=object)


def _owners(engine: Engine) -> pd.Series[str]:
    """Whose each deal is today."""
    t = neutral(engine, "deals")
    return query(engine, t.select("id", "owner_id")).set_index("id")["owner_id"]


def _never_open(engine: Engine, closed: pd.DataFrame) -> set[str]:
    """Closed deals whose history shows no open stage; of deals without any history nothing is known."""
    h, s = neutral(engine, "deal_history"), neutral(engine, "stages")
    kinds = s.filter(s.object == "deals").group_by("stage").aggregate(closed=s.closed.fill_null(False).all())
    history = h.filter(h.stage.notnull())
    joined = history.left_join(kinds, history.stage == kinds.stage)
    seen = query(
        engine, joined.group_by(joined.deal_id).aggregate(only_closed=joined.closed.fill_null(False).all())
    )
    found = set(seen.loc[seen["only_closed"].astype(bool), "deal_id"])
    return {str(i) for i in closed["record_id"] if i in found}
