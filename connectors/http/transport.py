"""HTTP to a CRM: pooled session, limits respected before they are hit, retries by class of error, no foreign host."""

import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from sales_consultant.config.errors import ConfigError
from sales_consultant.connectors.base import Calls
from sales_consultant.connectors.http import failures
from sales_consultant.connectors.http.bodies import UnreadableError
from sales_consultant.connectors.http.deadline import LimitedAdapter
from sales_consultant.connectors.http.failures import LostAnswerError
from sales_consultant.connectors.http.patience import (
    LONGEST_ASKED,
    PATIENCE,
    InterruptibleWait,
    Patience,
    date_ms,
    retry_after,
)

__all__ = [
    "Limiter",
    "LostAnswerError",
    "PooledSession",
    "Transport",
    "checked_base",
    "is_of_hosts",
    "safe_text",
]

# Seconds to connect, and between two bytes; the vendors' clients have no limit of their own. Judgements: a host that is
# there answers a connection at once, and an answer of HubSpot is never silent for a minute.
TIMEOUT = (5.0, 60.0)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Refusals, or troubles on the way, that pass by themselves. HubSpot lists 423, 429, 477, 502 to 504, 521, 523 and 524
# (developers.hubspot.com, Error handling); peers saw 420 of Salesforce; 520 to 524 are Cloudflare's.
PASSES = frozenset({408, 420, 423, 425, 429, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# Of these the request may have been applied all the same: a gateway gives up on what the server behind it still does.
UNSURE = frozenset({408, 500, 502, 504, 520, 522, 524})


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

    def pause(self, seconds: float) -> float:
        """No call for so long: the CRM said so. Gives the pause, for who waits it out by itself to say that it is over."""
        with self._lock:
            end = self.clock() + seconds
            self._not_before = max(self._not_before, end)
            return end

    def over(self, end: float) -> None:
        """A pause was waited out; another that was asked for meanwhile holds."""
        with self._lock:
            if self._not_before == end:
                self._not_before = 0.0

    def resize(self, calls: int) -> None:
        """A new ceiling, as the CRM's headers state it."""
        with self._lock:
            self.calls = max(1, calls)


def is_of_hosts(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether an address is at one of some hosts, or below it.

    >>> [is_of_hosts(f"https://{h}/x", ("salesforce.com",)) for h in ("acme.my.salesforce.com", "notsalesforce.com")]
    [True, False]
    """
    host = (urlsplit(url).hostname or "").lower()
    return any(host == h or host.endswith(f".{h}") for h in hosts)


def checked_base(url: str, vendor_hosts: tuple[str, ...], configured: str = "") -> str:
    """The address to send credentials to; ConfigError for any but the vendor's, the configured, or loopback.

    Plain http goes to loopback only.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    vendor = is_of_hosts(url, vendor_hosts)
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


_MARKUP = re.compile(r"<[^>]*>|[\x00-\x1f\x7f]+")


def safe_text(text: str, limit: int = 200) -> str:
    """A vendor's words in one short printable line: 200 letters, a judgement, are two or three lines of a terminal."""
    return " ".join(_MARKUP.sub(" ", text).split())[:limit]


class Transport:
    """One pooled session with the retry loop; a connector's clients send through it.

    `send` waits out what may pass. Of a read that is everything: refusals, resets, answers that cannot be read. A write
    is sent again only after a refusal that says that nothing was applied. Redirects are never followed: they would carry
    the credentials elsewhere. `tell` is given a line for whoever waits too.
    """

    def __init__(
        self,
        *,
        calls: Calls,
        crm: str = "The CRM",
        session: requests.Session | None = None,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] | None = None,
        jitter: random.Random | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        allow: Callable[[], None] = lambda: None,
        ticks: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.calls = calls
        self.crm = crm
        # Asked before every call, retries too; raises where the day's allowance is used up.
        self.allow = allow
        self.session = session or PooledSession(ticks=ticks)
        self.patience = patience
        self.halt = InterruptibleWait(stop)
        self.sleep = sleep or self.halt.wait
        self.jitter = jitter or random.Random()
        self.timeout = timeout
        self.server_ms: int | None = None
        self.ticks = ticks
        self.tell = tell
        # Values of answers that could not be taken as they came.
        self.repaired = 0
        self._counting = threading.Lock()
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
        whole: Callable[[requests.Response], int] = lambda _: 0,
        known: Callable[[requests.Response], None] = lambda _: None,
        **options: Any,
    ) -> requests.Response:
        """The answer, whatever its status, after the retries its class allows.

        `wait` gives the least seconds before a retry, or None for an answer that must not be retried. `whole` raises
        UnreadableError for what is no answer, as a page that a proxy puts in its place with status 200, and gives the
        number of values that it had to repair. `known` raises it for an error that is not the CRM's own. Raises
        CrmUnavailableError where the CRM cannot be reached, LostAnswerError where the request went out and no answer came.
        """
        patience = Patience(self.crm, self.sleep, self.tell, self.ticks, self.jitter, self.patience)
        while True:
            self.allow()
            limiter.acquire()
            self.calls.count(kind)
            try:
                response = self.session.request(
                    method, url, timeout=self.timeout, allow_redirects=False, **options
                )
                self._heard(response)
                if response.status_code < 300:
                    self._repaired(whole(response))
                    return response
                known(response)
            except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, UnreadableError) as e:
                if _worth_waiting(e, url, patience, idempotent=idempotent).packed:
                    # Whoever labels bodies wrongly does so less where nothing is packed.
                    options["headers"] = {**(options.get("headers") or {}), "Accept-Encoding": "identity"}
                continue
            if response.status_code in UNSURE and not idempotent:
                raise LostAnswerError(f"answers {response.status_code}")
            seconds = wait(response) if wait else by_status(response)
            if seconds is None or patience.over:
                return response
            asked = retry_after(response.headers, self.clock_ms())
            if asked is not None and asked > LONGEST_ASKED:
                raise failures.later(self.crm, response.status_code, asked, self.clock_ms())
            least = seconds if asked is None else asked
            paused = limiter.pause(least)
            patience.wait(f"answers {response.status_code}", least)
            limiter.over(paused)

    def _heard(self, response: requests.Response) -> None:
        told = date_ms(response.headers)
        if told:
            self.server_ms, self._answered = told, self.ticks()

    def _repaired(self, values: int) -> None:
        if values:
            with self._counting:
                self.repaired += values

    def clock_ms(self) -> int:
        """The server's clock now (ms UTC): its last answer's, carried on while nothing is asked; 0 before the first."""
        if self.server_ms is None:
            return 0
        return self.server_ms + int((self.ticks() - self._answered) * 1000)

    def close(self) -> None:
        """Close the pooled connections."""
        self.session.close()


class PooledSession(requests.Session):
    """A session whose answers have an end, and which asks the environment for proxies and certificates once a host.

    Nothing of a .netrc file is sent: requests would put its password in the place of our token.
    """

    def __init__(self, *, ticks: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.ticks = ticks
        self.auth = lambda request: request
        self._environment: dict[tuple[str, str], Any] = {}
        # Judgements: a run speaks to one host or two, and fewer than 16 threads send at once.
        adapter = LimitedAdapter(ticks=ticks, pool_connections=4, pool_maxsize=16)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: Any) -> None:
        """None: no redirect is followed, and requests would fail by a Location that is no address."""
        return

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What requests makes of the environment for a host, kept."""
        if proxies or stream or verify is not None or cert is not None:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        parts = urlsplit(str(url))
        key = (parts.scheme, parts.netloc)
        if key not in self._environment:
            self._environment[key] = super().merge_environment_settings(url, {}, stream, verify, cert)
        return dict(self._environment[key])


def by_status(response: requests.Response) -> float | None:
    """Seconds before a retry of an answer that only its status tells of; None for one that stays as it is."""
    return 0.0 if response.status_code in PASSES else None


def _worth_waiting(error: Exception, url: str, patience: Patience, *, idempotent: bool) -> failures.Trouble:
    """What went wrong on the way, after the pause that it is worth; raises what the caller has to know instead."""
    trouble = failures.of(error)
    if trouble is None:
        raise error
    if trouble.final:
        raise failures.unreachable(url, trouble) from error
    if trouble.sent and not idempotent:
        raise LostAnswerError(trouble.words, getattr(error, "action", "")) from error
    if patience.over:
        raise failures.unreachable(url, trouble) from error
    patience.wait(trouble.words, None)
    return trouble
