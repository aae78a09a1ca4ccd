"""The figures of the section "funnel" that are made of stays, and of how deals end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.charts import Bar, BarChart, Line, LineChart
from sales_consultant.insight.core import WON, Calendar
from sales_consultant.insight.funnel import coverage, cycles, funnel, groups, incidence, journey
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Column, Figure, Table
from sales_consultant.insight.reports.listing import MOST, cell, cells, total
from sales_consultant.insight.reports.words import Words

DAYS = (30, 60, 90)
_CHART_EVERY = 3
# As many lines as can be told apart without colour.
_LINES = 4
# So many groups of a column are told one by one.
GROUPS = 8
LEAST_LEADS = 10
TITLES = {
    "lead": "First lead", "marketing": "Marketing lead", "sales": "Sales lead", "deal": "Deal opened", "won": "Deal won",
}  # fmt: skip


def stages_figure(
    context: Context, table: pd.DataFrame, title: str, key: str, without_history: int
) -> Figure:
    """What became of the deals in each stage of one pipeline; `table` are rows of `Funnel.stages`."""
    words = context.words
    columns = (
        Column("name", words("Stage")), Column("entered", words("Entered"), "count"),
        Column("advanced", words("Advanced"), "count"), Column("lost", words("Lost"), "count"),
        Column("skipped", words("Skipped"), "count"), Column("returned", words("Returned"), "count"),
        Column("still", words("Still there"), "count"),
    )  # fmt: skip
    notes = []
    unseen, moved = int(table["unseen"].sum()), int(table["moved"].sum())
    if unseen:
        notes.append(
            words(
                "Stays not seen to begin, since history starts later: {count}. They are not among the entered.",
                count=unseen,
            )
        )
    if moved:
        notes.append(words("Moved to another pipeline or to a stage without a place: {count}.", count=moved))
    if without_history:
        notes.append(
            words("Deals without any stage history: {count}. They are in no stage.", count=without_history)
        )
    return Figure(
        key, title, _of_stages(context, table, columns),
        words(
            "Stays of deals in a stage that began in this time. Advanced: left for a later stage or won. Skipped: passed over "
            "without a stay. Returned: left for an earlier stage."
        ),
        notes=tuple(notes),
    )  # fmt: skip


def conversion_figure(
    context: Context, table: pd.DataFrame, before: pd.DataFrame, title: str, key: str
) -> Figure:
    """Conversion and time of each stage of one pipeline: `table` and `before` are rows of `Funnel.stages` of both times."""
    words = context.words
    then = before.set_index("stage")["conversion"] if len(before) else pd.Series(dtype=float)
    rows = table.assign(before=table["stage"].map(then).astype(float))
    columns = (
        Column("name", words("Stage")), Column("conversion", words("Conversion"), "share"),
        Column("conversion_low", words("from"), "share"), Column("conversion_high", words("to"), "share"),
        Column("before", words("Time before"), "share"), Column("median", words("Median days"), "days"),
        Column("p90", words("90 % left by"), "days"),
    )  # fmt: skip
    return Figure(
        key, title, _of_stages(context, rows, columns),
        words(
            "Conversion is the share of stays that ended in a later stage or a won deal, of those that are over; 95 % interval "
            "by Wilson. The time before is as long as this one. Days until a deal leaves in any way, by Kaplan-Meier."
        ),
        BarChart(
            words("Conversion by stage"), "share", tuple(_bar(r) for r in _named(context, rows).to_dict("records")),
            words("The time before"), words("95 % interval"),
        ),
    )  # fmt: skip


def _named(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    pairs = zip(table["pipeline"], table["stage"], strict=True)
    return table.assign(name=[context.stage(p, s) for p, s in pairs])


def _of_stages(context: Context, table: pd.DataFrame, columns: tuple[Column, ...]) -> Table:
    keys = [c.key for c in columns]
    return Table(columns, tuple(cells(r, keys) for r in _named(context, table).to_dict("records")))


def _bar(row: Mapping[Any, Any]) -> Bar:
    value, low, high, before = (
        _number(row[k]) for k in ("conversion", "conversion_low", "conversion_high", "before")
    )
    return Bar(str(row["name"]), value, low, high, before)


def _number(value: Any) -> float | None:
    found = cell(value)
    return float(found) if isinstance(found, int | float) else None


def shares_figure(context: Context, rows: pd.DataFrame, title: str, key: str, drawn: bool) -> Figure:
    """The share of stays of each stage that has advanced, or been lost, by 30, 60 and 90 days; `drawn` with its chart."""
    words = context.words
    columns = (
        Column("name", words("Stage")),
        *(
            Column(f"advanced_{d}", words("Advanced, {days} d", days=d), "share") for d in DAYS
        ),
        *(Column(f"lost_{d}", words("Lost, {days} d", days=d), "share") for d in DAYS),
    )  # fmt: skip
    body, lines = [], []
    at = tuple(range(0, DAYS[-1] + 1, _CHART_EVERY))
    order = rows.drop_duplicates("stage").sort_values("place", kind="stable", na_position="last")["stage"]
    drawn_stages = set(rows["stage"].value_counts().index[:_LINES]) if drawn else set()
    for stage in order:
        part = rows[rows["stage"] == stage]
        name = context.stage(part["pipeline"].iloc[0], stage)
        curves = incidence(part)
        known = [
            tuple(
                _number(c.at(d).value) if c.table.rows and d <= c.table.last else None for d in (*DAYS, *at)
            )
            for c in (curves["advanced"], curves["lost"])
        ]
        body.append((name, *known[0][: len(DAYS)], *known[1][: len(DAYS)]))
        if stage in drawn_stages:
            lines.append(Line(name, known[0][len(DAYS) :], step=True))
    chart = LineChart(
        words("Advanced, by days since entering the stage"), "share",
        tuple(words("{days} d", days=d) if not d % DAYS[0] else "" for d in at), tuple(lines), tuple(map(float, at)),
    )  # fmt: skip
    return Figure(
        key, title, Table(columns, tuple(body)),
        words(
            "By Aalen-Johansen: deals that are still there count for the days that they were watched, and deals lost early "
            "cannot advance later. Both shares may be compared between stages of unlike length."
        ),
        chart if lines else None,
        (words("A dash: no deal was watched for so long."),),
    )  # fmt: skip


def by_figure(
    context: Context, column: str, name: str, rows: pd.DataFrame, made: dict[str, pd.DataFrame]
) -> Figure:
    """Conversion of each stage by the values of a column: the largest groups, all pipelines."""
    words = context.words
    table = funnel(
        context.tables,
        context.as_of,
        context.since,
        column,
        past=made["past"],
        rows=rows,
        passed=made["passed"],
    ).stages
    size = table.groupby("group")["entered"].sum().sort_values(ascending=False, kind="stable")
    chosen = list(size.index[:GROUPS])
    several = table["pipeline"].nunique() > 1
    body = []
    for group in chosen:
        for row in table[(table["group"] == group) & (table["entered"] > 0)].to_dict("records"):
            stage = context.stage(row["pipeline"], row["stage"])
            stage = f"{context.pipeline(row['pipeline'])}: {stage}" if several else stage
            body.append(
                (
                    context.name(group),
                    stage,
                    *cells(row, ["entered", "conversion", "conversion_low", "conversion_high", "median"]),
                )
            )
    columns = (
        Column("group", name), Column("stage", words("Stage")), Column("entered", words("Entered"), "count"),
        Column("conversion", words("Conversion"), "share"), Column("low", words("from"), "share"),
        Column("high", words("to"), "share"), Column("median", words("Median days"), "days"),
    )  # fmt: skip
    left = table[~table["group"].isin(chosen)]
    return Figure(
        "by", words("Conversion by stage and {by}", by=name), Table(columns, tuple(body), len(left)),
        words("As above, for the {count} largest groups; by what each deal has today.", count=len(chosen)),
    )  # fmt: skip


def journey_figure(context: Context, milestones: pd.DataFrame) -> Figure | None:
    """From the first lead to the won deal, as far as the CRM has these moments; None with too few leads."""
    words = context.words
    steps = [s for s in TITLES if s in milestones and milestones[s].notna().any()]
    if len(steps) < 2 or steps[0] != "lead":
        return None
    table = journey(milestones, steps, context.as_of, context.since)
    if int(table["reached"].iloc[0]) < LEAST_LEADS:
        return None
    columns = (
        Column("step", words("Step")), Column("reached", words("Reached"), "count"),
        Column("conversion", words("Of the step before"), "share"),
        Column("conversion_low", words("from"), "share"), Column("conversion_high", words("to"), "share"),
        Column("overall", words("Of all leads"), "share"), Column("days", words("Median days"), "days"),
    )  # fmt: skip
    records = table.to_dict("records")
    names = [words(TITLES[str(r["step"])]) for r in records]
    body = tuple(
        (n, *cells(r, [c.key for c in columns[1:]])) for n, r in zip(names, records, strict=True)
    )  # fmt: skip
    bars = tuple(
        Bar(n, *(_number(r[k]) for k in ("overall", "overall_low", "overall_high")))
        for n, r in zip(names, records, strict=True)
    )
    absent = [words(TITLES[s]) for s in TITLES if s not in steps]
    notes = [words("The CRM has no moment for: {steps}.", steps=", ".join(absent))] if absent else []
    if over := int(table["passed_over"].sum()):
        notes.append(words("Steps passed over on the way to a later one: {count}.", count=over))
    backwards = int(table["backwards"].sum())
    if backwards:
        notes.append(
            words("Steps dated before the step before them: {count}. They have no days.", count=backwards)
        )
    notes.append(words("Leads of late still have time to win: their share is a lower bound."))
    return Figure(
        "journey",
        words("From the first lead to the won deal"),
        Table(columns, body),
        words(
            "Companies, or people without one, whose first contact was created in this time, and what they reached by its end. "
            "A marketing or sales lead is told by lifecycle stage, lead status or conversion."
        ),
        BarChart(words("Share of leads that reached each step"), "share", bars, "", words("95 % interval")),
        tuple(notes),
    )


def cycle_figures(context: Context, ends: pd.DataFrame, column: str, name: str) -> list[Figure]:
    """Win rate, and cycle, average deal, velocity and coverage, by a column and of all deals."""
    words = context.words
    found = cycles(context.tables, ends, context.as_of, context.since, column)
    found = sorted(found, key=lambda g: g[2].won + g[2].lost + g[2].open, reverse=True)
    (_, _, whole), *_ = cycles(context.tables, ends, context.as_of, context.since)
    of = groups(context.tables, ends["deal_id"], column)
    told = [(context.name(g), c, ends[of == g]) for g, _, c in found[:MOST]]
    several = len(found) > 1
    if several:
        told.append((words("All"), whole, ends))
    rates = (
        Column("group", name), Column("won", words("Won"), "count"), Column("lost", words("Lost"), "count"),
        Column("open", words("Open"), "count"), Column("win_rate", words("Win rate"), "share"),
        Column("win_rate_low", words("from"), "share"), Column("win_rate_high", words("to"), "share"),
    )  # fmt: skip
    speed = (
        Column("group", name), Column("cycle", words("Cycle"), "days"), Column("average", words("Average deal"), "money"),
        Column("velocity", words("Velocity a day"), "money"), Column("coverage", words("Coverage"), "number"),
    )  # fmt: skip
    first, second = [], []
    for group, c, part in told:
        first.append(
            (group, c.won, c.lost, c.open, *map(_number, (c.win_rate.value, c.win_rate.low, c.win_rate.high)))
        )
        ratio = cover(part, context.calendar, context.as_of)
        second.append((group, *map(_number, (c.days_won.value, c.amount.value, c.velocity, ratio))))
    notes = []
    if whole.without_amount:
        notes.append(
            words("Won deals whose amount or rate is not known: {count}.", count=whole.without_amount)
        )
    if whole.unknown:
        notes.append(
            words(
                "Closed deals of which the CRM does not say whether they were won: {count}.",
                count=whole.unknown,
            )
        )
    again = int((ends["reopened"] > 0).sum())
    if again:
        notes.append(
            words("Deals reopened after they were closed: {count}. Their last end counts, once.", count=again)
        )
    more, strong = max(len(found) - MOST, 0), frozenset({len(told) - 1} if several else ())
    return [
        Figure(
            "win_rate", words("Win rate"), Table(rates, tuple(first), more, strong),
            words("Won of the deals that ended in this time; 95 % interval by Wilson."), notes=tuple(notes),
        ),
        Figure(
            "cycle", words("Cycle, average deal, velocity, coverage"), Table(speed, tuple(second), more, strong),
            words(
                "Cycle: median days from making to winning. Average of won deals. Velocity: open deals times win rate times "
                "average deal, over the cycle. Coverage: open amount closing this quarter, over what the last quarter won less "
                "what this one has won; a dash: that is reached already."
            ),
        ),
    ]  # fmt: skip


def cover(ends: pd.DataFrame, calendar: Calendar, as_of: int) -> float:
    """Open amount of this fiscal quarter over what is left to reach what the last one won; NaN where nothing is left."""
    here = calendar.period("quarter", as_of)
    last = calendar.shift(here, -1)
    return coverage(
        ends, (here.start, here.end), float(won_in(ends, last.start, last.end)),
        float(won_in(ends, here.start, here.end)),
    ).ratio  # fmt: skip


def won_in(ends: pd.DataFrame, start: int, end: int) -> int:
    """What deals won in a time (ms UTC) brought, in cents."""
    at = ends["ended_at"].to_numpy(dtype=float, na_value=np.nan)
    return total(ends.loc[(ends["status"] == WON).to_numpy() & (at >= start) & (at < end), "value"]) or 0


def months(context: Context) -> float:
    """How many months the report tells of."""
    return max((context.as_of - context.since) / DAY_MS / 30.4375, 1e-9)


def interval(words: Words, low: float, high: float, kind: str = "share") -> str:
    """An interval as text: "31 % to 45 %"."""
    say = words.money if kind == "money" else words.share
    return words("{low} to {high}", low=say(low), high=say(high)) if math.isfinite(low + high) else ""


def order_of(rows: pd.DataFrame) -> Sequence[str]:
    """The pipelines of stays, the one with most deals first."""
    return list(
        rows.groupby("pipeline")["deal_id"].nunique().sort_values(ascending=False, kind="stable").index
    )
