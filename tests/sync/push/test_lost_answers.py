"""A run whose writes get no answer has failed, whoever loses them; what was written stays, and a stop stays a stop."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.fake_crm import FakeCrm

from sales_consultant.config.errors import AccessError, CrmUnavailableError, StoppedError
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import Change, Outcome
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.plan.plan import Plan
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.run_context import Run, running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores.state import changes, holds, runs
from sales_consultant.sync.use_cases.pushing import pushing
from sales_consultant.sync.use_cases.rollback import rollback

IDS = [str(n) for n in range(25)]


class Deaf(FakeCrm):
    """Writes of the records in `lost` are not applied, and nothing is heard of them; `first` is raised instead."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(ids)
        self.lost: set[str] = set()
        self.times = 10**6
        self.first: Exception | None = None

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        if self.first is not None:
            yield from (Outcome(c.object, c.record_id, "retry", "not sent") for c in changes)
            raise self.first
        if self.times <= 0 or not self.lost & {c.record_id for c in changes}:
            yield from super().push(changes, remember=remember)
            return
        self.times -= 1
        yield from (Outcome(c.object, c.record_id, "unknown", "no answer came") for c in changes)


@pytest.fixture
def crm() -> Deaf:
    return Deaf(IDS)


@pytest.fixture
def ws(crm: Deaf, tmp_path: Path) -> Iterator[Workspace]:
    settings = Settings(connections={"main": Connection(crm="hubspot")})
    with Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as made:
        yield made


def write(
    ws: Workspace, crm: Deaf, score: str, ids: Sequence[str] = IDS, stop: Callable[[], bool] = lambda: False
) -> Run:
    with running(ws, "sync") as run:
        change = [
            Entry("deals", i, i, "t", (("score", crm.held["deals", i].get("score"), score),)) for i in ids
        ]
        pushing(ws, run, Silent(), Plan(0, "", change), stop=stop)
    return run


def last(ws: Workspace) -> dict[str, Any]:
    return ws.state.rows(sa.select(runs).order_by(sa.text("rowid")))[-1]


def test_a_run_whose_answers_are_all_lost_fails(ws: Workspace, crm: Deaf) -> None:
    crm.lost = set(IDS)
    with pytest.raises(CrmUnavailableError) as e:
        write(ws, crm, "60")
    assert e.value.code == 4
    assert e.value.details == {"written": 0, "not_sent": 25, "unanswered": 25}
    assert "run the command again" in e.value.action
    assert last(ws)["outcome"] == "failed: crm_unavailable"
    assert "not written 25" in last(ws)["error"]
    assert {r["state"] for r in ws.state.rows(sa.select(changes))} == {"skipped"}, "the next run plans anew"


def test_what_was_written_before_stays_and_the_next_run_goes_on(ws: Workspace, crm: Deaf) -> None:
    crm.lost = {"20"}
    with pytest.raises(CrmUnavailableError, match="written 20 records, not written 5"):
        write(ws, crm, "60")
    states = [r["state"] for r in ws.state.rows(sa.select(changes))]
    assert (states.count("done"), states.count("skipped")) == (20, 5)
    crm.lost = set()
    assert write(ws, crm, "60", IDS[20:]).counts["written"] == 5


def test_records_are_counted_and_not_their_fields(ws: Workspace, crm: Deaf) -> None:
    crm.lost = {"1"}
    with pytest.raises(CrmUnavailableError) as e, running(ws, "sync") as run:
        both = (("score", None, "60"), ("grade", None, "B"))
        pushing(ws, run, Silent(), Plan(0, "", [Entry("deals", "1", "1", "t", both)]))
    assert e.value.details["not_sent"] == 1


def test_answers_that_come_at_the_second_try_are_no_failure(ws: Workspace, crm: Deaf) -> None:
    crm.lost, crm.times = set(IDS), 2
    assert write(ws, crm, "60").counts["written"] == 25
    assert last(ws)["outcome"] == "done"


def test_records_that_somebody_else_writes_are_no_lost_answers(ws: Workspace, crm: Deaf) -> None:
    """The CRM answered: they are tried again by the next run, as before."""
    crm.busy = 1.0
    assert write(ws, crm, "60").counts["not_sent"] == 25
    assert last(ws)["outcome"] == "stopped"


def test_a_stop_that_was_asked_for_keeps_its_end(ws: Workspace, crm: Deaf) -> None:
    crm.lost = set(IDS)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert write(ws, crm, "60", stop=stop).counts["not_sent"] == 25
    assert last(ws)["outcome"] == "stopped"


@pytest.mark.parametrize("first", [None, AccessError("The token was revoked.")])
def test_a_rollback_that_restored_nothing_leaves_nothing(
    ws: Workspace, crm: Deaf, first: Exception | None
) -> None:
    """No run is told as undone, and no field is held: a hold would keep the values that somebody wanted away."""
    done = write(ws, crm, "60")
    crm.lost, crm.first = set(IDS), first
    with pytest.raises((CrmUnavailableError, AccessError)):
        rollback(ws, Silent(), [done.id])
    assert last(ws)["outcome"].startswith("failed: ")
    assert '"undone": []' in last(ws)["counts"] and '"on_hold": []' in last(ws)["counts"]
    assert ws.state.rows(sa.select(holds)) == []
    crm.lost, crm.first = set(), None
    again, _ = rollback(ws, Silent(), [done.id])
    assert (again.counts["written"], again.counts["undone"]) == (25, [done.id])


def test_a_rollback_of_a_part_names_the_runs_of_that_part_and_holds(ws: Workspace, crm: Deaf) -> None:
    first, second = write(ws, crm, "60", IDS[:10]), write(ws, crm, "60", IDS[10:])
    crm.lost = set(IDS[10:])
    with pytest.raises(CrmUnavailableError):
        rollback(ws, Silent(), [first.id, second.id])
    assert f'"undone": ["{first.id}"]' in last(ws)["counts"]
    assert [h["field"] for h in ws.state.rows(sa.select(holds))] == ["score"]


def test_holds_of_before_are_not_lifted_and_a_person_s_stop_keeps_those_of_now(
    ws: Workspace, crm: Deaf
) -> None:
    first, second = write(ws, crm, "60", IDS[:10]), write(ws, crm, "60", IDS[10:])
    rollback(ws, Silent(), [first.id])
    crm.lost = set(IDS)
    with pytest.raises(CrmUnavailableError):
        rollback(ws, Silent(), [second.id])
    assert len(ws.state.rows(sa.select(holds))) == 1
    with ws.state.begin() as c:
        c.execute(sa.delete(holds))
    crm.first = StoppedError("Stopped.")
    with pytest.raises(StoppedError):
        rollback(ws, Silent(), [second.id])
    assert len(ws.state.rows(sa.select(holds))) == 1
    assert last(ws)["outcome"] == "interrupted"
