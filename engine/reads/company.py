"""What the neutral tables know of a company."""

from typing import Any

from sales_consultant.config.records import RecordRef
from sales_consultant.engine.duck import DuckEngine

_WON = (
    "SELECT name, amount, currency, closed_at, type FROM deals WHERE company_id = $id AND is_won AND NOT deleted "
    "AND closed_at <= $as_of ORDER BY closed_at DESC"
)
_OPEN = (
    "SELECT d.id, d.name, d.amount, d.currency, d.close_date, d.created_at, coalesce(s.label, d.stage) AS stage "
    "FROM deals d LEFT JOIN (SELECT stage, max(label) AS label FROM stages WHERE object = 'deals' GROUP BY 1) s "
    "USING (stage) WHERE d.company_id = $id AND NOT d.is_closed AND NOT d.deleted AND d.created_at <= $as_of "
    "ORDER BY d.amount DESC NULLS LAST"
)
_OWNER = (
    "SELECT trim(concat_ws(' ', o.first_name, o.last_name, '<' || o.email || '>')) AS name FROM companies c "
    "JOIN owners o ON o.id = c.owner_id WHERE c.id = $id"
)
_PRODUCTS = (
    "SELECT coalesce(p.name, l.name, l.product_id) AS product, count(DISTINCT l.deal_id) AS deals, "
    "sum(l.quantity) AS quantity FROM line_items l JOIN deals d ON d.id = l.deal_id "
    "LEFT JOIN products p ON p.id = l.product_id WHERE d.company_id = $id AND d.is_won AND NOT l.deleted "
    "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"
)
_PEOPLE = (
    "SELECT c.id, coalesce(nullif(trim(concat_ws(' ', c.first_name, c.last_name)), ''), c.email, c.id) AS name, c.title, "
    "c.email_opt_out, c.bounced, max(a.occurred_at) AS last FROM contacts c LEFT JOIN associations s ON "
    "s.to_object = 'contact' AND s.to_id = c.id AND s.from_object = 'activity' LEFT JOIN activities a ON a.id = s.from_id "
    "AND NOT a.deleted AND a.known_at <= $as_of AND a.occurred_at <= $as_of WHERE c.company_id = $id AND NOT c.deleted "
    "GROUP BY ALL ORDER BY last DESC NULLS LAST, name LIMIT 10"
)
_PEOPLE_DEALS = (
    "SELECT s.to_id AS id, count(DISTINCT d.id) FILTER (NOT d.is_closed AND d.created_at <= $as_of) AS open, "
    "count(DISTINCT d.id) FILTER (d.is_won AND d.closed_at <= $as_of) AS won FROM associations s "
    "JOIN deals d ON d.id = s.from_id AND s.from_object = 'deal' AND s.to_object = 'contact' "
    "WHERE NOT d.deleted AND d.company_id = $id GROUP BY 1"
)
_ACTIVITY = (
    "WITH mine AS (SELECT DISTINCT a.id, a.type, a.direction, a.occurred_at FROM activities a JOIN associations s ON "
    "s.from_object = 'activity' AND s.from_id = a.id WHERE NOT a.deleted AND NOT coalesce(a.automated, false) AND "
    "a.known_at <= $as_of AND ((s.to_object = 'company' AND s.to_id = $id) OR (s.to_object = 'contact' AND s.to_id IN "
    "(SELECT id FROM contacts WHERE company_id = $id)) OR (s.to_object = 'deal' AND s.to_id IN "
    "(SELECT id FROM deals WHERE company_id = $id)))) SELECT type, coalesce(direction, '') AS direction, "
    "count(*) FILTER (occurred_at BETWEEN $since AND $as_of) AS last_90_days, "
    "count(*) FILTER (occurred_at > $as_of) AS planned, "
    "CASE WHEN max(occurred_at) FILTER (occurred_at <= $as_of) IS NULL THEN NULL ELSE "
    "strftime(make_timestamp(max(occurred_at) FILTER (occurred_at <= $as_of) * 1000), '%Y-%m-%d') END AS last "
    "FROM mine GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
)

_NAMED = (
    "SELECT id FROM companies WHERE NOT coalesce(deleted, false) AND (id = $text OR lower(trim(name)) = lower(trim($text))) "
    "ORDER BY id = $text DESC, id LIMIT 3"
)
_CONTACTS = (
    "SELECT CASE source_object WHEN 'Lead' THEN 'leads' ELSE 'contacts' END AS object, id FROM contacts "
    "WHERE company_id = $id AND NOT coalesce(deleted, false) ORDER BY id"
)
_DEALS = (
    "SELECT d.id, d.name, coalesce(s.label, d.stage) AS stage, d.is_closed, d.is_won, d.closed_at FROM deals d LEFT JOIN "
    "(SELECT stage, max(label) AS label FROM stages WHERE object = 'deals' GROUP BY 1) s USING (stage) "
    "WHERE d.company_id = $id AND NOT coalesce(d.deleted, false) ORDER BY d.id"
)

Row = dict[str, Any]


def named(engine: DuckEngine, text: str) -> list[str]:
    """The ids of companies that have this id, else this name in any case: at most three."""
    return [str(r["id"]) for r in _rows(engine, _NAMED, text=text)]


def people_of(engine: DuckEngine, company_id: str) -> list[RecordRef]:
    """All their people, as contacts or as leads."""
    return [RecordRef(str(r["object"]), str(r["id"])) for r in _rows(engine, _CONTACTS, id=company_id)]


def deals_now(engine: DuckEngine, company_id: str) -> list[Row]:
    """All their deals as they are: id, name, stage (its label), is_closed, is_won, closed_at."""
    return _rows(engine, _DEALS, id=company_id)


def won_deals(engine: DuckEngine, company_id: str, as_of: int) -> list[Row]:
    """Deals won by a time (ms), the newest first: name, amount, currency, closed_at, type."""
    return _rows(engine, _WON, id=company_id, as_of=as_of)


def open_deals(engine: DuckEngine, company_id: str, as_of: int) -> list[Row]:
    """Open deals made by a time (ms), the largest first: id, name, amount, currency, close_date, created_at, stage."""
    return _rows(engine, _OPEN, id=company_id, as_of=as_of)


def owner(engine: DuckEngine, company_id: str) -> str | None:
    """Who looks after them, by name and address."""
    rows = _rows(engine, _OWNER, id=company_id)
    return str(rows[0]["name"]) if rows else None


def products(engine: DuckEngine, company_id: str) -> list[Row]:
    """What they bought: product, deals, quantity."""
    return _rows(engine, _PRODUCTS, id=company_id)


def people(engine: DuckEngine, company_id: str, as_of: int) -> list[Row]:
    """Their contacts, those with the newest activity first: id, name, title, email_opt_out, bounced, last (ms)."""
    return _rows(engine, _PEOPLE, id=company_id, as_of=as_of)


def deals_of_people(engine: DuckEngine, company_id: str, as_of: int) -> list[Row]:
    """Open and won deals by contact: id, open, won."""
    return _rows(engine, _PEOPLE_DEALS, id=company_id, as_of=as_of)


def activity(engine: DuckEngine, company_id: str, as_of: int, since: int) -> list[Row]:
    """What people did since a time (ms) and what is planned: type, direction, last_90_days, planned, last (a date)."""
    return _rows(engine, _ACTIVITY, id=company_id, as_of=as_of, since=since)


def _rows(engine: DuckEngine, sql: str, **values: object) -> list[Row]:
    found = engine.con.execute(sql, values)
    names = [c[0] for c in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
