"""One canonical form of every value we write, shared by plan, push and read-back.

Vendors round, trim and re-spell: HubSpot returns numbers as text, Salesforce rounds to the field's scale. Values are
compared only in the form that `canon` gives, or a difference would never settle and every night would write again.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from sales_consultant.config.fields.catalogue import Field, FieldType
from sales_consultant.config.language.texts import cut

Canonical = str | None
# Also halves of a surrogate pair and what Unicode says is no sign at all: no CRM keeps either.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_SPACES = re.compile(r"\s+")


class CanonError(ValueError):
    """A value that its field cannot hold."""


def _number(field: Field, value: object) -> str:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as e:
        raise CanonError(f"{field.key} must be a number, not {value!r}") from e
    if not number.is_finite():
        raise CanonError(f"{field.key} must be a finite number, not {value!r}")
    # Before rounding, which has a limit of digits itself, and after it, for rounding may add a digit.
    if abs(number) < Decimal(10) ** field.digits:
        number = number.quantize(Decimal(1).scaleb(-field.scale), rounding=ROUND_HALF_EVEN)
    if abs(number) >= Decimal(10) ** field.digits:
        raise CanonError(f"{field.key} has no room for {value!r}")
    return format(number + 0 if number else abs(number), "f")


def _text(field: Field, value: object) -> str | None:
    text = _SPACES.sub(" ", _CONTROL.sub(" ", str(value))).strip()
    return cut(text, field.length).rstrip() or None


def _lines(field: Field, value: object) -> str | None:
    rows = (_SPACES.sub(" ", _CONTROL.sub(" ", line)).strip() for line in str(value).splitlines())
    # A CRM may keep the end of a line as two signs, as Salesforce does of what people type.
    text = cut("\r\n".join(r for r in rows if r), field.length)
    return text.replace("\r", "").rstrip() or None


def _date(field: Field, value: object) -> str:
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip()
    try:
        # Eight digits are a date as ISO 8601 writes it without dashes; more are milliseconds, as HubSpot sends them.
        if re.fullmatch(r"-?\d{9,}", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as e:
        raise CanonError(f"{field.key} must be a date, not {value!r}") from e


def _datetime(field: Field, value: object) -> str:
    """UTC to the second: what every vendor keeps."""
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, int) or re.fullmatch(r"-?\d{9,}", str(value).strip()):
            moment = datetime.fromtimestamp(int(str(value)) / 1000, UTC)
        else:
            moment = datetime.fromisoformat(str(value).strip().replace("+0000", "+00:00"))
    except ValueError as e:
        raise CanonError(f"{field.key} must be a date and time, not {value!r}") from e
    if moment.tzinfo is None:
        raise CanonError(f"{field.key} must name its time zone: {value!r}")
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _enumeration(field: Field, value: object) -> str:
    text = str(value).strip()
    for option in field.options:
        if text.lower() == option.lower():
            return option
    raise CanonError(f"{field.key} has no option {value!r}; it has {', '.join(field.options)}")


def _bool(field: Field, value: object) -> str:
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise CanonError(f"{field.key} must be true or false, not {value!r}")
    return text


_BY_TYPE: dict[FieldType, Callable[[Field, object], str | None]] = {
    "number": _number,
    "percent": _number,
    "money": _number,
    "text": _text,
    "long_text": _lines,
    "date": _date,
    "datetime": _datetime,
    "enumeration": _enumeration,
    "bool": _bool,
}


def canon(field: Field, value: object) -> Canonical:
    """The canonical text of a value, or None where the field is, or shall be, empty.

    Idempotent: canon(f, canon(f, v)) == canon(f, v). Raises CanonError for a value that the field cannot hold.

    >>> from sales_consultant.config.fields.catalogue import by_key
    >>> canon(by_key("probability"), 0.61238), canon(by_key("score"), "72.0"), canon(by_key("top_reason"), "")
    ('0.6124', '72', None)
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return _BY_TYPE[field.type](field, value)


def written(field: Field, value: object) -> Canonical:
    """The canonical text of a value that we are about to write: as `canon`, and held to what we may say at all.

    What is read from the CRM is never held to it: there a probability of 1 is what it is, and a difference to ours.

    >>> from sales_consultant.config.fields.catalogue import by_key
    >>> written(by_key("probability"), 0.99999), written(by_key("probability"), 0), written(by_key("score"), 0)
    ('0.9999', '0.0001', '0')
    """
    text = canon(field, value)
    if text is None or field.within is None:
        return text
    low, high = field.within
    return canon(field, min(max(Decimal(text), Decimal(low)), Decimal(high)))
