"""Targets out of the CRM's goals and quotas, and how they stand beside those of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo

import numpy as np
import pandas as pd

from sales_consultant.insight.core import Calendar, Kind
from sales_consultant.insight.forecast.given import Span
from sales_consultant.insight.forecast.targets import Target

# Of money a CRM holds sixteen digits before the point.
_MOST = 1e17
_KINDS: tuple[Kind, ...] = ("month", "quarter", "year")
# What a period is made of, the shorter ones first.
_PARTS: tuple[tuple[Kind, Kind], ...] = (("quarter", "month"), ("year", "quarter"))


@dataclass(frozen=True)
class Goals:
    """Targets out of the CRM's goals.

    left_out
        How many goals are none, by why: what the connector says (not_revenue, team, territory, other_type), no_owner,
        no_amount (missing, negative, beyond what a CRM holds), no_period (no month, quarter or year of the calendar), again
        (an older one of the same owner and period, or one for a part beside one for all).
    parts
        How many goals are of single pipelines or product families: those of one owner and period add up.
    """

    targets: tuple[Target, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    parts: int = 0


def targets_of_goals(goals: pd.DataFrame, calendar: Calendar) -> Goals:
    """The targets among a CRM's goals; one odd goal costs that goal, and is counted.

    goals
        Columns owner_id, excluded, part, currency, cents, start_at, end_at (ms UTC), the newest goal first. One for all of an
        owner's revenue stands for those for parts of it.
    """
    left: Counter[str] = Counter()
    # By owner and period: the goal for all of the revenue under "", and those for parts of it.
    by: dict[tuple[str, str], dict[str, Target]] = {}
    labels: dict[tuple[int, int], str] = {}
    for owner, excluded, part, currency, cents, start, end in _rows(goals):
        why = excluded or ("" if owner else "no_owner")
        why = why or ("" if 0 <= cents < _MOST else "no_amount")
        if not why and (start, end) not in labels:
            labels[start, end] = _label(calendar, start, end)
        period = "" if why else labels[start, end]
        if not period:
            left[why or "no_period"] += 1
        elif part in by.setdefault((owner, period), {}):
            left["again"] += 1
        else:
            by[owner, period][part] = Target(owner, period, round(cents), currency)
    left["again"] += sum(len(held) - 1 for held in by.values() if "" in held)
    found = [t for held in by.values() for t in ([held[""]] if "" in held else held.values())]
    parts = sum(len(held) for held in by.values() if "" not in held)
    return Goals(tuple(found), {why: n for why, n in sorted(left.items()) if n}, parts)


def _rows(goals: pd.DataFrame) -> Iterator[tuple[str, str, str, str, float, int, int]]:
    """The columns as plain values: "" for no text, NaN for no amount, -1 for no moment."""
    texts = [
        ["" if pd.isna(v) else str(v) for v in goals[name]]
        for name in ("owner_id", "excluded", "part", "currency")
    ]
    cents = pd.to_numeric(goals["cents"], errors="coerce").astype("Float64")
    moments = [
        [-1 if pd.isna(v) else int(v) for v in pd.to_numeric(goals[name], errors="coerce")]
        for name in ("start_at", "end_at")
    ]
    yield from zip(*texts, cents.to_numpy(dtype=np.float64, na_value=np.nan), *moments, strict=True)


def _label(calendar: Calendar, start: int, end: int) -> str:
    """The period of the calendar from a moment to another; "" where it is none.

    CRMs write days as midnights of UTC or of the company, and the end as the last day, its last moment or the next day.
    """
    if not 0 <= start < end:
        return ""
    try:
        for zone in (UTC, calendar.zone):
            first = _day(start, zone)
            for last in (_day(end, zone), _day(end - 1, zone)):
                for kind in _KINDS:
                    period = calendar.period(kind, calendar.ms(first))
                    if (period.first_day, period.last_day) == (first, last):
                        return period.label
    except (ValueError, OverflowError):
        # The end of all days is no period's.
        pass
    return ""


def _day(at: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date()


@dataclass(frozen=True)
class Joined:
    """Targets of both, and how many of each count for the periods asked for; `targets` has also the file's other ones."""

    targets: tuple[Target, ...]
    of_file: int
    of_goals: int


def join(
    file: Sequence[Target], goals: Iterable[Target], spans: Sequence[Span], calendar: Calendar
) -> Joined:
    """Targets of a file and of the CRM's goals: the file's replace those of the same owner and period.

    A quarter without a target is the sum of its three months where each has one, a year that of its four quarters.

    spans
        The periods that are told of. Of the others the file's targets stay, to be counted; those of goals are nobody's concern.
    """
    told: dict[tuple[str, str], list[Target]] = {(t.owner, t.period): [t] for t in file}
    own = set(told)
    for goal in goals:
        if (goal.owner, goal.period) not in own:
            told.setdefault((goal.owner, goal.period), []).append(goal)
    given = set(told)
    used = _add_up(told, spans, calendar)
    labels = {span.label for span in spans}
    shown = {key for key in told if key[1] in labels}
    counted = (given & shown) | {key for whole in shown for key in used.get(whole, ()) if key in given}
    kept = [t for key in told if key in shown or (key in own and key not in counted) for t in told[key]]
    return Joined(tuple(kept), len(counted & own), len(counted - own))


def _add_up(
    told: dict[tuple[str, str], list[Target]], spans: Sequence[Span], calendar: Calendar
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Add the targets of periods that are sums of shorter ones; of each, which of the given ones it is made of."""
    owners = sorted({owner for owner, _ in told})
    made: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for kind, part in _PARTS:
        wholes = {
            p.label: p
            for span in spans
            if span.kind in (kind, "year")
            for p in calendar.between(kind, span.start, span.end)
        }
        for label, whole in wholes.items():
            inside = [p.label for p in calendar.between(part, whole.start, whole.end)]
            for owner in owners:
                keys = [(owner, p) for p in inside]
                if (owner, label) in told or not all(key in told for key in keys):
                    continue
                told[owner, label] = [replace(t, period=label) for key in keys for t in told[key]]
                made[owner, label] = [one for key in keys for one in made.get(key, [key])]
    return made
