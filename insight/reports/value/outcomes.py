"""What came of companies whose window is complete: conversion, revenue, days, meetings, attention, return."""

from __future__ import annotations

import math

from sales_consultant.insight.charts import Bar, BarChart
from sales_consultant.insight.experiments import Effect
from sales_consultant.insight.reports.document import Column, Figure, Kind, Table
from sales_consultant.insight.reports.value.parts import between, cells, interval_columns, known
from sales_consultant.insight.reports.value.told import Announced, Measure, Outcomes
from sales_consultant.insight.reports.words import Words

TITLES: dict[Measure, str] = {
    "conversion": "Companies with the event",
    "revenue": "Booked revenue a company",
    "days": "Days until the event",
    "meetings": "Meetings a company",
}
_KINDS: dict[Measure, Kind] = {
    "conversion": "share",
    "revenue": "money",
    "days": "days",
    "meetings": "number",
}
MESSAGES = {
    "conversion": "The share of companies with the event within the window, by their score at the draw made alike (CUPED).",
    "revenue": "What won deals of a company brought within its window, none for most; amounts above the cap count as the cap "
    "(winsorised), the interval is a bootstrap-t.",
    "days": "Days from the draw to the first event; a company without one counts with the whole window, since those with the "
    "event alone would be other companies in each group.",
    "meetings": "Meetings held with a company within its window.",
}


def told_of(came: Outcomes) -> list[Measure]:
    """The measures that could be told."""
    return [m for m, e in came.effects.items() if not e.reason]


def findings(announced: Announced, came: Outcomes, words: Words) -> list[str]:
    """What is beyond chance, or money, in a sentence each."""
    out = []
    days = words.shown(announced.horizon_days, "days")
    revenue = came.effects.get("revenue")
    if revenue is not None and not revenue.reason:
        beyond = revenue.low > 0 or revenue.high < 0
        effect = between(words, revenue.effect, revenue.low, revenue.high, "money")
        said = {"effect": effect, "days": days}
        out.append(
            words("A company with scores brought {effect} more within {days} than one without.", **said)
            if beyond
            else words(
                "Booked revenue a company within {days} differs by {effect}: not beyond chance.", **said
            )
        )
    if came.returned is not None and came.cost is not None:
        r = came.returned
        gain = between(words, r.gain, r.gain_low, r.gain_high, "money")
        cost = words.money(came.cost)
        out.append(
            words(
                "Contribution of {gain} against a cost of {cost}: {roi} of the cost came back beyond it.",
                gain=gain,
                cost=cost,
                roi=between(words, r.roi, r.roi_low, r.roi_high, "share"),
            )
            if r.gain_low > 0 or r.gain_high < 0
            else words(
                "Whether the scores pay for their cost of {cost} cannot be told: their contribution is {gain}.",
                gain=gain,
                cost=cost,
            )
        )
    if came.attention is not None and (came.attention.taken or came.attention.maybe):
        a = came.attention
        said = {
            "rose": words.number(a.change_treated[0]),
            "fell": words.number(-a.change_control[0]),
        }
        out.append(
            words(
                "A gain may only be attention taken from control: activities a company and month rose by {rose} with scores and "
                "fell by {fell} without.",
                **said,
            )
            if a.taken
            else words(
                "A gain may partly be attention taken from control: activities a company and month rose by {rose} with scores; "
                "without they fell by {fell}, which may be chance.",
                **said,
            )
        )
    return out


def unknown(announced: Announced, came: Outcomes, words: Words) -> list[str]:
    """What cannot be told, and why."""
    out = []
    if not told_of(came):
        out.append(
            words(
                "What came of complete windows cannot be told yet: it takes 20 companies a group whose {days} are over; the "
                "first end on {day}.",
                days=words.shown(announced.horizon_days, "days"),
                day=words.cell(words.day(came.first_complete), "date"),
            )
        )
    if came.margin is None or came.cost is None:
        out.append(
            words("No return is told: it takes [proof] margin and cost_per_month, which only you know.")
        )
    if came.attention is None or came.attention.reason:
        out.append(
            words(
                "Whether attention moved from control to companies with scores is not known: too few activities were read."
            )
        )
    return out


def figures(came: Outcomes, words: Words) -> list[Figure]:
    """A figure for all measures, one each, attention, and the return."""
    measures = told_of(came)
    out = []
    if measures:
        out.append(_relative(measures, came, words))
        out += [_measure(m, came.effects[m], words) for m in measures]
    if came.attention is not None and not came.attention.reason:
        out.append(_attention(came, words))
    if came.returned is not None:
        out += _returns(came, words)
    return out


def _relative(measures: list[Measure], came: Outcomes, words: Words) -> Figure:
    columns = (
        Column("measure", words("Measure")),
        *interval_columns(words, "uplift", words("With scores against without"), "share"),
        Column("n_treated", words("With scores"), "count"),
        Column("n_control", words("Without"), "count"),
    )
    effects = [(words(TITLES[m]), came.effects[m]) for m in measures]
    rows = tuple(
        (name, *cells(e.relative, e.relative_low, e.relative_high), e.n_treated, e.n_control)
        for name, e in effects
    )
    chart = BarChart(
        words("With scores against without, relative"),
        "share",
        tuple(
            Bar(name, known(e.relative), known(e.relative_low), known(e.relative_high)) for name, e in effects
        ),
        interval_name=words("95 % interval"),
    )
    method = words(
        "Companies whose window is over, compared by the lot that was drawn. An interval that holds 0 is no finding; unlike the "
        "test above these intervals are for one look."
    )
    notes = []
    if "days" in measures:
        notes.append(words("Fewer days until the event are better."))
    return Figure(
        "uplift", words("Uplift on complete windows"), Table(columns, rows), method, chart, tuple(notes)
    )


def _measure(measure: Measure, effect: Effect, words: Words) -> Figure:
    kind = _KINDS[measure]
    difference: Kind = "points" if kind == "share" else kind
    columns = (
        Column("with_scores", words("With scores"), kind),
        Column("without", words("Without"), kind),
        *interval_columns(words, "difference", words("Difference"), difference),
        Column("clusters", words("Companies or owners compared"), "count"),
    )
    row = (*cells(effect.treated, effect.control, effect.effect, effect.low, effect.high), effect.clusters)
    notes = []
    if effect.cap is not None and math.isfinite(effect.cap):
        notes.append(
            words(
                "Cap: {cap}, the 99th percentile of companies with revenue; {companies} companies were cut to it.",
                cap=words.money(effect.cap),
                companies=effect.capped,
            )
        )
    return Figure(
        measure, words(TITLES[measure]), Table(columns, (row,)), words(MESSAGES[measure]), notes=tuple(notes)
    )


def _attention(came: Outcomes, words: Words) -> Figure:
    a = came.attention
    assert a is not None
    columns = (
        Column("group", words("Group")),
        Column("before", words("Before"), "number"),
        Column("after", words("Since the start"), "number"),
        *interval_columns(words, "change", words("Change"), "number"),
        Column("companies", words("Companies"), "count"),
    )
    rows = (
        (words("With scores"), *cells(a.before_treated, a.after_treated, *a.change_treated), a.n_treated),
        (
            words("Without (control)"),
            *cells(a.before_control, a.after_control, *a.change_control),
            a.n_control,
        ),
    )
    notes = []
    if came.spill is not None and all(math.isfinite(v) for v in came.spill):
        notes.append(
            words(
                "The change with scores less that without: {value}. Where people only turned from one group to the other, a "
                "difference in what they sold is no gain.",
                value=between(words, *came.spill, "number"),
            )
        )
    method = words(
        "What people did with each company (calls, mails, meetings, nothing automated) a month of 30 days, {days} before the "
        "start against {days} since.",
        days=words.shown(came.days, "days"),
    )
    return Figure(
        "attention", words("Activities a company"), Table(columns, rows), method, notes=tuple(notes)
    )


def _returns(came: Outcomes, words: Words) -> list[Figure]:
    r = came.returned
    assert r is not None
    contribution = Table(
        (
            *interval_columns(words, "contribution", words("Contribution"), "money"),
            Column("cost", words("Cost"), "money"),
            Column("forgone", words("Forgone in control"), "money"),
        ),
        (cells(r.gain, r.gain_low, r.gain_high, came.cost, r.forgone),),
    )
    method = words(
        "Difference in revenue a company, times companies with scores whose window is over, times your margin of {margin}; the "
        "cost is that since the start. Forgone: what the control group would have brought with scores.",
        margin=words.share(came.margin or 0.0),
    )
    back = Table(
        interval_columns(words, "return", words("Return"), "share"), (cells(r.roi, r.roi_low, r.roi_high),)
    )
    return [
        Figure("contribution", words("Contribution and cost"), contribution, method),
        Figure("return", words("Return"), back, words("Contribution less cost, over the cost.")),
    ]
