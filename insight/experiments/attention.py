"""Whether a gain may only be attention taken from the control group, and what a comparison without one is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.insight.experiments.cuped import difference

# What a comparison without a control group cannot tell apart from the effect.
NO_CONTROL = "no_control"
OTHER_CHANGES = "other_changes"
SEASON = "season"
TREND = "trend"
REGRESSION = "regression_to_the_mean"
UNEQUAL_PERIODS = "unequal_periods"
TOO_SHORT = "too_short"


@dataclass(frozen=True)
class Attention:
    """Activities per record and 30 days in both groups, before and after the start.

    change_treated, change_control
        Mean of after less before with interval (low, high).
    taken
        The treated rose while control fell, both beyond noise: a gain may only be attention taken from control.
    maybe
        The treated rose beyond noise while control's mean fell, within noise.
    reason
        "too_few" where a group has fewer than 2 records or clusters; else "".
    """

    n_treated: int
    n_control: int
    before_treated: float
    after_treated: float
    before_control: float
    after_control: float
    change_treated: tuple[float, float, float]
    change_control: tuple[float, float, float]
    taken: bool
    maybe: bool
    reason: str = ""


def attention(
    activities: pd.DataFrame,
    *,
    days_before: float,
    days_after: float,
    clustered: bool = False,
    level: float = 0.95,
) -> Attention:
    """Activities per record in both groups, after against before.

    activities
        One row a record: treated (bool), before and after (counts of activities within the two periods; a gap or a
        negative one leaves the record out), cluster where `clustered`.
    days_before, days_after
        Length of the periods in days, above 0.
    """
    before = pd.to_numeric(activities["before"], errors="coerce").astype("float64")
    after = pd.to_numeric(activities["after"], errors="coerce").astype("float64")
    fine = (before >= 0) & (after >= 0)
    frame = activities[fine]
    was, is_now = (before[fine] / days_before * 30).to_numpy(), (after[fine] / days_after * 30).to_numpy()
    treated = frame["treated"].to_numpy(dtype=bool)
    changes, means, few = [], [], False
    for mine in (treated, ~treated):
        cluster = frame["cluster"].to_numpy()[mine] if clustered else np.arange(int(mine.sum()))
        changes.append(_mean(is_now[mine] - was[mine], cluster, level))
        means.append((_or_gap(was[mine]), _or_gap(is_now[mine])))
        few |= len(set(cluster)) < 2
    rose = changes[0][1] > 0
    return Attention(
        int(treated.sum()), int((~treated).sum()), *means[0], *means[1], changes[0], changes[1],
        taken=rose and changes[1][2] < 0, maybe=rose and changes[1][0] < 0 <= changes[1][2],
        reason="too_few" if few else "",
    )  # fmt: skip


def _or_gap(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else math.nan


def _mean(values: np.ndarray, cluster: np.ndarray, level: float) -> tuple[float, float, float]:
    """A mean with its t interval, by clusters."""
    from scipy.stats import t

    codes = pd.factorize(cluster)[0]
    number = int(codes.max(initial=-1)) + 1
    if number < 2:
        return _or_gap(values), math.nan, math.nan
    mean = float(values.mean())
    left = np.bincount(codes, weights=values - mean)
    se = math.sqrt(float(left @ left) * number / (number - 1)) / len(values)
    half = float(t.ppf(0.5 + level / 2, number - 1)) * se
    return mean, mean - half, mean + half


@dataclass(frozen=True)
class BeforeAfter:
    """A comparison of two periods without a control group: a weak substitute, with its weaknesses as codes.

    change
        Share (or mean) after less before, with interval low, high; it holds chance only, none of the weaknesses.
    expected
        What the trend of the periods before says for the time after, with its 95 % interval; gaps below 6 periods.
    weaknesses
        Always no_control and other_changes. regression_to_the_mean where the start was chosen because figures were bad
        (the caller says so). season: the two do not cover the same months of a year. trend: what came is inside what
        the trend says. unequal_periods: another number of periods. too_short: fewer than 6 periods before.
    """

    before: float
    after: float
    change: float
    low: float
    high: float
    expected: float
    expected_low: float
    expected_high: float
    weaknesses: tuple[str, ...]


def before_after(
    monthly: pd.DataFrame, *, started_at: int, after_bad_figures: bool = False, level: float = 0.95
) -> BeforeAfter:
    """Before against after, from monthly figures; without a control group.

    monthly
        One row a month, in any order: start (ms UTC), month (1 to 12), units (how many could have the outcome), outcome
        (its sum over them). Months without units are left out; one in which `started_at` lies is told by its start.
    started_at
        When the scores were switched on (ms UTC): months that begin at or after it are after.

    The interval is that of a difference of two means of months weighted by their units, whose spread from month to
    month within each period is the error (so seasons and shocks widen it); gaps below 2 months on a side.
    """
    from scipy.stats import t

    units = monthly["units"].astype("float64")
    fine = (units > 0) & np.isfinite(monthly["outcome"].astype("float64"))
    frame = monthly[fine].sort_values("start", kind="stable")
    rate = (frame["outcome"].astype("float64") / frame["units"].astype("float64")).to_numpy()
    weight = frame["units"].astype("float64").to_numpy()
    later = (frame["start"] >= started_at).to_numpy()
    sides = [_weighted(rate[side], weight[side]) for side in (~later, later)]
    (was, v_0, n_0), (now, v_1, n_1) = sides
    change, low, high = now - was, math.nan, math.nan
    if min(n_0, n_1) >= 2:
        half = float(t.ppf(0.5 + level / 2, min(n_0, n_1) - 1)) * math.sqrt(v_0 + v_1)
        low, high = change - half, change + half
    expected = _trend(rate[~later], weight[~later], n_1, level)
    months = frame["month"].to_numpy()
    codes = [NO_CONTROL, OTHER_CHANGES]
    codes += [REGRESSION] * after_bad_figures
    codes += [SEASON] * (sorted(months[~later]) != sorted(months[later]))
    codes += [TREND] * (expected[1] <= now <= expected[2])
    codes += [UNEQUAL_PERIODS] * (n_0 != n_1)
    codes += [TOO_SHORT] * (n_0 < 6)
    return BeforeAfter(was, now, change, low, high, *expected, tuple(codes))


def _weighted(rate: np.ndarray, weight: np.ndarray) -> tuple[float, float, int]:
    """Weighted mean, its variance from the spread between months, and their number."""
    n = len(rate)
    if not n:
        return math.nan, math.nan, 0
    share = weight / weight.sum()
    mean = float(share @ rate)
    spread = float(share**2 @ (rate - mean) ** 2)
    return mean, spread * n / (n - 1) if n > 1 else math.nan, n


def _trend(rate: np.ndarray, weight: np.ndarray, ahead: int, level: float) -> tuple[float, float, float]:
    """What a weighted line through the months before says for the mean of the months after."""
    from scipy.stats import t

    n = len(rate)
    if n < 6 or not ahead:
        return math.nan, math.nan, math.nan
    x = np.column_stack([np.ones(n), np.arange(n)])
    inverse = np.linalg.inv(x.T @ (x * weight[:, None]))
    line = inverse @ x.T @ (weight * rate)
    sigma2 = float(weight @ (rate - x @ line) ** 2) / (n - 2)
    at = np.array([1.0, n - 1 + (ahead + 1) / 2])
    variance = sigma2 * (float(at @ inverse @ at) + 1 / (ahead * float(weight.mean())))
    half = float(t.ppf(0.5 + level / 2, n - 2)) * math.sqrt(variance)
    middle = float(at @ line)
    return middle, middle - half, middle + half


def spill_over(
    activities: pd.DataFrame, *, days_before: float, days_after: float, clustered: bool = False
) -> tuple[float, float, float]:
    """The difference in differences of activities per record and 30 days: treated's change less control's, low, high."""
    before = activities["before"].astype("float64") / days_before * 30
    after = activities["after"].astype("float64") / days_after * 30
    change = (after - before).to_numpy()
    fine = np.isfinite(change)
    cluster = activities["cluster"].to_numpy()[fine] if clustered else None
    found = difference(change[fine], activities["treated"].to_numpy(dtype=bool)[fine], None, cluster)
    return (found.effect, *found.interval())
