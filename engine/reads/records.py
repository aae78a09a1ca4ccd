"""Records of the neutral and raw tables: who they are, what they hold, which of them fulfil a condition."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from sales_consultant.config.neutral import quote
from sales_consultant.config.records import RecordRef
from sales_consultant.engine.duck import DuckEngine
from sales_consultant.engine.reads.rows import many

_DIRECTORY = (
    (
        "SELECT CASE source_object WHEN 'Lead' THEN 'leads' ELSE 'contacts' END, id, "
        "coalesce(nullif(trim(concat_ws(' ', first_name, last_name)), ''), email, id), company_id, owner_id, "
        "do_not_score FROM contacts"
    ),
    "SELECT 'companies', id, coalesce(name, domain, id), id, owner_id, do_not_score FROM companies",
    "SELECT 'deals', id, coalesce(name, id), company_id, owner_id, do_not_score FROM deals",
)


@contextlib.contextmanager
def _chosen(engine: DuckEngine, ids: Iterable[str]) -> Iterator[str]:
    """The end of a SELECT with a column `id` that keeps the rows of these ids."""
    engine.con.register("_chosen", pa.table({"id": pa.array(ids, pa.string())}))
    try:
        yield "SEMI JOIN _chosen USING (id)"
    finally:
        engine.con.unregister("_chosen")


def directory(engine: DuckEngine) -> Iterator[tuple[Any, ...]]:
    """Of every record its object, id, name, company, owner, and whether it is not to be scored."""
    for source in _DIRECTORY:
        yield from many(engine.con.execute(source))


def names(engine: DuckEngine, ids: Iterable[str]) -> dict[RecordRef, str]:
    """What people know some records by; records of several objects may share an id."""
    with _chosen(engine, ids) as only:
        return {
            RecordRef(str(row[0]), str(row[1])): str(row[2])
            for source in _DIRECTORY
            for row in engine.con.execute(f"FROM ({source}) {only}").fetchall()
        }


def currencies(engine: DuckEngine, deals: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The org's currency, "" where the CRM has none, and of some deals that of each in another one."""
    org = engine.con.execute("SELECT coalesce(min(currency), '') FROM org").fetchall()[0][0]
    with _chosen(engine, deals) as only:
        other = f"SELECT id, currency FROM deals {only} WHERE currency <> '' AND currency <> ?"
        return str(org), {str(i): str(c) for i, c in engine.con.execute(other, [org]).fetchall()}


def owners(engine: DuckEngine) -> list[tuple[str, str | None]]:
    """Id and address, in small letters, of every owner."""
    return engine.con.execute("SELECT id, lower(email) FROM owners").fetchall()


def owner_names(engine: DuckEngine) -> dict[str, str]:
    """What people call each owner: the name, else the address, else the id; where two have one name, with the address or id."""
    called = "coalesce(nullif(trim(concat_ws(' ', first_name, last_name)), ''), email, id)"
    rows = engine.con.execute(
        f"SELECT id, {called}, coalesce(nullif(email, ''), id) FROM owners WHERE id IS NOT NULL"
    ).fetchall()
    often = Counter(str(name).casefold() for _, name, _ in rows)
    return {str(i): f"{n} ({more})" if often[str(n).casefold()] > 1 else str(n) for i, n, more in rows}


def shared_owner_names(engine: DuckEngine) -> set[str]:
    """Names that several owners have, in small letters."""
    called = "lower(trim(concat_ws(' ', first_name, last_name)))"
    rows = engine.con.execute(f"SELECT {called} FROM owners GROUP BY 1 HAVING count(*) > 1").fetchall()
    return {str(name) for (name,) in rows if name}


def owners_who_left(engine: DuckEngine) -> set[str]:
    """Ids of the owners of whom the CRM says that they are not active any more."""
    return {str(r[0]) for r in engine.con.execute("SELECT id FROM owners WHERE active IS FALSE").fetchall()}


def ids_where(engine: DuckEngine, table: str, condition: str, values: Sequence[object]) -> set[str]:
    """Ids of a table's rows that fulfil a condition of the engine's SQL, with its values."""
    found = engine.con.execute(f"SELECT id FROM {quote(table)} WHERE {condition}", list(values))
    return {str(r[0]) for r in found.fetchall()}


def companies_of(engine: DuckEngine, table: str, ids: Sequence[str]) -> Mapping[str, str]:
    """The company of each of some records, where it is known; nothing where nothing was pulled."""
    try:
        with _chosen(engine, ids) as only:
            rows = engine.con.execute(f"SELECT id, company_id FROM {quote(table)} {only}").fetchall()
    except duckdb.CatalogException:
        return {}
    return {str(i): str(c) for i, c in rows if c is not None}


def rows_where(
    engine: DuckEngine, table: str, columns: Sequence[str], condition: str
) -> Iterator[tuple[Any, ...]]:
    """Id, when it was read (ms) and some columns of a raw table's rows."""
    listed = "".join(f", {quote(n)}" for n in columns)
    return many(engine.con.execute(f"SELECT id, _seen{listed} FROM {quote(table)} WHERE {condition}"))


def one(engine: DuckEngine, table: str, record_id: str) -> dict[str, Any]:
    """A row of a table by its id; empty where there is none."""
    result = engine.con.execute(f"SELECT * FROM {quote(table)} WHERE id = ?", [record_id])
    names = [d[0] for d in result.description or ()]
    return dict(zip(names, result.fetchone() or (), strict=False))


def stage_label(engine: DuckEngine, record_id: str) -> str:
    """The name of the stage in which a deal stands; empty where the CRM names none."""
    result = engine.con.execute(
        "SELECT max(s.label) FROM deals d JOIN stages s ON s.object = 'deals' AND s.stage = d.stage "
        "AND (s.pipeline = d.pipeline OR d.pipeline IS NULL) WHERE d.id = ?",
        [record_id],
    )
    return str((result.fetchone() or ("",))[0] or "")


def has_row(engine: DuckEngine, table: str, record_id: str) -> bool:
    """Whether a table has a row with an id."""
    found = engine.con.execute(f"SELECT count(*) FROM {quote(table)} WHERE id = ?", [record_id])
    return bool(found.fetchall()[0][0])


def was_pulled(engine: DuckEngine, *columns: str) -> bool:
    """Whether a raw table has one of some columns, however it is written."""
    marks = ", ".join("?" * len(columns))
    return bool(
        engine.con.execute(
            f"SELECT 1 FROM duckdb_columns() WHERE lower(column_name) IN ({marks}) AND table_name LIKE 'raw%' LIMIT 1",
            list(columns),
        ).fetchall()
    )
