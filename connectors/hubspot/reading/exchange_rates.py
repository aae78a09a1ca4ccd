"""HubSpot's dated exchange rates, as the neutral currencies have them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from sales_consultant.config.errors import AccessError
from sales_consultant.connectors.base import Page
from sales_consultant.connectors.hubspot.api import HubSpotApi, HubSpotRefusalError, Paths, following
from sales_consultant.connectors.hubspot.reading import rows
from sales_consultant.connectors.tables import number, text

COLUMNS = ("code", "rate", "start_at", "end_at")


def currencies(api: HubSpotApi, paths: Paths, own: str, seen: Callable[[], int]) -> Page:
    """Units of each currency for one of the company's, from when to when; HubSpot tells the worth of one unit instead.

    An account with one currency has no rates, and none here.
    """
    rates: list[dict[str, Any]] = []
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
        rates += answer["results"]
        after = following(answer) or "end"
    odd: rows.Odd = Counter()
    told = [
        (text(r.get("fromCurrencyCode")), text(r.get("effectiveAt")), number(r.get("conversionRate")), r)
        for r in rates
    ]
    read = [t for t in told if t[0] and t[1] and t[2] and t[2] > 0]
    odd["conversionRate"] += len(told) - len(read)
    # Of two rates for one moment the one that was set later counts.
    read.sort(key=lambda t: (t[0] or "", t[1] or "", str(t[3].get("createdAt"))))
    made = []
    for n, (code, start, worth, _) in enumerate(read):
        after_it = read[n + 1] if n + 1 < len(read) else None
        end = after_it[1] if after_it and after_it[0] == code else None
        if end != start and worth:
            made.append({"code": code, "rate": repr(1 / worth), "start_at": start, "end_at": end})
    if made:
        made.append({"code": own, "rate": "1"})
    return Page("currencies", rows.texts(made, COLUMNS, seen=seen()), None, "", None, odd=odd)
