"""The section "pipeline": what made the open pipeline of one date into that of another, and what stands in it now."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from sales_consultant.insight.charts import Move, WaterfallChart
from sales_consultant.insight.core import OPEN, WON, Period
from sales_consultant.insight.funnel import BUCKETS, Waterfall, coverage, endings, groups, waterfall
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Cell, Column, Figure, Kind, Section, Table
from sales_consultant.insight.reports.funnel import TITLES as BY_TITLES
from sales_consultant.insight.reports.funnel_causes import day_of
from sales_consultant.insight.reports.funnel_figures import won_in
from sales_consultant.insight.reports.listing import MOST, cell, column_by, listed, shown, worth
from sales_consultant.insight.reports.pipeline import open_deals, owners

_FINDINGS = 5
TITLES = {
    "created": "Created", "currency": "Currency", "reassigned_in": "Re-assigned in", "reassigned_out": "Re-assigned out",
    "amount_up": "Amount up", "amount_down": "Amount down", "pulled_in": "Pulled in", "pushed_out": "Pushed out",
    "won": "Won", "lost": "Lost", "removed": "Closed, unknown how", "reopened": "Reopened",
}  # fmt: skip
MESSAGES = {
    "created": "Created: deals made in this time, with the amount that they were made with or first got.",
    "currency": "Currency: the exchange rate moved.",
    "reassigned_in": "Re-assigned in: deals that came to the chosen owners.",
    "reassigned_out": "Re-assigned out: deals that left the chosen owners.",
    "amount_up": "Amount up: changes of amount upward while the deal was open.",
    "amount_down": "Amount down: changes of amount downward while the deal was open.",
    "pulled_in": "Pulled in: the close date came into the quarter.",
    "pushed_out": "Pushed out: the close date left the quarter.",
    "won": "Won: with the amount at the moment of winning, so it leaves the pipeline.",
    "lost": "Lost: with the amount at the moment of losing.",
    "removed": "Closed, unknown how: closed deals of which the CRM does not say whether they were won.",
    "reopened": "Reopened: open again after they were closed.",
    "is_open": "open", "is_won": "won", "is_lost": "lost", "is_unknown": "unknown",
}  # fmt: skip
_DATES, _MONEY = ("pulled_in", "pushed_out"), ("amount_up", "amount_down", "currency")
_ENDS = ("created", "won", "lost", "removed")
_OWNERS = ("reassigned_in", "reassigned_out")


def begin(context: Context) -> int:
    """From when the waterfall tells: the start that was given, else that of the fiscal quarter (ms UTC)."""
    if context.since_given:
        return context.since
    here = context.calendar.period("quarter", context.as_of)
    return here.start if here.start < context.as_of else context.calendar.shift(here, -1).start


def section(context: Context, hidden: frozenset[str]) -> Section:
    """The section "pipeline"; deals of `hidden` (the control group) count and are not named."""
    words = context.words
    title = words("The open pipeline")
    if context.tables.deals.empty:
        return Section("pipeline", title, hidden=context.no_deals)
    since = begin(context)
    quarter = context.calendar.period("quarter", context.as_of)
    whole = waterfall(context.tables, since, context.as_of, context.rates)
    closing = waterfall(context.tables, since, context.as_of, context.rates, (quarter.start, quarter.end))
    ends = endings(context.tables, context.as_of, context.rates)
    if whole.rows.empty and not (ends["status"] == OPEN).any():
        day = words.cell(words.day(since), "date")
        return Section(
            "pipeline",
            title,
            hidden=words("No deal was open since {day}: there is no pipeline to tell of.", day=day),
        )
    dates = {k: words.cell(words.day(v), "date") for k, v in (("since", since), ("as_of", context.as_of))}
    unknown: list[str] = []
    figures = [
        _waterfall(
            context, whole, words("All open deals, {since} to {as_of}", **dates), "waterfall",
            (*_default(context, since), *_at_once(context, whole, ends, since)),
        ),
        _waterfall(
            context, closing,
            words("Deals closing in {quarter}, {since} to {as_of}", quarter=quarter.label, **dates), "waterfall_quarter",
        ),
    ]  # fmt: skip
    figures += owners.figures(context, since, hidden)
    figures += _moved(context, whole, closing, hidden)
    by = column_by(context) or "pipeline"
    name = words(BY_TITLES[context.by if column_by(context) else "pipeline"])
    figures.append(_coverage(context, ends, quarter, by, name))
    figures.append(open_deals.by_stage(context, ends))
    if by != "pipeline" or context.tables.deals["pipeline"].nunique() > 1:
        figures.append(open_deals.by(context, ends, by, name))
    old, said = open_deals.old(context, ends, hidden)
    figures += [old] if old is not None else []
    unknown += [said] if old is None and said else []
    found = [_change(context, whole, since), *_cover(context, ends, quarter), said if old is not None else ""]
    found.append(open_deals.overdue(context, ends))
    unknown += _not_known(context, whole)
    return Section(
        "pipeline", title, tuple(f for f in found if f)[:_FINDINGS], tuple(figures), unknown=tuple(unknown)
    )


def _default(context: Context, since: int) -> tuple[str, ...]:
    words = context.words
    if context.since_given:
        return ()
    return (
        words(
            "No --since was given: the pipeline is told from {day} on, where a fiscal quarter begins.",
            day=words.cell(words.day(since), "date"),
        ),
    )


def _at_once(context: Context, found: Waterfall, ends: pd.DataFrame, since: int) -> tuple[str, ...]:
    """Won deals that were never open: in no pipeline, but in what was won."""
    words = context.words
    passed = found.rows.loc[found.rows["bucket"] == "won", "deal_id"]
    at = ends["ended_at"].to_numpy(dtype=float, na_value=np.nan)
    rows = ends[(ends["status"] == WON).to_numpy() & (at > since) & ~ends["deal_id"].isin(passed).to_numpy()]
    if rows.empty:
        return ()
    return (
        words(
            "Deals won without having been open, so in none of these movements: {count}, worth {amount}.",
            count=len(rows), amount=worth(words, rows["value"]),
        ),
    )  # fmt: skip


def _change(context: Context, found: Waterfall, since: int) -> str:
    words = context.words
    money = {k: words.money(abs(found.totals[k])) for k in ("created", "won", "lost")}
    return words(
        "The open pipeline went from {start} to {end} since {day}: created {created}, won {won}, lost {lost}.",
        start=words.money(found.start), end=words.money(found.end), day=words.cell(words.day(since), "date"), **money,
    )  # fmt: skip


def _waterfall(
    context: Context, found: Waterfall, title: str, key: str, notes: tuple[str, ...] = ()
) -> Figure:
    words = context.words
    used = [b for b in BUCKETS if found.deals[b]]
    moves = (
        Move(words("Start"), float(found.start), True),
        *(Move(words(TITLES[b]), float(found.totals[b])) for b in used),
        Move(words("End"), float(found.end), True),
    )
    number = found.rows.groupby("bucket")["deal_id"].nunique() if len(found.rows) else pd.Series(dtype=int)
    rows = (
        (words("Start"), int(number.get("start", 0)), found.start),
        *((words(TITLES[b]), found.deals[b], found.totals[b]) for b in used),
        (words("End"), int(number.get("end", 0)), found.end),
    )
    columns = (
        Column("movement", words("Movement")), Column("deals", words("Deals"), "count"),
        Column("amount", words("Amount"), "money"),
    )  # fmt: skip
    unvalued = int(number.get("unvalued", 0))
    if unvalued:
        notes = (
            *notes,
            words(
                "Open deals without an amount or a rate: {count}. They count with no money.", count=unvalued
            ),
        )
    said = " ".join(words(MESSAGES[b]) for b in used)
    base = words(
        "Start and all movements add up to the end, to the cent. Each change is told once, in the order of time."
    )
    return Figure(
        key, title, Table(columns, rows, strong=frozenset({0, len(rows) - 1})), f"{base} {said}".strip(),
        WaterfallChart(title, "money", moves), notes,
    )  # fmt: skip


def _moved(context: Context, whole: Waterfall, closing: Waterfall, hidden: frozenset[str]) -> list[Figure]:
    """The deals of each movement, of all open deals and of those closing in the quarter side by side."""
    words, out = context.words, []
    for bucket in BUCKETS:
        parts = [_once(w.rows[w.rows["bucket"] == bucket]) for w in (whole, closing)]
        rows = parts[0].merge(parts[1], on="deal_id", how="outer", suffixes=("", "_quarter"))
        if rows.empty:
            continue
        rows["value"] = rows["cents"].where(rows["cents"].notna(), rows["cents_quarter"])
        for column in ("before", "after"):
            known = rows[column].where(rows["cents"].notna(), rows[f"{column}_quarter"])
            # As they are: a frame would make moments of days.
            rows[column] = pd.Series([_told(context, bucket, v) for v in known], rows.index, dtype=object)
        rows["when"] = [
            day_of(context, v) for v in rows["at"].where(rows["cents"].notna(), rows["at_quarter"])
        ]
        columns = [Column("when", words("When"), "date")]
        if bucket not in _DATES:
            columns.insert(0, Column("cents_quarter", words("Closing this quarter"), "money"))
        if bucket not in _ENDS:
            columns += [
                Column("before", words("from"), _kind(bucket)),
                Column("after", words("to"), _kind(bucket)),
            ]
        if shown(rows, hidden).empty:
            continue
        out.append(
            Figure(
                f"deals_{bucket}",
                words(TITLES[bucket]),
                listed(context, rows, columns, hidden, amount=words("Change")),
                f"{words(MESSAGES[bucket])} {words('The largest first.')}",
                folded=True,
            )
        )
    return out


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a deal: what its steps add up to, from the first value to the last."""
    rows = rows.sort_values("at", kind="stable")
    found = rows.groupby("deal_id", sort=False)
    first, last = rows.drop_duplicates("deal_id"), rows.drop_duplicates("deal_id", keep="last")
    return pd.DataFrame(
        {
            "deal_id": first["deal_id"].to_numpy(dtype=object),
            # Nothing is known of an amount where no step knew it; zero would be a figure.
            "cents": pd.Series(found["cents"].sum().to_numpy(), dtype="Int64")
            .where(found["known"].any().to_numpy())
            .array,
            "before": first["before"].to_numpy(dtype=object),
            "after": last["after"].to_numpy(dtype=object),
            "at": last["at"].to_numpy(dtype=float),
        }
    )


def _kind(bucket: str) -> Kind:
    return "date" if bucket in _DATES else "money" if bucket in _MONEY else "text"


def _told(context: Context, bucket: str, value: Any) -> Cell:
    """What a movement went from or to, as a cell of its kind."""
    words = context.words
    if value is None or pd.isna(value):
        return None
    if bucket in _DATES:
        return cell(day_of(context, value))
    if bucket in _MONEY:
        return float(value)
    if bucket in _OWNERS:
        return context.name(value, "owner_id")
    return words(MESSAGES.get(f"is_{value}", MESSAGES["is_unknown"]))


def _coverage(context: Context, ends: pd.DataFrame, quarter: Period, by: str, name: str) -> Figure:
    words = context.words
    last = context.calendar.shift(quarter, -1)
    of = groups(context.tables, ends["deal_id"], by)
    rows = [(group, *_cover_row(ends[of == group], quarter, last)) for group in sorted(set(of))]
    rows.sort(key=lambda r: r[1] or 0, reverse=True)
    body = [(context.name(g), *(cell(v) for v in rest)) for g, *rest in rows[:MOST]]
    if len(rows) > 1:
        body.append((words("All"), *(cell(v) for v in _cover_row(ends, quarter, last))))
    columns = (
        Column("group", name), Column("open", words("Open, closing in the quarter"), "money"),
        Column("deals", words("Deals"), "count"), Column("won", words("Won in it so far"), "money"),
        Column("last", words("Won in the last quarter"), "money"), Column("coverage", words("Coverage"), "number"),
    )  # fmt: skip
    return Figure(
        "coverage", words("Coverage of {quarter}", quarter=quarter.label),
        Table(columns, tuple(body), max(len(rows) - MOST, 0), frozenset({len(body) - 1} if len(rows) > 1 else ())),
        words(
            "Open amount with a close date in the quarter, over what the last quarter won less what this one has won so far. A "
            "dash: that is reached already. Some vendors divide by the target instead."
        ),
    )  # fmt: skip


def _cover_row(ends: pd.DataFrame, quarter: Period, last: Period) -> tuple[int | None, int, int, int, float]:
    """Open in the quarter (cents; None where no amount is known), deals, won in it and in the last, and coverage."""
    won, before = won_in(ends, quarter.start, quarter.end), won_in(ends, last.start, last.end)
    found = coverage(ends, (quarter.start, quarter.end), float(before), float(won))
    unknown = found.deals > 0 and found.without_amount == found.deals
    return (
        None if unknown else found.open_cents,
        found.deals,
        won,
        before,
        math.nan if unknown else found.ratio,
    )


def _cover(context: Context, ends: pd.DataFrame, quarter: Period) -> list[str]:
    words = context.words
    cents, deals, won, before, ratio = _cover_row(ends, quarter, context.calendar.shift(quarter, -1))
    said = {
        "quarter": quarter.label, "count": deals, "won": words.money(won),
        "open": words("an unknown amount") if cents is None else words.money(cents),
        "before": words.money(before),
    }  # fmt: skip
    if not math.isfinite(ratio):
        return [
            words(
                "{quarter} has won {won} so far, the quarter before won {before}; "
                "open deals closing in it: {count}, worth {open}.",
                **said,
            )
        ]
    return [
        words(
            "{quarter} has won {won} so far, the quarter before won {before}; open deals closing in it: {count}, worth {open}, "
            "{ratio} times what is left.",
            **said, ratio=words.number(ratio),
        )
    ]  # fmt: skip


def _not_known(context: Context, found: Waterfall) -> list[str]:
    words, out = context.words, []
    if context.tables.history.empty:
        out.append(
            words(
                "No history of deals is known: only creating and closing can be told, with today's amounts."
            )
        )
    if found.undated:
        out.append(
            words(
                "Deals without a date of creation: {count}. They are in no pipeline.",
                count=found.undated,
            )
        )
    return out
