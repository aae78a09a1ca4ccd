"""Days in messages, as people write them."""

from datetime import date


def day(when: date) -> str:
    """A day with its month by name, so that no reader takes one for the other.

    >>> day(date(2026, 11, 2))
    '2 Nov 2026'
    """
    return f"{when.day} {when:%b} {when.year}"
