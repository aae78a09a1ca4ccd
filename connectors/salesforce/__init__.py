"""Salesforce: `connect` gives a connector on simple-salesforce."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.config.fields.naming import Naming
    from sales_consultant.config.sections import Connection
    from sales_consultant.connectors.base import TextReader
    from sales_consultant.connectors.budget import BudgetStore
    from sales_consultant.connectors.http import BrowserSignIn
    from sales_consultant.connectors.salesforce.connector import SalesforceConnector


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
) -> "SalesforceConnector":
    """A connector to the org of the connection's My Domain, or at its `url`. Signs in at the first call."""
    from sales_consultant.connectors.budget import DailyBudget
    from sales_consultant.connectors.salesforce.api import SalesforceApi
    from sales_consultant.connectors.salesforce.connector import SalesforceConnector

    budget = DailyBudget(
        "Salesforce",
        share=connection.daily_share,
        resets="rolling",
        now=lambda: api.transport.clock_ms(),
        store=store,
    )
    api = SalesforceApi(connection, secret, budget=budget, keep=keep)
    api.transport.tell, api.transport.halt.stop = tell, stop
    api.transport.patience = connection.patience_seconds
    return SalesforceConnector(api, naming=naming, texts=texts)


def browser_sign_in(connection: "Connection", client_secret: str, redirect_uri: str) -> "BrowserSignIn":
    """How a user signs this connection in by browser."""
    from sales_consultant.connectors.salesforce.api import SalesforceApi, by_browser

    return by_browser(connection, client_secret, redirect_uri, SalesforceApi(connection, ""))
