"""What a gain in log-loss proves: standard errors by clusters, and a comparison that no mere shift of a rate can win."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.metrics.calibration import sigmoid
from sales_consultant.scoring.metrics.metrics import losses

if TYPE_CHECKING:
    from collections.abc import Sequence

# The usual level, on one side.
CONFIDENCE = 0.95
# Least share of the base log-loss that a score must save: what an AUC of .55 saves. A judgement: with less the best tenth
# wins hardly more often than the average, and nobody should be told whom to call by it. In large tables chance alone would
# prove a tenth of that.
LEAST_GAIN = 0.005
# A judgement: records are entered twice, seldom more than five times.
_MOST_TWINS = 5
# A judgement: a year's months, each with enough rows to have a rate.
_SPANS = 12
# Steps of Newton's method, of which some five are needed; no step goes beyond a factor of 20 in the odds.
_STEPS, _STEP = 25, 3.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of rows with its standard error, and the degrees of freedom that its clusters leave."""

    mean: float
    error: float
    freedom: float

    @property
    def low(self) -> float:
        """The lower end, one-sided at 95 %; the mean itself where there is no error, -inf where it is not known."""
        from scipy.stats import t

        return float(self.mean - t.ppf(CONFIDENCE, self.freedom) * self.error) if self.freedom else -np.inf

    def interval(self) -> tuple[float, float]:
        """Both ends of 95 % of a mean between 0 and 1, by the log-odds, so that they stay there too."""
        from scipy.stats import t

        if not self.freedom:
            return 0.0, 1.0
        if not 0 < self.mean < 1:
            return self.mean, self.mean
        middle, spread = np.log(self.mean / (1 - self.mean)), self.error / (self.mean * (1 - self.mean))
        far = float(t.ppf((1 + CONFIDENCE) / 2, self.freedom)) * spread
        low, high = (float(1 / (1 + np.exp(-v))) for v in (middle - far, middle + far))
        return low, high


def estimate(values: NDArray[np.float64], ways: Sequence[NDArray[Any]]) -> Estimate:
    """The mean of `values` with a standard error that takes rows of one cluster for one piece of evidence.

    `ways` are labels of the rows, each another reason why rows go together (their company, their month). With several the
    variances are added and those of their intersections taken off (Cameron, Gelbach and Miller 2011), and the result is
    not below that of any one of them. Degrees of freedom are one less than the fewest clusters, of which unequal ones count
    as fewer (Carter, Schnepel and Steigerwald 2017), and none where all rows are one cluster.
    """
    rest = values - values.mean()
    codes = [pd.factorize(w)[0].astype(np.int64) for w in ways]
    single = [_variance(rest, c) for c in codes]
    total = sum(single)
    for size in range(2, len(codes) + 1):
        for some in combinations(codes, size):
            total += (-1) ** (size + 1) * _variance(rest, _joint(some))
    fewest = min(_effective(c) for c in codes)
    if fewest <= 1 + 1e-9:
        return Estimate(float(values.mean()), np.inf, 0.0)
    return Estimate(float(values.mean()), float(np.sqrt(max(total, *single, 0.0))), max(fewest - 1, 1.0))


def _joint(codes: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    joint = codes[0]
    for more in codes[1:]:
        joint = pd.factorize(joint * (int(more.max()) + 1) + more)[0].astype(np.int64)
    return joint


def _variance(rest: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """Of the mean, by sums over clusters, with the usual correction for their number."""
    sums, count = np.bincount(codes, weights=rest), _effective(codes)
    return float((sums**2).sum()) / len(rest) ** 2 * count / max(count - 1, 1e-9)


def _effective(codes: NDArray[np.int64]) -> float:
    """The number of clusters of equal size that would tell as much."""
    sizes = np.bincount(codes).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def shifts(
    y: NDArray[np.float64],
    margin: NDArray[np.float64],
    period: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What has to be added to the margins of each period (0 to k - 1) for their mean probability to be the rate."""
    delta = np.zeros(int(period.max()) + 1)
    for _ in range(_STEPS):
        p = sigmoid(margin + delta[period])
        slope = np.bincount(period, weights=weight * p * (1 - p))
        step = np.bincount(period, weights=weight * (y - p)) / np.maximum(slope, 1e-9)
        delta = delta + np.clip(step, -_STEP, _STEP)
    return np.asarray(np.clip(delta, -30, 30))


def gain_within(
    y: NDArray[np.float64], p: NDArray[np.float64], period: NDArray[Any]
) -> tuple[NDArray[np.float64], float]:
    """Log-loss that each row saves against a rate of its own period, and that rate's mean log-loss.

    The probabilities may shift with the period as the rate may, both with hindsight: what is left is what was told of
    records of one period. A period of one class tells nothing: 0.
    """
    codes = pd.factorize(period)[0].astype(np.int64)
    ones = np.ones(len(y))
    rate = (np.bincount(codes, weights=y) / np.bincount(codes))[codes]
    mixed = (rate > 0) & (rate < 1)
    margin = np.log(np.clip(p, 1e-12, 1 - 1e-12)) - np.log1p(-np.clip(p, 1e-12, 1 - 1e-12))
    own = sigmoid(margin + shifts(y, margin, codes, ones)[codes])
    flat = losses(y, rate)
    return np.where(mixed, flat - losses(y, own), 0.0), float(np.where(mixed, flat, 0.0).mean())


def spans(order: NDArray[Any]) -> NDArray[np.int64]:
    """Twelve spans of time of as many rows each, by any order in time; rows of one time are never parted."""
    rank = pd.factorize(order, sort=True)[0]
    edges = np.unique(np.quantile(rank, np.arange(1, _SPANS) / _SPANS))
    return np.searchsorted(edges, rank, side="right").astype(np.int64)


def twins(X: pd.DataFrame) -> NDArray[np.int64]:
    """A label a row, the same for rows that are alike in all columns.

    Of a record that stands in a CRM twice the second says nothing new, under whatever company it stands. Where more than
    five are alike, that is a common combination of values, and each is a record of its own.
    """
    plain = X.astype({c: object for c in X.columns if isinstance(X[c].dtype, pd.CategoricalDtype)})
    codes = pd.factorize(pd.util.hash_pandas_object(plain, index=False))[0].astype(np.int64)
    common = np.bincount(codes, minlength=1)[codes] > _MOST_TWINS
    return np.where(common, len(codes) + np.arange(len(codes)), codes)


def auc_influence(
    y: NDArray[np.float64], s: NDArray[np.float64], period: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Values of which the mean is the AUC and the spread that of the AUC: each row's share of pairs in the right order,
    positives and negatives each by their number (DeLong, DeLong and Clarke-Pearson 1988).

    With `period` only rows of one period are paired, and the AUCs of the periods averaged with the weights of van Elteren
    (1960), so that a rate that shifts orders nothing. One half where no period has both classes.
    """
    from scipy.stats import rankdata

    codes = np.zeros(len(y), dtype=np.int64) if period is None else pd.factorize(period)[0]
    out, area, total = np.zeros(len(y)), 0.0, 0.0
    for k in range(int(codes.max()) + 1):
        here = np.flatnonzero(codes == k)
        won = y[here] == 1
        wins, n = int(won.sum()), len(here)
        if not 0 < wins < n:
            continue
        own = np.empty(n)
        own[won], own[~won] = rankdata(s[here[won]]), rankdata(s[here[~won]])
        apart = rankdata(s[here]) - own
        share = np.where(won, apart / (n - wins), 1 - apart / wins)
        mine, weight = float(share[won].mean()), wins * (n - wins) / n
        out[here] = weight * (share - mine) / np.where(won, wins, n - wins)
        area, total = area + weight * mine, total + weight
    return out * len(y) / total + area / total if total else np.full(len(y), 0.5)
