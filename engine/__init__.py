"""The engine that holds the tables: DuckDB now, another one later, behind one protocol.

Statements of SQL stand here: views made of the expressions of a connector's mapping, raw tables, and what is read from
them.
"""

from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.expressions import (
    MARK,
    MEMBER_COLUMNS,
    Block,
    alive,
    as_ms,
    compiled,
    neutral,
    of_known_state,
    per_cut,
    query,
)
from sales_consultant.engine.protocol import Engine, TooManyRowsError

__all__ = [
    "MARK",
    "MEMBER_COLUMNS",
    "Block",
    "DuckEngine",
    "Engine",
    "TooManyRowsError",
    "alive",
    "as_ms",
    "compiled",
    "neutral",
    "of_known_state",
    "per_cut",
    "query",
]
