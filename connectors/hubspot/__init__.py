"""HubSpot: `open_hubspot` gives a connector on the official client's request builder."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.connectors.hubspot.connector import HubSpotConnector


def open_hubspot(
    token: str, *, url: str, read: str, write: str, share: float, prefix: str, names: Mapping[str, str]
) -> "HubSpotConnector":
    """A connector to the portal that the token belongs to. Makes no call yet."""
    from sales_consultant.connectors.hubspot.client import HubSpotApi
    from sales_consultant.connectors.hubspot.connector import HubSpotConnector

    return HubSpotConnector(
        HubSpotApi(token, url=url, share=share), read=read, write=write, prefix=prefix, names=names
    )
