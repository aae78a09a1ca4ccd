"""Neutral views from a connector's mapping."""

from collections.abc import Mapping, Sequence

from sales_consultant.config.neutral import MERGES, NEUTRAL, Account, Source, TableMapping, quote
from sales_consultant.engine.database import Database


class KeptAccount:
    """What the views need of the CRM's account, kept beside the rows: they can be made anew without asking it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.con.execute("CREATE TABLE IF NOT EXISTS _account (currency VARCHAR, time_zone VARCHAR)")

    def get(self) -> Account | None:
        """As it was when rows were last read; None in a warehouse of before this was kept."""
        rows = self._db.con.execute("SELECT currency, time_zone FROM _account").fetchall()
        return Account(*rows[0]) if rows else None

    def put(self, account: Account) -> None:
        """Keep it, in place of what was known before."""
        if account != self.get():
            with self._db.transaction():
                self._db.con.execute("DELETE FROM _account")
                self._db.con.execute("INSERT INTO _account VALUES (?, ?)", list(account))


def statements(mapping: TableMapping) -> list[str]:
    """The statements that make the views of a mapping, and of the neutral tables that it leaves empty.

    Raises ValueError for a table or column that the contract does not know.
    """
    known = NEUTRAL | MERGES
    if unknown := set(mapping) - set(known):
        raise ValueError(f"no such neutral table: {', '.join(sorted(unknown))}")
    # In the order of the mapping: one view may read another that stands before it.
    tables = [*mapping, *(t for t in NEUTRAL if t not in mapping)]
    return [_view(t, known[t], mapping.get(t, ())) for t in tables]


def _view(table: str, types: Mapping[str, str], sources: Sequence[Source]) -> str:
    """The statement that makes a neutral view; columns without a source are NULL, no source is an empty table."""
    extras = sorted({name for s in sources for name in s.extra})
    selects = []
    for source in sources:
        unknown = set(source.columns) - set(types)
        if unknown:
            raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
        # What does not fit (a number too large for money) is empty: one odd value costs that value.
        columns = [f"TRY_CAST({source.columns.get(c, 'NULL')} AS {t}) AS {c}" for c, t in types.items()]
        columns += [f"{source.extra.get(e, 'NULL')} AS {quote(e)}" for e in extras]
        where = f" WHERE {source.where}" if source.where else ""
        selects.append(f"SELECT {', '.join(columns)} FROM {source.sql_from}{where}")
    if not selects:
        empty = ", ".join(f"CAST(NULL AS {t}) AS {c}" for c, t in types.items())
        selects = [f"SELECT {empty} WHERE false"]
    return f"CREATE OR REPLACE VIEW {table} AS " + " UNION ALL ".join(selects)
