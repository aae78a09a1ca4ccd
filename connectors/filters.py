"""Conditions of a backfill, checked against what the CRM describes before anything is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from sales_consultant.config.conditions import Condition, as_moment, as_number
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
        moments = _read(field, c)
        for v in c.values:
            if field.type == "enumeration" and field.options and v not in field.options:
                raise UsageError(f'{field.name} has no value "{v}".', action=did_you_mean(v, field.options))
            if field.type == "bool" and v.lower() not in ("true", "false"):
                raise UsageError(f'{field.name} is true or false, not "{v}".', action=f"As {field.name}=true")
        chosen.append(Chosen(field, c.operator, c.values, moments))
    return chosen


def _read(field: FieldInfo, condition: Condition) -> tuple[int, ...]:
    """The moments that a field of times is compared with; a field of numbers must be compared with numbers."""
    try:
        if field.type == "number":
            for value in condition.values:
                as_number(value, field.name)
        if field.type == "datetime":
            return tuple(as_moment(value, field.name) for value in condition.values)
    except ValueError as e:
        said, action = e.args
        raise UsageError(f"{said}.", action=action) from e
    return ()
