"""Where progress goes, and what is told of it."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")

# Records between two reports of a loop that calls nobody: some tenths of a second, a judgement.
EVERY = 10_000


@dataclass(frozen=True)
class Step:
    """One step of a long work, told when it begins.

    `whole` is the work as one says it ("pull"), `what` the step ("deals"). It is step `number` of `of`, counted from 1;
    both are 0 where the steps are not counted. `start` and `end` are the shares of the whole's time, 0 to 1, that lie
    before the step and up to its end; None where nobody knows.
    """

    whole: str
    what: str
    number: int = 0
    of: int = 0
    start: float | None = None
    end: float | None = None


class Reporter(Protocol):
    """Where progress goes."""

    def say(self, text: str) -> None:
        """One line about what begins."""
        ...

    def step(self, step: Step) -> None:
        """A step of a long work begins, and the one before it is over; `progress` counts within it."""
        ...

    def progress(self, what: str, done: int, total: int | None) -> None:
        """How far something is; `total` is None where it is not known."""
        ...

    def over(self) -> None:
        """The long work is over, or given up: nothing of it stays in sight."""
        ...


class Silent:
    """No progress."""

    def say(self, text: str) -> None:
        """Nothing."""

    def step(self, step: Step) -> None:
        """Nothing."""

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Nothing."""

    def over(self) -> None:
        """Nothing."""


@contextlib.contextmanager
def shown_until_over(reporter: Reporter) -> Iterator[None]:
    """A block of long work: whatever comes of it, nothing of its progress stays in sight."""
    try:
        yield
    finally:
        reporter.over()


def steps(reporter: Reporter, whole: str) -> Callable[[str, int, int], None]:
    """A callback for who knows no reporter: what begins, how many steps are done, and how many there are in all.

    The steps are not of one length, so nothing is said of the time that the whole takes.
    """
    return lambda what, done, of: reporter.step(Step(whole, what, done + 1, of))


def shares(reporter: Reporter, whole: str) -> Callable[[str, float], None]:
    """A callback for who knows no reporter: what begins, and the share of the whole that is done, 0 to 1."""
    return lambda what, share: reporter.step(Step(whole, what, start=share))


def parts(reporter: Reporter, whole: str) -> Callable[[str, int, int, float], None]:
    """A callback for who knows no reporter: what begins, its number from 1, of how many, and the share that is done."""
    return lambda what, number, of, share: reporter.step(Step(whole, what, number, of, share))


def watched(
    items: Iterable[T], reporter: Reporter, what: str, total: int, *, every: int = EVERY
) -> Iterator[T]:
    """The items one by one; the reporter is told after each `every` of them how far it is."""
    for done, item in enumerate(items):
        if done % every == 0:
            reporter.progress(what, done, total)
        yield item
    reporter.progress(what, total, total)
