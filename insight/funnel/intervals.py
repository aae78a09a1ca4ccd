"""Intervals of shares and means, and tests of many hypotheses at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; NaN where it is not known. `n`: from how many rows it was made."""

    value: float
    low: float
    high: float
    n: int


NONE = Estimate(math.nan, math.nan, math.nan, 0)
"""Nothing is known."""


def z_of(level: float) -> float:
    """The normal quantile of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def upper_tail(z: Floats) -> Floats:
    """P(Z >= z) of a standard normal variable."""
    return np.array([0.5 * math.erfc(v / math.sqrt(2)) for v in np.atleast_1d(z)])


def wilson(hits: npt.ArrayLike, n: npt.ArrayLike, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Low and high of the score interval of shares hits / n, in 0 to 1; NaN where n is 0.

    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22, p. 212. Counts may be
    fractions, as effective numbers are.
    """
    k, m = np.broadcast_arrays(np.asarray(hits, dtype=float), np.asarray(n, dtype=float))
    z = z_of(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(m > 0, k / m, np.nan)
        middle = (p + z * z / (2 * m)) / (1 + z * z / m)
        half = z * np.sqrt(p * (1 - p) / m + z * z / (4 * m * m)) / (1 + z * z / m)
    # At 0 and n hits the formula gives 0 and 1 but for the last digit.
    low = np.where(k <= 0, np.where(m > 0, 0.0, np.nan), middle - half)
    high = np.where((k >= m) & (m > 0), 1.0, middle + half)
    return low, high


def share(hits: float, n: float, level: float = LEVEL) -> Estimate:
    """A share with Wilson's interval."""
    if n <= 0:
        return NONE
    low, high = wilson(hits, n, level)
    return Estimate(hits / n, float(low), float(high), int(n))


def share_difference(hits: tuple[float, float], n: tuple[float, float], level: float = LEVEL) -> Estimate:
    """First share less second, with the interval made of both Wilson intervals.

    Newcombe (1998), Interval estimation for the difference between independent proportions, Statistics in Medicine 17,
    method 10.
    """
    if min(n) <= 0:
        return NONE
    (p, q), (low, high) = np.asarray(hits) / np.asarray(n), wilson(hits, n, level)
    down = math.hypot(p - low[0], high[1] - q)
    up = math.hypot(high[0] - p, q - low[1])
    return Estimate(float(p - q), float(p - q - down), float(p - q + up), int(sum(n)))


def mean(values: npt.ArrayLike, level: float = LEVEL) -> Estimate:
    """The mean of the known values, with Student's interval (none below two values)."""
    v = np.asarray(values, dtype=float)
    v = v[np.isfinite(v)]
    if v.size < 2:
        return Estimate(float(v[0]), math.nan, math.nan, 1) if v.size else NONE
    from scipy.stats import t

    half = float(t.ppf(0.5 + level / 2, v.size - 1)) * float(v.std(ddof=1)) / math.sqrt(v.size)
    return Estimate(float(v.mean()), float(v.mean()) - half, float(v.mean()) + half, int(v.size))


def median(values: npt.ArrayLike, level: float = LEVEL) -> Estimate:
    """The median of the known values, with the interval of two order statistics.

    The ranks come from the binomial distribution of the number of values below the median (David and Nagaraja 2003, Order
    Statistics, section 7.1): the interval covers at least `level`. NaN where there are too few values for it.
    """
    v = np.sort(np.asarray(values, dtype=float))
    v = v[np.isfinite(v)]
    if not v.size:
        return NONE
    from scipy.stats import binom

    rank = int(binom.ppf((1 - level) / 2, v.size, 0.5))
    if binom.cdf(rank, v.size, 0.5) > (1 - level) / 2:
        rank -= 1
    known = rank >= 0
    low, high = (float(v[rank]), float(v[v.size - 1 - rank])) if known else (math.nan, math.nan)
    return Estimate(float(np.median(v)), low, high, int(v.size))


def holm(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values that keep the chance of any false finding; NaN stays NaN and costs nothing.

    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    raw = np.asarray(p, dtype=float)
    out = np.full(raw.shape, np.nan)
    known = np.flatnonzero(~np.isnan(raw))
    order = known[np.argsort(raw[known], kind="stable")]
    out[order] = np.minimum(np.maximum.accumulate(raw[order] * np.arange(order.size, 0, -1)), 1)
    return out


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values that keep the expected share of false findings; NaN stays NaN.

    Benjamini and Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
    """
    raw = np.asarray(p, dtype=float)
    out = np.full(raw.shape, np.nan)
    known = np.flatnonzero(~np.isnan(raw))
    order = known[np.argsort(raw[known], kind="stable")]
    scaled = raw[order] * order.size / np.arange(1, order.size + 1)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return out
