"""Points: 50 and the shown lines are the score, exactly, whatever the contributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sales_consultant.scoring.propensity.points import BASE, GRADES, grade, grade_edges, points, split
from sales_consultant.scoring.propensity.reasons import Reason, shown

FINITE = st.floats(-200, 200, allow_nan=False, width=32)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=FINITE))
def test_parts_and_what_is_held_sum_to_the_score(exact: np.ndarray) -> None:
    whole, held, score = split(exact)
    assert (BASE + whole.sum(axis=1) + held == score).all()
    assert ((score >= 1) & (score <= 99)).all()
    assert (np.abs(whole - exact) <= 1).all()


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=FINITE))
def test_inside_the_scale_nothing_is_held(exact: np.ndarray) -> None:
    whole, held, score = split(exact)
    inside = (score > 1) & (score < 99)
    assert (held[inside] == 0).all()
    assert (whole.sum(axis=1) == np.floor(exact.sum(axis=1) + 0.5)).all()
    assert (np.abs(score - BASE - exact.sum(axis=1))[inside] <= 0.5 + 1e-9).all()


def test_ten_points_double_the_odds() -> None:
    assert points(np.array([np.log(2.0), -np.log(4.0)])) == pytest.approx([10.0, -20.0])


@given(
    st.lists(st.sampled_from((1, 2, 30, 50, 51, 70, 98, 99)) | st.integers(1, 99), min_size=20, max_size=300)
)
def test_edges_fall_and_somebody_reaches_each(scores: list[int]) -> None:
    edges = grade_edges(np.array(scores))
    held = list(edges.values())
    assert held == sorted(set(held), reverse=True) and list(edges) == sorted(edges)
    given_out = [grade(s, edges) for s in scores]
    assert set(edges) <= set(given_out) <= set(GRADES)
    for g, share in (("A", 0.1), ("B", 0.3), ("C", 0.6)):
        # No other edge among the scores there are would meet the share more closely.
        reached = np.mean([x <= g for x in given_out])
        others = [np.mean(np.array(scores) >= s) for s in {*scores, 100}]
        assert abs(reached - share) <= min(abs(o - share) for o in others) + 1e-6


@pytest.mark.parametrize(
    ("scores", "edges"),
    [
        ([50] * 40, {"C": 50}),
        ([99] * 40 + [20] * 60, {"B": 99}),
        ([99] * 15 + [60] * 20 + [1] * 65, {"A": 99, "B": 60}),
        ([90] * 95 + [10] * 5, {"C": 90}),
    ],
)
def test_ties_merge_grades(scores: list[int], edges: dict[str, int]) -> None:
    assert grade_edges(np.array(scores)) == edges


def test_edges_give_the_wanted_shares() -> None:
    scores = np.clip(np.random.default_rng(3).normal(50, 15, 5000), 1, 99).astype(int)
    edges = grade_edges(scores)
    shares = [float((scores >= edges[g]).mean()) for g in "ABC"]
    assert shares == pytest.approx([0.10, 0.30, 0.60], abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 19])
def test_few_records_have_fixed_edges(count: int) -> None:
    assert grade_edges(np.arange(count, dtype=np.int64) + 40) == {"A": 65, "B": 57, "C": 50}


def test_shown_reasons_keep_the_sum() -> None:
    every = [
        Reason("a", 9, "a"),
        Reason("b", -7, "b"),
        Reason("c", 3, "c"),
        Reason("d", 2, "d"),
        Reason("x", 1, "everything_else"),
        Reason("held at 99", -20, "held"),
    ]
    lines = shown(every, top=3)
    assert [r.text for r in lines] == ["a", "b", "c", "everything else", "held at 99"]
    assert sum(r.points for r in lines) == sum(r.points for r in every)
    assert lines[0].line() == "a: +9"
