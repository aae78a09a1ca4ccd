"""The moments of a cron on the wall clock of a time zone: each time that it names on a date exactly once.

APScheduler's own CronTrigger counts on the local clock itself. Where that clock jumps, some of its steps lead past the
day that they were meant for, and the day has no run. So APScheduler's fields say here which wall clock times a cron
names, on a calendar that knows no time zone, and this module finds the instant of each:

- a time that the clock shows once is that instant;
- a time that is shown twice is the first of the two;
- a time that is skipped is the first moment that the clock shows after the gap.

So it is with every form, `*` in the place of the hour too: it names the 24 hours of a date. A date that a zone skips as a
whole needs no run of its own where the cron names the date that comes next: that date's run is then the first that could be.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
# A date such as Monday, 29 February comes again after 40 years at most, over a year as 2100.
_HORIZON = 41 * 366
# A judgement: a search looks at the dates around now, each some times.
_KEPT = 8


class WallClock(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """APScheduler's trigger of a cron of five parts, in a zone; all moments are told in UTC.

    In UTC because Python compares two times of one zone by their wall clocks alone, the repeated hour's too.
    """

    def __init__(self, cron: str, place: tzinfo) -> None:
        # In UTC no clock changes: only the fields are of use, which have read and judged the five parts.
        fields = {f.name: f for f in CronTrigger.from_crontab(cron, timezone=UTC).fields}
        self.place = place
        self._day = fields["day"]
        some_day = datetime(2000, 1, 1)  # noqa: DTZ001  # wall clock times have no zone here
        hours = [h for h in range(24) if _named(fields["hour"], some_day.replace(hour=h))]
        minutes = [m for m in range(60) if _named(fields["minute"], some_day.replace(minute=m))]
        self._months = {m for m in range(1, 13) if _named(fields["month"], some_day.replace(month=m))}
        week = (some_day + i * _DAY for i in range(7))
        self._weekdays = {d.weekday() for d in week if _named(fields["day_of_week"], d)}
        self.times = [timedelta(hours=h, minutes=m) for h in hours for m in minutes]
        self._moments: dict[date, list[datetime]] = {}

    @property
    def shortest(self) -> timedelta | None:
        """The shortest distance between two times of one date; None where there is one time only."""
        return min((b - a for a, b in pairwise(self.times)), default=None)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first moment after `previous`, or where there is none the first from `now` on; None where none comes."""
        after = (previous or now - timedelta(microseconds=1)).astimezone(UTC)
        # What was skipped on the dates before may be due only now.
        day = after.astimezone(self.place).date() - 2 * _DAY
        for _ in range(_HORIZON):
            if found := self._first(day, after):
                # A clock that goes back over midnight shows times of the next date before the last ones of this.
                return min(found, self._first(day + _DAY, after) or found)
            day += _DAY
        return None

    def _first(self, day: date, after: datetime) -> datetime | None:
        return next((m for m in self.on(day) if m > after), None) if self.names(day) else None

    def names(self, day: date) -> bool:
        """Whether the cron names a date, which a zone need not have."""
        return day.month in self._months and day.weekday() in self._weekdays and _named(self._day, day)

    def on(self, day: date) -> list[datetime]:
        """The moments that serve the times of a date that is named, in order."""
        if day not in self._moments:
            while len(self._moments) >= _KEPT:
                del self._moments[next(iter(self._moments))]
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  # as above
            self._moments[day] = sorted({m for t in self.times if (m := self._instant(midnight + t))})
        return self._moments[day]

    def _instant(self, named: datetime) -> datetime | None:
        """When a wall clock time is to run; None where its date is skipped and the next one has its run."""
        # Python reads a time with fold=0 by the offset before a change and with fold=1 by the one after it.
        before, after = (
            (named - _offset(named.replace(tzinfo=self.place, fold=fold))).replace(tzinfo=UTC)
            for fold in (0, 1)
        )
        if before <= after:
            return before
        end = self._end_of_gap(named, after, before)
        return None if self._served_by_next(named, end) else end

    def _end_of_gap(self, named: datetime, low: datetime, high: datetime) -> datetime:
        """The first instant at which the clock shows more than `named`, between one before and one after the change."""
        while high - low > _SECOND:
            middle = low + (high - low) // _SECOND // 2 * _SECOND
            low, high = (low, middle) if self._shown(middle) > named else (middle, high)
        return high

    def _served_by_next(self, named: datetime, end: datetime) -> bool:
        """Whether the date is skipped as a whole, and the cron names the one that comes next."""
        first, last = self._shown(end - _SECOND) + _SECOND, self._shown(end)
        midnight = named.replace(hour=0, minute=0)
        return first <= midnight and midnight + _DAY <= last and self.names(last.date())

    def _shown(self, moment: datetime) -> datetime:
        return moment.astimezone(self.place).replace(tzinfo=None)


def _named(field: Any, value: date) -> bool:
    return bool(field.get_next_value(value) == field.get_value(value))


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None  # zoneinfo always tells one
    return offset
