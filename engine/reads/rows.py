"""Rows of the warehouse, some thousand at a time."""

from collections.abc import Iterator
from typing import Any

import duckdb

# A judgement: some megabytes of Python objects; larger costs memory, smaller costs calls of DuckDB.
MANY = 10_000


def many(result: "duckdb.DuckDBPyConnection") -> Iterator[tuple[Any, ...]]:
    """The rows of a result; all at once a million of them would be held twice. Nothing else is asked meanwhile."""
    while rows := result.fetchmany(MANY):
        yield from rows
