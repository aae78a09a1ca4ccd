"""What a run leaves behind is settled by whoever knows: the CRM's job first, then the record; whatever the settings say."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.fake_crm import FakeCrm, Killed

from sales_consultant.config.fields.catalogue import Field
from sales_consultant.config.populations import Population
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import Change, Outcome, ReadBack
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.journal.journal import WAITS_MS, Journal, waiting
from sales_consultant.sync.plan.plan import Plan
from sales_consultant.sync.push import push
from sales_consultant.sync.push.push import recover
from sales_consultant.sync.push.write_order import by_company
from sales_consultant.sync.runtime.lease import hold
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.run_context import running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores.state import State, changes, dead_letters, holds, runs, waits
from sales_consultant.sync.stores.warehouse import Warehouse
from sales_consultant.sync.use_cases.pulling import pulling
from sales_consultant.sync.use_cases.pushing import pushing
from sales_consultant.sync.use_cases.rollback import prepare
from sales_consultant.sync.use_cases.scoring import training


class JobCrm(FakeCrm):
    """Writes by jobs that work on after their caller is gone: each tells of its rows only when it is resumed."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(ids)
        self.jobs: dict[str, list[Change]] = {}
        self.did: list[str] = []
        self.dies = False

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        job = f"job{len(self.jobs)}"
        remember(job)
        self.jobs[job] = list(changes)
        if self.dies:
            raise Killed
        yield from (Outcome(c.object, c.record_id, "unknown", "lost") for c in changes)

    def resume(self, job: str, changes: Sequence[Change]) -> Iterator[Outcome]:
        self.did.append(f"resume {job}")
        for n, change in enumerate(self.jobs.pop(job)):
            self.held[change.object, change.record_id].update(change.values)
            if n:
                yield Outcome(change.object, change.record_id, "done")

    def read_back(
        self, object: str, record_ids: Sequence[str], fields: Sequence[Field]
    ) -> Iterator[ReadBack]:
        self.did.append(f"read {len(record_ids)}")
        yield from super().read_back(object, record_ids, fields)


def entries(crm: FakeCrm, score: str = "60") -> list[Entry]:
    return [Entry(o, i, i, "test", (("score", None, score),)) for o, i in crm.held]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path / "state.db")
    yield made
    made.close()


@pytest.mark.parametrize("dies", [False, True])
def test_a_lost_job_is_ended_before_anything_is_read_back(state: State, tmp_path: Path, dies: bool) -> None:
    crm = JobCrm([str(n) for n in range(5)])
    crm.dies = dies
    journal = Journal(state, "one")
    journal.plan(entries(crm))
    with hold(state, tmp_path / "lock", job="sync", now=crm.now()) as lease:
        if dies:
            with pytest.raises(Killed):
                push(crm, journal, lease, {}, clock=crm.now)
            assert crm.did == []
            # Nothing is known of the settings of that run any more: the journal says which fields were on their way.
            done = recover(crm, state, {}, clock=crm.now)
        else:
            done = push(crm, journal, lease, {}, clock=crm.now)
    assert crm.did == ["resume job0", "read 1"], "only what the job does not tell is read"
    assert done["done"] == 5
    assert crm.jobs == {}
    assert {r["state"] for r in state.rows(sa.select(changes))} == {"done"}


def test_who_holds_a_record_is_waited_for_longer_each_time_and_is_no_failure(
    state: State, tmp_path: Path
) -> None:
    crm = FakeCrm(["1", "2", "3"])
    crm.locked, crm.converted = {"1"}, {"2"}

    def run(name: str) -> dict[str, int]:
        journal = Journal(state, name)
        skip = waiting(state, now=crm.time)
        journal.plan([e for e in entries(crm, name) if (e.object, e.record_id) not in skip])
        with hold(state, tmp_path / "lock", job="sync", now=crm.now()) as lease:
            push(crm, journal, lease, {}, clock=crm.now)
        return journal.counts()

    assert run("61") == {"waiting": 1, "left": 1, "done": 1}
    assert state.rows(sa.select(dead_letters)) == []
    assert run("62") == {"left": 1, "done": 1}, "its pause is not over"
    pauses = []
    for n in range(6):
        (held,) = state.rows(sa.select(waits))
        assert held["attempts"] == n + 1
        pauses.append(held["next_try_at"] - crm.time)
        crm.time = held["next_try_at"] + 1
        assert run(str(70 + n))["waiting"] == 1
    assert pauses == sorted(pauses)
    assert pauses[-1] > WAITS_MS[-1] - 60_000
    crm.locked = set()
    crm.time += WAITS_MS[-1] + 60_000
    assert run("80")["done"] == 2
    assert state.rows(sa.select(waits)) == []
    assert crm.held["deals", "1"]["score"] == "80"


def test_a_rollback_undoes_fields_that_the_settings_do_not_name_any_more(tmp_path: Path) -> None:
    crm = FakeCrm(["1"])
    settings = Settings(connections={"main": Connection(crm="hubspot")})
    fields = (("score", None, "60"), ("trend", None, "rising"), ("model", None, "m1"))
    with (
        Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as ws,
        running(ws, "sync") as run,
    ):
        pushing(ws, run, Silent(), Plan(0, "", [Entry("deals", "1", "1", "test", fields)]))
    assert crm.held["deals", "1"] == {"score": "60", "trend": "rising", "model": "m1"}
    narrow = Settings(
        connections={"main": Connection(crm="hubspot")},
        write={"set": "minimal", "objects": ["contacts"]},  # type: ignore[arg-type]  # as a file gives them
    )
    with Workspace(narrow, "main", narrow.connections["main"], tmp_path, connector=crm) as ws:
        assert "deals" not in ws.fields
        chosen = [r["id"] for r in ws.state.rows(sa.select(runs))]
        undo = prepare(ws, chosen)
    assert {k for e in undo.plan.entries for k, _, _ in e.fields} == {"score", "trend", "model"}


def test_children_of_one_company_are_written_next_to_each_other() -> None:
    warehouse = Warehouse(None)
    some = [
        Entry(o, i, i, "test", ())
        for o, i in (("deals", "1"), ("contacts", "2"), ("deals", "3"), ("deals", "4"))
    ]
    assert [e.record_id for e in by_company(warehouse, some)] == ["2", "1", "3", "4"], "nothing was pulled"
    warehouse.con.execute(
        "CREATE TABLE deals AS SELECT * FROM (VALUES ('1', 'z'), ('3', NULL), ('4', 'a')) t(id, company_id)"
    )
    assert [e.record_id for e in by_company(warehouse, some)] == ["2", "4", "1", "3"]


def test_a_hold_is_lifted_by_a_training_that_was_asked_for_and_by_no_other(tmp_path: Path) -> None:
    crm = FakeCrm([str(n) for n in range(30)])
    settings = Settings(
        connections={"main": Connection(crm="hubspot")},
        populations={"deals": Population(object="deals", event="won", label="Deals")},
    )

    def on_hold() -> list[str]:
        return [r["field"] for r in ws.state.rows(sa.select(holds))]

    with (
        Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as ws,
        running(ws, "pull") as run,
    ):
        pulling(ws, run, Silent())
        with ws.state.begin() as c:
            c.execute(sa.insert(holds).values(field="score", since=0, run_id="rollback"))
        # What a night makes up for, as after a model's folder was lost.
        assert training(ws, run, Silent(), only={"deals"})
        assert on_hold() == ["score"]
        assert any(t.published and t.kind == "propensity" for t in training(ws, run, Silent()))
        assert on_hold() == []
