"""How HubSpot shows a property's value, and what its API takes as the settings for that."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sales_consultant.sandbox.clock import DAY_MS, HOUR_MS, iso
from sales_consultant.sandbox.hubspot.portal.errors import ApiError, bad
from sales_consultant.sandbox.hubspot.portal.values import to_ms
from sales_consultant.sandbox.money import grouped, money, number, percent

Json = dict[str, Any]
NUMBER_HINTS = ("currency", "duration", "formatted", "percentage", "probability", "unformatted")
TEXT_HINTS = (
    "domain_name", "email", "ip_address", "multi_line", "phone_number", "physical_address", "postal_code",
    "unformatted_single_line",
)  # fmt: skip
SETTINGS = ("numberDisplayHint", "textDisplayHint", "showCurrencySymbol", "currencyPropertyName")
_SPANS = (("d", DAY_MS), ("h", HOUR_MS), ("m", 60_000), ("s", 1000))


def taken(body: Json, held: Json) -> Json:
    """The settings of a body as they are kept: null changes nothing. Raises ApiError for one that HubSpot refuses."""
    settings = {k: body[k] for k in SETTINGS if body.get(k) is not None}
    for key, known in (("numberDisplayHint", NUMBER_HINTS), ("textDisplayHint", TEXT_HINTS)):
        if key in settings and settings[key] not in known:
            raise bad(f"Invalid input JSON: {key} is one of {', '.join(known)}")
    after = {**held, **settings}
    if after.get("currencyPropertyName") is not None and not after.get("showCurrencySymbol"):
        # Once a property of the currency was named, the symbol stays.
        raise ApiError(
            400,
            "VALIDATION_ERROR",
            "Only properties that show a currency symbol can name the property of their currency",
            subCategory="PropertyValidationError.ONLY_CURRENCY_PROPERTIES_CAN_SPECIFY_CURRENCY",
        )
    return settings


def text(definition: Mapping[str, Any], value: str, values: Mapping[str, Any], home: str) -> str:
    """A value as its definition says that people read it; `home` is the company's currency."""
    match definition["type"]:
        case "number":
            return _number(definition, value, values, home)
        case "datetime" | "date":
            return _moment(value, day=definition["type"] == "date")
    labels = {o["value"]: str(o["label"]) for o in definition["options"]}
    if definition["fieldType"] == "checkbox" and ";" in value:
        return ", ".join(labels.get(v, v) for v in value.split(";") if v)
    return labels.get(value, value)


def _number(definition: Mapping[str, Any], value: str, values: Mapping[str, Any], home: str) -> str:
    amount = number(value)
    if amount is None:
        return value
    hint = definition.get("numberDisplayHint")
    if hint == "currency" or definition.get("showCurrencySymbol"):
        named = definition.get("currencyPropertyName")
        return money(amount, str((values.get(named) if named else None) or home))
    if hint in ("percentage", "probability"):
        return percent(amount)
    if hint == "duration":
        return _span(amount)
    # An id is never a figure, whatever its type.
    return value if hint == "unformatted" or definition["name"].endswith("_id") else grouped(amount)


def _span(amount: Decimal) -> str:
    left, found = int(abs(amount)), []
    for unit, length in _SPANS:
        many, left = divmod(left, length)
        found += [f"{many}{unit}"] if many else []
    return ("-" if amount < 0 else "") + (" ".join(found) or "0s")


def _moment(value: str, *, day: bool) -> str:
    try:
        told = iso(to_ms(value))
    except (ValueError, OverflowError):
        return value
    return told[:10] if day else told[:16].replace("T", " ").removesuffix(" 00:00")


def checked_options(type: str, options: list[Json]) -> list[Json]:
    """The options of a property. Raises ApiError where a yes or no has others than true and false."""
    if type == "bool" and sorted(str(o["value"]) for o in options) != ["false", "true"]:
        raise ApiError(
            400,
            "VALIDATION_ERROR",
            f"A property of type bool has exactly the options true and false, not {json.dumps([o['value'] for o in options])}",
            subCategory="PropertyValidationError.INVALID_BOOLEAN_OPTION",
        )
    return options
