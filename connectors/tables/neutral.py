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
        "amount_unread": FLAG,
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
        "gone": FLAG,
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

TYPED = ("number", "bool", "datetime")
"""Kinds of fields whose values may be odd: each has a macro `odd_KIND`."""

CASTS = {
    "number": "to_number({})",
    "bool": "to_flag({})",
    "datetime": "to_ms({})",
    "enumeration": "{}",
    "string": "{}",
}


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


FIELD = "f_"
"""What the raw column of a CRM's own field starts with. Ours (`id`, `_seen` and so on) never do, so that a customer's field
may be called anything and still takes no other column's place."""


def field_column(name: str) -> str:
    """The column of a raw table that holds a field of the CRM.

    >>> field_column("id"), field_column("OwnerId")
    ('f_id', 'f_OwnerId')
    """
    return FIELD + name


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
        # What does not fit (a number too large for money) is empty: one odd value costs that value.
        columns = [f"TRY_CAST({source.columns.get(c, 'NULL')} AS {t}) AS {c}" for c, t in types.items()]
        columns += [f"{source.extra.get(e, 'NULL')} AS {quote(e)}" for e in extras]
        selects.append(f"SELECT {', '.join(columns)} FROM {source.sql_from}")
    if not selects:
        empty = ", ".join(f"CAST(NULL AS {t}) AS {c}" for c, t in types.items())
        selects = [f"SELECT {empty} WHERE false"]
    return f"CREATE OR REPLACE VIEW {table} AS " + " UNION ALL ".join(selects)


class Raw:
    """The raw tables there are, and their columns; a column that was never pulled is NULL."""

    def __init__(self, columns: Mapping[str, Sequence[str]]) -> None:
        self.columns = {t: set(c) for t, c in columns.items()}

    def has(self, table: str) -> bool:
        """Whether a table was ever pulled."""
        return f"raw_{table}" in self.columns

    def holds(self, table: str, name: str) -> bool:
        """Whether a field of the CRM was ever pulled."""
        return field_column(name) in self.columns.get(f"raw_{table}", ())

    def col(self, table: str, name: str, alias: str = "r") -> str:
        """A field of the CRM as an expression."""
        return f"{alias}.{quote(field_column(name))}" if self.holds(table, name) else "CAST(NULL AS VARCHAR)"

    def gone(self, table: str, alias: str = "r") -> str:
        """Whether a small table's row is not listed by the CRM any more, as an expression."""
        return (
            f"coalesce({alias}._gone, false)" if "_gone" in self.columns.get(f"raw_{table}", ()) else "false"
        )

    def first(self, table: str, *names: str) -> str:
        """The first of some fields that holds a value."""
        return f"coalesce({', '.join(self.col(table, n) for n in names)}, NULL)"

    def simple(self, table: str, columns: Mapping[str, str]) -> list[Source]:
        """A table as it is; nothing where it was never pulled."""
        return [Source(f"raw_{table} r", columns)] if self.has(table) else []


def stages(raw: Raw) -> str:
    """The view of stages over a raw table that has the same columns as text, and perhaps whether a stage is in use."""
    active = "r.active" if "active" in raw.columns.get("raw_stages", ()) else "NULL"
    columns = {
        "object": "r.object",
        "pipeline": "r.pipeline",
        "pipeline_label": "r.pipeline_label",
        "stage": "r.stage",
        "label": "r.label",
        "display_order": "to_number(r.display_order)",
        "probability": "to_number(r.probability)",
        "closed": "to_flag(r.closed)",
        "won": "to_flag(r.won)",
        "gone": f"{raw.gone('stages')} OR NOT coalesce(to_flag({active}), true)",
    }
    return view("stages", raw.simple("stages", columns))


OVER_OURS = "over_ours"
"""How a field is known that is computed from fields of ours: whatever its history, nobody may learn from it."""


def fields(raw: Raw, known: str = "r.known") -> str:
    """The view of field descriptions; `known` says by SQL whether past values of a field are known."""
    columns = {
        "object": "r.object",
        "column_name": "r.column_name",
        "name": "r.name",
        "label": "r.label",
        "type": "r.type",
        "custom": "to_flag(r.custom)",
        "calculated": "to_flag(r.calculated)",
        "known": known,
        "ours": "to_flag(r.ours)",
    }
    return view("fields", raw.simple("fields", columns))


def currencies(raw: Raw) -> str:
    """The view of currencies and their rates."""
    columns = {
        "code": "r.code",
        "rate": "to_number(r.rate)",
        "start_at": "to_ms(r.start_at)",
        "end_at": "to_ms(r.end_at)",
    }
    return view("currencies", raw.simple("currencies", columns))
