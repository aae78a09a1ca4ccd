"""Sales cycle, win rate, average deal, velocity, coverage, and the way from the first lead to the won deal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import LOST, OPEN, UNKNOWN, WON, Calendar, DealTables, Kind
from sales_consultant.insight.funnel.endings import groups, period_labels, slices
from sales_consultant.insight.funnel.intervals import LEVEL, NONE, Estimate, mean, median, share
from sales_consultant.insight.funnel.survival import aalen_johansen, kaplan_meier, quantile


@dataclass(frozen=True)
class Cycle:
    """How deals end. Each figure with its interval; days, shares in 0 to 1, cents of the reporting currency.

    won, lost, open, unknown
        Deals: ended in the window as won, lost or unknown; open as of its end.
    days_won
        Median days from the making of a deal to its winning, of deals won in the window. It knows nothing of open deals.
    days_all
        Median days to the end whichever it is, by Kaplan-Meier over all deals under observation in the window.
    win_rate
        won / (won + lost) of what ended in the window (closed basis).
    win_rate_of_made
        Won by the as-of moment, of deals made in the window (by the date of making): low while many are open.
    win_rate_expected
        The share of deals that is won by the longest time observed, by Aalen-Johansen (losing competes).
    amount
        Mean amount of deals won in the window. `without_amount` of them have none that is known.
    velocity
        Cents a day: open deals x win_rate x amount / days_won; NaN where a factor is not known.
    """

    won: int
    lost: int
    open: int
    unknown: int
    days_won: Estimate
    days_all: Estimate
    win_rate: Estimate
    win_rate_of_made: Estimate
    win_rate_expected: Estimate
    amount: Estimate
    without_amount: int
    velocity: float


def cycle(ends: pd.DataFrame, as_of: int, since: int | None = None, level: float = LEVEL) -> Cycle:
    """The figures of deals between two moments (ms UTC), from what `endings` gave for `as_of`.

    A deal whose end is not dated, or lies before its making, has no length: it counts in the win rate alone, if it is dated.
    """
    start = -math.inf if since is None else float(since)
    status = ends["status"].to_numpy()
    made = ends["created_at"].to_numpy(dtype=float, na_value=np.nan)
    ended = ends["ended_at"].to_numpy(dtype=float, na_value=np.nan)
    days = ends["days"].to_numpy(dtype=float, na_value=np.nan)
    # Without a window, an end that is not dated is still an end.
    inside = (ended >= start) | (np.isnan(ended) & math.isinf(start))
    won, lost = (status == WON) & inside, (status == LOST) & inside
    rate = share(won.sum(), won.sum() + lost.sum(), level)
    begun = made >= start
    delay = np.clip((start - made) / DAY_MS, 0, None)
    cause = np.select([status == WON, status == LOST, status == UNKNOWN], [1, 2, 3], 0)
    watched = (status == OPEN) | (ended >= start)
    curves = aalen_johansen(days[watched], cause[watched], delay[watched], 3, level)
    whole = kaplan_meier(days[watched], cause[watched] > 0, delay[watched], level)
    value = ends["value"].to_numpy(dtype=float, na_value=np.nan)
    days_won, amount = median(days[won], level), mean(value[won], level)
    factors = (rate.value, amount.value, days_won.value)
    known = all(math.isfinite(f) for f in factors) and days_won.value > 0
    open_now = int((status == OPEN).sum())
    return Cycle(
        won=int(won.sum()), lost=int(lost.sum()), open=open_now, unknown=int(((status == UNKNOWN) & inside).sum()),
        days_won=days_won, days_all=quantile(whole), win_rate=rate,
        win_rate_of_made=share((begun & (status == WON)).sum(), begun.sum(), level),
        win_rate_expected=curves[0].at(curves[0].table.last) if whole.table.rows else NONE,
        amount=amount, without_amount=int(np.isnan(value[won]).sum()),
        velocity=open_now * rate.value * amount.value / days_won.value if known else math.nan,
    )  # fmt: skip


def cycles(
    tables: DealTables,
    ends: pd.DataFrame,
    as_of: int,
    since: int | None = None,
    by: str | None = None,
    calendar: Calendar | None = None,
    period: Kind | None = None,
    level: float = LEVEL,
) -> list[tuple[str, str, Cycle]]:
    """`cycle` by a column of `deals` and, with `calendar` and `period`, by the period in which deals were made.

    Rows of group, period label ("" without periods), figures; in the order of both.
    """
    rows = ends.assign(group=groups(tables, ends["deal_id"], by), made_in="")
    if calendar is not None and period is not None:
        rows["made_in"] = period_labels(rows["created_at"], calendar, period)
    return [
        (str(group), str(label), cycle(rows.iloc[at], as_of, since, level))
        for (group, label), at in slices(rows, ["group", "made_in"])
    ]


@dataclass(frozen=True)
class Coverage:
    """How far the open pipeline of a period covers what is to be reached; cents of the reporting currency.

    `open_cents` are open deals whose close date lies in the period (`deals` of them, `without_amount` of these unknown),
    `goal` what is still to be won, `ratio` the first divided by the second: NaN where nothing is left to win.
    """

    open_cents: int
    deals: int
    without_amount: int
    goal: float
    ratio: float


def coverage(ends: pd.DataFrame, period: tuple[int, int], goal: float | None, won: float = 0.0) -> Coverage:
    """Open pipeline of a period (start, and end without itself; ms UTC) over a goal in cents, less what is won of it.

    The goal is a target, or what was won in an earlier period. None: no goal, so no ratio.
    """
    date = ends["close_date"].to_numpy(dtype=float, na_value=np.nan)
    chosen = (ends["status"] == OPEN).to_numpy() & (date >= period[0]) & (date < period[1])
    value = ends.loc[chosen, "value"]
    cents = sum(int(v) for v in value.dropna())
    left = math.nan if goal is None else goal - won
    ratio = cents / left if left > 0 else math.nan
    return Coverage(cents, int(chosen.sum()), int(value.isna().sum()), left, ratio)


def journey(
    milestones: pd.DataFrame, steps: Sequence[str], as_of: int, since: int | None = None, level: float = LEVEL
) -> pd.DataFrame:
    """From the first lead to the won deal: one row a step.

    `milestones` has one row a company or contact and a column of ms UTC for each of `steps`, in their order (a gap: not
    reached). Columns: step; reached (rows that reached it, of those that reached the first step in the window); passed_over
    (reached a later step but not this one); conversion, low, high (of those that reached the step before, the share that
    reached this one; Wilson); backwards (of them, those dated before the step before, which have no days); days, days_low,
    days_high (median between both steps); overall, overall_low, overall_high (of those that reached the first step).
    """
    at = milestones[list(steps)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    at = np.where(at <= as_of, at, np.nan)
    begun = at[:, 0] >= (-math.inf if since is None else since)
    at = at[begun]
    reached = ~np.isnan(at)
    rows = []
    for i, step in enumerate(steps):
        later = reached[:, i + 1 :].any(axis=1)
        row: dict[str, object] = {"step": step, "reached": int(reached[:, i].sum())}
        row["passed_over"] = int((later & ~reached[:, i]).sum())
        before = reached[:, i - 1] if i else np.zeros(len(at), dtype=bool)
        both = before & reached[:, i]
        took = (at[both, i] - at[both, i - 1]) / DAY_MS if i else np.empty(0)
        found = {
            "conversion": share(both.sum(), before.sum(), level),
            "days": median(took[took >= 0], level),
            "overall": share(reached[:, i].sum(), len(at), level),
        }
        row["backwards"] = int((took < 0).sum())
        for name, e in found.items():
            row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high}
        rows.append(row)
    return pd.DataFrame(rows)
