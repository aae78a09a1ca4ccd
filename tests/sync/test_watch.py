"""One alert at a change of state and one at recovery; metrics and readiness without customers."""

from collections.abc import Iterator

import pytest
import requests
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.sync.endpoints import Endpoints
from sales_consultant.sync.state import State, runs
from sales_consultant.sync.watch import alert, metrics, pulse

HOUR = 3_600_000
AGE = 36 * HOUR


@pytest.fixture
def state() -> Iterator[State]:
    made = State(None)
    yield made
    made.close()


def ran(state: State, at: int, outcome: str) -> None:
    with state.begin() as c:
        values = {
            "id": f"r{at}",
            "job": "sync",
            "started_at": at,
            "ended_at": at + 60_000,
            "outcome": outcome,
        }
        c.execute(sa.insert(runs).values(values | {"counts": '{"pulled": {"deals": 3}, "written": 2}'}))


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
    assert "2 runs in a row" in pulse(state, "main", now=5 * HOUR).trouble(5 * HOUR, AGE)


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
        assert 'sales_consultant_records_read{connection="main"} 3\n' in text
        assert all(line.startswith(("# ", "sales_consultant_")) for line in text.splitlines())
        assert requests.get(f"{url}/state.db", timeout=5).status_code == 404
        assert requests.post(f"{url}/healthz", timeout=5).status_code == 501
