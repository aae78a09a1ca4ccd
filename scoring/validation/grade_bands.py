"""What each grade's records did in the forward test; grades that the test cannot tell apart become one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sales_consultant.config.language.numbers import percent
from sales_consultant.scoring.metrics import group_weights
from sales_consultant.scoring.propensity import BASE, GRADES, HIGH, LOW, grade

# docs/decisions/scoring-merged-grades.md. Of 400 draws either end is the fortieth, known well enough; more cost time.
INTERVAL = (0.1, 0.9)
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Band:
    """A grade in the forward test: rows, the share with the event with its 80 % interval, and the share promised."""

    grade: str
    rows: int
    rate: float
    low: float
    high: float
    promised: float


def bands(
    y: NDArray[np.float64],
    p: NDArray[np.float64],
    groups: NDArray[Any],
    edges: dict[str, int],
    *,
    base_odds: float,
    random_state: int = 0,
) -> list[Band]:
    """The grades that rows of a test would have got, best first; companies are drawn with replacement."""
    score = BASE + 10 * np.log2(p / (1 - p) / base_odds)
    whole = np.clip(np.floor(score + 0.5), LOW, HIGH).astype(int)
    given = np.array([grade(int(s), edges) for s in whole])
    weights = group_weights(groups, RESAMPLES, np.random.default_rng(random_state))
    listed = []
    for name in GRADES:
        hit = given == name
        if not hit.any():
            continue
        drawn = weights[:, hit]
        size = drawn.sum(axis=1)
        rates = (drawn @ y[hit])[size > 0] / size[size > 0]
        low, high = np.quantile(rates, INTERVAL)
        rate, told = float(y[hit].mean()), float(p[hit].mean())
        listed.append(Band(name, int(hit.sum()), rate, float(low), float(high), told))
    return listed


def settle(
    y: NDArray[np.float64],
    p: NDArray[np.float64],
    groups: NDArray[Any],
    edges: dict[str, int],
    *,
    base_odds: float,
    random_state: int = 0,
) -> tuple[dict[str, int], list[dict[str, Any]], list[str]]:
    """The edges less those between grades whose intervals lie one within the other, the bands then, and what to say.

    Of two such grades the lower name stays: nobody is called better than the test can show.
    """
    edges = dict(edges)
    notes: list[str] = []
    while True:
        found = bands(y, p, groups, edges, base_odds=base_odds, random_state=random_state)
        alike = next((pair for pair in pairwise(found) if _within(*pair)), None)
        if alike is None:
            return edges, [asdict(b) for b in found], notes
        upper, lower = alike
        notes.append(
            f"grade {upper.grade} is not given: in the forward test {percent(upper.rate)} of its {upper.rows} rows had the "
            f"event ({percent(upper.low)} to {percent(upper.high)}), of grade {lower.grade}'s {lower.rows} it was "
            f"{percent(lower.rate)} ({percent(lower.low)} to {percent(lower.high)}), so the two are one"
        )
        del edges[upper.grade]


def _within(a: Band, b: Band) -> bool:
    return (a.low >= b.low and a.high <= b.high) or (b.low >= a.low and b.high <= a.high)
