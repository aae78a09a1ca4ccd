"""The state of a HubSpot portal, its object types, properties, values, errors and limits."""

from sales_consultant.sandbox.hubspot.portal.derived import derive, number
from sales_consultant.sandbox.hubspot.portal.errors import (
    ApiError,
    InvalidValuesError,
    bad,
    error_response,
    json_response,
    missing,
)
from sales_consultant.sandbox.hubspot.portal.kinds import ACTIVITIES, KINDS, VENDOR, Kind, kind_of
from sales_consultant.sandbox.hubspot.portal.limits import OFF, Bucket, limited
from sales_consultant.sandbox.hubspot.portal.portal import OPTIONS, Portal
from sales_consultant.sandbox.hubspot.portal.schema import UNFILTERABLE, definition, group_of
from sales_consultant.sandbox.hubspot.portal.scopes import SCOPES
from sales_consultant.sandbox.hubspot.portal.values import check, dumps, plain, refusal, to_ms

__all__ = [
    "ACTIVITIES",
    "KINDS",
    "OFF",
    "OPTIONS",
    "SCOPES",
    "UNFILTERABLE",
    "VENDOR",
    "ApiError",
    "Bucket",
    "InvalidValuesError",
    "Kind",
    "Portal",
    "bad",
    "check",
    "definition",
    "derive",
    "dumps",
    "error_response",
    "group_of",
    "json_response",
    "kind_of",
    "limited",
    "missing",
    "number",
    "plain",
    "refusal",
    "to_ms",
]
