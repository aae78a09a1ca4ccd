"""Ids of the records that fulfil conditions, by SOQL: keyset by id, so that a killed reading goes on where it was."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sales_consultant.config.errors import UsageError
from sales_consultant.connectors.filters import Chosen
from sales_consultant.connectors.salesforce.api import SalesforceApi, moment, quoted

# Rows of an answer (REST API Developer Guide, Query).
LIMIT = 2000


def term(chosen: Chosen, described: Mapping[str, Any]) -> str:
    """A condition as SOQL. A record without a value is one that is not equal."""
    name, kind = chosen.field.name, str(described.get("type", "string"))
    if not described.get("filterable", True):
        raise UsageError(f"Salesforce cannot filter by {name}.", action="Give another --where.")
    if kind == "date":
        values = [moment(m)[:10] for m in chosen.moments]
    elif kind == "datetime":
        values = [moment(m) for m in chosen.moments]
    elif chosen.field.type == "number":
        values = [str(float(v)) for v in chosen.values]
    elif chosen.field.type == "bool":
        values = [v.lower() for v in chosen.values]
    else:
        values = [quoted(v) for v in chosen.values]
    return (
        f"{name} IN ({', '.join(values)})"
        if chosen.operator == "in"
        else f"{name} {chosen.operator} {values[0]}"
    )


def find(
    api: SalesforceApi,
    sobject: str,
    cursor: str,
    chosen: Sequence[Chosen],
    *,
    since: int | None,
    until: int,
    after: str,
) -> Iterator[tuple[list[str], int]]:
    """Pages of ids above `after`, in order, each with how many are left with it. Deleted records are left out."""
    described = {f["name"]: f for f in api.call(f"sobjects/{sobject}/describe")["fields"]}
    terms = [f"{cursor} <= {moment(until)}", *(term(c, described.get(c.field.name, {})) for c in chosen)]
    if since is not None:
        terms.append(f"{cursor} >= {moment(since)}")
    where = " AND ".join(terms)
    behind = f" AND Id > '{after}'" if after else ""
    left = int(
        api.call("query", params={"q": f"SELECT COUNT() FROM {sobject} WHERE {where}{behind}"})["totalSize"]
    )
    while left > 0:
        soql = f"SELECT Id FROM {sobject} WHERE {where}{behind} ORDER BY Id LIMIT {LIMIT}"
        ids = [str(r["Id"]) for r in api.call("query", params={"q": soql})["records"]]
        if not ids:
            return
        yield ids, left
        left -= len(ids)
        behind = f" AND Id > '{ids[-1]}'"
