"""Salesforce: `open_salesforce` gives a connector on simple-salesforce."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.config.settings import Connection
    from sales_consultant.connectors.salesforce.connector import SalesforceConnector


def open_salesforce(
    connection: "Connection", secret: str, *, prefix: str, names: Mapping[str, str]
) -> "SalesforceConnector":
    """A connector to the org of the connection's My Domain, or at its `url`. Signs in at the first call."""
    from sales_consultant.connectors.salesforce.client import SalesforceApi
    from sales_consultant.connectors.salesforce.connector import SalesforceConnector

    return SalesforceConnector(SalesforceApi(connection, secret), prefix=prefix, names=names)
