"""What stops a run that would make tasks, and what is left out when the CRM has moved."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_crm import FakeCrm

from sales_consultant.config.errors import GuardError
from sales_consultant.config.records import RecordRef
from sales_consultant.config.sections import Connection, Guards
from sales_consultant.config.settings import Settings
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import NEW_TASK, Plan, guard
from sales_consultant.sync.push import without_changed
from sales_consultant.sync.runtime import Workspace


def plan(new: int, changed: int = 0) -> Plan:
    tasks = [Entry("tasks", f"n{n}", "Deal", NEW_TASK, (("task_status", None, "open"),)) for n in range(new)]
    tasks += [
        Entry("tasks", f"c{n}", "Deal", "task updated", (("task_due", "a", "b"),)) for n in range(changed)
    ]
    return Plan(0, "org", tasks=tasks)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    settings = Settings(connections={"main": Connection(crm="hubspot")})
    crm = FakeCrm(["1", "2"])
    crm.held["deals", "1"]["score"] = "99"
    with Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as made:
        yield made


def test_more_new_tasks_than_allowed_stop_a_run() -> None:
    guard(plan(100, changed=50), Guards(), first=False)
    with pytest.raises(GuardError, match=r"101 tasks would be made, .guards. max_new_tasks is 100"):
        guard(plan(101), Guards(), first=False)
    guard(plan(101), Guards(max_new_tasks=200), first=False)


def test_the_first_tasks_are_asked_for() -> None:
    with pytest.raises(GuardError, match="first tasks in this org: 1 would be made"):
        guard(plan(1), Guards(), first=False, first_tasks=True)
    guard(plan(0), Guards(), first=False, first_tasks=True)


def test_a_restored_state_asks_before_it_touches_tasks() -> None:
    with pytest.raises(GuardError, match="restored from a backup"):
        guard(plan(0, changed=1), Guards(), first=False, restored=True)


def test_the_task_of_a_record_that_moved_waits_for_the_next_run(ws: Workspace) -> None:
    made = plan(2)
    made.entries = [Entry("deals", "1", "Deal 1", "scored again", (("score", "50", "60"),))]
    made.task_records = {"n0": RecordRef("deals", "1"), "n1": RecordRef("deals", "2")}
    kept, told = without_changed(ws, made)
    assert told["conflicts"] == 1
    assert [e.record_id for e in kept.tasks] == ["n1"]


def test_a_plan_with_other_tasks_is_another_plan() -> None:
    assert plan(1).digest != plan(2).digest != Plan(0, "org").digest
