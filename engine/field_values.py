"""Our own history of fields of which the CRM keeps none: what each pull saw, kept where it differs from what was seen before.

A value is as old as the first pull that saw it. Nothing is said of the time before a field's first snapshot.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.neutral import Source, TableMapping, quote
from sales_consultant.engine.database import Database

# A judgement: two texts that are alike in so many characters are the same category; what is longer is no category.
_LONGEST = 255
_TABLES = {
    "_field_values": "object VARCHAR, record_id VARCHAR, field VARCHAR, value VARCHAR, seen_at BIGINT",
    "_watched_fields": "object VARCHAR, field VARCHAR, since BIGINT, PRIMARY KEY (object, field)",
    "_snapshots": "object VARCHAR, taken_at BIGINT, PRIMARY KEY (object, taken_at)",
}
VIEWS: TableMapping = {
    "field_values": [
        Source("_field_values v", {c: f"v.{c}" for c in ("object", "record_id", "field", "value", "seen_at")})
    ],
    "watched_fields": [Source("_watched_fields w", {c: f"w.{c}" for c in ("object", "field", "since")})],
    "snapshots": [Source("_snapshots s", {c: f"s.{c}" for c in ("object", "taken_at")})],
}
"""The neutral tables that these tables are: what a connector's mapping is completed by."""


class FieldValues:
    """The values of watched fields. `take` reads the neutral views, so that every CRM's are kept alike."""

    def __init__(self, database: Database) -> None:
        self._db = database
        for table, columns in _TABLES.items():
            database.con.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")

    def take(
        self, wanted: Mapping[str, Iterable[str]], at: int, *, whole: bool = True, every: bool = False
    ) -> None:
        """Keep what the neutral tables show at `at` (ms): the wanted columns of each object, where they changed.

        Read are the records that were modified since the day before the last snapshot, those without a value yet, and all
        where a column is new or with `every`. A column that is not wanted any more is forgotten: what was not watched is not
        known. Not `whole`: only some objects were pulled, so that a record which is not there was not looked for.
        """
        with self._db.transaction():
            for object, columns in wanted.items():
                self._take(object, sorted(columns), at, whole, every)

    def _take(self, object: str, columns: list[str], at: int, whole: bool, every: bool) -> None:
        con = self._db.con
        for table in ("_field_values", "_watched_fields"):
            con.execute(
                f"DELETE FROM {table} WHERE object = ? AND NOT list_contains(?, field)", [object, columns]
            )
        known = self._all("SELECT field FROM _watched_fields WHERE object = ?", [object])
        last = self._all("SELECT coalesce(max(taken_at), 0) FROM _snapshots WHERE object = ?", [object])[0]
        if last >= at:
            return
        changed = (
            f"modified_at IS NULL OR modified_at >= {int(last) - DAY_MS} "
            f"OR id NOT IN (SELECT record_id FROM _field_values WHERE object = '{object}')"
        )
        self._add(object, [c for c in columns if c in known], "true" if every else changed, at)
        if not whole:
            return
        self._add(object, new := [c for c in columns if c not in known], "true", at)
        con.execute("INSERT INTO _snapshots VALUES (?, ?)", [object, at])
        for column in new:
            con.execute("INSERT INTO _watched_fields VALUES (?, ?, ?)", [object, column, at])

    def _add(self, object: str, columns: list[str], rows: str, at: int) -> None:
        """Add the values that differ from those seen last."""
        if not columns:
            return
        texts = ", ".join(f"left(CAST({quote(c)} AS VARCHAR), {_LONGEST}) AS {quote(c)}" for c in columns)
        names = ", ".join(quote(c) for c in columns)
        self._db.con.execute(
            f"INSERT INTO _field_values WITH seen AS (SELECT id, {texts} FROM {quote(object)} WHERE NOT "
            f"coalesce(deleted, false) AND ({rows})), now AS (FROM seen UNPIVOT INCLUDE NULLS (value FOR field IN "
            f"({names}))), before AS (SELECT record_id, field, last(value ORDER BY seen_at) AS value FROM _field_values "
            "WHERE object = ? AND record_id IN (SELECT id FROM seen) GROUP BY ALL) SELECT DISTINCT ?, now.id, now.field, "
            "now.value, ? FROM now LEFT JOIN before ON before.record_id = now.id AND before.field = now.field "
            "WHERE now.value IS DISTINCT FROM before.value",
            [object, object, at],
        )

    def _all(self, sql: str, parameters: list[Any]) -> list[Any]:
        return [r[0] for r in self._db.con.execute(sql, parameters).fetchall()]
