"""HTTP to a CRM: pooled session, limits respected before they are hit, retries by class of error, no foreign host."""

import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from sales_consultant.config.errors import AccessError, ConfigError, CrmUnavailableError
from sales_consultant.connectors.base import Calls

TIMEOUT = (5.0, 60.0)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
RETRIED = frozenset({406, 420, 423, 429, 477, 500, 502, 503, 504, 521, 523, 524})


class LostAnswerError(Exception):
    """The request was sent and no whole answer came: whether it took effect is not known."""


@dataclass
class Limiter:
    """A rolling window: at most `calls` in `seconds`, over all threads; adapts when the CRM says less is left."""

    calls: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()
        self._not_before = 0.0

    def acquire(self) -> None:
        """Wait until a call is allowed."""
        while True:
            with self._lock:
                now = self.clock()
                while self._sent and self._sent[0] <= now - self.seconds:
                    self._sent.popleft()
                wait = self._not_before - now
                if len(self._sent) >= self.calls:
                    # The call that so many calls ago was the first of the window; after a smaller ceiling that is not
                    # the oldest one kept.
                    wait = max(wait, self._sent[-self.calls] + self.seconds - now)
                if wait <= 0:
                    self._sent.append(now)
                    return
            self.sleep(wait)

    def pause(self, seconds: float) -> None:
        """No call for so long: the CRM said so."""
        with self._lock:
            self._not_before = max(self._not_before, self.clock() + seconds)

    def resize(self, calls: int) -> None:
        """A new ceiling, as the CRM's headers state it."""
        with self._lock:
            self.calls = max(1, calls)


def checked_base(url: str, vendor_hosts: tuple[str, ...], configured: str = "") -> str:
    """The address to send credentials to; ConfigError for any but the vendor's, the configured, or loopback.

    Plain http goes to loopback only.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    vendor = any(host == h or host.endswith("." + h) for h in vendor_hosts)
    if parts.scheme == "http" and host in _LOOPBACK:
        return url.rstrip("/")
    if parts.scheme == "https" and (
        vendor or host in _LOOPBACK or (configured and host == configured.lower())
    ):
        return url.rstrip("/")
    raise ConfigError(
        f"{parts.scheme}://{host} is not an address of the CRM; credentials are not sent there.",
        action="Use the vendor's address, or http://127.0.0.1:PORT for a sandbox.",
    )


def date_ms(headers: Any) -> int | None:
    """The server's clock (ms UTC, whole seconds) from its Date header."""
    try:
        return int(parsedate_to_datetime(headers["Date"]).timestamp() * 1000)
    except (KeyError, TypeError, ValueError):
        return None


def looks_like_json(response: requests.Response) -> bool:
    """Whether a body is a JSON object or list from its first sign to its last; parses nothing."""
    text = response.content.strip()
    return (text[:1], text[-1:]) in ((b"{", b"}"), (b"[", b"]"))


def retry_after(headers: Any) -> float | None:
    """Seconds the server asked to wait."""
    try:
        return max(0.0, min(float(headers["Retry-After"]), 86_400.0))
    except (KeyError, TypeError, ValueError):
        return None


_MARKUP = re.compile(r"<[^>]*>|[\x00-\x1f\x7f]+")


def safe_text(text: str, limit: int = 200) -> str:
    """A vendor's words in one short printable line."""
    return " ".join(_MARKUP.sub(" ", text).split())[:limit]


class Transport:
    """One pooled session with the retry loop; a connector's clients send through it.

    `send` retries what may be retried: connect errors and refusals (423, 429, 5xx) always, for nothing was applied or
    the request is idempotent; after a lost answer only what `idempotent` says. Redirects are never followed: they
    would carry the credentials elsewhere.
    """

    def __init__(
        self,
        *,
        calls: Calls,
        session: requests.Session | None = None,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        jitter: random.Random | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        allow: Callable[[], None] = lambda: None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.calls = calls
        # Asked before every call, retries too; raises where the day's allowance is used up.
        self.allow = allow
        self.session = session or _session()
        self.attempts = attempts
        self.sleep = sleep
        self.jitter = jitter or random.Random()
        self.timeout = timeout
        self.server_ms: int | None = None
        self.ticks = ticks
        self._answered = 0.0

    def send(
        self,
        method: str,
        url: str,
        *,
        kind: str,
        limiter: Limiter,
        idempotent: bool = True,
        wait: Callable[[requests.Response], float | None] | None = None,
        whole: Callable[[requests.Response], bool] = lambda _: True,
        **options: Any,
    ) -> requests.Response:
        """The answer, whatever its status, after the retries its class allows.

        `wait` gives the seconds to wait before a retry, or None for a status that must not be retried. `whole` tells an
        answer from a page that a proxy or a maintenance puts in its place with status 200. Raises
        CrmUnavailableError where the CRM cannot be reached, LostAnswerError where the request went out and no answer
        came.
        """
        response: requests.Response | None = None
        for attempt in range(self.attempts):
            self.allow()
            limiter.acquire()
            self.calls.count(kind)
            last = attempt == self.attempts - 1
            try:
                response = self.session.request(
                    method, url, timeout=self.timeout, allow_redirects=False, **options
                )
            except (
                requests.exceptions.ConnectTimeout,
                requests.exceptions.SSLError,
                requests.exceptions.ProxyError,
            ) as e:
                if last or isinstance(e, requests.exceptions.SSLError):
                    raise self._unreachable(url, e) from e
                self._pause(attempt, None)
                continue
            except requests.exceptions.ConnectionError as e:
                if _never_sent(e):
                    if last:
                        raise self._unreachable(url, e) from e
                elif not idempotent:
                    raise LostAnswerError(type(e).__name__) from e
                elif last:
                    raise self._unreachable(url, e) from e
                self._pause(attempt, None)
                continue
            except (requests.exceptions.Timeout, requests.exceptions.ChunkedEncodingError) as e:
                if not idempotent:
                    raise LostAnswerError(type(e).__name__) from e
                if last:
                    raise self._unreachable(url, e) from e
                self._pause(attempt, None)
                continue
            told = date_ms(response.headers)
            if told:
                self.server_ms, self._answered = told, self.ticks()
            if response.status_code in (200, 201, 207) and not whole(response):
                if not idempotent:
                    raise LostAnswerError("an answer that is none")
                if last:
                    raise CrmUnavailableError(
                        f"What answers at {urlsplit(url).netloc} is not the CRM: a page of a proxy, or of a maintenance.",
                        action="Check the proxy and the CRM's status page, then run the command again.",
                    )
                self._pause(attempt, None)
                continue
            if response.status_code not in RETRIED or last:
                return response
            seconds = wait(response) if wait else retry_after(response.headers) or 0.0
            if seconds is None:
                return response
            limiter.pause(seconds)
            self._pause(attempt, seconds)
        assert response is not None
        return response

    def clock_ms(self) -> int:
        """The server's clock now (ms UTC): its last answer's, carried on while nothing is asked; 0 before the first."""
        if self.server_ms is None:
            return 0
        return self.server_ms + int((self.ticks() - self._answered) * 1000)

    def _pause(self, attempt: int, asked: float | None) -> None:
        backoff = min(30.0, 0.25 * 2.0**attempt)
        self.sleep(max(asked or 0.0, backoff * (0.5 + self.jitter.random())))

    def _unreachable(self, url: str, error: Exception) -> CrmUnavailableError:
        host = urlsplit(url).netloc
        return CrmUnavailableError(
            f"The CRM at {host} cannot be reached: {type(error).__name__}.",
            action="Check the network, the proxy and the address, then run the command again.",
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self.session.close()


class PooledSession(requests.Session):
    """A session that asks the environment for proxies and certificates once a host, not at every call.

    Nothing of a .netrc file is sent: requests would put its password in the place of our token.
    """

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request
        self._environment: dict[tuple[str, str], Any] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What requests makes of the environment for a host, kept."""
        if proxies or stream or verify is not None or cert is not None:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        parts = urlsplit(str(url))
        key = (parts.scheme, parts.netloc)
        if key not in self._environment:
            self._environment[key] = super().merge_environment_settings(url, {}, stream, verify, cert)
        return dict(self._environment[key])


def _session() -> requests.Session:
    session = PooledSession()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=16)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _never_sent(error: requests.exceptions.ConnectionError) -> bool:
    """Whether the connection was never made, so that nothing can have been applied."""
    text = repr(error)
    return "NewConnectionError" in text or "ConnectTimeoutError" in text or "NameResolutionError" in text


def refuse_login(crm: str, status: int) -> AccessError:
    """The error for an answer of 401."""
    return AccessError(
        f"{crm} refused the token ({status}): it is wrong, expired or was revoked.",
        action="Make a new one and store it with: sales-consultant login",
    )
