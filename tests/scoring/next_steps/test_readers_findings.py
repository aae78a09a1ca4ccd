"""Faults that a reader of the next steps found, each with others of its kind."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from support.worlds import DAY, NOW, World

from sales_consultant.config.playbook import PlaybookError, parse
from sales_consultant.config.playbook.conversion import converted
from sales_consultant.config.playbook.expressions import ExpressionError, written
from sales_consultant.config.playbook.expressions import parse as parse_expression
from sales_consultant.config.playbook.findings import findings
from sales_consultant.config.playbook.positions import Position, find
from sales_consultant.scoring.next_steps import Answer, Options, Proposal, facts, propose
from sales_consultant.scoring.next_steps.silence import cooling_off
from sales_consultant.scoring.next_steps.state import calendar_day, day_of
from sales_consultant.scoring.next_steps.why_none import is_news, still_true

ANSWER = """[[rules]]
id = "answer"
objects = ["deals", "contacts"]
when = "unanswered"
channel = "none"
trigger = "inbound"
due_working_days = 1
share = 0.1
step = "Answer"
reason = "they wrote {last_inbound}"
"""


def both_written_to(owner: str = "o") -> World:
    """A deal and its contact, of another owner, with one unanswered message that is linked to both."""
    world = World()
    at = NOW - 40 * DAY
    world.add(
        "deals", id="d", created_at=at, amount=1000, owner_id=owner, stage="offer", close_date=NOW + 90 * DAY
    )
    world.add(
        "deal_history", deal_id="d", changed_at=at, stage="offer", amount=1000, close_date=NOW + 90 * DAY
    )
    world.add("contacts", id="k", created_at=at, email="k@x.example", owner_id="other")
    world.add(
        "associations", from_object="deal", from_id="d", to_object="contact", to_id="k", label="primary"
    )
    world.activity("email", NOW - 3 * DAY, [("deal", "d"), ("contact", "k")], direction="inbound")
    world.activity("email", NOW - 9 * DAY, [("deal", "d"), ("contact", "k")], direction="outbound")
    world.activity("meeting", NOW - 100 * DAY, [("deal", "another")])
    return world


def proposed(world: World, rules: str = ANSWER, **more: object) -> Proposal:
    scores = pd.DataFrame(
        {
            "object": ["deals", "contacts"],
            "record_id": ["d", "k"],
            "score": 50,
            "grade": "B",
            "probability": 0.3,
        }
    )
    engine = world.connection()
    table = facts(engine, scores, as_of=NOW)
    return propose(engine, table, parse(rules), Options(as_of=NOW, **more))  # type: ignore[arg-type]  # options by name


@pytest.mark.parametrize("value", ["done", "later", "wrong", "not_useful"])
def test_an_event_that_was_answered_on_one_record_is_not_asked_on_another(value: str) -> None:
    world = both_written_to()
    (step,) = proposed(world).steps["step_id"]
    answers = {("deals", "d"): [Answer(step, value, datetime.fromtimestamp(NOW / 1000, UTC).date())]}
    found = proposed(world, answers=answers)
    assert found.steps.empty
    assert set(found.without["record_id"]) == {"d", "k"}


def test_an_event_goes_to_the_record_whose_owner_has_room() -> None:
    world = both_written_to()
    assert list(proposed(world).steps["record_id"]) == ["d"]
    assert list(proposed(world, given_today={"o": 5}).steps["record_id"]) == ["k"]


def test_what_costs_more_than_it_may_bring_is_no_step() -> None:
    assert proposed(both_written_to(), ANSWER.replace("share = 0.1", "share = 0.1\ncost = 50000")).steps.empty


@pytest.mark.parametrize(("days", "step"), [(2, "Prepare for the meeting"), (10, "Answer"), (150, "Answer")])
def test_what_is_planned_far_off_hides_nothing(days: int, step: str) -> None:
    world = both_written_to()
    world.activity("meeting", NOW + days * DAY, [("deal", "d"), ("contact", "k")], known_at=NOW - DAY)
    assert str(proposed(world).steps["step"].iloc[0]).startswith(step)


def test_to_prepare_a_meeting_takes_no_room() -> None:
    world = both_written_to()
    world.activity("meeting", NOW + 2 * DAY, [("deal", "d")], known_at=NOW - DAY)
    assert "d" in set(proposed(world, max_new_per_owner=0).steps["record_id"])


@pytest.mark.parametrize("at", [253_402_300_799_000, 253_402_214_400_000])
def test_a_moment_at_the_end_of_the_calendar_costs_that_moment(at: int) -> None:
    world = both_written_to()
    world.rows["org"] = [{"currency": "EUR", "time_zone": "Asia/Shanghai"}]
    world.activity("meeting", at, [("deal", "d")], known_at=NOW - DAY)
    assert list(proposed(world).steps["step"]) == ["Answer"]
    assert day_of(at, ZoneInfo("Asia/Shanghai")) is None or at < 253_402_300_000_000


def test_a_date_is_the_same_day_everywhere_and_a_moment_its_own() -> None:
    midnight = int(datetime(2025, 11, 4, tzinfo=UTC).timestamp() * 1000)
    for zone in ("America/Los_Angeles", "UTC", "Asia/Shanghai"):
        assert calendar_day(midnight, ZoneInfo(zone)) == date(2025, 11, 4)
    in_shanghai = int(datetime(2025, 11, 4, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
    assert calendar_day(in_shanghai, ZoneInfo("Asia/Shanghai")) == date(2025, 11, 4)


@pytest.mark.parametrize(("ahead", "passed"), [(-1, True), (0, False), (1, False)])
def test_a_deal_that_closes_today_has_not_passed_its_date(ahead: int, passed: bool) -> None:
    world = both_written_to()
    today = NOW // DAY * DAY
    world.add("deal_history", deal_id="d", changed_at=NOW - DAY, close_date=today + ahead * DAY)
    scores = pd.DataFrame(
        {"object": "deals", "record_id": ["d"], "score": 50, "grade": "B", "probability": 0.3}
    )
    table = facts(world.connection(), scores, as_of=NOW + 9 * 3_600_000)
    assert table["days_to_close_date"].iloc[0] == ahead
    assert bool(table["close_date_passed"].iloc[0]) is passed


def test_a_step_that_an_answer_took_away_does_not_cool_off() -> None:
    rules = parse(ANSWER + "cooling_off_days = 30\n").rules
    ended, day = {"answer": date(2026, 3, 2)}, date(2026, 3, 12)
    assert len(cooling_off(rules, ended, "", day)) == 1
    assert cooling_off(rules, ended, "", day, [Answer("answer-1", "later", date(2026, 3, 2))]) == []
    assert len(cooling_off(rules, ended, "", day, [Answer("answer-1", "later", date(2026, 2, 2))])) == 1


def test_why_there_is_no_step_is_told_anew_where_it_is_another() -> None:
    assert is_news("nothing to do for now", "a task is planned for 12 May 2026")
    assert is_news("within the cap of 5 new steps a day for this owner", "put off until 5 May 2026")
    assert not is_news("within the cap of 5 new steps a day for this owner", "nothing to do for now")
    assert not is_news("2026年5月12日之前无需行动", "目前无需行动")
    today = date(2026, 5, 1)
    assert "nothing to do before 8 May 2026" in still_true(7, today, "en")
    assert "nothing to do before 9 May 2026" not in still_true(7, today, "en")


TWO = """[[rules]]
id = "a"
objects = ["deals"]
step = "Call"
reason = "why"
[rules.when]
score_min = 70

[[rules]]
id = "b"
objects = ["deals"]
when = {WHEN} # kept
step = "Write"
reason = "why"
"""


@pytest.mark.parametrize(
    ("table", "expression"),
    [
        ("{ score_max = 20 }", "score <= 20"),
        ("{ amount_min = 1234567 }", "amount >= 1234567"),
        ("{ amount_min = 0.1 }", "amount >= 0.1"),
        ("{ amount_min = 12345678901234 }", "amount >= 12345678901234"),
        ('{ stages = ["Won\'t decide"] }', '(stage in ["Won\'t decide"] or stage_id in ["Won\'t decide"])'),
    ],
)
def test_a_converted_playbook_says_the_same(table: str, expression: str) -> None:
    text = TWO.replace("{WHEN}", table)
    new, done = converted(text)
    assert done == 1 and "# kept" in new
    assert [r.when for r in parse(new).rules] == ["score >= 70", expression]
    assert parse(new) == parse(text)


@pytest.mark.parametrize("number", [1234567.0, 0.1, 1e16, 2.0, 123456.789])
def test_numbers_keep_their_digits(number: float) -> None:
    tree = parse_expression(f"amount >= {number:f}")
    assert parse_expression(written(tree)) == tree


def test_a_condition_that_asks_whether_a_fact_is_known_is_no_mistake() -> None:
    text = ANSWER.replace('"unanswered"', '"tier >= 1"').replace('["deals", "contacts"]', '["companies"]')
    (rule,) = parse(text).rules
    assert [f.kind for f in findings((rule,))] == ["no condition"]
    for table in ("{ score_min = 1 }", '{ grades = ["A", "B", "C", "D"] }', "{ days_since_inbound_min = 0 }"):
        assert len(parse(TWO.replace("{WHEN}", table)).rules) == 2


@pytest.mark.parametrize("pattern", [r"^(\\w+\\s?)*$", "(a+)+", "(a*b?){2,}"])
def test_an_expression_that_may_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError, match="repeats a repetition"):
        parse_expression(f'title =~~ "{pattern}"')


def test_a_comment_with_quotes_hides_no_line() -> None:
    text = '# """ a comment\n[[rules]]\nid = "a"\nwhen = "scor > 1"\n'
    assert find(text, "rules", 0, "when") == Position(4, 9)
    with pytest.raises(PlaybookError, match=":5:9: "):
        parse("\n" + text, name="p.toml")
