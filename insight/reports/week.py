"""The section "week": on one page, what a manager asks about this week."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.charts import Bar, BarChart
from sales_consultant.insight.core import OPEN, WON, visits
from sales_consultant.insight.forecast import Attainments
from sales_consultant.insight.funnel import endings, pushed
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Column, Figure, Section, Table
from sales_consultant.insight.reports.funnel_causes import day_of
from sales_consultant.insight.reports.listing import cell, listed, shown, total, worth
from sales_consultant.insight.reports.pipeline import overdue
from sales_consultant.insight.reports.targets import TargetOrigin, missing, sources, state

DAYS = 7
WEEKS = 4
# A page holds so many of each.
MOST = 7
LEAST_GAPS = 30
_SILENT = 0.9
_GOOD, _BAD = ("A", "B"), ("C", "D")


@dataclass(frozen=True)
class WeekFacts:
    """What the week is told of beside deals.

    grades, reasons
        What the CRM shows of each deal: its grade (A to D), and what moved its score most. A deal of the control group has none.
    moves
        Grades that changed in the last 7 days: deal_id, before, after, at (ms UTC).
    commit
        Deals that reps have committed; None where the CRM does not tell: then those that close in the quarter stand for them.
    steps
        Next steps that are due: deal_id, step, due (ms UTC); None where they are not known.
    touches
        Activities of people: deal_id, at (ms UTC).
    reached
        What will be reached against the target, as the forecast tells it; None: there is no forecast.
    hidden
        Deals of the control group: counted, never named.
    past
        Whether it is told of a day before the CRM was last read: of that day grades alone are kept.
    """

    grades: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    moves: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["deal_id", "before", "after", "at"])
    )
    commit: Collection[str] | None = None
    steps: pd.DataFrame | None = field(
        default_factory=lambda: pd.DataFrame(columns=["deal_id", "step", "due"])
    )
    touches: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["deal_id", "at"]))
    reached: Figure | None = None
    hidden: frozenset[str] = frozenset()
    past: bool = False


@dataclass(frozen=True)
class WeekForecast:
    """What is said of this fiscal quarter, in cents of the reporting currency.

    low, high
        The 80 % interval. target: of all, None where none is set; probability: of reaching it. origin: where
        targets are from. attained: all targets, None where none are set.
    """

    period: str
    end: int
    booked: int
    expected: int
    low: int
    high: int
    target: int | None
    probability: float | None
    origin: TargetOrigin = field(default_factory=TargetOrigin)
    attained: Attainments | None = None


def reached(context: Context, said: WeekForecast | None) -> Figure | None:
    """What will be reached this quarter against the target; None where nothing is forecast."""
    if said is None:
        return None
    words = context.words
    columns = (
        Column("period", words("Period")), Column("expected", words("Forecast"), "money"),
        Column("low", words("80 % from"), "money"), Column("high", words("80 % to"), "money"),
        Column("target", words("Target"), "money"), Column("chance", words("Reached with"), "share"),
    )  # fmt: skip
    if said.target is not None:
        notes = sources(said.origin, words)
    else:
        notes = (*missing(said.attained, said.period, context), *state(said.origin, words))
    row = (said.period, said.expected, said.low, said.high, said.target, said.probability)
    return Figure(
        "reached", words("What will be reached this quarter"), Table(columns, (row,)),
        words("The forecast of the day, as report forecast tells it; the range holds with 80 % probability."),
        notes=notes,
    )  # fmt: skip


def section(context: Context, facts: WeekFacts) -> Section:
    """The section "week"."""
    words = context.words
    title = words("The week")
    if context.tables.deals.empty:
        return Section("week", title, hidden=context.no_deals)
    past = visits(context.tables, context.as_of)
    ends = endings(context.tables, context.as_of, context.rates, past)
    deals = ends[(ends["status"] == OPEN).to_numpy()]
    if deals.empty:
        day = words.cell(words.day(context.as_of), "date")
        return Section("week", title, hidden=words("No deal was open on {day}.", day=day))
    deals = deals.assign(
        grade=[str(facts.grades.get(d, "")) for d in deals["deal_id"]],
        close=[day_of(context, v) for v in deals["close_date"]],
    )
    unknown, findings = [], []
    figures = [facts.reached] if facts.reached is not None else []
    if facts.reached is None:
        unknown.append(words("What will be reached against the target: no forecast yet."))
    unknown += _not_known(context, facts)
    if facts.grades:
        told = _committed(context, facts, deals)
        silent, why = _stalled(context, facts, deals, ends, past)
        for figure, finding in (*told, (silent, "")):
            if figure is not None:
                figures.append(figure)
                findings.append(finding)
        unknown += [why] if why else []
    again, finding = _pushed(context, facts, ends)
    figures += [again] if again is not None else []
    findings.append(finding)
    if (moved := _moves(context, facts, deals)) is not None:
        figures.append(moved)
    figures.append(_ahead(context, facts, deals))
    found = tuple(f for f in findings if f)
    return Section(
        "week",
        title,
        found or (words("Nothing stands out this week."),),
        tuple(figures),
        unknown=tuple(unknown),
    )


def _not_known(context: Context, facts: WeekFacts) -> list[str]:
    """What the CRM showed that nobody knows: not yet, or not any more."""
    words = context.words
    if not facts.past:
        if facts.grades:
            return []
        return [words("No deal shows a grade yet. Next: sales-consultant train, then sales-consultant sync")]
    out = []
    if not facts.grades:
        out.append(
            words(
                "Which grades deals showed on {day} is not known: by then none was written that could have been kept.",
                day=words.cell(words.day(context.as_of), "date"),
            )
        )
    if facts.steps is None:
        out.append(
            words(
                "Next steps and reasons of a past day are not known: of what deals showed, the grade alone is kept."
            )
        )
    return out


def _reason(context: Context, facts: WeekFacts, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with what moved each deal's score most."""
    told = rows["deal_id"].map(dict(facts.reasons))
    return rows.assign(reason=told.astype(object).where(told.notna(), None))


def _columns(context: Context) -> tuple[Column, ...]:
    words = context.words
    return (
        Column("grade", words("Grade")),
        Column("close", words("Close date"), "date"),
        Column("reason", words("Reason")),
    )


def _committed(context: Context, facts: WeekFacts, deals: pd.DataFrame) -> list[tuple[Figure | None, str]]:
    """Deals in commit with a low grade, and those with the best grade that are not."""
    words = context.words
    quarter = context.calendar.period("quarter", context.as_of)
    date = deals["close_date"].to_numpy(dtype=float, na_value=np.nan)
    if facts.commit is None:
        inside = (date >= quarter.start) & (date < quarter.end)
        basis = words(
            "The CRM has no forecast category: deals that close in {quarter} stand for commit.",
            quarter=quarter.label,
        )
    else:
        inside = deals["deal_id"].isin(list(facts.commit)).to_numpy()
        basis = words("Commit is what reps set in the CRM.")
    weak = deals[inside & deals["grade"].isin(_BAD).to_numpy()]
    strong = deals[~inside & (deals["grade"] == "A").to_numpy()]
    out: list[tuple[Figure | None, str]] = []
    for key, rows, title, finding in (
        ("weak", weak, words("In commit, but grade C or D"), words(MESSAGES["weak"], **_sum(context, weak))),
        (
            "strong",
            strong,
            words("Not in commit, but grade A"),
            words(MESSAGES["strong"], **_sum(context, strong)),
        ),
    ):
        if shown(rows, facts.hidden).empty:
            continue
        table = listed(context, _reason(context, facts, rows), _columns(context), facts.hidden, MOST)
        method = words(
            "{basis} Grades as the CRM shows them; the reason is what moved the score most.", basis=basis
        )
        out.append((Figure(key, title, table, method), finding))
    return out


MESSAGES = {
    "weak": "In commit, but grade C or D: {count} deals, worth {amount}.",
    "strong": "Not in commit, but grade A: {count} deals, worth {amount}.",
}


def _sum(context: Context, rows: pd.DataFrame) -> dict[str, object]:
    return {"count": len(rows), "amount": worth(context.words, rows["value"])}


def silent_days(touches: pd.DataFrame, past: pd.DataFrame, ends: pd.DataFrame) -> float:
    """The 90th percentile of days between touches (activities, changes of stage) of won deals; NaN: too few gaps."""
    won = ends[(ends["status"] == WON).to_numpy()]
    moments = _moments(touches, past)
    moments = moments[moments["deal_id"].isin(won["deal_id"])]
    at = moments["at"].to_numpy(dtype=float)
    same = moments["deal_id"].to_numpy()[1:] == moments["deal_id"].to_numpy()[:-1]
    gaps = np.diff(at)[same.astype(bool)] / DAY_MS
    return float(np.quantile(gaps, _SILENT)) if gaps.size >= LEAST_GAPS else float("nan")


def _moments(touches: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    moves = past[["deal_id", "entered_at"]].rename(columns={"entered_at": "at"})
    rows = pd.concat([touches[["deal_id", "at"]], moves], ignore_index=True).dropna()
    return rows.astype({"at": "int64"}).drop_duplicates().sort_values(["deal_id", "at"], kind="stable")


def _stalled(
    context: Context, facts: WeekFacts, deals: pd.DataFrame, ends: pd.DataFrame, past: pd.DataFrame
) -> tuple[Figure | None, str]:
    """Deals with a good grade in which nothing has happened for long, or why that cannot be told."""
    words = context.words
    touches = facts.touches[facts.touches["at"] <= context.as_of]
    limit = silent_days(touches, past, ends)
    if np.isnan(limit):
        return None, words("Stalled deals: too few won deals to know how long silence is usual.")
    last = _moments(touches, past).groupby("deal_id")["at"].max()
    since = deals["deal_id"].map(last).astype("Float64").fillna(deals["created_at"].astype("Float64"))
    rows = deals.assign(silent=(context.as_of - since) / DAY_MS)
    rows = rows[(rows["grade"].isin(_GOOD) & (rows["silent"] > limit).fillna(False)).astype(bool)]
    if shown(rows, facts.hidden).empty:
        return None, ""
    columns = (
        Column("grade", words("Grade")), Column("silent", words("Silent for"), "days"), Column("reason", words("Reason")),
    )  # fmt: skip
    return Figure(
        "stalled", words("Stalled A and B deals"),
        listed(context, _reason(context, facts, rows), columns, facts.hidden, MOST),
        words(
            "No activity and no change of stage for more than {days} days: of the pauses in won deals, nine in ten were shorter.",
            days=words.number(limit),
        ),
    ), ""  # fmt: skip


def _pushed(context: Context, facts: WeekFacts, ends: pd.DataFrame) -> tuple[Figure | None, str]:
    words = context.words
    rows = shown(pushed(context.tables, ends, context.as_of), facts.hidden)
    if rows.empty:
        return None, ""
    rows = rows.assign(close=[day_of(context, v) for v in rows["close_date"]])
    columns = (
        Column("times", words("Pushed"), "count"), Column("days", words("By days"), "days"),
        Column("close", words("Close date"), "date"), Column("reason", words("Reason")),
    )  # fmt: skip
    figure = Figure(
        "pushed", words("Close date pushed at least twice"),
        listed(context, _reason(context, facts, rows), columns, facts.hidden, MOST),
        words("Open deals whose close date was moved later at least twice since they were made."),
    )  # fmt: skip
    return figure, words("Open deals pushed at least twice: {count}, worth {amount}.", **_sum(context, rows))


def _moves(context: Context, facts: WeekFacts, deals: pd.DataFrame) -> Figure | None:
    words = context.words
    moves = facts.moves.sort_values("at", kind="stable")
    first = dict(zip(moves["deal_id"][::-1], moves["before"][::-1], strict=True))
    last = dict(zip(moves["deal_id"], moves["after"], strict=True))
    rows = deals[deals["deal_id"].isin(list(last))]
    rows = rows.assign(before=[first[d] for d in rows["deal_id"]], after=[last[d] for d in rows["deal_id"]])
    rows = rows[rows["before"] != rows["after"]]
    if shown(rows, facts.hidden).empty:
        return None
    columns = (
        Column("before", words("from")), Column("after", words("to")), Column("reason", words("Reason")),
    )  # fmt: skip
    return Figure(
        "moves", words("Grades that moved"),
        listed(context, _reason(context, facts, rows), columns, facts.hidden, MOST),
        words("Open deals whose grade the CRM shows differently than 7 days ago; the reason is what moves the score most now."),
    )  # fmt: skip


def _ahead(context: Context, facts: WeekFacts, deals: pd.DataFrame) -> Figure:
    """What the rest of this week and the next four bring: deals by their close date, and steps by the day they are due."""
    words, calendar = context.words, context.calendar
    # A close date and a step are due on a day: what is due today is still to come, at every hour of it.
    today, here = calendar.begin(context.as_of), calendar.period("week", context.as_of)
    due = _due(facts)
    date = deals["close_date"].to_numpy(dtype=float, na_value=np.nan)
    body = []
    for i in range(WEEKS + 1):
        week = calendar.shift(here, i)
        begin = week.start if i else today
        rows = deals[(date >= begin) & (date < week.end)]
        good = rows[rows["grade"].isin(_GOOD)]
        first = words.cell(week.first_day, "date")
        body.append(
            (
                words("Week of {day}", day=first) if i else words("Rest of this week"), len(rows), total(rows["value"]),
                total(good["value"]) if facts.grades else None,
                None if due is None else int(((due >= begin) & (due < week.end)).sum()),
            )
        )  # fmt: skip
    columns = (
        Column("week", words("Week")), Column("deals", words("Deals closing"), "count"),
        Column("amount", words("Amount"), "money"), Column("good", words("of it grade A or B"), "money"),
        Column("steps", words("Steps due"), "count"),
    )  # fmt: skip
    # A column of which nothing is known would read as nothing.
    known = [i for i in range(len(columns)) if any(r[i] is not None for r in body)]
    title = words("This week and the next four")
    chart = BarChart(
        title, "money", tuple(Bar(str(r[0]), None if r[2] is None else float(r[2])) for r in body)
    )
    past = 0 if due is None else int((due < today).sum())
    notes = (
        overdue(context, deals),
        words("Next steps whose day has passed: {count}.", count=past) if past else "",
    )
    return Figure(
        "ahead", title, Table(tuple(columns[i] for i in known), tuple(tuple(cell(r[i]) for i in known) for r in body)),
        words("Open deals by the week of their close date, from the report's day on, and next steps by the day they are due."),
        chart, tuple(n for n in notes if n),
    )  # fmt: skip


def _due(facts: WeekFacts) -> NDArray[np.float64] | None:
    """The moments at which steps are due; None where nobody knows of any."""
    if facts.steps is None or (facts.steps.empty and not facts.grades):
        return None
    steps = shown(facts.steps, facts.hidden)
    return np.asarray(steps["due"].to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
