"""Forecasts: made once a day, kept for good, and told again as they were given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

from sales_consultant.insight.core import Calendar, Period
from sales_consultant.insight.forecast import (
    Given,
    Hidden,
    Span,
    changes,
    changes_given,
    contributions,
    digest,
    endings,
    forecast_company,
    from_given,
    give,
    months_until,
    read_driver,
    read_past,
)
from sales_consultant.insight.reports import COLUMN, Context, week
from sales_consultant.sync.insights.sources import context as ground
from sales_consultant.sync.insights.targets import attained
from sales_consultant.sync.runtime import Workspace, last_as_of
from sales_consultant.sync.stores import forecasts

# Months that deals' chances are learned from where two forecasts are compared; and how far ahead a quarter ends.
_PAST, _AHEAD = 24, 4
_COLUMNS = tuple(column for name, column in COLUMN.items() if name not in ("owner", "team"))
# A week back there is something to tell; a day back mostly noise.
_COMPARED_MS = 6 * 86_400_000


def reached(ws: Workspace, context: Context) -> week.WeekForecast | None:
    """What this quarter is said to bring, against its target; None where there is too little to tell."""
    said = given(ws, context)
    if isinstance(said, Hidden):
        return None
    place = said.place("quarter")
    if place is None:
        return None
    found, origin = attained(ws, context, said)
    total, span = said.levels["total"], said.spans[place]
    mine = [r for r in found.rows if (r.level, r.period) == ("total", span.label)] if found else []
    return week.WeekForecast(
        span.label, span.end, int(total.booked[0, place]), int(total.expected[0, place]),
        int(total.quantiles[0, place, 1]), int(total.quantiles[0, place, -2]),
        mine[0].target if mine else None, mine[0].probability if mine else None, origin, found,
    )  # fmt: skip


def refresh(ws: Workspace) -> bool:
    """Make today's first forecast, so that the first report of the day need not; False where there is too little."""
    made = ground(ws, as_of=None, since=None, by="pipeline", language=None)
    return any(_same(one, made) for one in known(ws)) or isinstance(given(ws, made), Given)


def given(ws: Workspace, context: Context) -> Given | Hidden:
    """The forecast of a report: the last that was kept of its day, else made now.

    Of today one stands only as long as what it was made of: what was read or set since gives a new one, which is kept too, so
    that no report tells of two states of the CRM. A forecast made now for a past day was never given to anybody and is not
    kept.
    """
    today = context.as_of >= last_as_of(ws)
    drivers = [read_driver(Path(file)) for file in ws.settings.reports.drivers]
    inputs = digest(context.tables, context.rates, context.calendar, context.teams, drivers)
    for one in reversed(known(ws)):
        if _same(one, context) and (one.inputs == inputs or not today):
            return one
    found = forecast_company(
        context.tables,
        context.rates,
        context.calendar,
        context.as_of,
        np.random.default_rng(context.as_of),
        teams=context.teams or None,
        columns=_COLUMNS,
        # What reps say is known of today alone.
        category="forecast_category" if today else "",
        drivers=drivers,
    )
    if isinstance(found, Hidden):
        return found
    said = replace(give(found, context.as_of, context.words.currency), inputs=inputs)
    before = [one for one in known(ws) if _comparable(one, said)]
    if before:
        said = _with_changes(context, before, said)
    return _keep(ws, context, said) if today else said


def is_kept(ws: Workspace, said: Given) -> bool:
    """Whether a forecast is kept: then it was given on its day."""
    return any((one.as_of, one.inputs) == (said.as_of, said.inputs) for one in known(ws))


def known(ws: Workspace) -> list[Given]:
    """All forecasts that are kept, the oldest first."""
    rows = ws.state.rows(sa.select(forecasts.c.content).order_by(forecasts.c.as_of, forecasts.c.id))
    found = (from_given(json.loads(row["content"])) for row in rows)
    return [one for one in found if one is not None]


def fits(span: Span, calendar: Calendar) -> bool:
    """Whether a period is one of a calendar: by its moments, not by its label alone."""
    return any(
        (p.kind, p.label, p.start, p.end) == (span.kind, span.label, span.start, span.end)
        for p in (calendar.period(kind, span.start) for kind in ("month", "quarter", "year"))
    )


def _same(one: Given, context: Context) -> bool:
    """Whether a forecast that is kept is that of a report: of its day, in its currency, by its calendar."""
    calendar = context.calendar
    return (
        one.as_of <= context.as_of
        and calendar.day(one.as_of) == calendar.day(context.as_of)
        and one.currency == context.words.currency
        and all(fits(span, calendar) for span in one.spans)
    )


def _comparable(one: Given, said: Given) -> bool:
    """Whether an earlier forecast tells of the same quarter: of the same months, under the same name."""
    here = said.place("quarter")
    return (
        one.as_of < said.as_of
        and one.currency == said.currency
        and here is not None
        and said.spans[here] in one.spans
    )


def _keep(ws: Workspace, context: Context, said: Given) -> Given:
    """Keep a forecast, unless another report kept one of the same meanwhile: then that one stands."""
    with ws.state.begin() as c:
        for row in c.execute(sa.select(forecasts.c.content).where(forecasts.c.as_of == said.as_of)):
            other = from_given(json.loads(row.content))
            if other is not None and other.inputs == said.inputs and _same(other, context):
                return other
        c.execute(
            sa.insert(forecasts).values(
                as_of=said.as_of, made_at=last_as_of(ws), content=json.dumps(said.record())
            )
        )
    return said


def _with_changes(context: Context, before: list[Given], said: Given) -> Given:
    """The forecast with why this quarter's differs from an earlier one: the newest that is six days old, else the oldest."""
    old = [one for one in before if one.as_of <= said.as_of - _COMPARED_MS]
    other = old[-1] if old else before[0]
    place = said.place("quarter")
    assert place is not None
    span = said.spans[place]
    there = next(i for i, s in enumerate(other.spans) if s == span)
    was, now = (_parts(context, at.as_of, span.start, span.end) for at in (other, said))
    totals = (int(at.levels["total"].expected[0, i]) for at, i in ((other, there), (said, place)))
    return replace(said, changes=changes_given(changes(was, now, *totals), other.as_of, span.label))


def _parts(context: Context, at: int, start: int, end: int) -> pd.DataFrame:
    """What each deal was to bring to a period, as of a moment."""
    months = months_until(context.calendar, at, _PAST, _AHEAD)
    snaps, ends = read_past(context.tables, context.rates, months)
    inside = tuple(i for i, begin in enumerate(months.starts[:-1]) if start <= begin < end)
    return contributions(snaps, ends, inside, _AHEAD)


def came(context: Context, periods: Sequence[Period]) -> dict[tuple[str, str, str], int]:
    """What was booked in each period, in cents, by level, group and label, as the CRM has it at the report's date."""
    ends = endings(context.tables, context.rates, context.as_of)
    out = {}
    for period in periods:
        inside = (ends.status == "won") & (ends.ended_at >= period.start) & (ends.ended_at < period.end)
        out["total", "total", period.label] = round(float(np.nansum(ends.cents[inside])))
    return out
