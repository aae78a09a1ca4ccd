"""What a pull of a Salesforce object will cost, from a count that costs one call."""

from math import ceil

from sales_consultant.connectors.base import Estimate
from sales_consultant.connectors.salesforce.api import SalesforceApi, moment
from sales_consultant.connectors.salesforce.reading.pull import Sizes
from sales_consultant.connectors.salesforce.reading.schema import Selection


def records(
    api: SalesforceApi, name: str, selection: Selection, sizes: Sizes, *, since: int | None
) -> Estimate:
    """REST below the threshold of a whole pull, one Bulk job above it."""
    if not selection.fields:
        return Estimate(name, 0, {"definition": 1})
    where = "" if since is None else f" WHERE {selection.cursor} >= {moment(since)}"
    verb = "queryAll" if selection.deleted else "query"
    rows = int(api.call(verb, params={"q": f"SELECT COUNT() FROM {name}{where}"})["totalSize"])
    if since is None and rows >= sizes.bulk_from:
        # Make, poll a few times, take away; the parts, and one list of addresses a page.
        parts = ceil(rows / sizes.part)
        return Estimate(name, rows, {"definition": 1, "query": 1, "bulk": 6 + parts + ceil(parts / 5)})
    # Five pages come in one call, the first ones of five objects too.
    pages = rows // sizes.rest + 1 + (since is None)
    return Estimate(name, rows, {"definition": 1, "query": pages if since is None else ceil(pages / 5)})
