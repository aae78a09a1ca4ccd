"""When jobs run: cron with names of weekdays, intervals anchored to the clock, and what was missed meanwhile."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.interval import IntervalTrigger

from sales_consultant.config.clock import ms_of
from sales_consultant.config.errors import ConfigError
from sales_consultant.config.schedules import Schedule
from sales_consultant.connectors.base import Finding
from sales_consultant.sync.service.wall_clock import WallClock

DAY = r"(mon|tue|wed|thu|fri|sat|sun)"
# Intervals count from here, so that a restart does not move them and a moment that has run is known again.
ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)
# A moment that was missed longer ago than this is not made up for: a yearly job is, after a leap year too.
GRACE = timedelta(days=367)


def zone(name: str, schedule: Schedule) -> ZoneInfo:
    """The schedule's time zone; ConfigError where there is none of that name."""
    try:
        return ZoneInfo(schedule.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise ConfigError(
            f'[schedule.{name}] time_zone "{schedule.time_zone}" is not known.',
            action="Use a name as Europe/Berlin.",
        ) from e


def trigger(name: str, schedule: Schedule) -> Any:
    """APScheduler's trigger of a schedule; ConfigError for an expression that would not mean what it says.

    APScheduler counts weekdays from Monday = 0 where cron counts from Sunday: numbers are refused, names are clear.
    """
    place = zone(name, schedule)
    if bool(schedule.cron) == bool(schedule.every_minutes):
        raise ConfigError(f"[schedule.{name}] needs cron or every_minutes, one of them.", action="Set one.")
    if schedule.every_minutes:
        return IntervalTrigger(minutes=schedule.every_minutes, start_date=ANCHOR, timezone=UTC)
    parts = schedule.cron.split()
    if len(parts) != 5:
        raise ConfigError(
            f'[schedule.{name}] cron "{schedule.cron}" must have five parts.', action="As: 0 5 * * mon-fri"
        )
    if parts[4] != "*" and not re.fullmatch(rf"{DAY}([-,]{DAY})*", parts[4].lower()):
        raise ConfigError(
            f'[schedule.{name}] cron weekday "{parts[4]}": write names, for numbers count from Sunday in one '
            "program and from Monday in another.",
            action="As: 0 5 * * mon-fri",
        )
    try:
        made = WallClock(schedule.cron.lower(), place)
    except ValueError as e:
        raise ConfigError(
            f'[schedule.{name}] cron "{schedule.cron}": {e}.', action="As: 0 5 * * mon-fri"
        ) from e
    _refuse_useless(name, schedule, made)
    if made.get_next_fire_time(None, ANCHOR) is None:
        raise ConfigError(
            f'[schedule.{name}] cron "{schedule.cron}" names a date that never comes, as 30 February.',
            action="As: 0 5 28 2 *",
        )
    return made


def schedule_findings(schedules: Mapping[str, Schedule]) -> list[Finding]:
    """What keeps schedules from running, one finding each."""
    findings = []
    for name, schedule in schedules.items():
        try:
            trigger(name, schedule)
        except ConfigError as e:
            findings.append(Finding(f"schedule {name}", "missing", e.message, e.action))
    return findings


def _refuse_useless(name: str, schedule: Schedule, made: WallClock) -> None:
    """ConfigError for a cron whose times leave no room for the schedule's chance delay, or for any run."""
    apart = made.shortest
    if apart is not None and schedule.jitter_seconds > apart.total_seconds():
        raise ConfigError(
            f"[schedule.{name}] jitter_seconds = {schedule.jitter_seconds} is longer than cron "
            f'"{schedule.cron}" has between two runs: some would be left out.',
            action=f"Write at most {apart.total_seconds():.0f}.",
        )
    # Every other job of a window waits for its end; this one is left out.
    times = (f"{t.seconds // 3600:02}:{t.seconds // 60 % 60:02}" for t in made.times)
    left_out = schedule.job == "changed" and schedule.not_between and not schedule.jitter_seconds
    if left_out and all(_within(schedule, t) for t in times):
        raise ConfigError(
            f'[schedule.{name}] all times of cron "{schedule.cron}" are in not_between = "{schedule.not_between}", '
            'in which job = "changed" is left out: it would never run.',
            action="Let the cron name a time outside, or change not_between.",
        )


def _within(schedule: Schedule, clock: str) -> bool:
    start, end = schedule.not_between.split("-")
    return start <= clock < end if start < end else clock >= start or clock < end


def closed(name: str, schedule: Schedule, now: datetime) -> bool:
    """Whether the schedule's window, in which nothing is written, is on; it may reach over midnight."""
    if not schedule.not_between:
        return False
    return _within(schedule, f"{now.astimezone(zone(name, schedule)):%H:%M}")


def last_moment(made: Any, now: datetime) -> datetime | None:
    """The newest moment up to now, at most a year ago; None where there was none."""
    # The nearest first: a month of a job of every minute has 46,000 moments.
    for window in (timedelta(hours=1), timedelta(days=1), timedelta(days=32), GRACE):
        found: datetime | None = None
        at = made.get_next_fire_time(None, now - window)
        while at is not None and at <= now:
            found, at = at, made.get_next_fire_time(at, now)
        if found is not None:
            return found
    return None


def missed(made: Any, *, last: int | None, now: datetime) -> int | None:
    """The moment (ms) that a service that was away has to make up for, one however many they were; None for none.

    `last` is the newest moment that has run. A schedule that never ran has missed nothing.
    """
    at = last_moment(made, now)
    if at is None or last is None:
        return None
    moment = ms_of(at)
    return moment if moment > last else None
