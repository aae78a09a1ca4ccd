"""Pages that were read and are not committed yet, in a file beside the warehouse, so that a kill costs no more than one.

A transaction of the warehouse is worth some thousand rows, an answer of a CRM brings fifty. Each page is appended as it
comes; after the commit the file is emptied. A page that was cut off by the kill is not there.
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from sales_consultant.connectors.base import Page

_LENGTHS = struct.Struct("<III")


class Spool:
    """An append-only file of pages; None as its path keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def append(self, window: str, page: Page) -> None:
        """Keep a page of the pull that `window` names."""
        if self.path is None:
            return
        if self._file is None:
            self._file = self.path.open("ab")
        head: dict[str, Any] = {
            "window": window,
            "stream": page.stream,
            "resume": page.resume,
            "scope_column": page.scope_column,
            "total": page.total,
            "patch": page.patch,
            "kinds": dict(page.kinds),
            "odd": dict(page.odd),
        }
        parts = (json.dumps(head).encode(), _bytes(page.rows), b"")
        if page.scope is not None:
            parts = (*parts[:2], _bytes(pa.table({"v": page.scope})))
        self._file.write(_LENGTHS.pack(*map(len, parts)) + b"".join(parts))
        # Out of this process: the system writes it down whatever becomes of us.
        self._file.flush()

    def pages(self, window: str) -> Iterator[Page]:
        """What was kept of that pull, in order; nothing of another one."""
        if self.path is None or not self.path.exists():
            return
        with self.path.open("rb") as file:
            while len(lengths := file.read(_LENGTHS.size)) == _LENGTHS.size:
                sizes = _LENGTHS.unpack(lengths)
                body = file.read(sum(sizes))
                if len(body) < sum(sizes):
                    return
                head = json.loads(body[: sizes[0]])
                if head["window"] != window:
                    return
                scope = body[sizes[0] + sizes[1] :]
                yield Page(
                    head["stream"],
                    _table(body[sizes[0] : sizes[0] + sizes[1]]),
                    head["resume"],
                    head["scope_column"],
                    _table(scope)["v"].combine_chunks() if scope else None,
                    head["total"],
                    head["patch"],
                    head.get("kinds", {}),
                    head.get("odd", {}),
                )

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def clear(self) -> None:
        """All of it is committed, or is of no use."""
        self.close()
        if self.path is not None and self.path.exists():
            self.path.unlink()


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _table(body: bytes) -> pa.Table:
    return pa.ipc.open_stream(body).read_all()
