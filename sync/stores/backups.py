"""Copies of the state: made while it is in use, checked before they count, put back only where they fit."""

import contextlib
import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.config.errors import BusyError, MachineError, OtherOrgError, UsageError
from sales_consultant.sync.results import BackupMade, Copy, Restored, StateChecked
from sales_consultant.sync.stores.change_state import UNSETTLED
from sales_consultant.sync.stores.state import SCHEMA_VERSION, State, backups

FOLDER = "backups"
RESTORED = "restored"


@dataclass(frozen=True)
class Looked:
    """What a state file is: its problems, format and the org it belongs to."""

    problems: tuple[str, ...]
    version: int | None = None
    identity: tuple[str, ...] | None = None
    runs: int = 0
    unsettled: int = 0


def look(path: Path) -> Looked:
    """Read a state file without opening it as ours: nothing in it is changed. Raises UsageError where there is none."""
    if not path.is_file():
        raise UsageError(
            f"There is no file {path}.", action="Backups are listed by: sales-consultant state check"
        )
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as c:
            lines = [str(r[0]) for r in c.execute("PRAGMA integrity_check(5)")]
            meta = dict(c.execute("SELECT key, value FROM meta").fetchall())
            runs = int(c.execute("SELECT count(*) FROM runs").fetchone()[0])
            query = "SELECT count(*) FROM changes WHERE state IN (?, ?)"
            unsettled = int(c.execute(query, UNSETTLED).fetchone()[0])
    except sqlite3.DatabaseError as e:
        return Looked((str(e),))
    identity = tuple(json.loads(meta["identity"])) if "identity" in meta else None
    problems = tuple(p for p in lines if p != "ok")
    return Looked(problems, int(meta.get("schema_version", 0)), identity, runs, unsettled)


def backup(state: State, folder: Path, *, now: int, to: Path | None = None, keep: int = 14) -> BackupMade:
    """Copy the state as it is at one moment, also while a run writes; the copy is checked before it gets its name.

    Without `to` it goes to `backups/` in the connection's `folder`, where only the newest `keep` stay. Raises MachineError.
    """
    target = to or folder / FOLDER / f"state-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d-%H%M%S}.db"
    assert state.path is not None
    part = target.with_name(f"{target.name}.part")
    with state.begin() as c:
        # Before the copy is made, so that it knows of itself, and a copy that was made is never unknown.
        row = {"path": str(target.absolute()), "made_at": now}
        c.execute(sqlite_insert(backups).values(row).on_conflict_do_update(index_elements=["path"], set_=row))
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _copy(state.path, part)
        copy = look(part)
        if copy.problems:
            raise MachineError(
                f"The copy is damaged: {copy.problems[0]}.", action="Check the disk, then run again."
            )
        os.replace(part, target)
    except (OSError, sqlite3.Error) as e:
        part.unlink(missing_ok=True)
        raise MachineError(
            f"The backup {target} cannot be written: {e}.", action="Make room, or choose another file."
        ) from e
    removed = [] if to else _thin(state, folder, keep)
    return BackupMade(str(target), target.stat().st_size, copy.runs, tuple(removed))


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10)) as c,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        c.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _thin(state: State, folder: Path, keep: int) -> list[str]:
    held = sorted((folder / FOLDER).glob("state-*.db"), reverse=True)
    gone = held[keep:]
    for path in gone:
        path.unlink()
    with state.begin() as c:
        c.execute(sa.delete(backups).where(backups.c.path.in_([str(p.absolute()) for p in gone])))
    return [p.name for p in gone]


def listed(folder: Path, known: list[Path]) -> tuple[Copy, ...]:
    """All copies that are there: those of `backups/` and those that were put elsewhere; newest first."""
    paths = {p.absolute() for p in [*(folder / FOLDER).glob("*.db"), *known] if p.is_file()}
    rows = []
    for path in sorted(paths, key=lambda p: p.stat().st_mtime, reverse=True):
        found = look(path)
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        rows.append(Copy(str(path), f"{made:%Y-%m-%dT%H:%M:%SZ}", found.version, found.runs, found.problems))
    return tuple(rows)


def check(folder: Path, state: Callable[[], State]) -> StateChecked:
    """What the state's file is, and the copies of it that are there; `state` is opened only where the file is sound."""
    found = look(folder / "state.db")
    places = [] if found.problems else known(state())
    return StateChecked(**vars(found), backups=listed(folder, places))


def known(state: State) -> list[Path]:
    """Where copies of this state were put."""
    return [Path(str(r["path"])) for r in state.rows(sa.select(backups.c.path))]


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with open(lock, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            raise BusyError("A run of this connection is going on.", action="Wait until it has ended.") from e
        yield


def restore(folder: Path, file: Path, *, now: int) -> Restored:
    """Put a copy in place of the state; the state that was there is kept as a backup.

    Refuses a damaged copy, one of a newer release (with its format), and one of another org. The next run reads all
    records and takes what the CRM holds of our fields as what we wrote last: what happened since is not in the journal.
    """
    backup_file, current = look(file), folder / "state.db"
    if backup_file.problems:
        raise MachineError(
            f"{file} is no usable state: {backup_file.problems[0]}.", action="Choose another backup."
        )
    if (backup_file.version or 0) > SCHEMA_VERSION:
        raise UsageError(
            f"{file} was made by a newer release (format {backup_file.version}, this release knows {SCHEMA_VERSION}).",
            action="Upgrade sales-consultant.",
        )
    with _alone(folder / "lock"):
        kept = folder / FOLDER / f"replaced-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d-%H%M%S}.db"
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replaced = look(current) if current.is_file() else None
        if (
            replaced
            and replaced.identity
            and backup_file.identity
            and replaced.identity != backup_file.identity
        ):
            raise OtherOrgError(
                f"{file} belongs to {' '.join(backup_file.identity)}, the state here to {' '.join(replaced.identity)}.",
                action="Choose a backup of this connection. Nothing was changed.",
            )
        part = folder / "state.db.part"
        try:
            _copy(file, part)
            with contextlib.closing(sqlite3.connect(part)) as c:
                said = json.dumps({"file": str(file), "at": now, "made": int(file.stat().st_mtime * 1000)})
                c.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (RESTORED, said))
                c.commit()
            if replaced and not replaced.problems:
                _copy(current, kept)
            elif current.is_file():
                kept.write_bytes(current.read_bytes())
            # The log of the state that goes must not be applied to the one that comes.
            for end in ("-wal", "-shm"):
                current.with_name(current.name + end).unlink(missing_ok=True)
            os.replace(part, current)
        except (OSError, sqlite3.Error) as e:
            part.unlink(missing_ok=True)
            raise MachineError(
                f"The state cannot be restored: {e}.", action="Make room, then run again."
            ) from e
    return Restored(str(file), backup_file.runs, backup_file.unsettled, str(kept) if replaced else None)
