"""The neutral tables (DESIGN section 4) and how a connector's raw tables are put under them as views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

TEXT, MS, FLAG, MONEY, REAL, WHOLE = "VARCHAR", "BIGINT", "BOOLEAN", "DECIMAL(18,2)", "DOUBLE", "INTEGER"

NEUTRAL: dict[str, dict[str, str]] = {
    "contacts": {
        "id": TEXT,
        "source_object": TEXT,
        "email": TEXT,
        "domain": TEXT,
        "first_name": TEXT,
        "last_name": TEXT,
        "title": TEXT,
        "company_id": TEXT,
        "owner_id": TEXT,
        "lead_source": TEXT,
        "lifecycle_stage": TEXT,
        "status": TEXT,
        "email_opt_out": FLAG,
        "do_not_call": FLAG,
        "bounced": FLAG,
        "is_converted": FLAG,
        "converted_at": MS,
        "converted_contact_id": TEXT,
        "converted_deal_id": TEXT,
        "do_not_score": FLAG,
        "created_at": MS,
        "modified_at": MS,
        "deleted": FLAG,
    },
    "companies": {
        "id": TEXT,
        "name": TEXT,
        "domain": TEXT,
        "industry": TEXT,
        "owner_id": TEXT,
        "do_not_score": FLAG,
        "created_at": MS,
        "modified_at": MS,
        "deleted": FLAG,
    },
    "deals": {
        "id": TEXT,
        "name": TEXT,
        "company_id": TEXT,
        "owner_id": TEXT,
        "pipeline": TEXT,
        "stage": TEXT,
        "type": TEXT,
        "record_type": TEXT,
        "amount": MONEY,
        "currency": TEXT,
        "close_date": MS,
        "created_at": MS,
        "closed_at": MS,
        "is_closed": FLAG,
        "is_won": FLAG,
        "do_not_score": FLAG,
        "modified_at": MS,
        "deleted": FLAG,
    },
    "deal_history": {
        "deal_id": TEXT,
        "changed_at": MS,
        "stage": TEXT,
        "amount": MONEY,
        "close_date": MS,
        "probability": REAL,
        "owner_id": TEXT,
    },
    "activities": {
        "id": TEXT,
        "type": TEXT,
        "direction": TEXT,
        "automated": FLAG,
        "status": TEXT,
        "occurred_at": MS,
        "known_at": MS,
        "owner_id": TEXT,
        "subject": TEXT,
        "body": TEXT,
        "outcome": TEXT,
        "deleted": FLAG,
    },
    "associations": {
        "from_object": TEXT,
        "from_id": TEXT,
        "to_object": TEXT,
        "to_id": TEXT,
        "label": TEXT,
        "known_at": MS,
        "first_seen": MS,
    },
    "products": {"id": TEXT, "name": TEXT, "price": MONEY},
    "line_items": {
        "id": TEXT,
        "deal_id": TEXT,
        "product_id": TEXT,
        "name": TEXT,
        "quantity": REAL,
        "amount": MONEY,
        "known_at": MS,
        "first_seen": MS,
        "deleted": FLAG,
    },
    "owners": {"id": TEXT, "email": TEXT, "first_name": TEXT, "last_name": TEXT, "active": FLAG},
    "stages": {
        "object": TEXT,
        "pipeline": TEXT,
        "pipeline_label": TEXT,
        "stage": TEXT,
        "label": TEXT,
        "display_order": WHOLE,
        "probability": REAL,
        "closed": FLAG,
        "won": FLAG,
    },
    "campaigns": {
        "id": TEXT,
        "name": TEXT,
        "type": TEXT,
        "start_at": MS,
        "end_at": MS,
        "cost": MONEY,
        "currency": TEXT,
    },
    "campaign_members": {
        "id": TEXT,
        "campaign_id": TEXT,
        "contact_id": TEXT,
        "status": TEXT,
        "responded_at": MS,
        "known_at": MS,
    },
    "field_history": {"object": TEXT, "record_id": TEXT, "field": TEXT, "value": TEXT, "changed_at": MS},
    "fields": {
        "object": TEXT,
        "column_name": TEXT,
        "name": TEXT,
        "label": TEXT,
        "type": TEXT,
        "custom": FLAG,
        "calculated": FLAG,
        "known": TEXT,
        "ours": FLAG,
    },
    "currencies": {"code": TEXT, "rate": REAL, "start_at": MS, "end_at": MS},
    "org": {"currency": TEXT, "time_zone": TEXT},
}

# A moment may come as ISO 8601 text or as digits of milliseconds; a date alone is midnight UTC.
_TO_MS = (
    "CREATE OR REPLACE MACRO to_ms(v) AS CASE WHEN regexp_full_match(v, '-?[0-9]+') THEN TRY_CAST(v AS BIGINT) "
    "ELSE epoch_ms(TRY_CAST(replace(v, '+0000', '+00:00') AS TIMESTAMP)) END"
)
MACROS = (
    _TO_MS,
    "CREATE OR REPLACE MACRO to_flag(v) AS lower(v) IN ('true', '1', 'yes')",
    "CREATE OR REPLACE MACRO to_money(v) AS TRY_CAST(TRY_CAST(v AS DOUBLE) AS DECIMAL(18,2))",
)

CASTS = {
    "number": "TRY_CAST({} AS DOUBLE)",
    "bool": "to_flag({})",
    "datetime": "to_ms({})",
    "enumeration": "{}",
    "string": "{}",
}


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Source:
    """One SELECT of a neutral view: columns by expression, and where they come from."""

    sql_from: str
    columns: Mapping[str, str]
    extra: Mapping[str, str] = field(default_factory=dict)


def view(table: str, sources: Sequence[Source]) -> str:
    """The statement that makes a neutral view; columns without a source are NULL, no source is an empty table."""
    types = NEUTRAL[table]
    extras = sorted({name for s in sources for name in s.extra})
    selects = []
    for source in sources:
        unknown = set(source.columns) - set(types)
        if unknown:
            raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
        columns = [f"CAST({source.columns.get(c, 'NULL')} AS {t}) AS {c}" for c, t in types.items()]
        columns += [f"{source.extra.get(e, 'NULL')} AS {quote(e)}" for e in extras]
        selects.append(f"SELECT {', '.join(columns)} FROM {source.sql_from}")
    if not selects:
        empty = ", ".join(f"CAST(NULL AS {t}) AS {c}" for c, t in types.items())
        selects = [f"SELECT {empty} WHERE false"]
    return f"CREATE OR REPLACE VIEW {table} AS " + " UNION ALL ".join(selects)
