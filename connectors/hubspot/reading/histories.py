"""What HubSpot tells of the past, as neutral rows: of deals, of fields, and of forms and visits."""

from collections.abc import Mapping, Sequence

from sales_consultant.config.neutral import CustomField, Source, literal
from sales_consultant.connectors.hubspot.reading.schema import CORE, SALES_LEADS, TOUCHES, link_table
from sales_consultant.connectors.tables import Raw

_HISTORY_COLUMNS = {
    "dealstage": "stage",
    "amount": "amount",
    "closedate": "close_date",
    "hubspot_owner_id": "owner_id",
}


def deal_history(raw: Raw) -> list[Source]:
    """What a deal's stage, amount, close date and owner were, and when each changed."""
    if not raw.has("deals_history"):
        return []
    values = ", ".join(
        f"max(value) FILTER (property = {literal(p)}) AS {c}" for p, c in _HISTORY_COLUMNS.items()
    )
    names = ", ".join(literal(p) for p in _HISTORY_COLUMNS)
    source = f"(SELECT record_id, _changed, {values} FROM raw_deals_history WHERE property IN ({names}) GROUP BY 1, 2) r"
    columns = {
        "deal_id": "r.record_id",
        "changed_at": "r._changed",
        "stage": "r.stage",
        "amount": "to_money(r.amount)",
        "close_date": "to_ms(r.close_date)",
        "owner_id": "r.owner_id",
    }
    return [Source(source, columns)]


def touches(raw: Raw, columns: Mapping[str, str]) -> list[Source]:
    """Forms and visits of contacts, each once, as far as the history of the contact's analytics tells them."""
    if not raw.has("contacts_history"):
        return []
    pairs = ", ".join(f"({literal(p)}, {literal(kind)})" for p, kind in TOUCHES.items())
    # Who was merged brings its past along, and both ids then tell the same of it.
    source = (
        "(SELECT t.kind || ':' || coalesce(m.new_id, h.record_id) || ':' || h.value AS id, t.kind, h.value, "
        "coalesce(m.new_id, h.record_id) AS contact, min(h._changed) AS known FROM raw_contacts_history h "
        f"JOIN (VALUES {pairs}) t(property, kind) ON t.property = h.property "
        "LEFT JOIN merges m ON m.object = 'contacts' AND m.old_id = h.record_id WHERE h.value <> '' GROUP BY 1, 2, 3, 4) r"
    )
    return [Source(source, columns)]


def field_history(raw: Raw, fields: Sequence[CustomField]) -> list[Source]:
    """Past values of the fields that are read with their history."""
    standard = {
        "contacts": {"lifecyclestage": "lifecycle_stage", "hs_lead_status": "status", "jobtitle": "title"},
        "companies": {"industry": "industry"},
        "deals": {"pipeline": "pipeline", "dealtype": "type"},
    }
    sources = []
    for obj in CORE:
        if not raw.has(f"{obj}_history"):
            continue
        names = {**standard.get(obj, {}), **{f.name: f"c_{f.name}" for f in fields if f.object == obj}}
        if not names:
            continue
        # A join, not a CASE: DuckDB 2.0 fails to bind one over a column whose values are all outside of it.
        pairs = ", ".join(f"({literal(p)}, {literal(c)})" for p, c in sorted(names.items()))
        sources.append(
            Source(
                f"raw_{obj}_history r JOIN (VALUES {pairs}) m(property, field) ON m.property = r.property",
                {
                    "object": literal(obj),
                    "record_id": "r.record_id",
                    "field": "m.field",
                    "value": "nullif(r.value, '')",
                    "changed_at": "r._changed",
                },
            )
        )
    return sources + _lead_stages(raw)


def _lead_stages(raw: Raw) -> list[Source]:
    """The stages that HubSpot's lead object went through, as history of the contact it is about."""
    links = link_table(SALES_LEADS, "contacts")
    if not raw.has(f"{SALES_LEADS}_history") or not raw.has(links):
        return []
    source = (
        f"(SELECT l.to_id AS contact_id, h.value, h._changed FROM raw_{SALES_LEADS}_history h JOIN raw_{links} l ON "
        "l.from_id = h.record_id WHERE h.property = 'hs_pipeline_stage') r "
        "LEFT JOIN merges m ON m.object = 'contacts' AND m.old_id = r.contact_id"
    )
    columns = {
        "object": "'contacts'",
        "record_id": "coalesce(m.new_id, r.contact_id)",
        "field": "'lead_stage'",
        "value": "nullif(r.value, '')",
        "changed_at": "r._changed",
    }
    return [Source(source, columns)]
