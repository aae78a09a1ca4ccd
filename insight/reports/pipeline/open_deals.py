"""What stands in the pipeline today: by stage, by a column, what is too old and what is overdue."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sales_consultant.insight.charts import Bar, BarChart
from sales_consultant.insight.core import OPEN, WON
from sales_consultant.insight.funnel import groups
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Column, Figure, Table
from sales_consultant.insight.reports.listing import MOST, cell, listed, shown, total, worth

# With fewer won deals nobody knows how long one may take.
LEAST_WON = 20
_OLD = 0.9


def by_stage(context: Context, ends: pd.DataFrame) -> Figure:
    """Open deals by the stage they stand in, in the stages' order."""
    words = context.words
    rows = ends[(ends["status"] == OPEN).to_numpy()]
    order = context.tables.stages.drop_duplicates(["pipeline", "stage"]).reset_index(drop=True)
    places = {(p, s): i for i, (p, s) in enumerate(zip(order["pipeline"], order["stage"], strict=True))}
    several = rows["pipeline"].nunique() > 1
    found = []
    # A gap is a stage of its own: nobody knows where the deal stands.
    rows = rows.assign(stage=rows["stage"].fillna(""))
    for (pipeline, stage), part in rows.groupby(["pipeline", "stage"]):
        name = context.stage(pipeline, stage) if stage else words("not given")
        name = f"{context.pipeline(pipeline)}: {name}" if several else name
        found.append((places.get((pipeline, stage), len(places)), name, part))
    found.sort(key=lambda f: (f[0], f[1]))
    return _open(
        context, [(n, p) for _, n, p in found], words("Stage"), words("Open deals by stage"), "stages"
    )


def by(context: Context, ends: pd.DataFrame, by: str, name: str) -> Figure:
    """Open deals by a column of deals, the largest amount first."""
    words = context.words
    rows = ends[(ends["status"] == OPEN).to_numpy()]
    of = groups(context.tables, rows["deal_id"], by)
    found = [(context.name(g), rows[of == g]) for g in sorted(set(of))]
    found.sort(key=lambda f: total(f[1]["value"]) or 0, reverse=True)
    return _open(context, found, name, words("Open deals by {by}", by=name), "by")


def _open(context: Context, found: list[tuple[str, pd.DataFrame]], head: str, title: str, key: str) -> Figure:
    words = context.words
    columns = (
        Column("group", head), Column("deals", words("Deals"), "count"), Column("amount", words("Amount"), "money"),
        Column("age", words("Median age"), "days"),
    )  # fmt: skip
    body = tuple(
        (name, len(part), total(part["value"]), cell(part["days"].astype("Float64").median()))
        for name, part in found[:MOST]
    )
    chart = BarChart(
        title, "money", tuple(Bar(str(r[0]), None if r[2] is None else float(r[2])) for r in body)
    )
    return Figure(
        key, title, Table(columns, body, max(len(found) - MOST, 0)),
        words("Deals that are open at the report's date, at today's rate; age since they were made."), chart,
    )  # fmt: skip


def old(context: Context, ends: pd.DataFrame, hidden: frozenset[str]) -> tuple[Figure | None, str]:
    """Open deals older than nine in ten won deals of their pipeline were at their end, and a sentence on them."""
    words = context.words
    won = ends[(ends["status"] == WON).to_numpy() & ends["days"].notna().to_numpy()]
    limits = {
        pipeline: float(np.quantile(days.astype(float), _OLD))
        for pipeline, days in won.groupby("pipeline")["days"]
        if len(days) >= LEAST_WON
    }
    if not limits:
        return None, words(
            "How old a deal may be: fewer than {least} deals of a pipeline were won.", least=LEAST_WON
        )
    rows = ends[(ends["status"] == OPEN).to_numpy()]
    rows = rows.assign(limit=rows["pipeline"].map(limits).astype(float))
    rows = rows[(rows["days"] > rows["limit"]).fillna(False).astype(bool)]
    if shown(rows, hidden).empty:
        return None, ""
    pairs = zip(rows["pipeline"], rows["stage"], strict=True)
    rows = rows.assign(where=[words("not given") if pd.isna(s) else context.stage(p, s) for p, s in pairs])
    columns = (
        Column("where", words("Stage")), Column("days", words("Age"), "days"),
        Column("limit", words("Nine in ten won by"), "days"),
    )  # fmt: skip
    figure = Figure(
        "ageing",
        words("Deals older than won deals were"),
        listed(context, rows, columns, hidden),
        words(
            "Open longer than the 90th percentile of days from making to winning, of all won deals of the pipeline."
        ),
    )
    return figure, words(
        "Open deals older than nine in ten won deals were: {count}, worth {amount}.",
        count=len(rows), amount=worth(words, rows["value"]),
    )  # fmt: skip


def overdue(context: Context, ends: pd.DataFrame) -> str:
    """A sentence on open deals whose close date, a day of the company's calendar, has passed; empty where there are none."""
    words = context.words
    rows = ends[(ends["status"] == OPEN).to_numpy()]
    today = context.calendar.begin(context.as_of)
    late = rows[(rows["close_date"].astype("Float64") < today).fillna(False).astype(bool)]
    if late.empty:
        return ""
    return words(
        "Open deals whose close date has passed: {count}, worth {amount}.",
        count=len(late), amount=worth(words, late["value"]),
    )  # fmt: skip
