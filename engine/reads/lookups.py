"""What records point to and the CRM does not list."""

from collections.abc import Mapping

from sales_consultant.engine.duck import DuckEngine

# How many are named: a judgement, what `check` can show; each comes with its number of records, the most used first.
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


def unlisted(engine: DuckEngine, kind: str) -> list[tuple[str, int, str]]:
    """What of a kind (a key of QUERIES) is not listed, most used first: name, records, and what stands in for it."""
    text = f"SELECT * FROM ({QUERIES[kind]}) ORDER BY 2 DESC, 1 LIMIT {MOST}"
    return [(str(name), int(n), taken) for name, n, taken in engine.con.execute(text).fetchall()]
