"""Reads a data folder: CSV or Parquet files, one a table, as they are described in the design's data folder.

Everything is optional but what a row needs to be one. Columns that are not known are custom fields of that object.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.data_folder.csv_files import read_csv
from sales_consultant.sandbox.data_folder.errors import DataFolderError
from sales_consultant.sandbox.data_folder.types import (
    FIELDED,
    LINKS,
    REFERENCES,
    REQUIRED,
    TABLES,
    CustomField,
    field_name,
    infer,
    parse,
)

__all__ = ["CustomField", "DataFolderError", "Folder", "Table", "load_folder"]

Row = dict[str, Any]
# Notes that people leave beside their data.
_IGNORED = (".md", ".txt", ".rst")


@dataclass(frozen=True)
class Table:
    """Rows with typed values (str, int, float, bool, or int milliseconds UTC), None where a cell is empty.

    A custom field stands in a row under its column's name. `lines` are the rows' lines in the file.
    """

    name: str
    rows: tuple[Row, ...] = ()
    columns: tuple[str, ...] = ()
    custom: tuple[CustomField, ...] = ()
    file: str = ""
    lines: tuple[int, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Folder:
    """All tables of a data folder; one without a file is empty."""

    tables: Mapping[str, Table] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Table:
        return self.tables.get(name) or Table(name)

    def has(self, name: str) -> bool:
        """Whether the folder has a file for the table."""
        return name in self.tables


def load_folder(path: Path, *, lenient: bool = False) -> Folder:
    """All tables of a folder, typed and checked.

    Raises DataFolderError with file, line and column for what cannot be read: an unknown file, a broken CSV, a value
    of a wrong type, a repeated id, a reference to a row that is not there. `lenient` drops such references instead (and
    rows that only link, where an end is missing).
    """
    if not path.is_dir():
        raise DataFolderError(f"there is no folder {path}", str(path))
    files = _files(path)
    tables = {name: _table(name, file) for name, file in files.items()}
    _check_ids(tables)
    return Folder(_check_references(tables, lenient))


def _files(path: Path) -> dict[str, Path]:
    file_of: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        if file.name.startswith(".") or file.suffix.lower() in _IGNORED or file.name in ("LICENSE", "NOTICE"):
            continue
        name = file.stem
        if name not in TABLES or file.suffix.lower() not in (".csv", ".parquet") or file.is_dir():
            near = get_close_matches(name.lower(), TABLES, n=1, cutoff=0.0)[0]
            raise DataFolderError(
                f"{file.name} is not a table of a data folder; did you mean {near}.csv or {near}.parquet?",
                file.name,
            )
        if name in file_of:
            raise DataFolderError(
                f"{file_of[name].name} and {file.name} hold the same table; keep one", file.name
            )
        file_of[name] = file
    return file_of


def _table(name: str, file: Path) -> Table:
    known = TABLES[name]
    columns, lines = read_csv(file) if file.suffix.lower() == ".csv" else _read_parquet(file)
    for needed in REQUIRED.get(name, ("id",)):
        if needed not in columns:
            raise DataFolderError(f"the column {needed} is missing", file.name, 1, needed)
    extra = [c for c in columns if c not in known]
    if extra and name not in FIELDED:
        near = get_close_matches(extra[0], known, n=1, cutoff=0.0)[0]
        raise DataFolderError(
            f"{name} has no column {extra[0]!r} and no custom fields; did you mean {near}?",
            file.name,
            1,
            extra[0],
        )
    typed: dict[str, list[Any]] = {}
    custom: list[CustomField] = []
    for column, values in columns.items():
        if column in known:
            typed[column] = _typed(values, known[column], file.name, column, lines)
        else:
            kind, options, convert = infer(values)
            custom.append(CustomField(column, field_name(column), kind, options))
            typed[column] = [None if v is None else convert(v) for v in values]
    for needed in REQUIRED.get(name, ("id",)):
        for line, value in zip(lines, typed[needed], strict=True):
            if value is None:
                raise DataFolderError(f"{needed} is empty", file.name, line, needed)
    names = tuple(typed)
    rows = tuple(dict(zip(names, values, strict=True)) for values in zip(*typed.values(), strict=True))
    return Table(name, rows, names, tuple(custom), file.name, tuple(lines))


def _typed(values: list[Any], kind: str, file: str, column: str, lines: list[int]) -> list[Any]:
    convert: Callable[[Any], Any] = parse(kind)
    seen: dict[Any, Any] = {None: None}
    out = []
    for line, value in zip(lines, values, strict=True):
        try:
            out.append(seen[value])
        except KeyError:
            try:
                seen[value] = convert(value)
            except (ValueError, OverflowError) as e:
                raise DataFolderError(f"{value!r} is not {kind}: {e}", file, line, column) from e
            out.append(seen[value])
    return out


def _read_parquet(file: Path) -> tuple[dict[str, list[Any]], list[int]]:
    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError) as e:
        raise DataFolderError(f"this is not a Parquet file that can be read: {e}", file.name) from e
    columns: dict[str, list[Any]] = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            # The same text that a CSV would hold, so that both ways in share the rules.
            stamps = column.cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64())
            columns[name] = [None if ms is None else iso(ms) for ms in stamps.to_pylist()]
        elif pa.types.is_decimal(column.type):
            columns[name] = column.cast(pa.string()).to_pylist()
        else:
            columns[name] = [None if v == "" else v for v in column.to_pylist()]
    return columns, list(range(1, table.num_rows + 1))


def _check_ids(tables: Mapping[str, Table]) -> None:
    for table in tables.values():
        if "id" not in table.columns:
            continue
        seen: set[str] = set()
        for row, line in zip(table.rows, table.lines, strict=True):
            if row["id"] in seen:
                raise DataFolderError(f"the id {row['id']} is there twice", table.file, line, "id")
            seen.add(row["id"])


def _check_references(tables: Mapping[str, Table], lenient: bool) -> dict[str, Table]:
    ids = {t.name: {r["id"] for r in t.rows} for t in tables.values() if "id" in t.columns}
    stages = {r["stage"] for r in tables["stages"].rows} if "stages" in tables else None
    checked_tables: dict[str, Table] = {}
    for name, table in tables.items():
        references = dict(REFERENCES.get(name, {}))
        kept: list[Row] = []
        lines: list[int] = []
        for row, line in zip(table.rows, table.lines, strict=True):
            targets = dict(references)
            if name == "associations":
                targets = {"from_id": row["from_object"], "to_id": row["to_object"]}
            elif name == "field_history":
                targets = {"record_id": row["object"]}
            missing = [
                c for c, t in targets.items() if row.get(c) is not None and row[c] not in ids.get(t, ())
            ]
            if stages is not None and row.get("stage") is not None and row["stage"] not in stages:
                missing.append("stage")
                targets["stage"] = "stages"
            if missing and not lenient:
                column = missing[0]
                raise DataFolderError(
                    f"{column} names {row[column]!r}, which is not in {targets[column]}",
                    table.file,
                    line,
                    column,
                )
            if missing and name in LINKS:
                continue
            kept.append(
                {**row, **dict.fromkeys((c for c in missing if c != "stage"), None)} if missing else row
            )
            lines.append(line)
        checked_tables[name] = Table(name, tuple(kept), table.columns, table.custom, table.file, tuple(lines))
    return checked_tables
