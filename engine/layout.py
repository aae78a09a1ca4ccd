"""How the raw tables of a warehouse are laid out, and how those of an earlier version are brought up to date.

In layout 1 a CRM's fields stood beside our own columns under their own names, so that a field called as one of ours (`id`,
`_seen`) took its place. Since layout 2 a field's column starts with `f_`.
"""

import duckdb

from sales_consultant.config.neutral import field_column, quote

# 2: the names of fields got their prefix (see above).
NEWEST = 2
_OURS = frozenset({"id", "_created", "_modified", "_archived", "_seen", "_first_seen"})


class Layout:
    """The layout of a warehouse's raw tables."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        con.execute("CREATE TABLE IF NOT EXISTS _layout (version INTEGER)")
        found = con.execute("SELECT max(version) FROM _layout").fetchall()[0][0]
        self.outdated = False
        if found is None:
            self.outdated = bool(self._tables())
            if not self.outdated:
                con.execute("INSERT INTO _layout VALUES (?)", [NEWEST])

    def _tables(self) -> list[str]:
        """Raw tables of records: the small ones, links and histories have no time of creation, and no fields of a CRM."""
        rows = self.con.execute(
            "SELECT table_name FROM duckdb_columns() WHERE schema_name = 'main' AND column_name = '_created' "
            "AND table_name LIKE 'raw\\_%' ESCAPE '\\' ORDER BY 1"
        ).fetchall()
        views = {r[0] for r in self.con.execute("SELECT view_name FROM duckdb_views()").fetchall()}
        return [name for (name,) in rows if name not in views]

    def renew(self) -> None:
        """Rename the fields' columns; each stream is read whole again, for rows may have been put under wrong ids."""
        for (view,) in self.con.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' AND view_name <> 'merges'"
        ).fetchall():
            self.con.execute(f"DROP VIEW {quote(view)}")
        for table in self._tables():
            for (column,) in self.con.execute(
                "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ?",
                [table],
            ).fetchall():
                if column not in _OURS:
                    new = quote(field_column(column))
                    self.con.execute(f"ALTER TABLE {quote(table)} RENAME COLUMN {quote(column)} TO {new}")
        self.con.execute("UPDATE _streams SET definition = NULL, going = false, resume = NULL")
        self.con.execute("INSERT INTO _layout VALUES (?)", [NEWEST])
