"""The neutral views as tables for as long as a small company is learnt or scored.

A training asks the neutral tables some hundred times, and each time a view is bound and its raw rows are read and
converted anew. On a small company that is most of the work, so its rows are converted once; on a large one the copy
would cost memory and disk that the views do not.
"""

import contextlib
from collections.abc import Iterator

from sales_consultant.config.neutral import quote
from sales_consultant.engine.duck import DuckEngine

# DuckDB gives a second thread its work by row groups of this size: below it there is none to share.
MOST_ROWS = 122_880


@contextlib.contextmanager
def materialised(engine: DuckEngine, *, most: int = MOST_ROWS) -> Iterator[bool]:
    """Copy the neutral views of a warehouse with at most `most` raw rows, by one thread; whether that was done.

    The copies hide the views by their names until the block ends, so nothing may be pulled within it; columns are asked
    for once.
    """
    con = engine.con
    tables = "FROM duckdb_tables() WHERE NOT internal AND NOT temporary"
    rows = con.execute(f"SELECT coalesce(sum(estimated_size), 0) {tables}").fetchall()[0][0]
    if rows > most:
        with engine.same_columns():
            yield False
        return
    views = [
        name
        for (name,) in con.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND NOT temporary ORDER BY view_name"
        ).fetchall()
    ]
    con.execute("SET threads = 1")
    try:
        for view in views:
            con.execute(f"CREATE OR REPLACE TEMP TABLE {quote(view)} AS SELECT * FROM main.{quote(view)}")
        with engine.same_columns():
            yield True
    finally:
        for view in views:
            con.execute(f"DROP TABLE IF EXISTS temp.{quote(view)}")
        con.execute("RESET threads")
