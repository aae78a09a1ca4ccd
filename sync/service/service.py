"""`serve`: the schedule, one run of a connection at a time, stopped cleanly by SIGTERM."""

import logging
import random
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

from sales_consultant.config.clock import ms_of
from sales_consultant.config.errors import BusyError, ConfigError, SalesConsultantError, UsageError
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.settings import Settings
from sales_consultant.sync.results import Job, Upcoming
from sales_consultant.sync.service.triggers import closed, missed, trigger, zone

# Another command that holds the connection is waited for this long before a moment is given up: half an hour, a
# judgement, as long as a run of a large CRM takes.
WAITS, PAUSE_SECONDS = 60, 30.0
# How often the states are looked at for alerts: a judgement, trouble counts in hours.
WATCH_SECONDS = 60.0
WRITE = ("sync", "changed")
_MICROSECOND = timedelta(microseconds=1)


def jobs(settings: Settings, *, now: datetime) -> tuple[Job, ...]:
    """What is scheduled, with next times."""
    listed = []
    for name, schedule in settings.schedule.items():
        connection, _ = settings.connection(schedule.connection or None)
        when = schedule.cron or f"every {schedule.every_minutes} minutes"
        listed.append(
            Job(
                name,
                connection,
                schedule.job,
                f"{when} ({schedule.time_zone})",
                _local(name, schedule, trigger(name, schedule).get_next_fire_time(None, now)),
                schedule.not_between and f"not between {schedule.not_between}",
            )
        )
    return tuple(listed)


def _local(name: str, schedule: Schedule, at: datetime | None) -> datetime | None:
    """A moment on the wall clock of whoever wrote the schedule; None where there is none any more."""
    return None if at is None else _on_clock(name, schedule, at)


def _on_clock(name: str, schedule: Schedule, at: datetime) -> datetime:
    return at.astimezone(zone(name, schedule)).replace(microsecond=0)


def upcoming(settings: Settings, *, now: datetime, count: int) -> tuple[Upcoming, ...]:
    """The next moments of all jobs, soonest first, each in its schedule's zone."""
    moments: list[tuple[datetime, str, str]] = []
    for name, schedule in settings.schedule.items():
        made, at = trigger(name, schedule), now
        for _ in range(count):
            following = made.get_next_fire_time(None, at)
            if following is None:
                break
            moments.append((following, name, schedule.job))
            at = following.astimezone(UTC) + _MICROSECOND
    return tuple(
        Upcoming(_on_clock(n, settings.schedule[n], at), n, job)
        for at, n, job in sorted(moments, key=lambda f: (f[0].timestamp(), f[1]))[:count]
    )


def refuse_closed(name: str, schedule: Schedule, now: int) -> None:
    """Raise UsageError where a job would write in hours in which nothing is to be written (`now` in ms)."""
    if schedule.job in WRITE and closed(name, schedule, datetime.fromtimestamp(now / 1000, UTC)):
        raise UsageError(
            f"[schedule.{name}] writes nothing between {schedule.not_between}.",
            action="Wait until then, or run sales-consultant sync by hand.",
        )


Runner = Callable[[Schedule, int, Callable[[], bool]], dict[str, Any]]


class Service:
    """Runs jobs at their moments until it is told to stop.

    `run` does a job: its schedule, the scheduled moment (ms) and whether to stop. What passed while nobody was here, or
    while the same job still ran, is made up for: the newest moment, once, however many they were.
    """

    def __init__(
        self,
        settings: Settings,
        run: Runner,
        emit: Callable[[dict[str, Any]], None],
        *,
        last: Callable[[str], int | None] = lambda _: None,
        watch: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: float = PAUSE_SECONDS,
        watch_seconds: float = WATCH_SECONDS,
        draw: random.Random | None = None,
    ) -> None:
        self.settings = settings
        self.run = run
        self.emit = emit
        self.last = last
        self.watch = watch
        self.clock = clock
        self.pause = pause
        self.watch_seconds = watch_seconds
        self.draw = draw or random.Random()
        self.stopping = threading.Event()
        self.scheduling = threading.Event()
        if not settings.schedule:
            raise ConfigError(
                "Nothing is scheduled.",
                action='Add a section, as [schedule.nightly] with cron = "0 5 * * *".',
            )
        self._turns = {
            settings.connection(s.connection or None)[0]: threading.Lock() for s in settings.schedule.values()
        }

    def trigger(self, name: str) -> Any:
        """When a job runs."""
        return trigger(name, self.settings.schedule[name])

    def missed(self, name: str, now: datetime | None = None) -> int | None:
        """The newest moment (ms) of a job that passed and was not run; None for none."""
        return missed(self.trigger(name), last=self.last(name), now=now or self.clock())

    def _fire(self, name: str, moment: int) -> None:
        """Run a job for its moment, and once more for what passed meanwhile: APScheduler drops what it cannot start."""
        done = self._wait_and_run(name, moment)
        # Only for a newer one: a moment that failed does not come again and again.
        while not self.stopping.is_set() and (later := self._newest(name, done)) > done:
            done = self._wait_and_run(name, later)

    def _newest(self, name: str, moment: int) -> int:
        """The moment that a run is for which starts now: `moment`, or a newer one that passed while it waited."""
        try:
            return max(moment, self.missed(name) or 0)
        except Exception as e:
            # What cannot be looked up keeps nothing from running; the run itself tells what is wrong with its state.
            logging.getLogger("sales_consultant").error("defect", exc_info=e)
            return moment

    def _wait_and_run(self, name: str, moment: int) -> int:
        """Run a job when its chance delay, its window and its turn allow it; the moment that it ran for, or was given up for."""
        schedule = self.settings.schedule[name]
        # Its moment stays what it was: only then does it run once whatever chance and restarts do.
        if schedule.jitter_seconds and self.stopping.wait(self.draw.uniform(0, schedule.jitter_seconds)):
            return moment
        if not self._opened(name, schedule):
            return moment
        turn = self._turns[self.settings.connection(schedule.connection or None)[0]]
        # What only reads changes comes again in minutes; anything else waits for its turn.
        if not turn.acquire(blocking=schedule.job != "changed"):
            self.emit(
                {"event": "skipped", "job": name, "message": "another job of this connection is going on"}
            )
            return moment
        try:
            moment = self._newest(name, moment)
            self._in_turn(name, schedule, moment)
        finally:
            turn.release()
        self._look()
        return moment

    def _opened(self, name: str, schedule: Schedule) -> bool:
        """Whether a job may run now; what writes waits until its window, in which nothing is written, is over.

        What reads changes comes again in minutes: it waits for nothing.
        """
        if schedule.job not in WRITE or not closed(name, schedule, self.clock()):
            return True
        later = schedule.job != "changed"
        said = f"nothing is written between {schedule.not_between}"
        self.emit({"event": "postponed" if later else "skipped", "job": name, "message": said})
        while later and not self.stopping.wait(self.pause):
            if not closed(name, schedule, self.clock()):
                return True
        return False

    def _look(self) -> None:
        try:
            self.watch()
        except Exception as e:
            logging.getLogger("sales_consultant").error("defect", exc_info=e)

    def _patient(self, schedule: Schedule, name: str, moment: int) -> dict[str, Any]:
        """Run the job; a command that somebody started by hand is waited for."""

        def stop() -> bool:
            shut = schedule.job in WRITE and closed(name, schedule, self.clock())
            return self.stopping.is_set() or shut

        for _ in range(WAITS if schedule.job != "changed" else 0):
            try:
                return self.run(schedule, moment, stop)
            except BusyError as e:
                if e.details.get("ran") or self.stopping.wait(self.pause):
                    raise
        return self.run(schedule, moment, stop)

    def _in_turn(self, name: str, schedule: Schedule, moment: int) -> None:
        try:
            self.emit({"event": "start", "job": name, "scheduled_at": moment})
            self.emit({"event": "end", "job": name, **self._patient(schedule, name, moment)})
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

        class Executor(ThreadPoolExecutor):  # type: ignore[misc]  # apscheduler has no types
            """Notes a job's scheduled moment before the job starts, which APScheduler does not tell the job."""

            def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
                moments[job.id] = ms_of(max(run_times))
                super()._do_submit_job(job, run_times)

        scheduler = BackgroundScheduler(
            executors={"default": Executor(2 * len(self.settings.schedule) + 1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        since = self.clock()
        for name in self.settings.schedule:
            scheduler.add_job(
                lambda name=name: self._fire(name, moments[name]),
                made := self.trigger(name),
                id=name,
                name=name,
                # From the moment on up to which was looked for what was missed: there is nothing between the two.
                next_run_time=made.get_next_fire_time(None, since + _MICROSECOND),
            )
        if install_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                # What started us in the background ignores SIGINT, so that Ctrl-C in its terminal is not for us.
                if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, self._stop)
        for name in self.settings.schedule:
            # The newest moment that passed while nobody was here, once, however many passed.
            moment = self.missed(name, since)
            if moment is not None:
                scheduler.add_job(lambda name=name, moment=moment: self._fire(name, moment), name=name)
        # Without an id of ours, which could be a schedule's name.
        scheduler.add_job(self._look, "interval", seconds=self.watch_seconds)
        scheduler.start()
        self.scheduling.set()
        self.emit({"event": "ready", "jobs": list(self.settings.schedule)})
        try:
            while not self.stopping.wait(0.5):
                pass
        finally:
            self.scheduling.clear()
            scheduler.pause()
            scheduler.shutdown(wait=True)
            self.emit({"event": "stopped"})

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopping.is_set():
            raise KeyboardInterrupt
        self.stopping.set()
