"""Conditions on a column as text of the engine, with its values apart."""

from collections.abc import Sequence

from sales_consultant.config.neutral import quote

_NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "INTEGER", "BIGINT")


def is_number(column_type: str) -> bool:
    """Whether a column of the engine's type holds numbers, times in milliseconds among them."""
    return column_type.startswith(_NUMBERS)


def is_whole(column_type: str) -> bool:
    """Whether a column of the engine's type holds whole numbers, as times in milliseconds are."""
    return column_type == "BIGINT"


def comparison(column: str, column_type: str, operator: str, values: Sequence[object]) -> str:
    """A column compared with values that are given apart: numbers as numbers, texts without regard to case.

    `operator` is one of `config.conditions.OPERATORS`. An empty cell is not equal to anything.
    """
    side = quote(column) if is_number(column_type) else f"lower(CAST({quote(column)} AS VARCHAR))"
    if operator == "in":
        return f"{side} IN ({', '.join('?' * len(values))})"
    return f"{side} {'IS DISTINCT FROM' if operator == '!=' else operator} ?"
