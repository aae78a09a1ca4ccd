"""How many companies each segment, lifecycle and tier has, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sales_consultant.insight.charts import Bar, BarChart
from sales_consultant.insight.reports.document import Column, Figure, Section, Table
from sales_consultant.insight.reports.words import Words

TITLES = {
    "segment": ("Companies by segment", "Segment"),
    "lifecycle": ("Companies by lifecycle", "Lifecycle"),
    "tier": ("Companies by tier", "Tier"),
}


@dataclass(frozen=True)
class Group:
    """The companies of one value of a field: how many, their expected revenue (hundredths), their mean churn risk (0 to 1)."""

    field: str
    name: str
    companies: int
    cents: int | None
    churn: float | None


def section(groups: Sequence[Group], words: Words) -> Section:
    """The section "segments"; groups come in the order in which they are shown."""
    title = words("Segments of customers")
    if not groups:
        return Section(
            "segments",
            title,
            hidden=words(
                "No company has a segment, a lifecycle or a tier yet. Next: sales-consultant train, then sales-consultant sync"
            ),
        )
    by_field = {f: [g for g in groups if g.field == f] for f in TITLES}
    figures = tuple(_figure(field, rows, words) for field, rows in by_field.items() if rows)
    return Section("segments", title, _findings(groups, words), figures)


def of_the_past(words: Words) -> Section:
    """The section for a past date: what the CRM shows is known of today alone."""
    said = words("Segments, lifecycles and tiers are known of today alone: leave --as-of out.")
    return Section("segments", words("Segments of customers"), hidden=said)


def _findings(groups: Sequence[Group], words: Words) -> tuple[str, ...]:
    found = [g for g in groups if g.field == "segment" and g.cents]
    total = sum(g.cents or 0 for g in found)
    if not total:
        return ()
    top = max(found, key=lambda g: g.cents or 0)
    return (
        words(
            "{name}: {companies} companies, {share} of the revenue expected in 12 months.",
            name=top.name,
            companies=top.companies,
            share=words.share((top.cents or 0) / total),
        ),
    )


def _figure(field: str, groups: Sequence[Group], words: Words) -> Figure:
    title, name = TITLES[field]
    everyone = sum(g.companies for g in groups)
    columns = (
        Column(field, words(name)),
        Column("companies", words("Companies"), "count"),
        Column("share", words("Share"), "share"),
        Column("value_12m", words("Expected in 12 months"), "money"),
        Column("churn_risk", words("Churn risk, mean"), "share"),
    )
    rows = tuple((g.name, g.companies, g.companies / everyone, g.cents, g.churn) for g in groups)
    chart = BarChart(words(title), "count", tuple(Bar(g.name, float(g.companies)) for g in groups))
    notes = (
        (words("Amounts of a company without purchases are not known; they count as none in the sum."),)
        if any(g.cents is None for g in groups) and any(g.cents is not None for g in groups)
        else ()
    )
    return Figure(
        field,
        words(title),
        Table(columns, rows),
        words(
            "Segments come from when, how often and for how much a company bought; expected revenue and churn risk from the "
            "models of value in force."
        ),
        chart,
        notes,
    )
