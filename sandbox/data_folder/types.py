"""What a data folder's tables are made of: known columns and their types, references, and types of custom fields."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sales_consultant.sandbox.clock import parse_iso

CustomType = Literal["number", "bool", "datetime", "enumeration", "string"]
# Texts of more kinds than this, or longer ones, are no list to choose from. Judgements: longer lists are mostly names.
MAX_OPTIONS = 50
MAX_OPTION = 100

_PERSON = {
    "id": "text", "email": "text", "first_name": "text", "last_name": "text", "title": "text", "company_id": "text",
    "owner_id": "text", "lead_source": "text", "lifecycle_stage": "text", "email_opt_out": "true or false",
    "do_not_call": "true or false", "bounced": "true or false", "created_at": "a time",
}  # fmt: skip
TABLES: Mapping[str, Mapping[str, str]] = {
    "companies": {
        "id": "text", "name": "text", "domain": "text", "industry": "text", "created_at": "a time", "owner_id": "text",
    },
    "contacts": _PERSON,
    "leads": {
        **_PERSON, "company_name": "text", "status": "text", "converted_at": "a time",
        "converted_contact_id": "text", "converted_deal_id": "text",
    },
    "deals": {
        "id": "text", "name": "text", "company_id": "text", "contact_id": "text", "owner_id": "text",
        "pipeline": "text", "stage": "text", "type": "text", "record_type": "text", "amount": "a number",
        "currency": "text", "forecast_category": "text", "close_date": "a time", "created_at": "a time",
        "closed_at": "a time",
    },
    "deal_stage_history": {"deal_id": "text", "stage": "text", "entered_at": "a time"},
    "deal_history": {
        "deal_id": "text", "changed_at": "a time", "stage": "text", "amount": "a number", "close_date": "a time",
    },
    "activities": {
        "id": "text", "type": "activity", "direction": "direction", "automated": "true or false", "status": "text",
        "occurred_at": "a time", "created_at": "a time", "contact_id": "text", "lead_id": "text", "deal_id": "text",
        "company_id": "text", "owner_id": "text", "subject": "text", "body": "text", "outcome": "text",
    },
    "associations": {
        "from_object": "object", "from_id": "text", "to_object": "object", "to_id": "text", "created_at": "a time",
    },
    "stages": {
        "pipeline": "text", "stage": "text", "label": "text", "display_order": "a number", "probability": "a number",
        "is_closed": "true or false", "is_won": "true or false",
    },
    "owners": {
        "id": "text", "email": "text", "first_name": "text", "last_name": "text", "country": "text", "country_code": "text",
    },
    "products": {"id": "text", "name": "text", "price": "a number"},
    "line_items": {
        "id": "text", "deal_id": "text", "product_id": "text", "quantity": "a number", "amount": "a number",
        "created_at": "a time",
    },
    "deal_contacts": {
        "deal_id": "text", "contact_id": "text", "role": "text", "is_primary": "true or false", "created_at": "a time",
    },
    "currencies": {"code": "text", "rate": "a number"},
    "campaigns": {
        "id": "text", "name": "text", "type": "text", "start_at": "a time", "end_at": "a time", "cost": "a number",
        "currency": "text",
    },
    "campaign_members": {
        "id": "text", "campaign_id": "text", "contact_id": "text", "lead_id": "text", "status": "text",
        "responded_at": "a time",
    },
    "goals": {
        "id": "text", "owner_id": "text", "kind": "text", "amount": "a number", "currency": "text", "start_at": "a time",
        "end_at": "a time",
    },
    "field_history": {
        "object": "object", "record_id": "text", "field": "text", "value": "text", "changed_at": "a time",
    },
}  # fmt: skip
# Tables whose further columns are custom fields; the others only link or describe.
FIELDED = ("companies", "contacts", "leads", "deals", "activities", "products", "line_items", "campaigns")
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "deal_stage_history": ("deal_id", "stage", "entered_at"),
    "deal_history": ("deal_id", "changed_at"),
    "activities": ("id", "type"),
    "associations": ("from_object", "from_id", "to_object", "to_id"),
    "stages": ("pipeline", "stage"),
    "line_items": ("id", "deal_id"),
    "deal_contacts": ("deal_id", "contact_id"),
    "currencies": ("code", "rate"),
    "campaign_members": ("campaign_id",),
    "field_history": ("object", "record_id", "field", "changed_at"),
}
_PEOPLE = {"company_id": "companies", "owner_id": "owners"}
REFERENCES: Mapping[str, Mapping[str, str]] = {
    "companies": {"owner_id": "owners"},
    "contacts": _PEOPLE,
    "leads": {**_PEOPLE, "converted_contact_id": "contacts", "converted_deal_id": "deals"},
    "deals": {**_PEOPLE, "contact_id": "contacts"},
    "deal_stage_history": {"deal_id": "deals"},
    "deal_history": {"deal_id": "deals"},
    "activities": {**_PEOPLE, "contact_id": "contacts", "lead_id": "leads", "deal_id": "deals"},
    "line_items": {"deal_id": "deals", "product_id": "products"},
    "deal_contacts": {"deal_id": "deals", "contact_id": "contacts"},
    "campaign_members": {"campaign_id": "campaigns", "contact_id": "contacts", "lead_id": "leads"},
    "goals": {"owner_id": "owners"},
}
# A row of these says nothing once an end of it is missing.
LINKS = frozenset({
    "deal_stage_history", "deal_history", "associations", "line_items", "deal_contacts", "campaign_members",
    "field_history",
})  # fmt: skip
ACTIVITY_TYPES = ("call", "email", "meeting", "note", "task", "form", "visit", "marketing_email", "chat")
_OBJECTS = {
    **{n: n for n in TABLES},
    "company": "companies", "contact": "contacts", "lead": "leads", "deal": "deals", "activity": "activities",
    "product": "products", "line_item": "line_items", "campaign": "campaigns",
}  # fmt: skip
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?\Z")


@dataclass(frozen=True)
class CustomField:
    """A column that no table knows: its name in the file, a name that APIs take, its type and its options."""

    column: str
    name: str
    type: CustomType
    options: tuple[str, ...] = ()


def field_name(column: str) -> str:
    """A column's name in lower case, of a-z, 0-9 and `_`, beginning with a letter."""
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if name[:1].isalpha() else f"f_{name}".rstrip("_")


def number(value: Any) -> int | float:
    """A number, whole where it is one. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("it is a truth value")  # noqa: TRY004 - every parser raises the same
    found = float(value)
    if not math.isfinite(found):
        raise ValueError("it is not finite")
    # Up to 2**53 a float holds every whole number exactly.
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return _TRUTH[str(value).strip().lower()]
    except KeyError:
        raise ValueError("write true or false") from None


def _time(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("write ISO 8601, as 2024-06-01T10:00:00Z")  # noqa: TRY004
    return parse_iso(value)


def _one_of(words: Mapping[str, str]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        found = words.get(str(value).strip().lower())
        if found is None:
            raise ValueError(f"one of {', '.join(dict.fromkeys(words.values()))}")
        return found

    return convert


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "text": str,
    "a number": number,
    "true or false": _truth,
    "a time": _time,
    "activity": _one_of({t: t for t in ACTIVITY_TYPES}),
    "direction": _one_of({"inbound": "inbound", "outbound": "outbound"}),
    "object": _one_of(_OBJECTS),
}


def parse(kind: str) -> Callable[[Any], Any]:
    """What turns a cell into a value of a known column's type; it raises ValueError."""
    return _PARSERS[kind]


def infer(values: Sequence[Any]) -> tuple[CustomType, tuple[str, ...], Callable[[Any], Any]]:
    """The type of a custom column, its options, and what converts its cells. All cells must agree."""
    held = {v for v in values if v is not None}
    if not held:
        return "string", (), str
    if all(isinstance(v, bool) for v in held):
        return "bool", (), bool
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in held):
        return "number", (), number
    texts = {str(v) for v in held}
    if all(_NUMBER.match(t) for t in texts):
        return "number", (), number
    if {t.lower() for t in texts} <= {"true", "false"}:
        return "bool", (), _truth
    if all(_TIME.match(t) for t in texts) and _all_times(texts):
        return "datetime", (), _time
    if len(texts) <= MAX_OPTIONS and all(
        len(t) <= MAX_OPTION and "\n" not in t and ";" not in t for t in texts
    ):
        return "enumeration", tuple(sorted(texts)), str
    return "string", (), str


def _all_times(texts: set[str]) -> bool:
    try:
        for text in texts:
            parse_iso(text)
    except ValueError:
        return False
    return True
