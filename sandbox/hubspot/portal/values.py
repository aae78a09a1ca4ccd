"""HubSpot's values: texts or null, checked against a property's definition."""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from sales_consultant.sandbox.clock import DAY_MS, iso, parse_iso
from sales_consultant.sandbox.lengths import length

Json = dict[str, Any]
# developers.hubspot.com, Properties: characters of a text.
MAX_TEXT = 65_536


class _RefusedError(ValueError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def to_ms(text: str) -> int:
    """Milliseconds UTC of a datetime value: digits are milliseconds already. Raises ValueError."""
    text = text.strip()
    return int(text) if text.lstrip("-").isdigit() else parse_iso(text)


def plain(value: Any) -> str | None:
    """A JSON value as the text that HubSpot keeps; "" clears and is null."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def check(definition: Mapping[str, Any], value: Any, allowed: Collection[str] | None = None) -> str | None:
    """The text to keep. Raises ValueError with the attribute `code` for a value that HubSpot refuses.

    `allowed` are the options of a property that takes them from elsewhere (owners, pipelines, stages); None: any.
    """
    text = plain(value)
    if text is None:
        return None
    kind = definition["type"]
    if kind == "number":
        return _number(text)
    if kind == "datetime":
        return _moment(text)
    if kind == "date":
        return _date(text)
    if kind in ("enumeration", "bool"):
        return _option(definition, text, allowed)
    if length(text) > MAX_TEXT:
        raise _RefusedError("PROPERTY_VALUE_TOO_LONG", f"the value has more than {MAX_TEXT} characters")
    if definition["name"] == "email" and (text.count("@") != 1 or text.startswith("@") or " " in text):
        raise _RefusedError("INVALID_EMAIL", f"Email address {text} is invalid")
    return text


def _number(text: str) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise _RefusedError("INVALID_DOUBLE", f"{text} was not a valid number.") from None
    if not number.is_finite():
        raise _RefusedError("INVALID_DOUBLE", f"{text} was not a valid number.")
    return text.strip()


def _moment(text: str) -> str:
    try:
        return iso(to_ms(text))
    except (ValueError, OverflowError):
        raise _RefusedError("INVALID_LONG", f"{text} was not a valid long.") from None


def _date(text: str) -> str:
    try:
        ms = to_ms(text)
    except (ValueError, OverflowError):
        raise _RefusedError("INVALID_DATE", f"{text} was not a valid date.") from None
    if ms % DAY_MS:
        raise _RefusedError("INVALID_DATE", f"{text} is at {iso(ms)[11:19]} UTC, not midnight!")
    return iso(ms)[:10]


def _option(definition: Mapping[str, Any], text: str, allowed: Collection[str] | None) -> str:
    options = {o["value"] for o in definition["options"]} if allowed is None else set(allowed)
    if not options and definition["type"] == "enumeration" and allowed is None:
        return text
    parts = text.split(";") if definition["fieldType"] == "checkbox" else [text]
    for part in parts:
        if part not in options:
            listed = ", ".join(
                f"label: {o['label']}, value: {o['value']}" for o in definition["options"][:20]
            )
            raise _RefusedError("INVALID_OPTION", f"{part} was not one of the allowed options: [{listed}]")
    return text


def refusal(name: str, error: ValueError) -> Json:
    """One reason of the list in a validation error."""
    return {
        "isValid": False,
        "message": str(error),
        "error": getattr(error, "code", "INVALID_VALUE"),
        "name": name,
    }


def dumps(values: Mapping[str, str | None]) -> str:
    """The values that are kept of a record: those that are not null."""
    return orjson.dumps({k: v for k, v in values.items() if v is not None}).decode()
