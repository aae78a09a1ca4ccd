"""The sandbox's own clock: it starts where it is told and runs at real speed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Clock:
    """Milliseconds since 1970 (UTC), from `start_ms` on or from the machine's time; may be moved forward."""

    def __init__(self, start_ms: int | None = None, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._origin = ticks()
        self._start = int(time.time() * 1000) if start_ms is None else start_ms

    def now_ms(self) -> int:
        """The sandbox's time in milliseconds UTC."""
        return self._start + int((self._ticks() - self._origin) * 1000)

    def advance(self, seconds: float) -> int:
        """Move the clock forward; the new time. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("the sandbox's clock only moves forward: seconds must not be negative")
        self._start += round(seconds * 1000)
        return self.now_ms()


def parse_iso(text: str) -> int:
    """Milliseconds UTC of an ISO 8601 date or time; one without an offset is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, UTC).strftime("%Y-%m-%d")


def iso(ms: int) -> str:
    """`2024-06-01T10:00:00.120Z`; without the fraction where there is none, as HubSpot writes it."""
    day, rest = divmod(ms, DAY_MS)
    seconds, milli = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{milli:03d}" if milli else ""
    return f"{_day(day)}T{hour:02d}:{minute:02d}:{second:02d}{fraction}Z"


def http_date(ms: int) -> str:
    """The form of the HTTP `Date` header."""
    return formatdate(ms / 1000, usegmt=True)
