"""A test of two groups that may be looked at every day: an always-valid p-value and a confidence sequence.

**Which test.** The mixture sequential probability ratio test (Robbins, 1970; Johari, Pekelis and Walsh, 2017) on the
standardised difference of means, which is asymptotically a Brownian motion. One form serves shares and amounts, with
covariate and with clusters. It needs no end date: an admin may look every day, stop, or go on. A group-sequential plan
(O'Brien-Fleming) needs about a third fewer units, but is void as soon as the experiment runs past its planned end. A
beta-binomial mixture is exact for shares, but takes neither covariate nor clusters.

**What is compared at a look.** What came so far: for each unit drawn by that day, its outcomes from its assignment until
that day, at most for the horizon. Both groups are drawn by lot on the same days, so both have been followed equally
long; without an effect the difference has mean zero on each day, however few windows are complete. To wait for complete
windows is valid as well (`complete=True`), but shows nothing at all for a whole horizon, since most units are drawn on
the first day.

**Why it is valid.** Write D(t) for the difference, n' = n1 n0 / (n1 + n0). New units and new events add to n' D(t). For
amounts its increments are uncorrelated with the past but for terms of the squared mean, so n' D is a Brownian motion
with the clock n'^2 Var D. A conversion comes once: Cov(F(s), F(t)) = F(s) (1 - F(t)) / n, which is the covariance of a
Brownian motion with the clock F / (1 - F) divided by 1 - F (Doob, 1949); so the clock is n'^2 Var D / (1 - F)^2. The
boundary depends on the clock only by its logarithm; simulations without an effect (tests/insight/experiments) check
the approximation. Only the strong hypothesis is tested: no difference on any day. Outcomes that come earlier, but not
more often, are a difference here; the effect after complete windows is told by `effect`.

**Too few events.** The normal approximation is poor for a handful of events: nothing is said before each group has
`MIN_EVENTS` of them, nor, with clusters, below `MIN_FREEDOM` degrees of freedom. With clusters a t distribution
stands in for the normal one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.insight.experiments.boundary import TUNING, bound, p_values
from sales_consultant.insight.experiments.cuped import cluster_variance
from sales_consultant.insight.experiments.design import Setting
from sales_consultant.insight.experiments.trial import Trial

MIN_EVENTS = 10
MIN_FREEDOM = 3
LOOK_COLUMNS = (
    "day", "n_treated", "n_control", "events_treated", "events_control", "mean_treated", "mean_control",
    "effect", "se", "clock", "low", "high", "z", "p", "alarm",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What was fixed before the first look.

    planned
        The clock at the planned end (`planned_clock`). A wrong one costs power, never validity.
    proportion
        Whether the outcome is a conversion, which comes once.
    alpha
        The probability of ever alarming without an effect.
    cap
        For amounts: what a unit counts for at most, fixed before (from the past), since a quantile of the data that are
        tested moves from look to look.
    covariate, clustered, complete
        Whether the covariate adjusts, clusters count, only complete windows enter.
    """

    planned: float
    proportion: bool = True
    alpha: float = 0.05
    cap: float | None = None
    covariate: bool = True
    clustered: bool = False
    complete: bool = False


def plan_of(setting: Setting, *, cap: float | None = None, complete: bool = False) -> Plan:
    """The plan of a designed experiment: its clock at the planned end, and what is adjusted for.

    `setting.units` are those that will have been drawn by the planned end, `setting.base` (and `sd`) what they will have
    brought by then: with the covariate where a correlation is given, clustered where clusters have more than one unit.
    """
    proportion = setting.sd is None
    variance = setting.base * (1 - setting.base) if setting.sd is None else setting.sd**2
    unit_sd = math.sqrt(variance * setting.variance_factor())
    clock = planned_clock(setting.units, setting.share, unit_sd, setting.base if proportion else None)
    return Plan(
        clock, proportion, setting.alpha, cap, setting.correlation != 0, setting.cluster_size > 1, complete
    )


def planned_clock(units: float, share: float, unit_sd: float, base: float | None = None) -> float:
    """The clock at the planned end, from the design.

    units, share
        Units of both groups, share of control.
    unit_sd
        Standard deviation of a unit's outcome, after CUPED and with the root of the design effect.
    base
        The share with the outcome; None for amounts.
    """
    effective = units * share * (1 - share)
    return effective * unit_sd**2 / ((1 - base) ** 2 if base is not None else 1.0)


def looks(made: Trial, plan: Plan, *, until: int | None = None) -> pd.DataFrame:
    """All daily looks of an experiment, from its first day to `until` (days since the start; none: the trial's last).

    Columns `LOOK_COLUMNS`: the day (the look is at its end, whole days since the start), counts, adjusted means, effect
    (treated less control), its standard error, clock, the confidence sequence low and high (covers the difference of
    what came so far on all days at once with 1 - alpha), z, the always-valid p (running minimum), and whether it is at
    most alpha. Before there is enough: gaps, and p = 1.
    """
    last = made.days - 1 if until is None else min(until, made.days - 1)
    days = np.arange(last + 1)
    if not len(days) or not len(made.units):
        return pd.DataFrame(columns=list(LOOK_COLUMNS))
    entry, moves = _moves(made, plan)
    arms = [_Arm(entry, moves, made, arm, len(days)) for arm in (True, False)]
    estimate = (
        _clustered(entry, moves, made, arms, plan.covariate, len(days))
        if plan.clustered
        else _plain(arms, plan.covariate)
    )
    return _tested(days, arms, estimate, plan)


def _moves(made: Trial, plan: Plan) -> tuple[np.ndarray, pd.DataFrame]:
    """When each unit enters, and by how much its outcome moves on which day (capped)."""
    entry = made.units["entry"].to_numpy()
    moves = made.events.sort_values(["position", "day"], kind="stable")
    total = moves.groupby("position")["amount"].cumsum()
    capped = total if plan.cap is None else total.clip(upper=plan.cap)
    before = capped.groupby(moves["position"]).shift(fill_value=0.0)
    moves = moves.assign(step=capped - before, squares=capped**2 - before**2)
    if plan.complete:
        # All of a unit's outcome is told on the day on which its window closes.
        entry = entry + made.horizon
        moves = moves.assign(day=entry[moves["position"].to_numpy()])
    return entry, moves


class _Arm:
    """Sums of one group, by day: n, x, xx, y, yy, xy, and events."""

    def __init__(self, entry: np.ndarray, moves: pd.DataFrame, made: Trial, treated: bool, days: int) -> None:
        own = made.units["treated"].to_numpy() == treated
        x = made.units["covariate"].to_numpy() - float(made.units["covariate"].mean())
        mine = own & (entry < days)

        def entered(weights: np.ndarray) -> np.ndarray:
            return np.bincount(entry[mine], weights=weights[mine], minlength=days).cumsum()

        self.n, self.x, self.xx = entered(np.ones(len(x))), entered(x), entered(x * x)
        position, day = moves["position"].to_numpy(), moves["day"].to_numpy()
        came = own[position] & (day < days)
        step, squares = moves["step"].to_numpy()[came], moves["squares"].to_numpy()[came]

        def moved(weights: np.ndarray) -> np.ndarray:
            return np.bincount(day[came], weights=weights, minlength=days).cumsum()

        self.y, self.yy, self.xy = moved(step), moved(squares), moved(step * x[position[came]])
        self.events = moved(np.ones(int(came.sum())))

    def line(self, covariate: bool) -> tuple[np.ndarray, np.ndarray]:
        """The slope on the covariate and the sum of squared residuals, by day."""
        n = np.maximum(self.n, 1)
        sxx = self.xx - self.x**2 / n
        sxy = self.xy - self.x * self.y / n
        syy = self.yy - self.y**2 / n
        usable = covariate & (sxx > 1e-12 * np.maximum(self.xx, 1e-300)) & (self.n > 2)
        slope = np.where(usable, sxy / np.where(usable, sxx, 1.0), 0.0)
        return slope, np.maximum(syy - slope * sxy, 0.0)


def _means(arms: list[_Arm], slopes: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """Each group's mean at the common mean of the covariate, and the variance that this common mean brings."""
    total = np.maximum(arms[0].n + arms[1].n, 1)
    centre = (arms[0].x + arms[1].x) / total
    spread = np.maximum((arms[0].xx + arms[1].xx) / total - centre**2, 0.0)
    found = []
    for arm, slope in zip(arms, slopes, strict=True):
        n = np.maximum(arm.n, 1)
        found.append(arm.y / n + slope * (centre - arm.x / n))
    return found, (slopes[0] - slopes[1]) ** 2 * spread / total


@dataclass(frozen=True)
class _Estimate:
    means: list[np.ndarray]
    variance: np.ndarray
    freedom: np.ndarray | None = None


def _plain(arms: list[_Arm], covariate: bool) -> _Estimate:
    slopes, squares = zip(*(arm.line(covariate) for arm in arms), strict=True)
    means, variance = _means(arms, list(slopes))
    for arm, left in zip(arms, squares, strict=True):
        freedom = np.maximum(arm.n - (2 if covariate else 1), 1)
        variance = variance + left / freedom / np.maximum(arm.n, 1)
    return _Estimate(means, variance)


def _clustered(
    entry: np.ndarray, moves: pd.DataFrame, made: Trial, arms: list[_Arm], covariate: bool, days: int
) -> _Estimate:
    """Sums of residuals by cluster, day by day (`cuped.cluster_variance`)."""
    slopes = [arm.line(covariate)[0] for arm in arms]
    means, extra = _means(arms, slopes)
    treated = made.units["treated"].to_numpy()
    x = made.units["covariate"].to_numpy() - float(made.units["covariate"].mean())
    # A cell is a cluster's part in one group: its residuals share that group's mean and slope.
    cells, cell = np.unique(made.units["cluster"].to_numpy() * 2 + treated, return_inverse=True)
    cluster, arm_of = cells // 2, np.where(cells % 2 == 1, 0, 1)
    position = moves["position"].to_numpy()
    in_order, out_order = np.argsort(entry, kind="stable"), np.argsort(moves["day"].to_numpy(), kind="stable")
    enter_at = np.searchsorted(entry[in_order], np.arange(days + 1))
    move_at = np.searchsorted(moves["day"].to_numpy()[out_order], np.arange(days + 1))
    step = moves["step"].to_numpy()
    n, sx, sy = np.zeros(len(cells)), np.zeros(len(cells)), np.zeros(len(cells))
    variance, freedom = np.zeros(days), np.zeros(days)
    for day in range(days):
        new = in_order[enter_at[day] : enter_at[day + 1]]
        n += np.bincount(cell[new], minlength=len(cells))
        sx += np.bincount(cell[new], weights=x[new], minlength=len(cells))
        came = out_order[move_at[day] : move_at[day + 1]]
        sy += np.bincount(cell[position[came]], weights=step[came], minlength=len(cells))
        size = np.array([max(arm.n[day], 1) for arm in arms])
        slope = np.array([s[day] for s in slopes])[arm_of]
        mean_y = np.array([arm.y[day] for arm in arms]) / size
        mean_x = np.array([arm.x[day] for arm in arms]) / size
        left = sy - mean_y[arm_of] * n - slope * (sx - mean_x[arm_of] * n)
        variance[day], freedom[day] = cluster_variance(left, n, arm_of, cluster)
    return _Estimate(means, variance + extra, freedom)


def _tested(days: np.ndarray, arms: list[_Arm], estimate: _Estimate, plan: Plan) -> pd.DataFrame:
    treated, control = arms
    effect = estimate.means[0] - estimate.means[1]
    enough = (np.minimum(treated.events, control.events) >= MIN_EVENTS) & (estimate.variance > 0)
    if estimate.freedom is not None:
        enough &= estimate.freedom >= MIN_FREEDOM
    se = np.sqrt(np.where(enough, estimate.variance, np.nan))
    total = np.maximum(treated.n + control.n, 1)
    effective = treated.n * control.n / total
    clock = np.where(enough, effective**2 * estimate.variance, 0.0)
    if plan.proportion:
        clock = clock / np.maximum(1 - (treated.y + control.y) / total, 0.01) ** 2
    # Information never falls.
    clock = np.maximum.accumulate(clock)
    r = np.where(enough, TUNING * clock / plan.planned, 0.0) if plan.planned > 0 else np.zeros(len(days))
    edge = bound(r, plan.alpha)
    z = effect / se
    if estimate.freedom is not None:
        z, edge = _as_normal(z, edge, estimate.freedom)
    p = np.minimum.accumulate(p_values(z, r))
    half = edge * se
    return pd.DataFrame(
        {
            "day": days, "n_treated": treated.n.astype("int64"), "n_control": control.n.astype("int64"),
            "events_treated": treated.events.astype("int64"), "events_control": control.events.astype("int64"),
            "mean_treated": estimate.means[0], "mean_control": estimate.means[1], "effect": effect, "se": se,
            "clock": clock, "low": effect - half, "high": effect + half, "z": z, "p": p, "alarm": p <= plan.alpha,
        }
    )  # fmt: skip


def _as_normal(z: np.ndarray, edge: np.ndarray, freedom: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The normal quantile of what is t distributed, and the other way for the boundary."""
    from scipy.stats import norm, t

    df = np.maximum(freedom, 1)
    normal = np.sign(z) * -norm.ppf(np.maximum(t.sf(np.abs(z), df), 1e-300))
    wide = np.where(np.isfinite(edge), t.isf(norm.sf(np.where(np.isfinite(edge), edge, 0.0)), df), math.inf)
    return normal, wide


def first_alarm(found: pd.DataFrame) -> int | None:
    """The first day on which the test alarms; None: not yet."""
    hit = found.loc[found["alarm"].astype(bool), "day"]
    return int(hit.iloc[0]) if len(hit) else None
