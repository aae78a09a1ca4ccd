"""What will be booked: this month and the next, quarters and years, against the targets, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sales_consultant.insight.charts import Line, LineChart
from sales_consultant.insight.forecast import Attainment, Attainments, Given, Hidden
from sales_consultant.insight.reports import targets
from sales_consultant.insight.reports.context import COLUMN, Context
from sales_consultant.insight.reports.document import Cell, Column, Figure, Section, Table
from sales_consultant.insight.reports.forecast_more import (
    accuracy,
    baselines,
    changed,
    changed_finding,
    drivers,
)
from sales_consultant.insight.reports.targets import TargetOrigin
from sales_consultant.insight.reports.words import Words

MESSAGES = {
    "too_few_months": "A forecast needs {needs} whole months of history, and {has} are known. Next: wait until they are over.",
    "too_few_won": "A forecast needs {needs} won deals with an amount, and {has} are known. Next: fill in amounts of won deals.",
    "without_amount": "Open deals without an amount were taken at the mean of won deals of their pipeline: {count}.",
    "unrated": "Open deals in a currency without a rate are left out, as what they bring would be: {count}.",
    "without_rate": "Won deals without an amount, or in a currency without a rate, are left out: {count}.",
}
# What a page holds: a year back, and all that is forecast.
_PAST = 12
_TABLED = 9
_GROUPS = 20
# Past forecasts from which on their coverage is a finding.
_ENOUGH = 12
TITLES = {
    "pipeline": "Pipeline", "owner": "Owner", "team": "Team", "source": "Source", "product": "Product", "type": "Type",
    "segment": "Segment", "tier": "Tier",
}  # fmt: skip


Ranges = NDArray[np.int64]
"""Quantiles of one period, whole cents."""


@dataclass(frozen=True)
class Told:
    """A forecast with what it is shown beside.

    attained
        The targets against it; None where none are set. origin: where they are from.
    deals
        By id the name and owner of those that may be named.
    made_now
        Whether it was made after its day, and so given to nobody on it.
    """

    given: Given
    attained: Attainments | None = None
    origin: TargetOrigin = field(default_factory=TargetOrigin)
    deals: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    made_now: bool = False


def section(told: Told | Hidden, context: Context) -> Section:
    """The section "forecast"."""
    words = context.words
    title = words("What will be booked")
    if isinstance(told, Hidden):
        if context.tables.deals.empty:
            return Section("forecast", title, hidden=context.no_deals)
        return Section("forecast", title, hidden=words(MESSAGES[told.reason], needs=told.needs, has=told.has))
    goals = targets.figure(told.given, told.attained, told.origin, words)
    figures = [_months(told, words), _periods(told, words), goals]
    groups = _groups(told, context)
    figures += [groups] if groups else []
    figures += [baselines(told.given, words), accuracy(told.given, words)]
    figures += changed(told.given, told.deals, words)
    figures += drivers(told.given, words)
    return Section("forecast", title, _findings(told, words), tuple(figures), unknown=_unknown(told, context))


def chance(value: float, words: Words) -> str:
    """A probability; nothing is certain."""
    if value > 0.99:
        return words("more than {share}", share=words.share(0.99))
    if value < 0.01:
        return words("less than {share}", share=words.share(0.01))
    return words.share(round(value, 2))


def _total(told: Told, period: str) -> Attainment | None:
    return targets.total_of(told.attained, period)


def _said(told: Told, place: int, words: Words) -> str:
    """One period in a sentence or two."""
    span, total = told.given.spans[place], told.given.levels["total"]
    amounts = {
        "expected": words.money(float(total.expected[0, place])),
        "low": words.money(float(total.quantiles[0, place, 1])),
        "high": words.money(float(total.quantiles[0, place, -2])),
        "booked": words.money(float(total.booked[0, place])),
    }
    day = words.cell(words.day(span.end - 1), "date")
    if total.booked[0, place]:
        text = words(
            "By the end of {period} ({day}) {expected} will be booked, with 80 % probability between {low} and {high}; "
            "{booked} is booked already.",
            period=span.label,
            day=day,
            **amounts,
        )
    else:
        text = words(
            "In {period} (to {day}) {expected} will be booked, with 80 % probability between {low} and {high}.",
            period=span.label,
            day=day,
            **amounts,
        )
    mine = _total(told, span.label)
    if mine is None or not mine.target:
        return text
    more = words(
        "That is {share} of the target of {target}, which is reached with a probability of {chance}.",
        share=words.share(mine.expected / mine.target),
        target=words.money(mine.target),
        chance=chance(mine.probability, words),
    )
    return f"{text} {more}"


def _findings(told: Told, words: Words) -> tuple[str, ...]:
    given = told.given
    places = [given.place("quarter"), given.place("quarter", 1), given.place("year")]
    quarter, year = places[0], places[-1]
    # In its last quarter a year without a target of its own says nothing that the quarter does not.
    if quarter is not None and year is not None and given.spans[quarter].end == given.spans[year].end:
        places[-1] = year if _total(told, given.spans[year].label) else None
    found = [_said(told, place, words) for place in places if place is not None]
    if given.changes is not None and given.changes.after != given.changes.before:
        found.insert(1, changed_finding(given, words))
    best = given.accuracy.get("reconciled")
    if best is not None and best.forecasts >= _ENOUGH and best.coverage80 is not None:
        found.append(
            words(
                "So far the 80 % range held {share} of what came, over {count} forecasts of single months made from what was "
                "known before.",
                share=words.share(best.coverage80),
                count=best.forecasts,
            )
        )
    return tuple(found[:5])


def _months(told: Told, words: Words) -> Figure:
    given, total = told.given, told.given.levels["total"]
    ahead = [i for i, s in enumerate(given.spans) if s.kind == "month"]
    past = given.past[-_PAST:]
    none = (None,) * len(past)
    q = total.quantiles[0]
    points = (*(label for label, _ in past), *(given.spans[i].label for i in ahead))

    def edge(level: int) -> tuple[float | None, ...]:
        return (*none, *(float(q[i, level]) for i in ahead))

    booked = (*(float(cents) for _, cents in past), *(None,) * len(ahead))
    said = Line(
        words("Forecast"),
        (*none, *(float(total.expected[0, i]) for i in ahead)),
        ((words("95 % range"), edge(0), edge(-1)), (words("80 % range"), edge(1), edge(-2))),
    )
    title = words("Booked revenue by month")
    chart = LineChart(title, "money", points, (Line(words("Booked"), booked), said))
    columns = (
        Column("month", words("Month")),
        Column("amount", words("Booked, then forecast"), "money"),
        *_ranges(words),
    )
    rows: list[tuple[Cell, ...]] = [(label, cents, *(None,) * 4) for label, cents in past[-_TABLED:]]
    rows += [(given.spans[i].label, int(total.expected[0, i]), *_range(q[i])) for i in ahead]
    method = words(
        "Open deals by the chance that deals of their stage and age were won, deals not made yet by their number of the last "
        "year, and the series of months, weighed by how well each did at past months ({deals} on the deals). The "
        "ranges are widened until they would have held before.",
        deals=words.share(sum(given.deals_share) / max(len(given.deals_share), 1)),
    )
    notes = []
    if given.history < 24:
        notes.append(
            words(
                "Only {months} months are known: what a season does every year cannot be told yet.",
                months=given.history,
            )
        )
    return Figure("months", title, Table(columns, tuple(rows)), method, chart, tuple(notes))


def _ranges(words: Words) -> tuple[Column, ...]:
    return (
        Column("low_80", words("80 % from"), "money"),
        Column("high_80", words("80 % to"), "money"),
        Column("low_95", words("95 % from"), "money"),
        Column("high_95", words("95 % to"), "money"),
    )


def _range(quantiles: Ranges) -> tuple[int, int, int, int]:
    q = [int(v) for v in quantiles]
    return q[1], q[-2], q[0], q[-1]


def _spans(given: Given) -> list[int]:
    return [i for i, span in enumerate(given.spans) if span.kind != "month"]


def _periods(told: Told, words: Words) -> Figure:
    given, total = told.given, told.given.levels["total"]
    columns = (
        Column("period", words("Period")),
        Column("forecast", words("Forecast"), "money"),
        *_ranges(words),
    )
    rows = tuple(
        (given.spans[i].label, int(total.expected[0, i]), *_range(total.quantiles[0, i]))
        for i in _spans(given)
    )
    method = words(
        "The months of each period added up in every one of the simulated futures, with what is booked already."
    )
    return Figure("periods", words("Fiscal quarters and years"), Table(columns, rows), method)


def _groups(told: Told, context: Context) -> Figure | None:
    """This quarter by what the report is broken down by."""
    given, words = told.given, context.words
    place = given.place("quarter")
    level = context.by if context.by in given.levels else COLUMN[context.by]
    if place is None or level not in given.levels:
        return None
    one, label = given.levels[level], given.spans[place].label
    goals = {
        r.group: r
        for r in (told.attained.rows if told.attained else ())
        if (r.level, r.period) == (level, label)
    }
    order = sorted(range(len(one.names)), key=lambda g: (-int(one.expected[g, place]), one.names[g]))
    shown, rest = order[:_GROUPS], order[_GROUPS:]
    columns = [
        Column("group", words(TITLES.get(context.by, context.by))),
        Column("booked", words("Booked so far"), "money"),
        Column("forecast", words("Forecast"), "money"),
        Column("low_80", words("80 % from"), "money"),
        Column("high_80", words("80 % to"), "money"),
    ]
    if goals:
        columns += [
            Column("target", words("Target"), "money"),
            Column("probability", words("Reached with"), "share"),
        ]

    def row(
        name: str, booked: int, expected: int, q: Ranges | None, goal: Attainment | None
    ) -> tuple[Cell, ...]:
        edges = (None, None) if q is None else (int(q[1]), int(q[-2]))
        told_of = (goal.target, targets.rounded(goal.probability)) if goal else (None, None)
        return (name, booked, expected, *edges, *(told_of if goals else ()))

    rows = [
        row(
            _group(one.names[g], context), int(one.booked[g, place]), int(one.expected[g, place]), one.quantiles[g, place],
            goals.get(one.names[g]),
        )
        for g in shown
    ]  # fmt: skip
    if rest:
        sums = int(one.booked[rest, place].sum()), int(one.expected[rest, place].sum())
        rows.append(row(words("{count} others", count=len(rest)), *sums, None, None))
    total = given.levels["total"]
    so_far, said = int(total.booked[0, place]), int(total.expected[0, place])
    rows.append(row(words("All"), so_far, said, total.quantiles[0, place], _total(told, label)))
    method = words("Forecasts add up to that of all, to the cent.")
    note = words("Ranges do not add up: hardly ever are all groups high, or all low, at once.")
    table = Table(tuple(columns), tuple(rows), strong=frozenset((len(rows) - 1,)))
    title = words("{period} by {by}", period=label, by=words(TITLES.get(context.by, context.by)))
    return Figure("groups", title, table, method, notes=(note,))


def _group(name: str, context: Context) -> str:
    if name == "(other)":
        return context.words("others")
    return context.name("" if name == "(none)" else name)


def _unknown(told: Told, context: Context) -> tuple[str, ...]:
    words, given = context.words, told.given
    out = []
    if told.made_now:
        out.append(
            words("This forecast was made now for that day; it was not given then, and it is not kept.")
        )
    if context.by not in given.levels and COLUMN[context.by] not in given.levels:
        out.append(
            words(
                "Nothing is known by {by} in this forecast. For teams set [reports.teams].",
                by=words(TITLES.get(context.by, context.by)),
            )
        )
    out += targets.unknown(told.attained, told.origin, context)
    if given.place("year", 1) is None and given.place("year") is not None:
        out.append(
            words(
                "The next fiscal year is not forecast: that is further than half the history, or 15 months."
            )
        )
    counts = {
        "without_amount": given.without_amount,
        "unrated": given.unrated,
        "without_rate": given.without_rate,
    }
    for key, count in counts.items():
        if count:
            out.append(words(MESSAGES[key], count=count))
    return tuple(out)
