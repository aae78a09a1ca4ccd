"""Next steps: each shipped rule, what stops it, and how many a rep gets."""

from collections.abc import Callable

import pandas as pd
import pytest
from support.step_worlds import deal, met, person, rule, sent, steps, wrote
from support.worlds import DAY, NOW, World

from sales_consultant.config.clock import iso_day
from sales_consultant.config.language.translation import shown_date
from sales_consultant.scoring.next_steps import COLUMNS


def calm(world: World) -> None:
    deal(world)
    sent(world, 1)


def answer(world: World) -> None:
    deal(world)
    sent(world, 5)
    wrote(world, 2)


def recap(world: World) -> None:
    deal(world)
    sent(world, 5)
    met(world, 2)


def passed(world: World) -> None:
    deal(world, close_date=NOW - 3 * DAY)
    sent(world, 1)


def closing(world: World) -> None:
    deal(world, close_date=NOW + 5 * DAY)
    sent(world, 1)


def quiet(world: World) -> None:
    deal(world, stage="demo", age=30)
    sent(world, 12)


def waiting(world: World) -> None:
    deal(world)
    sent(world, 12)


def unanswered(world: World) -> None:
    deal(world, stage="new")
    for days in (20, 9, 4):
        sent(world, days)


def pushed(world: World) -> None:
    calm(world)
    for n in range(1, 4):
        close = NOW + (90 + n) * DAY
        world.add("deal_history", deal_id="d", changed_at=NOW - (20 - n) * DAY, close_date=close)


def nobody(world: World) -> None:
    calm(world)
    world.rows["associations"] = [a for a in world.rows["associations"] if a["from_object"] != "deal"]


def offer(world: World) -> None:
    deal(world, stage="demo")
    wrote(world, 20)
    sent(world, 1)


def stuck(world: World) -> None:
    calm(world)
    for n in range(3):
        deal(world, f"q{n}", age=60)
        world.add("deal_history", deal_id=f"q{n}", changed_at=NOW - 55 * DAY, stage="demo")


def alone(world: World) -> None:
    calm(world)
    world.rows["associations"] = [
        a for a in world.rows["associations"] if (a["from_object"], a["to_id"]) != ("deal", "d-k2")
    ]


def no_amount(world: World) -> None:
    deal(world, amount=None)
    sent(world, 1)


def cold(world: World) -> None:
    deal(world, age=120)
    sent(world, 40)


@pytest.mark.parametrize(
    ("make", "grade", "expected"),
    [
        (answer, "D", "answer"),
        (recap, "D", "recap"),
        (passed, "D", "close-date-passed"),
        (closing, "B", "confirm-close"),
        (closing, "C", None),
        (quiet, "A", "good-and-quiet"),
        (quiet, "D", None),
        (offer, "B", "ask-meeting"),
        (waiting, "C", "follow-up-proposal"),
        (unanswered, "D", "no-reply"),
        (pushed, "C", "close-date-pushed"),
        (nobody, "D", "no-contact"),
        (stuck, "C", "unstick"),
        (stuck, "D", None),
        (alone, "A", "second-contact"),
        (no_amount, "C", "ask-budget"),
        (cold, "D", "last-try"),
        (calm, "A", None),
    ],
)
def test_each_rule_of_deals(make: Callable[[World], None], grade: str, expected: str | None) -> None:
    world = World()
    make(world)
    assert rule(steps(world, grade)) == expected


@pytest.mark.parametrize("source", ["Contact", "Lead"])
def test_a_hot_lead_is_called(source: str) -> None:
    world = World()
    person(world, source_object=source)
    frame = steps(world, "A", "contacts", ("p",))
    assert rule(frame) == "call-hot-lead"
    assert frame["reason"].iloc[0] == "grade A, last message from us never"
    assert steps(world, "B", "contacts", ("p",)).empty


def test_the_columns_and_the_words() -> None:
    world = World()
    answer(world)
    frame = steps(world)
    assert tuple(frame.columns) == COLUMNS
    row = frame.iloc[0]
    assert row["step"] == "Answer their message"
    assert (
        row["reason"]
        == f"they wrote on {shown_date(pd.Timestamp(NOW - 2 * DAY, unit='ms').date(), 'en')} and have had no answer"
    )
    assert row["worth"] == pytest.approx(50.0)  # .10 x .5 x 1000
    assert (row["priority"], row["channel"]) == ("high", "email")
    assert not row["stands"]


def test_due_dates_skip_the_weekend() -> None:
    world = World()
    answer(world)
    friday = next(NOW + d * DAY for d in range(7) if pd.Timestamp(NOW + d * DAY, unit="ms").weekday() == 4)
    frame = steps(world, as_of=friday)
    assert frame["due"].iloc[0] == iso_day(friday + 3 * DAY)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "expected"), [("email_opt_out", "close-date-passed"), ("bounced", "close-date-passed")]
)
def test_a_blocked_channel_falls_to_the_next_rule(field: str, expected: str) -> None:
    world = World()
    deal(world, close_date=NOW - DAY)
    wrote(world, 2)
    assert rule(steps(world)) == "answer"
    world.rows["contacts"][0][field] = True
    assert rule(steps(world)) == expected


def test_do_not_call_stops_calls() -> None:
    world = World()
    person(world, do_not_call=True)
    assert steps(world, "A", "contacts", ("p",)).empty


def test_only_the_persons_own_flags_count() -> None:
    world = World()
    answer(world)
    world.rows["contacts"][1]["email_opt_out"] = True  # the second contact, not the primary one
    assert rule(steps(world)) == "answer"


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("meeting", "scheduled", "Prepare for the meeting on"),
        ("call", None, "Prepare for the call on"),
        ("task", None, None),
        ("meeting", "canceled", "Answer their message"),
    ],
)
def test_what_is_planned_comes_first(kind: str, status: str | None, text: str | None) -> None:
    world = World()
    answer(world)
    at = NOW + 3 * DAY
    world.activity(kind, at, [("deal", "d")], known_at=NOW - DAY, status=status)
    frame = steps(world)
    if text is None:
        assert frame.empty
    else:
        assert frame["step"].iloc[0].startswith(text)
        assert (
            text.startswith("Answer")
            or shown_date(pd.Timestamp(at, unit="ms").date(), "en") in frame["step"].iloc[0]
        )


@pytest.mark.parametrize(
    ("kind", "to", "text"),
    [
        ("email", ("deal", "d"), None),
        ("email", ("contact", "{primary}"), None),
        ("note", ("deal", "d"), None),
        ("meeting", ("contact", "{primary}"), "Prepare for the meeting on"),
        ("meeting", ("contact", "{other}"), "Answer their message"),
        ("marketing_email", ("contact", "{primary}"), "Answer their message"),
    ],
)
def test_what_is_planned_with_the_primary_contact_counts(
    kind: str, to: tuple[str, str], text: str | None
) -> None:
    world = World()
    answer(world)
    people = [c["id"] for c in world.rows["contacts"]]
    to = (to[0], to[1].format(primary=people[0], other=people[1]))
    world.activity(kind, NOW + 3 * DAY, [to], known_at=NOW - DAY, direction="outbound")
    frame = steps(world)
    assert frame.empty if text is None else frame["step"].iloc[0].startswith(text)


def test_a_meeting_that_is_not_known_yet_is_not_planned() -> None:
    world = World()
    answer(world)
    world.activity("meeting", NOW + 3 * DAY, [("deal", "d")], known_at=NOW + DAY)
    assert rule(steps(world)) == "answer"


def test_a_closed_deal_has_no_step() -> None:
    world = World()
    deal(world, is_closed=True, closed_at=NOW - DAY)
    wrote(world, 2)
    assert steps(world).empty


def test_at_most_so_many_new_steps_an_owner_most_worth_first() -> None:
    world = World()
    keys = tuple(f"d{n}" for n in range(8))
    for n, key in enumerate(keys):
        deal(world, key, amount=100 * (n + 1), owner_id="a" if n < 6 else "b")
        wrote(world, 2, ("deal", key))
    frame = steps(world, keys=keys, max_new_per_owner=2)
    assert list(frame["record_id"]) == ["d4", "d5", "d6", "d7"]
    fewer = steps(world, keys=keys, max_new_per_owner=2, given_today={"a": 1, "b": 2})
    assert list(fewer["record_id"]) == ["d5"]


def test_steps_that_stand_stay_and_are_not_counted() -> None:
    world = World()
    keys = tuple(f"d{n}" for n in range(4))
    for n, key in enumerate(keys):
        deal(world, key, amount=100 * (n + 1))
        wrote(world, 2, ("deal", key))
    first = steps(world, keys=keys, max_new_per_owner=2)
    current = {("deals", r): s for r, s in zip(first["record_id"], first["step_id"], strict=True)}
    second = steps(world, keys=keys, max_new_per_owner=1, current=current)
    assert list(second["record_id"]) == ["d1", "d2", "d3"]
    assert list(second["stands"]) == [False, True, True]


def test_the_id_is_the_triggers_not_the_dates() -> None:
    world = World()
    answer(world)
    tonight, tomorrow = steps(world), steps(world, as_of=NOW + DAY)
    assert tonight["step_id"].iloc[0] == tomorrow["step_id"].iloc[0]
    wrote(world, 0.1)
    assert steps(world)["step_id"].iloc[0] != tonight["step_id"].iloc[0]


def test_an_automated_mail_is_no_message() -> None:
    world = World()
    calm(world)
    world.activity("email", NOW - DAY // 2, [("deal", "d")], direction="inbound", automated=True)
    assert steps(world).empty


def test_no_scores_no_steps() -> None:
    frame = steps(World(), keys=())
    assert tuple(frame.columns) == COLUMNS and frame.empty
