"""Grades that the forward test cannot tell apart become one, and it is said."""

from itertools import pairwise

import numpy as np

from sales_consultant.scoring.metrics.calibration import calibrate, recent_shift, sigmoid
from sales_consultant.scoring.metrics.metrics import isotonic_gain
from sales_consultant.scoring.validation.grade_bands import bands, settle

EDGES = {"A": 65, "B": 57, "C": 50}


def sample(n: int, slope: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a share `slope` of the promised log-odds is true."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=n) * 1.2
    return (rng.random(n) < sigmoid(slope * margin)).astype(float), sigmoid(margin)


def test_grades_that_differ_stay() -> None:
    y, p = sample(4000, 1.0)
    edges, table, notes = settle(y, p, np.arange(4000), EDGES, base_odds=1.0)
    assert edges == EDGES and not notes
    assert [b["grade"] for b in table] == list("ABCD")
    assert all(a["rate"] > b["rate"] and a["low"] < a["rate"] < a["high"] for a, b in pairwise(table))
    assert all(abs(b["rate"] - b["promised"]) < 0.04 for b in table)
    assert sum(b["rows"] for b in table) == 4000


def test_grades_that_say_nothing_become_one() -> None:
    y, p = sample(400, 0.0, seed=1)
    edges, table, notes = settle(y, p, np.arange(400) // 4, EDGES, base_odds=1.0)
    assert len(edges) < 3 and notes
    assert len(table) == len(edges) + 1
    assert "is not given" in notes[0] and "so the two are one" in notes[0]
    # What is left can be told apart.
    assert not settle(y, p, np.arange(400) // 4, edges, base_odds=1.0)[2]


def test_rows_of_one_company_are_little_evidence() -> None:
    y, p = sample(400, 1.0)
    few = bands(y, p, np.arange(400) // 100, EDGES, base_odds=1.0)
    many = bands(y, p, np.arange(400), EDGES, base_odds=1.0)
    assert [b.rate for b in few] == [b.rate for b in many]


def test_a_rate_that_moved_is_followed_and_chance_is_not() -> None:
    rng = np.random.default_rng(3)
    n = 3000
    margin, order = rng.normal(size=n), np.arange(n)
    steady = (rng.random(n) < sigmoid(margin)).astype(float)
    weight, codes = np.ones(n), np.arange(n)
    assert recent_shift(margin, steady, weight, codes, order) == 0.0
    jumped = (rng.random(n) < sigmoid(margin + np.where(order >= 0.75 * n, 1.0, 0.0))).astype(float)
    slope, shift = calibrate(margin, jumped, weight)
    found = recent_shift(slope * margin + shift, jumped, weight, codes, order)
    assert 0.5 < found < 1.0
    newest = order >= 0.75 * n
    p = sigmoid(slope * margin + shift + found)
    assert abs(p[newest].mean() - jumped[newest].mean()) < 0.02
    # A single company that bought a lot is no new base rate.
    assert recent_shift(slope * margin + shift, jumped, weight, np.where(newest, 0, codes), order) == 0.0


def test_isotonic_tells_a_bent_calibration_from_a_straight_one() -> None:
    rng = np.random.default_rng(5)
    p = rng.uniform(0.05, 0.95, 4000)
    straight = (rng.random(4000) < p).astype(float)
    bent = (rng.random(4000) < np.where(p > 0.5, 0.5, p)).astype(float)
    codes = np.arange(4000)
    assert isotonic_gain(straight, p, codes) < 0.001
    assert isotonic_gain(bent, p, codes) > 0.02
