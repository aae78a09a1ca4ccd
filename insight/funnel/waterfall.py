"""The waterfall: what made the open pipeline of one date into that of another, to the cent.

The pipeline at a moment: deals that were made by then, are open (as `states` tells), belong to a chosen owner and have their
close date in a chosen period, as far as these are chosen. A deal counts with its amount in the reporting currency at the
rate of that moment. One whose amount or rate is not known counts with no money, and is listed under "unvalued".

Every deal is followed from change to change. At each moment at which something changed, its contribution is taken apart in
this order, so that what is told first is told of the deal as it was before what is told later:

1. currency: the rate moved since the deal's last change.
2. reassigned_in, reassigned_out: it came to or left the chosen owners.
3. amount_up, amount_down: by the sign of the difference, also of negative amounts.
4. pulled_in, pushed_out: its close date came into, or left, the period; in whichever direction it moved.
5. won, lost, removed (closed, and nobody knows how), reopened (open again after any of them).

So a deal that gets its last amount with its winning goes up first and is won with that amount. While a deal is closed, or
outside owners or period, what else changes moves no money: it comes back with what it is then. `created` holds all that a new
deal is when it is made, and the first known value of its amount, close date, owner or stage where that came later. At the
end the rate of the end date is applied, as currency. Every step is a difference of two integers, each of which is the end of
the step before: all steps of a deal add up to its end less its start.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from sales_consultant.insight.core import OPEN, DealTables, Rates
from sales_consultant.insight.funnel.paths import Paths, follow

BUCKETS = (
    "created", "currency", "reassigned_in", "reassigned_out", "amount_up", "amount_down", "pulled_in", "pushed_out", "won",
    "lost", "removed", "reopened",
)  # fmt: skip
"""What can happen between start and end; all but `unvalued`, which moves no money."""
_CLOSED = {"won": "won", "lost": "lost"}
_COLUMNS = ["bucket", "deal_id", "at", "cents", "known", "before", "after"]


@dataclass(frozen=True)
class Waterfall:
    """The pipeline between two moments (ms UTC), in hundredths of the reporting currency.

    start, end
        The pipeline then: cents. `end` is `start` plus all of `totals`; this is asserted.
    totals, deals
        By bucket, in the order of BUCKETS: cents, and how many deals are in it.
    rows
        One row a deal and step: bucket ("start" and "end" and "unvalued" too), deal_id, at (ms), cents (what the step added),
        before, after: what changed. Cents in currency and amount steps, the close date (ms) in pulled_in and pushed_out, the
        owner in re-assigned steps, the status otherwise; None for nothing known. known: whether amount and rate are.
        "unvalued" are deals of the pipeline of
        the end without amount or rate.
    undated
        Deals of which nobody knows when they were made: in no pipeline.
    """

    start: int
    end: int
    totals: dict[str, int]
    deals: dict[str, int]
    rows: pd.DataFrame
    undated: int


@dataclass(frozen=True)
class _Scope:
    owners: frozenset[str | None] | None
    period: tuple[int, int] | None

    def owner(self, owners: np.ndarray) -> np.ndarray:
        if self.owners is None:
            return np.ones(owners.size, dtype=bool)
        found = pd.Series(owners, dtype=object)
        known = found.isin([o for o in self.owners if o is not None])
        return np.asarray(known | found.isna() if None in self.owners else known, dtype=bool)

    def date(self, dates: np.ndarray) -> np.ndarray:
        if self.period is None:
            return np.ones(dates.size, dtype=bool)
        with np.errstate(invalid="ignore"):
            return (dates >= self.period[0]) & (dates < self.period[1])


def waterfall(
    tables: DealTables,
    since: int,
    until: int,
    rates: Rates,
    period: tuple[int, int] | None = None,
    owners: Collection[str] | None = None,
) -> Waterfall:
    """The pipeline from `since` to `until` (ms UTC), of deals whose close date lies in `period` (from, up to without).

    Deals can be chosen by what does not change with `tables.of`. Where `until` is not after `since` nothing happened: both
    are the pipeline of `since`.
    """
    until = max(since, until)
    paths = follow(tables, since, until, rates)
    scope = _Scope(None if owners is None else frozenset(owners), period)
    return _between(paths, scope, int(tables.deals["created_at"].isna().sum()))


def waterfalls(
    tables: DealTables,
    since: int,
    until: int,
    rates: Rates,
    group_of: Mapping[str, str] | None = None,
) -> dict[str, Waterfall]:
    """The pipeline of each owner, or of each group of them, by the group; each balances for itself.

    group_of
        The group of owners by their id; who is not in it, and a deal without owner, is in the group "". None: each owner is
        a group. What is re-assigned from one group to another leaves the one and comes to the other, so that starts, ends
        and all other movements of the groups add up to those of the whole.
    """
    paths = follow(tables, since, max(since, until), rates)
    owners = pd.Series(paths.owner, dtype=object)
    found = owners if group_of is None else owners.map(dict(group_of))
    # None stays none: the first owner of a new deal is told as its creation.
    found = found.where(found.notna() & (found != ""), None)
    grouped = replace(paths, owner=found.to_numpy(dtype=object))
    undated = int(tables.deals["created_at"].isna().sum())
    names = sorted({str(group) for group in found.dropna()}) + [""] * bool(found.isna().any())
    parts = {}
    for name in names:
        scope = _Scope(frozenset({name or None}), None)
        parts[name] = _between(_touched(grouped, scope.owner(grouped.owner)), scope, undated)
    return parts


def _touched(paths: Paths, hit: np.ndarray) -> Paths:
    """The paths of deals of which one place at least is hit: those of all others say nothing of it."""
    deal = np.cumsum(paths.first)
    ever = np.zeros(int(deal[-1]) + 1 if deal.size else 1, dtype=bool)
    ever[deal[hit]] = True
    keep = ever[deal]
    return Paths(**{f.name: getattr(paths, f.name)[keep] for f in fields(paths)})


def _between(paths: Paths, scope: _Scope, undated: int) -> Waterfall:
    steps = _steps(paths, scope)
    standing = _standing(paths, scope)
    moved = steps[steps["bucket"].isin(BUCKETS)]
    sums = moved.groupby("bucket")["cents"].agg(_exact) if len(moved) else pd.Series(dtype=object)
    numbers = moved.groupby("bucket")["deal_id"].nunique() if len(moved) else pd.Series(dtype=object)
    totals = {b: int(sums.get(b, 0)) for b in BUCKETS}
    rows = pd.concat([standing, steps], ignore_index=True)
    ends = {b: _exact(rows.loc[rows["bucket"] == b, "cents"]) for b in ("start", "end")}
    if ends["start"] + sum(totals.values()) != ends["end"]:
        raise AssertionError(
            f"The waterfall does not balance: {ends['start']} + {totals} is not {ends['end']}."
        )
    return Waterfall(
        ends["start"], ends["end"], totals, {b: int(numbers.get(b, 0)) for b in BUCKETS}, rows, undated
    )


def _exact(cents: pd.Series) -> int:
    """A sum that no amount can overflow."""
    return sum(cents.tolist())


def _standing(paths: Paths, scope: _Scope) -> pd.DataFrame:
    """The deals of the pipeline at the start and at the end, and those of the end without an amount."""
    inside = scope.owner(paths.owner) & scope.date(paths.close_date) & (paths.status == OPEN) & paths.exists
    out = []
    for bucket, chosen in (("start", paths.first & inside), ("end", paths.last & inside)):
        value = paths.value[chosen]
        out.append((bucket, chosen, value))
        if bucket == "end":
            out.append(
                (
                    "unvalued",
                    chosen & ~paths.valued,
                    np.zeros(int((chosen & ~paths.valued).sum()), dtype=np.int64),
                )
            )
    frames = [
        pd.DataFrame(
            {
                "bucket": b,
                "deal_id": paths.deal_id[c],
                "at": paths.at[c],
                "cents": v,
                "known": paths.valued[c],
                "before": None,
                "after": None,
            }
        )
        for b, c, v in out
    ]
    return pd.concat(
        [f for f in frames if len(f)] or [pd.DataFrame(columns=_COLUMNS)], ignore_index=True
    ).astype({"cents": "int64"})


def _steps(paths: Paths, scope: _Scope) -> pd.DataFrame:
    """Take each change apart, in the order of this module's description."""
    now = np.flatnonzero(~paths.first)
    old = now - 1
    was = paths.exists[old]
    new = paths.new[now]
    owner_in, date_in = scope.owner(paths.owner), scope.date(paths.close_date)
    is_open = paths.status == OPEN
    frames = []

    def step(
        bucket: np.ndarray,
        inside: tuple[np.ndarray, np.ndarray],
        cents: tuple[np.ndarray, np.ndarray],
        told: tuple[np.ndarray, np.ndarray],
        unknown: np.ndarray | None,
    ) -> None:
        before, after = np.where(inside[0], cents[0], 0), np.where(inside[1], cents[1], 0)
        hit = (inside[0] != inside[1]) | (before != after)
        name = bucket if unknown is None else np.where(new & unknown, "created", bucket)
        frames.append(
            pd.DataFrame(
                {
                    "bucket": name[hit], "deal_id": paths.deal_id[now][hit], "at": paths.at[now][hit],
                    "cents": (after - before)[hit], "known": (paths.valued[now] | paths.valued[old])[hit],
                    "before": told[0][hit].astype(object), "after": told[1][hit].astype(object),
                }
            )
        )  # fmt: skip

    there = owner_in[old] & date_in[old] & is_open[old] & was
    current, revalued, valued = paths.value[old], paths.revalued[now], paths.value[now]
    none, everywhere = np.full(now.size, None, dtype=object), np.full(now.size, "created", dtype=object)
    made = ~was & paths.exists[now]
    whole = owner_in[now] & date_in[now] & is_open[now] & made
    # A new deal that is outside owners and period, or closed at once, adds nothing to the pipeline when it is made.
    step(everywhere, (~made & there, whole | (~made & there)), (current, np.where(made, valued, current)),
         (none, paths.status[now]), None)  # fmt: skip
    currency = np.full(now.size, "currency", dtype=object)
    step(currency, (there, there), (current, revalued), (current, revalued), None)
    live = is_open[old] & was
    moved = owner_in[now] & date_in[old] & live
    step(np.where(moved, "reassigned_in", "reassigned_out").astype(object), (there, moved), (revalued, revalued),
         (paths.owner[old], paths.owner[now]), pd.isna(paths.owner[old]))  # fmt: skip
    step(np.where(valued > revalued, "amount_up", "amount_down").astype(object), (moved, moved), (revalued, valued),
         (revalued, valued), ~paths.amount_known[old])  # fmt: skip
    dated = owner_in[now] & date_in[now] & live
    step(np.where(dated, "pulled_in", "pushed_out").astype(object), (moved, dated), (valued, valued),
         (paths.close_date[old], paths.close_date[now]), np.isnan(paths.close_date[old]))  # fmt: skip
    ended = owner_in[now] & date_in[now] & is_open[now] & was
    status = pd.Series(paths.status[now]).map(_CLOSED).fillna("removed").to_numpy(dtype=object)
    step(np.where(ended, "reopened", status).astype(object), (dated, ended), (valued, valued),
         (paths.status[old], paths.status[now]), paths.unstaged[old] & is_open[now])  # fmt: skip
    return pd.concat(frames, ignore_index=True)
