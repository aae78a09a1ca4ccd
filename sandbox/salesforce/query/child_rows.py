"""The rows of subqueries, put into the rows of their parents."""

from collections import defaultdict
from collections.abc import Sequence

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.query.children import Below, Json
from sales_consultant.sandbox.salesforce.query.plan import fetch, matching, plan_children
from sales_consultant.sandbox.salesforce.records import render


def fill(rows: Sequence[Json], parents: Sequence[str], below: Below, access: Access, version: str) -> None:
    """Put the children into the rows of a page, None where there are none."""
    made = plan_children(below, access, parents)
    records = fetch(made, matching(made))
    dealt: dict[str, list[Json]] = defaultdict(list)
    for record, row in zip(records, render.rows(access.org, made.shape, records, version), strict=True):
        dealt[str(record.values().get(below.field.name))].append(row)
    first, limit = below.query.offset, below.query.limit
    for row, parent in zip(rows, parents, strict=True):
        mine = dealt[parent][first : None if limit is None else first + limit]
        row[below.relation] = {"totalSize": len(mine), "done": True, "records": mine} if mine else None
