"""The contract of the neutral tables: their columns and types, and how a CRM's fields are named in the raw tables.

A connector says as data how its raw tables map onto them; the engine makes views of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Account(NamedTuple):
    """What the neutral tables need of the account itself, beside its rows: its own currency ("": not told) and time zone."""

    currency: str = ""
    time_zone: str = "UTC"


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
        "forecast_category": TEXT,
        "loss_reason": TEXT,
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
        "outcome": TEXT,
        "deleted": FLAG,
    },
    # What people wrote, as signals: the text itself is kept nowhere (docs/decisions/text-never-stored.md).
    "signals": {
        "activity_id": TEXT,
        "type": TEXT,
        "direction": TEXT,
        "occurred_at": MS,
        "known_at": MS,
        "language": TEXT,
        "intent": TEXT,
        "sentiment": REAL,
        "unsubscribed": FLAG,
        "competitors": TEXT,
        "products": TEXT,
        "rules": WHOLE,
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
    # The country as the CRM has it: a code, or a name in any language.
    "owners": {
        "id": TEXT,
        "email": TEXT,
        "first_name": TEXT,
        "last_name": TEXT,
        "country": TEXT,
        "active": FLAG,
    },
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
    # What an owner is to book: goals or quotas of the CRM. `excluded` says why one is no target of an owner's revenue ("" for
    # one that is), `part` of what single part of the revenue it is ("" for all).
    "goals": {
        "id": TEXT,
        "owner_id": TEXT,
        "excluded": TEXT,
        "part": TEXT,
        "amount": MONEY,
        "currency": TEXT,
        "start_at": MS,
        "end_at": MS,
        "created_at": MS,
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
    # Kept by our own pulls, where the CRM keeps no history of a field (see `engine.field_values`).
    "field_values": {"object": TEXT, "record_id": TEXT, "field": TEXT, "value": TEXT, "seen_at": MS},
    "watched_fields": {"object": TEXT, "field": TEXT, "since": MS},
    "first_sights": {"object": TEXT, "record_id": TEXT, "seen_at": MS},
    "currencies": {"code": TEXT, "rate": REAL, "start_at": MS, "end_at": MS},
    "org": {"currency": TEXT, "time_zone": TEXT},
}

# Of money a CRM holds sixteen digits before the point; a number beyond is nobody's amount, size or count.
MOST = 1e16
# The last millisecond of the year 9999 and the first of the year 1: what is outside is no moment of a customer's.
LAST_MS, FIRST_MS = 253_402_300_799_999, -62_135_596_800_000

SIGNALS = {
    "_text_language": TEXT,
    "_text_intent": TEXT,
    "_text_sentiment": TEXT,
    "_text_unsubscribed": FLAG,
    "_text_competitors": TEXT,
    "_text_products": TEXT,
    "_text_rules": MS,
}
"""Columns of a raw table of activities that take the place of the text: empty where nothing was written."""

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


OVER_OURS = "over_ours"
"""How a field is known that is computed from fields of ours: whatever its history, nobody may learn from it."""


class CustomField(NamedTuple):
    """A field that the customer added: its object by the neutral name, and the CRM's name and type of the field."""

    object: str
    name: str
    type: str


@dataclass(frozen=True)
class Source:
    """Rows of a neutral table: where they come from and its columns, as expressions of the engine's SQL.

    `extra` are columns beyond the contract: the customer's own fields. `where` says which of the rows, "" for all.
    """

    sql_from: str
    columns: Mapping[str, str]
    extra: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


TableMapping = Mapping[str, Sequence[Source]]
"""How a CRM's raw tables map onto the neutral ones: the rows of each table by its sources; none is an empty table."""

MERGES = {
    "merges_read": {"object": TEXT, "old_id": TEXT, "new_id": TEXT},
    "merges_undone": {"object": TEXT, "old_id": TEXT, "new_id": TEXT},
}
"""What the raw tables tell of records that were merged, and of merges that were undone: not neutral, but mapped alike."""

FREE_MAIL_TABLE = "_free_mail"
"""The engine's table of domains at which anybody can have an address (column `domain`), for mappings to look into."""
