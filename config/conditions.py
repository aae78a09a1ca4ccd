"""Conditions on a column or field: `amount >= 1000`, `stage != lost`, `pipeline in sales, partners`.

Who is written (`[write] where`) and what a backfill reads (`--where`) are both said with them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sales_consultant.config.clock import from_iso

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in")
_OPTION = re.compile(r"\s*([^\s=!<>]+)\s*(!=|<=|>=|=|<|>|\s+in\s+)\s*(.*)", re.DOTALL | re.IGNORECASE)
_VALUE = re.compile(r"\s*(!=|<=|>=|=|<|>)\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Condition:
    """A field compared with a value; `in` with one of several. Values are text as a person writes it."""

    field: str
    operator: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise ValueError(f'"{self.operator}" is no comparison: it is one of {", ".join(OPERATORS)}')
        if not self.values or any(not v for v in self.values):
            raise ValueError(f'"{self.field} {self.operator}" compares with nothing')

    @property
    def value(self) -> str:
        """The value of a comparison with one."""
        return self.values[0]

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {', '.join(self.values)}"


def as_number(text: str, name: str) -> float:
    """A value compared with a number; ValueError that says what the field called `name` is, and how to write it.

    >>> as_number("12.5", "amount")
    12.5
    """
    try:
        return float(text)
    except ValueError as e:
        raise ValueError(f'{name} is a number, "{text}" is none', "Write it as 1000 or 12.5.") from e


def as_moment(text: str, name: str) -> int:
    """A value compared with a time, in milliseconds UTC; ValueError as `as_number`."""
    try:
        return from_iso(text)
    except (ValueError, OverflowError) as e:
        action = "Write it as 2026-01-31 or 2026-01-31T08:00Z."
        raise ValueError(f'{name} is a time, "{text}" is none', action) from e


def from_option(text: str) -> Condition:
    """A condition as it is given on the command line. Raises ValueError that says what is wrong.

    >>> from_option("amount>=1000")
    Condition(field='amount', operator='>=', values=('1000',))
    >>> from_option("stage in won, lost").values
    ('won', 'lost')
    """
    match = _OPTION.fullmatch(text)
    if match is None:
        raise ValueError(
            f'"{text}" is no condition: write it as "stage=won", "amount>1000" or "stage in won,lost"'
        )
    name, operator, value = match[1], match[2].strip().lower(), match[3].strip()
    values = tuple(v.strip() for v in value.split(",") if v.strip()) if operator == "in" else (value,)
    return Condition(name, operator, values)


def from_setting(name: str, value: str | Sequence[str]) -> list[Condition]:
    """The conditions of one key of a `where` table: a value, one with a comparison before it, or a list.

    A list means one of its values; a list of comparisons means that all of them hold.

    >>> [str(c) for c in from_setting("amount", [">= 1000", "< 5000"])]
    ['amount >= 1000', 'amount < 5000']
    >>> [str(c) for c in from_setting("stage", ["offer", "demo"])]
    ['stage in offer, demo']
    """
    given = [value] if isinstance(value, str) else list(value)
    found = [_VALUE.fullmatch(v) for v in given]
    if found and all(found):
        return [Condition(name, f[1], (f[2].strip(),)) for f in found if f]
    if any(found):
        raise ValueError(f'"{name}": a list holds either values or comparisons, not both')
    return [Condition(name, "in" if len(given) > 1 else "=", tuple(v.strip() for v in given))]
