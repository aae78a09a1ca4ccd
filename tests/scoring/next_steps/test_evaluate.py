"""Conditions over columns: the library's own answers a row at a time, and what is unknown."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import rule_engine
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.playbook.expressions import parse
from sales_consultant.scoring.next_steps.evaluate import Facts, evaluate

ATOMS = st.sampled_from(
    [
        "score >= 50",
        "score < amount",
        "score + 3 > amount * 2",
        "score != 7",
        'grade == "A"',
        'grade in ["A", "B"]',
        'not (title =~~ "ead")',
        "unanswered",
        "unanswered == true",
        "score in [1, 2, 50]",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {
        "score": st.sampled_from([1.0, 2.0, 7.0, 49.5, 50.0, 99.0]),
        "amount": st.sampled_from([0.0, 20.0, 50.0, 1e9]),
        "grade": st.sampled_from(["A", "B", "C", "D"]),
        "title": st.sampled_from(["Head of it", "Engineer", ""]),
        "unanswered": st.booleans(),
    }
)
CONTEXT = rule_engine.Context()


@given(CONDITIONS, st.lists(ROWS, min_size=1, max_size=6))
def test_as_the_library_says_of_each_row(text: str, rows: list[dict[str, Any]]) -> None:
    truth = evaluate(parse(text), Facts(pd.DataFrame(rows)))
    own = rule_engine.Rule(text, context=CONTEXT)
    assert list(truth.true) == [own.matches(r) for r in rows]
    assert truth.known.all()


TABLE = pd.DataFrame(
    {
        "score": [80.0, np.nan, 10.0],
        "grade": ["A", None, 3],
        "unanswered": [True, None, "yes"],
        "products": [("pump",), None, "pump"],
    }
)


@pytest.mark.parametrize(
    ("text", "true", "known"),
    [
        ("score >= 50", [1, 0, 0], [1, 0, 1]),
        ("not (score >= 50)", [0, 0, 1], [1, 0, 1]),
        ('grade == "A"', [1, 0, 0], [1, 0, 0]),
        ('grade != "A"', [0, 0, 0], [1, 0, 0]),
        ("unanswered", [1, 0, 0], [1, 0, 0]),
        ("not unanswered", [0, 0, 0], [1, 0, 0]),
        ('"pump" in products', [1, 0, 0], [1, 0, 0]),
        # What is false settles an "and", what is true an "or", whatever the other side is.
        ('score >= 50 and grade == "A"', [1, 0, 0], [1, 0, 1]),
        ('score < 50 or grade == "A"', [1, 0, 1], [1, 0, 1]),
        ("amount > 3", [0, 0, 0], [0, 0, 0]),
        ("not (amount > 3)", [0, 0, 0], [0, 0, 0]),
        ("score / (score - score) > 3", [1, 0, 1], [1, 0, 1]),
    ],
)
def test_what_is_unknown_is_neither(text: str, true: list[int], known: list[int]) -> None:
    truth = evaluate(parse(text), Facts(TABLE))
    assert list(truth.true.astype(int)) == true
    assert list(truth.known.astype(int)) == known


def test_later_only_time_moves() -> None:
    table = pd.DataFrame(
        {
            "days_in_stage": [5.0, np.nan],
            "days_to_close_date": [3.0, 1.0],
            "close_date_passed": [False, False],
            "score": [9.0, 9.0],
        }
    )
    now = Facts(table)
    then = now.later(2)
    assert list(evaluate(parse("days_in_stage >= 7"), then).true) == [True, False]
    assert list(evaluate(parse("close_date_passed"), now).true) == [False, False]
    assert list(evaluate(parse("close_date_passed"), then).true) == [False, True]
    assert list(evaluate(parse("score == 9"), then).true) == [True, True]


def test_no_rows() -> None:
    assert evaluate(parse('score > 3 and grade == "A"'), Facts(pd.DataFrame())).true.shape == (0,)
