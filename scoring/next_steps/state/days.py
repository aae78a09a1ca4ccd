"""Days of the calendar: of a moment in the company's zone, and of a date field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, neutral, query

_UTC = ZoneInfo("UTC")


def day_of(ms: float, zone: ZoneInfo) -> date | None:
    """The date of a moment in a zone; None for one at an end of the calendar, which is nobody's moment."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).date()
    except (OverflowError, ValueError, OSError):
        return None


def calendar_day(ms: float, zone: ZoneInfo) -> date | None:
    """The day that a date field means: midnight in UTC is that day everywhere, another moment its day in the zone."""
    return day_of(ms, _UTC if ms % DAY_MS == 0 else zone)


def zone_of(engine: Engine) -> ZoneInfo:
    """The time zone of the CRM's company; UTC where it is not known."""
    zones = query(engine, neutral(engine, "org").select("time_zone"))["time_zone"].dropna()
    try:
        return ZoneInfo(str(zones.iloc[0]) if len(zones) else "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
