"""Access tokens: who gives them, how long they hold, and one sign-in for all threads that need one.

What is stored is either a static token, or, for OAuth, a small document: the app's secret and the refresh token that
the sign-in by browser left. Access tokens themselves are never stored.
"""

import base64
import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson
import requests

from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError
from sales_consultant.connectors.http import bodies, foreign
from sales_consultant.connectors.http.error_codes import Table, ending
from sales_consultant.connectors.http.transport import Limiter, Transport, safe_text

T = TypeVar("T")
# Renewed so long before its end: a long request must not lapse on the way. It is as long as the longest read timeout.
EARLY_SECONDS = 120.0


@dataclass(frozen=True)
class Lease(Generic[T]):
    """What a sign-in gave, and for how many seconds from now; inf where it does not lapse."""

    value: T = field(repr=False)
    seconds: float = float("inf")


class Keeper(Generic[T]):
    """Holds what a sign-in gave; signs in at the first use, before the end, and when told that it has lapsed.

    Single flight: threads that find the same token stale wait for one renewal. A refusal is final: the vendor counts
    failed sign-ins, and a revoked app does not come back by asking again. `clock` is real time (seconds, monotonic):
    tokens expire by it whatever the run's as-of.
    """

    def __init__(
        self, sign_in: Callable[[], Lease[T]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Lease[T] | None = None
        self._until = 0.0
        self._refused: AccessError | None = None

    def current(self) -> T:
        """What is in force now. Raises AccessError where the sign-in is refused."""
        with self._lock:
            now = self._clock()
            if self._held is None:
                return self._renew(now)
            # A token that holds for less than eight minutes is used for three quarters of its time.
            early = min(EARLY_SECONDS, self._held.seconds / 4)
            if now < self._until - early:
                return self._held.value
            try:
                return self._renew(now)
            except CrmUnavailableError:
                if now >= self._until:
                    raise
                # The old one still holds: an unreachable sign-in service is no reason to stop yet.
                return self._held.value

    def renew(self, stale: T) -> T:
        """Another one than `stale`, which the CRM refused; what another thread got meanwhile counts."""
        with self._lock:
            if self._held is not None and self._held.value is not stale:
                return self._held.value
            return self._renew(self._clock())

    def _renew(self, now: float) -> T:
        if self._refused is not None:
            raise self._refused
        try:
            self._held = self._sign_in()
        except AccessError as e:
            self._refused = e
            raise
        self._until = now + self._held.seconds
        return self._held.value


@dataclass(frozen=True)
class Document:
    """What a sign-in by browser leaves to be stored; no text of it shows the values."""

    refresh_token: str = field(repr=False)
    client_secret: str = field(default="", repr=False)

    def text(self) -> str:
        """One line without spaces, for the place that held the secret."""
        return orjson.dumps(
            {"refresh_token": self.refresh_token, "client_secret": self.client_secret}
        ).decode()

    @classmethod
    def read(cls, text: str, crm: str) -> "Document":
        """The stored document; AccessError where something else is stored."""
        try:
            held = orjson.loads(text)
            return cls(str(held["refresh_token"]), str(held.get("client_secret", "")))
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise AccessError(
                f"What is stored for {crm} is no sign-in by browser.",
                action="Sign in once with: sales-consultant login",
            ) from None


@dataclass(frozen=True)
class Granted:
    """The token service's answer."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    seconds: float = float("inf")
    instance_url: str = ""


def ask_token(
    transport: Transport,
    url: str,
    form: Mapping[str, str],
    *,
    crm: str,
    table: Table,
    own: Callable[[requests.Response], bool],
    limiter: Limiter | None = None,
) -> Granted:
    """POST a form to a token endpoint whose address the caller has checked; `table` holds the service's errors, `own`
    knows their form.

    Raises AccessError with the service's own words where it refuses, CrmUnavailableError where it cannot be reached.
    """
    response = transport.send(
        "POST",
        url,
        kind="login",
        limiter=limiter or Limiter(1000, 1.0),
        # A code is good for one exchange, and a refresh token may rotate: the same form is not sent twice.
        idempotent=form.get("grant_type") == "refresh_token" and crm == "HubSpot",
        wait=lambda answer: table.find(answer.status_code, str(_object(answer).get("error") or "")).pause,
        whole=_legible,
        known=lambda answer: foreign.refuse(answer, own(answer), table),
        data=dict(form),
        headers={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
    )
    body = _object(response)
    if response.status_code >= 300 or not body.get("access_token"):
        rule = table.find(response.status_code, str(body.get("error") or body.get("status") or ""))
        if rule.who == "time":
            raise ending(
                rule,
                f"{crm}'s sign-in service answers with {response.status_code}: {rule.what}.",
                response.status_code,
            )
        code = safe_text(str(body.get("error") or body.get("status") or response.status_code), 60)
        words = safe_text(str(body.get("error_description") or body.get("message") or ""))
        # The service may repeat what it was sent.
        for secret in (form.get(k, "") for k in ("client_secret", "refresh_token", "code", "code_verifier")):
            words = words.replace(secret, "...") if secret else words
        if not body:
            raise AccessError(
                f"{crm}'s sign-in service answers with a page, or nothing ({response.status_code}).",
                action="Ask whoever runs the network whether a firewall or a proxy stands in between.",
            )
        raise AccessError(
            f"{crm} refused the sign-in: {code} {words}".strip(),
            action="Sign in again with: sales-consultant login. If that is refused too, check the app's client id, "
            "secret and scopes.",
        )
    return Granted(
        str(body["access_token"]),
        str(body.get("refresh_token") or ""),
        _seconds(body.get("expires_in")),
        str(body.get("instance_url") or ""),
    )


def _legible(response: requests.Response) -> int:
    bodies.Shape().check(bodies.parsed(response))
    return bodies.repaired(response)


def _object(response: requests.Response) -> dict[str, Any]:
    found = bodies.error_body(response)
    return found if isinstance(found, dict) else {}


def _seconds(value: Any) -> float:
    """How long a token holds; what is no number of seconds says nothing."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return float("inf")
    return seconds if seconds > 0 else float("inf")


class Refreshing:
    """Access tokens from a stored refresh token; keeps a rotated one where the old one was kept."""

    def __init__(
        self,
        stored: str,
        *,
        crm: str,
        client_id: str,
        ask: Callable[[Mapping[str, str]], Granted],
        keep: Callable[[str], None],
    ) -> None:
        self.crm = crm
        self.client_id = client_id
        self._document = Document.read(stored, crm)
        self._ask = ask
        self._keep = keep

    def __call__(self) -> Granted:
        """A new access token."""
        d = self._document
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": d.refresh_token}
        granted = self._ask(form | ({"client_secret": d.client_secret} if d.client_secret else {}))
        if granted.refresh_token and granted.refresh_token != d.refresh_token:
            self._document = Document(granted.refresh_token, d.client_secret)
            try:
                self._keep(self._document.text())
            except SalesConsultantError as e:
                # The run goes on with the token it has; the next one would fail without a word of why.
                logging.getLogger("sales_consultant").warning(
                    "%s gave a new refresh token and it could not be stored: %s Sign in again before the next run.",
                    self.crm,
                    e.message,
                )
        return granted


@dataclass(frozen=True)
class Challenge:
    """What ties the answer of a sign-in by browser to the question (RFC 6749 state, RFC 7636 PKCE)."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> "Challenge":
        """Fresh random values."""
        # 64 bytes are 86 letters; RFC 7636, section 4.1, asks for 43 to 128.
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(64))

    @property
    def s256(self) -> str:
        """The verifier's SHA-256, base64url without padding (RFC 7636, section 4.2).

        >>> Challenge("", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").s256
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
        """
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class BrowserSignIn:
    """What a connector needs of its user's browser: where to send it, and what to do with the code it brings back."""

    page: str
    challenge: Challenge = field(repr=False)
    redeem: Callable[[str], Document]


def page(url: str, query: Mapping[str, str]) -> str:
    """The address of a vendor's consent page."""
    return f"{url}?{urlencode({k: v for k, v in query.items() if v})}"
