"""A rollback never undoes what a person did: between two runs, since them, or while the CRM refuses to restore."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.fake_crm import FakeCrm

from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.plan.plan import Plan
from sales_consultant.sync.reports.report import status
from sales_consultant.sync.results.runs import Conflict
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.run_context import Run, running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores.state import holds
from sales_consultant.sync.use_cases.pushing import pushing
from sales_consultant.sync.use_cases.retry import retry
from sales_consultant.sync.use_cases.rollback import rollback


@pytest.fixture
def crm() -> FakeCrm:
    return FakeCrm(["1", "2"])


@pytest.fixture
def ws(crm: FakeCrm, tmp_path: Path) -> Iterator[Workspace]:
    settings = Settings(connections={"main": Connection(crm="hubspot")})
    with Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as made:
        yield made


def wrote(ws: Workspace, crm: FakeCrm, score: str, *ids: str) -> Run:
    """A run that gave the deals a score, with what they held before in its journal."""
    with running(ws, "sync") as run:
        change = [
            Entry("deals", i, i, "t", (("score", crm.held["deals", i].get("score"), score),)) for i in ids
        ]
        pushing(ws, run, Silent(), Plan(0, "", change))
    return run


def test_what_a_person_set_between_two_runs_comes_back_and_is_listed(ws: Workspace, crm: FakeCrm) -> None:
    first = wrote(ws, crm, "60", "1", "2")
    crm.held["deals", "1"]["score"] = "99"
    second = wrote(ws, crm, "65", "1", "2")
    third = wrote(ws, crm, "70", "1", "2")
    _, undo = rollback(ws, Silent(), [first.id, second.id, third.id])
    assert {i: v["score"] for (_, i), v in crm.held.items()} == {"1": "99", "2": None}
    assert undo.conflicts == [Conflict("deals", "1", "score", "60", "99")]
    # Emptied by a person in between is what the first run found: nothing is in conflict.
    again = wrote(ws, crm, "50", "2")
    crm.held["deals", "2"]["score"] = None
    _, undo = rollback(ws, Silent(), [again.id, wrote(ws, crm, "55", "2").id])
    assert crm.held["deals", "2"]["score"] is None and undo.conflicts == []


def test_a_field_that_somebody_touched_is_on_hold_too(ws: Workspace, crm: FakeCrm) -> None:
    run = wrote(ws, crm, "60", "1")
    crm.held["deals", "1"]["score"] = "99"
    done, undo = rollback(ws, Silent(), [run.id])
    assert len(undo.conflicts) == 1 and undo.plan.entries == []
    assert [h["field"] for h in ws.state.rows(sa.select(holds))] == ["score"] == done.counts["on_hold"]


def test_what_the_crm_refused_to_restore_is_listed_and_tried_again(ws: Workspace, crm: FakeCrm) -> None:
    crm.held["deals", "1"]["score"] = "40"
    run = wrote(ws, crm, "60", "1", "2")
    crm.refuse = {"1": "a validation rule"}
    done, _ = rollback(ws, Silent(), [run.id])
    assert (done.counts["dead"], done.counts["tried_again_by"]) == (1, "sales-consultant retry")
    (left,) = status(ws).to_json()["not_restored"]
    assert (left["record"], left["fields"], left["rollback"]) == ("1", "score", done.id)
    told = retry(ws, Silent())
    assert (told.restored, told.refused_again) == (0, 1)
    assert len(status(ws).to_json()["not_restored"]) == 1, "refused twice, it is one record all the same"
    crm.refuse = {}
    assert retry(ws, Silent()).restored == 1
    assert {i: v["score"] for (_, i), v in crm.held.items()} == {"1": "40", "2": None}
    assert "not_restored" not in status(ws).to_json()
    assert retry(ws, Silent()).to_json() == {"dead_letters": 0}
