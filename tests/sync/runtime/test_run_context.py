"""What a run leaves behind when it fails early, is stopped or killed, and when a window is closed."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.fake_crm import FakeCrm

from sales_consultant.config.errors import AccessError, DeclinedError, UsageError
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import Identity
from sales_consultant.sync.reports.report import list_runs
from sales_consultant.sync.runtime.run_context import running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.service.health import pulse
from sales_consultant.sync.service.service import Service, refuse_closed
from sales_consultant.sync.stores.state import runs

AT = 1_700_000_000_000


class Revoked(FakeCrm):
    """A CRM that does not let us in any more."""

    def identity(self) -> Identity:
        raise AccessError("The token is not valid.", action="Make another.")


def place(folder: Path, crm: FakeCrm) -> Workspace:
    settings = Settings(connections={"main": {"crm": "hubspot"}})  # type: ignore[dict-item]  # as a file gives it
    return Workspace(settings, "main", settings.connections["main"], folder, connector=crm, clock=lambda: AT)


def rows(ws: Workspace) -> list[dict[str, Any]]:
    return ws.state.rows(sa.select(runs).order_by(runs.c.started_at))


def test_a_revoked_token_is_a_run_that_failed_and_two_are_trouble(tmp_path: Path) -> None:
    with place(tmp_path, Revoked(["1"])) as ws:
        for moment in (AT, AT + 1):
            with pytest.raises(AccessError), running(ws, "sync", scheduled_at=moment):
                raise AssertionError("nothing may begin")
        assert [r["outcome"] for r in rows(ws)] == ["failed: access"] * 2
        # Nothing was done at these moments: they are not used up.
        assert [r["scheduled_at"] for r in rows(ws)] == [None, None]
        assert "2 sync runs in a row" in pulse(ws.state, "main", now=AT).trouble(AT, 10**12)


def test_a_run_that_failed_keeps_what_to_do(tmp_path: Path) -> None:
    with place(tmp_path, Revoked(["1"])) as ws:
        with pytest.raises(AccessError), running(ws, "sync"):
            raise AssertionError("nothing may begin")
        assert list_runs(ws.state).runs[0].counted.action == "Make another."
    with place(tmp_path / "other", FakeCrm(["1"])) as ws:
        with pytest.raises(UsageError), running(ws, "sync"):
            raise UsageError("There is no such field.", action="Name another.")
        failed = list_runs(ws.state).runs[0]
        assert (failed.outcome, failed.counted.action) == ("failed: usage", "Name another.")


def test_a_no_is_no_failure(tmp_path: Path) -> None:
    with place(tmp_path, FakeCrm(["1"])) as ws:
        with pytest.raises(DeclinedError), running(ws, "sync"):
            raise DeclinedError("Nothing was written, as you said.", action="")
        assert rows(ws)[0]["outcome"] == "declined"
        assert pulse(ws.state, "main", now=AT).last_success is None


def test_a_run_that_was_stopped_is_no_success_and_its_moment_comes_again(tmp_path: Path) -> None:
    with place(tmp_path, FakeCrm(["1"])) as ws:
        with running(ws, "sync", scheduled_at=AT) as run:
            run.counts["not_sent"] = 5
        assert rows(ws)[0]["outcome"] == "stopped"
        assert "5 records" in rows(ws)[0]["error"]
        assert pulse(ws.state, "main", now=AT).last_success is None
        with running(ws, "sync", scheduled_at=AT):
            pass
        assert [r["scheduled_at"] for r in rows(ws)] == [None, AT]
        assert pulse(ws.state, "main", now=AT).last_success == AT


def test_a_run_that_was_killed_has_failed_and_its_moment_comes_again(tmp_path: Path) -> None:
    with place(tmp_path, FakeCrm(["1"])) as ws:
        with ws.state.begin() as c:
            c.execute(sa.insert(runs).values(id="dead", job="sync", scheduled_at=AT, started_at=AT - 1))
        with running(ws, "sync", scheduled_at=AT):
            pass
        first, second = rows(ws)
        assert (first["outcome"], first["scheduled_at"]) == ("failed: killed", None)
        assert (second["outcome"], second["scheduled_at"]) == ("done", AT)


def test_what_writes_waits_for_the_window_to_end_and_what_does_not_runs(tmp_path: Path) -> None:
    now = [datetime(2025, 5, 5, 9, 0, tzinfo=UTC)]
    events: list[dict[str, Any]] = []
    ran: list[str] = []
    schedule = {
        name: {"every_minutes": 60, "job": name, "not_between": "08:00-10:00"}
        for name in ("sync", "changed", "train")
    }
    settings = Settings(connections={"main": {"crm": "hubspot"}}, schedule=schedule)  # type: ignore[arg-type, dict-item]  # as a file gives them

    def run(schedule: Schedule, at: int, stop: Any) -> dict[str, Any]:
        ran.append(schedule.job)
        return {}

    service = Service(settings, run, events.append, clock=lambda: now[0], pause=0.01)
    thread = threading.Thread(target=lambda: service._fire("sync", 1))
    thread.start()
    while not events:
        threading.Event().wait(0.01)
    service._fire("train", 2)
    service._fire("changed", 3)
    assert ran == ["train"]
    assert {e["event"] for e in events if e["job"] in ("sync", "changed")} == {"postponed", "skipped"}
    now[0] = datetime(2025, 5, 5, 10, 0, tzinfo=UTC)
    thread.join(20)
    assert ran == ["train", "sync"]


def test_a_job_asked_for_by_name_writes_nothing_in_its_window_either() -> None:
    chosen = Schedule(every_minutes=5, not_between="08:00-10:00")
    nine, ten = (int(datetime(2025, 5, 5, h, tzinfo=UTC).timestamp() * 1000) for h in (9, 10))
    with pytest.raises(UsageError, match="writes nothing between"):
        refuse_closed("n", chosen, nine)
    refuse_closed("n", chosen, ten)
    refuse_closed("n", chosen.model_copy(update={"job": "train"}), nine)


def test_a_chance_delay_keeps_the_moment() -> None:
    seen: list[int] = []
    schedule = {"n": {"every_minutes": 60, "jitter_seconds": 1}}
    settings = Settings(connections={"main": {"crm": "hubspot"}}, schedule=schedule)  # type: ignore[arg-type, dict-item]  # as a file gives them

    def run(schedule: Schedule, at: int, stop: Any) -> dict[str, Any]:
        seen.append(at)
        return {}

    service = Service(settings, run, lambda e: None)

    class Short:
        def uniform(self, low: float, high: float) -> float:
            assert (low, high) == (0, 1)
            return 0.01

    service.draw = Short()  # type: ignore[assignment]  # what is drawn is the test's to say
    service._fire("n", 77)
    assert seen == [77]
