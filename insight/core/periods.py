"""Periods of a company's calendar: weeks, months, and the quarters and years of its fiscal year, in its time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd

from sales_consultant.config.clock import DAY_MS

Kind = Literal["week", "month", "quarter", "year"]
KINDS: tuple[Kind, ...] = ("week", "month", "quarter", "year")
# Beyond this (the year 2096) a date is a typing error, and some are beyond every calendar.
_LATEST = 4_000_000_000_000
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """A stretch of the calendar: `start` up to, but without, `end` (ms UTC).

    `label` sorts in time: 2026-W05, 2026-03, FY2026-Q1, FY2026.
    """

    kind: Kind
    label: str
    first_day: date
    last_day: date
    start: int
    end: int


@dataclass(frozen=True)
class Calendar:
    """A company's calendar: the month in which its fiscal year starts (1 to 12), and its time zone.

    A fiscal year is called after the calendar year in which it ends.
    """

    fiscal_year_start: int = 1
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def ms(self, day: date) -> int:
        """The moment at which a day begins (ms UTC)."""
        begins = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int(begins.astimezone(UTC).timestamp() * 1000)

    def day(self, at: int) -> date:
        """The day of a moment (ms UTC)."""
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone).date()

    def begin(self, at: int) -> int:
        """The moment at which the day of a moment begins here (ms UTC).

        What is due on a day, as a close date, is not over before the next day begins: it is compared with this.
        """
        return self.ms(self.day(at))

    def dates(self, moments: pd.Series) -> pd.Series:
        """Moments (ms UTC, gaps allowed) of which those that are a midnight of UTC move to where that day begins here.

        CRMs write a day without a time as a midnight of UTC, which west of Greenwich still belongs to the day before.
        """
        days = moments[(moments % DAY_MS == 0) & (moments.abs() < _LATEST)].dropna().unique()
        here = {int(d): self.ms(datetime.fromtimestamp(int(d) / 1000, UTC).date()) for d in days}
        if all(begins == day for day, begins in here.items()):
            return moments
        moved = moments.map(here)
        return moments.where(moved.isna(), moved).astype(moments.dtype)

    def _start(self, kind: Kind, day: date) -> date:
        if kind == "week":
            return day - timedelta(days=day.weekday())
        size = _MONTHS[kind]
        back = (day.month - self.fiscal_year_start) % size if size > 1 else 0
        months = day.year * 12 + day.month - 1 - back
        return date(months // 12, months % 12 + 1, 1)

    def _next(self, kind: Kind, start: date) -> date:
        if kind == "week":
            return start + timedelta(days=7)
        months = start.year * 12 + start.month - 1 + _MONTHS[kind]
        return date(months // 12, months % 12 + 1, 1)

    def period(self, kind: Kind, at: int) -> Period:
        """The period in which a moment lies.

        >>> from datetime import UTC, datetime
        >>> at = int(datetime(2026, 5, 3, tzinfo=UTC).timestamp() * 1000)
        >>> [Calendar(4).period(kind, at).label for kind in KINDS]
        ['2026-W18', '2026-05', 'FY2027-Q1', 'FY2027']
        """
        return self._of(kind, self._start(kind, self.day(at)))

    def _of(self, kind: Kind, start: date) -> Period:
        after = self._next(kind, start)
        return Period(
            kind, self._label(kind, start), start, after - timedelta(days=1), self.ms(start), self.ms(after)
        )

    def _label(self, kind: Kind, start: date) -> str:
        if kind == "week":
            of_year, week, _ = start.isocalendar()
            return f"{of_year}-W{week:02d}"
        if kind == "month":
            return f"{start:%Y-%m}"
        first = self._start("year", start)
        year = f"FY{first.year + (self.fiscal_year_start > 1)}"
        if kind == "year":
            return year
        months = (start.year - first.year) * 12 + start.month - first.month
        return f"{year}-Q{months // 3 + 1}"

    def shift(self, period: Period, by: int) -> Period:
        """The period that lies `by` periods later (earlier, where it is negative)."""
        start = period.first_day
        for _ in range(abs(by)):
            start = (
                self._next(period.kind, start)
                if by > 0
                else self._start(period.kind, start - timedelta(days=1))
            )
        return self._of(period.kind, start)

    def between(self, kind: Kind, since: int, until: int) -> Iterator[Period]:
        """The periods that begin before `until` and end after `since`, in order."""
        found = self.period(kind, since)
        while found.start < until:
            yield found
            found = self.shift(found, 1)
