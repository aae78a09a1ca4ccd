"""The warehouse: raw tables as the CRM gave them, neutral views over them, and how far each stream was read.

It is rebuildable by design: a file that DuckDB cannot open is moved aside and the next run reads everything again.
Rows and the place to resume from are committed together, so a kill at any moment costs at most the page in flight.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from sales_consultant.config.errors import MachineError, disk_full
from sales_consultant.connectors.base import Connector, Page, Stream
from sales_consultant.connectors.tables import FIELD, MACROS, flags, quote
from sales_consultant.sync.stores.layout import Layout
from sales_consultant.sync.stores.page_spool import Spool

MEMORY_LIMIT = "1GB"
_STREAMS = (
    "CREATE TABLE IF NOT EXISTS _streams (stream VARCHAR PRIMARY KEY, definition VARCHAR, watermark BIGINT, "
    "pull_since BIGINT, pull_until BIGINT, resume VARCHAR, going BOOLEAN, rows_read BIGINT, finished BIGINT)"
)
_STARTED = "ALTER TABLE _streams ADD COLUMN IF NOT EXISTS pull_started BIGINT"
# Ids that a merge ended, with the id that holds the record now. Vendors forget (an emptied bin), we do not.
_MERGED = "CREATE TABLE IF NOT EXISTS _merged (object VARCHAR, old_id VARCHAR, new_id VARCHAR, PRIMARY KEY (object, old_id))"
_MERGES = "CREATE OR REPLACE VIEW merges AS SELECT object, old_id, new_id FROM _merged WHERE old_id <> new_id"


@dataclass(frozen=True)
class StreamState:
    """How far a stream was read: `watermark` is the lower bound of the next delta, None before the first whole pull."""

    stream: str
    definition: str | None = None
    watermark: int | None = None
    pull_since: int | None = None
    pull_until: int | None = None
    resume: str | None = None
    going: bool = False
    rows_read: int = 0
    pull_started: int | None = None


class Warehouse:
    """DuckDB with raw tables, neutral views and stream states. One process at a time."""

    def __init__(
        self, path: Path | None, *, memory_limit: str = MEMORY_LIMIT, threads: int | None = None
    ) -> None:
        self.path = path
        self.rebuilt = False
        self.con = self._open(memory_limit, threads)
        # A moment without an offset is UTC, whatever zone this machine is in.
        self.con.execute("SET TimeZone = 'UTC'")
        for statement in (_STREAMS, _STARTED, _MERGED, _MERGES):
            self.con.execute(statement)
        layout = Layout(self.con)
        for macro in MACROS:
            self.con.execute(macro)
        self._columns: dict[str, set[str]] = {}
        self._views: list[str] = []
        # Values that could not be read since this was last emptied, by stream and field.
        self.odd: Counter[tuple[str, str]] = Counter()
        self.spool = Spool(None if path is None else path.with_name(path.name + ".spool"))
        if layout.outdated:
            # Pages that wait there have the old columns; they are read again.
            self.spool.clear()
            with self.transaction():
                layout.renew()

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
        self.spool.close()
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

    @property
    def empty(self) -> bool:
        """Whether nothing was ever pulled into it."""
        return self.number("SELECT count(*) FROM _streams") == 0

    # -- stream states -------------------------------------------------------------------------------------------

    def state(self, stream: str) -> StreamState:
        """How far the stream was read."""
        rows = self.con.execute(
            "SELECT stream, definition, watermark, pull_since, pull_until, resume, going, rows_read, pull_started "
            "FROM _streams WHERE stream = ?",
            [stream],
        ).fetchall()
        return StreamState(*rows[0]) if rows else StreamState(stream)

    def begin(
        self, stream: str, *, definition: str, since: int | None, until: int, started: int | None = None
    ) -> None:
        """A pull of the stream starts: its window is fixed, so that a resumed pull reads the same one."""
        changed = self.number(
            "UPDATE _streams SET definition = ?, pull_since = ?, pull_until = ?, pull_started = ?, resume = NULL, "
            "going = true, rows_read = 0 WHERE stream = ?",
            [definition, since, until, started, stream],
        )
        if not changed:
            self.con.execute(
                "INSERT INTO _streams (stream, definition, pull_since, pull_until, pull_started, going, rows_read) "
                "VALUES (?, ?, ?, ?, ?, true, 0)",
                [stream, definition, since, until, started],
            )

    def finish(self, stream: str, watermark: int) -> None:
        """The pull ended: the next one starts at `watermark`."""
        self.con.execute(
            "UPDATE _streams SET watermark = ?, going = false, resume = NULL, finished = pull_until WHERE stream = ?",
            [watermark, stream],
        )

    def reset(self, stream: str) -> None:
        """The next pull reads the stream whole."""
        self.con.execute("DELETE FROM _streams WHERE stream = ?", [stream])

    # -- rows ----------------------------------------------------------------------------------------------------

    def columns(self, table: str) -> set[str]:
        """The columns of a raw table; empty where there is none yet."""
        if not self._columns:
            rows = self.con.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main'"
            ).fetchall()
            for name, column in rows:
                self._columns.setdefault(name, set()).add(column)
        return self._columns.get(table, set())

    def _prepare(self, table: str, rows: pa.Table) -> None:
        held = self.columns(table)
        new = [f for f in rows.schema if f.name not in held]
        if not new:
            return
        kinds = {f.name: _duck(f.type) for f in new}
        if held:
            for name, kind in kinds.items():
                self.con.execute(f"ALTER TABLE {quote(table)} ADD COLUMN {quote(name)} {kind}")
        else:
            columns = ", ".join(f"{quote(n)} {k}" for n, k in kinds.items())
            self.con.execute(f"CREATE TABLE {quote(table)} ({columns})")
        self._columns.setdefault(table, set()).update(kinds)

    def commit(self, page: Page, *, stream: Stream, first_pull: bool, live: bool = True) -> None:
        """Put a page's rows in place of the earlier ones, with the place to resume from, in one transaction.

        `live` False leaves the live place alone: a backfill keeps its own.
        """
        self.commit_all([page], stream=stream, first_pull=first_pull, live=live)

    def commit_all(
        self, pages: Sequence[Page], *, stream: Stream, first_pull: bool, live: bool = True
    ) -> None:
        """The same for pages that follow each other: all of them or none."""
        joined = _joined(pages)
        tables = []
        for page in joined:
            rows = page.rows
            if stream.first_seen and page.stream == stream.name and not page.patch:
                rows = self._with_first_seen(f"raw_{page.stream}", page, stream, first_pull)
            if stream.keeps and page.stream == stream.name:
                rows = rows.append_column("_gone", flags([False] * rows.num_rows))
            if not page.patch or self.columns(f"raw_{page.stream}"):
                self._prepare(f"raw_{page.stream}", rows)
            tables.append(rows)
        with self.transaction():
            for page, rows in zip(joined, tables, strict=True):
                self._count_odd(page, rows)
                if page.patch:
                    self._patch(f"raw_{page.stream}", rows)
                else:
                    self._replace(f"raw_{page.stream}", page, rows, stream.keeps)
                self._advance(page, stream, live)

    def _replace(self, table: str, page: Page, rows: pa.Table, keeps: Sequence[str]) -> None:
        if keeps and not page.scope_column:
            self.con.register("_rows", rows)
            same = " AND ".join(f"p.{quote(k)} IS NOT DISTINCT FROM t.{quote(k)}" for k in keeps)
            self.con.execute(
                f"DELETE FROM {quote(table)} AS t WHERE EXISTS (SELECT 1 FROM _rows p WHERE {same})"
            )
            self.con.execute(f"UPDATE {quote(table)} SET _gone = true WHERE NOT coalesce(_gone, false)")
            self.con.unregister("_rows")
        elif not page.scope_column:
            self.con.execute(f"DELETE FROM {quote(table)}")
        else:
            column = quote(page.scope_column)
            scope = pa.Table.from_arrays(
                [page.scope if page.scope is not None else rows[page.scope_column]], ["v"]
            )
            self.con.register("_scope", scope)
            self.con.execute(f"DELETE FROM {quote(table)} WHERE {column} IN (SELECT v FROM _scope)")
            self.con.unregister("_scope")
        if rows.num_rows:
            self.con.register("_rows", rows)
            names = ", ".join(quote(n) for n in rows.column_names)
            self.con.execute(f"INSERT INTO {quote(table)} ({names}) SELECT {names} FROM _rows")
            self.con.unregister("_rows")

    def _count_odd(self, page: Page, rows: pa.Table) -> None:
        """Count the values that a field's kind says nothing of, with those that could not even be taken as they came."""
        for name, n in page.odd.items():
            if n:
                self.odd[page.stream, name] += n
        kinds = {c: k for c, k in page.kinds.items() if c in rows.column_names}
        if not kinds or not rows.num_rows:
            return
        self.con.register("_rows", rows)
        asked = ", ".join(f"count(*) FILTER (odd_{k}({quote(c)}))" for c, k in kinds.items())
        found = self.con.execute(f"SELECT {asked} FROM _rows").fetchall()[0]
        self.con.unregister("_rows")
        for column, n in zip(kinds, found, strict=True):
            if n:
                self.odd[page.stream, column.removeprefix(FIELD)] += n

    def _advance(self, page: Page, stream: Stream, live: bool) -> None:
        if live:
            self.con.execute(
                "UPDATE _streams SET resume = coalesce(?, resume), rows_read = rows_read + ? WHERE stream = ?",
                [page.resume, page.rows.num_rows, stream.name],
            )

    def _patch(self, table: str, rows: pa.Table) -> None:
        """Set some columns of rows that are held; a row that is not held yet comes with the next delta."""
        if not self.columns(table):
            return
        names = [n for n in rows.column_names if n != "id"]
        sets = ", ".join(f"{quote(n)} = p.{quote(n)}" for n in names)
        differs = " OR ".join(f"t.{quote(n)} IS DISTINCT FROM p.{quote(n)}" for n in names)
        self.con.register("_rows", rows)
        self.con.execute(
            f"UPDATE {quote(table)} AS t SET {sets} FROM _rows p WHERE t.id = p.id AND ({differs})"
        )
        self.con.unregister("_rows")

    def unseen(self, stream: str, started: int) -> int:
        """Live rows that a whole reading begun at `started` did not find."""
        table = f"raw_{stream}"
        if "_archived" not in self.columns(table):
            return 0
        return self.number(f"SELECT count(*) FROM {quote(table)} WHERE {_unseen(started)}")

    def mark_vanished(self, stream: str, started: int) -> int:
        """Mark as deleted the live rows that a whole reading begun at `started` did not find; returns how many.

        A record that is erased (privacy, an emptied recycle bin) leaves no trace that a delta could bring.
        """
        table = f"raw_{stream}"
        if "_archived" not in self.columns(table):
            return 0
        return self.number(f"UPDATE {quote(table)} SET _archived = true WHERE {_unseen(started)}")

    def _with_first_seen(self, table: str, page: Page, stream: Stream, first_pull: bool) -> pa.Table:
        """The page with when each row was first seen: as before, or now; unknown for rows of the first pull."""
        rows = page.rows
        if "_first_seen" not in self.columns(table):
            unknown = pa.nulls(rows.num_rows, pa.int64())
            return rows.append_column(
                "_first_seen", pa.chunked_array([unknown]) if first_pull else rows["_seen"]
            )
        self.con.register("_rows", rows)
        join = " AND ".join(f"o.{quote(k)} = p.{quote(k)}" for k in stream.key)
        found: pa.Table = self.con.sql(
            f"SELECT p.*, CASE WHEN o._seen IS NOT NULL THEN o._first_seen WHEN ? THEN NULL ELSE p._seen END "
            f"AS _first_seen FROM _rows p LEFT JOIN {quote(table)} o ON {join}",
            params=[first_pull],
        ).to_arrow_table()
        self.con.unregister("_rows")
        return found

    def count(self, table: str) -> int:
        """Rows of a table or view; 0 where there is none."""
        if not self.columns(table):
            return 0
        return self.number(f"SELECT count(*) FROM {quote(table)}")

    def number(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """The only number that a statement answers with: a count, or how many rows it changed."""
        # All of the result is taken: DuckDB does no other work on a connection while some of it is left.
        return int(self.con.execute(sql, list(parameters)).fetchall()[0][0])

    # -- what connectors ask (connectors.base.Known) -------------------------------------------------------------

    def ids(
        self, stream: str, *, read_since: int | None = None, changed_since: int | None = None
    ) -> Sequence[str]:
        """Ids of the stream's live rows: all, or those that were read, or modified, since."""
        held = self.columns(f"raw_{stream}")
        if not held:
            return []
        where = ["NOT _archived"] if "_archived" in held else []
        if read_since is not None:
            where.append(f"_seen >= {int(read_since)}")
        if changed_since is not None and "_modified" in held:
            where.append(f"_modified >= {int(changed_since)}")
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        return [
            r[0] for r in self.con.execute(f"SELECT id FROM {quote('raw_' + stream)}{condition}").fetchall()
        ]

    def open_deals(self) -> Sequence[str]:
        """Ids of the deals that are open, or may be."""
        if not self.columns("deals"):
            return []
        return [
            r[0]
            for r in self.con.execute(
                "SELECT id FROM deals WHERE is_closed IS NOT TRUE AND NOT deleted"
            ).fetchall()
        ]

    def archived(self, stream: str) -> int:
        """How many of the stream's rows are archived."""
        if "_archived" not in self.columns(f"raw_{stream}"):
            return 0
        return self.number(f"SELECT count(*) FROM {quote('raw_' + stream)} WHERE _archived")

    def astray(self, stream: str, object: str) -> Sequence[str]:
        """Ids of records whose links lead to merged-away ones; those that were merged away themselves have no links."""
        if not self.columns(f"raw_{stream}"):
            return []
        query = (
            f"SELECT DISTINCT from_id FROM {quote('raw_' + stream)} WHERE to_id IN (SELECT old_id FROM _merged WHERE "
            "object = ?) AND from_id NOT IN (SELECT old_id FROM _merged)"
        )
        return [r[0] for r in self.con.execute(query, [object]).fetchall()]

    # -- merges --------------------------------------------------------------------------------------------------

    def merged(self) -> list[dict[str, str]]:
        """The permanent map as rows of object, old_id, new_id."""
        rows = self.con.execute("SELECT object, old_id, new_id FROM merges").fetchall()
        return [{"object": o, "old_id": a, "new_id": b} for o, a, b in rows]

    def remember_merges(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Put what was known elsewhere into the map of a warehouse that is new."""
        with self.transaction():
            for r in rows:
                self.con.execute(
                    "INSERT OR IGNORE INTO _merged VALUES (?, ?, ?)", [r["object"], r["old_id"], r["new_id"]]
                )

    def keep_merges(self) -> None:
        """Take what the raw tables tell of merges into the permanent map; who was merged twice leads to the last."""
        if not self.columns("merges_read"):
            return
        with self.transaction():
            if self.columns("merges_undone"):
                self.con.execute(
                    "DELETE FROM _merged WHERE (object, old_id) IN (SELECT u.object, u.id FROM merges_undone u)"
                )
            self.con.execute(
                "INSERT OR REPLACE INTO _merged SELECT r.object, r.old_id, r.new_id FROM merges_read r ANTI JOIN _merged m "
                "ON m.object = r.object AND m.old_id = r.old_id AND (m.new_id = r.new_id OR m.new_id IN "
                "(SELECT f.new_id FROM _merged f WHERE f.object = r.object AND f.old_id = r.new_id))"
            )
            for _ in range(64):
                moved = self.number(
                    "UPDATE _merged AS a SET new_id = b.new_id FROM _merged b WHERE a.object = b.object "
                    "AND a.new_id = b.old_id AND a.new_id <> b.new_id AND a.old_id <> b.new_id"
                )
                if not moved:
                    break

    # -- neutral views -------------------------------------------------------------------------------------------

    def make_views(self, connector: Connector) -> None:
        """Put the connector's mapping over the raw tables, whatever columns they have by now."""
        tables = [
            r[0]
            for r in self.con.execute(
                "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'raw_%'"
            ).fetchall()
        ]
        columns: Mapping[str, Sequence[str]] = {t: sorted(self.columns(t)) for t in tables}
        fields: list[tuple[str, str, str]] = []
        if "raw_fields" in tables:
            fields = self.con.execute(
                "SELECT object, name, type FROM raw_fields WHERE custom = 'true' AND ours = 'false' ORDER BY 1, 2"
            ).fetchall()
        wanted = list(connector.views(columns, fields))
        if wanted != self._views:
            with self.transaction():
                for statement in wanted:
                    self.con.execute(statement)
            self._columns.clear()
            self._views = wanted
        self.keep_merges()


def _joined(pages: Sequence[Page]) -> list[Page]:
    """Pages of the same table as one, in the order in which the tables first came; the last place to resume counts."""
    if len(pages) == 1:
        return list(pages)
    by_stream: dict[str, list[Page]] = {}
    for page in pages:
        by_stream.setdefault(page.stream, []).append(page)
    return [_one(same) for same in by_stream.values()]


def _one(pages: Sequence[Page]) -> Page:
    """One page of several: a row that came twice counts as it came last."""
    first, last = pages[0], pages[-1]
    rows = pa.concat_tables([p.rows for p in pages], promote_options="default")
    if not first.scope_column:
        return last
    scopes = [p.scope if p.scope is not None else p.rows[p.scope_column] for p in pages]
    chunks = [c for s in scopes for c in (s.chunks if isinstance(s, pa.ChunkedArray) else [s])]
    scope: Any = pa.chunked_array(chunks) if chunks else pa.nulls(0, pa.string())
    if len(scope.unique()) < len(scope):
        latest = {v: n for n, s in enumerate(scopes) for v in s.to_pylist()}
        kept = [
            p.rows.filter(flags(latest[v] == n for v in p.rows[p.scope_column].to_pylist()))
            for n, p in enumerate(pages)
        ]
        rows = pa.concat_tables(kept, promote_options="default")
        scope = scope.unique()
    resume = next((p.resume for p in reversed(pages) if p.resume is not None), None)
    odd: Counter[str] = Counter()
    for p in pages:
        odd.update(p.odd)
    return Page(
        first.stream, rows, resume, first.scope_column, scope, last.total, first.patch, last.kinds, odd
    )


def _duck(kind: pa.DataType) -> str:
    if pa.types.is_int64(kind):
        return "BIGINT"
    return "BOOLEAN" if pa.types.is_boolean(kind) else "VARCHAR"


def _unseen(started: int) -> str:
    return f"_seen < {int(started)} AND NOT coalesce(_archived, false)"
