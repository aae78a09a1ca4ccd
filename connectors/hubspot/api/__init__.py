"""HubSpot's API: client, paths, errors, sign-in, batch reads."""

from sales_consultant.connectors.hubspot.api.batches import named
from sales_consultant.connectors.hubspot.api.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.api.error_codes import TABLE
from sales_consultant.connectors.hubspot.api.paths import Paths
from sales_consultant.connectors.hubspot.api.shapes import following
from sales_consultant.connectors.hubspot.api.sign_in import by_browser, keeper

__all__ = [
    "TABLE",
    "HubSpotApi",
    "HubSpotRefusalError",
    "Paths",
    "by_browser",
    "following",
    "keeper",
    "named",
]
