"""What an experiment can show, said before it starts: the smallest effect, the number of units, the days.

The figures are those of the test that is really used (`sequential`), not of a fixed sample: a test that may be looked at
every day has a price. `drift` computes it exactly: the mean that the standardised difference must have at the planned
end, so that the test has alarmed by then with the wanted probability.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.experiments.boundary import TUNING, bound

# Daily looks over a quarter. More looks change the drift by less than 1 %.
_LOOKS = 90
_GRID = 801


@dataclass(frozen=True)
class Setting:
    """What is known of a company before its experiment starts.

    base
        The share of units with the outcome within the horizon, in (0, 1); for amounts the mean per unit.
    units
        Units that are drawn, both groups together.
    share
        The share of control, in (0, 1).
    sd
        None for a share; for amounts the standard deviation per unit after winsorising.
    cluster_size, icc
        Units a cluster and the intra-cluster correlation of the outcome; 1 and 0 where single units are drawn.
    cluster_cv
        The coefficient of variation of cluster sizes (0: all equal).
    correlation
        Of covariate (score at assignment) and outcome; 0 without CUPED.
    """

    base: float
    units: float
    share: float
    sd: float | None = None
    cluster_size: float = 1.0
    icc: float = 0.0
    cluster_cv: float = 0.0
    correlation: float = 0.0
    alpha: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        """Raises UsageError where a figure is outside of its range."""
        ranges = {
            "base": self.base > 0 and (self.sd is not None or self.base < 1),
            "units": self.units >= 1,
            "share": 0 < self.share < 1,
            "sd": self.sd is None or self.sd > 0,
            "cluster_size": self.cluster_size >= 1,
            "icc": 0 <= self.icc <= 1,
            "cluster_cv": self.cluster_cv >= 0,
            "correlation": -1 < self.correlation < 1,
            "alpha": 0 < self.alpha < 0.5,
            "power": 0.5 <= self.power < 1,
        }
        if wrong := [name for name, fine in ranges.items() if not fine]:
            raise UsageError(
                f"An experiment cannot be designed with {wrong[0]} = {getattr(self, wrong[0])}.",
                action="Give a value inside of its range: see `experiment design --help`.",
            )

    def variance_factor(self) -> float:
        """The factor on the variance of the difference: design effect 1 + (m (1 + cv^2) - 1) ICC, times 1 - rho^2.

        Kish (1965) for equal clusters, Eldridge, Ashby and Kerry (2006, eq. 2) for unequal ones; Deng et al. (2013,
        eq. 5) for CUPED.
        """
        m = self.cluster_size * (1 + self.cluster_cv**2)
        return (1 + (m - 1) * self.icc) * (1 - self.correlation**2)

    def unit_variance(self, effect: float) -> float:
        """The variance of the difference times the number of units, for an absolute effect."""
        if self.sd is not None:
            treated = control = self.sd**2
        else:
            after = self.base + effect
            treated, control = after * (1 - after), self.base * (1 - self.base)
        return self.variance_factor() * (treated / (1 - self.share) + control / self.share)


@dataclass(frozen=True)
class Design:
    """What an experiment can show.

    effect is absolute (share, or amount per unit), relative is effect / base; drift is what the effect is in standard
    errors at the planned end; fixed_effect is what one look at the end only would show. An effect of None: even if
    every unit of the treated had the outcome it would not be seen.
    """

    effect: float | None
    relative: float | None
    fixed_effect: float | None
    drift: float
    variance_factor: float


def power_of(drift: float, *, looks: int = _LOOKS, alpha: float = 0.05, tuning: float = TUNING) -> float:
    """The probability that the sequential test alarms by the planned end.

    drift
        The mean of the standardised difference at the end.
    looks
        Equally spaced in information.
    tuning
        Mixture variance times the planned information (`boundary`).

    By the recursion of Armitage, McPherson and Rowe (1969): the density of the sum inside of the boundary is carried
    from look to look on a grid.
    """
    time = np.arange(1, looks + 1) / looks
    edge = bound(time * tuning, alpha) * np.sqrt(time)
    step = 1 / math.sqrt(looks)
    # The sum never leaves the boundary and comes back: the grid needs to be as wide as the boundary at the end.
    points = np.linspace(-edge.max(), edge.max(), max(_GRID, int(12 * edge.max() / step) | 1))
    width = points[1] - points[0]

    def normal(x: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(-0.5 * (x / step) ** 2) / (step * math.sqrt(2 * math.pi)))

    mean = drift / looks
    # A step is the same whatever the place: a convolution with a kernel of six standard deviations.
    half = math.ceil((6 * step + abs(mean)) / width)
    kernel = normal(np.arange(-half, half + 1) * width - mean)
    density = normal(points - mean) * _inside(points, edge[0], width)
    for k in range(1, looks):
        density = np.convolve(density, kernel)[half : half + len(points)] * width
        density *= _inside(points, edge[k], width)
    return float(1 - density.sum() * width)


def _inside(points: np.ndarray, edge: float, width: float) -> np.ndarray:
    """The share of each cell of the grid that lies inside of the boundary."""
    return np.asarray(np.clip((edge - np.abs(points)) / width + 0.5, 0.0, 1.0))


def drift(power: float = 0.8, *, looks: int = _LOOKS, alpha: float = 0.05, tuning: float = TUNING) -> float:
    """The mean that the standardised difference needs at the planned end for the wanted power of the sequential test.

    A fixed sample needs z(1 - alpha/2) + z(power): 2.80 for 5 % and 80 %. Here it is about 3.63: the price of daily looks.
    """
    from scipy.optimize import brentq

    def short(d: float) -> float:
        return power_of(d, looks=looks, alpha=alpha, tuning=tuning) - power

    return float(brentq(short, 0.0, 12.0, xtol=1e-4))


def fixed_drift(power: float = 0.8, alpha: float = 0.05) -> float:
    """The same for one look at the end only."""
    from scipy.stats import norm

    return float(norm.ppf(1 - alpha / 2) + norm.ppf(power))


def _few_clusters(setting: Setting, needed: float) -> float:
    """The drift with the wider boundary of a t distribution, as `sequential` uses it where clusters are few."""
    from scipy.stats import norm, t

    if setting.cluster_size * (1 + setting.cluster_cv**2) <= 1 or setting.icc == 0:
        return needed
    clusters = setting.units / (setting.cluster_size * (1 + setting.cluster_cv**2))
    freedom = max(clusters * min(setting.share, 1 - setting.share) - 1, 1.0)
    edge = float(bound(np.array([TUNING]), setting.alpha)[0])
    return needed * float(t.isf(norm.sf(edge), freedom)) / edge


def _smallest(setting: Setting, needed: float) -> float | None:
    from scipy.optimize import brentq

    def short(effect: float) -> float:
        return effect - needed * math.sqrt(setting.unit_variance(effect) / setting.units)

    if setting.sd is not None:
        return needed * math.sqrt(setting.unit_variance(0.0) / setting.units)
    most = 1 - setting.base
    return float(brentq(short, 0.0, most, xtol=1e-12)) if short(most) > 0 else None


def minimum_effect(setting: Setting, *, looks: int = _LOOKS) -> Design:
    """The minimum detectable effect of an experiment that is looked at every day until its planned end.

    Upwards: treated above control. The effect solves effect = drift x standard error(effect).
    """
    needed = _few_clusters(setting, drift(setting.power, looks=looks, alpha=setting.alpha))
    effect = _smallest(setting, needed)
    fixed = _smallest(setting, fixed_drift(setting.power, setting.alpha))
    relative = None if effect is None else effect / setting.base
    return Design(effect, relative, fixed, needed, setting.variance_factor())


def units_needed(setting: Setting, relative: float, *, looks: int = _LOOKS, fixed: bool = False) -> float:
    """Units of both groups together for a wanted effect (relative to the base); `setting.units` is not looked at.

    `fixed`: for one look at the end only. Raises UsageError for an effect that no share can have.
    """
    effect = relative * setting.base
    if relative == 0 or (setting.sd is None and not 0 < setting.base + effect < 1):
        raise UsageError(
            f"No group can have an effect of {relative:+.0%} on {setting.base:g}.",
            action="Give an effect that is not zero and keeps the share between 0 and 1.",
        )
    alpha = setting.alpha
    needed = fixed_drift(setting.power, alpha) if fixed else drift(setting.power, looks=looks, alpha=alpha)
    units = needed**2 * setting.unit_variance(effect) / effect**2
    # Few clusters need a wider boundary, which depends on the number itself; it settles within a few rounds.
    for _ in range(0 if fixed else 50):
        wider = _few_clusters(replace(setting, units=max(units, 1.0)), needed)
        units = wider**2 * setting.unit_variance(effect) / effect**2
    return units


@dataclass(frozen=True)
class Inflow:
    """How units and outcomes come: units at the start, new ones a day, and the days within which outcomes count.

    curve
        The share of a unit's outcomes that have come a number of days after assignment (0 at 0, 1 at `horizon`); None:
        evenly.
    """

    at_start: float
    per_day: float
    horizon: int
    curve: Callable[[np.ndarray], np.ndarray] | None = None

    def seen(self, days: int) -> tuple[float, float]:
        """Units drawn by a day, and the mean share of their outcomes that have come by then."""
        ages = np.concatenate([[days], np.arange(days)]).astype("float64")
        weights = np.concatenate([[self.at_start], np.full(days, self.per_day)])
        known = np.clip(ages / self.horizon, 0.0, 1.0)
        if self.curve is not None:
            known = np.where(ages >= self.horizon, 1.0, self.curve(np.minimum(ages, self.horizon)))
        units = float(weights.sum())
        return units, float((weights * known).sum() / units) if units else 0.0


def days_until(setting: Setting, inflow: Inflow, relative: float, *, longest: int = 1095) -> int | None:
    """The first day by which the sequential test shows a wanted effect with the wanted power; None: not within `longest`.

    Compared is what came so far. On a day with a part f of the outcomes the base is f times the full one and the effect
    is taken to be the same relative to it (rates that come evenly); `setting.units` is not looked at.
    """
    needed = drift(setting.power, alpha=setting.alpha)

    def enough(days: int) -> bool:
        units, part = inflow.seen(days)
        if units < 4 or part <= 0:
            return False
        # Amounts: a part of the payments has about that part of the variance.
        sd = None if setting.sd is None else setting.sd * math.sqrt(part)
        base = setting.base * part
        if sd is None and not 0 < base * (1 + relative) < 1:
            return False
        now = Setting(
            base, units, setting.share, sd, setting.cluster_size, setting.icc, setting.cluster_cv,
            setting.correlation, setting.alpha, setting.power,
        )  # fmt: skip
        effect = abs(base * relative)
        return effect >= _few_clusters(now, needed) * math.sqrt(now.unit_variance(base * relative) / units)

    if not enough(longest):
        return None
    low, high = 0, longest
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
