"""Conditions of a backfill, checked against what the CRM describes before anything is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from sales_consultant.config.clock import from_iso
from sales_consultant.config.conditions import Condition
from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.connectors.base import FieldInfo

_ORDERED = ("number", "datetime")


@dataclass(frozen=True)
class Chosen:
    """A condition with the field it is about; `values` are as given, times as milliseconds UTC."""

    field: FieldInfo
    operator: str
    values: tuple[str, ...]
    moments: tuple[int, ...] = ()


def checked(object: str, fields: Sequence[FieldInfo], where: Sequence[Condition]) -> list[Chosen]:
    """The conditions with their fields; UsageError for a field that is not there, or a value it cannot have."""
    named = {f.name.lower(): f for f in fields}
    chosen = []
    for c in where:
        field = named.get(c.field.lower())
        if field is None:
            raise UsageError(
                f'{object} has no field "{c.field}" that this user can see.',
                action=did_you_mean(c.field, named),
            )
        if c.operator in ("<", "<=", ">", ">=") and field.type not in _ORDERED:
            raise UsageError(
                f'{field.name} is no number and no time: "{c}" has no meaning.', action="Use =, != or in."
            )
        moments = tuple(_moment(field, v) for v in c.values) if field.type == "datetime" else ()
        if field.type == "number":
            for v in c.values:
                _number(field, v)
        for v in c.values:
            if field.type == "enumeration" and field.options and v not in field.options:
                raise UsageError(f'{field.name} has no value "{v}".', action=did_you_mean(v, field.options))
            if field.type == "bool" and v.lower() not in ("true", "false"):
                raise UsageError(f'{field.name} is true or false, not "{v}".', action=f"As {field.name}=true")
        chosen.append(Chosen(field, c.operator, c.values, moments))
    return chosen


def _number(field: FieldInfo, text: str) -> float:
    try:
        return float(text)
    except ValueError as e:
        raise UsageError(
            f'{field.name} is a number, "{text}" is none.', action="Write it as 1000 or 12.5."
        ) from e


def _moment(field: FieldInfo, text: str) -> int:
    try:
        return from_iso(text)
    except (ValueError, OverflowError) as e:
        raise UsageError(
            f'{field.name} is a time, "{text}" is none.',
            action="Write it as 2026-01-31 or 2026-01-31T08:00Z.",
        ) from e
