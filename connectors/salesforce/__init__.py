"""Salesforce: `open_salesforce` gives a connector on simple-salesforce."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.config.settings import Connection
    from sales_consultant.connectors.base import Connector


def open_salesforce(
    connection: "Connection", secret: str, *, prefix: str, names: Mapping[str, str]
) -> "Connector":
    """A connector to the org of the connection's My Domain, or at its `url`. Signs in at the first call."""
    raise NotImplementedError
