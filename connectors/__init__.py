"""The CRMs: one protocol (`base`), one package each; `open_connector` gives the one a connection names."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sales_consultant.config.sections import Connection, Write
    from sales_consultant.connectors.base import Connector
    from sales_consultant.connectors.budget import BudgetStore
    from sales_consultant.connectors.http import BrowserSignIn


def open_connector(
    connection: "Connection",
    secret: str,
    write: "Write",
    *,
    store: "BudgetStore | None" = None,
    keep: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> "Connector":
    """The connector of a configured connection; makes no call yet.

    `store` counts the day's calls across commands; `keep` puts a rotated secret where the old one came from. While the CRM
    is waited for, `tell` is given a line for people, and `stop` is asked whether to go on.
    """
    from sales_consultant.config.naming import Naming
    from sales_consultant.connectors.hubspot import open_hubspot
    from sales_consultant.connectors.salesforce import open_salesforce

    make = open_hubspot if connection.crm == "hubspot" else open_salesforce
    return make(connection, secret, naming=Naming.of(write), store=store, keep=keep, tell=tell, stop=stop)


def browser_sign_in(connection: "Connection", client_secret: str, redirect_uri: str) -> "BrowserSignIn":
    """How a user signs a connection in by browser, for the CRMs that offer it."""
    if connection.crm == "hubspot":
        from sales_consultant.connectors import hubspot

        return hubspot.browser_sign_in(connection, client_secret, redirect_uri)
    from sales_consultant.connectors import salesforce

    return salesforce.browser_sign_in(connection, client_secret, redirect_uri)
