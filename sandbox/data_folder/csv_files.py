"""Reads a CSV file strictly: what is broken is named by line and column, nothing is guessed."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sales_consultant.sandbox.data_folder.errors import DataFolderError


def read_csv(file: Path) -> tuple[dict[str, list[Any]], list[int]]:
    """The columns of a file, an empty cell as None, and the line that each row begins on.

    Raises DataFolderError for text that is not UTF-8, an open quote, a stray quote, a row of another length.
    """
    with file.open(encoding="utf-8-sig", newline="", errors="strict") as stream:
        try:
            return _read(stream, file.name)
        except UnicodeDecodeError as e:
            line, column = _bad_bytes(file)
            raise DataFolderError(f"the text is not UTF-8 ({e.reason})", file.name, line, column) from e


def _read(stream: Iterable[str], name: str) -> tuple[dict[str, list[Any]], list[int]]:
    recent: list[str] = []

    def kept() -> Iterator[str]:
        for text in stream:
            recent.append(text)
            yield text

    reader = csv.reader(kept(), strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    begins = 1
    try:
        for row in reader:
            if not header:
                header = _header(row, name)
            elif row:
                if len(row) != len(header):
                    _wrong_length(row, header, name, begins)
                rows.append(row)
                lines.append(begins)
            begins = reader.line_num + 1
            recent.clear()
    except csv.Error as e:
        line, at = _where("".join(recent), begins)
        column = header[at] if at < len(header) else str(at + 1)
        raise DataFolderError(f"this is not CSV: {e}", name, line, column) from e
    if not header:
        raise DataFolderError(
            "the file is empty; it needs at least a line with the names of its columns", name, 1
        )
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    return {n: [v if v != "" else None for v in c] for n, c in zip(header, columns, strict=True)}, lines


def _header(row: list[str], name: str) -> list[str]:
    header = [c.strip() for c in row]
    for at, column in enumerate(header):
        if not column:
            raise DataFolderError("a column has no name", name, 1, str(at + 1))
        if column in header[:at]:
            raise DataFolderError("two columns have the same name", name, 1, column)
    return header


def _wrong_length(row: list[str], header: list[str], name: str, line: int) -> None:
    where = header[len(row)] if len(row) < len(header) else str(len(header) + 1)
    raise DataFolderError(f"the row has {len(row)} cells, the header {len(header)}", name, line, where)


def _where(text: str, line: int) -> tuple[int, int]:
    """Line and number (from 0) of the cell in which a broken record goes wrong."""
    quoted = closed = False
    at, start, opened = 0, True, line
    for char in text:
        if quoted:
            if char == '"':
                quoted, closed = False, True
            elif char == "\n":
                line += 1
        elif char == '"' and (start or closed):
            opened = line if start else opened
            quoted, closed, start = True, False, False
        elif char == ",":
            at, start, closed = at + 1, True, False
        elif char in "\r\n":
            line += char == "\n"
        elif closed:
            return line, at
        else:
            start = False
    return (opened if quoted else line), at


def _bad_bytes(file: Path) -> tuple[int, str | None]:
    """Line and column of the first bytes that are not UTF-8."""
    header: list[str] = []
    for number, raw in enumerate(file.read_bytes().split(b"\n"), start=1):
        try:
            text = raw.decode()
        except UnicodeDecodeError as e:
            at = raw[: e.start].count(b",")
            return number, header[at] if at < len(header) else str(at + 1)
        if number == 1:
            header = [c.strip(' "\r\ufeff') for c in text.split(",")]
    return 1, None
