"""Our own history of fields of which the CRM keeps none: what each pull saw, kept where it differs from what was seen before.

A value is as old as the first pull that saw it. Nothing is said of the time before a field was watched, or a record seen.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.neutral import Source, TableMapping, literal, quote
from sales_consultant.engine.database import Database

# A judgement: two texts that are alike in so many characters are the same category; what is longer is no category.
_LONGEST = 255
# What changes every night is kept so for a month, and by the month after that: training looks at the past by the month.
_MONTH_MS = 30 * DAY_MS
_TABLES = {
    "_field_values": "object VARCHAR, record_id VARCHAR, field VARCHAR, value VARCHAR, seen_at BIGINT",
    "_watched_fields": "object VARCHAR, field VARCHAR, since BIGINT, PRIMARY KEY (object, field)",
    # `digest` tells whether any watched column of the record differs from what was seen last.
    "_first_sights": "object VARCHAR, record_id VARCHAR, seen_at BIGINT, digest VARCHAR",
    "_values_thinned": "until BIGINT",
}
VIEWS: TableMapping = {
    "field_values": [
        Source("_field_values v", {c: f"v.{c}" for c in ("object", "record_id", "field", "value", "seen_at")})
    ],
    "watched_fields": [Source("_watched_fields w", {c: f"w.{c}" for c in ("object", "field", "since")})],
    "first_sights": [Source("_first_sights s", {c: f"s.{c}" for c in ("object", "record_id", "seen_at")})],
}
"""The neutral tables that these tables are: what a connector's mapping is completed by."""
_OBJECTS = ("contacts", "companies", "deals")


class FieldValues:
    """The values of watched fields. `take` reads the neutral views, so that every CRM's are kept alike."""

    def __init__(self, database: Database) -> None:
        self._db = database
        for table, columns in _TABLES.items():
            database.con.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")

    def take(self, wanted: Mapping[str, Iterable[str]], at: int, *, whole: bool = True) -> None:
        """Keep what the neutral tables show at `at` (ms): the wanted columns of each object, where they changed.

        Every record is compared by a digest, so that it does not matter when and why a pull brought it; what differs is
        written. A column that is not wanted any more is forgotten: what was not watched is not known. Not `whole`: only some
        objects were pulled, and a column that is new may not have been read yet.
        """
        with self._db.transaction():
            for object in _OBJECTS:
                self._take(object, sorted(wanted.get(object, ())), at, whole)
            self._thin(at)

    def _take(self, object: str, columns: list[str], at: int, whole: bool) -> None:
        con = self._db.con
        known = self._all("SELECT field FROM _watched_fields WHERE object = ? ORDER BY 1", [object])
        if gone := sorted(set(known) - set(columns)):
            for table in ("_field_values", "_watched_fields"):
                con.execute(
                    f"DELETE FROM {table} WHERE object = ? AND list_contains(?, field)", [object, gone]
                )
        last = self._all("SELECT coalesce(max(since), 0) FROM _watched_fields WHERE object = ?", [object])
        last += self._all("SELECT coalesce(max(seen_at), 0) FROM _field_values WHERE object = ?", [object])
        if max(last) > at:
            return
        new = sorted(set(columns) - set(known)) if whole else []
        watched = sorted((set(columns) & set(known)) | set(new))
        if watched:
            self._add(object, watched, at)
        for column in new:
            con.execute("INSERT INTO _watched_fields VALUES (?, ?, ?)", [object, column, at])

    def _add(self, object: str, columns: list[str], at: int) -> None:
        """Add the values that differ from those seen last, and the records that were never seen."""
        con = self._db.con
        texts = ", ".join(f"left(CAST({quote(c)} AS VARCHAR), {_LONGEST}) AS {quote(c)}" for c in columns)
        names = ", ".join(quote(c) for c in columns)
        marked = ", ".join(f"{literal(c + '=')} || coalesce({quote(c)}, chr(1))" for c in columns)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE _differing AS WITH now AS (SELECT id, {texts} FROM {quote(object)} WHERE NOT "
            f"coalesce(deleted, false)), seen AS (SELECT *, md5(concat_ws(chr(2), {marked})) AS _digest FROM now) "
            "SELECT DISTINCT ON (id) seen.*, s.record_id IS NULL AS _new FROM seen LEFT JOIN _first_sights s ON s.object = ? "
            "AND s.record_id = seen.id WHERE s.digest IS DISTINCT FROM seen._digest",
            [object],
        )
        con.execute(
            f"INSERT INTO _field_values WITH now AS (SELECT id, field, value FROM (SELECT id, {names} FROM _differing) "
            f"UNPIVOT INCLUDE NULLS (value FOR field IN ({names}))), before AS (SELECT record_id, field, "
            "last(value ORDER BY seen_at) AS value FROM _field_values WHERE object = ? AND record_id IN "
            "(SELECT id FROM _differing) GROUP BY ALL) SELECT ?, now.id, now.field, now.value, ? FROM now LEFT JOIN before "
            "ON before.record_id = now.id AND before.field = now.field WHERE now.value IS DISTINCT FROM before.value",
            [object, object, at],
        )
        con.execute(
            "UPDATE _first_sights AS s SET digest = d._digest FROM _differing d WHERE s.object = ? AND s.record_id = d.id",
            [object],
        )
        con.execute(
            "INSERT INTO _first_sights SELECT ?, id, ?, _digest FROM _differing WHERE _new", [object, at]
        )
        con.execute("DROP TABLE _differing")

    def _thin(self, at: int) -> None:
        """Of what is older than a month keep the first value and the last of each month; none is told before it was seen."""
        until = at // _MONTH_MS * _MONTH_MS - _MONTH_MS
        done = self._all("SELECT coalesce(max(until), 0) FROM _values_thinned", [])[0]
        if until <= done:
            return
        con = self._db.con
        con.execute(
            "DELETE FROM _field_values AS v WHERE v.seen_at >= ? AND v.seen_at < ? AND EXISTS (SELECT 1 FROM _field_values n "
            "WHERE n.object = v.object AND n.record_id = v.record_id AND n.field = v.field AND n.seen_at > v.seen_at "
            f"AND n.seen_at < ? AND n.seen_at // {_MONTH_MS} = v.seen_at // {_MONTH_MS}) AND EXISTS (SELECT 1 FROM "
            "_field_values p WHERE p.object = v.object AND p.record_id = v.record_id AND p.field = v.field "
            "AND p.seen_at < v.seen_at)",
            [done, until, until],
        )
        con.execute("DELETE FROM _values_thinned")
        con.execute("INSERT INTO _values_thinned VALUES (?)", [until])

    def _all(self, sql: str, parameters: list[Any]) -> list[Any]:
        return [r[0] for r in self._db.con.execute(sql, parameters).fetchall()]
