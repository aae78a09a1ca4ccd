"""Progress of long work, on standard error: what is done, how far it is, how long it will take."""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, Self, TextIO

from sales_consultant.commands.output.writing.progress_line import Running, plain_line, terminal_line
from sales_consultant.commands.output.writing.text import plain
from sales_consultant.sync.runtime import Step

# Without a terminal a count is told no more often than this, and none where it is all done before.
EVERY_SECONDS = 10.0
# Without a terminal a step is told when it has run so long: what is done sooner would only fill a log.
STEP_SECONDS = 3.0
# A judgement: the time that is left moves once a second, and a spinner looks alive at four.
REDRAWS_A_SECOND = 4


class Timer(Protocol):
    """What calls something later; `threading.Timer` is one."""

    daemon: bool

    def start(self) -> None:
        """Begin to wait."""
        ...

    def cancel(self) -> None:
        """Do not call."""
        ...


class Terminal:
    """A reporter: on a terminal one line of the step that runs, which goes when the step is done; else plain lines now and
    then; nothing when quiet."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        timer: Callable[[float, Callable[[], None]], Timer] = threading.Timer,
    ) -> None:
        self.quiet = quiet
        self._stream = stream
        self._clock = clock
        self._timer = timer
        self._running: Running | None = None
        self._live: Any = None
        self._told = 0.0
        self._later: Timer | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def stream(self) -> TextIO:
        """Where it is told."""
        return sys.stderr if self._stream is None else self._stream

    @property
    def _draws(self) -> bool:
        return self.stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")

    def stop(self) -> None:
        """Take the line away, before results are printed."""
        self._running = None
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._live is not None:
            self._live.stop()
            self._live = None

    def over(self) -> None:
        """The long work is over: its line goes."""
        self.stop()

    def say(self, text: str) -> None:
        """One line about what begins."""
        if self.quiet:
            return
        if self._live is not None:
            self._live.console.print(plain(text), style="dim", markup=False, highlight=False)
        else:
            self._print(plain(text))

    def step(self, step: Step) -> None:
        """A step of a long work begins: the line is its own from now on."""
        if self.quiet:
            return
        now, before = self._clock(), self._running
        same = before is not None and before.step is not None and before.step.whole == step.whole
        began = before.whole_began if before is not None and same else now
        if not same:
            self._told = now
        self._running = Running(step.what, now, step, began)
        if self._draws:
            self._draw()
        elif now - self._told >= EVERY_SECONDS:
            self._tell(self._running)
        else:
            self._tell_later(self._running)

    def progress(self, what: str, done: int, total: int | None) -> None:
        """How far something is; `total` is None where it is not known."""
        if self.quiet:
            return
        now, running = self._clock(), self._running
        if running is None or (running.step is None and running.what != what):
            self._told = now
            running = self._running = Running(what, now)
        running.count(done, total, now)
        if running.step is None and done == total:
            self.stop()
        elif self._draws:
            self._draw()
        elif now - self._told >= EVERY_SECONDS and done != total:
            self._tell(running)

    def _draw(self) -> None:
        """Show the line from now on; it is drawn anew some times a second, as it then stands."""
        if self._live is not None:
            return
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(file=self.stream)

        def line() -> Text:
            running = self._running
            if running is None:
                return Text("")
            # The last column stays free: some terminals break a line that fills it.
            width, ascii_only = console.width - 1, console.options.ascii_only
            text = terminal_line(running, self._clock(), width, ascii_only=ascii_only)
            return Text(text, no_wrap=True, overflow="crop", style="cyan")

        self._live = Live(
            console=console, get_renderable=line, transient=True, refresh_per_second=REDRAWS_A_SECOND
        )
        self._live.start(refresh=True)

    def _tell_later(self, running: Running) -> None:
        """Tell of a step when it has run for a while, should nothing come after it."""
        if self._later is not None:
            self._later.cancel()

        def tell() -> None:
            if self._running is running:
                self._tell(running)

        self._later = self._timer(STEP_SECONDS, tell)
        self._later.daemon = True
        self._later.start()

    def _tell(self, running: Running) -> None:
        self._told = self._clock()
        self._print(plain_line(running, self._told))

    def _print(self, text: str) -> None:
        """One whole line, also where a timer tells another at the same moment."""
        with self._lock:
            self.stream.write(f"{text}\n")
            self.stream.flush()
