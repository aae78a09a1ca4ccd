"""The figures of the section "response"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sales_consultant.insight.charts import Bar, BarChart, Line, LineChart
from sales_consultant.insight.reports.document import Cell, Column, Figure, Kind, Table
from sales_consultant.insight.reports.words import Words
from sales_consultant.insight.response import Response, WhatIf

TITLES = {
    "leads": "Leads: 1 % more",
    "grade": "Quality: 10 points more leads of grade A or B",
    "company": "Quality: 10 points more leads with a company",
    "trend": "Trend: a year",
}
# Each term by a step that says something: revenue then differs by exp(coefficient x step) - 1.
_STEPS = {"leads": math.log(1.01), "quality": 0.1, "trend": 1.0}
# Months that a table shows, and the share of revenue from which on spend is drawn beside it.
_MONTHS, _SEEN = 24, 0.1


def _columns(words: Words, key: str, name: str, kind: Kind) -> tuple[Column, Column, Column]:
    return (
        Column(key, name, kind),
        Column(f"{key}_low", words("from"), kind),
        Column(f"{key}_high", words("to"), kind),
    )


def _share(log: float) -> float:
    """The share of revenue that goes along with a difference of logarithms."""
    return 1 - math.exp(-log)


def marginal(found: Response, words: Words) -> Figure:
    """What one more unit of money a month goes along with, by channel."""
    columns = (
        Column("channel", words("Channel")),
        Column("spend", words("Spend a month"), "money"),
        *_columns(words, "marginal", words("Revenue for one more"), "money"),
    )
    channels: list[dict[Any, Any]] = found.channels.sort_values("marginal", ascending=False).to_dict(
        "records"
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            r["channel"], r["spend"], r["marginal"] * 100, r["marginal_low"] * 100, r["marginal_high"] * 100,
        )
        for r in channels
    )  # fmt: skip
    chart = BarChart(
        words("Booked revenue that goes along with {one} more a month", one=words.money(100)),
        "money",
        tuple(
            Bar(r["channel"], r["marginal"] * 100, r["marginal_low"] * 100, r["marginal_high"] * 100)
            for r in channels
        ),
        interval_name=words("95 % interval"),
    )
    notes = (
        words(
            "It is an association: who spends more in good months sees the same. Only a trial with spend by lot tells an effect."
        ),
        words("An interval that holds 0 is no finding."),
    )
    method = words(
        "Monthly booked revenue by leads, their quality and spend with carry-over and saturation, in logarithms, with trend and "
        "season; over {months} months, explaining {explained} of the variance. Several shapes of each curve are kept with the "
        "weight that the months give them; intervals of 95 % by bootstrap.",
        months=found.months,
        explained=words.share(max(found.explained, 0.0)),
    )
    return Figure(
        "marginal", words("What one more goes along with"), Table(columns, rows), method, chart, notes
    )


def contribution(found: Response, words: Words) -> Figure:
    """The share of booked revenue that goes along with each channel's present spend."""
    columns = (
        Column("channel", words("Channel")),
        *_columns(words, "share", words("Share of revenue"), "share"),
        Column("carry_over", words("Carried into the next month"), "share"),
    )
    channels: list[dict[Any, Any]] = found.channels.sort_values("contribution", ascending=False).to_dict(
        "records"
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (r["channel"], *(_share(r[f"contribution{end}"]) for end in ("", "_low", "_high")), r["carry_over"])
        for r in channels
    )
    method = words(
        "Booked revenue at the mean spend of the last 12 months against none at all, directly and through leads, from the same "
        "model. Nobody has seen months without: the further from what was seen, the less it is worth."
    )
    return Figure("contribution", words("What goes along with each channel"), Table(columns, rows), method)


def what_if(found: Response, wanted: Mapping[str, WhatIf], more: float, words: Words) -> Figure:
    """Revenue under another budget, by channel and for all."""
    spends: dict[str, float] = dict(zip(found.channels["channel"], found.channels["spend"], strict=True))
    columns = (
        Column("budget", words("{more} more on", more=words.share(more))),
        Column("extra", words("Extra spend a month"), "money"),
        *_columns(words, "change", words("Revenue a month"), "money"),
    )
    rows, bars = [], []
    for channel, told in wanted.items():
        name = channel or words("every channel")
        extra = (spends[channel] if channel else sum(spends.values())) * more
        rows.append((name, extra, told.change, told.change_low, told.change_high))
        bars.append(Bar(name, told.change, told.change_low, told.change_high))
    outside = sorted({c for told in wanted.values() for c in told.outside})
    notes = []
    if outside:
        notes.append(
            words(
                "So much was never spent in a month on {channels}: there the curve is an assumption.",
                channels=", ".join(outside),
            )
        )
    method = words(
        "Booked revenue a month once carry-over has settled, all else as in the last 12 months, against those months."
    )
    chart = BarChart(
        words("Difference in booked revenue a month"),
        "money",
        tuple(bars),
        interval_name=words("95 % interval"),
    )
    title = words("What if the budget were {more} larger", more=words.share(more))
    return Figure(
        "what_if",
        title,
        Table(columns, tuple(rows), strong=frozenset(i for i, c in enumerate(wanted) if not c)),
        method,
        chart,
        tuple(notes),
    )


def terms(found: Response, quality: str, words: Words) -> Figure:
    """What leads, their quality and time go along with."""
    columns = (Column("what", words("What")), *_columns(words, "revenue", words("Booked revenue"), "share"))
    rows: list[tuple[Cell, ...]] = []
    of_revenue = found.coefficients[found.coefficients["equation"] == "revenue"].set_index("term")
    for term, step in _STEPS.items():
        if term not in of_revenue.index or (term == "quality" and quality not in TITLES):
            continue
        ends = [
            math.expm1(float(of_revenue.loc[term, c]) * step)  # type: ignore[arg-type]
            for c in ("value", "low", "high")
        ]
        rows.append((words(TITLES[quality if term == "quality" else term]), *ends))
    method = words(
        "From the same model, by its heaviest shape: by how much booked revenue differs, all else equal."
    )
    return Figure("terms", words("Leads, quality, time"), Table(columns, tuple(rows)), method)


def months(series: pd.DataFrame, channels: Sequence[str], words: Words) -> Figure:
    """The monthly series that it all rests on."""
    labels = [str(m) for m in series["month"]]
    spend = series[list(channels)].sum(axis=1) if channels else pd.Series(0.0, index=series.index)
    told = {c: [None if pd.isna(v) else float(v) for v in series[c]] for c in ("revenue", "leads")}
    has_quality = "quality" in series
    columns = (
        Column("month", words("Month")),
        Column("revenue", words("Booked revenue"), "money"),
        Column("spend", words("Spend"), "money"),
        Column("leads", words("New leads"), "count"),
        *((Column("quality", words("Quality"), "share"),) if has_quality else ()),
    )
    rows: list[tuple[Cell, ...]] = []
    for i in reversed(range(max(len(series) - _MONTHS, 0), len(series))):
        row: tuple[Cell, ...] = (labels[i], told["revenue"][i], float(spend.iloc[i]), told["leads"][i])
        if has_quality:
            value = series["quality"].iloc[i]
            row = (*row, None if pd.isna(value) else float(value))
        rows.append(row)
    seen = float(spend.max()) >= _SEEN * max((v or 0.0 for v in told["revenue"]), default=0.0)
    chart = LineChart(
        words("Booked revenue and spend by month") if seen else words("Booked revenue by month"),
        "money",
        tuple(labels),
        (
            Line(words("Booked revenue"), tuple(told["revenue"])),
            # Beside much more revenue a line of spend would lie on the axis.
            *((Line(words("Spend"), tuple(float(v) for v in spend)),) if seen else ()),
        ),
    )
    method = words(
        "Whole months: won deals by the day of winning, leads and contacts by the day they were created, the cost of a campaign "
        "evenly on its days."
    )
    table = Table(columns, tuple(rows), more=len(series) - len(rows))
    return Figure("months", words("Month by month"), table, method, chart)


def campaigns(rows: pd.DataFrame, names: Mapping[str, str], most: int, words: Words) -> Figure:
    """What single campaigns brought, the most money first."""
    columns = (
        Column("campaign", words("Campaign")),
        Column("members", words("Members"), "count"),
        Column("responded", words("Answered"), "count"),
        Column("deals", words("Deals after it"), "count"),
        Column("won", words("Won"), "count"),
        Column("won_money", words("Won amount"), "money"),
        Column("cost", words("Cost"), "money"),
        *_columns(words, "return", words("Return"), "share"),
        Column("linear", words("Shared out"), "money"),
    )

    def cell(value: Any) -> float | None:
        return None if pd.isna(value) else float(value)

    made = tuple(
        (
            names.get(r["campaign"], str(r["campaign"])), int(r["members"]), int(r["responded"]), int(r["deals"]),
            int(r["won"]), cell(r["won_money"]), cell(r["cost"]), cell(r["return"]), cell(r["return_low"]),
            cell(r["return_high"]), cell(r["linear"]),
        )
        for r in rows.head(most).to_dict("records")
    )  # fmt: skip
    notes = (
        words(
            "Several campaigns can count the same deal; shared out, each deal's amount is split evenly between those before it."
        ),
        words("It is an association: who answers might have bought anyway."),
    )
    method = words(
        "Deals created within 90 days of a member's answer. The return is told with a cost and from 20 answers on: won amount "
        "less cost, over cost."
    )
    return Figure(
        "campaigns",
        words("What campaigns brought"),
        Table(columns, made, more=max(len(rows) - most, 0)),
        method,
        notes=notes,
    )
