"""The CRMs: one protocol (`base`), one package each; `open_connector` gives the one a connection names."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sales_consultant.config.sections import Connection, Write
    from sales_consultant.connectors.base import Connector, TextReader
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
    texts: "TextReader | None" = None,
) -> "Connector":
    """The connector of a configured connection; makes no call yet.

    `store` counts the day's calls across commands; `keep` puts a rotated secret where the old one came from. While the CRM
    is waited for, `tell` is given a line for people, and `stop` is asked whether to go on. `texts` reads what people wrote;
    without it no text is selected.
    """
    from sales_consultant.config.fields.naming import Naming

    made: Connector = _package(connection).connect(
        connection,
        secret,
        naming=Naming.of(write, connection.language),
        store=store,
        keep=keep,
        tell=tell,
        stop=stop,
        texts=texts,
    )
    return made


def browser_sign_in(connection: "Connection", client_secret: str, redirect_uri: str) -> "BrowserSignIn":
    """How a user signs a connection in by browser, for the CRMs that offer it."""
    made: BrowserSignIn = _package(connection).browser_sign_in(connection, client_secret, redirect_uri)
    return made


def _package(connection: "Connection") -> Any:
    """The package of a CRM, loaded when it is first asked for: each has `connect` and `browser_sign_in`."""
    return import_module(f"{__name__}.{connection.crm}")
