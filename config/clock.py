"""Moments: integer milliseconds UTC, and their one spelling in documents."""

from datetime import UTC, datetime

DAY_MS = 86_400_000
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
