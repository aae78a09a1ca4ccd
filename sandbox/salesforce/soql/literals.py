"""What a literal of SOQL means for a field: the value that SQL compares with, or the vendor's complaint."""

from typing import NamedTuple

from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sandbox.salesforce.org import NUMERIC, ApiError, Field, ids, stamp
from sales_consultant.sandbox.salesforce.soql.date_spans import span
from sales_consultant.sandbox.salesforce.soql.soql import unquote
from sales_consultant.sandbox.salesforce.soql.syntax import Literal

# Kept as milliseconds in columns of their own; every other moment is text.
_COLUMNS = ("CreatedDate", "SystemModstamp", "LastModifiedDate")
Plain = str | int | float | None


class Value(NamedTuple):
    """A value, or with `high` a range [low, high)."""

    low: Plain
    high: Plain = None


def comparable(f: Field, value: Literal, now: int, *, like: bool = False) -> Value:
    """The value of a literal for a field. Raises ApiError INVALID_FIELD where the type is another."""
    if value.kind == "null":
        return Value(None)
    if f.type in ("date", "datetime"):
        return _moment(f, value, now)
    if f.type in NUMERIC:
        if value.kind != "number":
            raise _mismatch(f, "double" if f.type != "int" else "int", quoted=False)
        return Value(float(value.text))
    if f.type == "boolean":
        if value.kind not in ("true", "false"):
            raise _mismatch(f, "boolean", quoted=False)
        return Value(int(value.kind == "true"))
    if value.kind != "string":
        raise _mismatch(f, "reference" if f.type in ("id", "reference") else "string", quoted=True)
    text = unquote(value.text, like=like)
    if f.type in ("id", "reference") and not like:
        if not text:
            return Value(None)
        # A standard object's definition is named by a word, not by an id.
        return Value(text if f.targets == ("EntityDefinition",) else _id(text))
    return Value(text or None)


def _id(text: str) -> str:
    found = ids.full(text)
    if found is None:
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return found


def _moment(f: Field, value: Literal, now: int) -> Value:
    column = f.name in _COLUMNS

    def spelt(ms: int) -> Plain:
        if f.type == "date":
            return stamp(ms)[:10]
        return ms if column else stamp(ms)

    if value.kind == "span":
        return Value(*map(spelt, span(value.text, now)))
    if value.kind != f.type:
        raise _mismatch(f, "dateTime" if f.type == "datetime" else "date", quoted=False)
    try:
        ms = parse_iso(value.text)
    except ValueError:
        raise ApiError("INVALID_FIELD", f"line 1:1 invalid {f.type}: {value.text}") from None
    return Value(spelt(ms))


def _mismatch(f: Field, kind: str, *, quoted: bool) -> ApiError:
    ending = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
    return ApiError(
        "INVALID_FIELD", f"value of filter criterion for field '{f.name}' must be of type {kind} and {ending}"
    )
