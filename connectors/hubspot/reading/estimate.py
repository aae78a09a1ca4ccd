"""What a pull of a HubSpot stream will cost, from counts that HubSpot tells for one call each."""

from math import ceil
from typing import Any

from sales_consultant.connectors.base import Estimate, Known
from sales_consultant.connectors.hubspot.api import HubSpotApi, Paths
from sales_consultant.connectors.hubspot.reading.pull import RECENT_MS, URL_LIMIT, Sizes
from sales_consultant.connectors.hubspot.reading.schema import (
    ACTIVITIES,
    Selection,
    api_type,
    modified_property,
)


def records(
    api: HubSpotApi,
    paths: Paths,
    object_type: str,
    selection: Selection,
    sizes: Sizes,
    *,
    since: int | None,
    known: Known,
) -> Estimate:
    """A whole pull lists and reads histories along; a delta searches, then reads by id what has a history."""
    body: dict[str, Any] = {"limit": 1, "properties": ["hs_object_id"]}
    if since is not None:
        filters = [{"propertyName": modified_property(object_type), "operator": "GTE", "value": str(since)}]
        body["filterGroups"] = [{"filters": filters}]
    rows = int(api.call("POST", paths.search(api_type(object_type)), body=body)[1].get("total") or 0)
    calls: dict[str, int] = {"definition": 1, "archived": 1 + known.archived(object_type) // sizes.list}
    if since is None:
        long = sum(len(p) + 3 for p in (*selection.properties, *selection.history)) > URL_LIMIT
        size = sizes.history if selection.history and not long else sizes.list
        calls["read"] = max(1, ceil(rows / size))
        if long:
            calls["read"] += ceil(rows / (sizes.history if selection.history else sizes.list))
    else:
        calls["search"] = rows // sizes.search + 1
        if selection.history:
            calls["read"] = ceil(rows / sizes.history)
    return Estimate(object_type, rows, calls)


def links(
    stream: str, from_type: str, sizes: Sizes, *, since: int | None, rows: int, known: Known
) -> Estimate:
    """Links of `rows` records that will be read, of open deals and of recent activities."""
    if since is not None:
        if from_type == "deals":
            rows += len(known.open_deals())
        if from_type in ACTIVITIES:
            rows += len(known.ids(from_type, changed_since=since - RECENT_MS))
    return Estimate(stream, rows, {"links": ceil(rows / sizes.links)})
