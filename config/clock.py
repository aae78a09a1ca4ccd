"""Moments: integer milliseconds UTC, and their one spelling in documents."""

import math
from datetime import UTC, datetime

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
"""A day in milliseconds; a day of the calendar in a time zone may be shorter or longer."""


def iso(ms: int | None) -> str | None:
    """A moment as ISO 8601 UTC to the second.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso_day(ms: int) -> str:
    """The UTC date of a moment.

    >>> iso_day(0)
    '1970-01-01'
    """
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def ms_of(at: datetime) -> int:
    """The milliseconds UTC of a moment that Python tells.

    >>> ms_of(datetime(1970, 1, 2, tzinfo=UTC)), ms_of(datetime(2026, 5, 5, 7, 0, 1, 1000, tzinfo=UTC)) % 1000
    (86400000, 1)
    """
    # A microsecond of rounding must not take a whole millisecond away.
    return math.floor(at.timestamp() * 1000 + 1e-6)


def from_iso(text: str) -> int:
    """The milliseconds UTC of an ISO 8601 text; without an offset it is UTC, a date alone is its midnight.

    Raises ValueError for what is no moment, OverflowError for one that no calendar has.

    >>> from_iso("1970-01-02"), from_iso("1970-01-01T01:00:00+01:00"), from_iso(" 1970-01-01T00:00:00.5Z ")
    (86400000, 0, 500)
    """
    found = datetime.fromisoformat(text.strip())
    return ms_of(found if found.tzinfo else found.replace(tzinfo=UTC))
