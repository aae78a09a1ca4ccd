"""What goes on now and what comes next: the running run, and the next job of this connection's schedule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.fake_crm import FakeCrm

from sales_consultant.config.schedules import Schedule
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.sync.reports.report import status
from sales_consultant.sync.results.status import NextJob
from sales_consultant.sync.runtime import running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores import CallCounts

NOON = int(datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000
SCHEDULE = {
    "nightly": Schedule(job="sync", cron="0 4 * * *", connection="main"),
    "soon": Schedule(job="train", cron="0 13 * * *", connection="other"),
}


def opened(folder: Path, schedule: dict[str, Schedule]) -> Workspace:
    connections = {n: Connection(crm="hubspot") for n in ("main", "other")}
    settings = Settings(connections=connections, schedule=schedule)
    return Workspace(
        settings, "main", settings.connections["main"], folder, connector=FakeCrm(["1"]), clock=lambda: NOON
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with opened(tmp_path, SCHEDULE) as made:
        yield made


def test_a_run_is_told_while_it_goes_on(ws: Workspace) -> None:
    assert status(ws).running is None
    with running(ws, "sync") as run:
        now = status(ws)
        assert now.running is not None
        assert (now.running.run_id, now.running.job, now.running.since) == (run.id, "sync", NOON)
        assert now.to_json()["running"] == {"run": run.id, "job": "sync", "since": "2026-11-29T12:00:00Z"}
    assert status(ws).running is None


def test_the_next_job_is_this_connection_s(ws: Workspace) -> None:
    """Another connection's job is sooner."""
    assert status(ws).next_job == NextJob("nightly", "sync", NOON + 16 * HOUR)


def test_a_schedule_that_cannot_be_read_hides_nothing_else(tmp_path: Path) -> None:
    with opened(tmp_path, {"odd": Schedule(job="sync", cron="0 4 30 feb *", connection="main")}) as ws:
        assert status(ws).next_job is None
        assert status(ws).to_json()["connection"] == "main"
        assert "names a date that never comes" in status(ws).to_json()["schedule_error"]


@pytest.mark.parametrize("years", [-2, 0, 1])
def test_the_calls_of_a_day_go_by_the_crm_s_clock(ws: Workspace, years: int) -> None:
    """A sandbox's clock stands years from the machine's, which is all that `status` knows."""
    counts = CallCounts(ws.state, ws.clock)
    there = NOON + years * 365 * 24 * HOUR
    counts.take(there - 30 * HOUR, 50, 0)
    counts.take(there, 100, 0)
    # What is given back of an hour that is over moves no clock.
    counts.take(there - 30 * HOUR, -20, 0)
    assert status(ws).calls.last_24_hours == 100
