"""Ids that a merge ended, with the id that holds the record now. Vendors forget (an emptied bin), this map does not."""

from collections.abc import Iterable, Mapping

from sales_consultant.engine.database import Database

_MERGED = "CREATE TABLE IF NOT EXISTS _merged (object VARCHAR, old_id VARCHAR, new_id VARCHAR, PRIMARY KEY (object, old_id))"
_MERGES = "CREATE OR REPLACE VIEW merges AS SELECT object, old_id, new_id FROM _merged WHERE old_id <> new_id"
_LONGEST_CHAIN = 64
"""Merges of merges that are followed: a record that was merged more often would be nobody's."""


class MergeMap:
    """The permanent map of merges."""

    def __init__(self, database: Database) -> None:
        self._db = database
        for statement in (_MERGED, _MERGES):
            database.con.execute(statement)

    def rows(self) -> list[dict[str, str]]:
        """The map as rows of object, old_id, new_id."""
        rows = self._db.con.execute("SELECT object, old_id, new_id FROM merges").fetchall()
        return [{"object": o, "old_id": a, "new_id": b} for o, a, b in rows]

    def remember(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Put what was known elsewhere into the map of a warehouse that is new."""
        with self._db.transaction():
            for r in rows:
                self._db.con.execute(
                    "INSERT OR IGNORE INTO _merged VALUES (?, ?, ?)", [r["object"], r["old_id"], r["new_id"]]
                )

    def take(self, *, undone: bool) -> None:
        """Take what the raw tables tell of merges into the map; who was merged twice leads to the last.

        `undone`: the raw tables also tell of merges that were undone.
        """
        with self._db.transaction():
            if undone:
                self._db.con.execute(
                    "DELETE FROM _merged WHERE (object, old_id) IN (SELECT u.object, u.old_id FROM merges_undone u)"
                )
            self._db.con.execute(
                "INSERT OR REPLACE INTO _merged SELECT r.object, r.old_id, r.new_id FROM merges_read r ANTI JOIN _merged m "
                "ON m.object = r.object AND m.old_id = r.old_id AND (m.new_id = r.new_id OR m.new_id IN "
                "(SELECT f.new_id FROM _merged f WHERE f.object = r.object AND f.old_id = r.new_id))"
            )
            for _ in range(_LONGEST_CHAIN):
                moved = self._db.number(
                    "UPDATE _merged AS a SET new_id = b.new_id FROM _merged b WHERE a.object = b.object "
                    "AND a.new_id = b.old_id AND a.new_id <> b.new_id AND a.old_id <> b.new_id"
                )
                if not moved:
                    break
