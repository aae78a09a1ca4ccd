"""HubSpot's dated exchange rates, as the neutral currencies have them."""

from collections.abc import Callable
from typing import Any

from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.base import Page
from sales_consultant.connectors.hubspot import rows
from sales_consultant.connectors.hubspot.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.paths import Paths
from sales_consultant.connectors.hubspot.shapes import following

COLUMNS = ("code", "rate", "start_at", "end_at")


def currencies(api: HubSpotApi, paths: Paths, own: str, seen: Callable[[], int]) -> Page:
    """Units of each currency for one of the company's, from when to when; HubSpot tells the worth of one unit instead.

    An account with one currency has no rates, and none here.
    """
    found: list[dict[str, Any]] = []
    after = None
    while after != "end":
        try:
            answer = api.get(paths.rates(), limit=100, after=after)
        except HubSpotRefusalError as e:
            # Not that there are none: rates that were read before stay.
            raise AccessError(
                f"HubSpot does not tell its exchange rates: {e.message}",
                action="Add the scope settings.currencies.read, or leave it: rates stay as they were read last.",
            ) from e
        found += [r for r in answer["results"] if r.get("conversionRate")]
        after = following(answer) or "end"
    # Of two rates for one moment the one that was set later counts.
    found.sort(key=lambda r: (str(r["fromCurrencyCode"]), str(r["effectiveAt"]), str(r.get("createdAt"))))
    made = []
    for n, r in enumerate(found):
        code, start = r["fromCurrencyCode"], r["effectiveAt"]
        later = found[n + 1] if n + 1 < len(found) else None
        end = later["effectiveAt"] if later and later["fromCurrencyCode"] == code else None
        if end != start:
            made.append(
                {"code": code, "rate": repr(1 / float(r["conversionRate"])), "start_at": start, "end_at": end}
            )
    if made:
        made.append({"code": own, "rate": "1"})
    return Page("currencies", rows.texts(made, COLUMNS, seen=seen()), None, "", None)
