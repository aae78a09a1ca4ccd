"""The figures of the section "funnel" that say where and why deals are lost: bottlenecks, reasons, handovers, pushed dates."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sales_consultant.insight.funnel import PAST, Handovers, loss_reasons, what_won_deals_did
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Column, Figure, Table
from sales_consultant.insight.reports.funnel_figures import interval, months
from sales_consultant.insight.reports.listing import MOST, cell, cells, listed

_SHOWN = 10
MESSAGES = {
    "conversion": (
        "{stage}{group}: {own} of its deals go on, against {other} {against}: about {stake} a month are at stake ({interval})."
    ),
    "conversion_only": "{stage}{group}: {own} of its deals go on, against {other} {against}.",
    "time": "{stage}{group}: half of its deals stay longer than {own} days, against {other} days {against}.",
    "past": "the time before",
    "peers": "elsewhere",
}


def place(context: Context, row: Mapping[Any, Any], several: bool) -> str:
    """What a stage is called: with its pipeline where there are several."""
    stage = context.stage(row["pipeline"], row["stage"])
    return f"{context.pipeline(row['pipeline'])}: {stage}" if several else stage


def bottleneck_finding(context: Context, row: Mapping[Any, Any], several: bool) -> str:
    """A bottleneck in a sentence."""
    words = context.words
    group = "" if row["against"] == PAST else f" ({context.name(row['group'])})"
    said = {
        "stage": place(context, row, several),
        "group": group,
        "against": words(MESSAGES[str(row["against"])]),
    }
    if not row["by_conversion"]:
        days = {
            k: words.number(row[c]) if math.isfinite(row[c]) else words("an unknown number of")
            for k, c in (("own", "median_own"), ("other", "median_other"))
        }
        return words(MESSAGES["time"], **said, **days)
    said |= {"own": words.share(row["share_own"]), "other": words.share(row["share_other"])}
    if not math.isfinite(row["stake"]):
        return words(MESSAGES["conversion_only"], **said)
    stake, low, high = (row[c] / months(context) for c in ("stake", "stake_low", "stake_high"))
    return words(
        MESSAGES["conversion"],
        **said,
        stake=words.money(stake),
        interval=interval(words, low, high, "money"),
    )


def bottlenecks_figures(context: Context, found: pd.DataFrame, several: bool) -> list[Figure]:
    """The bottlenecks, then each stage against the time before, and what bottlenecks cost; `found` is what `bottlenecks` gave.

    What is not beyond noise has no money at stake, and groups are told only where they are.
    """
    words = context.words
    compared = found[found["share_own"].notna()]
    told = compared[compared["named"] | (compared["against"] == PAST)]
    columns = (
        Column("stage", words("Stage")), Column("against", words("Against")), Column("named", words("Bottleneck")),
        Column("entries", words("Entered"), "count"), Column("share_own", words("Go on"), "share"),
        Column("share_other", words("there"), "share"), Column("difference_low", words("Difference from"), "points"),
        Column("difference_high", words("to"), "points"),
    )  # fmt: skip
    body = tuple(
        (
            place(context, row, several), _against(context, row), words("yes") if row["named"] else words("no"),
            *cells(row, [c.key for c in columns[3:]]),
        )
        for row in told.head(MOST).to_dict("records")
    )  # fmt: skip
    figures = [
        Figure(
            "bottlenecks", words("Bottlenecks"), Table(columns, body, max(len(told) - MOST, 0)),
            words(
                "A stage is called a bottleneck only where fewer deals go on, or they stay longer, than in the time before or "
                "elsewhere, beyond noise: one-sided tests, by Holm's method at most 6 % false alarms over all comparisons, "
                "of which there were {count}. Go on: share advanced by a common horizon (Aalen-Johansen).",
                count=len(compared),
            ),
        )
    ]  # fmt: skip
    named = told[told["named"]]
    return figures + ([_stakes(context, named, several)] if len(named) else [])


def _against(context: Context, row: Mapping[Any, Any]) -> str:
    against = context.words(MESSAGES[str(row["against"])])
    return against if row["against"] == PAST else f"{context.name(row['group'])}, {against}"


def _stakes(context: Context, named: pd.DataFrame, several: bool) -> Figure:
    words = context.words
    columns = (
        Column("stage", words("Stage")), Column("against", words("Against")), Column("median_own", words("Median days"), "days"),
        Column("median_other", words("there"), "days"), Column("stake", words("At stake a month"), "money"),
        Column("low", words("from"), "money"), Column("high", words("to"), "money"),
    )  # fmt: skip
    body = []
    for row in named.head(MOST).to_dict("records"):
        stakes = [cell(row[c] / months(context)) for c in ("stake", "stake_low", "stake_high")]
        stakes = stakes if row["by_conversion"] else [None] * 3
        body.append(
            (
                place(context, row, several),
                _against(context, row),
                *cells(row, ["median_own", "median_other"]),
                *stakes,
            )
        )
    return Figure(
        "stakes", words("What bottlenecks cost"), Table(columns, tuple(body), max(len(named) - MOST, 0)),
        words(
            "At stake: entered, times the difference, times the win rate of deals that went on, times the average won deal; 95 % "
            "interval. A dash: the stage is one by its time alone, which costs no share that could be told."
        ),
    )  # fmt: skip


def association_figure(
    context: Context, rows: pd.DataFrame, ends: pd.DataFrame, touches: pd.DataFrame, named: pd.DataFrame
) -> Figure | None:
    """What won deals did otherwise than lost ones while they were in a stage: of bottlenecks where there are any."""
    words = context.words
    told = what_won_deals_did(rows, ends, per_stay(rows, touches))
    told = told[told["differs"]]
    if len(named):
        told = told.merge(named[["pipeline", "stage"]].drop_duplicates(), on=["pipeline", "stage"])
    if told.empty:
        return None
    several = rows["pipeline"].nunique() > 1
    columns = (
        Column("stage", words("Stage")), Column("kind", words("Activity")), Column("mean_won", words("Won deals"), "number"),
        Column("mean_lost", words("Lost deals"), "number"), Column("difference", words("Difference"), "number"),
        Column("low", words("from"), "number"), Column("high", words("to"), "number"),
    )  # fmt: skip
    top = told.head(_SHOWN).to_dict("records")
    body = tuple(
        (
            place(context, r, several),
            words(KINDS.get(str(r["kind"]), "Other")),
            *cells(r, [c.key for c in columns[2:]]),
        )
        for r in top
    )
    return Figure(
        "association",
        words("What won deals did otherwise in a stage"),
        Table(columns, body, max(len(told) - _SHOWN, 0)),
        words(
            "Activities of people a deal while it was in the stage, deals later won against deals later lost; 95 % interval. "
            "Only differences beyond noise (Benjamini-Hochberg, 5 %)."
        ),
        notes=(
            words(
                "An association, no cause: a deal that lasts longer has time for more, and a buyer who is willing answers more."
            ),
        ),
    )


TITLES = {
    "call": "Calls", "email": "E-mails", "meeting": "Meetings", "note": "Notes", "task": "Tasks", "form": "Forms",
    "visit": "Visits", "marketing_email": "Marketing e-mails", "chat": "Chats",
}  # fmt: skip
KINDS = TITLES


def per_stay(rows: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """How many activities of each kind a deal had in each stage: deal_id, stage, kind, count.

    `rows` is what `stays` gave, `touches` has deal_id, at (ms), kind.
    """
    stays = rows[["deal_id", "stage", "entered_at", "left_at"]].astype({"entered_at": "int64"})
    asked = touches[["deal_id", "at", "kind"]].dropna().astype({"at": "int64", "deal_id": "object"})
    found = pd.merge_asof(
        asked.sort_values("at", kind="stable"),
        stays.astype({"deal_id": "object"}).sort_values("entered_at", kind="stable"),
        left_on="at", right_on="entered_at", by="deal_id", direction="backward",
    )  # fmt: skip
    left = found["left_at"].to_numpy(dtype=float, na_value=np.inf)
    found = found[found["stage"].notna().to_numpy() & (found["at"].to_numpy(dtype=float) < left)]
    return found.groupby(["deal_id", "stage", "kind"]).size().rename("count").reset_index()


def steps_figure(context: Context, steps: pd.DataFrame, named: pd.DataFrame, several: bool) -> Figure | None:
    """Steps of the playbook that open deals in the bottlenecks have today: `steps` has pipeline, stage, step, deals."""
    words = context.words
    chosen = steps.merge(named[["pipeline", "stage"]].drop_duplicates(), on=["pipeline", "stage"])
    if chosen.empty:
        return None
    chosen = chosen.sort_values("deals", ascending=False, kind="stable")
    columns = (
        Column("stage", words("Stage")),
        Column("step", words("Step")),
        Column("deals", words("Deals"), "count"),
    )
    body = tuple(
        (place(context, r, several), str(r["step"]), int(r["deals"]))
        for r in chosen.head(_SHOWN).to_dict("records")
    )
    return Figure(
        "steps",
        words("What the playbook suggests there"),
        Table(columns, body, max(len(chosen) - _SHOWN, 0)),
        words("Next steps that open deals in these stages have today, by rule; no promise of effect."),
    )


def losses_figure(
    context: Context, ends: pd.DataFrame, past: pd.DataFrame, reasons: pd.DataFrame
) -> Figure | None:
    """Why deals were lost, by reason and the stage before; None where none was lost."""
    words = context.words
    table = loss_reasons(ends, past, reasons, context.since)
    if table.empty:
        return None
    several = table["pipeline"].nunique() > 1
    columns = (
        Column("reason", words("Reason")), Column("stage", words("Lost from")), Column("deals", words("Deals"), "count"),
        Column("share", words("Share"), "share"), Column("low", words("from"), "share"),
        Column("high", words("to"), "share"), Column("cents", words("Amount"), "money"),
    )  # fmt: skip
    body = tuple(
        (
            str(r["reason"]) or words("not given"),
            place(context, r, several) if r["stage"] else words("not known"),
            *cells(r, [c.key for c in columns[2:]]),
        )
        for r in table.head(MOST).to_dict("records")
    )
    unvalued = int(table["without_amount"].sum())
    notes = (
        (words("Lost deals whose amount or rate is not known: {count}.", count=unvalued),) if unvalued else ()
    )
    return Figure(
        "losses", words("Why deals were lost"), Table(columns, body, max(len(table) - MOST, 0)),
        words("Deals lost in this time by the reason that people gave, and the stage before; share of the pipeline's lost deals, "
              "95 % interval by Wilson."), notes=notes,
    )  # fmt: skip


def handovers_figure(context: Context, found: Handovers) -> Figure:
    """What changes of owner cost."""
    words = context.words
    columns = (
        Column("what", words("Days without a touch")), Column("days", words("Median days"), "days"),
        Column("low", words("from"), "days"), Column("high", words("to"), "days"),
    )  # fmt: skip
    told = (
        (words("After a change of owner"), found.days_after),
        (words("Before it, usually"), found.days_before),
    )
    notes = [words("Changes of owner: {count}, on deals: {deals}.", count=found.changes, deals=found.deals)]
    if math.isfinite(found.win_rate_with + found.win_rate_without):
        notes.append(
            words(
                "Deals that ever changed hands were won in {with_it}, others in {without}. An association: deals that last "
                "longer have more time to change hands.",
                with_it=words.share(found.win_rate_with), without=words.share(found.win_rate_without),
            )
        )  # fmt: skip
    return Figure(
        "handovers", words("Time lost by handover"),
        Table(columns, tuple((name, cell(e.value), cell(e.low), cell(e.high)) for name, e in told)),
        words(
            "Median days from a change of owner of an open deal to the next activity or change of stage (Kaplan-Meier, 95 % "
            "interval), and between touches of the same deals before it."
        ),
        notes=tuple(notes),
    )  # fmt: skip


def pushed_figure(context: Context, rows: pd.DataFrame, hidden: Collection[str]) -> Figure:
    """Open deals whose close date was moved later again and again; `rows` is what `pushed` gave."""
    words = context.words
    columns = (
        Column("times", words("Pushed"), "count"),
        Column("days", words("By days"), "days"),
        Column("close", words("Close date"), "date"),
    )
    dated = rows.assign(close=[day_of(context, v) for v in rows["close_date"]])
    return Figure(
        "pushed",
        words("Deals pushed again and again"),
        listed(context, dated, columns, hidden),
        words(
            "Open deals whose close date was moved later at least twice in this time; the days of all moves."
        ),
    )


def day_of(context: Context, at: Any) -> Any:
    """The day of a moment (ms UTC); None where it is not known or beyond every calendar."""
    if at is None or pd.isna(at) or not 0 <= float(at) < 4_102_444_800_000 * 10:
        return None
    return context.words.day(int(at))
