"""Whether a column looks like a cause of the outcome or like something that the outcome brought with it.

Causes of one outcome that have nothing to do with each other are uncorrelated over all records, and tied together among
records of one outcome: where one cause is missing, another must have been there (Berkson 1946). What the outcome sets, or
what grows while a record comes to its end, is the other way round: it is correlated with every cause and with every other
effect over all records, as much as the outcome makes it, and no more among records of one outcome. It is the rule by which
arrows are found in graphs of causes (Pearl 2009, Causality, section 2.5: "v-structures"). No name and no time is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.leakage.univariate import cells, floats

if TYPE_CHECKING:
    from collections.abc import Sequence

# More rows make a correlation no clearer than is asked here.
_MOST_ROWS = 20_000
# The search starts once from each of so many columns, the strongest first: a judgement between time and what is found.
_MOST_STARTS = 60


@dataclass(frozen=True)
class Orientation:
    """How each column stands to the outcome.

    `strength` is the correlation of a column's rates with the outcome (0 to 1), `error` what it may be off by, and `late`
    the log-odds that the column is an effect of the outcome and no cause; 0 where nothing can be said. `causes` is how much
    better (in log-odds) the correlations of the causes among each other fit causes than effects: where it is small, nothing
    in the table looks like a cause, and effects may be all that it honestly has (the symptoms of an illness).
    """

    columns: list[str]
    strength: NDArray[np.float64]
    late: NDArray[np.float64]
    error: float
    causes: float = 0.0

    def of(self, column: str) -> tuple[float, float]:
        """A column's strength in standard errors, and its log-odds of being an effect."""
        j = self.columns.index(column)
        return float(self.strength[j] / self.error), float(self.late[j])


def orientation(
    X: pd.DataFrame,
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    prior: dict[str, float],
    random_state: int,
) -> Orientation:
    """Judge all columns of `X` together; `prior` are log-odds, by column, of being an effect before any value is seen.

    Of few rows these are all that is known of a column that goes with the outcome.
    """
    rng = np.random.default_rng(random_state)
    if len(y) > _MOST_ROWS:
        some = np.sort(rng.permutation(len(y))[:_MOST_ROWS])
        X, y, groups = X.iloc[some], y[some], groups[some]
    columns = [str(c) for c in X.columns]
    effective = len(np.unique(groups)) if len(groups) else 0
    before = np.array([prior.get(c, POLICY.late_prior) for c in columns])
    if not columns or effective < 2 or y.min() == y.max():
        return Orientation(columns, np.zeros(len(columns)), np.zeros(len(columns)), 1.0)
    half = rng.permutation(int(groups.max()) + 1)[groups] % 2 == 0
    told = np.column_stack([_by_outcome(X[c], y, half) for c in X.columns])
    spread = told.std(axis=0)
    told = (told - told.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    r = told.T @ ((y - y.mean()) / y.std()) / len(y)
    error = 1 / np.sqrt(effective)
    lean = _lean(told.T @ told / len(y), r, error)
    asked = np.flatnonzero((r > POLICY.oriented * error) & (spread > 0))
    late, causes = np.zeros(len(columns)), 0.0
    if effective < POLICY.fewest_to_orient:
        late[asked] = before[asked]
    elif len(asked) > 1:
        late[asked], causes = _labels(lean[np.ix_(asked, asked)], before[asked], np.argsort(-r[asked]))
    return Orientation(columns, r, late, float(error), causes)


def _by_outcome(
    column: pd.Series[Any], y: NDArray[np.float64], half: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The column in the direction of the outcome: its values' rates in the other half, or its bins where these say more."""
    cell = cells(column, np.ones(len(y), dtype=bool)) + 1
    size = int(cell.max()) + 1
    out = np.empty(len(y))
    for learn in (half, ~half):
        wins = np.bincount(cell[learn], weights=y[learn], minlength=size)
        rate = (wins + y.mean()) / (np.bincount(cell[learn], minlength=size) + 1.0)
        out[~learn] = rate[cell[~learn]]
    values = floats(column)
    if values is None or not np.isfinite(values).all() or min(np.ptp(cell), np.ptp(out)) == 0:
        return out
    straight = float(np.corrcoef(cell, y)[0, 1])
    # Ranks take longer than all else here, and of a column that says nothing they say nothing.
    if abs(straight) < POLICY.worth_ranks / np.sqrt(len(y)):
        return out
    ranks = pd.Series(values).rank().to_numpy()
    straight = float(np.corrcoef(ranks, y)[0, 1])
    return ranks * np.sign(straight) if abs(straight) > np.corrcoef(out, y)[0, 1] else out


def _lean(together: NDArray[np.float64], r: NDArray[np.float64], error: float) -> NDArray[np.float64]:
    """For each pair the log of how much better "tied by the outcome" fits its correlation than "two causes" does.

    A correlation that neither explains has another reason and leans to nothing.
    """
    by_outcome = np.outer(r, r)
    other = POLICY.usual_correlation**2 + error**2

    def density(mean: Any, variance: float) -> NDArray[np.float64]:
        return np.asarray(np.exp(-((together - mean) ** 2) / (2 * variance)) / np.sqrt(variance))

    rest = POLICY.other_reason * density(0.0, other) + 1e-300
    tied = (1 - POLICY.other_reason) * density(by_outcome, error**2) + rest
    apart = (1 - POLICY.other_reason) * density(0.0, error**2) + rest
    lean = np.log(tied / apart)
    np.fill_diagonal(lean, 0.0)
    return lean


def _labels(
    lean: NDArray[np.float64], before: NDArray[np.float64], strongest: Sequence[int] | NDArray[np.int64]
) -> tuple[NDArray[np.float64], float]:
    """The log-odds of each column to be an effect, over the divisions into causes and effects that fit best, and how well the
    causes fit each other.

    A pair of causes should be apart, every other pair be tied by the outcome. From several starts a column at a time changes
    sides while that fits better; the ends of all searches are weighed by how well they fit.
    """
    ends: dict[bytes, tuple[float, NDArray[np.float64], float]] = {}
    for start in (-1, *strongest[:_MOST_STARTS]):
        cause = before < 0
        if start >= 0:
            cause = np.zeros(len(before), dtype=bool)
            cause[start] = True
        for _ in range(20 * len(before)):
            odds = before + lean[:, cause].sum(axis=1)
            gain = np.where(cause, odds, -odds)
            k = int(gain.argmax())
            if gain[k] <= 1e-9:
                break
            cause[k] = not cause[k]
        apart = float(-lean[np.ix_(cause, cause)].sum() / 2)
        ends[cause.tobytes()] = (
            float(before[~cause].sum()) + apart,
            before + lean[:, cause].sum(axis=1),
            apart,
        )
    fits = np.array([fit for fit, _, _ in ends.values()])
    weight = np.exp(fits - fits.max())
    weight /= weight.sum()
    p = weight @ np.array([1 / (1 + np.exp(-np.clip(odds, -30, 30))) for _, odds, _ in ends.values()])
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(p / (1 - p))), float(weight @ np.array([apart for _, _, apart in ends.values()]))
