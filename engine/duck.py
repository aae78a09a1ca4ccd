"""The engine on DuckDB: one connection, one process."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sales_consultant.config.neutral import literal, quote
from sales_consultant.engine.protocol import Query, TooManyRowsError

BATCH_ROWS = 65_536
"""Rows of a batch in `each`: what 100 columns of 8 bytes hold in 50 MB."""


@functools.cache
def _ibis_type(name: str) -> Any:
    """The Ibis type of a DuckDB type's name; parsed once a name, of which a warehouse has a dozen."""
    from ibis.backends.sql.datatypes import DuckDBType

    return DuckDBType.from_string(name)


class DuckEngine:
    """Tables in DuckDB. `con` is for the rooms of the engine and for tests; others use the methods."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._columns: dict[str, dict[str, str]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def columns(self, name: str) -> dict[str, str]:
        """Column names and DuckDB's types, in their order."""
        known = None if self._columns is None else self._columns.get(name)
        if known is None:
            relation = self.con.table(name)
            known = {c: str(t) for c, t in zip(relation.columns, relation.types, strict=True)}
            if self._columns is not None:
                self._columns[name] = known
        return dict(known)

    @contextlib.contextmanager
    def same_columns(self) -> Iterator[None]:
        """A block in which no table gets other columns, but for those that are lent or kept: each is asked once.

        DuckDB binds a view anew each time, and a training asks some thousand times.
        """
        before, self._columns = self._columns, {}
        try:
            yield
        finally:
            self._columns = before

    def _forget(self, name: str) -> None:
        if self._columns is not None:
            self._columns.pop(name, None)

    def schema(self, name: str) -> dict[str, Any]:
        """Column names and Ibis types, in their order."""
        return {c: _ibis_type(t) for c, t in self.columns(name).items()}

    def text(self, expression: Any) -> str:
        """DuckDB's SQL of an expression."""
        if isinstance(expression, str):
            return expression
        import ibis

        return str(ibis.to_sql(expression, dialect="duckdb"))

    def small(self, query: Query, most: int | None = None) -> pd.DataFrame:
        """A result as a frame. Raises TooManyRowsError beyond `most` rows."""
        result = self.con.execute(self.text(query))
        if most is None:
            return result.df()
        # One row more than is wanted is enough to know; a larger result never comes into this process.
        rows = result.fetchmany(most + 1)
        if len(rows) > most:
            raise TooManyRowsError(f"more than {most:,} rows")
        return self.con.execute(self.text(query)).df()

    def arrays(self, query: Query) -> dict[str, NDArray[Any]]:
        """A result as one array a column; masked where the column has gaps."""
        found = self.con.execute(self.text(query)).fetchnumpy()
        return {name: np.ma.asarray(column) for name, column in found.items()}

    @contextlib.contextmanager
    def lend(self, name: str, rows: pd.DataFrame | pa.Table) -> Iterator[None]:
        """The caller's rows as a table, without a copy, for as long as the block lasts."""
        self.con.register(name, rows)
        self._forget(name)
        try:
            yield
        finally:
            self.con.unregister(name)
            self._forget(name)

    @contextlib.contextmanager
    def keep(self, name: str, query: Query) -> Iterator[None]:
        """A result as a temporary table, for as long as the block lasts."""
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS {self.text(query)}")
        self._forget(name)
        try:
            yield
        finally:
            self.con.execute(f"DROP TABLE IF EXISTS temp.{quote(name)}")
            self._forget(name)

    def put(self, query: Query, target: Path) -> int:
        """A result as a Parquet file; returns the number of rows."""
        done = self.con.execute(f"COPY ({self.text(query)}) TO {literal(str(target))} (FORMAT parquet)")
        return int(done.fetchall()[0][0])

    def each(
        self, query: Query, function: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        """A result through a function, a batch at a time. Raises ValueError where a batch has another schema."""
        for batch in self.con.sql(self.text(query)).to_arrow_reader(BATCH_ROWS):
            made = function(batch)
            if made.schema != schema:
                raise ValueError(f"the function gave {made.schema}, not {schema}")
            yield made

    def sample(self, table: Any, key: str, share: float) -> Any:
        """The rows whose key's MD5, read as a number of 32 bits, lies in the first `share` of all of them."""
        digits = table[key].cast("string").hexdigest("md5").substr(0, 8)
        return table.filter(digits < f"{round(share * 16**8):08x}") if share < 1 else table
