"""A DuckDB file: opened with its limits, moved aside when it is damaged, changed all or nothing."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from sales_consultant.config.errors import MachineError, disk_full

# A judgement: features of 5 million activities took 14.4 s of CPU with it, 13.3 s with 4 GB, 21.5 s with 200 MB. What
# does not fit goes to temporary files.
MEMORY_LIMIT = "1GB"


class Database:
    """One connection to a file, or to memory. Nothing in it is precious: a damaged file is moved aside."""

    def __init__(
        self, path: Path | None, *, memory_limit: str = MEMORY_LIMIT, threads: int | None = None
    ) -> None:
        self.path = path
        self.rebuilt = False
        self.con = self._open(memory_limit, threads)
        # A moment without an offset is UTC, whatever zone this machine is in.
        self.con.execute("SET TimeZone = 'UTC'")

    def _open(self, memory_limit: str, threads: int | None) -> duckdb.DuckDBPyConnection:
        config: dict[str, Any] = {"memory_limit": memory_limit, "preserve_insertion_order": "false"}
        if threads:
            config["threads"] = threads
        if self.path is None:
            return duckdb.connect(":memory:", config=config)
        config["temp_directory"] = str(self.path.parent / "warehouse.tmp")
        try:
            return duckdb.connect(str(self.path), config=config)
        except duckdb.IOException as e:
            if "lock" in str(e).lower():
                raise MachineError(
                    "The warehouse is open in another process.", action="Wait until that command has ended."
                ) from e
            if disk_full(e):
                raise MachineError(
                    "The disk is full.", action="Make room, then run the command again."
                ) from e
        except (duckdb.Error, RuntimeError):
            pass
        # Damaged: nothing in it is precious. Kept beside for whoever wants to know why.
        stamp = int(time.time())
        for file in (self.path, self.path.with_name(self.path.name + ".wal")):
            if file.exists():
                file.rename(file.with_name(f"{file.name}.damaged-{stamp}"))
        self.rebuilt = True
        return duckdb.connect(str(self.path), config=config)

    def close(self) -> None:
        """Checkpoint and close."""
        with contextlib.suppress(duckdb.Error):
            self.con.execute("CHECKPOINT")
        self.con.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a full disk is said plainly, with nothing lost."""
        self.con.execute("BEGIN")
        try:
            yield
            self.con.execute("COMMIT")
        except BaseException as e:
            with contextlib.suppress(duckdb.Error):
                self.con.execute("ROLLBACK")
            if isinstance(e, duckdb.Error) and disk_full(e):
                raise MachineError(
                    "The disk is full; what was read before is kept.",
                    action="Make room, then run the command again.",
                ) from e
            raise

    def number(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """The only number that a statement answers with: a count, or how many rows it changed."""
        # All of the result is taken: DuckDB does no other work on a connection while some of it is left.
        return int(self.con.execute(sql, list(parameters)).fetchall()[0][0])
