"""The order of writing: children of one company next to each other, for a CRM locks the parent while a child is written."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from sales_consultant.sync.journal import Entry
from sales_consultant.sync.stores import Warehouse

_CHILDREN = {"contacts": "contacts", "leads": "contacts", "deals": "deals"}


def by_company(warehouse: Warehouse, entries: Sequence[Entry]) -> list[Entry]:
    """The entries by object, company and record; those whose company is not known come last, in the order given."""
    company: dict[tuple[str, str], str] = {}
    con = warehouse.con
    for obj in {e.object for e in entries}:
        table = _CHILDREN.get(obj)
        if table is None:
            continue
        con.register("_planned", pa.table({"id": [e.record_id for e in entries if e.object == obj]}))
        try:
            rows = con.execute(f"SELECT id, company_id FROM {table} SEMI JOIN _planned USING (id)").fetchall()
            company |= {(obj, str(i)): str(c) for i, c in rows if c is not None}
        except duckdb.CatalogException:
            # Nothing was pulled here yet, as where a saved plan is applied: any order is right, only slower.
            continue
        finally:
            con.unregister("_planned")
    return sorted(entries, key=lambda e: (e.object, *_place(company.get((e.object, e.record_id)))))


def _place(company: str | None) -> tuple[bool, str]:
    return company is None, company or ""
