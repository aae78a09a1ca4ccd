"""The protocol of results."""

from datetime import UTC, datetime
from typing import Any, Protocol


class Result(Protocol):
    """What a use case found or did."""

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` prints: plain values only."""
        ...


def iso(ms: int | None) -> str | None:
    """A moment as ISO 8601 UTC to the second.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
