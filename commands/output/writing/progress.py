"""Progress of long work, on standard error: what is done, how far it is, how long it will take."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TextIO

from sales_consultant.commands.output.writing.text import percent, plain
from sales_consultant.commands.output.writing.times import span

# Without a terminal a line is told no more often than this, and none where it is all done before.
EVERY_SECONDS = 10.0


@dataclass
class _Told:
    """A work in progress: when it began, and when a line of it was printed last."""

    began: float
    last: float
    first: int


def words(what: str) -> str:
    """What is being done as people say it: the name of a stream of links names what it links.

    >>> words("link_deals_companies"), words("deals_history"), words("writing")
    ('links of deals and companies', 'deals history', 'writing')
    """
    if what.startswith("link_"):
        return f"links of {what.removeprefix('link_').replace('_', ' and ', 1).replace('_', ' ')}"
    return what.replace("_", " ")


class Terminal:
    """A reporter: a bar a work with rate and estimate on a terminal, plain lines otherwise, nothing when quiet."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.quiet = quiet
        self._stream = stream
        self._clock = clock
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}
        self._told: dict[str, _Told] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def stream(self) -> TextIO:
        """Where it is told."""
        return sys.stderr if self._stream is None else self._stream

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
            self._bars.console.print(plain(text), style="dim", markup=False, highlight=False)
        else:
            print(plain(text), file=self.stream, flush=True)

    def progress(self, what: str, done: int, total: int | None) -> None:
        """How far something is; `total` is None where it is not known."""
        if self.quiet:
            return
        if not self.stream.isatty():
            self._line(what, done, total)
            return
        if self._bars is None:
            self._begin()
        if what not in self._tasks:
            # One bar at a time: a pull reads thirty streams, and a bar for each would fill the screen.
            for earlier in self._tasks.values():
                self._bars.update(earlier, visible=False)
            self._tasks[what] = self._bars.add_task(plain(words(what)), total=total)
        self._bars.update(self._tasks[what], completed=done, total=total, visible=done != total)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeRemainingColumn(),
        )

        class Bars(Progress):
            """Bars with how much a second gets done."""

            def get_renderables(self) -> Any:
                """The bars, as rich draws them."""
                for task in self.tasks:
                    task.fields["rate"] = f"{task.speed:,.0f}/s" if task.speed else ""
                return super().get_renderables()

        self._bars = Bars(*columns, console=Console(file=self.stream), transient=True)
        self._bars.start()

    def _line(self, what: str, done: int, total: int | None) -> None:
        """A plain line now and then: how far, and how long it will take at the rate so far."""
        now = self._clock()
        task = self._told.setdefault(what, _Told(now, now, done))
        if now - task.last < EVERY_SECONDS or done == total:
            return
        task.last = now
        text = f"{plain(words(what))}: {done:,}"
        if total:
            text += f" of {total:,} ({percent(done / total)})"
            rate = (done - task.first) / (now - task.began)
            if rate > 0:
                text += f", about {span((total - done) / rate)} left"
        print(text.replace("\u00a0", " "), file=self.stream, flush=True)
