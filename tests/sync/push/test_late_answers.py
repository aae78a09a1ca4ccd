"""An answer that a rep gives between the pull and the write of one run is not emptied, and counts at the next run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_crm import FakeCrm

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import FieldInfo
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import Plan
from sales_consultant.sync.push import without_changed
from sales_consultant.sync.runtime import Workspace

ENDS = ("next_step_id", "call-1", "mail-1")
GOES = ("next_step_feedback", "later", None)


class Provisioned(FakeCrm):
    """A CRM that has the fields whose keys are given, or all of ours."""

    keys = frozenset(f.key for f in FIELDS)

    def describe(self, object: str) -> list[FieldInfo]:
        return [FieldInfo(k, k, "string", True, True, False) for k in sorted(self.keys)]


@pytest.fixture
def crm() -> Provisioned:
    made = Provisioned(["1", "2", "3"])
    for held in made.held.values():
        held["next_step_id"] = "call-1"
    return made


@pytest.fixture
def ws(tmp_path: Path, crm: Provisioned) -> Iterator[Workspace]:
    settings = Settings(connections={"main": Connection(crm="hubspot")})
    with Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as made:
        yield made


def plan(**changes: tuple[tuple[str, Canonical, Canonical], ...]) -> Plan:
    return Plan(0, "org", [Entry("deals", k[1:], k, "scored again", v) for k, v in changes.items()])


def left_out(ws: Workspace, made: Plan, *, fresh: bool) -> list[tuple[str, list[str]]]:
    """Records that are not written, with the fields that moved; the others are."""
    kept, told = without_changed(ws, made, fresh=fresh)
    moved = [(m["record"], m["fields"]) for m in told.get("moved", ())]
    assert {e.record_id for e in made.entries} - {e.record_id for e in kept.entries} == {r for r, _ in moved}
    return moved


@pytest.mark.parametrize("fresh", [True, False])
def test_a_step_that_was_answered_since_does_not_end(ws: Workspace, crm: Provisioned, fresh: bool) -> None:
    crm.held["deals", "1"]["next_step_feedback"] = "done"
    crm.held["deals", "2"]["next_step_feedback"] = "done"
    crm.held["deals", "3"]["next_step_feedback"] = "later"
    made = plan(d1=(ENDS,), d2=(ENDS, GOES), d3=(ENDS, GOES))
    assert left_out(ws, made, fresh=fresh) == [
        ("1", ["next_step_feedback"]), ("2", ["next_step_feedback"]),
    ]  # fmt: skip


@pytest.mark.parametrize("fresh", [True, False])
def test_an_answer_to_a_step_that_stays_or_is_the_first_stops_nothing(
    ws: Workspace, crm: Provisioned, fresh: bool
) -> None:
    crm.held["deals", "1"] |= {"next_step_feedback": "done", "score": "50"}
    crm.held["deals", "2"] |= {"next_step_feedback": "done", "next_step_id": None}
    made = plan(d1=(("score", "50", "60"),), d2=(("next_step_id", None, "call-1"),))
    assert left_out(ws, made, fresh=fresh) == []


def test_a_fresh_plan_is_looked_at_only_where_steps_end(ws: Workspace, crm: Provisioned) -> None:
    crm.held["deals", "1"]["score"] = "70"
    assert left_out(ws, plan(d1=(("score", "50", "60"),)), fresh=True) == []
    assert crm.calls.total == 0
    assert left_out(ws, plan(d2=(ENDS,), d3=(ENDS,)), fresh=True) == []
    assert crm.calls.total == 1


def test_a_crm_without_the_field_of_answers_is_not_asked_for_it(ws: Workspace, crm: Provisioned) -> None:
    crm.keys = frozenset({"next_step_id"})
    assert left_out(ws, plan(d1=(ENDS,)), fresh=True) == []
    assert crm.calls.total == 0
