"""The records of both vendors' sides in one SQLite file.

Every table has a `vendor` column: each side sees only its own rows. A record's values are one JSON text, because every
answer shows other fields of it; what is searched by (id, time of change) has columns and indexes of its own.
"""

import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
  vendor TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, properties TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS records_id ON records (vendor, object, id);
CREATE INDEX IF NOT EXISTS records_seq ON records (vendor, object, archived, seq);
CREATE INDEX IF NOT EXISTS records_modified ON records (vendor, object, archived, modified, seq);
CREATE INDEX IF NOT EXISTS records_email ON records (vendor, lower(json_extract(properties, '$."email"')))
  WHERE object = 'contacts' AND archived = 0;
CREATE TABLE IF NOT EXISTS history (
  vendor TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, property TEXT NOT NULL, value TEXT, at INTEGER NOT NULL,
  source TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_id ON history (vendor, object, id, property, at);
CREATE TABLE IF NOT EXISTS associations (
  vendor TEXT NOT NULL, from_object TEXT NOT NULL, from_id TEXT NOT NULL, to_object TEXT NOT NULL, to_id TEXT NOT NULL,
  category TEXT NOT NULL, type_id INTEGER NOT NULL, label TEXT, created INTEGER NOT NULL,
  PRIMARY KEY (vendor, from_object, from_id, to_object, to_id, category, type_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
  vendor TEXT NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (vendor, kind, object, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sequences (
  vendor TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (vendor, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merges (
  vendor TEXT NOT NULL, object TEXT NOT NULL, old_id TEXT NOT NULL, new_id TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (vendor, object, old_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unindexed (
  vendor TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, until INTEGER NOT NULL, old TEXT);
CREATE INDEX IF NOT EXISTS unindexed_until ON unindexed (vendor, object, until);
"""
_COLUMNS = "id, seq, properties, created, modified, archived, archived_at"


class Record(NamedTuple):
    """A record: its values as JSON text, its times in milliseconds UTC. `seq` is the order of its id."""

    id: str
    seq: int
    properties: str
    created: int
    modified: int
    archived: int = 0
    archived_at: int | None = None

    def values(self) -> dict[str, Any]:
        """The values as a dict of its own."""
        found: dict[str, Any] = orjson.loads(self.properties)
        return found


class Change(NamedTuple):
    """One entry of a property's history."""

    id: str
    property: str
    value: str | None
    at: int
    source: str


class Link(NamedTuple):
    """One direction of an association; `created` in milliseconds UTC."""

    from_object: str
    from_id: str
    to_object: str
    to_id: str
    category: str
    type_id: int
    label: str | None
    created: int


class Store:
    """SQLite behind one lock; every method may be called from any thread.

    `path` None keeps the records in a temporary file that is removed by `close`. `version` moves with every write.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="sandbox-") if path is None else None
        self.path = Path(self._temporary.name) / "sandbox.db" if self._temporary else path
        self._lock = threading.RLock()
        self._depth = 0
        self.version = 0
        try:
            self._db = sqlite3.connect(
                # Four times sqlite3's default: queries differ by object, and compiling one costs more than running it.
                str(self.path),
                check_same_thread=False,
                isolation_level=None,
                cached_statements=512,
            )
            self._db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as e:
            raise OSError(f"the store {self.path} cannot be used ({e}); choose another file") from e
        # A sandbox's records can be loaded again: a power cut may cost the last writes, never the file.
        self._db.execute("PRAGMA synchronous=OFF" if path is None else "PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA cache_size=-65536")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; a temporary one is removed."""
        with self._lock:
            self._db.close()
            if self._temporary:
                self._temporary.cleanup()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or, on an exception, not at all. May be nested: an inner one fails alone."""
        with self._lock:
            mark = f"mark{self._depth}"
            self._db.execute(f"SAVEPOINT {mark}" if self._depth else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                self._db.execute(f"ROLLBACK TO {mark}" if self._depth else "ROLLBACK")
                raise
            self._depth -= 1
            self.version += 1
            self._db.execute(f"RELEASE {mark}" if self._depth else "COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a statement, as tuples: for what a side asks that no method here does."""
        with self._lock:
            return self._db.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a writing statement; the number of rows it changed."""
        with self.transaction():
            return self._db.execute(sql, parameters).rowcount

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a writing statement once a row."""
        with self.transaction():
            self._db.executemany(sql, rows)

    # Records

    def next_seq(self, vendor: str, name: str, count: int = 1, *, start: int = 1) -> int:
        """Reserve `count` numbers of a sequence; the first of them."""
        with self.transaction():
            held = self._db.execute(
                "SELECT value FROM sequences WHERE vendor = ? AND name = ?", (vendor, name)
            ).fetchone()
            first = int(held[0]) if held else start
            self._db.execute("REPLACE INTO sequences VALUES (?, ?, ?)", (vendor, name, first + count))
            return first

    def insert(self, vendor: str, object: str, records: Iterable[Record]) -> None:
        """Add records. Raises sqlite3.IntegrityError for an id that is held already."""
        self.write_many(
            f"INSERT INTO records (vendor, object, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((vendor, object, *r) for r in records),
        )

    def get(self, vendor: str, object: str, id: str) -> Record | None:
        """One record, archived or not; None where there is none."""
        found = self.get_many(vendor, object, (id,))
        return found.get(id)

    def get_many(self, vendor: str, object: str, ids: Iterable[str]) -> dict[str, Record]:
        """Records by id, archived or not; ids that are not held are left out."""
        wanted = orjson.dumps(list(ids)).decode()
        sql = (
            f"SELECT {_COLUMNS} FROM records WHERE vendor = ? AND object = ? "
            "AND id IN (SELECT value FROM json_each(?))"
        )
        return {row[0]: Record(*row) for row in self.rows(sql, (vendor, object, wanted))}

    def page(
        self, vendor: str, object: str, *, after: int = 0, limit: int = 100, archived: bool = False
    ) -> list[Record]:
        """Records with `seq >= after`, in order of `seq`."""
        sql = (
            f"SELECT {_COLUMNS} FROM records WHERE vendor = ? AND object = ? AND archived = ? AND seq >= ? "
            "ORDER BY seq LIMIT ?"
        )
        return [Record(*r) for r in self.rows(sql, (vendor, object, int(archived), after, limit))]

    def each(self, vendor: str, object: str, *, archived: bool = False) -> Iterator[Record]:
        """All records in order of `seq`, read 1,000 at a time."""
        after = -(2**62)
        while part := self.page(vendor, object, after=after, limit=1000, archived=archived):
            yield from part
            after = part[-1].seq + 1

    def count(self, vendor: str, object: str, *, archived: bool = False) -> int:
        """The number of records."""
        sql = "SELECT count(*) FROM records WHERE vendor = ? AND object = ? AND archived = ?"
        return int(self.rows(sql, (vendor, object, int(archived)))[0][0])

    def update(self, vendor: str, object: str, record: Record) -> None:
        """Replace a record's values, times and archived state."""
        self.write(
            "UPDATE records SET properties = ?, created = ?, modified = ?, archived = ?, archived_at = ? "
            "WHERE vendor = ? AND object = ? AND id = ?",
            (*record[2:7], vendor, object, record.id),
        )

    def delete(self, vendor: str, object: str, id: str) -> None:
        """Remove a record, its history and its associations for good."""
        with self.transaction():
            for table in ("records", "history", "unindexed"):
                self.write(
                    f"DELETE FROM {table} WHERE vendor = ? AND object = ? AND id = ?", (vendor, object, id)
                )
            for end in ("from", "to"):
                self.write(
                    f"DELETE FROM associations WHERE vendor = ? AND {end}_object = ? AND {end}_id = ?",
                    (vendor, object, id),
                )

    def totals(self, vendor: str) -> dict[str, int]:
        """The number of live records by object."""
        sql = "SELECT object, count(*) FROM records WHERE vendor = ? AND archived = 0 GROUP BY object ORDER BY object"
        return {o: int(n) for o, n in self.rows(sql, (vendor,))}

    # A search index that lags behind

    def lag(self, vendor: str, object: str, id: str, old: Record | None, until: int) -> None:
        """A write that searches show from `until` (ms) on; before it they show `old`, or nothing."""
        body = orjson.dumps(list(old)).decode() if old else None
        self.write("INSERT INTO unindexed VALUES (?, ?, ?, ?, ?)", (vendor, object, id, until, body))

    def lagging(self, vendor: str, object: str, now: int) -> dict[str, Record | None]:
        """Records that a search shows in an older version (None: not at all), by id."""
        held = self.rows(
            "SELECT id, old, until FROM unindexed WHERE vendor = ? AND object = ? ORDER BY until, rowid",
            (vendor, object),
        )
        if any(until <= now for _, _, until in held):
            self.write(
                "DELETE FROM unindexed WHERE vendor = ? AND object = ? AND until <= ?", (vendor, object, now)
            )
        found: dict[str, Record | None] = {}
        for id, old, until in held:
            if until > now:
                found.setdefault(id, Record(*orjson.loads(old)) if old else None)
        return found

    # History

    def add_history(self, vendor: str, object: str, changes: Iterable[Change]) -> None:
        """Add entries to properties' histories."""
        self.write_many(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", ((vendor, object, *c) for c in changes)
        )

    def history(
        self, vendor: str, object: str, ids: Iterable[str], properties: Iterable[str] | None = None
    ) -> list[Change]:
        """Entries of records, oldest first. A property that never changed has none: it holds since creation."""
        sql = (
            "SELECT id, property, value, at, source FROM history WHERE vendor = ? AND object = ? "
            "AND id IN (SELECT value FROM json_each(?))"
        )
        parameters: list[Any] = [vendor, object, orjson.dumps(list(ids)).decode()]
        if properties is not None:
            sql += " AND property IN (SELECT value FROM json_each(?))"
            parameters.append(orjson.dumps(list(properties)).decode())
        return [Change(*r) for r in self.rows(sql + " ORDER BY at, rowid", parameters)]

    # Associations

    def link(self, vendor: str, links: Iterable[Link]) -> None:
        """Add associations, one direction each; one that is held keeps its first time."""
        self.write_many(
            "INSERT OR IGNORE INTO associations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((vendor, *link) for link in links),
        )

    def unlink(self, vendor: str, from_object: str, from_id: str, to_object: str, to_id: str) -> None:
        """Remove every association between two records, both directions."""
        sql = "DELETE FROM associations WHERE vendor = ? AND from_object = ? AND from_id = ? AND to_object = ? AND to_id = ?"
        with self.transaction():
            self.write(sql, (vendor, from_object, from_id, to_object, to_id))
            self.write(sql, (vendor, to_object, to_id, from_object, from_id))

    def links(self, vendor: str, from_object: str, from_ids: Iterable[str], to_object: str) -> list[Link]:
        """Associations from records to an object, in order of the other id."""
        sql = (
            "SELECT from_object, from_id, to_object, to_id, category, type_id, label, created FROM associations "
            "WHERE vendor = ? AND from_object = ? AND from_id IN (SELECT value FROM json_each(?)) AND to_object = ? "
            "ORDER BY from_id, length(to_id), to_id, category, type_id"
        )
        ids = orjson.dumps(list(from_ids)).decode()
        return [Link(*r) for r in self.rows(sql, (vendor, from_object, ids, to_object))]

    # Documents: definitions, pipelines, users and whatever else is small

    def put(self, vendor: str, kind: str, object: str, name: str, body: Mapping[str, Any]) -> None:
        """Hold a small JSON document under (kind, object, name)."""
        self.write(
            "REPLACE INTO documents VALUES (?, ?, ?, ?, ?)",
            (vendor, kind, object, name, orjson.dumps(body).decode()),
        )

    def documents(self, vendor: str, kind: str, object: str | None = None) -> dict[str, dict[str, Any]]:
        """Documents of a kind by name, in the order of their names."""
        sql = "SELECT name, body FROM documents WHERE vendor = ? AND kind = ?"
        parameters: tuple[str, ...] = (vendor, kind)
        if object is not None:
            sql, parameters = sql + " AND object = ?", (*parameters, object)
        return {name: orjson.loads(body) for name, body in self.rows(sql + " ORDER BY name", parameters)}

    def drop(self, vendor: str, kind: str, object: str, name: str) -> None:
        """Remove a document."""
        self.write(
            "DELETE FROM documents WHERE vendor = ? AND kind = ? AND object = ? AND name = ?",
            (vendor, kind, object, name),
        )

    # Merges

    def add_merge(self, vendor: str, object: str, old_id: str, new_id: str, at: int) -> None:
        """Remember that a record lives on under another id; earlier ancestors move along."""
        with self.transaction():
            self.write(
                "UPDATE merges SET new_id = ? WHERE vendor = ? AND object = ? AND new_id = ?",
                (new_id, vendor, object, old_id),
            )
            self.write("REPLACE INTO merges VALUES (?, ?, ?, ?, ?)", (vendor, object, old_id, new_id, at))

    def merged(self, vendor: str, object: str, ids: Iterable[str]) -> dict[str, str]:
        """Ids that were merged away, with the id that holds the record now."""
        sql = (
            "SELECT old_id, new_id FROM merges WHERE vendor = ? AND object = ? "
            "AND old_id IN (SELECT value FROM json_each(?))"
        )
        return dict(self.rows(sql, (vendor, object, orjson.dumps(list(ids)).decode())))
