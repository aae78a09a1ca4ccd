"""The protocol of results."""

from typing import Any, Protocol


class Result(Protocol):
    """What a use case found or did."""

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` prints: plain values only."""
        ...
