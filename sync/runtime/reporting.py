"""Where progress goes."""

from typing import Protocol


class Reporter(Protocol):
    """Where progress goes."""

    def say(self, text: str) -> None:
        """One line about what begins."""
        ...

    def progress(self, what: str, done: int, total: int | None) -> None:
        """How far something is."""
        ...


class Silent:
    """No progress."""

    def say(self, text: str) -> None:
        """Nothing."""

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Nothing."""
