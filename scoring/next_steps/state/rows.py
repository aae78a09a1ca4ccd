"""A table of facts by row, without a second copy of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import pandas as pd


class _Row(Mapping[str, Any]):
    """One row; a value is looked up when it is asked for."""

    __slots__ = ("_columns", "_index")

    def __init__(self, columns: Mapping[str, Any], index: int) -> None:
        self._columns, self._index = columns, index

    def __getitem__(self, name: str) -> Any:
        return self._columns[name][self._index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class Rows(Sequence[Mapping[str, Any]]):
    """The rows of a table: each is a mapping from column names to values."""

    def __init__(self, table: pd.DataFrame) -> None:
        # Arrow's strings are slow to look up one at a time.
        self._columns = {
            str(c): table[c].to_numpy(dtype=object if not _numeric(table[c]) else None) for c in table.columns
        }
        self._length = len(table)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[Mapping[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | list[Mapping[str, Any]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._length))]
        if not 0 <= index < self._length:
            raise IndexError(index)
        return _Row(self._columns, index)

    def __len__(self) -> int:
        return self._length


def _numeric(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_float_dtype(column.dtype) and column.dtype.kind == "f")
