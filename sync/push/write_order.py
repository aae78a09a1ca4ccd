"""The order of writing: children of one company next to each other, for a CRM locks the parent while a child is written."""

from collections.abc import Sequence

from sales_consultant.engine.reads.records import companies_of
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.stores import Warehouse

_CHILDREN = {"contacts": "contacts", "leads": "contacts", "deals": "deals"}


def by_company(warehouse: Warehouse, entries: Sequence[Entry]) -> list[Entry]:
    """The entries by object, company and record; those whose company is not known come last, in the order given."""
    company: dict[tuple[str, str], str] = {}
    for obj in {e.object for e in entries}:
        table = _CHILDREN.get(obj)
        if table is not None:
            # Where a saved plan is applied nothing was pulled perhaps: any order is right, only slower.
            mine = [e.record_id for e in entries if e.object == obj]
            found = companies_of(warehouse.engine, table, mine)
            company |= {(obj, i): c for i, c in found.items()}
    return sorted(entries, key=lambda e: (e.object, *_place(company.get((e.object, e.record_id)))))


def _place(company: str | None) -> tuple[bool, str]:
    return company is None, company or ""
