"""How long work tells how far it is: by a callback that is handed in, for nothing here knows a terminal."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called when a step begins: what it does, how many steps are done before it, and how many there are in all."""


def untold(what: str, done: int, total: int) -> None:
    """Tell nobody."""
