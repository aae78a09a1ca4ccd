"""Which tasks a plan makes, updates and closes, and what it leaves to people."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.task_nights import Office, shows

from sales_consultant.config.records import RecordRef
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import Limits, Plan
from sales_consultant.sync.plan.directory import DirectoryEntry
from sales_consultant.sync.stores import State, dead_letters, feedback
from sales_consultant.sync.tasks import known, planned


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office.of(tmp_path)
    made.records["1"] = shows("call-1", "Call Ana", next_step_priority="high")
    made.records["2"] = shows("mail-2", "Write to Bo")
    made.night()
    return made


def test_a_step_is_a_task_once(office: Office) -> None:
    assert office.subjects() == [("1", "Call Ana"), ("2", "Write to Bo")]
    (first,) = [t for t in office.book.live() if t.about == RecordRef("deals", "1")]
    assert first.values == {
        "task_subject": "Call Ana",
        "task_body": "because of call-1",
        "task_due": "2024-06-05",
        "task_priority": "high",
        "task_owner": "o1",
        "task_status": "open",
    }
    for _ in range(3):
        assert office.night().entries == []
    assert office.book.made == 2


def test_its_text_and_its_date_follow_the_step(office: Office) -> None:
    office.records["1"] |= {"next_step": "Call Ana again", "next_step_due": "2024-06-09"}
    assert [e.why for e in office.night().entries] == ["task updated"]
    (first,) = [t for t in office.book.live() if t.about == RecordRef("deals", "1")]
    assert (first.values["task_subject"], first.values["task_due"]) == ("Call Ana again", "2024-06-09")
    assert office.night().entries == [] and office.book.made == 2


def test_a_step_that_is_done_closes_its_task(office: Office) -> None:
    office.records["1"]["next_step_feedback"] = "done"
    assert [e.why for e in office.night().entries] == ["task closed: done"]
    assert office.subjects(status="closed") == [("1", "Call Ana")]
    assert office.night().entries == []
    # The answer goes with its step; the same step is no new task.
    office.records["1"]["next_step_feedback"] = None
    assert office.night().entries == [] and office.book.made == 2


def test_a_step_that_is_done_and_gone_in_the_same_night_is_done(office: Office) -> None:
    """The plan empties the step and its answer: the task was done, and not overtaken."""
    office.records["1"]["next_step_feedback"] = "done"
    gone = tuple((k, office.records["1"][k], None) for k in ("next_step_id", "next_step", "next_step_due"))
    office.night((Entry("deals", "1", "Deal 1", "scored again", gone),))
    assert office.subjects(status="closed") == [("1", "Call Ana")]


def test_an_answer_that_was_kept_still_says_done(office: Office) -> None:
    office.records["1"] = {}
    with closing(office.state()) as state, state.begin() as c:
        row = {"object": "deals", "record_id": "1", "step_id": "call-1", "value": "done", "seen_at": 1}
        c.execute(sa.insert(feedback).values(row))
    assert [e.why for e in office.night().entries] == ["task closed: done"]


def test_companies_have_tasks_too(office: Office) -> None:
    desired, held = office.desired(), office.held()
    key = RecordRef("companies", "9")
    desired.directory[key] = DirectoryEntry("Acme", "", "o1", key)
    held.values[key] = shows("review-9", "Review")  # type: ignore[index]  # a dictionary in this test
    with closing(office.state()) as state:
        lines = planned(state, office.book, desired, held, Plan(0, "org"), Limits(), inactive=frozenset())
    assert [e.name for e in lines.entries] == ["Acme"]


def test_an_overtaken_step_closes_its_task_and_the_next_one_has_its_own(office: Office) -> None:
    office.records["1"] = shows("visit-3", "Visit Ana")
    office.records["2"] = {}
    assert sorted(e.why for e in office.night().entries) == [
        "new task",
        "task closed: overtaken",
        "task closed: overtaken",
    ]
    assert office.subjects() == [("1", "Visit Ana")]
    assert office.subjects(status="closed") == [
        ("1", "No longer needed: Call Ana"),
        ("2", "No longer needed: Write to Bo"),
    ]
    office.records["2"] = shows("mail-2", "Write to Bo")
    office.night()
    assert ("2", "Write to Bo") in office.subjects(), "a step that comes back is a task again"
    assert office.night().entries == [] and office.book.made == 4


def test_a_step_that_says_to_wait_is_no_task(office: Office) -> None:
    desired, held = office.desired(), office.held()
    desired.waiting.add("call")
    with closing(office.state()) as state:
        lines = planned(state, office.book, desired, held, Plan(0, "org"), Limits(), inactive=frozenset())
    assert [e.why for e in lines.entries] == ["task closed: overtaken"], "one that was made is closed"
    assert lines.left == {"nothing to do but wait": 1}


def test_an_overtaken_task_says_so_in_the_readers_language(office: Office) -> None:
    office.records["1"] = {}
    office.night()
    office.language = "zh"
    office.records["2"] = {}
    office.night()
    assert office.subjects(status="closed") == [
        ("1", "No longer needed: Call Ana"),
        ("2", "不再需要：Write to Bo"),
    ]
    assert office.night().entries == [], "what was closed in another language stays closed"
    office.records["1"] = shows("call-1", "致电Ana")
    office.night()
    office.records["1"] = {}
    office.night()
    assert ("1", "不再需要：致电Ana") in office.subjects(status="closed")


def test_a_record_that_is_gone_closes_its_task(office: Office) -> None:
    del office.records["2"]
    assert [e.why for e in office.night().entries] == ["task closed: overtaken"]
    office.records.clear()
    assert office.night().entries == [], "no record at all was read: that says nothing about any"


def test_what_people_changed_is_theirs(office: Office) -> None:
    first, second = (t.crm_id for t in office.book.live())
    office.book.edit(first, task_due="2024-08-01")
    office.book.edit(second, task_status="in_progress")
    office.records["1"] |= {"next_step": "Call Ana again", "next_step_due": "2024-06-09"}
    office.records["2"] = {}
    (line,) = office.night().entries
    assert [f[0] for f in line.fields] == ["task_subject"], "the date is the owner's now"
    assert office.book.held[first].task.values["task_due"] == "2024-08-01"
    assert office.book.held[second].task.values["task_status"] == "in_progress"
    assert office.night().entries == []


def test_a_task_that_its_owner_deleted_or_closed_is_not_made_again(office: Office) -> None:
    first, second = (t.crm_id for t in office.book.live())
    office.book.held[first].archived = True
    office.book.edit(second, task_status="closed")
    assert office.night().entries == []
    office.records["1"]["next_step"] = office.records["2"]["next_step"] = "another text"
    for _ in range(2):
        assert office.night().entries == []
    assert office.book.made == 2 and office.subjects() == []


def test_who_has_no_owner_or_one_who_left_gets_none_and_it_is_said(office: Office) -> None:
    office.records["3"] = office.records["4"] = shows("call-9", "Call")
    office.owners["3"], office.owners["4"] = "", "o2"
    office.inactive = frozenset({"o2"})
    lines = office.night()
    assert (lines.entries, lines.left) == ([], {"no owner": 1, "the owner has left": 1})
    # One who leaves later: the task stays as it is.
    office.inactive = frozenset({"o1", "o2"})
    assert office.night().entries == []


def test_a_step_without_a_date_is_no_task(office: Office) -> None:
    office.records["3"] = shows("call-9", "Call", due="")
    assert office.night().entries == []


@pytest.mark.parametrize(
    "limits",
    [
        {"allowed": frozenset()},
        {"fields_on_hold": frozenset({"tasks"})},
        {"fields_on_hold": frozenset({"next_step_id"})},
    ],
)
def test_pilot_and_holds_leave_tasks_alone(office: Office, limits: dict[str, object]) -> None:
    office.limits = limits
    office.records["1"] = {}
    office.records["2"]["next_step"] = "another"
    office.records["3"] = shows("call-9", "Call")
    assert office.night().entries == []


def test_in_the_control_group_no_task_is_made_and_an_open_one_is_closed(office: Office) -> None:
    office.limits = {"control": frozenset(RecordRef("deals", n) for n in "13")}
    office.records["3"] = shows("call-9", "Call")
    assert [e.why for e in office.night().entries] == ["task closed: overtaken"]


def test_outside_a_narrowed_pilot_that_is_emptied_tasks_are_closed(office: Office) -> None:
    office.limits = {"allowed": frozenset(), "emptied": frozenset({RecordRef("deals", "1")})}
    office.records["1"] = {}
    assert [e.why for e in office.night().entries] == ["task closed: overtaken"]


def test_a_task_says_what_the_plan_will_write(office: Office) -> None:
    fields = tuple((k, None, v) for k, v in shows("call-9", "Call Cy").items() if k != "next_step_reason")
    entry = Entry("deals", "3", "Deal 3", "first score", fields)
    state = office.state()
    lines = office.lines(state, Plan(0, "org", [entry]))
    state.close()
    assert [(e.name, {k: v for k, _, v in e.fields}["task_subject"]) for e in lines.entries] == [
        ("Deal 3", "Call Cy")
    ]


def test_a_refused_step_has_no_task_and_gets_it_when_it_is_written(office: Office) -> None:
    """The record's fields come first: a task must not say what the record does not."""
    office.crm.refuse = {"3": "validation rule"}
    fields = tuple((k, None, v) for k, v in shows("call-9", "Call Cy").items())
    entry = Entry("deals", "3", "Deal 3", "first score", fields)
    office.night((entry,))
    assert office.book.made == 2
    office.crm.refuse = {}
    office.crm.time += 24 * 3_600_000
    office.night((entry,))
    assert office.book.made == 3


def test_a_refused_task_is_a_dead_letter_and_tried_again(office: Office) -> None:
    office.book.refuse = {"3"}
    office.records["3"] = shows("call-9", "Call")
    office.night()
    state = office.state()
    (letter,) = state.rows(sa.select(dead_letters))
    assert (letter["object"], letter["message"]) == ("tasks", "task for deals/3: no such owner")
    office.book.refuse = set()
    lines = office.night()
    assert (lines.entries, lines.left["dead letter, waiting"]) == ([], 1)
    with state.begin() as c:
        # As `retry` does.
        c.execute(sa.update(dead_letters).values(next_try_at=0, attempts=0))
    office.night()
    assert office.book.made == 3 and state.rows(sa.select(dead_letters)) == []
    state.close()


def test_a_lost_state_makes_nothing_twice(office: Office) -> None:
    (office.folder / "state.db").unlink()
    for _ in range(2):
        office.night()
    assert office.book.made == 2
    state = State(office.folder / "state.db")
    assert {t.crm_id for t in known(state).values()} == {t.crm_id for t in office.book.live()}
    state.close()
