"""One filter of a HubSpot search, compiled: a test of a record's values and, for ids and times, an SQL condition."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sales_consultant.sandbox.hubspot.portal import (
    UNFILTERABLE,
    VENDOR,
    Kind,
    Portal,
    bad,
    kind_of,
    plain,
    to_ms,
)

Json = dict[str, Any]
Test = Callable[[Json, str], bool]
OPERATORS = (
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
)  # fmt: skip
_SQL = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


@dataclass(frozen=True)
class Condition:
    """A filter. `sql` is "" where the store has no column for the property."""

    test: Test
    sql: str = ""
    parameters: tuple[Any, ...] = ()


def compile_group(portal: Portal, kind: Kind, filters: Sequence[Json]) -> list[Condition]:
    """The conditions of a filter group, which must all hold. Raises ApiError 400."""
    return [_compile(portal, kind, f) for f in filters]


def _compile(portal: Portal, kind: Kind, body: Json) -> Condition:
    name = str(body.get("propertyName") or body.get("property") or "")
    operator = str(body.get("operator") or "")
    if operator not in OPERATORS:
        raise bad(f"Invalid input JSON: operator {operator!r} is not one of {', '.join(OPERATORS)}")
    if name.startswith("associations."):
        return _associated(portal, kind, name.removeprefix("associations."), operator, body)
    definition = portal.definitions(kind).get(name)
    if definition is None or definition["archived"]:
        raise bad(f"Property '{name}' does not exist and cannot be filtered on")
    if name in UNFILTERABLE:
        raise bad(f"Property '{name}' cannot be filtered on")
    column = {
        "hs_object_id": "seq",
        kind.modified: "modified",
        kind.created: "created",
        "hs_createdate": "created",
    }.get(name)
    type = definition["type"]
    convert = _converter(name, type)
    if operator == "HAS_PROPERTY":
        return Condition(lambda v, _: v.get(name) is not None)
    if operator == "NOT_HAS_PROPERTY":
        return Condition(lambda v, _: v.get(name) is None)
    if operator in ("IN", "NOT_IN"):
        return _in(name, type, operator, body, convert, column)
    if operator == "BETWEEN":
        low, high = convert(_given(body, "value", name)), convert(_given(body, "highValue", name))
        sql = f"{column} BETWEEN ? AND ?" if column else ""
        return Condition(
            _holding(name, convert, lambda x: low <= x <= high), sql, (low, high) if column else ()
        )
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return _token(name, operator, _given(body, "value", name))
    wanted = convert(_given(body, "value", name))
    tests: dict[str, Callable[[Any], bool]] = {
        "EQ": lambda x: bool(x == wanted),
        "NEQ": lambda x: bool(x != wanted),
        "LT": lambda x: bool(x < wanted),
        "LTE": lambda x: bool(x <= wanted),
        "GT": lambda x: bool(x > wanted),
        "GTE": lambda x: bool(x >= wanted),
    }
    sql = f"{column} {_SQL[operator]} ?" if column else ""
    return Condition(_holding(name, convert, tests[operator]), sql, (wanted,) if column else ())


def _given(body: Json, key: str, name: str) -> str:
    text = plain(body.get(key))
    if text is None:
        raise bad(f"The filter on '{name}' needs a {key}")
    return text


def _holding(name: str, convert: Callable[[str], Any], test: Callable[[Any], bool]) -> Test:
    """A record without a value passes no comparison, not even "not equal"."""

    def found(values: Json, _: str) -> bool:
        value = values.get(name)
        return value is not None and test(convert(value))

    return found


def _converter(name: str, type: str) -> Callable[[str], Any]:
    """How values of a type are compared: texts without regard to case, options exactly."""

    def refusing(convert: Callable[[str], Any], what: str) -> Callable[[str], Any]:
        def converted(text: str) -> Any:
            try:
                return convert(text)
            except (ValueError, OverflowError):
                raise bad(f"The filter on '{name}': {text} is not {what}") from None

        return converted

    if name == "hs_object_id":
        return refusing(int, "an id")
    if type == "number":
        return refusing(float, "a number")
    if type in ("datetime", "date"):
        return refusing(to_ms, "a date or a time in milliseconds")
    return str if type == "enumeration" else str.lower


def _in(
    name: str, type: str, operator: str, body: Json, convert: Callable[[str], Any], column: str | None
) -> Condition:
    values = body.get("values")
    if not isinstance(values, list) or not values:
        raise bad(f"The filter on '{name}' needs values")
    texts = [plain(v) or "" for v in values]
    # Texts are indexed in lower case, and a list is compared as it was sent: one in capitals finds nothing.
    wanted = set(texts) if type == "string" else {convert(t) for t in texts}
    sql = ""
    if column:
        sql = f"{column} {'IN' if operator == 'IN' else 'NOT IN'} ({', '.join('?' * len(wanted))})"
    keep = operator == "IN"
    return Condition(
        _holding(name, convert, lambda x: (x in wanted) == keep), sql, tuple(wanted) if column else ()
    )


def _token(name: str, operator: str, text: str) -> Condition:
    pattern = ".*".join(re.escape(p) for p in text.lower().split("*"))
    regex = re.compile(
        rf"(?<!\w){pattern}(?!\w)" if "*" not in text else rf"(?:^|(?<=\W)){pattern}(?:$|(?=\W))"
    )
    keep = operator == "CONTAINS_TOKEN"

    def test(values: Json, _: str) -> bool:
        value = values.get(name)
        return value is not None and bool(regex.search(value.lower())) == keep

    return Condition(test)


def _associated(portal: Portal, kind: Kind, other: str, operator: str, body: Json) -> Condition:
    target = kind_of(other)
    if target is None:
        raise bad(f"Property 'associations.{other}' does not exist and cannot be filtered on")
    sql = "SELECT from_id FROM associations WHERE vendor = ? AND from_object = ? AND to_object = ?"
    parameters: list[Any] = [VENDOR, kind.name, target.name]
    if operator in ("EQ", "IN"):
        ids = (
            [_given(body, "value", other)]
            if operator == "EQ"
            else [plain(v) for v in body.get("values") or ()]
        )
        # The index runs from both ends: look up the other record's links.
        sql = (
            "SELECT to_id FROM associations WHERE vendor = ? AND from_object = ? AND to_object = ? "
            f"AND from_id IN ({', '.join('?' * len(ids))})"
        )
        parameters = [VENDOR, target.name, kind.name, *ids]
    elif operator not in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        raise bad(f"The operator {operator} is not supported for associations")
    found = {r[0] for r in portal.store.rows(sql, parameters)}
    keep = operator != "NOT_HAS_PROPERTY"
    return Condition(lambda _, record_id: (record_id in found) == keep)
