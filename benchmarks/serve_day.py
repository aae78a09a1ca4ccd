"""A day of `serve` in a minute or two, with a random fault every minute: memory, alerts, runs, moments.

The scheduler, the service, the journal, alerts over HTTP and the metrics are the real ones; the clock runs `SPEED` times as
fast (default 900) and the CRM is one in memory. `HOURS=n` for another time than 24. Faults: the CRM is away, refuses, or
loses answers; another command holds the connection; the state is locked; the listener of alerts is down; the service is
stopped and started again.
"""

import json
import logging
import os
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from apscheduler.triggers.base import BaseTrigger

from sales_consultant.config.clock import ms_of
from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.settings import Settings
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.journal.journal import Journal
from sales_consultant.sync.push import push
from sales_consultant.sync.push.push import recover
from sales_consultant.sync.runtime.lease import hold
from sales_consultant.sync.runtime.run_context import running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.service.monitor import Watching
from sales_consultant.sync.service.service import Service
from sales_consultant.sync.service.triggers import missed, trigger
from sales_consultant.sync.stores.state import State, runs

START = datetime(2026, 3, 2, tzinfo=UTC)
MAX_AGE_HOURS = 2.0
JOBS = {
    "often": {"every_minutes": 15, "job": "sync"},
    "hourly": {"cron": "7 * * * *", "job": "reconcile"},
    "nightly": {"cron": "30 2 * * *", "job": "train"},
}


class Clock:
    """Simulated time: so many times as fast as real time."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.zero = time.time()

    def now(self) -> datetime:
        """The simulated moment."""
        return START + timedelta(seconds=(time.time() - self.zero) * self.speed)

    def ms(self) -> int:
        """The same in milliseconds."""
        return ms_of(self.now())

    def real(self, simulated: datetime) -> datetime:
        """When that moment comes on the machine's clock."""
        seconds = (simulated - START).total_seconds() / self.speed
        return datetime.fromtimestamp(self.zero + seconds, UTC)

    def simulated(self, real: datetime) -> datetime:
        """The reverse, to the second."""
        at = START + timedelta(seconds=(real.timestamp() - self.zero) * self.speed)
        return (at + timedelta(milliseconds=500)).replace(microsecond=0)


class Fast(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """A trigger's moments on a clock that runs faster."""

    def __init__(self, inner: Any, clock: Clock) -> None:
        self.inner, self.clock = inner, clock

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The next moment, as the machine's clock will show it."""
        after = self.clock.simulated(previous or now) + timedelta(seconds=1)
        found = self.inner.get_next_fire_time(None, after)
        return None if found is None else self.clock.real(found)


class FastService(Service):
    """The service whose moments come faster."""

    fast: Clock

    def trigger(self, name: str) -> Any:
        """When a job runs, on the fast clock."""
        return Fast(trigger(name, self.settings.schedule[name]), self.fast)

    def missed(self, name: str) -> int | None:
        """What passed meanwhile, on the slow clock throughout."""
        return missed(trigger(name, self.settings.schedule[name]), last=self.last(name), now=self.clock())

    def _fire(self, name: str, moment: int) -> None:
        if abs(moment - ms_of(START)) > 30 * 86_400_000:
            # The scheduler's own, from the machine's clock.
            moment = ms_of(self.fast.simulated(datetime.fromtimestamp(moment / 1000, UTC)))
            # A trigger's moments are whole minutes: what rounding left is taken away.
            moment = round(moment / 60_000) * 60_000
        super()._fire(name, moment)


class Day:
    """What goes on in a day, and what is counted."""

    def __init__(self, folder: Path, speed: float) -> None:
        # A CRM in memory is the tests' to have.
        sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
        from support.fake_crm import FakeCrm

        self.folder = folder
        self.clock = Clock(speed)
        self.crm = FakeCrm([str(n) for n in range(60)], seed=1)
        self.away = False
        self.deaf = False
        self.said: list[str] = []
        self.events: Counter[str] = Counter()
        (folder / "main").mkdir()
        self.lock = threading.Lock()
        self.open = 0
        self.most = 0
        self.memory: list[float] = []
        self.settings = Settings(
            connections={"main": {"crm": "hubspot"}},  # type: ignore[dict-item]  # as a file gives it
            schedule=JOBS,  # type: ignore[arg-type]  # the same
            service={"alerts": "keyring:alerts", "max_age_hours": MAX_AGE_HOURS},  # type: ignore[arg-type]  # the same
        )

    def workspace(self) -> Workspace:
        """The one connection's."""
        chosen = self.settings.connections["main"]
        return Workspace(
            self.settings, "main", chosen, self.folder, connector=self.crm, clock=self.clock.ms, environ={}
        )

    def run(self, schedule: Schedule, at: int, stop: Callable[[], bool]) -> dict[str, Any]:
        """A job: a run under the lease that writes what has changed."""
        with self.workspace() as ws, running(ws, schedule.job, scheduled_at=at) as run:
            with self.lock:
                self.open += 1
                self.most = max(self.most, self.open)
            try:
                if self.away:
                    raise CrmUnavailableError("the CRM is away", action="wait")
                recover(self.crm, ws.state, ws.fields, clock=self.crm.now)
                journal = Journal(ws.state, run.id)
                wanted = str(50 + at // 900_000 % 40)
                journal.plan(
                    Entry(o, i, i, "day", (("score", v.get("score"), wanted),))
                    for (o, i), v in self.crm.held.items()
                    if v.get("score") != wanted
                )
                push(self.crm, journal, run.lease, ws.fields, clock=self.crm.now, stop=stop)
                journal.skip_pending("ended", now=self.crm.now())
            finally:
                with self.lock:
                    self.open -= 1
        return {"run": run.id}

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Where alerts go; deaf at times."""
        day = self

        class Takes(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
                if not day.deaf:
                    day.said.append(text)
                self.send_response(503 if day.deaf else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()

    def start(self) -> tuple[FastService, threading.Thread]:
        """A service, as after a start of the machine."""
        watching = Watching(self.settings, self.folder, self._emit, keyring=None, clock=self.clock.ms)
        speed = self.clock.speed
        made = FastService(
            self.settings,
            self.run,
            self._emit,
            last=watching.last,
            watch=watching.look,
            clock=self.clock.now,
            pause=30 / speed,
            watch_seconds=120 / speed,
        )
        made.fast = self.clock
        thread = threading.Thread(target=lambda: made.serve(install_signals=False))
        thread.start()
        return made, thread

    def _emit(self, event: dict[str, Any]) -> None:
        with self.lock:
            self.events[event["event"]] += 1

    def _another(self, seconds: float) -> None:
        """Somebody runs a command by hand meanwhile."""
        with (
            suppress(Exception),
            self.workspace() as ws,
            hold(ws.state, ws.lock, job="by hand", now=self.clock.ms()),
        ):
            time.sleep(seconds)

    def _locked(self, seconds: float) -> None:
        """Another program has the state to itself."""
        file = self.folder / "main" / "state.db"
        with closing(sqlite3.connect(file, timeout=1)) as c, suppress(sqlite3.OperationalError):
            c.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            c.rollback()

    def go(self, hours: float) -> None:
        """The day, with a fault a minute."""
        draw = random.Random(20260302)
        minute = 60 / self.clock.speed
        service, thread = self.start()
        until = {"away": 0, "deaf": 0, "torn": 0}
        for n in range(int(hours * 60)):
            now = time.time()
            fault = draw.choices(
                ("away", "torn", "by hand", "locked", "deaf", "restart"), (2, 5, 3, 3, 2, 0.3)
            )[0]
            if n % 480 == 300:
                until["away"] = n + 200
            if fault in until:
                until[fault] = max(until[fault], n + (draw.randrange(1, 25) if fault == "away" else 1))
            self.away, self.deaf = n < until["away"], n < until["deaf"]
            self.crm.lose = self.crm.busy = 0.2 if n < until["torn"] else 0.0
            if fault == "by hand":
                threading.Thread(
                    target=self._another, args=(draw.uniform(0, 3) * minute,), daemon=True
                ).start()
            if fault == "locked":
                threading.Thread(
                    target=self._locked, args=(draw.uniform(0, 1) * minute,), daemon=True
                ).start()
            if fault == "restart":
                service.stopping.set()
                thread.join()
                service, thread = self.start()
            if n % 60 == 59:
                self.memory.append(_resident())
            time.sleep(
                max(0.0, self.clock.zero + (n + 1) * minute - time.time(), now + minute / 4 - time.time())
            )
        self.away = self.deaf = False
        time.sleep(40 * minute)
        service.stopping.set()
        thread.join()


def _resident() -> float:
    """Memory that this process holds, in MB."""
    return (
        int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
        * os.sysconf("SC_PAGE_SIZE")
        / 1e6
    )


def _troubles(rows: list[dict[str, Any]], end: int) -> int:
    """How often a connection got into trouble, as the runs themselves tell, looked at every minute."""
    syncs = [r for r in rows if r["job"] == "sync" and r["ended_at"] is not None]
    begun = min(r["started_at"] for r in rows)
    found, before, held = 0, False, 0
    for now in range(begun, end, 60_000):
        past = [r for r in syncs if r["ended_at"] <= now]
        good = [r["ended_at"] for r in past if r["outcome"].startswith("done")]
        last_two = sorted(past, key=lambda r: -r["started_at"])[:2]
        failing = len(last_two) == 2 and all(r["outcome"].startswith("failed") for r in last_two)
        trouble = now - (max(good) if good else begun) > MAX_AGE_HOURS * 3_600_000 or failing
        held = held + 1 if trouble else 0
        found += trouble and not before
        before = trouble
    return found


def run() -> None:
    """One line."""
    # The scheduler tells of every look that the one before it has not left time for.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    hours, speed = float(os.environ.get("HOURS", "24")), float(os.environ.get("SPEED", "900"))
    with tempfile.TemporaryDirectory() as name:
        day = Day(Path(name), speed)
        with day.listening() as url:
            os.environ["SALES_CONSULTANT_ALERTS_TOKEN"] = url
            day.go(hours)
        state = State(Path(name) / "main" / "state.db")
        rows = state.rows(sa.select(runs))
        state.close()
    moments = Counter((r["job"], r["scheduled_at"]) for r in rows if r["scheduled_at"] is not None)
    expected = set()
    for job, given in JOBS.items():
        made = trigger(job, Schedule(**given))  # type: ignore[arg-type]  # as a file gives it
        at = made.get_next_fire_time(None, START + timedelta(seconds=1))
        while at is not None and at < START + timedelta(hours=hours):
            expected.add((given["job"], ms_of(at)))
            at = made.get_next_fire_time(None, at + timedelta(seconds=1))
    strange = set(moments) - expected - {m for m in moments if m[1] >= ms_of(START + timedelta(hours=hours))}
    alerts = ["works again" not in s for s in day.said]
    troubles = _troubles(rows, max(r["ended_at"] or 0 for r in rows) + 60_000)
    settled = day.memory[2:] or day.memory
    drift = (max(settled) - min(settled)) / min(settled)
    print(
        f"serve_day: {hours:g} h, {int(hours * 60):,} faults, {len(expected):,} moments: {len(expected & set(moments)):,} run, "
        f"{len(expected - set(moments)):,} made up for by a later one, {sum(n > 1 for n in moments.values())} twice, {len(strange)} "
        f"strange; at most {day.most} at once; {sum(alerts)} alerts for {troubles} troubles, "
        f"{len(alerts) - sum(alerts)} recoveries; memory {settled[0]:.0f} to {settled[-1]:.0f} MB ({drift:.1%} of 5 %)"
    )
    assert alerts == [n % 2 == 0 for n in range(len(alerts))], "alerts and recoveries take turns"
    assert sum(alerts) == troubles and day.most == 1 and not strange
    assert max(moments.values()) == 1
