"""Every id that the CRM has against every id that a raw table holds, and what such comparisons found."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from sales_consultant.config.neutral import quote
from sales_consultant.engine.database import Database

_TABLE = (
    "CREATE TABLE IF NOT EXISTS _comparisons (stream VARCHAR PRIMARY KEY, object VARCHAR, crm BIGINT, warehouse BIGINT, "
    "missing BIGINT, stale BIGINT, vanished BIGINT, doubt VARCHAR, unseen BIGINT, compared_at BIGINT)"
)


class Inventory:
    """The ids that the CRM lists of one stream, beside the raw table of that stream, while both are compared."""

    def __init__(self, database: Database, table: str) -> None:
        self._db, self._table = database, quote(table)

    def add(self, part: pa.Table) -> None:
        """Ids with `_modified` (ms) and `_archived`, as the CRM lists them."""
        self._db.con.register("_part", part)
        self._db.con.execute("INSERT INTO _inventory SELECT id, _modified, _archived FROM _part")
        self._db.con.unregister("_part")

    def differing(self) -> list[tuple[str, bool]]:
        """Ids that are not here (True), or not here as they are there (False)."""
        return self._db.con.execute(
            f"SELECT i.id, r.id IS NULL FROM _inventory i LEFT JOIN {self._table} r ON r.id = i.id WHERE r.id IS NULL OR "
            "r._modified IS DISTINCT FROM i._modified OR coalesce(r._archived, false) <> i._archived ORDER BY 1"
        ).fetchall()

    def listed(self) -> list[str]:
        """All ids that the CRM lists."""
        return [r[0] for r in self._db.con.execute("SELECT id FROM _inventory ORDER BY 1").fetchall()]

    def unlisted(self) -> int:
        """Live rows that the CRM does not list."""
        return self._db.number(f"SELECT count(*) FROM {self._table} WHERE {_GONE}")

    def mark_unlisted(self) -> int:
        """Mark those as deleted; how many."""
        return self._db.number(f"UPDATE {self._table} SET _archived = true WHERE {_GONE}")

    def there(self) -> int:
        """Live records in the CRM."""
        return self._db.number("SELECT count(*) FROM _inventory WHERE NOT _archived")

    def here(self) -> int:
        """Live rows in the raw table."""
        return self._db.number(f"SELECT count(*) FROM {self._table} WHERE NOT coalesce(_archived, false)")


_GONE = "NOT coalesce(_archived, false) AND id NOT IN (SELECT id FROM _inventory)"


@contextlib.contextmanager
def inventory(database: Database, table: str) -> Iterator[Inventory]:
    """An empty inventory of a raw table, for as long as the block lasts."""
    database.con.execute(
        "CREATE OR REPLACE TEMP TABLE _inventory (id VARCHAR, _modified BIGINT, _archived BOOLEAN)"
    )
    try:
        yield Inventory(database, table)
    finally:
        database.con.execute("DROP TABLE IF EXISTS _inventory")


def keep_comparisons(database: Database, rows: Iterable[Sequence[Any]]) -> None:
    """Keep what was found of each stream, in place of what was found before; the last value of a row is when (ms)."""
    with database.transaction():
        database.con.execute(_TABLE)
        for row in rows:
            database.con.execute(
                "INSERT OR REPLACE INTO _comparisons VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", list(row)
            )


def comparisons(database: Database) -> list[tuple[Any, ...]]:
    """What was kept."""
    database.con.execute(_TABLE)
    return database.con.execute("SELECT * FROM _comparisons ORDER BY object, stream").fetchall()
