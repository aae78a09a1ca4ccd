"""Waiting: how long a trouble is waited out, what is said meanwhile, and how a wait ends at once when told to stop."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sales_consultant.config.clock import ms_of
from sales_consultant.config.errors import StoppedError

# So long of pauses is a trouble waited out; with jitter that is never less than a minute of the CRM's being away.
PATIENCE = 90.0
# Pauses double up to this. A judgement: 90 seconds are then 11 to 13 calls (docs/decisions/answers-patience.md), and it
# is seen soon that the CRM is back.
LONGEST_PAUSE = 15.0
# A CRM that asks for more is not waited for: the run ends and says when to come again.
LONGEST_ASKED = 300.0
# A pause that nobody notices is not worth a line.
TOLD_FROM = 1.0
# So often a wait looks whether it was told to stop: a judgement, shorter than people notice.
_LOOK = 0.2
# A turn in a limit's queue is over before anybody notices: whoever writes then comes to the end of the batch.
_BRIEF = 1.0


class InterruptibleWait:
    """Waits of real time that end at once when told to stop: by `now`, from any thread, or by `stop` turning true."""

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self.stop = stop
        self._told = threading.Event()

    def now(self) -> None:
        """End all waits, those to come too."""
        self._told.set()

    def wait(self, seconds: float) -> None:
        """Wait. Raises StoppedError when told to stop, but for a wait that is over in less than a second."""
        if seconds < _BRIEF:
            time.sleep(max(0.0, seconds))
            return
        end = time.monotonic() + seconds
        while True:
            if self._told.is_set() or self.stop():
                raise StoppedError("Stopped while waiting for the CRM.", action="Run the command again.")
            left = end - time.monotonic()
            if left <= 0:
                return
            self._told.wait(min(left, _LOOK))


@dataclass
class Patience:
    """The tries of one call. `wait` pauses before the next one; False when enough was waited."""

    crm: str
    sleep: Callable[[float], None]
    tell: Callable[[str], None]
    ticks: Callable[[], float]
    jitter: random.Random
    limit: float = PATIENCE
    tries: int = 1
    waited: float = 0.0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.ticks()

    @property
    def over(self) -> bool:
        """Whether it was tried at least three times, and waited for long enough."""
        # Calls that fail slowly are waits too; a sleep that tests replace moves no clock.
        return self.tries >= 3 and max(self.waited, self.ticks() - self.began) >= self.limit

    def wait(self, trouble: str, asked: float | None) -> None:
        """Pause, at least as long as the CRM asked."""
        # The first pause is a quarter of a second. The 16 only keeps the power a small number.
        grown = min(LONGEST_PAUSE, 0.25 * 2.0 ** min(self.tries - 1, 16)) * (0.5 + self.jitter.random())
        # Whoever was told the same second would come back in the same second.
        seconds = max(asked * (1.0 + 0.1 * self.jitter.random()) if asked else 0.0, grown)
        if seconds >= TOLD_FROM:
            self.tell(f"{self.crm} {trouble}; trying again in {seconds:.0f} s ({ordinal(self.tries)} time)")
        self.tries += 1
        self.waited += seconds
        self.sleep(seconds)


def ordinal(number: int) -> str:
    """A number as people count.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st']
    """
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def retry_after(headers: Mapping[str, str], now_ms: int = 0) -> float | None:
    """Seconds the server asked to wait: a number, or the time from `now_ms` (its own clock) to a date.

    >>> retry_after({"Retry-After": "7"}), retry_after({"Retry-After": "soon"})
    (7.0, None)
    >>> retry_after({"Retry-After": "Sat, 01 Jun 2024 00:01:00 GMT", "Date": "Sat, 01 Jun 2024 00:00:00 GMT"})
    60.0
    """
    told = str(headers.get("Retry-After") or "").strip()
    if told.replace(".", "", 1).isdecimal():
        return float(told)
    at = date_ms({"Date": told})
    now = now_ms or date_ms(headers)
    return None if at is None or not now else max(0.0, (at - now) / 1000)


def date_ms(headers: Mapping[str, str]) -> int | None:
    """The server's clock (ms UTC, whole seconds) from its Date header."""
    try:
        return ms_of(parsedate_to_datetime(headers["Date"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def when(now_ms: int, seconds: float) -> str:
    """The moment so many seconds from now, for a person.

    >>> when(1_700_000_000_000, 3600), when(0, 7200), when(0, 1e300)
    ('2023-11-14 23:13 UTC', 'in 2 hours', 'in many days')
    """
    if seconds > 30 * 86_400:
        return "in many days"
    if not now_ms:
        return (
            f"in {seconds / 3600:.0f} hours"
            if seconds >= 5400
            else f"in {max(1, round(seconds / 60))} minutes"
        )
    return f"{datetime.fromtimestamp(now_ms / 1000 + seconds, UTC):%Y-%m-%d %H:%M} UTC"
