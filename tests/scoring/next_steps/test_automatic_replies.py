"""An automatic reply is no message of theirs, and hides nothing that they wrote."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import DAY, NOW, World

from sales_consultant.config import playbook
from sales_consultant.scoring.next_steps import Options, facts, propose, rule_of
from sales_consultant.scoring.next_steps.channels import answers
from sales_consultant.scoring.text import signals

BOOK = playbook.load()
Event = tuple[float, str]


def deal(events: list[Event]) -> World:
    """A deal with one contact; an event is how many days ago, and the intent of their e-mail or "ours"."""
    made = World()
    at = NOW - 90 * DAY
    made.add("contacts", id="p", created_at=at, email="p@x.example", first_name="Ann", owner_id="o")
    row = {"created_at": at, "amount": 1000, "owner_id": "o", "stage": "offer", "close_date": NOW + 90 * DAY}
    made.add("deals", id="d", **row)
    made.add("associations", from_object="deal", from_id="d", to_object="contact", to_id="p", label="primary")
    # Somebody else: messages and our own mails are logged at all.
    made.activity("email", NOW - 50 * DAY, [("deal", "other")], direction="inbound")
    made.activity("email", NOW - 50 * DAY, [("deal", "other")], direction="outbound")
    for n, (days, intent) in enumerate(events):
        at = NOW - int(days * DAY)
        direction = "outbound" if intent == "ours" else "inbound"
        made.activity("email", at, [("deal", "d"), ("contact", "p")], id=f"m{n}", direction=direction)
        # `World.activity` links the id that it counts.
        for link in made.rows["associations"][-2:]:
            link["from_id"] = f"m{n}"
        if direction == "inbound":
            made.add(
                "signals", activity_id=f"m{n}", type="email", direction="inbound", occurred_at=at, known_at=at,
                intent=intent, sentiment=-0.5 if intent == "complaint" else 0.0, unsubscribed=False,
            )  # fmt: skip
    return made


def state(events: list[Event]) -> pd.Series:
    """The deal's facts."""
    engine = deal(events).connection()
    rows = pd.DataFrame({"object": ["deals"], "record_id": ["d"], "score": [50], "grade": ["C"]})
    return facts(engine, rows.assign(probability=0.4), as_of=NOW, signals=signals(engine, NOW)).iloc[0]


def rule(events: list[Event]) -> str:
    """The rule of the deal's step; empty for none."""
    engine = deal(events).connection()
    rows = pd.DataFrame({"object": ["deals"], "record_id": ["d"], "score": [50], "grade": ["C"]})
    table = facts(engine, rows.assign(probability=0.4), as_of=NOW, signals=signals(engine, NOW))
    steps = propose(engine, table, BOOK, Options(as_of=NOW)).steps
    return rule_of(str(steps["step_id"].iloc[0])) if len(steps) else ""


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(3, "ours"), (2, "out_of_office")], "wait-away"),
        ([(12, "ours"), (9, "complaint"), (8, "out_of_office")], "answer-complaint"),
        ([(3, "complaint"), (2, "out_of_office")], "answer-complaint"),
        ([(3, "complaint"), (2, "ours"), (1.9, "out_of_office")], "wait-away"),
        ([(3, "ours"), (2, "out_of_office"), (1, "none")], "answer"),
        ([(4, "none"), (2, "out_of_office")], "answer"),
        ([(3, "out_of_office"), (2, "wants_meeting")], "answer-meeting"),
    ],
)
def test_what_a_person_wrote_gives_the_step(events: list[Event], expected: str) -> None:
    assert rule(events) == expected


def test_nobody_waits_for_an_answer_to_a_machine() -> None:
    found = state([(12, "ours"), (9, "out_of_office")])
    assert found["inbound"] == 0 and found["days_since_inbound"] == float("inf")
    assert not found["unanswered"] and found["unanswered_tries"] == 1
    assert found["days_since_response"] == float("inf")
    assert rule([(12, "ours"), (9, "out_of_office")]) not in ("answer", "wait-away")


def test_where_nobody_wrote_anything_there_are_facts_all_the_same() -> None:
    assert state([])["unanswered"] is False


def test_a_machine_is_no_answer_to_a_channel() -> None:
    for intent, answered in (("none", 1), ("out_of_office", 0)):
        told = answers(deal([(30, "ours"), (29, intent)]).connection(), NOW)
        assert list(told["answered"]) == [answered]


_EVENTS = st.lists(
    st.tuples(st.integers(1, 40).map(float), st.sampled_from(["ours", "none", "complaint", "asks_price"])),
    max_size=4,
    unique_by=lambda e: e[0],
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(_EVENTS, st.integers(1, 40))
def test_an_automatic_reply_changes_no_fact_about_touches(events: list[Event], day: int) -> None:
    before, after = state(events), state([*events, (day - 0.5, "out_of_office")])
    for name in ("inbound", "unanswered", "days_since_inbound", "days_since_response", "unanswered_tries"):
        assert before[name] == after[name], name
    if after["intent"] != "out_of_office":
        same = ["intent", "at_intent"]
        assert list(before[same].fillna("")) == list(after[same].fillna(""))
