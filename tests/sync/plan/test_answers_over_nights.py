"""Forty nights in which reps answer their steps: each answer does what it says, and an answer goes with its step."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import DAY, NOW, World

from sales_consultant.config import playbook
from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.next_steps import rule_of
from sales_consultant.scoring.next_steps.working_days import working_day
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import step_memory
from sales_consultant.sync.plan.desired_values import KEPT, Desired, put
from sales_consultant.sync.plan.plan import CurrentValues, Limits, Values, make
from sales_consultant.sync.plan.steps import Steps
from sales_consultant.sync.stores import State, feedback, written

FIELDS = fields("standard", ["deals"])
BOOK = playbook.load()
ANSWERS = ("done", "later", "not_useful", "wrong")
KEYS = {a: RecordRef("deals", a) for a in ANSWERS}
UTC_ZONE = ZoneInfo("UTC")
RULE = "close-date-passed"


def day(n: int) -> datetime:
    return datetime.fromtimestamp(NOW / 1000, UTC) + timedelta(days=n)


class Office:
    """A CRM of four deals whose close date has passed, and what is remembered of them."""

    def __init__(self) -> None:
        self.world = World()
        self.state = State(None)
        self.values: dict[RecordRef, Values] = {k: {} for k in KEYS.values()}
        for name in ANSWERS:
            row = {"created_at": NOW - 40 * DAY, "amount": 1000, "owner_id": "o", "stage": "offer"}
            self.world.add("deals", id=name, close_date=NOW - 3 * DAY, **row)
            self.close_date(name, NOW - 3 * DAY, NOW - 40 * DAY)
            self.world.add("contacts", id=f"{name}-k", created_at=NOW - 40 * DAY, email="k@x.example")
            self.world.add(
                "associations",
                from_object="deal",
                from_id=name,
                to_object="contact",
                to_id=f"{name}-k",
                label="primary",
            )

    def close_date(self, name: str, at: int, changed: int) -> None:
        self.world.add(
            "deal_history", deal_id=name, changed_at=changed, stage="offer", amount=1000, close_date=at
        )

    def night(self, n: int, engine: DuckEngine) -> dict[str, str | None]:
        """One run; the rule of the step that each deal shows afterwards."""
        as_of = NOW + n * DAY
        held = CurrentValues(self.values, {})
        step_memory.keep_feedback(self.state, held, now=as_of)
        memory = step_memory.read(self.state, as_of, UTC_ZONE)
        desired = Desired(as_of, modelled={"deals"})
        scores = pd.DataFrame(
            {"object": "deals", "record_id": list(ANSWERS), "score": 50, "grade": "C", "probability": 0.3}
        )
        for key in KEYS.values():
            put(desired, key, score=50, grade="C")
        shown = {f: {k: str(v[f]) for k, v in self.values.items() if v.get(f)} for f in KEPT}
        Steps(Settings(), BOOK, memory=memory)(engine, desired, [scores], shown)
        for entry in make(desired, held, FIELDS, Limits(), identity="x").entries:
            self.values[RecordRef(entry.object, entry.record_id)] |= {k: new for k, _, new in entry.fields}
            self.wrote(entry, as_of)
        found = {}
        for name, key in KEYS.items():
            step = self.values[key].get("next_step_id")
            found[name] = rule_of(step) if step else None
            assert bool(self.values[key].get("next_step_reason")), "a record without a step says why"
        return found

    def wrote(self, entry: Entry, at: int) -> None:
        """What the journal remembers of a write."""
        rows = [
            {
                "object": entry.object,
                "record_id": entry.record_id,
                "field": k,
                "value": new,
                "at": at,
                "run_id": "r",
            }
            for k, _, new in entry.fields
        ]
        with self.state.begin() as c:
            c.execute(sa.insert(written).prefix_with("OR REPLACE"), rows)

    def answer(self, name: str, value: str) -> None:
        self.values[KEYS[name]]["next_step_feedback"] = value


@pytest.mark.slow
def test_each_answer_does_what_it_says() -> None:
    office = Office()
    with office.world.connection() as engine:
        assert set(office.night(0, engine).values()) == {RULE}
        for name in ANSWERS:
            office.answer(name, name)
        nights = {n: office.night(n, engine) for n in range(1, 41)}
    back = {a: [n for n, shown in nights.items() if shown[a] == RULE] for a in ANSWERS}
    until = (working_day(day(1).date(), 5) - day(0).date()).days
    assert back["done"] == [], "it comes back on new evidence only"
    assert back["later"] == list(range(until, 41)), "five working days"
    assert back["not_useful"] == list(range(31, 41)), "thirty days"
    assert back["wrong"] == []
    assert all(not v.get("next_step_feedback") for v in office.values.values()), (
        "an answer goes with its step"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("value", "again"), [("later", 12), ("not_useful", 40)])
def test_the_same_answer_given_again_counts_again(value: str, again: int) -> None:
    office = Office()
    with office.world.connection() as engine:
        office.night(0, engine)
        office.answer(value, value)
        assert office.night(1, engine)[value] != RULE
        assert office.night(again, engine)[value] == RULE
        office.answer(value, value)
        assert office.night(again + 1, engine)[value] != RULE


@pytest.mark.slow
def test_new_evidence_brings_back_what_was_done_but_not_what_was_wrong() -> None:
    office = Office()
    for name in ("done", "wrong"):
        office.close_date(name, NOW + 5 * DAY, NOW + 2 * DAY)
    with office.world.connection() as engine:
        office.night(0, engine)
        office.answer("done", "done")
        office.answer("wrong", "wrong")
        nights = {n: office.night(n, engine) for n in range(1, 9)}
    assert nights[4]["done"] != RULE and nights[7]["done"] == RULE
    assert all(shown["wrong"] != RULE for shown in nights.values())


@pytest.mark.parametrize("value", ["DONE", "0", "x" * 500, "done;later"])
def test_a_value_that_is_not_ours_is_nobodys_answer(value: str) -> None:
    office = Office()
    with office.world.connection() as engine:
        office.night(0, engine)
        office.answer("done", value)
        assert office.night(1, engine)["done"] == RULE
    assert office.state.rows(sa.select(feedback)) == []


@given(
    st.lists(
        st.sampled_from(["accepted", "done", "later", "not_useful", "wrong", None]), min_size=1, max_size=6
    )
)
def test_the_last_answer_to_a_step_counts(given_values: list[str | None]) -> None:
    state, key = State(None), RecordRef("deals", "1")
    for n, value in enumerate(given_values):
        held = CurrentValues({key: {"next_step_id": "a-1", "next_step_feedback": value}}, {})
        step_memory.keep_feedback(state, held, now=n)
    kept = step_memory.read(state, 10, UTC_ZONE).answers.get(key, [])
    last = next((v for v in reversed(given_values) if v), None)
    assert [a.value for a in kept] == ([last] if last else [])
