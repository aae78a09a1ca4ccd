"""What every CRM's tasks do: made once, known by our id whatever people change, listed from their records."""

from typing import Any, ClassVar

import pytest
from support.contract_base import ContractBase, Org, pulled, rows

from sales_consultant.config.errors import AccessError
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import (
    BODY,
    CLOSED,
    DONE,
    DUE,
    OPEN,
    OWNER,
    PRIORITY,
    STATUS,
    SUBJECT,
    Connector,
    Task,
    TaskBook,
    TaskOutcome,
    same,
)

NASTY = 'Call <b>Zoë</b> & "Bo": 20 % off?\nThey wrote on 12 May — 你好'


class TaskContract(ContractBase):
    """Tasks: one outcome a task, no double, nothing of ours among the activities."""

    task_path: ClassVar[str]
    # What the CRM calls a task's object, and its subject.
    task_kind: ClassVar[tuple[str, str]]

    @staticmethod
    def book(connector: Connector) -> TaskBook:
        assert connector.tasks is not None
        return connector.tasks

    def kept(self, org: Org) -> list[dict[str, Any]]:
        """Tasks of the CRM that carry an id of ours, as its store holds them."""
        name = self.id_field(org)
        held = org.sandbox.store.each(self.crm, self.task_kind[0])
        return [{"id": r.id, **r.values()} for r in held if r.values().get(name) and not r.archived]

    def id_field(self, org: Org) -> str:
        raise AssertionError("a contract's subclass names the field of our id")

    def edit_task(self, org: Org, crm_id: str, subject: str) -> None:
        raise AssertionError("a contract's subclass edits tasks as a person")

    def set_up_tasks(self, org: Org) -> None:
        """What an admin had set up of tasks before us; nothing, as a rule."""

    def no_tasks(self, org: Org) -> str:
        """A token that may write all but tasks."""
        raise AssertionError("a contract's subclass makes users")

    @pytest.fixture
    def tasked(self, ready: Org) -> Org:
        """An org whose fields are made, that of our id on tasks too."""
        self.set_up_tasks(ready)
        steps = self.book(ready.connector()).provision(dry=False)
        assert "refused" not in {s.state for s in steps}, steps
        return ready

    def deal(self, org: Org) -> tuple[Connector, RecordRef, str]:
        """A connector, a deal, and its owner's id."""
        connector = org.connector()
        w = pulled(connector)
        record_id, owner = rows(w, "SELECT id, owner_id FROM deals WHERE name = 'Beta tills'")[0]
        return connector, RecordRef("deals", record_id), owner

    def a_task(self, about: RecordRef, owner: str, task_id: str = "sc-1") -> Task:
        values = {
            SUBJECT: "Ask for the meeting",
            BODY: NASTY,
            DUE: "2024-06-05",
            PRIORITY: "high",
            OWNER: owner,
            STATUS: OPEN,
        }
        return Task(task_id, "", about, values)

    def test_tasks_need_their_field(self, ready: Org) -> None:
        book = self.book(ready.connector())
        assert "provision" in book.missing()
        assert {s.state for s in book.provision(dry=True)} & {"would create"}
        book.provision(dry=False)
        book = self.book(ready.connector())
        assert book.missing() == ""
        assert [f.state for f in book.findings()] == ["ok"]
        assert {s.state for s in book.provision(dry=False)} <= {"exists"}

    def test_what_was_made_is_listed_and_read_the_same(self, tasked: Org) -> None:
        tasked.control("lag", seconds=600)
        connector, deal, owner = self.deal(tasked)
        book = self.book(connector)
        (made,) = book.create([self.a_task(deal, owner)])
        assert (made.state, made.record_id) == ("done", "sc-1")
        for found in (list(book.of([deal])), list(book.read([made.crm_id]))):
            assert [(t.id, t.crm_id) for t in found] == [("sc-1", made.crm_id)]
            assert all(
                same(k, v, found[0].values.get(k)) for k, v in self.a_task(deal, owner).values.items()
            ), found[0].values
        assert [t.about for t in book.of([deal])] == [deal]
        assert len(self.kept(tasked)) == 1

    def test_tasks_of_people_and_companies_are_listed_too(self, tasked: Org) -> None:
        connector, _, owner = self.deal(tasked)
        w = pulled(connector)
        people = [
            RecordRef("leads" if kind == "Lead" else "contacts", i)
            for i, kind in rows(
                w, "SELECT id, source_object FROM contacts WHERE NOT is_converted ORDER BY id"
            )
        ]
        book = self.book(connector)
        made = list(book.create([self.a_task(p, owner, f"sc-{n}") for n, p in enumerate(people)]))
        assert {o.state for o in made} == {"done"}
        assert {t.about: t.id for t in book.of(people)} == {p: f"sc-{n}" for n, p in enumerate(people)}

    def test_a_lost_answer_is_listed_and_nothing_is_made_twice(self, tasked: Org) -> None:
        connector, deal, owner = self.deal(tasked)
        book = self.book(connector)
        tasked.fault(kind="lost", path=self.task_path)
        assert [o.state for o in book.create([self.a_task(deal, owner)])] == ["unknown"]
        assert [t.id for t in book.of([deal])] == ["sc-1"]
        assert len(self.kept(tasked)) == 1

    def test_a_double_is_refused_by_the_unique_key(self, tasked: Org) -> None:
        """Whoever was told nothing may ask again: the CRM keeps our id unique, whatever an index has seen."""
        tasked.control("lag", seconds=600)
        connector, deal, owner = self.deal(tasked)
        book = self.book(connector)
        tasked.fault(kind="lost", path=self.task_path)
        assert [o.state for o in book.create([self.a_task(deal, owner)])] == ["unknown"]
        again = list(book.create([self.a_task(deal, owner), self.a_task(deal, owner, "sc-2")]))
        assert [o.state for o in again] == ["done", "done"]
        kept = self.kept(tasked)
        assert sorted(t[self.id_field(tasked)] for t in kept) == ["sc-1", "sc-2"]
        assert {o.crm_id for o in again} == {t["id"] for t in kept}

    def test_texts_dates_owner_and_status_are_changed_by_id(self, tasked: Org) -> None:
        connector, deal, owner = self.deal(tasked)
        book = self.book(connector)
        (made,) = book.create([self.a_task(deal, owner)])
        values = {
            SUBJECT: "No longer needed: x",
            DUE: "2024-07-01",
            PRIORITY: "low",
            BODY: None,
            STATUS: DONE,
        }
        (changed,) = book.change([Task("sc-1", made.crm_id, deal, values)])
        assert changed.state == "done"
        (held,) = book.read([made.crm_id])
        assert all(same(k, v, held.values.get(k)) for k, v in values.items()), held.values
        assert held.values[STATUS] == CLOSED

    def test_a_task_that_is_gone_is_left_and_archived_is_done(self, tasked: Org) -> None:
        connector, deal, owner = self.deal(tasked)
        book = self.book(connector)
        made = list(book.create([self.a_task(deal, owner, f"sc-{n}") for n in range(3)]))
        tasks = [Task(o.record_id, o.crm_id, deal, {SUBJECT: "again"}) for o in made]
        assert [o.state for o in book.archive(tasks[:2])] == ["done", "done"]
        assert [o.state for o in book.archive(tasks[:1])] == ["done"]
        assert {o.record_id: o.state for o in book.change(tasks)} == {
            "sc-0": "left",
            "sc-1": "left",
            "sc-2": "done",
        }
        assert [t.id for t in book.of([deal])] == ["sc-2"]
        assert [t.id for t in book.read([o.crm_id for o in made])] == ["sc-2"]

    def test_one_bad_task_holds_up_no_other(self, tasked: Org) -> None:
        connector, deal, owner = self.deal(tasked)
        book = self.book(connector)
        bad = self.a_task(deal, self.unknown_owner, "sc-bad")
        found = {o.record_id: o for o in book.create([self.a_task(deal, owner), bad])}
        assert found["sc-1"].state == "done"
        assert found["sc-bad"].state == "dead"
        assert found["sc-bad"].message
        assert len(self.kept(tasked)) == 1

    unknown_owner: ClassVar[str] = "99"

    @pytest.mark.parametrize("status", [429, 503])
    def test_what_passes_is_tried_again_and_made_once(self, tasked: Org, status: int) -> None:
        connector, deal, owner = self.deal(tasked)
        tasked.fault(kind="status", status=status, path=self.task_path, retry_after=0)
        assert [o.state for o in self.book(connector).create([self.a_task(deal, owner)])] == ["done"]
        assert len(self.kept(tasked)) == 1

    def test_without_the_right_nothing_is_made_and_it_is_said(self, tasked: Org) -> None:
        _, deal, owner = self.deal(tasked)
        connector = tasked.connector(self.no_tasks(tasked))
        book = self.book(connector)
        assert book.missing()
        assert book.findings()[0].state != "ok"
        outcomes: list[TaskOutcome] = []
        try:
            outcomes += book.create([self.a_task(deal, owner)])
        except AccessError as e:
            assert e.action
        assert "done" not in {o.state for o in outcomes}
        assert self.kept(tasked) == []

    def test_a_task_of_ours_is_no_activity_whatever_people_make_of_it(self, tasked: Org) -> None:
        connector, deal, owner = self.deal(tasked)
        w = pulled(connector)
        before = rows(w, "SELECT id, type FROM activities ORDER BY id")
        (made,) = self.book(connector).create([self.a_task(deal, owner)])
        tasked.control("clock", advance=60)
        pulled(connector, w)
        assert rows(w, "SELECT id, type FROM activities ORDER BY id") == before
        self.edit_task(tasked, made.crm_id, "My own words")
        tasked.control("clock", advance=60)
        pulled(connector, w)
        assert rows(w, "SELECT id, type FROM activities ORDER BY id") == before
        raw = f"raw_{self.task_kind[0]}"
        read = [r[0] for r in rows(w, f"SELECT id FROM {raw}")]
        assert made.crm_id in read, "it was read, and is no activity all the same"

    def test_the_field_goes_unless_tasks_are_left(self, tasked: Org) -> None:
        book = self.book(tasked.connector())
        assert {s.state for s in book.remove(dry=False, keep=True)} == {"left"}
        assert "removed" in {s.state for s in book.remove(dry=False, keep=False)}
        assert "provision" in self.book(tasked.connector()).missing()
