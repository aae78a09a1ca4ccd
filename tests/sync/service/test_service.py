"""The schedule: jobs run at their moments, never two at once, a stop is waited for, and nothing else ends it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from apscheduler.triggers.interval import IntervalTrigger

from sales_consultant.config.errors import BusyError, ConfigError, CrmUnavailableError
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.settings import Settings
from sales_consultant.sync.service import service

HUBSPOT = {"main": {"crm": "hubspot"}}


def settings(**schedule: dict[str, Any]) -> Settings:
    return Settings(connections=HUBSPOT, schedule=schedule)  # type: ignore[arg-type]  # as a file gives them


class Quick(service.Service):
    """The service with a trigger of twentieths of a second instead of minutes."""

    def trigger(self, name: str) -> Any:
        return IntervalTrigger(seconds=0.05, timezone=UTC)


def served(
    run: Callable[..., dict[str, Any]], until: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    """Serve until what was emitted suffices; all of it."""
    events: list[dict[str, Any]] = []
    enough = threading.Event()

    def emit(event: dict[str, Any]) -> None:
        events.append(event)
        if until(events):
            enough.set()

    made = Quick(settings(fast={"every_minutes": 1}), run, emit, pause=0.01)
    thread = threading.Thread(target=lambda: made.serve(install_signals=False))
    thread.start()
    try:
        assert enough.wait(20)
    finally:
        made.stopping.set()
        thread.join(20)
    assert not thread.is_alive()
    return events


def ends(events: list[dict[str, Any]]) -> int:
    return sum(e["event"] in ("end", "skipped", "failed") for e in events)


def test_a_job_runs_at_its_moments() -> None:
    moments: list[int] = []

    def run(schedule: Schedule, at: int, stop: Callable[[], bool]) -> dict[str, Any]:
        assert schedule.job == "sync" and not stop()
        moments.append(at)
        return {"run": str(len(moments))}

    events = served(run, lambda e: ends(e) >= 3)
    assert events[0] == {"event": "ready", "jobs": ["fast"]} and events[-1] == {"event": "stopped"}
    assert len(set(moments)) == len(moments) >= 3
    assert moments == sorted(moments)
    assert [e["scheduled_at"] for e in events if e["event"] == "start"] == moments


def test_failures_end_nothing() -> None:
    """A busy connection is waited for, an error is told, a defect too: the next moment comes all the same."""
    errors: list[Exception] = [
        BusyError("another run"),
        CrmUnavailableError("down", action="wait"),
        RuntimeError("a defect"),
        BusyError("this moment has run", details={"ran": True}),
    ]

    def run(schedule: Schedule, at: int, stop: Callable[[], bool]) -> dict[str, Any]:
        if errors:
            raise errors.pop(0)
        return {"run": "1"}

    events = served(run, lambda e: any(x["event"] == "end" for x in e))
    told = [e for e in events if e["event"] in ("skipped", "failed", "end")]
    assert [e["event"] for e in told[:4]] == ["failed", "failed", "skipped", "end"]
    assert told[0]["error"]["kind"] == "crm_unavailable"
    assert told[1]["error"]["kind"] == "defect"


def test_a_stop_waits_for_the_run_and_tells_it() -> None:
    seen = []

    def run(schedule: Schedule, at: int, stop: Callable[[], bool]) -> dict[str, Any]:
        for _ in range(400):
            if stop():
                break
            threading.Event().wait(0.01)
        seen.append(stop())
        return {"run": "1"}

    events = served(run, lambda e: any(x["event"] == "start" for x in e))
    assert seen == [True]
    assert [e["event"] for e in events] == ["ready", "start", "end", "stopped"]


def test_never_two_of_a_job_at_once() -> None:
    running, most = 0, 0

    def run(schedule: Schedule, at: int, stop: Callable[[], bool]) -> dict[str, Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        threading.Event().wait(0.12)
        running -= 1
        return {}

    served(run, lambda e: ends(e) >= 3)
    assert most == 1


def test_a_schedule_may_have_any_name() -> None:
    """Also one that something of the service's own could have, such as what looks after the connections."""
    names = ("watch", "n", "n, missed", "default")
    ran: set[str] = set()
    enough = threading.Event()

    def emit(event: dict[str, Any]) -> None:
        if event["event"] == "end":
            ran.add(event["job"])
        if ran == set(names):
            enough.set()

    made = Quick(
        settings(**{n: {"every_minutes": 1} for n in names}),
        lambda *a: {},
        emit,
        last=lambda n: 0,
        pause=0.01,
    )
    thread = threading.Thread(target=lambda: made.serve(install_signals=False))
    thread.start()
    try:
        assert enough.wait(20), ran
    finally:
        made.stopping.set()
        thread.join(20)


def test_the_next_moments() -> None:
    made = settings(
        nightly={"cron": "30 4 * * mon-fri", "time_zone": "Europe/Berlin"},
        often={"every_minutes": 15, "job": "train"},
    )
    # A Friday; the clocks of Berlin go forward on the Sunday.
    found = {j.name: j for j in service.jobs(made, now=datetime(2025, 3, 28, 12, tzinfo=UTC))}
    assert found["nightly"].next_at == datetime(2025, 3, 31, 2, 30, tzinfo=UTC)
    assert (found["often"].job, found["often"].connection) == ("train", "main")


def test_nothing_scheduled() -> None:
    with pytest.raises(ConfigError, match="Nothing is scheduled"):
        service.Service(settings(), lambda *a: {}, lambda e: None)
