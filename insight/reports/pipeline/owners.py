"""The pipeline of each owner or team: what came to it, what left it, and which deals were given on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from sales_consultant.insight.funnel import BUCKETS, Waterfall, waterfalls
from sales_consultant.insight.reports.context import Context
from sales_consultant.insight.reports.document import Cell, Column, Figure, Table
from sales_consultant.insight.reports.funnel import TITLES as BY_TITLES
from sales_consultant.insight.reports.listing import MOST, listed, shown


def figures(context: Context, since: int, hidden: Collection[str]) -> list[Figure]:
    """The waterfall of each owner or team as a row, and the deals that went from one to another.

    Nothing where the report is broken down by something else: only owners change without a movement of the whole pipeline.
    """
    if context.by not in ("owner", "team"):
        return []
    teams = context.teams if context.by == "team" else None
    found = waterfalls(context.tables, since, context.as_of, context.rates, teams)
    found = {group: one for group, one in found.items() if len(one.rows)}
    if not found:
        return []
    return [_by_group(context, found), *_given_on(context, found, hidden)]


def _by_group(context: Context, found: dict[str, Waterfall]) -> Figure:
    words = context.words
    order = sorted(found, key=lambda g: (-max(found[g].start, found[g].end), context.name(g)))
    parts = [(context.name(g), [found[g]]) for g in order[:MOST]]
    if order[MOST:]:
        parts.append((words("{count} others", count=len(order[MOST:])), [found[g] for g in order[MOST:]]))
    parts.append((words("All"), list(found.values())))
    named = {
        "created": words("Created"),
        "reassigned_in": words("Re-assigned in"),
        "reassigned_out": words("Re-assigned out"),
        "won": words("Won"),
        "lost": words("Lost"),
    }
    # What happened to nobody takes no column.
    named = {b: name for b, name in named.items() if any(one.deals[b] for one in found.values())}
    rest = [b for b in BUCKETS if b not in named and any(one.deals[b] for one in found.values())]

    def row(of: Sequence[Waterfall]) -> tuple[Cell, ...]:
        other = (sum(p.totals[b] for p in of for b in rest),) if rest else ()
        return (
            sum(p.start for p in of),
            *(sum(p.totals[b] for p in of) for b in named),
            *other,
            sum(p.end for p in of),
        )

    columns = (
        Column("group", words(BY_TITLES[context.by])),
        Column("start", words("Start"), "money"),
        *(Column(b, name, "money") for b, name in named.items()),
        *((Column("other", words("Other"), "money"),) if rest else ()),
        Column("end", words("End"), "money"),
    )
    rows = [(name, *row(of)) for name, of in parts]
    return Figure(
        "waterfall_by",
        words("The open pipeline of each"),
        Table(columns, tuple(rows), strong=frozenset({len(rows) - 1})),
        words(
            "Each line adds up to its end, to the cent. Re-assigned: an open deal came from, or went to, another one of this "
            "table. Other: amounts changed, currency, reopened, and closed deals of which nobody knows how."
        ),
    )


def _given_on(context: Context, found: dict[str, Waterfall], hidden: Collection[str]) -> list[Figure]:
    words = context.words
    came = pd.concat(
        [one.rows[one.rows["bucket"] == "reassigned_in"].assign(group=group) for group, one in found.items()],
        ignore_index=True,
    )
    if shown(came, hidden).empty:
        return []
    rows = came.sort_values("at", kind="stable").assign(
        value=lambda r: r["cents"].astype("Int64").where(r["known"].astype(bool)),
        when=lambda r: [words.day(int(at)) for at in r["at"]],
        before=lambda r: [context.name(v) for v in r["before"]],
        after=lambda r: [context.name(v) for v in r["after"]],
    )
    columns = [
        Column("when", words("When"), "date"),
        Column("before", words("from")),
        Column("after", words("to")),
    ]
    return [
        Figure(
            "deals_reassigned",
            words("Re-assigned"),
            listed(context, rows, columns, hidden),
            f"{words('Open deals that went from one to another, with their amount then.')} {words('The largest first.')}",
            folded=True,
        )
    ]
