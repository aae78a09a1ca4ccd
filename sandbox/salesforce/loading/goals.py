"""Goals of a data folder as quotas: a record an owner and fiscal month or quarter, with the periods that they are for."""

from typing import Any

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.salesforce.loading.loading import Loader, day

Json = dict[str, Any]
# Days of a period, by its type.
_KINDS = {"Month": (28, 31), "Quarter": (89, 92)}
_REVENUE, _QUANTITY = "OpportunityRevenue", "OpportunityQuantity"


def load_goals(loader: Loader) -> None:
    """Forecast types, periods and quotas. Goals of a year or a week are none: quotas are of the forecast's periods."""
    at = loader.epoch
    types = [
        {
            "DeveloperName": name,
            "MasterLabel": name.replace("Opportunity", "Opportunity "),
            "IsActive": name == _REVENUE,
            "IsAmount": name == _REVENUE,
            "IsQuantity": name != _REVENUE,
        }
        for name in (_REVENUE, _QUANTITY)
    ]
    type_ids = dict(
        zip((_REVENUE, _QUANTITY), loader.add("ForecastingType", [(at, at, t) for t in types]), strict=True)
    )
    kept = [(row, kind) for row in loader.folder["goals"] if (kind := _kind(row))]
    spans = sorted({(int(row["start_at"]), int(row["end_at"]), kind) for row, kind in kept})
    bodies: list[Json] = [
        {"Type": kind, "StartDate": day(start), "EndDate": day(end), "IsForecastPeriod": True}
        for start, end, kind in spans
    ]
    period_ids = dict(zip(spans, loader.add("Period", [(at, at, b) for b in bodies]), strict=True))
    quotas = []
    for row, kind in kept:
        money = (row.get("kind") or "revenue") == "revenue"
        body: Json = {
            "ForecastingTypeId": type_ids[_REVENUE if money else _QUANTITY],
            "IsAmount": money,
            "IsQuantity": not money,
            "PeriodId": period_ids[int(row["start_at"]), int(row["end_at"]), kind],
            "QuotaOwnerId": loader.owner(row),
            "QuotaAmount" if money else "QuotaQuantity": row.get("amount"),
            "StartDate": day(int(row["start_at"])),
        }
        if loader.org.feature("currencies"):
            body["CurrencyIsoCode"] = row.get("currency") or loader.org.details["currency"]
        quotas.append((at, at, body))
    loader.add("ForecastingQuota", quotas)


def _kind(row: Json) -> str:
    """The type of a goal's period; "" where quotas have none such."""
    start, end = row.get("start_at"), row.get("end_at")
    if start is None or end is None:
        return ""
    days = (int(end) - int(start)) // DAY_MS + 1
    return next((kind for kind, (least, most) in _KINDS.items() if least <= days <= most), "")
