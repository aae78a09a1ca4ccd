"""Whatever dies when: after the next run the CRM equals the journal, nothing is written twice, no failure is lost."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fake_crm import FakeCrm, Killed

from sales_consultant.config.errors import BusyError, OtherOrgError, UsageError
from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import Identity
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.journal.journal import Journal, last_written, waiting
from sales_consultant.sync.plan.control_group import assign
from sales_consultant.sync.push import push
from sales_consultant.sync.push.push import recover
from sales_consultant.sync.runtime.lease import Lease, hold
from sales_consultant.sync.stores.state import SCHEMA_VERSION, State, changes, dead_letters, exposures

FIELDS = fields("all", ["deals"])


def entries(crm: FakeCrm, score: str) -> list[Entry]:
    """A plan as the real one: the difference to what the CRM holds."""
    return [
        Entry(o, i, i, "test", (("score", held.get("score"), score),))
        for (o, i), held in crm.held.items()
        if held.get("score") != score
    ]


def run(crm: FakeCrm, state: State, folder: Path, name: str, score: str) -> None:
    with hold(state, folder / "lock", job="sync", now=crm.now()) as lease:
        recover(crm, state, FIELDS, clock=crm.now)
        journal = Journal(state, name)
        skip = waiting(state, now=crm.time)
        journal.plan([e for e in entries(crm, score) if (e.object, e.record_id) not in skip])
        push(crm, journal, lease, FIELDS, clock=crm.now)
        journal.skip_pending("ended", now=crm.now())


@given(
    seed=st.integers(0, 10**6),
    deaths=st.lists(st.integers(0, 12), max_size=8),
    lose=st.sampled_from([0.0, 0.2]),
    busy=st.sampled_from([0.0, 0.2]),
    bad=st.integers(0, 3),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_deaths(
    tmp_path_factory: pytest.TempPathFactory, seed: int, deaths: list[int], lose: float, busy: float, bad: int
) -> None:
    folder = tmp_path_factory.mktemp("crash")
    crm = FakeCrm([str(i) for i in range(35)], seed=seed)
    crm.refuse = {str(i): "validation rule" for i in range(bad)}
    crm.lose, crm.busy = lose, busy
    number = 0
    for score, chances in (("60", deaths[::2]), ("70", deaths[1::2])):
        for death in [*chances, None]:
            crm.kill_after = death
            number += 1
            state = State(folder / "state.db")
            try:
                run(crm, state, folder, f"run{number}", score)
            except Killed:
                pass
            finally:
                state.close()
        crm.lose = crm.busy = 0.0
        state = State(folder / "state.db")
        run(crm, state, folder, f"calm{score}", score)
        written = last_written(state)
        for place, held in crm.held.items():
            key = RecordRef(*place)
            if key.record_id in crm.refuse:
                assert held == {}
                assert key not in written
            else:
                assert held["score"] == score
                assert written[key]["score"] == score, "the journal equals the CRM"
        dead = {r["record_id"] for r in state.rows(sa.select(dead_letters))}
        assert dead == set(crm.refuse), "no failure is lost"
        assert state.rows(sa.select(changes).where(changes.c.state.in_(("planned", "inflight")))) == []
        state.close()
        crm.lose, crm.busy = lose, busy
    assert crm.redundant == 0


def test_a_dead_letter_waits_longer_each_time_and_ends_with_success(tmp_path: Path) -> None:
    crm = FakeCrm(["1"])
    crm.refuse = {"1": "required field missing"}
    state = State(tmp_path / "state.db")
    run(crm, state, tmp_path, "a", "60")
    letter = state.rows(sa.select(dead_letters))[0]
    assert (letter["message"], letter["attempts"]) == ("required field missing", 1)
    assert ("deals", "1") in waiting(state, now=crm.time)
    run(crm, state, tmp_path, "b", "60")
    assert state.rows(sa.select(dead_letters))[0]["attempts"] == 1, "its pause is not over"
    crm.time += 3_700_000
    run(crm, state, tmp_path, "c", "60")
    assert state.rows(sa.select(dead_letters))[0]["attempts"] == 2
    crm.time += 24 * 3_600_000
    crm.refuse = {}
    run(crm, state, tmp_path, "d", "60")
    assert state.rows(sa.select(dead_letters)) == []
    assert crm.held["deals", "1"]["score"] == "60"


def test_exposures_tell_what_was_visible_when(tmp_path: Path) -> None:
    crm = FakeCrm(["1"])
    state = State(tmp_path / "state.db")
    run(crm, state, tmp_path, "a", "60")
    run(crm, state, tmp_path, "b", "70")
    first, second = state.rows(sa.select(exposures).order_by(exposures.c.id))
    assert (first["value"], second["value"]) == ("60", "70")
    assert first["visible_to"] == second["visible_from"]
    assert second["visible_to"] is None


def test_the_second_run_is_refused_with_the_holder_s_name(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    with (
        hold(state, tmp_path / "lock", job="sync", now=1),
        pytest.raises(BusyError, match="sync, process"),
        hold(state, tmp_path / "lock", job="train", now=2),
    ):
        pass


def test_a_zombie_cannot_send(tmp_path: Path) -> None:
    """A run whose lease was taken over is stopped in the transaction that would send its batch."""
    crm = FakeCrm(["1"])
    state = State(tmp_path / "state.db")
    with hold(state, tmp_path / "lock", job="old", now=1) as old:
        pass
    with hold(state, tmp_path / "lock", job="new", now=2):
        journal = Journal(state, "old")
        journal.plan(entries(crm, "60"))
        with pytest.raises(BusyError, match="taken over"):
            push(crm, journal, old, FIELDS, clock=crm.now)
    assert crm.held["deals", "1"] == {}


def test_another_org_is_refused(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    state.bind(Identity("hubspot", "1", "standard"))
    state.bind(Identity("hubspot", "1", "standard", name="renamed"))
    for other in (Identity("hubspot", "2", "standard"), Identity("hubspot", "1", "sandbox")):
        with pytest.raises(OtherOrgError) as e:
            state.bind(other)
        assert e.value.code == 2


def test_a_newer_state_is_refused_with_its_version(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    state.put("schema_version", str(SCHEMA_VERSION + 1))
    state.close()
    with pytest.raises(UsageError, match=f"format {SCHEMA_VERSION + 1}"):
        State(tmp_path / "state.db")


@given(st.sets(st.integers(0, 200), min_size=1), st.floats(0, 0.5), st.floats(0, 0.5))
@settings(deadline=None, max_examples=25)
def test_a_group_is_drawn_once(units: set[int], share: float, later: float) -> None:
    state = State(None)
    names = [f"companies:{u}" for u in units]
    first = assign(state, names, share=share, now=1)
    again = assign(state, [*names, "companies:new"], share=later, now=2)
    assert {u: again[u] for u in first} == first
    if share == 0:
        assert "control" not in first.values()


def test_the_control_share_is_about_what_was_asked() -> None:
    state = State(None)
    drawn = assign(state, (f"companies:{i}" for i in range(4000)), share=0.2, now=1)
    share = sum(g == "control" for g in drawn.values()) / 4000
    assert 0.17 < share < 0.23


def test_nobody_holds_a_fresh_lease() -> None:
    with pytest.raises(BusyError), State(None).begin() as c:
        Lease(1).check(c)
