"""How the raw tables of a warehouse are laid out, and how those of an earlier version are brought up to date.

In layout 1 a CRM's fields stood beside our own columns under their own names, so that a field called as one of ours (`id`,
`_seen`) took its place. Since layout 2 a field's column starts with `f_`. Until layout 2 subjects and bodies of activities were
kept; since layout 3 no text of people is, and the file is written anew so that its bytes go too.
"""

import duckdb

from sales_consultant.config.neutral import field_column, quote

# 2: the names of fields got their prefix. 3: texts went (see above).
NEWEST = 3
_TEXTS = frozenset(
    field_column(name)
    for name in (
        "hs_call_title", "hs_call_body", "hs_email_subject", "hs_email_text", "hs_meeting_title", "hs_meeting_body",
        "hs_note_body", "hs_task_subject", "hs_task_body", "hs_communication_body", "Subject", "Description",
    )
)  # fmt: skip
_OURS = frozenset({"id", "_created", "_modified", "_archived", "_seen", "_first_seen"})


class Layout:
    """The layout of a warehouse's raw tables."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        con.execute("CREATE TABLE IF NOT EXISTS _layout (version INTEGER)")
        found = con.execute("SELECT max(version) FROM _layout").fetchall()[0][0]
        self.outdated = found is not None and found < NEWEST
        # Tables of layout 1 were made before layouts were counted.
        self.version = found or 1
        if found is None:
            self.outdated = bool(self._tables())
            if not self.outdated:
                self.finish()

    def finish(self) -> None:
        """The tables have the newest layout, and the file holds nothing of an earlier one."""
        self.con.execute("INSERT INTO _layout VALUES (?)", [NEWEST])

    def _tables(self) -> list[str]:
        """Raw tables of records: the small ones, links and histories have no time of creation, and no fields of a CRM."""
        rows = self.con.execute(
            "SELECT table_name FROM duckdb_columns() WHERE schema_name = 'main' AND column_name = '_created' "
            "AND table_name LIKE 'raw\\_%' ESCAPE '\\' ORDER BY 1"
        ).fetchall()
        views = {r[0] for r in self.con.execute("SELECT view_name FROM duckdb_views()").fetchall()}
        return [name for (name,) in rows if name not in views]

    def renew(self) -> None:
        """Bring the tables of an earlier layout up to date; what is done already is left alone, so that a kill costs nothing."""
        for (view,) in self.con.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' AND view_name <> 'merges'"
        ).fetchall():
            self.con.execute(f"DROP VIEW {quote(view)}")
        if self.version < 2:
            self._prefix()
        self._without_texts()

    def _prefix(self) -> None:
        """Rename the fields' columns; each stream is read whole again, for rows may have been put under wrong ids."""
        for table in self._tables():
            for (column,) in self.con.execute(
                "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ?",
                [table],
            ).fetchall():
                if column not in _OURS:
                    new = quote(field_column(column))
                    self.con.execute(f"ALTER TABLE {quote(table)} RENAME COLUMN {quote(column)} TO {new}")
        self.con.execute("UPDATE _streams SET definition = NULL, going = false, resume = NULL")
        self.con.execute("INSERT INTO _layout VALUES (2)")

    def _without_texts(self) -> None:
        """Drop the columns of text from the tables of activities; no other object was ever read with one."""
        for table in self._tables():
            for (column,) in self.con.execute(
                "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ?",
                [table],
            ).fetchall():
                if column in _TEXTS:
                    self.con.execute(f"ALTER TABLE {quote(table)} DROP COLUMN {quote(column)}")
