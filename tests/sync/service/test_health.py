"""One alert at a change of state and one at recovery; metrics and readiness without customers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.settings import Settings
from sales_consultant.sync.service.endpoints import Endpoints
from sales_consultant.sync.service.health import alert, metrics, pulse
from sales_consultant.sync.service.monitor import Watching
from sales_consultant.sync.stores.state import State, runs

HOUR = 3_600_000
AGE = 36 * HOUR


@pytest.fixture
def state() -> Iterator[State]:
    made = State(None)
    yield made
    made.close()


def ran(state: State, at: int, outcome: str, job: str = "sync") -> None:
    with state.begin() as c:
        values = {
            "id": f"{job}{at}",
            "job": job,
            "started_at": at,
            "ended_at": at + 60_000,
            "outcome": outcome,
        }
        c.execute(sa.insert(runs).values(values | {"counts": '{"pulled": {"deals": 3}, "written": 2}'}))


@pytest.mark.slow
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=25), st.booleans())
@settings(max_examples=25, deadline=None)
def test_trouble_is_told_once_and_so_is_its_end(history: list[tuple[bool, int]], lost: bool) -> None:
    """Whatever happens when: messages alternate, and the last one says how it is."""
    state, sent, now, tries = State(None), [], 0, 0

    def send(text: str) -> bool:
        nonlocal tries
        tries += 1
        if lost and tries % 3 == 1:
            return False
        sent.append(text)
        return True

    for good, hours in history:
        now += hours * HOUR
        ran(state, now, "done" if good else "failed: access")
        for look in range(4):
            alert(state, pulse(state, "main", now=now + look), now=now + look, max_age_ms=AGE, send=send)
    troubles = ["works again" not in text for text in sent]
    assert troubles == [n % 2 == 0 for n in range(len(sent))]
    found = pulse(state, "main", now=now)
    assert bool(found.trouble(now, AGE)) == (len(sent) % 2 == 1)
    state.close()


def test_silence_is_trouble(state: State) -> None:
    """The alert that matters most: nothing failed, nothing ran either."""
    ran(state, HOUR, "done")
    assert pulse(state, "main", now=30 * HOUR).trouble(30 * HOUR, AGE) == ""
    assert "38 hours ago" in pulse(state, "main", now=40 * HOUR).trouble(40 * HOUR, AGE)


def test_one_failure_is_no_alert_and_two_are(state: State) -> None:
    ran(state, HOUR, "done")
    ran(state, 2 * HOUR, "failed: unreachable")
    assert pulse(state, "main", now=3 * HOUR).trouble(3 * HOUR, AGE) == ""
    ran(state, 4 * HOUR, "failed: unreachable")
    assert "2 sync runs in a row" in pulse(state, "main", now=5 * HOUR).trouble(5 * HOUR, AGE)


def test_a_job_that_works_hides_none_that_does_not(state: State) -> None:
    for hour in range(1, 40):
        ran(state, hour * HOUR, "done", "changed")
        if hour % 24 in (2, 3):
            ran(state, hour * HOUR + 1, "failed: defect", "backup")
    found = pulse(state, "main", now=40 * HOUR)
    assert "4 backup runs in a row" in found.trouble(40 * HOUR, AGE)
    ran(state, 39 * HOUR + 2, "done", "backup")
    assert pulse(state, "main", now=40 * HOUR).trouble(40 * HOUR, AGE) == ""


def test_a_run_on_a_clock_that_was_ahead_hides_nothing(state: State) -> None:
    ran(state, 9_000 * HOUR, "done")
    for hour in (1, 2, 3):
        ran(state, hour * HOUR, "failed: unreachable")
    found = pulse(state, "main", now=5 * HOUR)
    assert found.last_success is None and found.failures == 3
    assert "3 sync runs in a row" in found.trouble(5 * HOUR, AGE)


def test_a_state_that_cannot_be_read_is_trouble_of_its_own(tmp_path: Path) -> None:
    settings_ = Settings(
        connections={n: {"crm": "hubspot"} for n in ("a", "b")},  # type: ignore[misc]  # as a file gives them
        schedule={n: {"every_minutes": 5, "connection": n} for n in ("a", "b")},  # type: ignore[misc]  # as above
    )
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made = State(tmp_path / name / "state.db")
        ran(made, HOUR, "done")
        made.close()
    (tmp_path / "a" / "state.db").write_bytes(b"garbage" * 1000)
    watching = Watching(settings_, tmp_path, lambda e: None, keyring=None, clock=lambda: 40 * HOUR)
    sent: list[str] = []

    def send(text: str) -> bool:
        sent.append(text)
        return True

    watching.send = send
    watching.look()
    watching.look()
    assert len(sent) == 2
    assert "connection a: its state cannot be read" in sent[0]
    assert "connection b: the last success is 38 hours ago" in sent[1]
    ready = watching.ready()
    assert not ready["ready"] and set(ready["connections"]) == {"a", "b"}
    assert 'connection="b"' in watching.metrics()


def test_the_endpoints_of_a_service(state: State) -> None:
    ran(state, HOUR, "done")
    found = {"ready": True}
    with Endpoints(
        0,
        alive=lambda: True,
        ready=lambda: found,
        metrics=lambda: metrics([pulse(state, "main", now=2 * HOUR)]),
    ) as served:
        url = f"http://127.0.0.1:{served.port}"
        assert requests.get(f"{url}/healthz", timeout=5).text == "ok\n"
        assert requests.get(f"{url}/readyz", timeout=5).json() == found
        found["ready"] = False
        assert requests.get(f"{url}/readyz", timeout=5).status_code == 503
        text = requests.get(f"{url}/metrics", timeout=5).text
        assert 'sales_consultant_last_success_timestamp_seconds{connection="main"} 3660.0\n' in text
        assert 'sales_consultant_records_read{connection="main"} 3.0\n' in text
        assert all(line.startswith(("# ", "sales_consultant_")) for line in text.splitlines())
        assert requests.get(f"{url}/state.db", timeout=5).status_code == 404
        assert requests.post(f"{url}/healthz", timeout=5).status_code == 501
