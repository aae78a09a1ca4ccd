"""HubSpot: `connect` gives a connector on the official client's request builder."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.config.fields.naming import Naming
    from sales_consultant.config.sections import Connection
    from sales_consultant.connectors.base import TextReader
    from sales_consultant.connectors.budget import BudgetStore
    from sales_consultant.connectors.http import BrowserSignIn
    from sales_consultant.connectors.hubspot.connector import HubSpotConnector


def connect(
    connection: "Connection",
    secret: str,
    *,
    naming: "Naming",
    store: "BudgetStore | None" = None,
    keep: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    texts: "TextReader | None" = None,
) -> "HubSpotConnector":
    """A connector to the portal that the secret belongs to. Makes no call yet."""
    from sales_consultant.connectors.base import Calls
    from sales_consultant.connectors.budget import DailyBudget
    from sales_consultant.connectors.http import Transport
    from sales_consultant.connectors.hubspot.api import HubSpotApi, keeper
    from sales_consultant.connectors.hubspot.connector import HubSpotConnector

    transport = Transport(
        calls=Calls(), crm="HubSpot", patience=connection.patience_seconds, tell=tell, stop=stop
    )
    budget = DailyBudget(
        "HubSpot",
        share=connection.daily_share,
        resets="midnight",
        now=transport.clock_ms,
        store=store,
    )
    api = HubSpotApi(
        secret,
        url=connection.url,
        share=connection.limit_share,
        transport=transport,
        budget=budget,
        keeper=keeper(connection, secret, transport, keep) if connection.auth == "oauth" else None,
    )
    return HubSpotConnector(
        api, read=connection.reading, write=connection.writing, naming=naming, texts=texts
    )


def browser_sign_in(connection: "Connection", client_secret: str, redirect_uri: str) -> "BrowserSignIn":
    """How a user signs this connection in by browser."""
    from sales_consultant.connectors.base import Calls
    from sales_consultant.connectors.http import Transport
    from sales_consultant.connectors.hubspot.api import by_browser

    return by_browser(connection, client_secret, redirect_uri, Transport(calls=Calls(), crm="HubSpot"))
