"""A record erased from the tables, with its links and the activities that are nobody else's."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from sales_consultant.config.neutral import literal, quote
from sales_consultant.engine.database import Database

_LINKED = """SELECT a.from_id FROM associations a WHERE a.from_object = 'activity' AND a.to_id = ? AND NOT EXISTS (
 SELECT 1 FROM associations b WHERE b.from_object = 'activity' AND b.from_id = a.from_id AND b.to_object IN ('contact', 'lead')
 AND b.to_id <> a.to_id)"""


def erase(
    database: Database,
    ids: Sequence[str],
    *,
    mapped_as: str,
    own_tables: Collection[str],
    table: str,
    linked: bool,
) -> int:
    """Remove a record by all its ids; how many rows of its table went.

    `mapped_as` is its object in the map of merges, `own_tables` are the raw tables of records, `table` is the record's;
    `linked`: there are links of activities to look at. Another record that names this one stays, without the name.
    """
    con, count = database.con, 0
    doomed = list(ids)
    if linked:
        for one in ids:
            doomed += [r[0] for r in con.execute(_LINKED, [one]).fetchall()]
    con.execute(
        "DELETE FROM _merged WHERE object = ? AND (list_contains(?, old_id) OR list_contains(?, new_id))",
        [mapped_as, ids, ids],
    )
    for kept in ("_field_values", "_first_sights"):
        con.execute(f"DELETE FROM {kept} WHERE object = ? AND list_contains(?, record_id)", [mapped_as, ids])
    # A short id is a number that a head count may equal by chance; no field holds such an id in its own name.
    con.execute(
        "UPDATE _field_values SET value = NULL WHERE length(value) >= 15 AND list_contains(?, value)", [ids]
    )
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND table_name LIKE 'raw%'"
    ).fetchall()
    for (name,) in tables:
        texts = _texts(con, name)
        if name in own_tables:
            for column in texts - {"id"}:
                con.execute(
                    f"UPDATE {quote(name)} SET {quote(column)} = NULL WHERE list_contains(?, {quote(column)})",
                    [ids],
                )
            if name == table:
                count += database.number(f"DELETE FROM {quote(name)} WHERE list_contains(?, id)", [ids])
        else:
            where = " OR ".join(f"list_contains(?, {quote(c)})" for c in sorted(texts))
            if where:
                count += database.number(f"DELETE FROM {quote(name)} WHERE {where}", [doomed] * len(texts))
    return count


def _texts(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    query = "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ? AND data_type = 'VARCHAR'"
    return {str(r[0]) for r in con.execute(query, [table]).fetchall()}


def write_anew(path: Path) -> None:
    """A deleted row's bytes stay in DuckDB's file until they are overwritten: a new file has none of them."""
    part = path.with_name("warehouse.anew")
    part.unlink(missing_ok=True)
    with duckdb.connect() as con:
        for file, name in ((path, "was"), (part, "anew")):
            con.execute(f"ATTACH {literal(str(file))} AS {name}")
        # The views are made again by whoever reads them, from the tables.
        for (view,) in con.execute(
            "SELECT view_name FROM duckdb_views() WHERE database_name = 'was' AND NOT internal"
        ).fetchall():
            con.execute(f"DROP VIEW was.{quote(view)}")
        con.execute("COPY FROM DATABASE was TO anew")
        con.execute("CHECKPOINT anew")
    os.chmod(part, 0o600)
    os.replace(part, path)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


def remove_copies(path: Path) -> None:
    """What lies beside a warehouse and may hold what was in it: damaged files that were moved aside, temporary files."""
    for beside in (*path.parent.glob(f"{path.name}*.damaged-*"), *(path.parent / "warehouse.tmp").glob("*")):
        beside.unlink(missing_ok=True)


def marked(
    database: Database, table: str, alive: str, digests: Sequence[str], salt: str
) -> list[tuple[str, bool]]:
    """Ids of a raw table whose salted SHA-256 is among some, each with whether the condition `alive` holds."""
    return database.con.execute(
        f"SELECT id, {alive} FROM {quote(table)} WHERE list_contains(?, sha256(? || id))",
        [list(digests), salt],
    ).fetchall()


def remove(database: Database, table: str, record_id: str) -> None:
    """Remove a row by its id."""
    database.con.execute(f"DELETE FROM {quote(table)} WHERE id = ?", [record_id])
