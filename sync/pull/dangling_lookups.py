"""What records point to and the CRM does not list: named, so that somebody can mend it, and never taken for "no"."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sales_consultant.connectors.base import Finding
from sales_consultant.engine import DuckEngine
from sales_consultant.sync.stores import State, runs

MOST = 20
_KNOWN = (
    "CASE WHEN d.is_closed IS NULL OR (d.is_closed AND d.is_won IS NULL) THEN 'not known' "
    "WHEN s.stage IS NOT NULL THEN 'as it was known before' ELSE 'as the record itself says' END"
)
# What is asked of the neutral tables: rows of what is missing, its name, how many records point to it, what stands in for it.
QUERIES: Mapping[str, str] = {
    "stage": (
        "SELECT coalesce(d.pipeline, '') || ' / ' || coalesce(d.stage, ''), count(*), "
        f"string_agg(DISTINCT {_KNOWN}, ', ' ORDER BY {_KNOWN}) "
        "FROM deals d LEFT JOIN stages s ON s.object = 'deals' AND s.stage = d.stage AND s.pipeline = d.pipeline "
        "WHERE NOT d.deleted AND d.stage IS NOT NULL AND coalesce(s.gone, true) GROUP BY 1"
    ),
    "owner": (
        "SELECT r.owner_id, count(*), '' FROM (SELECT owner_id FROM contacts WHERE NOT deleted UNION ALL "
        "SELECT owner_id FROM companies WHERE NOT deleted UNION ALL SELECT owner_id FROM deals WHERE NOT deleted) r "
        "WHERE r.owner_id <> '' AND r.owner_id NOT IN (SELECT id FROM owners WHERE id IS NOT NULL) GROUP BY 1"
    ),
    "currency": (
        "SELECT d.currency, count(*), 'not known' FROM deals d WHERE NOT d.deleted AND d.amount IS NOT NULL "
        "AND d.currency <> '' AND d.currency <> (SELECT coalesce(min(currency), '') FROM org) "
        "AND d.currency NOT IN (SELECT code FROM currencies WHERE rate > 0 AND code IS NOT NULL) GROUP BY 1"
    ),
    "product": (
        "SELECT l.product_id, count(*), coalesce(nullif(max(l.name), ''), 'not known') FROM line_items l "
        "WHERE NOT l.deleted AND l.product_id <> '' AND l.product_id NOT IN (SELECT id FROM products WHERE id IS NOT NULL) "
        "GROUP BY 1"
    ),
    "campaign": (
        "SELECT m.campaign_id, count(*), '' FROM campaign_members m WHERE m.campaign_id <> '' "
        "AND m.campaign_id NOT IN (SELECT id FROM campaigns WHERE id IS NOT NULL) GROUP BY 1"
    ),
}
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
    found = []
    for kind, query in QUERIES.items():
        rows = engine.con.execute(f"SELECT * FROM ({query}) ORDER BY 2 DESC, 1 LIMIT {MOST}").fetchall()
        found += [
            {"kind": kind, "name": str(name), "records": int(n), **({"taken_for": taken} if taken else {})}
            for name, n, taken in rows
        ]
    return found


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
