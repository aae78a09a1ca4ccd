"""Time until something happens, where many have not come so far: Kaplan-Meier, Aalen-Johansen, log-rank.

Conventions, for all of them:

- A row is in the risk set at time t where entry < t <= duration. A row without a delay (entry 0 or a gap) is in it from the
  beginning on, at t = 0 too, so that what ends at once counts.
- Ties: of what happens at the same time, events come first, then censored rows leave, then delayed rows enter.
- A row whose duration is a gap, negative or not finite, or not longer than its delay, was never seen at risk. It is left
  out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sales_consultant.insight.funnel.intervals import LEVEL, Estimate, Floats, z_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RiskTable:
    """What happened when: one place for each distinct time of an event, in order.

    times
        In the unit of the durations.
    at_risk
        Rows under observation just before each time.
    events
        Shape (causes, times): events of each cause.
    rows, left_out
        How many rows were used, and how many could not be.
    last
        The longest time under observation; 0 without rows.
    """

    times: Floats
    at_risk: Ints
    events: Ints
    rows: int
    left_out: int
    last: float


@dataclass(frozen=True)
class Curve:
    """A step function of time with its variance and interval: it has `values[i]` from `times[i]` on, and `start` before."""

    times: Floats
    values: Floats
    variance: Floats
    low: Floats
    high: Floats
    start: float
    table: RiskTable

    def at(self, time: float) -> Estimate:
        """The curve at a time; behind the longest time under observation its last value stands."""
        i = int(np.searchsorted(self.times, time, side="right")) - 1
        if not self.table.rows:
            return Estimate(np.nan, np.nan, np.nan, 0)
        if i < 0:
            return Estimate(self.start, self.start, self.start, self.table.rows)
        return Estimate(float(self.values[i]), float(self.low[i]), float(self.high[i]), self.table.rows)

    def variance_at(self, time: float) -> float:
        """The variance of the curve at a time; 0 before the first event."""
        i = int(np.searchsorted(self.times, time, side="right")) - 1
        return float(self.variance[i]) if i >= 0 else 0.0


def risk_table(
    duration: npt.ArrayLike, cause: npt.ArrayLike, entry: npt.ArrayLike | None = None, causes: int = 1
) -> RiskTable:
    """Count who is at risk and what happens, by time.

    `duration`, `cause` and `entry` have shape (n,): time from the beginning to the event or to the end of what was seen; 0
    where nothing had happened (censored) or 1 to `causes`; and the time since the beginning at which the row came under
    observation (left truncation).
    """
    time, kind = np.asarray(duration, dtype=float), np.asarray(cause, dtype=np.int64)
    delay = np.zeros(time.shape) if entry is None else np.nan_to_num(np.asarray(entry, dtype=float), nan=0.0)
    delayed = delay > 0
    known = np.isfinite(time) & (time >= 0) & (~delayed | (time > delay)) & (kind >= 0) & (kind <= causes)
    time, kind, delay = time[known], kind[known], np.sort(delay[known & delayed])
    happened = kind > 0
    times, where = np.unique(time[happened], return_inverse=True)
    counts = np.bincount((kind[happened] - 1) * times.size + where, minlength=causes * times.size)
    # Entered before t, less left before t. Who is not delayed has entered before everything.
    entered = (time.size - delay.size) + np.searchsorted(delay, times, side="left")
    gone = np.searchsorted(np.sort(time), times, side="left")
    last = float(time.max()) if time.size else 0.0
    return RiskTable(
        times, (entered - gone).astype(np.int64), counts.reshape(causes, times.size).astype(np.int64),
        int(time.size), int((~known).sum()), last,
    )  # fmt: skip


def _log_log(values: Floats, variance: Floats, level: float) -> tuple[Floats, Floats]:
    """The interval of a share by its log(-log): Kalbfleisch and Prentice (2002), section 1.4.1, equation 1.14.

    It never leaves 0 to 1. It does not exist at 0 and 1 themselves: there the last bound before stands on the open side.
    """
    inner = (values > 0) & (values < 1)
    p = np.where(inner, values, 0.5)
    # Beyond e^30 the bounds are 0 and 1 in any case.
    theta = np.minimum(z_of(level) * np.sqrt(np.where(inner, variance, 0.0)) / np.abs(p * np.log(p)), 30.0)
    low, high = p ** np.exp(theta), p ** np.exp(-theta)
    seen = np.maximum.accumulate(np.where(inner, np.arange(values.size), -1))
    before = np.clip(seen, 0, None)
    low = np.where(inner, low, np.where(values <= 0, 0.0, np.where(seen >= 0, low[before], 0.0)))
    high = np.where(inner, high, np.where(values >= 1, 1.0, np.where(seen >= 0, high[before], 1.0)))
    return low, high


def kaplan_meier(
    duration: npt.ArrayLike,
    happened: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    level: float = LEVEL,
) -> Curve:
    """The share that has not had the event by each time.

    Kaplan and Meier (1958), JASA 53, equation 2b; variance after Greenwood (1926), as in Kalbfleisch and Prentice (2002),
    equation 1.12; interval by log(-log). Left truncation after Tsai, Jewell and Wang (1987), Biometrika 74. Where a small
    risk set dies out early the curve stays at 0, as the formula has it: `table.at_risk` shows that.
    """
    return survival_of(risk_table(duration, np.asarray(happened, dtype=bool).astype(np.int64), entry), level)


def survival_of(table: RiskTable, level: float = LEVEL) -> Curve:
    """Kaplan-Meier of a risk table: the share that has had no event of any cause."""
    n, d = table.at_risk.astype(float), table.events.sum(axis=0).astype(float)
    values = np.cumprod(1 - d / n)
    variance = values**2 * np.cumsum(d / (n * np.where(n > d, n - d, np.inf)))
    low, high = _log_log(values, variance, level)
    return Curve(table.times, values, variance, low, high, 1.0, table)


def quantile(curve: Curve, q: float = 0.5) -> Estimate:
    """The time by which a share `q` has had the event, on a Kaplan-Meier curve; infinite where that share is not reached.

    The interval holds the times at which the curve's band contains 1 - q: Brookmeyer and Crowley (1982), Biometrics 38.
    """
    if not curve.table.rows:
        return Estimate(np.nan, np.nan, np.nan, 0)

    def first(line: Floats) -> float:
        # A product that should be exactly 1 - q may miss it by its last digit.
        reached = np.flatnonzero(line <= 1 - q + 1e-12)
        return float(curve.times[reached[0]]) if reached.size else np.inf

    return Estimate(first(curve.values), first(curve.low), first(curve.high), curve.table.rows)


def aalen_johansen(
    duration: npt.ArrayLike,
    cause: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    causes: int = 1,
    level: float = LEVEL,
) -> tuple[Curve, ...]:
    """The share that has left by each cause by each time, where causes compete: one curve a cause.

    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5: F_k(t) sums S(u-) d_k(u) / n(u) over u <= t. One minus
    Kaplan-Meier with other causes as censored is not that share: it asks what would be if nobody could leave otherwise.
    The variance is the delta method's: Dinse and Larson (1986), Biometrika 73; Marubini and Valsecchi (1995), Analysing
    Survival Data from Clinical Trials, equation 10.12. Its sums over u of (F(t) - F(u)) are expanded, so that it takes one
    pass. The interval is by log(-log). With left truncation the risk set holds who has entered.
    """
    table = risk_table(duration, cause, entry, causes)
    return tuple(incidence_of(table, k, level) for k in range(causes))


def incidence_of(table: RiskTable, k: int, level: float = LEVEL) -> Curve:
    """Aalen-Johansen of a risk table: the share that has left by cause k + 1."""
    n, d, own = (
        table.at_risk.astype(float),
        table.events.sum(axis=0).astype(float),
        table.events[k].astype(float),
    )
    after = np.cumprod(1 - d / n)
    before = np.concatenate([[1.0], after])[:-1]
    f = np.cumsum(before * own / n)
    # Where all that are at risk leave, nothing comes after, and F(t) - F(u) is 0: the term is 0, not 0 times infinite.
    a = d / (n * np.where(n > d, n - d, np.inf))
    b = before**2 * own * (n - own) / n**3
    c = before * own / n**2
    spread = f**2 * np.cumsum(a) - 2 * f * np.cumsum(f * a) + np.cumsum(f**2 * a)
    variance = np.clip(spread + np.cumsum(b) - 2 * (f * np.cumsum(c) - np.cumsum(f * c)), 0, None)
    low, high = _log_log(f, variance, level)
    # Before the first event of this cause the share is 0 and nothing bounds it from above: the rule of three's bound.
    none = f <= 0
    high = np.where(none, 1 - ((1 - level) / 2) ** (1 / np.maximum(n, 1)), high)
    return Curve(table.times, f, variance, low, high, 0.0, table)


def log_rank(
    duration: npt.ArrayLike, happened: npt.ArrayLike, group: npt.ArrayLike, entry: npt.ArrayLike | None = None
) -> float:
    """The standardised log-rank statistic: positive where group True leaves later than group False; NaN without events.

    Mantel (1966), Cancer Chemotherapy Reports 50, with the hypergeometric variance; standard normal where both are alike.
    """
    t, e, g = (
        np.asarray(duration, dtype=float),
        np.asarray(happened, dtype=bool),
        np.asarray(group, dtype=bool),
    )
    delay = np.zeros(t.shape) if entry is None else np.asarray(entry, dtype=float)
    whole = risk_table(t, e.astype(np.int64), delay)
    part = risk_table(t[g], e[g].astype(np.int64), delay[g])
    n, d = whole.at_risk.astype(float), whole.events[0].astype(float)
    own = np.zeros(n.size)
    own[np.searchsorted(whole.times, part.times)] = part.events[0]
    usable = np.isfinite(t) & (t >= 0) & (~(delay > 0) | (t > delay)) & g
    late = np.sort(delay[usable & (delay > 0)])
    entered = int(usable.sum()) - late.size + np.searchsorted(late, whole.times, side="left")
    n1 = entered - np.searchsorted(np.sort(t[usable]), whole.times, side="left")
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(n > 1, d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1), 0.0).sum()
        return float((d * n1 / n - own).sum() / np.sqrt(variance)) if variance > 0 else float("nan")
