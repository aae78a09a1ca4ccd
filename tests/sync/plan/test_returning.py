"""After a rollback and `resume` the guard lets back what an admin agreed to, and stops what is really new."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.fake_crm import FakeCrm

from sales_consultant.config.errors import GuardError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.sections import Connection, Guards
from sales_consultant.config.settings import Settings
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.plan.guards import guard
from sales_consultant.sync.plan.plan import Plan
from sales_consultant.sync.plan.returning import before_rollback, over
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.run_context import Run, running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.use_cases import plan_file
from sales_consultant.sync.use_cases.pushing import pushing
from sales_consultant.sync.use_cases.rollback import chosen_runs, lift, rollback

IDS = [str(n) for n in range(300)]
GIVEN: Mapping[str, Canonical] = {"score": "60", "grade": "B", "next_step_id": "call:1", "reasons": "words"}


@pytest.fixture
def crm() -> FakeCrm:
    return FakeCrm(IDS)


@pytest.fixture
def ws(crm: FakeCrm, tmp_path: Path) -> Iterator[Workspace]:
    settings = Settings(connections={"main": Connection(crm="hubspot")})
    with Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as made:
        yield made


def plan(
    crm: FakeCrm, values: Mapping[str, Canonical], each: Mapping[str, Mapping[str, Canonical]] | None = None
) -> Plan:
    """What a night would write: of each record the values that the CRM does not hold."""
    entries, graded = [], 0
    for i in IDS:
        wanted, held = {**values, **(each or {}).get(i, {})}, crm.held["deals", i]
        graded += bool(held.get("grade"))
        fields = tuple((k, held.get(k), v) for k, v in wanted.items() if held.get(k) != v)
        if fields:
            entries.append(Entry("deals", i, i, "scored again", fields))
    return Plan(0, "", entries, looked_at=len(IDS), graded=graded)


def wrote(ws: Workspace, crm: FakeCrm, values: Mapping[str, Canonical]) -> Run:
    with running(ws, "sync") as run:
        pushing(ws, run, Silent(), plan(crm, values))
    return run


def guarded(ws: Workspace, made: Plan, guards: Guards = Guards()) -> None:
    guard(made, guards, first=False, before=before_rollback(ws.state, made))


@pytest.fixture
def undone(ws: Workspace, crm: FakeCrm) -> Run:
    """300 records were written and undone."""
    run = wrote(ws, crm, GIVEN)
    rollback(ws, Silent(), [run.id])
    assert all(not any(v.values()) for v in crm.held.values())
    return run


def test_what_was_written_before_comes_back_without_a_yes(ws: Workspace, crm: FakeCrm, undone: Run) -> None:
    with pytest.raises(GuardError, match="100 % of 300 records"):
        guarded(ws, plan(crm, GIVEN))
    lift(ws)
    guarded(ws, plan(crm, GIVEN))
    # A night later scores have moved by a little and the words with them: still what was agreed to.
    guarded(ws, plan(crm, {**GIVEN, "score": "61", "reasons": "other words"}))
    guarded(ws, plan(crm, GIVEN), Guards(max_records=10))


def test_a_truly_new_mass_change_is_stopped_after_a_resume_too(
    ws: Workspace, crm: FakeCrm, undone: Run
) -> None:
    lift(ws)
    with pytest.raises(GuardError, match=r"100 % of 300 records would change.*100 % of 300 grades"):
        guarded(ws, plan(crm, {**GIVEN, "score": "80", "grade": "A"}))
    # A field that no rollback took away is new on every record.
    with pytest.raises(GuardError, match="records would change"):
        guarded(ws, plan(crm, {**GIVEN, "segment": "loyal"}))
    # 200 of the 300 come back, 100 are new: a third, which is allowed; with 60 more it is not.
    few: dict[str, dict[str, Canonical]] = {i: {"score": "90", "grade": "A"} for i in IDS[:29]}
    guarded(ws, plan(crm, GIVEN, few))
    many: dict[str, dict[str, Canonical]] = {i: {"score": "90", "grade": "B"} for i in IDS[:160]}
    with pytest.raises(GuardError, match="53 % of 300 records"):
        guarded(ws, plan(crm, GIVEN, many))


def test_what_a_person_touched_since_counts(ws: Workspace, crm: FakeCrm, undone: Run) -> None:
    lift(ws)
    for i in IDS[:200]:
        crm.held["deals", i] |= {"score": "11", "grade": "D"}
    with pytest.raises(GuardError, match="67 % of 300 records"):
        guarded(ws, plan(crm, GIVEN))


def test_a_second_rollback_needs_a_second_resume(ws: Workspace, crm: FakeCrm, undone: Run) -> None:
    lift(ws)
    again = wrote(ws, crm, GIVEN)
    crm.now()
    rollback(ws, Silent(), [again.id])
    with pytest.raises(GuardError, match="100 %"):
        guarded(ws, plan(crm, GIVEN))
    lift(ws)
    guarded(ws, plan(crm, GIVEN))


def test_the_agreement_ends_when_all_is_back(ws: Workspace, crm: FakeCrm, undone: Run) -> None:
    lift(ws)
    wrote(ws, crm, GIVEN)
    other = plan(crm, {**GIVEN, "score": "80", "grade": "A"})
    assert before_rollback(ws.state, other) == {}
    with pytest.raises(GuardError, match="100 %"):
        guarded(ws, other)
    over(ws.state)
    assert ws.state.get("resumed") == ""


def test_a_saved_plan_is_measured_alike(ws: Workspace, crm: FakeCrm, undone: Run, tmp_path: Path) -> None:
    lift(ws)
    made = plan(crm, GIVEN)
    plan_file.save(ws, made, tmp_path / "plan.json", undone.id)
    loaded = plan_file.load(ws, tmp_path / "plan.json")
    guard(loaded, Guards(), first=False, before=before_rollback(ws.state, loaded))


def test_runs_that_wrote_nothing_are_not_undone(ws: Workspace, crm: FakeCrm) -> None:
    with running(ws, "pull") as pulled:
        pass
    first = wrote(ws, crm, GIVEN)
    empty = wrote(ws, crm, GIVEN)
    second = wrote(ws, crm, {**GIVEN, "score": "70"})
    assert chosen_runs(ws.state, None, 0) == [first.id, second.id]
    done, _ = rollback(ws, Silent(), [pulled.id, first.id, empty.id, second.id])
    assert done.counts["undone"] == [first.id, second.id]
    # Of one field or one record only the runs that wrote there.
    third, fourth = wrote(ws, crm, {"score": "50"}), wrote(ws, crm, {"grade": "C"})
    done, _ = rollback(ws, Silent(), [third.id, fourth.id], fields=["grade"])
    assert done.counts["undone"] == [fourth.id]
    # Asked by name, a run that wrote nothing is no error, and is not said to be undone.
    done, undo = rollback(ws, Silent(), [pulled.id])
    assert (done.counts["undone"], undo.plan.entries) == ([], [])
