"""What is known of the step that runs, and the one line that a terminal or a log shows of it."""

from collections import deque
from dataclasses import dataclass, field

from sales_consultant.commands.output.writing.text import GLUE, percent, words
from sales_consultant.commands.output.writing.times import span
from sales_consultant.sync.runtime import Step

# The rate is that of the last half minute: a judgement, long enough for pages of some seconds each.
WINDOW_SECONDS = 30.0
# Below so much of the whole, or before so many seconds of it, an estimate would be a guess.
LEAST_SHARE, LEAST_SECONDS = 0.02, 5.0
# Judgements of what can be read at a glance: a bar's least and greatest width, and seconds of silence before the time that
# a step has taken is shown.
LEAST_BAR, MOST_BAR, QUIET_SECONDS = 8, 40, 3.0

SPINNER = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
FILLED, EMPTY = ("━", "#"), ("─", ".")


@dataclass
class Running:
    """The step that runs: its count, how fast it counts, and how long it and the whole will take. Times are seconds of one
    clock."""

    what: str
    began: float
    step: Step | None = None
    whole_began: float = 0.0
    done: int | None = None
    total: int | None = None
    samples: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def head(self) -> str:
        """The work and its step in words: "pull 12 of 21 · deals"."""
        if self.step is None:
            return words(self.what)
        whole, what = words(self.step.whole), words(self.step.what)
        return f"{whole} {self.step.number} of {self.step.of} · {what}" if self.step.of else f"{whole} {what}"

    def count(self, done: int, total: int | None, now: float) -> None:
        """How far it is now."""
        if self.done is None or done < self.done:
            # A step counts from nothing; what has no step may have begun before it was told of.
            self.samples = deque([(self.began, 0)] if self.step is not None and now > self.began else [])
        self.done, self.total = done, total
        self.samples.append((now, done))
        while len(self.samples) > 2 and self.samples[1][0] < now - WINDOW_SECONDS:
            self.samples.popleft()

    @property
    def rate(self) -> float | None:
        """How many a second; None before it can be known."""
        if len(self.samples) < 2:
            return None
        (start, before), (end, after) = self.samples[0], self.samples[-1]
        return (after - before) / (end - start) if end > start and after > before else None

    def left(self, now: float) -> float | None:
        """Seconds that the step's own count will take from now on; None where nobody knows."""
        rate = self.rate
        if not self.total or self.done is None or rate is None:
            return None
        return max(0.0, (self.total - self.done) / rate - (now - self.samples[-1][0]))

    @property
    def share(self) -> float | None:
        """How much of the whole is done, 0 to 1; None where nobody knows."""
        if self.step is None or self.step.start is None:
            return None
        end = self.step.start if self.step.end is None else self.step.end
        inner = self.done / self.total if self.total and self.done is not None else 0.0
        return self.step.start + (end - self.step.start) * inner

    def whole_left(self, now: float) -> float | None:
        """Seconds that the whole will take from now on, were it as fast as until now."""
        share, known = self.share, self.samples[-1][0] if self.samples else self.began
        taken = known - self.whole_began
        if share is None or share < LEAST_SHARE or taken < LEAST_SECONDS:
            return None
        rest = taken / share * (1 - share) - (now - known)
        # What takes longer than was thought is no more to be estimated.
        return rest if rest > 0 else None


def plain_line(running: Running, now: float) -> str:
    """The line of a log: "pull 12 of 21 · deals: 2,039 of 2,600 (78 %), about 4 seconds left"."""
    text = running.head
    if running.done is not None:
        text += f": {running.done:,}"
        if running.total:
            text += f" of {running.total:,} ({percent(running.done / running.total)})"
        elif running.rate:
            text += f", {running.rate:,.0f} a second"
        if running.total and (left := running.left(now) or 0.0) >= 1:
            text += f", about {span(left)} left"
    if (whole := running.whole_left(now)) is not None:
        text += f", about {span(whole)} left in all"
    return text.replace(GLUE, " ")


def terminal_line(running: Running, now: float, width: int, *, ascii_only: bool = False) -> str:
    """The line of a terminal, never longer than `width`: a spinner, the step, a bar where a share is known, count, rate, and
    the time that is left.

    What does not fit goes: first the bar, then the rate, then the times, last the end of the step's name.
    """
    signs = SPINNER[ascii_only]
    head = f"{signs[int(now * 8) % len(signs)]} {running.head}"
    if ascii_only:
        head = head.replace("·", "-").encode("ascii", "replace").decode()
    counts, rates = _counts(running), [f"{rate:,.0f}/s"] if (rate := running.rate) and rate >= 1 else []
    times = _times(running, now)
    for tail in ([*counts, *rates, *times], [*counts, *times], [*counts, *times[:1]], counts):
        text = "  ".join([head, *tail])
        if len(text) <= width:
            return _with_bar(running, [head, *tail], width - len(text), ascii_only)
    room = width - sum(len(c) + 2 for c in counts) - 1
    return "  ".join([head[: max(0, room)] + ("~" if ascii_only else "…"), *counts])[:width]


def _counts(running: Running) -> list[str]:
    if running.done is None:
        return []
    return [f"{running.done:,} of {running.total:,}" if running.total else f"{running.done:,}"]


def _times(running: Running, now: float) -> list[str]:
    """The time that is left of the step, and of the whole; where neither is known, the time that the step has taken."""
    left, whole = running.left(now), running.whole_left(now)
    found = [] if left is None else [f"{_clock(left)} left"]
    if whole is not None and whole > (left or 0.0):
        # An estimate of the whole that is below that of its part is no good.
        found.append(f"{_clock(whole)} left in all")
    taken = now - running.began
    return found or ([f"{_clock(taken)} so far"] if taken >= QUIET_SECONDS else [])


def _with_bar(running: Running, parts: list[str], room: int, ascii_only: bool) -> str:
    """The parts with a bar behind the first where a share is known and `room` is left for it."""
    share = running.share
    if running.total and running.done is not None:
        share = running.done / running.total
    elif running.done is not None:
        share = None
    size = min(MOST_BAR, room - 2)
    if share is None or size < LEAST_BAR:
        return "  ".join(parts)
    filled = min(size, int(size * share))
    bar = FILLED[ascii_only] * filled + EMPTY[ascii_only] * (size - filled)
    return "  ".join([parts[0], bar, *parts[1:]])


def _clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are some.

    >>> _clock(80), _clock(3723)
    ('1:20', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
