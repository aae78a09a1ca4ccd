"""What scoring, insight and sync ask of the engine that holds the tables: the seam behind which another engine may stand.

Expressions are Ibis tables that are bound to nothing; only the subset is used that engines answer alike (filters, guarded
counts and maxima, left joins, row numbers over a total order, integer arithmetic on milliseconds).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

Query = Any
"""An Ibis table, or the text that `text` gave for one."""


class TooManyRowsError(ValueError):
    """A result was to be small and is not: it is to stay on the engine."""


class Engine(Protocol):
    """Tables, and what can be asked of them. One user at a time."""

    def columns(self, name: str) -> Mapping[str, str]:
        """Column names of a table with the engine's own type names, in their order."""
        ...

    def schema(self, name: str) -> Mapping[str, Any]:
        """Column names of a table with their Ibis types, in their order."""
        ...

    def text(self, expression: Any) -> str:
        """The engine's own text of an expression."""
        ...

    def small(self, query: Query, most: int | None = None) -> pd.DataFrame:
        """A result as a frame. Raises TooManyRowsError beyond `most` rows."""
        ...

    def arrays(self, query: Query) -> dict[str, NDArray[Any]]:
        """A result as one array a column (shape (rows,)); masked where the column has gaps."""
        ...

    def lend(self, name: str, rows: pd.DataFrame | pa.Table) -> AbstractContextManager[None]:
        """The caller's rows as a table, for as long as the block lasts."""
        ...

    def keep(self, name: str, query: Query) -> AbstractContextManager[None]:
        """A result as a table of the engine's, for as long as the block lasts; close it before what it was made of."""
        ...

    def put(self, query: Query, target: Path) -> int:
        """A result as a Parquet file; returns the number of rows. Nothing of it passes through this process's frames."""
        ...

    def each(
        self, query: Query, function: Callable[[pa.RecordBatch], pa.RecordBatch], schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        """A result through a function, a batch of rows at a time; `schema` is that of what the function gives."""
        ...

    def sample(self, table: Any, key: str, share: float) -> Any:
        """The rows of an Ibis table of which the key's MD5 says so: the same ones every time, on every engine."""
        ...
