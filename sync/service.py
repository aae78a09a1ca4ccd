"""`serve`: the schedule, one run of a connection at a time, stopped cleanly by SIGTERM (facts of APScheduler 3.11)."""

import logging
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sales_consultant.config.errors import BusyError, ConfigError, SalesConsultantError
from sales_consultant.config.settings import Schedule, Settings

DAY = r"(mon|tue|wed|thu|fri|sat|sun)"


def trigger(name: str, schedule: Schedule) -> Any:
    """APScheduler's trigger of a schedule; ConfigError for an expression that would not mean what it says.

    APScheduler counts weekdays from Monday = 0 where cron counts from Sunday: numbers are refused, names are clear.
    """
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    try:
        zone = ZoneInfo(schedule.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as e:
        raise ConfigError(
            f'[schedule.{name}] time_zone "{schedule.time_zone}" is not known.',
            action="Use a name as Europe/Berlin.",
        ) from e
    if bool(schedule.cron) == bool(schedule.every_minutes):
        raise ConfigError(f"[schedule.{name}] needs cron or every_minutes, one of them.", action="Set one.")
    if schedule.every_minutes:
        return IntervalTrigger(minutes=schedule.every_minutes, timezone=zone)
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
        return CronTrigger.from_crontab(schedule.cron.lower(), timezone=zone)
    except ValueError as e:
        raise ConfigError(
            f'[schedule.{name}] cron "{schedule.cron}": {e}.', action="As: 0 5 * * mon-fri"
        ) from e


@dataclass(frozen=True)
class Job:
    """A schedule with its next moment."""

    name: str
    connection: str
    job: str
    when: str
    next_at: datetime | None


def jobs(settings: Settings, *, now: datetime) -> list[Job]:
    """What is scheduled, with next times."""
    found = []
    for name, schedule in settings.schedule.items():
        connection, _ = settings.connection(schedule.connection or None)
        when = schedule.cron or f"every {schedule.every_minutes} minutes"
        found.append(
            Job(
                name,
                connection,
                schedule.job,
                f"{when} ({schedule.time_zone})",
                trigger(name, schedule).get_next_fire_time(None, now),
            )
        )
    return found


Runner = Callable[[Schedule, int, Callable[[], bool]], dict[str, Any]]


class Service:
    """Runs jobs at their moments until it is told to stop.

    `run` does a job: its schedule, the scheduled moment (ms) and whether to stop. A moment that was missed while
    another run went on is made up for once.
    """

    def __init__(self, settings: Settings, run: Runner, emit: Callable[[dict[str, Any]], None]) -> None:
        self.settings = settings
        self.run = run
        self.emit = emit
        self.stopping = threading.Event()
        if not settings.schedule:
            raise ConfigError(
                "Nothing is scheduled.",
                action='Add a section, as [schedule.nightly] with cron = "0 5 * * *".',
            )

    def trigger(self, name: str) -> Any:
        """When a job runs."""
        return trigger(name, self.settings.schedule[name])

    def _fire(self, name: str, moment: int) -> None:
        schedule = self.settings.schedule[name]
        try:
            self.emit({"event": "start", "job": name, "scheduled_at": moment})
            self.emit({"event": "end", "job": name, **self.run(schedule, moment, self.stopping.is_set)})
        except BusyError as e:
            self.emit({"event": "skipped", "job": name, "message": e.message})
        except SalesConsultantError as e:
            self.emit({"event": "failed", "job": name, **e.as_dict()})
        except Exception as e:
            # Or the scheduler would write it to a log that nobody reads. The next moment comes all the same.
            logging.getLogger("sales_consultant").error("defect", exc_info=e)
            wrapped = SalesConsultantError(
                f"A defect of Sales Consultant: {type(e).__name__}.", action="Please report it."
            )
            self.emit({"event": "failed", "job": name, **wrapped.as_dict()})

    def serve(self, *, install_signals: bool = True) -> None:
        """Block until SIGTERM or SIGINT; the batch in flight is settled before this returns."""
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        moments: dict[str, int] = {}

        class Executor(ThreadPoolExecutor):  # type: ignore[misc]
            """Notes a job's scheduled moment before the job starts, which APScheduler does not tell the job."""

            def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
                moments[job.id] = int(max(run_times).timestamp() * 1000)
                super()._do_submit_job(job, run_times)

        scheduler = BackgroundScheduler(
            executors={"default": Executor(max(1, len(self.settings.schedule)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        for name in self.settings.schedule:
            scheduler.add_job(
                lambda name=name: self._fire(name, moments[name]), self.trigger(name), id=name, name=name
            )
        if install_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
        scheduler.start()
        self.emit({"event": "ready", "jobs": list(self.settings.schedule)})
        try:
            while not self.stopping.wait(0.5):
                pass
        finally:
            scheduler.pause()
            scheduler.shutdown(wait=True)
            self.emit({"event": "stopped"})

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopping.is_set():
            raise KeyboardInterrupt
        self.stopping.set()
