"""Long work: one line on a terminal, plain lines in a pipe, with how far it is and how long it will take."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import screen

from sales_consultant.commands.output.writing.progress import EVERY_SECONDS, STEP_SECONDS, Terminal
from sales_consultant.commands.output.writing.progress_line import SPINNER, Running, terminal_line
from sales_consultant.sync.runtime import Step, shares, steps

GOLDEN = Path(__file__).parent / "golden"
DEALS = Step("pull", "deals", 12, 21)


class Clock:
    """Seconds that a test sets; what was to be called later is called when they have passed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.later: list[Later] = []

    def __call__(self) -> float:
        return self.now

    def until(self, now: float) -> None:
        """Let the time pass."""
        self.now = now
        due = [x for x in self.later if x.at <= now]
        self.later = [x for x in self.later if x.at > now]
        for one in due:
            one.call()

    def timer(self, seconds: float, call: Callable[[], None]) -> "Later":
        """In place of `threading.Timer`."""
        return Later(self, self.now + seconds, call)


class Later:
    """One call that waits for its time."""

    daemon = False

    def __init__(self, clock: Clock, at: float, call: Callable[[], None]) -> None:
        self.clock, self.at, self.call = clock, at, call

    def start(self) -> None:
        self.clock.later.append(self)

    def cancel(self) -> None:
        self.clock.later = [x for x in self.clock.later if x is not self]


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
    assert out.getvalue() == "rows: 12,345, 1,234 a second\n"


def test_a_step_is_told_in_a_pipe_when_it_takes_a_while() -> None:
    out, clock = io.StringIO(), Clock()
    with Terminal(stream=out, clock=clock, timer=clock.timer) as reporter:
        train = shares(reporter, "train")
        train("New business: members, step 1 of 7", 0.0)
        clock.until(STEP_SECONDS - 1)
        # The first was over before it was worth a line; this one runs on, and nobody calls meanwhile.
        train("New business: features, step 3 of 7", 0.1)
        clock.until(8.0)
        train("New business: forward test, step 4 of 7", 0.5)
        clock.until(11.0)
        reporter.over()
        clock.until(100.0)
    assert out.getvalue().splitlines() == [
        "train New business: features, step 3 of 7",
        "train New business: forward test, step 4 of 7, about 5 seconds left in all",
    ]


def test_a_row_of_short_steps_is_told_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    with Terminal(stream=out, clock=clock, timer=clock.timer) as reporter:
        for number in range(1, 22):
            clock.until(float(number))
            reporter.step(Step("pull", f"s_{number}", number, 21))
            reporter.progress(f"s_{number}", 5, None)
    assert out.getvalue().splitlines() == ["pull 11 of 21 · s 11", "pull 21 of 21 · s 21"]


def test_quiet_says_nothing() -> None:
    out = io.StringIO()
    reporter = Terminal(quiet=True, stream=out)
    reporter.say("x")
    reporter.step(DEALS)
    reporter.progress("x", 1, 2)
    reporter.over()
    assert out.getvalue() == ""


def running(step: Step, counts: list[tuple[float, int, int | None]], whole_began: float = 0.0) -> Running:
    """A step that began at 60 s with what was counted since, by seconds after that."""
    made = Running(step.what, 60.0, step, whole_began)
    for at, done, total in counts:
        made.count(done, total, 60.0 + at)
    return made


# What the line looks like, each 15 seconds after the step began.
LINES = {
    "a total of the CRM's": running(DEALS, [(5, 665, 2600), (15, 2039, 2600)]),
    "no total": running(DEALS, [(5, 665, None), (15, 2039, None)]),
    "nothing counted yet": running(DEALS, []),
    "a whole that is known": running(
        Step("pull", "links of contacts and companies", 12, 21, 0.5, 0.6), [(15, 12_039, 22_600)]
    ),
    "a share and no count": running(Step("train", "New business: features, 3 of 7", 2, 6, 0.3), []),
    "the first share": running(Step("train", "New business: members, 1 of 7", 1, 6, 0.0), [], 60.0),
    "a long name": running(Step("score", "Contacts of companies without a deal " * 3, 2, 9), [(15, 7, 9)]),
}


@pytest.mark.parametrize("width", [80, 120])
def test_lines_are_as_they_were_looked_at(width: int) -> None:
    file = GOLDEN / f"progress.{width}.txt"
    text = "".join(f"{name}:\n{terminal_line(r, 75.0, width - 1)}\n" for name, r in LINES.items())
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file.name} is another: UPDATE_GOLDEN=1 writes it anew"


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_line_fits_any_width_and_never_asks(name: str, ascii_only: bool) -> None:
    for width in range(20, 160):
        line = terminal_line(LINES[name], 75.0, width, ascii_only=ascii_only)
        assert len(line) <= width and "?" not in line and "-:--" not in line
        assert line.isascii() or not ascii_only


def test_without_a_total_there_is_no_bar() -> None:
    assert "━" in terminal_line(LINES["a total of the CRM's"], 75.0, 100)
    assert "━" not in terminal_line(LINES["no total"], 75.0, 100)


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    slow = running(DEALS, [(float(s), 10 * s, None) for s in range(1, 100)])
    for s in range(1, 61):
        slow.count(990 + 1000 * s, None, 160.0 + s)
    assert slow.rate == pytest.approx(1000.0)


def test_the_whole_is_estimated_from_what_is_done() -> None:
    half = running(Step("pull", "deals", 2, 3, 0.4, 0.6), [(10, 100, 200)])
    # Half is done after 70 seconds, and ten of the rest have passed.
    assert half.share == pytest.approx(0.5) and half.whole_left(80.0) == pytest.approx(60.0)
    assert half.whole_left(1000.0) is None


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "dumb")
    out, clock = Tty(), Clock()
    with Terminal(stream=out, clock=clock, timer=clock.timer) as reporter:
        steps(reporter, "score")("deals", 0, 2)
        clock.until(STEP_SECONDS)
    assert out.getvalue() == "score 1 of 2 · deals\n"


# A pull, a training and a second pull by one reporter, with messages in between.
WORK = """
import time
from sales_consultant.commands.output.writing.progress import Terminal
from sales_consultant.sync.runtime import Step, shares

with Terminal() as reporter:
    for turn in (1, 2):
        reporter.say(f"pulling [bold]{turn}")
        for number, name in enumerate(("stages", "deals", "link_deals_companies"), 1):
            reporter.step(Step("pull", name, number, 3))
            for done in (1, 2, 3):
                time.sleep(0.2)
                reporter.progress(name, done, 3 if name == "deals" else None)
            reporter.say(f"{name} had an odd value")
        reporter.over()
        print("nothing runs", flush=True)
        train = shares(reporter, "train")
        for number in range(3):
            train(f"deals: features, step {number + 1} of 3", number / 3)
            time.sleep(0.3)
        reporter.over()
    reporter.progress("writing", 1, 2)
    time.sleep(0.3)
    reporter.progress("writing", 2, 2)
    print("done", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 120])
def test_no_two_bars_stand_at_once(columns: int) -> None:
    written = screen.bytes_of([sys.executable, "-c", WORK], columns=columns)
    seen: set[str] = set()
    for lines in screen.screens(written, columns=columns):
        bars = [line for line in lines if any(sign in line for sign in SPINNER[0])]
        assert len(bars) <= 1, lines
        # Nothing is left over where no work runs.
        assert not bars or lines[-1] not in ("nothing runs", "done")
        assert "?" not in "".join(lines)
        seen |= {line[2:].split("  ")[0] for line in bars}
    last = [line for line in lines if line]
    turn = ["stages had an odd value", "deals had an odd value", "link_deals_companies had an odd value"]
    assert last == [
        "pulling [bold]1",
        *turn,
        "nothing runs",
        "pulling [bold]2",
        *turn,
        "nothing runs",
        "done",
    ]
    assert {"pull 2 of 3 · deals", "train deals: features, step 2 of 3", "writing"} <= seen
