"""Association rules: what is bought together more often than chance would have it.

Support and confidence: R. Agrawal, T. Imielinski and A. Swami, "Mining association rules between sets of items in large
databases", SIGMOD 1993; R. Agrawal and R. Srikant, VLDB 1994, section 1.1. Lift (there "interest") and conviction: S. Brin,
R. Motwani, J. Ullman and S. Tsur, "Dynamic itemset counting and implication rules for market basket data", SIGMOD 1997,
section 5. Leverage: G. Piatetsky-Shapiro, "Discovery, analysis, and presentation of strong rules", 1991.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.products.baskets import Baskets, encode
from sales_consultant.scoring.products.itemsets import TOLERANCE, check_share, frequent, least_count

COLUMNS = (
    "antecedent", "consequent", "count", "support", "confidence", "lift", "leverage", "conviction",
)  # fmt: skip


def association_rules(
    baskets: Baskets | Iterable[Collection[str]],
    *,
    min_support: float,
    min_confidence: float,
    max_size: int | None = None,
) -> pd.DataFrame:
    """Every rule with one item on its right side, the highest lift first.

    Columns: antecedent (a tuple of items, sorted), consequent (an item), count (baskets that hold both), support (their share
    of all baskets), confidence (of those with the antecedent), lift, leverage, conviction (infinite at a confidence of 1).
    `min_support` and `min_confidence` are shares, 0 to 1; what equals a threshold but for rounding meets it. `max_size` is
    the most items of a rule, both sides together. Empty baskets count as baskets.

    Raises ScoringError for a threshold outside 0 to 1, or where there are too many itemsets.
    """
    check_share("min_support", min_support)
    check_share("min_confidence", min_confidence)
    held = baskets if isinstance(baskets, Baskets) else encode(baskets)
    counts = frequent(held, least_count(min_support, held.count), max_size=max_size)
    sides: list[tuple[tuple[int, ...], int]] = []
    numbers: list[tuple[int, int, int]] = []
    for itemset, both in counts.items():
        if len(itemset) < 2:
            continue
        for place, right in enumerate(itemset):
            left = itemset[:place] + itemset[place + 1 :]
            if both / counts[left] >= min_confidence - TOLERANCE:
                sides.append((left, right))
                numbers.append((both, counts[left], counts[(right,)]))
    table = np.asarray(numbers, dtype=float).reshape(-1, 3)
    frame = pd.DataFrame(
        {
            "antecedent": pd.Series([tuple(held.items[i] for i in left) for left, _ in sides], dtype=object),
            "consequent": pd.Series([held.items[right] for _, right in sides], dtype=object),
            **_measures(table[:, 0], table[:, 1], table[:, 2], held.count),
        }
    )
    return _sorted(frame)


def pair_rules(
    baskets: Baskets | Iterable[Collection[str]], *, min_support: float, min_confidence: float
) -> pd.DataFrame:
    """The rules of one item on either side, as `association_rules` with `max_size=2` gives them, in a fraction of its time.

    All pairs are counted by one product of sparse matrices, X'X. The antecedent is an item here, and no tuple.
    """
    check_share("min_support", min_support)
    check_share("min_confidence", min_confidence)
    held = baskets if isinstance(baskets, Baskets) else encode(baskets)
    single = np.asarray(held.matrix.sum(axis=0)).ravel()
    both = (held.matrix.T @ held.matrix).tocoo()
    hit = (both.row != both.col) & (both.data >= least_count(min_support, held.count))
    rows, columns, n = both.row[hit], both.col[hit], both.data[hit]
    sure = n / single[rows] >= min_confidence - TOLERANCE
    rows, columns, n = rows[sure], columns[sure], n[sure]
    names = np.asarray(held.items, dtype=object)
    frame = pd.DataFrame(
        {
            "antecedent": names[rows],
            "consequent": names[columns],
            **_measures(
                n.astype(float), single[rows].astype(float), single[columns].astype(float), held.count
            ),
        }
    )
    return _sorted(frame)


def _measures(
    both: NDArray[np.float64], left: NDArray[np.float64], right: NDArray[np.float64], baskets: int
) -> dict[str, Any]:
    """The measures of rules from the baskets with both sides, the left one and the right one (shapes (rules,))."""
    total = float(max(baskets, 1))
    support, expected = both / total, right / total
    confidence = both / left
    doubt = 1 - confidence
    with np.errstate(divide="ignore", invalid="ignore"):
        conviction = np.where(doubt > TOLERANCE, (1 - expected) / doubt, np.inf)
    return {
        "count": both.astype(np.int64),
        "support": support,
        "confidence": confidence,
        "lift": confidence / expected,
        "leverage": support - left / total * expected,
        "conviction": conviction,
    }


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """Highest lift first; equal ones by their names, so that the order is the same each time."""
    # Lifts that are equal but for rounding are ordered by name.
    key = frame["lift"].round(9)
    made = frame.assign(_lift=-key).sort_values(["_lift", "antecedent", "consequent"], ignore_index=True)
    return made[list(COLUMNS)]
