"""Every zone, every half hour, two years: each time that a cron names on a date against a calculation of its own.

The calculation shares nothing with the trigger. It walks the minutes of UTC, asks zoneinfo what the clock shows at each,
and reads from that walk alone when a date's time was shown first, or what was shown first after it was skipped.

Run as a program (`make sweep`) it takes all zones and two years; the tests take three days around each change of a clock.
"""

import itertools
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray

from sales_consultant.config.schedules import Schedule
from sales_consultant.sync.service.triggers import trigger

Minutes = NDArray[np.int64]
DAY = 1440
HALF_HOURS = range(0, DAY, 30)
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STEP = 360


def minute(at: datetime) -> int:
    """Minutes since 1970 of a moment in UTC."""
    return int(at.timestamp()) // 60


def offset(zone: ZoneInfo, at: int) -> int:
    """How many minutes the clock of a zone is ahead of UTC at a minute of UTC."""
    ahead = datetime.fromtimestamp(at * 60, zone).utcoffset()
    assert ahead is not None
    return round(ahead.total_seconds()) // 60


def changes(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The offset at the start, and every minute from which on there is another one (two within six hours are one)."""
    last = offset(zone, start)
    yield start, last
    for later in range(start + STEP, end + STEP, STEP):
        if (now := offset(zone, later)) != last:
            low, high = later - STEP, later
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == last else (low, middle)
            last = now
            if high < end:
                yield high, now


def groups(start: int, end: int, names: Iterable[str] = ()) -> dict[tuple[tuple[int, int], ...], list[str]]:
    """Zones by what their clocks do in the window: those of one group have the same moments."""
    found = defaultdict(list)
    for name in sorted(names or available_timezones()):
        found[tuple(changes(ZoneInfo(name), start, end))].append(name)
    return dict(found)


@dataclass
class Walk:
    """What the clock of a zone shows at each minute of UTC from `start` to before `end`, in minutes since 1970."""

    name: str
    start: int
    end: int
    shown: Minutes = field(init=False)

    def __post_init__(self) -> None:
        zone = ZoneInfo(self.name)
        self.shown = np.array([at + offset(zone, at) for at in range(self.start, self.end)], dtype=np.int64)
        # The latest that was shown so far; where it first reaches a time is that time, or what follows on its gap.
        self._reached = np.maximum.accumulate(self.shown)
        #: The dates of which the clock shows anything, by their first minute.
        self.dates = np.unique(self.shown // DAY) * DAY

    def first(self, times: Minutes) -> Minutes:
        """The minutes of UTC at which local times are shown first, or what is shown first after they were skipped."""
        at = np.searchsorted(self._reached, times, "left")
        return np.unique(at[(at > 0) & (at < len(self.shown))]) + self.start


def _date(local: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=int(local))).date()


def _calendar(walk: Walk) -> list[int]:
    """All dates of the window as a calendar has them, also those that the zone skipped."""
    return list(range(int(walk.dates[0]), int(walk.dates[-1]) + 1, DAY))


def _served(walk: Walk, named: list[int], *times: int) -> Minutes:
    """Moments of times on dates that are named; a date that was skipped leaves them to the next if that is named too."""
    shown, dates = set(walk.dates.tolist()), set(named)
    kept = [d for d in named if d in shown or not _next_is_named(d, shown, dates)]
    return walk.first(np.array([d + time for d in kept for time in times], dtype=np.int64))


def _next_is_named(day: int, shown: set[int], named: set[int]) -> bool:
    following = day + DAY
    while following not in shown and following < max(shown):
        following += DAY
    return following in named


def expected(walk: Walk, monthly: Iterable[int] = (1, 15, 30, 31)) -> Iterator[tuple[str, Minutes]]:
    """Crons from hourly to monthly, each with the minutes of UTC at which it must run."""
    days = _calendar(walk)
    for within, hours in ((0, "*"), (15, "*/1"), (30, "0-23"), (45, "*")):
        yield f"{within} {hours} * * *", _served(walk, days, *range(within, DAY, 60))
    yield "*/30 * * * *", _served(walk, days, *HALF_HOURS)
    yield "0 */6 * * *", _served(walk, days, *range(0, DAY, 360))
    for time in HALF_HOURS:
        clock = f"{time % 60} {time // 60}"
        yield f"{clock} * * *", _served(walk, days, time)
        for number, name in enumerate(DAY_NAMES):
            yield (
                f"{clock} * * {name}",
                _served(walk, [d for d in days if _date(d).weekday() == number], time),
            )
        for of_month in monthly:
            yield (
                f"{clock} {of_month} * *",
                _served(walk, [d for d in days if _date(d).day == of_month], time),
            )


def product(name: str, cron: str) -> Any:
    """The product's trigger of a cron in a zone."""
    return trigger(name, Schedule(cron=cron, time_zone=name))


def found(made: Any, start: int, end: int) -> list[int]:
    """The minutes at which a trigger runs from `start` to before `end`, asked for as the scheduler asks."""
    at = made.get_next_fire_time(None, datetime.fromtimestamp(start * 60, UTC))
    last, minutes = datetime.fromtimestamp(end * 60, UTC), []
    while at is not None and at < last:
        minutes.append(minute(at))
        at = made.get_next_fire_time(at, at)
    return minutes


@dataclass
class Tally:
    """What a sweep counted, with the first moments that were wrong."""

    moments: int = 0
    without: int = 0
    twice: int = 0
    zones: int = 0
    wrong: list[str] = field(default_factory=list)
    make: Callable[[str, str], Any] = product

    def compare(self, names: list[str], start: int, end: int, margin: int = 2 * DAY) -> None:
        """One group of zones in one window; the margin at both ends is walked only for what is skipped there."""
        walk = Walk(names[0], start - margin, end + margin)
        for cron, minutes in expected(walk):
            due = minutes[(minutes >= start) & (minutes < end)].tolist()
            runs = found(self.make(names[0], cron), start, end)
            missing, more = set(due) - set(runs), len(runs) - len(set(runs) & set(due))
            self.moments += len(due) * len(names)
            self.without += len(missing) * len(names)
            self.twice += more * len(names)
            if missing or more:
                odd = sorted(missing | (set(runs) - set(due)))
                told = ", ".join(f"{datetime.fromtimestamp(m * 60, UTC):%Y-%m-%dT%H:%MZ}" for m in odd[:3])
                self.wrong.append(f"{names[0]} {cron}: {told}")

    def __str__(self) -> str:
        """The line that a sweep ends with."""
        return (
            f"{self.moments:,} moments in {self.zones} zones: {self.without} dates without their run, "
            f"{self.twice} with two"
        )


def around_changes(start: int, end: int, names: Iterable[str] = (), days: int = 3) -> Tally:
    """Three days around each change of a clock in the window.

    Zones whose clocks show the same change at the same local time are one: only their distance to UTC differs.
    """
    tally = Tally()
    seen: set[tuple[int, int]] = set()
    for told, zones in groups(start, end, names).items():
        tally.zones += len(zones)
        for (_, before), (at, after) in itertools.pairwise(told):
            if (at + before, after - before) not in seen:
                seen.add((at + before, after - before))
                tally.compare(zones, at - days * DAY // 2, at + days * DAY // 2)
    return tally


def everything(start: int, end: int) -> Tally:
    """All zones, the whole window."""
    tally = Tally()
    all_groups = groups(start, end)
    for number, zones in enumerate(all_groups.values(), 1):
        tally.zones += len(zones)
        tally.compare(zones, start, end)
        print(f"{number} of {len(all_groups)}: {zones[0]}", file=sys.stderr, flush=True)
    return tally


def main() -> int:
    """The full sweep of 2025 and 2026; exit 1 where anything was wrong."""
    start, end = (minute(datetime(year, 1, 1, tzinfo=UTC)) for year in (2025, 2027))
    tally = everything(start, end)
    for line in tally.wrong[:20]:
        print(line)
    print(tally)
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
