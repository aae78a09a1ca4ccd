"""What went wrong between us and a CRM, before any of its errors could be read, and what that says of the request."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.connectors.http.bodies import UnreadableError
from sales_consultant.connectors.http.foreign import ForeignError
from sales_consultant.connectors.http.patience import when


class LostAnswerError(CrmUnavailableError):
    """The request was sent and no whole answer came: whether it took effect is not known."""

    def __init__(self, words: str, action: str = "") -> None:
        then = "Run the command again: it looks at what took effect and goes on from there."
        super().__init__(
            f"The CRM's answer was lost on the way: it {words}.",
            action=f"{action} {then}".strip(),
            details={"may_be_applied": True},
        )


@dataclass(frozen=True)
class Trouble:
    """`words` go on after the CRM's name. `sent`: the request may have been applied. `final`: trying again is no use.
    `packed`: the body was packed otherwise than its label says."""

    words: str
    sent: bool = True
    final: bool = False
    packed: bool = False
    action: str = "Check the network, the proxy and the address, then run the command again."


_PAGE = "Check the proxy in between and the CRM's status page, then run the command again."
_CERTIFICATE = (
    "Check the clock of this machine and its certificates; behind a proxy that opens TLS, name its authority in "
    "REQUESTS_CA_BUNDLE."
)


def of(error: Exception) -> Trouble | None:
    """The trouble behind an error of the HTTP library; None for an error that is not about the network."""
    name = type(error).__name__
    if isinstance(error, ForeignError):
        return Trouble(f"is answered for by something in between ({error})", action=error.action)
    if isinstance(error, UnreadableError):
        return Trouble(f"gives an answer that cannot be read ({error})", action=_PAGE)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return Trouble("gives an answer that cannot be unpacked", packed=True, action=_PAGE)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return Trouble("breaks off its answer")
    text = repr(error)
    if isinstance(error, requests.exceptions.SSLError):
        # A connection that ends in the middle is one of TLS's errors too.
        if "certificate" in text.lower() or "hostname" in text.lower():
            return Trouble(f"cannot be trusted ({name})", sent=False, final=True, action=_CERTIFICATE)
        return Trouble(f"breaks off the connection ({name})")
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return Trouble(f"cannot be reached ({name})", sent=False)
    if isinstance(error, requests.exceptions.Timeout):
        return Trouble("does not answer in time")
    if isinstance(error, requests.exceptions.ConnectionError):
        if "longer than it may" in text or ("timed out" in text.lower() and not _never_sent(text)):
            return Trouble("does not answer in time")
        return Trouble(f"cannot be reached ({name})", sent=not _never_sent(text))
    if isinstance(error, urllib3.exceptions.HTTPError):
        return Trouble(f"breaks off its answer ({name})")
    return None


def _never_sent(text: str) -> bool:
    """Whether the connection was never made, so that nothing can have been applied."""
    return "NewConnectionError" in text or "ConnectTimeoutError" in text or "NameResolutionError" in text


def unreachable(url: str, trouble: Trouble) -> CrmUnavailableError:
    """The error that ends a command."""
    return CrmUnavailableError(f"The CRM at {urlsplit(url).netloc} {trouble.words}.", action=trouble.action)


def later(crm: str, status: int, seconds: float, now_ms: int) -> CrmUnavailableError:
    """The error for a CRM that asks for more time than a command waits."""
    at = when(now_ms, seconds)
    details: dict[str, object] = {"status": status, "retry_in": seconds}
    return CrmUnavailableError(
        f"{crm} answers {status} and asks to be left alone for {_long(seconds)}.",
        action=f"Run the command again {at if at.startswith('in ') else 'after ' + at}.",
        details=details,
    )


def _long(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:,.0f} hours" if seconds < 30 * 86_400 else "many days"
    return f"{seconds / 60:.0f} minutes"
