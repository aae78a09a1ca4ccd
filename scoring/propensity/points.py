"""Points, scores and grades: 50 is average, 10 points more double the odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# docs/explanation/scores.md, section 6. 0 and 100 would look like certainty.
BASE = 50
LOW, HIGH = 1, 99
GRADES = ("A", "B", "C", "D")
# Judgements: A is what a rep can work first. Of fewer records than 20 a tenth is one or two: then A has 2.8 times the
# odds of the average, B 1.6 times (docs/decisions/scoring-grade-ties.md).
_SHARES = {"A": 0.10, "B": 0.30, "C": 0.60}
_FIXED = {"A": 65, "B": 57, "C": 50}
_LEAST_RANKED = 20


def points(contributions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of contributions in log-odds: 10 x log2 of the odds ratio."""
    return np.asarray(contributions * (10 / np.log(2)))


def split(
    exact: NDArray[np.float64], parts: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Whole points of each row's parts, what holding the score took away or gave, and the score.

    `exact` are points, shape (rows, parts); `parts` the same put together otherwise, with the same sum. The whole points of a
    row sum to the rounded sum of its exact ones (largest remainder). A score outside 1..99 is held at the limit. So 50 +
    whole points + held = score, exactly.
    """
    totals = np.floor(exact.sum(axis=1) + 0.5)
    exact = exact if parts is None else parts
    floors = np.floor(exact)
    missing = (totals - floors.sum(axis=1)).astype(np.int64)
    order = np.argsort(-(exact - floors), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    whole = (floors + (rank < missing[:, None])).astype(np.int64)
    raw = BASE + totals.astype(np.int64)
    score = np.clip(raw, LOW, HIGH)
    return whole, score - raw, score


def grade_edges(scores: NDArray[np.int64]) -> dict[str, int]:
    """The least score of A, B and C such that about 10, 30 and 60 % of the records reach them.

    Records of one score have one grade, that of the middle of the ranks they take up. So an edge lies where
    its share is met most closely, is always the score of some record, and a grade that the ties leave nobody
    for has no edge: where all score alike, all are C. Under 20 records ranks mean nothing and fixed edges
    around the average of 50 are given.
    """
    if len(scores) < _LEAST_RANKED:
        return dict(_FIXED)
    values, counts = np.unique(scores, return_counts=True)
    middle = 1 - (counts.cumsum() - counts / 2) / len(scores)
    places = np.searchsorted([*_SHARES.values()], middle - 1e-9)
    return {g: int(values[places == k].min()) for k, g in enumerate(_SHARES) if (places == k).any()}


def grade(score: int, edges: dict[str, int]) -> str:
    """A to D; a grade without an edge is given to nobody.

    >>> grade(57, {"A": 65, "B": 57, "C": 50}), grade(99, {"C": 50})
    ('B', 'C')
    """
    return next((g for g in GRADES[:3] if g in edges and score >= edges[g]), "D")
