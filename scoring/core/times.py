"""Times are integer milliseconds UTC, lengths are whole days of 86,400,000 ms."""

from datetime import UTC, datetime

DAY = 86_400_000


def iso_day(ms: int) -> str:
    """The UTC date of a time.

    >>> iso_day(0)
    '1970-01-01'
    """
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()
