"""SOQL's functions of a field: parts of a date, labels of picklists, amounts in the user's currency, texts for people.

A function stands around its field in a path, as `CALENDAR_YEAR(CreatedDate)`; spans of a year are those of UTC, fiscal ones
those of a fiscal year that begins in January, which is what an org has until somebody changes it.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sandbox.salesforce.org import NUMERIC, VENDOR, ApiError, Field, Org

Json = dict[str, Any]
Showing = Callable[[Any, Json], Any]
# Kept as milliseconds in columns of their own; every other moment is text.
_COLUMNS = ("CreatedDate", "SystemModstamp", "LastModifiedDate")
_DATES = {
    "CALENDAR_YEAR": "CAST(strftime('%Y', {0}) AS INTEGER)",
    "CALENDAR_QUARTER": "(CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3",
    "CALENDAR_MONTH": "CAST(strftime('%m', {0}) AS INTEGER)",
    "DAY_IN_MONTH": "CAST(strftime('%d', {0}) AS INTEGER)",
    "DAY_IN_WEEK": "CAST(strftime('%w', {0}) AS INTEGER) + 1",
    "DAY_IN_YEAR": "CAST(strftime('%j', {0}) AS INTEGER)",
    "HOUR_IN_DAY": "CAST(strftime('%H', {0}) AS INTEGER)",
    "WEEK_IN_MONTH": "(CAST(strftime('%d', {0}) AS INTEGER) + 6) / 7",
    "WEEK_IN_YEAR": "(CAST(strftime('%j', {0}) AS INTEGER) + 6) / 7",
    "DAY_ONLY": "strftime('%Y-%m-%d', {0})",
}
_DATES |= {n.replace("CALENDAR", "FISCAL"): sql for n, sql in _DATES.items() if n.startswith("CALENDAR")}
_TIMES = ("HOUR_IN_DAY", "DAY_ONLY")
# What stands in SELECT without a group.
SHOWN = ("TOLABEL", "CONVERTCURRENCY", "FORMAT")


def called(path: str) -> tuple[list[str], str]:
    """A path's functions, the outer one first, and the field inside.

    >>> called("FORMAT(CONVERTCURRENCY(Amount))"), called("Account.Name")
    ((['FORMAT', 'CONVERTCURRENCY'], 'Amount'), ([], 'Account.Name'))
    """
    *functions, field = path.rstrip(")").split("(")
    return functions, field


def grouped_only(path: str) -> bool:
    """Whether a path is a part of a date, which SELECT shows of groups only."""
    return any(f in _DATES for f in called(path)[0])


def apply(org: Org, function: str, sql: str, f: Field) -> tuple[str, Field]:
    """A function of a field as SQL, and what kind of field it makes. Raises ApiError where the type does not take it."""
    if function in _DATES:
        if f.type not in (("datetime",) if function in _TIMES else ("date", "datetime")):
            raise ApiError("MALFORMED_QUERY", f"function {function} cannot be used with field {f.name}")
        at = f"{sql} / 1000, 'unixepoch'" if f.name in _COLUMNS else f"substr({sql}, 1, 19)"
        kind = "date" if function == "DAY_ONLY" else "int"
        return _DATES[function].format(at), replace(f, name=f"{function}({f.name})", type=kind)
    _suits(function, f)
    if function == "TOLABEL":
        cases = " ".join(f"WHEN {_text(v)} THEN {_text(label)}" for v, label in f.options if v != label)
        return (f"CASE {sql} {cases} ELSE {sql} END" if cases else sql), f
    raise ApiError("MALFORMED_QUERY", f"function {function} cannot be used in a condition or an order")


def show(org: Org, function: str, f: Field) -> Showing:
    """What a function makes of a value that is shown; it is given the value and the record's values."""
    _suits(function, f)
    if function == "TOLABEL":
        labels = dict(f.options)
        return lambda value, row: ";".join(labels.get(v, v) for v in value.split(";")) if value else value
    if function == "CONVERTCURRENCY":
        rates = {
            str(b["IsoCode"]): float(b.get("ConversionRate") or 1)
            for b in (r.values() for r in org.store.each(VENDOR, "CurrencyType"))
        }
        # The user's own currency is the company's, in which the rates are told.
        return lambda value, row: (
            None if value is None else round(value / rates.get(row.get("CurrencyIsoCode") or "", 1.0), 2)
        )
    return lambda value, row: _formatted(value, f)


def _suits(function: str, f: Field) -> None:
    wanted = {"TOLABEL": ("picklist", "multipicklist"), "CONVERTCURRENCY": ("currency",)}.get(function)
    if wanted and f.type not in wanted:
        raise ApiError("INVALID_FIELD", f"{function} cannot be used with field {f.name} of type {f.type}")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _formatted(value: Any, f: Field) -> str | None:
    """As a person with the locale en_US reads it."""
    if value is None:
        return None
    if f.type in NUMERIC:
        text = f"{value:,.{f.scale}f}"
        return f"${text}" if f.type == "currency" else f"{text}%" if f.type == "percent" else text
    if f.type in ("date", "datetime"):
        at = datetime.fromtimestamp(parse_iso(re.sub(r"\+0000$", "Z", str(value))) / 1000, UTC)
        day = f"{at.month}/{at.day}/{at.year}"
        return day if f.type == "date" else f"{day}, {at.hour % 12 or 12}:{at:%M %p}"
    return str(value).lower() if isinstance(value, bool) else str(value)
