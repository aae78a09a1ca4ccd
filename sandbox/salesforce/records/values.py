"""What a field takes: the checks and the spelling of a value on its way in."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sandbox.lengths import length
from sales_consultant.sandbox.salesforce.org import NUMERIC, VENDOR, ApiError, Field, Org, ids, stamp


def accept(org: Org, f: Field, value: Any) -> Any:
    """The value as it is kept. Raises ApiError with the vendor's code."""
    if value is None or value == "":
        return False if f.type == "boolean" else None
    if f.type in NUMERIC:
        return _number(f, value)
    match f.type:
        case "boolean":
            return _truth(f, value)
        case "date":
            return _date(f, value)
        case "datetime":
            return _datetime(f, value)
        case "id" | "reference":
            return _reference(org, f, value)
        case "complexvalue":
            return value
    return _text(f, value)


def _text(f: Field, given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise _wrong(f, given)
    value = str(given)
    if f.type == "picklist" and f.restricted and f.options:
        value = _option(f, value)
    if f.type == "multipicklist":
        value = ";".join(dict.fromkeys(p.strip() for p in value.split(";") if p.strip()))
    if f.type == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise ApiError("INVALID_EMAIL_ADDRESS", f"{f.label}: invalid email address: {value}", fields=[f.name])
    if f.length and length(value) > f.length:
        raise ApiError(
            "STRING_TOO_LONG",
            f"{f.label}: data value too large: {value[:200]} (max length={f.length})",
            fields=[f.name],
        )
    return value


def _option(f: Field, value: str) -> str:
    """The option that a value names: compared without regard to case, kept as the definition spells it."""
    listed = [v for v, _ in f.options]
    near = [v for v in listed if v == value] or [v for v in listed if v.lower() == value.lower()]
    if not near:
        raise ApiError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{f.label}: bad value for restricted picklist field: {value}",
            fields=[f.name],
        )
    return near[0]


def _wrong(f: Field, value: Any) -> ApiError:
    return ApiError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{f.label}: value not of required type: {value}", fields=[f.name]
    )


def _number(f: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(f, value)
    try:
        exact = Decimal(value.strip() if isinstance(value, str) else repr(value))
    except InvalidOperation:
        raise _wrong(f, value) from None
    if not exact.is_finite():
        raise _wrong(f, value)
    rounded = exact.quantize(Decimal(1).scaleb(-f.scale), ROUND_HALF_UP) if exact.adjusted() < 25 else exact
    if f.precision and abs(rounded) >= Decimal(10) ** (f.precision - f.scale):
        raise ApiError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{f.label}: value outside of valid range on numeric field: {value}",
            fields=[f.name],
        )
    if f.type == "int":
        return int(rounded)
    found = float(rounded)
    if not math.isfinite(found):
        raise _wrong(f, value)
    return found


def _truth(f: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in ("true", "false", "1", "0"):
        raise _wrong(f, value)
    return word in ("true", "1")


def _date(f: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(f, value)
    try:
        return stamp(parse_iso(value))[:10]
    except ValueError:
        raise _wrong(f, value) from None


def _datetime(f: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(f, value)
    try:
        return stamp(parse_iso(value))
    except ValueError:
        raise _wrong(f, value) from None


def _reference(org: Org, f: Field, value: Any) -> str:
    full_id = ids.full(value)
    prefixes = {ids.PREFIXES[t] for t in f.targets}
    if full_id is None or (prefixes and full_id[:3] not in prefixes):
        raise ApiError("MALFORMED_ID", f"{f.label}: id value of incorrect type: {value}", fields=[f.name])
    for target in f.targets:
        if ids.PREFIXES[target] == full_id[:3]:
            held = org.store.get(VENDOR, target, full_id)
            if held is not None and not held.archived:
                return full_id
            code = "ENTITY_IS_DELETED" if held is not None else "INVALID_CROSS_REFERENCE_KEY"
            text = "entity is deleted" if held is not None else "invalid cross reference id"
            raise ApiError(code, text, fields=[f.name])
    return full_id
