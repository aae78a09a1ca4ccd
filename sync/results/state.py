"""The state's file: a backup, a restore, a check, an export; and what was read of the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BackupMade:
    """A copy of the state was made; `removed` are names of older copies that were thinned out."""

    file: str
    bytes: int
    runs: int
    removed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {**vars(self), "removed": list(self.removed)}


@dataclass(frozen=True)
class Copy:
    """A backup that is there; `made` as ISO 8601 UTC."""

    file: str
    made: str
    format: int | None
    runs: int
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """One row of "backups"."""
        return {**vars(self), "problems": list(self.problems)}


@dataclass(frozen=True)
class StateChecked:
    """What the state's file is, its problems, and its backups."""

    problems: tuple[str, ...]
    version: int | None
    identity: tuple[str, ...] | None
    runs: int
    unsettled: int
    backups: tuple[Copy, ...]

    @property
    def code(self) -> int:
        """Exit code: 2 where the file is damaged."""
        return 2 if self.problems else 0

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {**vars(self), "backups": [b.to_json() for b in self.backups]}


@dataclass(frozen=True)
class Restored:
    """A copy took the place of the state; `kept` is where the state before is."""

    restored: str
    runs: int
    in_flight: int
    kept: str | None

    NEXT = (
        "sync --yes: it reads everything, takes what the CRM holds as written, then goes on. What was rolled back "
        "or put on hold after the backup is not known here."
    )

    def to_json(self) -> dict[str, Any]:
        """All of it, with what to do next."""
        return {**vars(self), "next": self.NEXT}


@dataclass(frozen=True)
class JournalExported:
    """The journal was written to a file, one row a change."""

    file: str
    changes: int

    def to_json(self) -> dict[str, Any]:
        """The file and the number of its rows."""
        return dict(vars(self))


@dataclass(frozen=True)
class Backfilled:
    """A stretch of the past was read; `finished_before` are streams that an earlier call had read to their end."""

    rows: Mapping[str, int]
    finished_before: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Both."""
        return {"rows": dict(self.rows), "finished_before": list(self.finished_before)}
