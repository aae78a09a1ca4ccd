"""Without a control group: "not measured", and a before and after with its weaknesses in words."""

from __future__ import annotations

import math

from sales_consultant.insight.charts import Line, LineChart
from sales_consultant.insight.experiments import BeforeAfter
from sales_consultant.insight.reports.document import Column, Figure, Table
from sales_consultant.insight.reports.value.parts import Part, between
from sales_consultant.insight.reports.value.told import Monthly
from sales_consultant.insight.reports.words import Words

MESSAGES = {
    "no_control": "There was no control group: what would have come without scores is not known.",
    "other_changes": "Whatever else changed at that time (prices, people, the market, marketing) is in the difference as well.",
    "season": "The two do not cover the same months of a year: a season can make the whole difference.",
    "trend": "What came lies within what the trend of the months before says for them anyway.",
    "regression_to_the_mean": "Scores came after bad months: such months are mostly followed by better ones.",
    "unequal_periods": "The two have another number of months.",
    "too_short": "Fewer than six months before: a trend cannot be told from chance.",
}


def told(monthly: Monthly, words: Words) -> Part:
    """The part of a company without an experiment."""
    part = Part()
    part.findings.append(
        words(
            "Whether the scores help was not measured: no control group was drawn. Next: sales-consultant experiment design"
        )
    )
    if monthly.started_at is None:
        part.unknown.append(words("No score has been shown yet: there is no before and after."))
        return part
    later = monthly.months["later"].sum() if len(monthly.months) else 0
    if not later or later == len(monthly.months) or monthly.found is None:
        part.unknown.append(
            words(
                "Scores are shown since {day}: for a before and after a whole month on each side is missing.",
                day=words.cell(words.day(monthly.started_at), "date"),
            )
        )
        return part
    part.figures.append(_figure(monthly, monthly.found, words))
    return part


def _figure(monthly: Monthly, found: BeforeAfter, words: Words) -> Figure:
    months = monthly.months
    share = (months["outcome"] / months["units"]).tolist()
    labels = tuple(str(m) for m in months["label"])
    later = months["later"].tolist()
    columns = (
        Column("month", words("Month")),
        Column("scores", words("Scores")),
        Column("companies", words("Companies open at its beginning"), "count"),
        Column("with_event", words("With the event in it"), "count"),
        Column("share", words("Share"), "share"),
    )
    rows = tuple(
        (label, words("shown") if after else words("not yet"), int(u), int(o), float(s))
        for label, after, u, o, s in zip(
            labels, later, months["units"], months["outcome"], share, strict=True
        )
    )
    chart = LineChart(
        words("Companies with the event, by month"),
        "share",
        labels,
        (
            Line(words("Before scores"), tuple(None if a else s for a, s in zip(later, share, strict=True))),
            Line(words("With scores"), tuple(s if a else None for a, s in zip(later, share, strict=True))),
        ),
    )
    notes = [
        words(
            "Before: {before} a month; with scores: {after}; a difference of {change}. It is no effect of the scores.",
            before=words.share(found.before),
            after=words.share(found.after),
            change=between(words, found.change, found.low, found.high, "points")
            if math.isfinite(found.low)
            else words.shown(found.change, "points"),
        )
    ]
    notes += [words(MESSAGES[code]) for code in found.weaknesses]
    method = words(
        "Of companies with an open record at the beginning of a month, the share with the event within it. The first score was "
        "shown on {day}; the month of that day counts as neither.",
        day=words.cell(words.day(monthly.started_at or 0), "date"),
    )
    title = words("Before and after the first score")
    return Figure("before_after", title, Table(columns, rows), method, chart, tuple(notes))
