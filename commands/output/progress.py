"""Progress of long work, on standard error."""

import sys
from typing import Any, Self

from sales_consultant.commands.output.text import plain


class Terminal:
    """A reporter: one bar a thing with rate and estimate on a terminal, lines otherwise, nothing when quiet."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self._bars = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bars.start()

    def stop(self) -> None:
        """Take the bars away, before results are printed."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._tasks.clear()

    def say(self, text: str) -> None:
        """One line about what begins."""
        if self.quiet:
            return
        if self._bars is not None:
            self._bars.console.print(plain(text), style="dim")
        else:
            print(plain(text), file=sys.stderr)

    def progress(self, what: str, done: int, total: int | None) -> None:
        """How far something is."""
        if self.quiet or not sys.stderr.isatty():
            return
        if self._bars is None:
            self._begin()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)
