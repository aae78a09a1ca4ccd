"""Next steps as tasks, by the command line: asked for at first, made once, taken back where nobody touched them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import tiny
from support.cli import TOKEN, Cli
from support.office import Office
from support.sandbox_company import Api

from sales_consultant.sandbox.serving.server import Sandbox

pytestmark = pytest.mark.slow

ON = "[tasks]\ncreate = true\n"
KINDS = {"hubspot": ("tasks", "sc_task_id"), "salesforce": ("Task", "SC_Task_Id__c")}
NAMES = {
    "hubspot": {"subject": "hs_task_subject", "body": "hs_task_body", "status": "hs_task_status"},
    "salesforce": {"subject": "Subject", "body": "Description", "status": "Status"},
}


class Desk(Office):
    """The tiny company on one CRM, with scored deals."""

    @property
    def crm(self) -> str:
        return self.cli.crm

    def on(self, more: str = "") -> None:
        self.cli.configure(self.sandbox.url, f"{ON}{more}", scored=True)

    def tasks(self) -> dict[str, dict[str, Any]]:
        """The tasks of ours by the CRM's id."""
        kind, name = KINDS[self.crm]
        held = self.sandbox.store.each(self.crm, kind)
        return {r.id: r.values() for r in held if r.values().get(name) and not r.archived}

    def person_edits(self, crm_id: str, **values: str) -> None:
        """Somebody changes a task."""
        body = {NAMES[self.crm][k]: v for k, v in values.items()}
        if self.crm == "hubspot":
            answer = self.portal.send("PATCH", f"/crm/objects/2026-03/tasks/{crm_id}", {"properties": body})
        else:
            answer = self.portal.send("PATCH", f"/services/data/v62.0/sobjects/Task/{crm_id}", body)
        assert answer.status_code in (200, 204), answer.text


@pytest.fixture(params=["hubspot", "salesforce"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, folder: Path) -> Iterator[Desk]:
    with Sandbox(data=folder, clock=tiny.CLOCK, crms=(request.param,)) as sandbox:
        portal = Api(sandbox)
        made = Desk(Cli(tmp_path / "admin", token=TOKEN, crm=request.param), portal)
        made.on()
        yield made
        portal.session.close()


def test_a_life_of_tasks(desk: Desk) -> None:
    desk.cli.json("provision")
    assert [f["state"] for f in desk.cli.json("check")["findings"] if f["subject"] == "write tasks"] == ["ok"]
    error = desk.cli.json("sync", code=6)["error"]
    assert "first tasks in this org" in error["message"]
    desk.on("[guards]\nmax_new_tasks = 1\n")
    assert "max_new_tasks is 1" in desk.cli.json("sync", code=6)["error"]["message"]
    assert desk.tasks() == {}
    desk.on()
    planned = desk.cli.json("plan", "--no-pull")
    count = planned["tasks"]["new task"]
    assert count == len(planned["task_entries"]) > 1
    assert "due" in desk.cli.run("plan", "--no-pull").out

    done = desk.cli.json("sync", "--yes")
    assert done["tasks"] == {"new task": count} and len(desk.tasks()) == count
    assert done["written"] == done["plan"]["records"]
    for _ in range(2):
        again = desk.cli.json("sync", "--yes")
        assert "tasks" not in again and again["written"] == 0
    assert len(desk.tasks()) == count

    # What a rollback may not delete: the task that its owner has changed.
    touched = min(desk.tasks())
    desk.person_edits(touched, subject="My own words")
    run = next(r["id"] for r in desk.cli.json("runs", "list")["runs"] if r["counts"].get("tasks"))
    undone = desk.cli.json("rollback", run, "--field", "tasks", "--yes")
    assert undone["tasks"] == {"rollback": count - 1}
    assert [(c["object"], c["record"], c["holds"]) for c in undone["conflicts"]] == [
        ("tasks", touched, "My own words")
    ]
    assert undone["on_hold"] == ["tasks"] and list(desk.tasks()) == [touched]
    assert "tasks" not in desk.cli.json("sync", "--yes"), "what is on hold stays away"
    desk.cli.json("resume")
    assert desk.cli.json("sync", "--yes")["tasks"] == {"new task": count - 1}
    assert len(desk.tasks()) == count

    gone = desk.cli.json("provision", "--remove", "--yes", code=None)
    states = {s["state"] for s in gone["steps"] if s["kind"] == "task"}
    assert states == {"removed", "left"}
    left = [s["text"] for s in gone["steps"] if s["kind"] == "task" and s["state"] == "left"]
    assert left == [f"task {touched}: somebody changed it"]
    assert list(desk.tasks()) == [touched], "and our id is still in its field"
    # Nor does it count as somebody's work: whoever reads with the same rights still sees by which field it is ours.
    desk.cli.json("pull")
    (file,) = desk.cli.folder.rglob("warehouse.duckdb")
    with duckdb.connect(str(file), read_only=True) as con:
        assert con.execute(
            "SELECT count(*) FROM activities WHERE id LIKE ?", [f"%{touched}%"]
        ).fetchone() == (0,)


def test_a_saved_plan_makes_the_tasks_that_it_shows(desk: Desk) -> None:
    desk.cli.json("provision")
    file = str(desk.cli.folder / "p.plan")
    count = desk.cli.json("plan", "--out", file)["tasks"]["new task"]
    assert desk.cli.json("push", file, "--yes")["tasks"] == {"new task": count}
    assert len(desk.tasks()) == count
    error = desk.cli.json("push", file, "--yes", code=6)["error"]
    assert error["kind"] == "guard"
    assert len(desk.tasks()) == count


def test_without_the_field_or_the_right_steps_are_fields_only(desk: Desk) -> None:
    desk.cli.configure(desk.sandbox.url, "", scored=True)
    desk.cli.json("provision")
    desk.on()
    done = desk.cli.json("sync", "--yes")
    assert "provision" in done["tasks_not_written"]
    assert done["written"] and desk.tasks() == {}
    told = desk.cli.run("sync", "--yes").out
    assert told.count("Tasks not written") == 1


def test_erasing_a_record_erases_what_its_task_said(desk: Desk) -> None:
    desk.cli.json("provision")
    desk.cli.json("sync", "--yes")
    about = desk.query("SELECT value, record_id FROM written WHERE object = 'tasks' AND field = 'task_about'")
    record, task_id = about[0]
    desk.cli.json("forget", record, "--yes")
    assert desk.query("SELECT * FROM written WHERE record_id = ?", task_id) == []
    kept = desk.query("SELECT old, new FROM changes WHERE record_id = ? AND object = 'tasks'", task_id)
    assert kept and set(kept) == {(None, None)}
    assert len(desk.tasks()) == len(about)
    # The record is still in the CRM: its step keeps the one task that it has, by the same id.
    desk.cli.json("sync", "--yes")
    ids = [t[KINDS[desk.crm][1]] for t in desk.tasks().values()]
    assert ids.count(task_id) == 1 and len(set(ids)) == len(ids)
