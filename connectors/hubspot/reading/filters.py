"""Ids of the records that fulfil conditions, by HubSpot's search: keyset by id, so that its 10,000 rows are no end."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from sales_consultant.config.errors import UsageError
from sales_consultant.connectors.filters import Chosen
from sales_consultant.connectors.hubspot.api import HubSpotApi, Paths
from sales_consultant.connectors.hubspot.reading.schema import api_type, modified_property

Json = dict[str, Any]
# As HubSpot documents it (developers.hubspot.com, Search the CRM): rows of an answer, and groups, filters of a group
# and filters in all that a search takes.
LIMIT = 200
GROUPS, FILTERS, IN_ALL = 5, 6, 18
_OPERATORS = {"=": "EQ", "<": "LT", "<=": "LTE", ">": "GT", ">=": "GTE"}


def alternatives(chosen: Chosen) -> list[Json]:
    """A condition as filters of which one must hold: without a value HubSpot finds a record for no comparison."""
    name = chosen.field.name
    values = [str(m) for m in chosen.moments] or list(chosen.values)
    if chosen.field.type == "bool":
        values = [v.lower() for v in values]
    if chosen.operator == "in":
        # Texts are compared in lower case there, options as they are.
        spelt = values if chosen.field.type != "string" else [v.lower() for v in values]
        return [{"propertyName": name, "operator": "IN", "values": spelt}]
    if chosen.operator == "!=":
        return [
            {"propertyName": name, "operator": "NEQ", "value": values[0]},
            {"propertyName": name, "operator": "NOT_HAS_PROPERTY"},
        ]
    return [{"propertyName": name, "operator": _OPERATORS[chosen.operator], "value": values[0]}]


def find(
    api: HubSpotApi,
    paths: Paths,
    object_type: str,
    chosen: Sequence[Chosen],
    *,
    since: int | None,
    until: int,
    after: str,
) -> Iterator[tuple[list[str], int]]:
    """Pages of ids above `after`, in order, each with how many are left with it. Archived records are not searched."""
    modified = modified_property(object_type)
    window: list[Json] = [{"propertyName": modified, "operator": "LTE", "value": str(until)}]
    if since is not None:
        window.append({"propertyName": modified, "operator": "GTE", "value": str(since)})
    groups = [[*window, *filters] for filters in product(*map(alternatives, chosen))]
    if (
        len(groups) > GROUPS
        or any(len(g) >= FILTERS for g in groups)
        or sum(len(g) + 1 for g in groups) > IN_ALL
    ):
        raise UsageError(
            "These are more conditions than a search of HubSpot takes.",
            action='Give fewer --where; each "!=" counts twice, as a record may have no value.',
        )
    last = after or "0"
    while True:
        keyset = {"propertyName": "hs_object_id", "operator": "GT", "value": last}
        body = {
            "filterGroups": [{"filters": [*g, keyset]} for g in groups],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": LIMIT,
            "properties": ["hs_object_id"],
        }
        answer = api.post(paths.search(api_type(object_type)), body)
        ids = sorted((str(r["id"]) for r in answer["results"]), key=int)
        if not ids:
            return
        last = ids[-1]
        yield ids, int(answer.get("total") or len(ids))
        if len(ids) < LIMIT:
            return
