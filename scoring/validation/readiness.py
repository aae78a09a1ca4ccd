"""What a population's data allow, before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.language.numbers import percent
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.populations import (
    MIN_CUTS,
    Membership,
    classes,
    cut_offs,
    false_labels,
    horizon_days,
    labelled,
    split,
)
from sales_consultant.scoring.propensity import MIN_BOOSTED, MIN_FULL, MIN_SHRUNK, tier_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sales_consultant.config.populations import Exclusions, Population

# Judgements: with activities on fewer records than this their features say who logs; ten of each outcome are what the
# forward test needs; what was logged more than two years ago says nothing of the habits of now.
LITTLE_COVERAGE = 0.3
LEAST_TESTED = 10
_TWO_YEARS = 730


@dataclass(frozen=True, slots=True)
class TrainingReadiness:
    """Records and rows to learn from, how far back they go, and what to expect of them.

    `won` and `lost` are all records with the event and those that ended without it, as far as they are not left out;
    `positives` the rows whose event came within the horizon. `with_event` and `without` are records whose horizon is
    over; `test_with_event` and `test_without` those of the forward test. `stage_history` is the share of closed deals
    with two or more stages on record (None for other objects), `activity_coverage` the share of the last two years'
    members that have any activity on record before their last cut-off, `owners_covered` how many of the owners have
    recorded any. `tier` is what so much allows; `missing` says what stands in the way of more; `borrows` says from
    which parent a model would be borrowed, with its tier, or why not.
    """

    population: str
    open_now: int
    with_event: int
    without: int
    rows: int
    cut_offs: int
    horizon_days: int
    history_days: int
    test_with_event: int
    test_without: int
    stage_history: float | None
    activity_coverage: float
    owners_covered: str
    excluded: dict[str, int]
    false_labels: dict[str, int]
    tier: str
    missing: tuple[str, ...]
    won: int = 0
    lost: int = 0
    positives: int = 0
    borrows: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {**asdict(self), "missing": list(self.missing)}


def lending(
    found: Sequence[TrainingReadiness], populations: Mapping[str, Population]
) -> list[TrainingReadiness]:
    """The same, with what populations too small for a model of their own would borrow from their parents."""
    tiers = {f.population: f.tier for f in found}
    done = []
    for f in found:
        parent = populations[f.population].parent
        if f.tier == "rules" and parent is not None:
            theirs = tiers.get(parent, "rules")
            said = (
                f"{parent} has too little data to lend a model"
                if theirs == "rules"
                else f"would borrow from {parent} ({theirs})"
            )
            f = replace(f, borrows=said)
        done.append(f)
    return done


@dataclass(frozen=True, slots=True)
class EventShare:
    """How often an event happens within its horizon to the members of a population.

    `with_event` and `without` are records whose horizon is over at some past cut-off. `rate` is the share of their rows with
    the event, 0 to 1, each record weighing one as in training; None where there are no rows.
    """

    open_now: int
    with_event: int
    without: int
    rate: float | None


def event_share(engine: Engine, population: Population, *, as_of: int, exclusions: Exclusions) -> EventShare:
    """Count an event as of a time (ms), by the rows that a model would learn from."""
    members = Membership(engine, population, exclusions, as_of=as_of)
    horizon = horizon_days(population, members)
    wrong = false_labels.find(engine, members)
    rows = wrong.clean(labelled(members, cut_offs(members, horizon), horizon), horizon)
    still = len(members.at(as_of))
    if rows.empty:
        return EventShare(still, 0, 0, None)
    rate = float((rows["label"] * rows["weight"]).sum() / rows["weight"].sum())
    return EventShare(still, *classes(rows), rate)


def readiness(
    engine: Engine,
    name: str,
    population: Population,
    *,
    as_of: int,
    exclusions: Exclusions,
) -> TrainingReadiness:
    """Look at a population as of a time (ms); fits nothing."""
    members = Membership(engine, population, exclusions, as_of=as_of)
    horizon = horizon_days(population, members)
    wrong = false_labels.find(engine, members)
    rows = wrong.clean(labelled(members, cut_offs(members, horizon), horizon), horizon)
    won, lost = classes(rows) if len(rows) else (0, 0)
    parts = split(rows, horizon) if len(rows) else None
    learnt = classes(parts[0]) if parts else (0, 0)
    tested = classes(parts[1]) if parts else (0, 0)
    judged = parts[1]["label"] if parts else None
    enough = judged is not None and min(judged.sum(), len(judged) - judged.sum()) >= LEAST_TESTED
    tier = tier_of(won, lost) if enough and tier_of(*learnt) != "rules" else "rules"
    life = members.life[members.life["excluded"] == ""]
    history = (as_of - int(life["created_at"].min())) // DAY_MS if len(life) else 0
    stages = _stage_history(engine) if population.object == "deals" else None
    covered = _coverage(engine, population.object, rows, as_of)
    reasons = members.life.loc[members.life["excluded"] != "", "excluded"].value_counts()
    return TrainingReadiness(
        name,
        len(members.at(as_of)),
        won,
        lost,
        len(rows),
        int(rows["cut"].nunique()) if len(rows) else 0,
        horizon,
        int(history),
        *tested,
        stages,
        covered,
        _owners(engine),
        {str(k): int(v) for k, v in reasons.items()},
        wrong.counts(),
        tier,
        tuple(_missing(won, lost, learnt, tested, horizon, int(history), stages, covered)),
        int(life["event_at"].notna().sum()),
        int((life["ended_at"].notna() & life["event_at"].isna()).sum()),
        int(rows["label"].sum()) if len(rows) else 0,
    )


def _missing(
    won: int,
    lost: int,
    learnt: tuple[int, int],
    tested: tuple[int, int],
    horizon: int,
    history: int,
    stages: float | None,
    covered: float,
) -> list[str]:
    lacking = []
    if history < horizon * 2:
        lacking.append(
            f"history: {history} days are on record, and a forward test needs {2 * horizon} (two horizons) and "
            f"{MIN_CUTS} cut-offs"
        )
    for count, what in ((won, "with the event"), (lost, "without it")):
        if count < MIN_SHRUNK:
            lacking.append(f"{MIN_SHRUNK - count} more records {what} for any probability (now {count})")
    least = min(*learnt)
    if min(won, lost) >= MIN_SHRUNK and (least < MIN_SHRUNK or min(tested) < LEAST_TESTED):
        lacking.append(
            f"{MIN_SHRUNK} records of each outcome to learn from, a horizon before {LEAST_TESTED} of each to judge on "
            f"(now {learnt[0]} and {learnt[1]}, {tested[0]} and {tested[1]})"
        )
    elif MIN_SHRUNK <= min(won, lost) < MIN_FULL:
        lacking.append(f"{MIN_FULL - min(won, lost)} more records of the rarer outcome for the full model")
    elif MIN_FULL <= min(won, lost) < MIN_BOOSTED:
        lacking.append(
            f"{MIN_BOOSTED - min(won, lost)} more records of the rarer outcome before boosting is tried"
        )
    if stages is not None and stages < 0.5:
        lacking.append(
            f"stage history: only {percent(stages)} of closed deals have passed through two stages on record"
        )
    if covered < LITTLE_COVERAGE:
        lacking.append(
            f"activities: only {percent(covered)} of the records have any; log calls, meetings and e-mails in the CRM, or "
            "connect the mailboxes"
        )
    return lacking


def _stage_history(engine: Engine) -> float | None:
    history = neutral(engine, "deal_history")
    counts = history.filter(history.stage.notnull()).group_by("deal_id").aggregate(n=history.stage.nunique())
    t = alive(neutral(engine, "deals"))
    closed = query(engine, t.filter(t.is_closed.fill_null(False)).select(deal_id=t.id))
    if closed.empty:
        return None
    found = closed.merge(query(engine, counts), how="left", on="deal_id")["n"].fillna(0)
    return round(float((found >= 2).mean()), 4)


def _coverage(engine: Engine, object_: str, rows: pd.DataFrame, as_of: int) -> float:
    """The share of recent members with an activity known before their last cut-off."""
    recent = rows[rows["cut"] > as_of - _TWO_YEARS * DAY_MS] if len(rows) else rows
    if recent.empty:
        return 0.0
    one = {"deals": "deal", "contacts": "contact", "companies": "company"}[object_]
    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "activity") & (links.to_object == one))
    # A link has a known_at of its own, which is empty where the CRM keeps none: the activity's counts here.
    t = neutral(engine, "activities")
    told = t.select(activity_id=t.id, told_at=t.known_at)
    joined = links.inner_join(told, links.from_id == told.activity_id)
    first = query(engine, joined.group_by(joined.to_id).aggregate(first=joined.told_at.min()))
    last = recent.groupby("record_id")["cut"].max()
    seen = last.to_frame().join(first.set_index("to_id")["first"])
    return round(float((seen["first"].astype("float64") <= seen["cut"].astype("float64")).mean()), 4)


def _owners(engine: Engine) -> str:
    owners = query(engine, neutral(engine, "owners").select("id", "active"))
    active = set(owners.loc[owners["active"].fillna(True).astype(bool), "id"])
    t = neutral(engine, "activities")
    busy = set(query(engine, t.filter(t.owner_id.notnull()).select("owner_id").distinct())["owner_id"])
    return f"{len(active & busy)} of {len(active)}"
