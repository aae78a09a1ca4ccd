"""Margins of rows by models that saw no row of their group, or none as late as they are, and what is read from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.additive.ebm import FINE, MIN_FINE, ORDINARY, Sizes, Tables, fit_tables
from sales_consultant.scoring.additive.encoding import Encoder
from sales_consultant.scoring.additive.linear import LogisticPath, logistic, screen
from sales_consultant.scoring.metrics import calibrate, clipped_rate, mean_loss, older, recent_shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# Judgements. Five folds are usual: more cost more and say little more. The strength of a penalty and two numbers of a
# calibration are known well enough from 20,000 rows, and a training of 100,000 rows then takes seconds.
FOLDS = 5
MOST_ROWS_TO_TUNE = 20_000
_STEPS_DOWN = 2
# A judgement: what wins on so many rows wins on more, and 100,000 would take minutes to try.
_MOST_ROWS_TO_TRY = 25_000
# The share of the rows that is the newest, and that a step back in time goes: a quarter is recent enough to tell of now and
# large enough to tell it from chance (docs/decisions/scoring-moved-base-rate.md).
_STEP = 0.25
# How much of a shift is taken. A model that has seen the newest quarter has a part of it already, unless its columns tell the
# time and it holds the last level; which of the two is so is tried.
_TAKEN = (0.75, 1.0)
# None, and one that drops what alone says no more than chance: the fewer the rows the more it is worth.
SCREENS = (0.0, 2.0)


def some_groups(codes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Rows of as many whole groups, drawn by lot, as 20,000 rows hold; all rows where there are no more.

    A group of more rows than that is not drawn; where there are no others, as many rows are.
    """
    if len(codes) <= MOST_ROWS_TO_TUNE:
        return np.ones(len(codes), dtype=bool)
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    order = order[(sizes[order] > 0) & (sizes[order] <= MOST_ROWS_TO_TUNE)]
    if not len(order):
        return np.asarray(rng.permutation(len(codes)) < MOST_ROWS_TO_TUNE)
    chosen = np.zeros(len(sizes), dtype=bool)
    chosen[order[np.cumsum(sizes[order]) <= MOST_ROWS_TO_TUNE]] = True
    return np.asarray(chosen[codes])


def dense(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Group codes without gaps."""
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def several(codes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The groups, None where each row is one of its own."""
    return codes if int(codes.max()) + 1 < len(codes) else None


def folds(codes: NDArray[np.int64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Each row's fold; a group's rows share one.

    Groups of like events and like size are dealt out in turn, so that the folds hold as much of either outcome. Nothing
    is drawn: a verdict that hung on the seed of its folds would be none.
    """
    sizes, wins = np.bincount(codes), np.bincount(codes, weights=y)
    # Groups that are alike come in no order that a table may have.
    alike = np.random.default_rng(0).permutation(len(sizes))
    order = np.lexsort((alike, sizes, wins))
    turn = np.arange(len(sizes)) % (2 * FOLDS)
    fold_of_group = np.empty(len(sizes), dtype=np.int64)
    # There and back: the last of a round begins the next, or the last fold would always have the most.
    fold_of_group[order] = np.minimum(turn, 2 * FOLDS - 1 - turn)
    return np.asarray(fold_of_group[codes])


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded rows to learn from, and the folds in which others judge them.

    `Z` has the shape (rows, encoded columns); y, weight, group (0 to k - 1) and `twin` (the same for rows that are alike
    in all columns) are one a row.
    """

    Z: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    group: NDArray[np.int64]
    twin: NDArray[np.int64]

    @cached_property
    def fold(self) -> NDArray[np.int64]:
        """Each row's fold."""
        return folds(self.group, self.y)

    def splits(self) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """For each fold the rows to learn from and those to judge, no twin of which is learnt from."""
        for k in range(FOLDS):
            judged = self.fold == k
            if judged.any():
                yield ~judged & ~np.isin(self.twin, self.twin[judged]), judged


def clearly_less(mine: NDArray[np.float64], other: NDArray[np.float64], codes: NDArray[np.int64]) -> bool:
    """Whether the sum of `mine` is below that of `other` by more than a standard error of the paired difference.

    Rows of a group (`codes`, 0 to k - 1) count together: they are no independent evidence.
    """
    gain = np.bincount(codes, weights=other - mine)
    return float(gain.sum()) > float(np.sqrt(((gain - gain.mean()) ** 2).sum()))


def linear_margins(rows: Rows, strengths: Sequence[float]) -> dict[tuple[float, float], NDArray[np.float64]]:
    """Margins of every row by models that saw no row of its group, for each strength and screen of the columns.

    Strengths are tried from the least on, until the log-loss has risen twice.
    """
    Z, y, weight = rows.Z, rows.y, rows.weight
    splits, out = list(rows.splits()), {}
    for least in SCREENS:
        paths = [
            LogisticPath(Z, y, weight * learn, screen(Z[learn], y[learn], weight[learn], least))
            if len(np.unique(y[learn])) > 1
            else None
            for learn, _ in splits
        ]
        losses: list[float] = []
        for c in strengths:
            margin = np.zeros(len(y))
            for path, (learn, judged) in zip(paths, splits, strict=True):
                if path is None:
                    margin[judged] = _flat(y[learn])
                    continue
                coef, intercept = path.fit(c)
                margin[judged] = Z[judged] @ coef + intercept
            out[c, least] = margin
            losses.append(mean_loss(y, margin, weight))
            # Weaker penalties take ever longer, and after two steps downhill the best is behind.
            if len(losses) > _STEPS_DOWN and losses[-_STEPS_DOWN - 1 :] == sorted(losses[-_STEPS_DOWN - 1 :]):
                break
    return out


def _flat(y: NDArray[np.float64]) -> float:
    """The log-odds of the rate of rows of one class, or of none."""
    rate = clipped_rate(float(y.mean()) if len(y) else 0.5)
    return float(np.log(rate / (1 - rate)))


def calibrated_across(margins: Iterable[NDArray[np.float64]], rows: Rows) -> NDArray[np.float64]:
    """Margins out of fold by the best of some models, calibrated: for each fold by what the others say is best.

    For the report alone. What was chosen and calibrated by the rows that it is then judged on would be better than chance
    by that alone.
    """
    y, weight, out = rows.y, rows.weight, np.zeros(len(rows.y))
    tried = list(margins)
    for k in np.unique(rows.fold):
        known = rows.fold != k
        if not known.any():
            known = ~known
        best = min(tried, key=lambda m: mean_loss(y[known], m[known], weight[known]))
        slope, shift = calibrate(best[known], y[known], weight[known])
        out[rows.fold == k] = slope * best[rows.fold == k] + shift
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


def promising(rows: Rows, linear: NDArray[np.float64], plain: NDArray[np.bool_], random_state: int) -> bool:
    """Whether quick trees, halves of the groups judged by the other half, beat the linear margins by a standard error.

    A scout: tables take a hundred times as long to learn, and are worth it where something bends. The trees see the
    encoded columns marked in `plain`.
    """
    Z, y, weight = rows.Z[:, plain], rows.y, rows.weight
    half = rows.fold % 2
    out = np.zeros(len(y))
    for k in (0, 1):
        known, judged = half != k, half == k
        if not judged.any() or len(np.unique(y[known])) < 2:
            return False
        out[judged] = quick_trees(Z[known], y[known], weight[known], Z[judged], random_state)
    own, trees = (weight * (np.logaddexp(0.0, m) - y * m) for m in (linear, out))
    return clearly_less(trees, own, rows.group)


def boosted_margins(encoder: Encoder, X: pd.DataFrame, rows: Rows, random_state: int) -> NDArray[np.float64]:
    """Margins of every row by tables that saw no row of its group; `X` are the rows before they were encoded."""
    y, out = rows.y, np.zeros(len(rows.y))
    for known, judged in rows.splits():
        if len(np.unique(y[known])) < 2:
            out[judged] = _flat(y[known])
            continue
        made = fit_tables(
            encoder,
            X[known],
            y[known],
            rows.weight[known],
            random_state=random_state,
            groups=several(dense(rows.group[known])),
        )
        out[judged] = made.margin(X[judged])
    return out


def best_sizes(
    encoder: Encoder,
    X: pd.DataFrame,
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.int64],
    random_state: int,
) -> Sizes:
    """How fine the tables of so many rows should be: from 20,000 on finer ones, where they win.

    A trial of one bag each, learnt on four fifths of the groups, or 25,000 rows of them, and judged on others: by more
    than a standard error of the paired difference.
    """
    if len(y) < MIN_FINE or len(encoder.codes) < 2:
        return ORDINARY
    count = int(codes.max()) + 1
    place = np.random.default_rng(0).permutation(count)[codes]
    judged = place < count / FOLDS
    known = ~judged & (place <= np.sort(place[~judged])[:_MOST_ROWS_TO_TRY][-1])
    judged &= place <= np.sort(place[judged])[:_MOST_ROWS_TO_TRY][-1]
    if len(np.unique(y[known])) < 2:
        return ORDINARY
    losses = []
    for sizes in (ORDINARY, FINE):
        made = fit_tables(
            encoder,
            X[known],
            y[known],
            weight[known],
            random_state=random_state,
            groups=several(dense(codes[known])),
            sizes=replace(sizes, bags=1),
        )
        margin = made.margin(X[judged])
        losses.append(weight[judged] * (np.logaddexp(0.0, margin) - y[judged] * margin))
    return FINE if clearly_less(losses[1], losses[0], dense(codes[judged])) else ORDINARY


def sized_tables(
    encoder: Encoder,
    X: pd.DataFrame,
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    codes: NDArray[np.int64],
    random_state: int,
) -> Tables:
    """Tables as fine as so many rows allow."""
    sizes, groups = best_sizes(encoder, X, y, weight, codes, random_state), several(codes)
    return fit_tables(encoder, X, y, weight, random_state=random_state, groups=groups, sizes=sizes)


def tables_win(
    own: NDArray[np.float64],
    theirs: NDArray[np.float64],
    codes: NDArray[np.int64],
    order: NDArray[Any] | None,
) -> bool:
    """Whether losses of the tables are below those of the linear form: over all rows by more than a standard error of the
    paired difference (groups together), and not behind on the newest quarter, where the order in time is known."""
    if not clearly_less(theirs, own, codes):
        return False
    if order is None:
        return True
    newest = np.argsort(np.argsort(order, kind="stable"), kind="stable") >= 0.75 * len(own)
    return float((own - theirs)[newest].sum()) > 0


@dataclass(frozen=True, eq=False)
class History:
    """Rows in time: columns, label, weight, group (0 to k - 1) and `order`, one time a row."""

    X: pd.DataFrame
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    group: NDArray[np.int64]
    order: NDArray[Any]

    def less_a_step(self, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Known rows less the newest quarter of them."""
        rest = np.zeros(len(known), dtype=bool)
        rest[known] = older(self.order[known], 1 - _STEP)
        return rest


def shift_to_come(
    rows: History,
    *,
    hinges: int,
    strength: float,
    least: float,
    calibration: tuple[float, float],
) -> float:
    """What is to be added to the margin for the time to come, 0 unless it won at earlier times.

    A model of the rows before the newest quarter is off by so much on that quarter: where it is beyond chance (two
    standard errors, groups together), this is the shift, shrunk by its own uncertainty. Then the rule is followed where
    only three quarters of the rows are known, and three quarters of these. On the quarter that came next, what it would
    have added must have made the log-loss smaller: by more than a standard error over both, and in the later one.

    `strength`, `least` and `calibration` (slope and shift) are those that were chosen out of fold.
    """

    def margins(known: NDArray[np.bool_]) -> NDArray[np.float64] | None:
        if len(np.unique(rows.y[known])) < 2:
            return None
        # Learnt anew: an encoder that has seen later rows would know where their numbers end.
        encoder = Encoder.learn(rows.X[known], hinges=hinges)
        if not encoder.codes:
            return None
        Z = encoder.encode(rows.X)
        scale = screen(Z[known], rows.y[known], rows.weight[known], least)
        coef, intercept = logistic(Z[known] * scale, rows.y[known], rows.weight[known], strength)
        return np.asarray(calibration[0] * (Z @ (coef * scale) + intercept) + calibration[1])

    def learnt(known: NDArray[np.bool_]) -> float:
        margin = margins(rows.less_a_step(known))
        if margin is None:
            return 0.0
        return recent_shift(
            margin[known], rows.y[known], rows.weight[known], rows.group[known], rows.order[known]
        )

    found = learnt(np.ones(len(rows.y), dtype=bool))
    return found * _share_that_won(rows, margins, learnt) if found else 0.0


def _share_that_won(
    rows: History,
    margins: Callable[[NDArray[np.bool_]], NDArray[np.float64] | None],
    learnt: Callable[[NDArray[np.bool_]], float],
) -> float:
    """The share of the shift with the least log-loss at earlier times, 0 where none of them won."""
    own: list[NDArray[np.float64]] = []
    moved: dict[float, list[NDArray[np.float64]]] = {share: [] for share in _TAKEN}
    groups: list[NDArray[np.int64]] = []
    later: list[NDArray[np.bool_]] = []
    end = np.ones(len(rows.y), dtype=bool)
    for newest in (True, False):
        known = rows.less_a_step(end)
        margin, judged = margins(known), end & ~known
        end = known
        if margin is None or not judged.any():
            continue
        shift = learnt(known)
        y, weight, m = rows.y[judged], rows.weight[judged], margin[judged]
        own.append(weight * (np.logaddexp(0.0, m) - y * m))
        for share, losses in moved.items():
            with_it = m + share * shift
            losses.append(weight * (np.logaddexp(0.0, with_it) - y * with_it))
        groups.append(rows.group[judged])
        later.append(np.full(len(y), newest))
    if not own:
        return 0.0
    before, codes, last = np.concatenate(own), dense(np.concatenate(groups)), np.concatenate(later)
    after = {share: np.concatenate(losses) for share, losses in moved.items()}
    best = min(after, key=lambda share: float(after[share].sum()))
    won = clearly_less(after[best], before, codes) and (before - after[best])[last].sum() > 0
    return best if won else 0.0
