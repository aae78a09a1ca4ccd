"""The warehouse of a connection: raw tables as the CRM gave them, neutral views over them, and how far each stream was read.

It is rebuildable by design: a file that DuckDB cannot open is moved aside and the next run reads everything again.
Rows and the place to resume from are committed together, so a kill at any moment costs at most the page in flight.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sales_consultant.config.neutral import FIELD, Account
from sales_consultant.connectors.base import Page, Reader, Stream
from sales_consultant.connectors.tables import flags
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.database import MEMORY_LIMIT, Database
from sales_consultant.engine.erasure import remove_copies, write_anew
from sales_consultant.engine.field_values import VIEWS, FieldValues
from sales_consultant.engine.free_mail import keep_free_mail
from sales_consultant.engine.layout import Layout
from sales_consultant.engine.macros import MACROS
from sales_consultant.engine.merges import MergeMap
from sales_consultant.engine.raw_tables import RawTables
from sales_consultant.engine.stream_states import StreamState, StreamStates
from sales_consultant.engine.text_signals import with_unsubscribed
from sales_consultant.engine.views import KeptAccount, statements
from sales_consultant.sync.stores.page_spool import Spool

if TYPE_CHECKING:
    import duckdb


class Warehouse:
    """Raw tables, neutral views and stream states. One process at a time."""

    def __init__(
        self, path: Path | None, *, memory_limit: str = MEMORY_LIMIT, threads: int | None = None
    ) -> None:
        self.path = path
        self.spool = Spool(None if path is None else path.with_name(path.name + ".spool"))
        # Values that could not be read since this was last emptied, by stream and field.
        self.odd: Counter[tuple[str, str]] = Counter()
        layout = self._open(memory_limit, threads)
        self.rebuilt = self.database.rebuilt
        if layout.outdated:
            # Pages that wait there have the old columns; they are read again.
            self.spool.clear()
            with self.transaction():
                layout.renew()
            if path is not None:
                self.database.close()
                remove_copies(path)
                write_anew(path)
                layout = self._open(memory_limit, threads)
            layout.finish()

    def _open(self, memory_limit: str, threads: int | None) -> Layout:
        self.database = Database(self.path, memory_limit=memory_limit, threads=threads)
        self.engine = DuckEngine(self.database.con)
        self._streams, self._merges = StreamStates(self.database), MergeMap(self.database)
        layout = Layout(self.database.con)
        for macro in MACROS:
            self.database.con.execute(macro)
        keep_free_mail(self.database)
        self._raw, self._values = RawTables(self.database), FieldValues(self.database)
        self._account = KeptAccount(self.database)
        self._views: list[str] = []
        return layout

    @property
    def con(self) -> "duckdb.DuckDBPyConnection":
        """DuckDB's connection: for the rooms of the engine and for tests."""
        return self.database.con

    def close(self) -> None:
        """Checkpoint and close."""
        self.spool.close()
        self.database.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; a full disk is said plainly, with nothing lost."""
        return self.database.transaction()

    def number(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """The only number that a statement answers with: a count, or how many rows it changed."""
        return self.database.number(sql, parameters)

    @property
    def empty(self) -> bool:
        """Whether nothing was ever pulled into it."""
        return self._streams.none

    # -- stream states -------------------------------------------------------------------------------------------

    def state(self, stream: str) -> StreamState:
        """How far the stream was read."""
        return self._streams.state(stream)

    def begin(
        self, stream: str, *, definition: str, since: int | None, until: int, started: int | None = None
    ) -> None:
        """A pull of the stream starts: its window is fixed, so that a resumed pull reads the same one."""
        self._streams.begin(stream, definition=definition, since=since, until=until, started=started)

    def finish(self, stream: str, watermark: int) -> None:
        """The pull ended: the next one starts at `watermark`."""
        self._streams.finish(stream, watermark)

    def reset(self, stream: str) -> None:
        """The next pull reads the stream whole."""
        self._streams.reset(stream)

    # -- rows ----------------------------------------------------------------------------------------------------

    def columns(self, table: str) -> set[str]:
        """The columns of a raw table; empty where there is none yet."""
        return self._raw.columns(table)

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
            rows, table = page.rows, f"raw_{page.stream}"
            if stream.first_seen and page.stream == stream.name and not page.patch:
                rows = self._raw.with_first_seen(table, rows, stream.key, first_pull=first_pull)
            if stream.keeps and page.stream == stream.name:
                rows = rows.append_column("_gone", flags([False] * rows.num_rows))
            if not page.patch or self.columns(table):
                self._raw.prepare(table, rows)
            tables.append(rows)
        with self.transaction():
            for page, rows in zip(joined, tables, strict=True):
                self._count_odd(page, rows)
                if page.patch:
                    self._raw.patch(f"raw_{page.stream}", rows)
                else:
                    self._replace(f"raw_{page.stream}", page, rows, stream.keeps)
                if live:
                    self._streams.advance(stream.name, page.resume, page.rows.num_rows)

    def _replace(self, table: str, page: Page, rows: pa.Table, keeps: Sequence[str]) -> None:
        if keeps and not page.scope_column:
            self._raw.keep_unlisted(table, rows, keeps)
        elif not page.scope_column:
            self._raw.remove_all(table)
        else:
            scope = page.scope if page.scope is not None else rows[page.scope_column]
            self._raw.remove_scope(table, page.scope_column, scope)
        self._raw.insert(table, rows)

    def _count_odd(self, page: Page, rows: pa.Table) -> None:
        """Count the values that a field's kind says nothing of, with those that could not even be taken as they came."""
        for name, n in page.odd.items():
            if n:
                self.odd[page.stream, name] += n
        kinds = {c: k for c, k in page.kinds.items() if c in rows.column_names}
        if not kinds or not rows.num_rows:
            return
        for column, n in self._raw.odd_values(rows, kinds).items():
            self.odd[page.stream, column.removeprefix(FIELD)] += n

    def unseen(self, stream: str, started: int) -> int:
        """Live rows that a whole reading begun at `started` did not find."""
        return self._raw.unseen(f"raw_{stream}", started)

    def mark_vanished(self, stream: str, started: int) -> int:
        """Mark as deleted the live rows that a whole reading begun at `started` did not find; returns how many.

        A record that is erased (privacy, an emptied recycle bin) leaves no trace that a delta could bring.
        """
        return self._raw.mark_vanished(f"raw_{stream}", started)

    def count(self, table: str) -> int:
        """Rows of a table or view; 0 where there is none."""
        return self._raw.count(table)

    # -- what connectors ask (connectors.base.Known) -------------------------------------------------------------

    def ids(
        self, stream: str, *, read_since: int | None = None, changed_since: int | None = None
    ) -> Sequence[str]:
        """Ids of the stream's live rows: all, or those that were read, or modified, since."""
        return self._raw.ids(f"raw_{stream}", read_since=read_since, changed_since=changed_since)

    def open_deals(self) -> Sequence[str]:
        """Ids of the deals that are open, or may be."""
        return self._raw.open_deals()

    def archived(self, stream: str) -> int:
        """How many of the stream's rows are archived."""
        return self._raw.archived(f"raw_{stream}")

    def dangling_links(self, stream: str, object: str) -> Sequence[str]:
        """Ids of records whose links lead to merged-away ones; those that were merged away themselves have no links."""
        return self._raw.dangling_links(f"raw_{stream}", object)

    # -- merges --------------------------------------------------------------------------------------------------

    def merged(self) -> list[dict[str, str]]:
        """The permanent map as rows of object, old_id, new_id."""
        return self._merges.rows()

    def remember_merges(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Put what was known elsewhere into the map of a warehouse that is new."""
        self._merges.remember(rows)

    def keep_merges(self) -> None:
        """Take what the raw tables tell of merges into the permanent map."""
        if self.columns("merges_read"):
            self._merges.take(undone=bool(self.columns("merges_undone")))

    def keep_values(self, wanted: Mapping[str, Iterable[str]], at: int, *, whole: bool) -> None:
        """Keep what the views show of some columns, by object, at `at` (ms): our own history, where the CRM keeps none.

        Not `whole`: only some objects were pulled.
        """
        self._values.take(wanted, at, whole=whole)

    # -- neutral views -------------------------------------------------------------------------------------------

    def make_views(self, connector: Reader) -> None:
        """Put the connector's mapping over the raw tables, whatever columns they have by now; for who reads the CRM."""
        who = connector.identity()
        account = Account(who.currency, who.time_zone)
        self._put_views(connector, account)
        self._account.put(account)

    def make_views_as_pulled(self, connector: Reader) -> None:
        """The same with what was known of the account when the rows were read: the CRM is not asked, it may be away."""
        kept = self._account.get()
        if kept is None:
            self.make_views(connector)
        else:
            self._put_views(connector, kept)

    def _put_views(self, connector: Reader, account: Account) -> None:
        columns: Mapping[str, Sequence[str]] = {t: sorted(self.columns(t)) for t in self._raw.names()}
        mapping = connector.mapping(columns, self._raw.custom_fields(), account)
        wanted = statements(with_unsubscribed({**mapping, **VIEWS}))
        if wanted != self._views:
            with self.transaction():
                for statement in wanted:
                    self.database.con.execute(statement)
            self._raw.forget_columns()
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
