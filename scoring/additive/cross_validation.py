"""Margins of rows by models that saw no row of their group, and the comparison that is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.additive.ebm import fit_tables
from sales_consultant.scoring.additive.linear import logistic, screen
from sales_consultant.scoring.metrics import clipped_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sales_consultant.scoring.additive.encoding import Encoder

# Judgements. Five folds are usual: more cost more and say little more. The strength of a penalty and two numbers of a
# calibration are known well enough from 20,000 rows, and a training of 100,000 rows then takes seconds.
FOLDS = 5
MOST_ROWS_TO_TUNE = 20_000
# None, and one that drops what alone says no more than chance: the fewer the rows the more it is worth.
SCREENS = (0.0, 2.0)


def some_groups(codes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Rows of as many whole groups, drawn by lot, as 20,000 rows hold; all rows where there are no more."""
    if len(codes) <= MOST_ROWS_TO_TUNE:
        return np.ones(len(codes), dtype=bool)
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    chosen = np.zeros(len(sizes), dtype=bool)
    chosen[order[np.cumsum(sizes[order]) <= MOST_ROWS_TO_TUNE]] = True
    return np.asarray(chosen[codes])


def dense(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Group codes without gaps."""
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def several(codes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The groups, None where each row is one of its own."""
    return codes if int(codes.max()) + 1 < len(codes) else None


def folds(codes: NDArray[np.int64], random_state: int) -> NDArray[np.int64]:
    """Each row's fold; a group's rows share one."""
    fold_of_group = np.random.default_rng(random_state).permutation(int(codes.max()) + 1) % FOLDS
    return np.asarray(fold_of_group[codes])


def clearly_less(mine: NDArray[np.float64], other: NDArray[np.float64], codes: NDArray[np.int64]) -> bool:
    """Whether the sum of `mine` is below that of `other` by more than a standard error of the paired difference.

    Rows of a group (`codes`, 0 to k - 1) count together: they are no independent evidence.
    """
    gain = np.bincount(codes, weights=other - mine)
    return float(gain.sum()) > float(np.sqrt(((gain - gain.mean()) ** 2).sum()))


def linear_margins(
    Z: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.int64],
    strengths: Sequence[float],
    random_state: int,
) -> dict[tuple[float, float], NDArray[np.float64]]:
    """Margins of every row by models that saw no row of its group, for each strength and screen of the columns."""
    fold = folds(codes, random_state)
    out = {(c, least): np.zeros(len(y)) for least in SCREENS for c in strengths}
    for k in range(FOLDS):
        learn, judged = fold != k, fold == k
        if not judged.any():
            continue
        if len(np.unique(y[learn])) < 2:
            rate = clipped_rate(y[learn].mean())
            for margins in out.values():
                margins[judged] = float(np.log(rate / (1 - rate)))
            continue
        for least in SCREENS:
            scale = screen(Z[learn], y[learn], weight[learn], least)
            known, unseen = Z[learn] * scale, Z[judged] * scale
            start: NDArray[np.float64] | None = None
            for c in strengths:
                coef, intercept = logistic(known, y[learn], weight[learn], c, start=start)
                start = np.r_[coef, intercept]
                out[c, least][judged] = unseen @ coef + intercept
    return out


def quick_trees(
    Z: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    judged: NDArray[np.float64],
    random_state: int,
    trees: int = 80,
) -> NDArray[np.float64]:
    """Margins of other rows by a few small trees: no model to keep, a look at what bends.

    The sizes are judgements: small and held back, so that they are quick and seldom mistake chance for a bend.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    equal = bool((weight == weight[0]).all())
    quick = HistGradientBoostingClassifier(
        max_iter=trees,
        max_leaf_nodes=8,
        l2_regularization=5.0,
        # Weighted quantiles of many bins take the library twenty times as long as the trees.
        max_bins=63 if equal else 31,
        early_stopping=False,
        random_state=random_state,
    )
    quick.fit(Z, y, sample_weight=None if equal else weight)
    p = np.clip(quick.predict_proba(judged)[:, 1], 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)), dtype=np.float64)


def promising(
    Z: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.int64],
    linear: NDArray[np.float64],
    random_state: int,
) -> bool:
    """Whether quick trees, halves of the groups judged by the other half, beat the linear margins by a standard error.

    A scout: tables take a hundred times as long to learn, and are worth it where something bends.
    """
    half = folds(codes, random_state) % 2
    out = np.zeros(len(y))
    for k in (0, 1):
        known, judged = half != k, half == k
        if not judged.any() or len(np.unique(y[known])) < 2:
            return False
        out[judged] = quick_trees(Z[known], y[known], weight[known], Z[judged], random_state)
    own, trees = (weight * (np.logaddexp(0.0, m) - y * m) for m in (linear, out))
    return clearly_less(trees, own, codes)


def boosted_margins(
    encoder: Encoder,
    X: pd.DataFrame,
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.int64],
    random_state: int,
) -> NDArray[np.float64]:
    """Margins of every row by tables that saw no row of its group."""
    fold = folds(codes, random_state)
    out = np.zeros(len(y))
    for k in range(FOLDS):
        known, judged = fold != k, fold == k
        if not judged.any():
            continue
        if len(np.unique(y[known])) < 2:
            out[judged] = float(np.log(clipped_rate(y[known].mean()) / (1 - clipped_rate(y[known].mean()))))
            continue
        made = fit_tables(
            encoder,
            X[known],
            y[known],
            weight[known],
            random_state=random_state,
            groups=several(dense(codes[known])),
        )
        out[judged] = made.margin(X[judged])
    return out
