"""Salesforce's quotas as goals: one record an owner, period and forecast type, read whole.

Documented in the Object Reference: ForecastingQuota (who has View All Forecasts sees everybody's; an org in which forecasts are
off does not have the object), its Period with the first and the last day, and its ForecastingType. An org may hold quotas of
several types side by side, as of revenue and of an overlay's part in it: one of them counts, else each would be told twice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sales_consultant.config.errors import AccessError
from sales_consultant.config.neutral import Source
from sales_consultant.connectors.base import Page
from sales_consultant.connectors.salesforce.api import Prefetcher, Question, SalesforceRefusalError
from sales_consultant.connectors.salesforce.reading.described import Described
from sales_consultant.connectors.salesforce.reading.small_tables import all_of, page_of
from sales_consultant.connectors.tables import Raw

OBJECT = "ForecastingQuota"
# CurrencyIsoCode is there with several currencies, Territory2Id with territories.
_FIELDS = (
    "Id", "QuotaOwnerId", "QuotaAmount", "StartDate", "PeriodId", "ForecastingTypeId", "IsAmount", "ProductFamily",
    "CurrencyIsoCode", "Territory2Id", "CreatedDate",
)  # fmt: skip
_NEEDED = {"QuotaOwnerId", "QuotaAmount"}
_PERIODS = "SELECT Id, StartDate, EndDate FROM Period WHERE Type IN ('Month', 'Quarter', 'Year')"
_TYPES = "SELECT Id, DeveloperName FROM ForecastingType"
# The type that every org with forecasts starts with.
_STANDARD_TYPE = "OpportunityRevenue"
_COLUMNS = ("id", "owner_id", "excluded", "part", "amount", "currency", "start_at", "end_at", "created_at")

Json = dict[str, Any]


def questions(described: Described) -> list[Question]:
    """The query that is asked first, so that it can be asked together with others; nothing where the object is not seen."""
    fields = {f.name for f in described.fields(OBJECT)}
    if not fields >= _NEEDED:
        return []
    return [Question("query", f"SELECT {', '.join(f for f in _FIELDS if f in fields)} FROM {OBJECT}")]


def read(ahead: Prefetcher, described: Described, seen: int) -> Page:
    """All quotas. AccessError where the org has none, or this user may not see them."""
    asked = questions(described)
    if not asked:
        raise _invisible()
    try:
        found = all_of(ahead, asked[0].soql)
        periods = {str(p["Id"]): p for p in all_of(ahead, _PERIODS)} if found else {}
    except SalesforceRefusalError as e:
        raise AccessError(
            f"Quotas cannot be read: {e.error_code} {e.words}",
            action="Give the run-as user View All Forecasts (Setup > Permission Sets > System Permissions).",
        ) from e
    kind = _counted(found, _type_names(ahead) if found else {})
    listed = []
    for quota in found:
        period: Mapping[str, Any] = periods.get(str(quota.get("PeriodId")), {})
        listed.append(
            {
                "id": quota["Id"],
                "owner_id": quota.get("QuotaOwnerId"),
                "excluded": _excluded(quota, kind),
                "part": quota.get("ProductFamily"),
                "amount": quota.get("QuotaAmount"),
                "currency": quota.get("CurrencyIsoCode"),
                "start_at": period.get("StartDate") or quota.get("StartDate"),
                "end_at": period.get("EndDate"),
                "created_at": quota.get("CreatedDate"),
            }
        )
    kinds = {"amount": "number", "start_at": "datetime", "end_at": "datetime"}
    return replace(page_of("goals", listed, _COLUMNS, seen), kinds=kinds)


def _invisible() -> AccessError:
    return AccessError(
        f"{OBJECT} cannot be seen: forecasts or quotas are off in this org, or this user may not see them.",
        action="Setup > Forecasts Settings turns them on; give the run-as user View All Forecasts (Setup > Permission Sets > "
        "System Permissions).",
        details={"invisible": OBJECT},
    )


def _of_money(quota: Json) -> bool:
    return quota.get("IsAmount") is not False and quota.get("QuotaAmount") is not None


def _excluded(quota: Json, kind: str) -> str:
    """Why a quota is no target of an owner's revenue; "" for one that is."""
    if quota.get("IsAmount") is False:
        return "not_revenue"
    if quota.get("Territory2Id"):
        return "territory"
    return "" if str(quota.get("ForecastingTypeId")) == kind else "other_type"


def _type_names(ahead: Prefetcher) -> dict[str, str]:
    try:
        return {str(t["Id"]): str(t.get("DeveloperName")) for t in all_of(ahead, _TYPES)}
    except SalesforceRefusalError:
        return {}


def _counted(found: Sequence[Json], names: Mapping[str, str]) -> str:
    """The forecast type whose quotas count: the standard one of revenue, else the one with most quotas of money."""
    used = Counter(
        str(q.get("ForecastingTypeId")) for q in found if _of_money(q) and not q.get("Territory2Id")
    )
    return max(sorted(used), key=lambda t: (names.get(t) == _STANDARD_TYPE, used[t]), default="")


def rows_of(raw: Raw) -> list[Source]:
    """The neutral goals."""
    columns = {
        "id": "r.id",
        "owner_id": "r.owner_id",
        "excluded": "coalesce(r.excluded, '')",
        "part": "coalesce(r.part, '')",
        "amount": "to_money(r.amount)",
        "currency": "r.currency",
        "start_at": "to_ms(r.start_at)",
        "end_at": "to_ms(r.end_at)",
        "created_at": "to_ms(r.created_at)",
    }
    return raw.simple("goals", columns)
