"""Answers that are not the CRM's: what a proxy, a gateway, a firewall or a network's sign-in page puts in their place.

Each CRM refuses in JSON of a form of its own. What has another form, whatever its status, says nothing of a record, of the
token or of the request: it is an answer that never came.
"""

from typing import Any
from urllib.parse import urlsplit

import requests

from sales_consultant.connectors.http import bodies
from sales_consultant.connectors.http.bodies import UnreadableError
from sales_consultant.connectors.http.error_codes import Table

_SIGN_IN = (
    "Sign in to the network with a browser, or name the proxy with its user and password in HTTPS_PROXY; then run the "
    "command again."
)
_ASK = (
    "Ask whoever runs the network which proxy, gateway or firewall answers in the CRM's place, and check the address in the "
    "settings; then run the command again."
)

_PAGE = "a page"


class ForeignError(UnreadableError):
    """Somebody else answered. `action` is what to do about it."""

    def __init__(self, words: str, action: str) -> None:
        super().__init__(words)
        self.action = action


def refuse(response: requests.Response, own: bool, table: Table) -> None:
    """Raise ForeignError for an error that is not the CRM's. `own`: it has the form of the CRM's errors.

    What passes by itself is waited for whoever says it. A 403 is told by the CRM's table; a 401 is believed unless it is a
    page, for a token that is refused for good must not be tried again and again.
    """
    status = response.status_code
    if 300 <= status < 400 and response.headers.get("Location"):
        raise _redirected(response)
    kind = _kind(response)
    if own or status == 403 or table.passes(status) or (status == 401 and kind != _PAGE):
        return
    raise ForeignError(f"status {status}, {kind}", _SIGN_IN if status in (407, 511) else _ASK)


def _redirected(response: requests.Response) -> ForeignError:
    try:
        # Path and query of such an address may hold what identifies this machine, or the request.
        host = urlsplit(response.headers["Location"]).hostname or urlsplit(str(response.url)).hostname or ""
    except ValueError:
        host = ""
    host = "".join(c for c in host if c.isalnum() or c in ".-:")[:100] or "another place"
    return ForeignError(
        f"status {response.status_code}, a redirect to {host}, which is not followed",
        f"{_SIGN_IN} If {host} is the CRM's own, correct the address or domain in the settings.",
    )


def _kind(response: requests.Response) -> str:
    if not response.content.strip():
        return "without a body"
    try:
        bodies.parsed(response)
    except UnreadableError:
        return _PAGE
    return "JSON of another form than the CRM's"


def oauth(body: Any, table: Table) -> bool:
    """Whether a body has the form of an OAuth error (RFC 6749, section 5.2)."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, str) and (
        "error_description" in body or (error.islower() and table.knows(error))
    )
