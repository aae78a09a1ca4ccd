"""Working days by country, and what answers and earlier steps silence."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.playbook import parse
from sales_consultant.scoring.next_steps.silence import Answer, Silence, cooling_off, of_answers
from sales_consultant.scoring.next_steps.working_days import (
    UnknownCountryError,
    calendar,
    working_day,
    working_day_before,
)

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("country", "start", "days", "expected"),
    [
        ("", date(2026, 11, 20), 1, date(2026, 11, 23)),
        ("CN", date(2025, 1, 24), 1, date(2025, 1, 26)),
        ("CN", date(2025, 1, 27), 1, date(2025, 2, 5)),
        ("DE", date(2026, 12, 24), 1, date(2026, 12, 28)),
        ("DE-BY", date(2026, 1, 5), 1, date(2026, 1, 7)),
        ("DE", date(2026, 1, 5), 1, date(2026, 1, 6)),
        ("US", date(2026, 11, 25), 1, date(2026, 11, 27)),
        ("AE", date(2026, 11, 20), 0, date(2026, 11, 20)),
    ],
)
def test_the_next_working_day(country: str, start: date, days: int, expected: date) -> None:
    assert working_day(start, days, calendar(country)) == expected


@pytest.mark.parametrize(("code", "told"), [("ZZ", '"ZZ"'), ("DE-XX", "known are"), ("DEE", "did you mean")])
def test_a_country_that_is_not_known(code: str, told: str) -> None:
    with pytest.raises(UnknownCountryError, match=told):
        calendar(code)


@given(DAYS, st.integers(0, 30), st.sampled_from(["", "CN", "DE", "US"]))
def test_so_many_working_days_lie_between(start: date, days: int, country: str) -> None:
    of = calendar(country)
    end = working_day(start, days, of)
    first = working_day(start, 0, of)
    between = [first + timedelta(days=n) for n in range((end - first).days)]
    assert of.is_working_day(end) and sum(map(of.is_working_day, between)) == days
    assert of.is_working_day(working_day_before(end, of)) and working_day_before(end, of) < end


MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("value", "days", "found"),
    [
        ("done", 400, Silence("answer", "done", None, "answer-1")),
        ("later", 4, Silence("answer", "later", date(2026, 11, 30), "answer-1")),
        ("later", 7, None),
        ("not_useful", 29, Silence("answer", "not_useful", date(2026, 12, 23))),
        ("not_useful", 30, None),
        ("wrong", 4000, Silence("answer", "wrong")),
        ("accepted", 1, None),
        ("what", 1, None),
    ],
)
def test_what_an_answer_silences(value: str, days: int, found: Silence | None) -> None:
    told = of_answers([Answer("answer-1", value, MONDAY)], MONDAY + timedelta(days=days))
    assert told == ([found] if found else [])


RULE = """[[rules]]
id = "a"
objects = ["deals"]
when = "score > 3"
cooling_off_days = 10
step = "Call"
reason = "they"
"""


def test_a_rule_cools_off_unless_its_step_is_shown() -> None:
    rules = parse(RULE).rules
    ended = {"a": MONDAY, "gone": MONDAY}
    assert cooling_off(rules, ended, "", MONDAY + timedelta(days=9)) == [
        Silence("a", "cooling_off", MONDAY + timedelta(days=10))
    ]
    assert cooling_off(rules, ended, "a-0123", MONDAY + timedelta(days=9)) == []
    assert cooling_off(rules, ended, "", MONDAY + timedelta(days=10)) == []
