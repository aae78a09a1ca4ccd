"""Long work in a pipe: plain lines, not too many, with how far it is and how long it will take."""

import io

from sales_consultant.commands.output.writing.progress import EVERY_SECONDS, Terminal


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_pipe_gets_a_plain_line_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    with Terminal(stream=out, clock=clock) as reporter:
        reporter.say("writing\x1b[31m")
        for second in range(31):
            clock.now = float(second)
            reporter.progress("writing", 100 * second, 6000)
    assert out.getvalue().splitlines() == [
        "writing[31m",
        "writing: 1,000 of 6,000 (17 %), about 50 seconds left",
        "writing: 2,000 of 6,000 (33 %), about 40 seconds left",
        "writing: 3,000 of 6,000 (50 %), about 30 seconds left",
    ]


def test_what_is_soon_done_is_not_told() -> None:
    out, clock = io.StringIO(), Clock()
    reporter = Terminal(stream=out, clock=clock)
    reporter.progress("pulling", 1, 2)
    clock.now = EVERY_SECONDS * 2
    reporter.progress("pulling", 2, 2)
    reporter.progress("rows", 1, None)
    clock.now += EVERY_SECONDS
    reporter.progress("rows", 12345, None)
    assert out.getvalue() == "rows: 12,345\n"


def test_quiet_says_nothing() -> None:
    out = io.StringIO()
    reporter = Terminal(quiet=True, stream=out)
    reporter.say("x")
    reporter.progress("x", 1, 2)
    assert out.getvalue() == ""


class Tty(io.StringIO):
    """A terminal that remembers what was drawn on it."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_bars_that_go_away() -> None:
    out = Tty()
    with Terminal(stream=out) as reporter:
        reporter.progress("writing [bold]", 10, 100)
        reporter.say("half [red]way")
        reporter.progress("writing [bold]", 50, 100)
    assert "half [red]way" in out.getvalue() and "writing [bold]" in out.getvalue()


def test_a_bar_of_what_is_done_leaves_the_screen() -> None:
    out = Tty()
    with Terminal(stream=out) as reporter:
        reporter.progress("contacts", 1, 2)
        reporter.progress("contacts", 2, 2)
        reporter.progress("deals", 1, 2)
        drawn = out.getvalue()
        reporter.say("half way")
        later = out.getvalue()[len(drawn) :]
    assert "contacts" in drawn and "contacts" not in later and "deals" in later
