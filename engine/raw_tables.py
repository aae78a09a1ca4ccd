"""The raw tables: rows as the CRM gave them, put in place of earlier ones, and what a pull asks of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from sales_consultant.config.neutral import CustomField, quote
from sales_consultant.engine.database import Database


class RawTables:
    """Raw tables whose columns grow with what is pulled."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._columns: dict[str, set[str]] = {}

    def names(self) -> list[str]:
        """The raw tables there are."""
        return [
            r[0]
            for r in self._db.con.execute(
                "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'raw_%'"
            ).fetchall()
        ]

    def columns(self, table: str) -> set[str]:
        """The columns of a table or view; empty where there is none yet."""
        if not self._columns:
            rows = self._db.con.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main'"
            ).fetchall()
            for name, column in rows:
                self._columns.setdefault(name, set()).add(column)
        return self._columns.get(table, set())

    def forget_columns(self) -> None:
        """Views were made anew: their columns are looked up again."""
        self._columns.clear()

    def prepare(self, table: str, rows: pa.Table) -> None:
        """Make the table, or the columns that it does not have yet."""
        present = self.columns(table)
        new = [f for f in rows.schema if f.name not in present]
        if not new:
            return
        kinds = {f.name: _type_of(f.type) for f in new}
        if present:
            for name, kind in kinds.items():
                self._db.con.execute(f"ALTER TABLE {quote(table)} ADD COLUMN {quote(name)} {kind}")
        else:
            columns = ", ".join(f"{quote(n)} {k}" for n, k in kinds.items())
            self._db.con.execute(f"CREATE TABLE {quote(table)} ({columns})")
        self._columns.setdefault(table, set()).update(kinds)

    def remove_all(self, table: str) -> None:
        """The table is read whole: what it holds goes."""
        self._db.con.execute(f"DELETE FROM {quote(table)}")

    def remove_scope(self, table: str, column: str, scope: Any) -> None:
        """Rows go whose column holds one of some values (an Arrow array)."""
        values = pa.Table.from_arrays([scope], ["v"])
        self._db.con.register("_scope", values)
        self._db.con.execute(f"DELETE FROM {quote(table)} WHERE {quote(column)} IN (SELECT v FROM _scope)")
        self._db.con.unregister("_scope")

    def keep_unlisted(self, table: str, rows: pa.Table, same: Sequence[str]) -> None:
        """Rows with the same values in some columns as a new one go; the others stay and are marked `_gone`."""
        self._db.con.register("_rows", rows)
        alike = " AND ".join(f"p.{quote(k)} IS NOT DISTINCT FROM t.{quote(k)}" for k in same)
        self._db.con.execute(
            f"DELETE FROM {quote(table)} AS t WHERE EXISTS (SELECT 1 FROM _rows p WHERE {alike})"
        )
        self._db.con.execute(f"UPDATE {quote(table)} SET _gone = true WHERE NOT coalesce(_gone, false)")
        self._db.con.unregister("_rows")

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows."""
        if not rows.num_rows:
            return
        self._db.con.register("_rows", rows)
        names = ", ".join(quote(n) for n in rows.column_names)
        self._db.con.execute(f"INSERT INTO {quote(table)} ({names}) SELECT {names} FROM _rows")
        self._db.con.unregister("_rows")

    def patch(self, table: str, rows: pa.Table) -> None:
        """Set some columns of rows that are held, by `id`; a row that is not held yet comes with the next delta."""
        if not self.columns(table):
            return
        names = [n for n in rows.column_names if n != "id"]
        sets = ", ".join(f"{quote(n)} = p.{quote(n)}" for n in names)
        differs = " OR ".join(f"t.{quote(n)} IS DISTINCT FROM p.{quote(n)}" for n in names)
        self._db.con.register("_rows", rows)
        self._db.con.execute(
            f"UPDATE {quote(table)} AS t SET {sets} FROM _rows p WHERE t.id = p.id AND ({differs})"
        )
        self._db.con.unregister("_rows")

    def with_first_seen(
        self, table: str, rows: pa.Table, key: Sequence[str], *, first_pull: bool
    ) -> pa.Table:
        """Rows with when each was first seen: as before, or now; unknown for rows of the first pull."""
        if "_first_seen" not in self.columns(table):
            unknown = pa.nulls(rows.num_rows, pa.int64())
            return rows.append_column(
                "_first_seen", pa.chunked_array([unknown]) if first_pull else rows["_seen"]
            )
        self._db.con.register("_rows", rows)
        join = " AND ".join(f"o.{quote(k)} = p.{quote(k)}" for k in key)
        completed: pa.Table = self._db.con.sql(
            f"SELECT p.*, CASE WHEN o._seen IS NOT NULL THEN o._first_seen WHEN ? THEN NULL ELSE p._seen END "
            f"AS _first_seen FROM _rows p LEFT JOIN {quote(table)} o ON {join}",
            params=[first_pull],
        ).to_arrow_table()
        self._db.con.unregister("_rows")
        return completed

    def odd_values(self, rows: pa.Table, kinds: Mapping[str, str]) -> dict[str, int]:
        """How many values of each column cannot be read as the kind that its field is of."""
        self._db.con.register("_rows", rows)
        asked = ", ".join(f"count(*) FILTER (odd_{k}({quote(c)}))" for c, k in kinds.items())
        found = self._db.con.execute(f"SELECT {asked} FROM _rows").fetchall()[0]
        self._db.con.unregister("_rows")
        return {c: n for c, n in zip(kinds, found, strict=True) if n}

    def unseen(self, table: str, started: int) -> int:
        """Live rows that a whole reading begun at `started` (ms) did not find."""
        if "_archived" not in self.columns(table):
            return 0
        return self._db.number(f"SELECT count(*) FROM {quote(table)} WHERE {_unseen(started)}")

    def mark_vanished(self, table: str, started: int) -> int:
        """Mark those as deleted; returns how many."""
        if "_archived" not in self.columns(table):
            return 0
        return self._db.number(f"UPDATE {quote(table)} SET _archived = true WHERE {_unseen(started)}")

    def count(self, table: str) -> int:
        """Rows of a table or view; 0 where there is none."""
        if not self.columns(table):
            return 0
        return self._db.number(f"SELECT count(*) FROM {quote(table)}")

    def archived(self, table: str) -> int:
        """How many of a table's rows are archived."""
        if "_archived" not in self.columns(table):
            return 0
        return self._db.number(f"SELECT count(*) FROM {quote(table)} WHERE _archived")

    def ids(self, table: str, *, read_since: int | None, changed_since: int | None) -> list[str]:
        """Ids of live rows: all, or those that were read, or modified, since (ms)."""
        columns = self.columns(table)
        if not columns:
            return []
        where = ["NOT _archived"] if "_archived" in columns else []
        if read_since is not None:
            where.append(f"_seen >= {int(read_since)}")
        if changed_since is not None and "_modified" in columns:
            where.append(f"_modified >= {int(changed_since)}")
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        return [r[0] for r in self._db.con.execute(f"SELECT id FROM {quote(table)}{condition}").fetchall()]

    def open_deals(self) -> list[str]:
        """Ids of the deals that are open, or may be."""
        if not self.columns("deals"):
            return []
        sql = "SELECT id FROM deals WHERE is_closed IS NOT TRUE AND NOT deleted"
        return [r[0] for r in self._db.con.execute(sql).fetchall()]

    def dangling_links(self, table: str, object: str) -> list[str]:
        """Ids of records whose links lead to merged-away ones; those that were merged away themselves have no links."""
        if not self.columns(table):
            return []
        query = (
            f"SELECT DISTINCT from_id FROM {quote(table)} WHERE to_id IN (SELECT old_id FROM _merged WHERE "
            "object = ?) AND from_id NOT IN (SELECT old_id FROM _merged)"
        )
        return [r[0] for r in self._db.con.execute(query, [object]).fetchall()]

    def custom_fields(self) -> list[CustomField]:
        """The fields that the customer added."""
        if "raw_fields" not in self.names():
            return []
        query = (
            "SELECT object, name, type FROM raw_fields WHERE custom = 'true' AND ours = 'false' ORDER BY 1, 2"
        )
        return [CustomField(*row) for row in self._db.con.execute(query).fetchall()]


def _type_of(kind: pa.DataType) -> str:
    if pa.types.is_int64(kind):
        return "BIGINT"
    return "BOOLEAN" if pa.types.is_boolean(kind) else "VARCHAR"


def _unseen(started: int) -> str:
    return f"_seen < {int(started)} AND NOT coalesce(_archived, false)"
