"""Points, scores and grades: 50 is average, 10 points more double the odds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BASE = 50
LOW, HIGH = 1, 99
GRADES = ("A", "B", "C", "D")
_SHARES = {"A": 0.10, "B": 0.30, "C": 0.60}


def points(contributions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of contributions in log-odds: 10 x log2 of the odds ratio."""
    import numpy as np

    return np.asarray(contributions * (10 / np.log(2)))


def split(exact: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Whole points of each row's reasons, what is left over, and the score.

    `exact` are points, shape (rows, reasons). The whole points of a row sum to the rounded sum of its exact
    ones (largest remainder); what holding the score to 1..99 takes away is left over. So
    50 + whole points + left over = score, exactly.
    """
    import numpy as np

    floors = np.floor(exact)
    totals = np.floor(exact.sum(axis=1) + 0.5)
    missing = (totals - floors.sum(axis=1)).astype(np.int64)
    order = np.argsort(-(exact - floors), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    whole = (floors + (rank < missing[:, None])).astype(np.int64)
    raw = BASE + totals.astype(np.int64)
    score = np.clip(raw, LOW, HIGH)
    return whole, score - BASE - whole.sum(axis=1), score


def grade_edges(scores: NDArray[np.int64]) -> dict[str, int]:
    """The least score of A, B and C such that about 10, 30 and 60 % of the records reach them.

    Of the scores near the wanted share the one that comes closest is taken; the edges fall strictly, so
    every grade can be reached.
    """
    import numpy as np

    edges: dict[str, int] = {}
    above = HIGH + 1
    counts = np.bincount(scores, minlength=HIGH + 2)
    at_least = counts[::-1].cumsum()[::-1] / max(len(scores), 1)
    for grade, share in _SHARES.items():
        choices = np.arange(LOW + 1, above)
        choices = choices[choices > LOW + len(_SHARES) - len(edges) - 1]
        if not len(choices):
            choices = np.array([above - 1])
        if len(scores):
            reached = at_least[choices]
            best = int(choices[np.argmin(np.abs(reached - share) - 1e-9 * choices)])
        else:
            best = {"A": 65, "B": 57, "C": 50}[grade]
        edges[grade], above = best, best
    return edges


def grade(score: int, edges: dict[str, int]) -> str:
    """A to D.

    >>> grade(57, {"A": 65, "B": 57, "C": 50})
    'B'
    """
    return next((g for g in GRADES[:3] if score >= edges[g]), "D")
