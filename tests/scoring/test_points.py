"""Points: 50 and the shown lines are the score, exactly, whatever the contributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sales_consultant.scoring.points import BASE, GRADES, grade, grade_edges, points, split
from sales_consultant.scoring.reasons import Reason, shown

FINITE = st.floats(-200, 200, allow_nan=False, width=32)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=FINITE))
def test_lines_and_rest_sum_to_the_score(exact: np.ndarray) -> None:
    whole, rest, score = split(exact)
    assert (BASE + whole.sum(axis=1) + rest == score).all()
    assert ((score >= 1) & (score <= 99)).all()
    assert (np.abs(whole - exact) <= 1).all()


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=FINITE))
def test_inside_the_scale_nothing_is_left_over(exact: np.ndarray) -> None:
    _, rest, score = split(exact)
    inside = (score > 1) & (score < 99)
    assert (rest[inside] == 0).all()
    assert (np.abs(score - BASE - exact.sum(axis=1))[inside] <= 0.5 + 1e-9).all()


def test_ten_points_double_the_odds() -> None:
    assert points(np.array([np.log(2.0), -np.log(4.0)])) == pytest.approx([10.0, -20.0])


@given(st.lists(st.integers(1, 99), min_size=20, max_size=300))
def test_edges_fall_and_every_score_has_a_grade(scores: list[int]) -> None:
    edges = grade_edges(np.array(scores))
    assert edges["A"] > edges["B"] > edges["C"] > 1
    assert {grade(s, edges) for s in range(1, 100)} == set(GRADES)


def test_edges_give_the_wanted_shares() -> None:
    scores = np.clip(np.random.default_rng(3).normal(50, 15, 5000), 1, 99).astype(int)
    edges = grade_edges(scores)
    shares = [float((scores >= edges[g]).mean()) for g in "ABC"]
    assert shares == pytest.approx([0.10, 0.30, 0.60], abs=0.02)


def test_edges_of_an_empty_population() -> None:
    assert grade_edges(np.array([], dtype=np.int64)) == {"A": 65, "B": 57, "C": 50}


def test_shown_reasons_keep_the_sum() -> None:
    every = [
        Reason("a", 9, "a"),
        Reason("b", -7, "b"),
        Reason("c", 3, "c"),
        Reason("d", 2, "d"),
        Reason("x", 1, "everything_else"),
    ]
    lines = shown(every, top=3)
    assert [r.text for r in lines] == ["a", "b", "c", "everything else"]
    assert sum(r.points for r in lines) == sum(r.points for r in every)
    assert lines[0].line() == "a: +9"
