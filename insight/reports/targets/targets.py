"""What of a report tells of targets: the figure, where the targets are from, and which could not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sales_consultant.insight.forecast import Attainment, Attainments, Given
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Cell, Column, Figure, Table
from sales_consultant.insight.reports.words import Words

MESSAGES = {
    "of_file": "Targets from your file: {count}.",
    "of_both": "A target of the file replaces the CRM's for the same owner and period.",
    "of_hubspot": "Targets from HubSpot's goals: {count}.",
    "of_salesforce": "Targets from Salesforce's quotas: {count}.",
    "parts": "Goals for single pipelines or product families, added up for their owner: {count}.",
    "none_hubspot": "HubSpot has no goals of revenue for these periods.",
    "none_salesforce": "Salesforce has no quotas of revenue for these periods.",
    "refused_hubspot": "HubSpot's goals cannot be read. Next: give the connection the scope crm.objects.goals.read, then run "
    "sales-consultant pull",
    "refused_salesforce": "Salesforce's quotas cannot be read. Next: turn on forecasts and quotas (Setup > Forecasts Settings) "
    "and give the run-as user View All Forecasts, then run sales-consultant pull",
    "unread_hubspot": "HubSpot's goals were not read yet. Next: sales-consultant pull",
    "unread_salesforce": "Salesforce's quotas were not read yet. Next: sales-consultant pull",
    "left_out": "Goals of the CRM that are no target here: {count} ({reasons}).",
}
TITLES = {
    "not_revenue": "not about revenue",
    "team": "of a team",
    "territory": "of a territory",
    "other_type": "of another forecast type",
    "no_owner": "without an owner",
    "no_amount": "without an amount that can be read",
    "no_period": "of no month, quarter or year of the fiscal calendar",
    "again": "given a second time",
}


@dataclass(frozen=True)
class TargetOrigin:
    """Where targets are from.

    crm
        Whose goals were looked at: hubspot or salesforce; "": nobody's.
    of_file, of_goals
        How many targets of each count for the periods of the report. parts: how many goals are for a part of the revenue.
    state
        "": the CRM's goals were read; "refused": the CRM did not show them when it was read last; "unread": never asked for.
    left_out
        Goals that are no target, by why: a key of TITLES.
    """

    crm: str = ""
    of_file: int = 0
    of_goals: int = 0
    state: Literal["", "refused", "unread"] = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    parts: int = 0


def total_of(attained: Attainments | None, period: str) -> Attainment | None:
    """The target of all for a period."""
    rows = attained.rows if attained else ()
    return next((r for r in rows if r.level == "total" and r.period == period), None)


def rounded(probability: float) -> float:
    """A probability as a table has it: in whole per cent, finer where that would be 0 or 1."""
    return round(probability, 2 if 0.01 <= probability <= 0.99 else 4)


def sources(origin: TargetOrigin, words: Words) -> tuple[str, ...]:
    """Where the targets are from, a sentence each."""
    found = []
    if origin.of_file:
        found.append(words(MESSAGES["of_file"], count=origin.of_file))
    if origin.of_goals and origin.crm:
        found.append(words(MESSAGES[f"of_{origin.crm}"], count=origin.of_goals))
    if origin.of_file and origin.of_goals:
        found.append(words(MESSAGES["of_both"]))
    if origin.of_goals and origin.parts:
        found.append(words(MESSAGES["parts"], count=origin.parts))
    return tuple(found)


def state(origin: TargetOrigin, words: Words) -> tuple[str, ...]:
    """That the CRM's goals could not be read, and what to do; nothing where they were."""
    if not origin.crm or not origin.state:
        return ()
    return (words(MESSAGES[f"{origin.state}_{origin.crm}"]),)


def figure(given: Given, attained: Attainments | None, origin: TargetOrigin, words: Words) -> Figure:
    """What is booked of each period, and what its target still asks for."""
    total = given.levels["total"]
    columns = [
        Column("period", words("Period")),
        Column("ends", words("Ends"), "date"),
        Column("booked", words("Booked so far"), "money"),
        Column("open", words("Open, with a close date in it"), "money"),
    ]
    if attained is not None:
        columns[1:2] = [Column("target", words("Target"), "money")]
        columns[3:] = [
            Column("gap", words("Still to book"), "money"),
            Column("coverage", words("Pipeline to gap"), "number"),
            Column("probability", words("Reached with"), "share"),
        ]
    rows: list[tuple[Cell, ...]] = []
    for i, span in enumerate(given.spans):
        if span.kind == "month":
            continue
        so_far = int(total.booked[0, i])
        mine = total_of(attained, span.label)
        if attained is None:
            rows.append((span.label, words.day(span.end - 1), so_far, int(total.standing[0, i])))
        elif mine is None:
            rows.append((span.label, None, so_far, None, None, None))
        else:
            rows.append((span.label, mine.target, so_far, mine.gap, mine.coverage, rounded(mine.probability)))
    method = words(
        "Pipeline to gap: the amounts of open deals with a close date in the period, also those that are overdue, over what is "
        "still to book. The target of all is a line of its own in the file, or the sum of the targets of every owner."
    )
    return Figure(
        "goals", words("Booked so far, and the targets"), Table(tuple(columns), tuple(rows)), method,
        notes=sources(origin, words),
    )  # fmt: skip


def unknown(found: Attainments | None, origin: TargetOrigin, context: Context) -> list[str]:
    """What is not known of targets: that there are none, that goals could not be read, what could not be compared."""
    words = context.words
    out = []
    if found is None:
        out.append(
            words(
                "No targets are set, so gap, coverage and the probability of reaching them are not told. Next: [reports] "
                'targets = "targets.csv" with the columns owner,period,amount.'
            )
        )
    else:
        out += _left_out(found, context)
    out += state(origin, words)
    if origin.crm and not origin.state and not origin.of_goals and not origin.of_file:
        out.append(words(MESSAGES[f"none_{origin.crm}"]))
    if origin.left_out:
        reasons = (f"{words(TITLES.get(why, why))} {n}" for why, n in origin.left_out.items())
        count = sum(origin.left_out.values())
        out.append(words(MESSAGES["left_out"], count=count, reasons=", ".join(reasons)))
    return out


def missing(found: Attainments | None, period: str, context: Context) -> tuple[str, ...]:
    """Why there is no target of all for a period, a sentence each: none is set, or those that are set are for others."""
    words = context.words
    if found is None:
        return (words("No targets are set: see [reports] targets."),)
    out = []
    if period not in found.incomplete:
        others = sorted({r.period for r in found.rows} | set(found.incomplete))
        if others:
            out.append(
                words(
                    "No target of {period} is set; there are targets of {others}.",
                    period=period,
                    others=", ".join(others),
                )
            )
        else:
            out.append(words("No target of {period} is set.", period=period))
    here = {p: count for p, count in found.incomplete.items() if p == period}
    return (*out, *_left_out(replace(found, incomplete=here), context))


def _left_out(found: Attainments, context: Context) -> list[str]:
    """Targets that could not be compared."""
    words = context.words
    out = [
        words(
            "No total target of {period}: of the owners with something booked or forecast in it {count} have no target. "
            "Next: give them one, or add a line with the owner total.",
            period=period,
            count=count,
        )
        for period, count in found.incomplete.items()
    ]
    if found.unknown_owners:
        owners = (context.name(owner, "owner_id") for owner in found.unknown_owners[:5])
        out.append(
            words(
                "Targets of owners with no deal, or whom the CRM does not know, are left out: {owners}.",
                owners=", ".join(owners),
            )
        )
    if found.other_periods:
        out.append(
            words("Targets of periods that are not forecast here: {count}.", count=found.other_periods)
        )
    if found.without_rate:
        out.append(
            words("Targets in a currency without a rate, left out: {count}.", count=found.without_rate)
        )
    return out
