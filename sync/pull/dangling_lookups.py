"""What records point to and the CRM does not list: named, so that somebody can mend it, and never taken for "no"."""

import json
from typing import Any

import sqlalchemy as sa

from sales_consultant.connectors.base import Finding
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import lookups
from sales_consultant.sync.stores import State, runs

_SAYS = {
    "stage": ("deals stand in the stage", "the CRM does not have (any more)"),
    "owner": ("records have the owner", "the CRM does not list"),
    "currency": ("deals are in the currency", "no rate is known of"),
    "product": ("line items are of the product", "the CRM does not list"),
    "campaign": ("campaign members are on the campaign", "the CRM does not list"),
}
_ACTIONS = {
    "stage": "Move these deals to a stage of their pipeline, or make the stage again.",
    "owner": "Give these records an owner, or let this user see all owners.",
    "currency": "Set the rate of that currency in the CRM, or let this user read the rates.",
    "product": "Nothing has to be done: the line item's own name is shown.",
    "campaign": "Nothing has to be done: members count all the same.",
}


def missing(engine: DuckEngine) -> list[dict[str, Any]]:
    """What is missing, most used first: kind, name, records, and for a stage what its deals are taken for."""
    return [
        {"kind": kind, "name": name, "records": n, **({"taken_for": taken} if taken else {})}
        for kind in lookups.QUERIES
        for name, n, taken in lookups.unlisted(engine, kind)
    ]


def of_last_pull(state: State) -> list[dict[str, Any]]:
    """What the newest run that pulled found missing: the warehouse may be busy, the state never is."""
    rows = state.rows(
        sa.select(runs.c.counts)
        .where(runs.c.counts.like('%"pulled"%'), runs.c.ended_at.is_not(None))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    held = rows[0]["counts"] if rows else None
    counts = json.loads(held) if isinstance(held, str) else held or {}
    return list(counts.get("not_found", ()))


def findings(rows: list[dict[str, Any]]) -> list[Finding]:
    """The same as lines of `check`."""
    made = []
    for r in rows:
        what, why = _SAYS[r["kind"]]
        taken = f"; whether they are over is taken {r['taken_for']}" if r["kind"] == "stage" else ""
        if r["kind"] == "stage" and r["taken_for"] == "not known":
            taken = "; whether they are over is not known, so nothing is written to them"
        text = f"{r['records']:,} {what} {r['name']}, which {why}{taken}"
        # The subject names nothing of the customer's: it goes into the report on a live account.
        made.append(Finding(f"{r['kind']} not found", "warning", text, _ACTIONS[r["kind"]]))
    return made
