"""What the experiment brought, after it: conversion, revenue, cycle time, meetings, cost, return."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.experiments.cuped import Difference, difference

LEAST_UNITS = 20
WINSORISED_AT = 0.99
_DRAWS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Effect:
    """Treated less control, in units of the outcome, with an interval.

    relative, relative_low, relative_high
        Effect over control's mean (delta method on the logarithm of the ratio); gaps where a mean is not above 0.
    method
        "t" (robust errors), "bootstrap_t" or "delta".
    reason
        "": told. "too_few": fewer than 20 units, or 4 clusters, in a group; effect and interval are gaps. "no_spread": the
        outcome is the same everywhere.
    cap, capped
        For winsorised amounts: what a unit counts for at most, and how many units were cut; else None and 0.
    """

    effect: float
    low: float
    high: float
    treated: float
    control: float
    relative: float
    relative_low: float
    relative_high: float
    n_treated: int
    n_control: int
    clusters: int
    variance_ratio: float
    method: str
    reason: str = ""
    cap: float | None = None
    capped: int = 0


def _silent(found: Difference, reason: str, method: str) -> Effect:
    gap = math.nan
    return Effect(
        gap,
        gap,
        gap,
        gap,
        gap,
        gap,
        gap,
        gap,
        found.n_treated,
        found.n_control,
        found.clusters,
        gap,
        method,
        reason,
    )


def _relative(found: Difference, level: float) -> tuple[float, float, float]:
    """Ratio of adjusted means less 1, with the interval of its logarithm."""
    from scipy.stats import t

    if not (math.isfinite(found.log_se) and found.freedom > 0):
        return math.nan, math.nan, math.nan
    ratio = found.treated / found.control
    half = float(t.ppf(0.5 + level / 2, found.freedom)) * found.log_se
    return ratio - 1, ratio * math.exp(-half) - 1, ratio * math.exp(half) - 1


def uplift(
    outcomes: pd.DataFrame, *, covariate: bool = True, clustered: bool = False, level: float = 0.95
) -> Effect:
    """The difference of a mean: a conversion, meetings, days until something (`cycle_time`).

    outcomes
        One row a unit whose horizon has passed (`trial.outcomes`): y, treated, and covariate, cluster where used. Rows
        without a number in y are left out.

    Adjusted by `cuped.difference`, t interval.
    """
    frame = outcomes[np.isfinite(outcomes["y"].astype("float64"))]
    found = _found(frame, covariate, clustered)
    if reason := _why_not(found, clustered):
        return _silent(found, reason, "t")
    low, high = found.interval(level)
    return Effect(
        found.effect, low, high, found.treated, found.control, *_relative(found, level), found.n_treated,
        found.n_control, found.clusters, found.variance_ratio, "t",
    )  # fmt: skip


def _found(frame: pd.DataFrame, covariate: bool, clustered: bool) -> Difference:
    return difference(
        frame["y"].to_numpy(dtype="float64"),
        frame["treated"].to_numpy(dtype=bool),
        frame["covariate"].to_numpy(dtype="float64") if covariate and "covariate" in frame else None,
        frame["cluster"].to_numpy() if clustered else None,
    )


def _why_not(found: Difference, clustered: bool) -> str:
    if min(found.n_treated, found.n_control) < LEAST_UNITS or (clustered and found.freedom < 3):
        return "too_few"
    # The same outcome everywhere leaves nothing but rounding.
    return "" if found.se > 1e-12 * max(abs(found.treated), abs(found.control)) else "no_spread"


def winsorised(y: np.ndarray, quantile: float = WINSORISED_AT) -> tuple[np.ndarray, float, int]:
    """Amounts cut at a quantile of the amounts above 0 of both groups together; the cap, and how many were cut.

    Of amounts above 0: most units have none, and a quantile of all would be 0. Without any the cap is infinite.
    """
    y = np.asarray(y, dtype="float64")
    positive = y[y > 0]
    if not len(positive):
        return y, math.inf, 0
    cap = float(np.quantile(positive, quantile))
    return np.minimum(y, cap), cap, int((y > cap).sum())


def revenue_uplift(
    outcomes: pd.DataFrame,
    rng: np.random.Generator,
    *,
    quantile: float = WINSORISED_AT,
    covariate: bool = True,
    clustered: bool = False,
    draws: int = 999,
    level: float = 0.95,
) -> Effect:
    """The difference of winsorised revenue per unit, with a bootstrap-t interval.

    outcomes as in `uplift`, y in any one unit of money. The interval is studentised (Efron and Tibshirani, 1993, section
    12.5): amounts stay skewed after they are cut. Residuals around each group's own line are drawn, units or clusters.
    """
    frame = outcomes[np.isfinite(outcomes["y"].astype("float64"))].reset_index(drop=True)
    cut, cap, number = winsorised(frame["y"].to_numpy(dtype="float64"), quantile)
    frame = frame.assign(y=cut)
    found = _found(frame, covariate, clustered)
    if reason := _why_not(found, clustered):
        return _silent(found, reason, "bootstrap_t")
    treated = frame["treated"].to_numpy(dtype=bool)
    x = (
        frame["covariate"].to_numpy(dtype="float64")
        if covariate and "covariate" in frame
        else np.zeros(len(frame))
    )
    parts = []
    for mine in (treated, ~treated):
        dx, y = x[mine] - x[mine].mean(), frame["y"].to_numpy()[mine]
        slope = float(dx @ y) / float(dx @ dx) if float(dx @ dx) > 0 else 0.0
        left = y - y.mean() - slope * dx
        if not clustered:
            parts.append(_studentised(left, np.ones(len(left)), rng, draws))
            continue
        codes = pd.factorize(frame["cluster"][mine])[0]
        sums, size = np.bincount(codes, weights=left), np.bincount(codes).astype("float64")
        parts.append(_studentised(sums, size, rng, draws))
    (mean_1, var_1), (mean_0, var_0) = parts
    t = (mean_1 - mean_0) / np.sqrt(np.maximum(var_1 + var_0, 1e-300))
    upper, lower = np.quantile(t, [0.5 + level / 2, 0.5 - level / 2])
    return Effect(
        found.effect, float(found.effect - upper * found.se), float(found.effect - lower * found.se), found.treated,
        found.control, *_relative(found, level), found.n_treated, found.n_control, found.clusters,
        found.variance_ratio, "bootstrap_t", cap=cap, capped=number,
    )  # fmt: skip


def _studentised(
    sums: np.ndarray, size: np.ndarray, rng: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Means of redrawn cells (ratio of sums) and their variances, by draw."""
    n = len(sums)
    means, variances = np.empty(draws), np.empty(draws)
    at_once = max(1, _DRAWS_AT_ONCE // n)
    for first in range(0, draws, at_once):
        some = slice(first, min(first + at_once, draws))
        pick = rng.integers(0, n, (some.stop - first, n), dtype=np.int32)
        s, m = sums[pick], size[pick]
        total = m.sum(axis=1)
        mean = s.sum(axis=1) / total
        # Sum of (s - mean m)^2 without another array of that size.
        squares = np.einsum("ij,ij->i", s, s) - 2 * mean * np.einsum("ij,ij->i", s, m)
        squares += mean**2 * np.einsum("ij,ij->i", m, m)
        means[some] = mean
        variances[some] = np.maximum(squares, 0) / total**2 * (n / max(n - 1, 1))
    return means, variances


def cycle_time(
    outcomes: pd.DataFrame, *, horizon: int, clustered: bool = False, level: float = 0.95
) -> Effect:
    """The difference in days until the outcome, at most `horizon` (restricted mean: Royston and Parmar, 2013).

    outcomes
        As in `uplift`, with y the days from assignment to the outcome, a gap where there was none within the horizon.

    All units are compared. Days of those only that had the outcome would compare other companies in each group, since
    the scores change who has it.
    """
    days = outcomes["y"].astype("float64").fillna(float(horizon)).clip(0.0, float(horizon))
    return uplift(outcomes.assign(y=days), clustered=clustered, level=level)


def ratio_uplift(
    outcomes: pd.DataFrame, numerator: str, denominator: str, *, clustered: bool = False, level: float = 0.95
) -> Effect:
    """The difference of a ratio of sums (revenue per deal), by the delta method (Deng et al., 2018, eq. 3).

    Each group's ratio R = sum a / sum b has the variance of the sum of (a - R b) / sum b. A group whose denominator is
    not above 0 has reason "no_spread".
    """
    a = outcomes[numerator].astype("float64").to_numpy()
    b = outcomes[denominator].astype("float64").to_numpy()
    fine = np.isfinite(a) & np.isfinite(b)
    frame, a, b = outcomes[fine].reset_index(drop=True), a[fine], b[fine]
    treated = frame["treated"].to_numpy(dtype=bool)
    scaled, ratios = np.zeros(len(frame)), []
    for mine in (treated, ~treated):
        total = float(b[mine].sum())
        if total <= 0:
            return _silent(_found(frame.assign(y=0.0), False, clustered), "no_spread", "delta")
        ratio = float(a[mine].sum()) / total
        # Scaled so that a group's mean is its ratio.
        scaled[mine] = ratio + (a[mine] - ratio * b[mine]) / total * mine.sum()
        ratios.append(ratio)
    found = _found(frame.assign(y=scaled), False, clustered)
    if reason := _why_not(found, clustered):
        return _silent(found, reason, "delta")
    low, high = found.interval(level)
    return Effect(
        ratios[0] - ratios[1], low, high, ratios[0], ratios[1], *_relative(found, level), found.n_treated, found.n_control,
        found.clusters, 1.0, "delta",
    )  # fmt: skip


@dataclass(frozen=True)
class Return:
    """Return on investment as a factor of the cost (1.0: the cost came back twice), with the interval of the lift.

    gain
        lift x exposed x margin, in units of money; low and high its interval.
    forgone
        lift x control x margin: what the control group cost, in units of money.
    """

    roi: float
    roi_low: float
    roi_high: float
    gain: float
    gain_low: float
    gain_high: float
    forgone: float


def roi(
    revenue: Effect, *, exposed: int, control: int, margin: float | None, cost: float | None
) -> Return | None:
    """(lift x exposed x margin - cost) / cost; None where margin or cost were not given or nothing was measured.

    revenue
        The lift in revenue per unit (`revenue_uplift`).
    exposed, control
        Units shown and not shown.
    margin, cost
        As the admin gave them: contribution margin, a share of revenue in (0, 1]; cost in the same money, above 0.

    Raises UsageError for a margin or cost outside of its range.
    """
    if margin is None or cost is None or revenue.reason:
        return None
    if not (0 < margin <= 1 and cost > 0 and math.isfinite(cost)):
        raise UsageError(
            f"No return can be told with a margin of {margin:g} and a cost of {cost:g}.",
            action="Give the margin as a share of revenue (0.4 is 40 %) and a cost above 0.",
        )
    gain, low, high = (lift * exposed * margin for lift in (revenue.effect, revenue.low, revenue.high))
    roi_of, roi_low, roi_high = ((g - cost) / cost for g in (gain, low, high))
    return Return(roi_of, roi_low, roi_high, gain, low, high, forgone=revenue.effect * control * margin)
