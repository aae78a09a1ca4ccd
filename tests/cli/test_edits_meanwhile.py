"""What a person changes between the pull, the plan and the write is not written over: it is dropped, named, and kept."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count

import pytest
from support.cli import TOKEN
from support.office import Office

from sales_consultant.config.errors import DeclinedError
from sales_consultant.config.sections import Guards
from sales_consultant.config.settings import Settings
from sales_consultant.sync.plan.plan import Plan
from sales_consultant.sync.reports import report
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.workspace import Workspace, wall_clock
from sales_consultant.sync.use_cases.sync import Questions, SyncOptions, sync


@contextmanager
def at_work(desk: Office, *, slow: bool) -> Iterator[Workspace]:
    """The desk's connection, with a guard that always asks; `slow`: its clock goes three minutes on at each look."""
    settings = Settings.model_validate({"connections": {"main": {"crm": "hubspot", "url": desk.sandbox.url}}})
    settings = settings.model_copy(update={"guards": Guards(max_records=0)})
    ticks, begun = count(1), wall_clock()
    with Workspace(
        settings,
        "main",
        settings.connections["main"],
        desk.cli.data,
        environ={"SALES_CONSULTANT_MAIN_TOKEN": TOKEN},
        clock=(lambda: begun + next(ticks) * 180_000) if slow else wall_clock,
    ) as ws:
        yield ws


@pytest.mark.slow
@pytest.mark.parametrize("slow", [True, False], ids=["a pull of long ago", "a prompt"])
def test_an_edit_before_the_write_is_kept_and_named(synced: Office, slow: bool) -> None:
    mine = [i for o, i, f in sorted(synced.held()) if o == "contacts" and f == "segment"][:3]
    for record in mine:
        synced.set("contacts", record, sc_segment="")

    def edits() -> None:
        synced.set("contacts", mine[0], sc_segment="champions")
        synced.set("contacts", mine[1], sc_do_not_score="true")

    class Meanwhile(Silent):
        def say(self, text: str) -> None:
            if slow and text == "planning":
                edits()

    def confirm(plan: Plan) -> bool:
        assert len(plan.entries) == 3
        edits()
        return True

    with at_work(synced, slow=slow) as ws:
        run, _ = sync(ws, Meanwhile(), SyncOptions(yes=slow), Questions(confirm))
    assert (run.counts["written"], run.counts["conflicts"]) == (1, 2)
    assert {m["record"]: m["fields"] for m in run.counts["moved"]} == {
        mine[0]: ["segment"],
        mine[1]: ["do_not_score"],
    }
    held = synced.held()
    assert held["contacts", mine[0], "segment"] == "champions"
    assert ("contacts", mine[1], "segment") not in held
    assert synced.query("SELECT record_id, old FROM changes WHERE run_id = ?", run.id) == [(mine[2], None)]


@pytest.mark.slow
def test_who_says_no_has_written_nothing_and_has_no_failed_run(synced: Office) -> None:
    record = next(i for o, i, f in sorted(synced.held()) if o == "contacts" and f == "segment")
    synced.set("contacts", record, sc_segment="")
    before = synced.held()
    with at_work(synced, slow=False) as ws:
        with pytest.raises(DeclinedError, match="Nothing was written, as you said"):
            sync(ws, Silent(), SyncOptions(), Questions(lambda plan: False))
        assert report.list_runs(ws.state).runs[0].outcome == "declined"
    assert synced.held() == before


@pytest.mark.slow
def test_a_saved_plan_gives_way_to_what_was_said_since(synced: Office) -> None:
    contacts = [i for o, i, f in sorted(synced.held()) if o == "contacts" and f == "segment"][:3]
    for record in contacts:
        synced.set("contacts", record, sc_segment="")
    synced.cli.json("plan", "--out", "plan.json")
    file = synced.cli.folder / "plan.json"
    body, before = json.loads(file.read_text(encoding="utf-8")), synced.held()

    # What its guards compare with, its moment and its end are part of the plan.
    for name, other in (("looked_at", 0), ("graded", 10**9), ("as_of", 1), ("expires_at", "2099-01-01")):
        file.write_text(json.dumps({**body, name: other}), encoding="utf-8")
        assert "changed" in synced.cli.json("push", "plan.json", code=2)["error"]["message"]
    file.write_text(json.dumps(body), encoding="utf-8")

    # The pilot was narrowed.
    synced.cli.configure(synced.sandbox.url, "[write]\nfirst = 1")
    assert "[write]" in synced.cli.json("push", "plan.json", code=6)["error"]["message"]
    synced.cli.configure(synced.sandbox.url)

    # A record that the CRM refused since waits for its next try.
    with closing(sqlite3.connect(synced.cli.data / "main" / "state.db")) as c, c:
        values = ("contacts", contacts[1], 0, 0, 1, None, "x")
        c.execute(
            "INSERT INTO dead_letters (object, record_id, first_at, last_at, attempts, next_try_at, run_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    error = synced.cli.json("push", "plan.json", code=6)["error"]
    assert [w["record"] for w in error["details"]["waiting"]] == [contacts[1]]
    synced.cli.json("retry")

    # Somebody wants a record to be left alone.
    synced.set("contacts", contacts[0], sc_do_not_score="true")
    error = synced.cli.json("push", "plan.json", code=6)["error"]
    assert [(m["record"], m["fields"]) for m in error["details"]["moved"]] == [
        (contacts[0], ["do_not_score"])
    ]
    assert synced.held() == before
    synced.set("contacts", contacts[0], sc_do_not_score="false")
    assert synced.cli.json("push", "plan.json")["written"] == 3
