"""The section "funnel": where deals are lost, how long they take, and what is at stake there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from sales_consultant.insight.core import visits
from sales_consultant.insight.funnel import (
    LEAST,
    bottlenecks,
    cycle,
    endings,
    funnel,
    groups,
    handovers,
    pushed,
    same_stage,
    skips,
    stays,
)
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Figure, Section
from sales_consultant.insight.reports.funnel_causes import (
    association_figure,
    bottleneck_finding,
    bottlenecks_figures,
    handovers_figure,
    losses_figure,
    pushed_figure,
    steps_figure,
)
from sales_consultant.insight.reports.funnel_figures import (
    by_figure,
    conversion_figure,
    cycle_figures,
    interval,
    journey_figure,
    order_of,
    shares_figure,
    stages_figure,
)
from sales_consultant.insight.reports.listing import column_by, shown, worth

PIPELINES = 3
_FINDINGS = 5
TITLES = {
    "pipeline": "Pipeline", "owner": "Owner", "team": "Team", "source": "Source", "product": "Product", "type": "Type",
    "segment": "Segment", "tier": "Tier",
}  # fmt: skip


@dataclass(frozen=True)
class FunnelFacts:
    """What the funnel is told of beside deals.

    touches
        Activities of people: deal_id, at (ms UTC), kind.
    milestones
        One row a company or person, a column each of lead, marketing, sales, deal, won (ms UTC; gaps: not reached).
    reasons
        Rows of deal_id, reason; None where the CRM has no such field.
    steps
        Today's steps of open deals: pipeline, stage, step, deals.
    hidden
        Deals of the control group: counted, never named.
    """

    touches: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["deal_id", "at", "kind"]))
    milestones: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["lead", "deal", "won"]))
    reasons: pd.DataFrame | None = None
    steps: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["pipeline", "stage", "step", "deals"])
    )
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Made:
    """What several figures are made of."""

    past: pd.DataFrame
    every: pd.DataFrame
    rows: pd.DataFrame
    passed: pd.DataFrame
    ends: pd.DataFrame


def section(context: Context, facts: FunnelFacts) -> Section:
    """The section "funnel"."""
    words = context.words
    title = words("Where deals are lost")
    if context.tables.deals.empty:
        return Section("funnel", title, hidden=context.no_deals)
    past = visits(context.tables, context.as_of)
    made = _Made(
        past, stays(context.tables, context.as_of, None, past), stays(context.tables, context.as_of, context.since, past),
        skips(context.tables, past, context.since), endings(context.tables, context.as_of, context.rates, past),
    )  # fmt: skip
    unknown: list[str] = []
    figures = _stage_figures(context, made, unknown)
    lead = _bottlenecks(context, made, facts, figures, unknown)
    by = column_by(context)
    if by is None:
        unknown.append(
            words("Deals have no {by} here: they are told by pipeline.", by=words(TITLES[context.by]))
        )
    name = words(TITLES[context.by if by else "pipeline"])
    if by is not None and by != "pipeline" and len(made.rows):
        figures.insert(2, by_figure(context, by, name, made.rows, {"past": made.past, "passed": made.passed}))
    if (way := journey_figure(context, facts.milestones)) is not None:
        figures.append(way)
    else:
        unknown.append(
            words("The way from the first lead to the won deal: too few leads were created in this time.")
        )
    figures += cycle_figures(context, made.ends, by or "pipeline", name)
    lead += [_win_rate(context, made.ends)]
    lead += _why(context, made, facts, figures, unknown)
    return Section(
        "funnel", title, tuple(f for f in lead if f)[:_FINDINGS], tuple(figures), unknown=tuple(unknown)
    )


def _stage_figures(context: Context, made: _Made, unknown: list[str]) -> list[Figure]:
    """The figures of the three pipelines with most deals; what is left out goes to `unknown`."""
    words = context.words
    span = context.as_of - context.since
    here = funnel(
        context.tables, context.as_of, context.since, past=made.past, rows=made.rows, passed=made.passed
    )
    before = funnel(context.tables, context.since, context.since - span).stages
    order = order_of(made.rows)
    figures = []
    without = context.tables.deals.loc[
        ~context.tables.deals["deal_id"].isin(made.past["deal_id"]), "pipeline"
    ].value_counts()
    for i, pipeline in enumerate(order[:PIPELINES]):
        suffix = f"_{i + 1}" if i else ""
        name = context.pipeline(pipeline)
        table, then = (t[t["pipeline"] == pipeline] for t in (here.stages, before))
        rows = made.rows[made.rows["pipeline"] == pipeline]
        figures.append(
            stages_figure(
                context, table, words("Funnel: {pipeline}", pipeline=name), f"stages{suffix}",
                int(without.get(pipeline, 0)),
            )
        )  # fmt: skip
        title = words("Conversion and time in stage: {pipeline}", pipeline=name)
        figures.append(conversion_figure(context, table, then, title, f"conversion{suffix}"))
        title = words("Advanced or lost by time: {pipeline}", pipeline=name)
        figures.append(shares_figure(context, rows, title, f"shares{suffix}", drawn=i == 0))
    if len(order) > PIPELINES:
        names = ", ".join(context.pipeline(p) for p in order[PIPELINES:])
        unknown.append(words("Pipelines with fewer deals, not shown: {names}.", names=names))
    bare = [context.pipeline(p) for p in without.index if p not in set(made.rows["pipeline"])]
    if bare:
        unknown.append(
            words(
                "Pipelines without stage history in this time: {names}. Where deals are lost there cannot be told.",
                names=", ".join(bare),
            )
        )
    through = set(context.tables.deals["pipeline"]) - set(made.rows["pipeline"]) - set(without.index)
    if through:
        unknown.append(
            words(
                "Pipelines whose deals stood in no open stage in this time: {names}.",
                names=", ".join(sorted(context.pipeline(p) for p in through)),
            )
        )
    if here.unknown_stage:
        unknown.append(
            words(
                "Stays in stages that the CRM has deleted: {count}. What became of them cannot be told in order.",
                count=here.unknown_stage,
            )
        )
    return figures


def _bottlenecks(
    context: Context, made: _Made, facts: FunnelFacts, figures: list[Figure], unknown: list[str]
) -> list[str]:
    """Findings of bottlenecks, the largest stake first; their figures are added, and what could not be compared said."""
    words = context.words
    by = column_by(context) or "pipeline"
    rows = made.every
    of, peers = None, None
    if by != "pipeline":
        of = groups(context.tables, rows["deal_id"], by)
    elif rows["pipeline"].nunique() > 1:
        of, peers = rows["pipeline"].to_numpy(dtype=object), same_stage(rows, context.tables.stages)
    table = bottlenecks(rows, made.ends, context.since, context.as_of, of, peers)
    if table.empty or table["share_own"].isna().all():
        unknown.append(
            words(
                "Bottlenecks: a stage is compared with {least} deals of the time before, or of elsewhere; no stage has them.",
                least=LEAST,
            )
        )
        return []
    several = rows["pipeline"].nunique() > 1
    named = table[table["named"]]
    figures += bottlenecks_figures(context, table, several)
    did = association_figure(context, rows, made.ends, facts.touches, named)
    steps = steps_figure(context, facts.steps, named, several)
    figures += [f for f in (did, steps) if f is not None]
    if named.empty:
        return [words("No stage differs from the time before, or from its peers, beyond noise.")]
    return [bottleneck_finding(context, r, several) for r in named.to_dict("records")][: _FINDINGS - 2]


def _win_rate(context: Context, ends: pd.DataFrame) -> str:
    words = context.words
    span = context.as_of - context.since
    now = cycle(ends, context.as_of, context.since)
    rate = now.win_rate
    earlier = endings(context.tables, context.since, context.rates)
    then = cycle(earlier, context.since, context.since - span).win_rate
    if not math.isfinite(rate.value):
        return words("No deal was won or lost in this time.")
    if not now.lost:
        return words("Deals won in this time: {count}; none was lost.", count=now.won)
    if not math.isfinite(then.value):
        return words(
            "{share} of the deals that ended were won ({interval}).",
            share=words.share(rate.value),
            interval=interval(words, rate.low, rate.high),
        )
    return words(
        "{share} of the deals that ended were won ({interval}), against {before} in the time before.",
        share=words.share(rate.value), interval=interval(words, rate.low, rate.high), before=words.share(then.value),
    )  # fmt: skip


def _why(
    context: Context, made: _Made, facts: FunnelFacts, figures: list[Figure], unknown: list[str]
) -> list[str]:
    """Loss reasons, handovers and pushed deals: their figures are added, and findings given."""
    words, out = context.words, []
    given = facts.reasons
    if given is None:
        unknown.append(words("Why deals are lost: the CRM has no field for the reason that could be read."))
    elif (losses := losses_figure(context, made.ends, made.past, given)) is not None:
        figures.append(losses)
    told = handovers(context.tables, made.ends, made.past, facts.touches, context.as_of, context.since)
    if told.changes:
        figures.append(handovers_figure(context, told))
    else:
        unknown.append(
            words("Time lost by handover: no change of an open deal's owner is known in this time.")
        )
    again = shown(pushed(context.tables, made.ends, context.as_of, context.since), facts.hidden)
    if len(again):
        figures.append(pushed_figure(context, again, facts.hidden))
        out.append(
            words(
                "Open deals pushed at least twice: {count}, worth {amount}.",
                count=len(again),
                amount=worth(words, again["value"]),
            )
        )
    return out
