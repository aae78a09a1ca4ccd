"""What the open deals and those not yet made will bring: simulated deal by deal, so that all groups add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.insight.core import WON
from sales_consultant.insight.forecast.hazards import WINDOW, Hazards, hazards
from sales_consultant.insight.forecast.series import LEVELS
from sales_consultant.insight.forecast.snapshots import Endings, Floats, Ints, Snapshots, objects, times

TOTAL = "total"
OTHER = "(other)"
NONE = "(none)"
# Groups of a level that are kept apart; the smallest are put together beyond that, so that memory is bounded.
_MOST_GROUPS = 200
_BATCH = 2048
# The deals that are simulated one by one, the largest; the rest by groups.
_SINGLY = 20_000
# Final over current amount beyond this is taken for a typing error.
_MOST_RATIO = 5.0
_LEAST_WON = 10


@dataclass(frozen=True)
class Draws:
    """Simulated booked revenue of the months ahead, in cents of the reporting currency.

    labels
        (H,) the months, as 2026-03; the first is the month of the forecast's moment.
    names
        By level (total, owner, team, pipeline, product, segment) the groups' names.
    values
        By level (groups, H, draws). Of each level the sum over groups is the total of that draw.
    """

    labels: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Floats]

    def quantiles(self, level: str = TOTAL) -> Floats:
        """(groups, H, len(LEVELS))."""
        out: Floats = np.moveaxis(np.quantile(self.values[level], LEVELS, axis=2), 0, -1)
        return out

    def means(self, level: str = TOTAL) -> Ints:
        """(groups, H) whole cents; the groups of a level add up to the total exactly, by the largest remainder."""
        total = np.round(self.values[TOTAL].mean(axis=2))[0]
        return rounded(self.values[level].mean(axis=2), total)


def rounded(parts: Floats, total: Floats) -> Ints:
    """Parts, (groups, H), rounded down or up so that each column adds up to its whole total, (H,).

    The largest remainders are rounded up first; where parts and total differ by more than rounding, what is over goes
    to the largest part.
    """
    down = np.floor(parts)
    short = np.round(total - down.sum(axis=0)).astype(np.int64)
    out = down.astype(np.int64)
    rank = np.argsort(np.argsort(-(parts - down), axis=0, kind="stable"), axis=0)
    out += rank < short[None, :]
    left = np.round(total).astype(np.int64) - out.sum(axis=0)
    out[np.argmax(parts, axis=0), np.arange(parts.shape[1])] += left
    return out


@dataclass(frozen=True)
class Levels:
    """Which group each deal belongs to at each level.

    names
        By level its groups. codes: by level (deals,), in the order of `DealTables.deals`.
    """

    names: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, Ints]


def _coded(values: NDArray[np.object_]) -> tuple[tuple[str, ...], Ints]:
    told = pd.Series(values, dtype="object")
    told = told.where(told.notna() & (told != ""), NONE).astype(str)
    counts = told.value_counts()
    if len(counts) > _MOST_GROUPS:
        told = told.where(told.isin(counts.index[: _MOST_GROUPS - 1]), OTHER)
    codes, names = pd.factorize(told, sort=True)
    return tuple(str(name) for name in names), codes.astype(np.int64)


def levels_of(
    deals: pd.DataFrame,
    owner: NDArray[np.object_],
    teams: Mapping[str, str] | None = None,
    columns: Sequence[str] = ("pipeline", "product", "segment"),
) -> Levels:
    """The groups of deals: by owner, team (a mapping of owner to team), and those of `columns` that the table has.

    owner
        (deals,) who has each deal at the moment of the forecast. A missing value is the group "(none)".
    """
    found = {"owner": _coded(owner)}
    if teams is not None:
        found["team"] = _coded(np.array([teams.get(str(one)) for one in owner], dtype=object))
    for column in columns:
        if column in deals.columns:
            found[column] = _coded(objects(deals[column]))
    names = {TOTAL: (TOTAL,)} | {level: pair[0] for level, pair in found.items()}
    none = np.zeros(len(deals), dtype=np.int64)
    return Levels(names, {TOTAL: none} | {level: pair[1] for level, pair in found.items()})


class _Sums:
    """Amounts by level, group, month and draw, added up event by event."""

    def __init__(self, levels: Levels, horizon: int, draws: int) -> None:
        self.levels, self.horizon, self.draws = levels, horizon, draws
        self.values = {level: np.zeros(len(names) * horizon * draws) for level, names in levels.names.items()}

    def add(self, deal: Ints, month: Ints, draw: Ints, cents: Floats) -> None:
        """One amount an event: of a deal, in a month ahead, in a draw."""
        cell = month * self.draws + draw
        for level, codes in self.levels.codes.items():
            out = self.values[level]
            place = codes[deal] * (self.horizon * self.draws) + cell
            # Few groups are added in one pass over all of them; many only where something fell.
            if len(out) <= 4 * len(place):
                out += np.bincount(place, weights=cents, minlength=len(out))
            else:
                np.add.at(out, place, cents)

    def add_rows(self, deal: Ints, month: int, cents: Floats) -> None:
        """Amounts of all draws, (deals, draws), in one month."""
        for level, codes in self.levels.codes.items():
            out = self.values[level].reshape(-1, self.horizon, self.draws)
            np.add.at(out[:, month], codes[deal], cents)

    def shaped(self) -> dict[str, Floats]:
        return {
            level: out.reshape(len(self.levels.names[level]), self.horizon, self.draws)
            for level, out in self.values.items()
        }


def ratios(snaps: Snapshots, place: int) -> Floats:
    """What won deals were worth when won over what they stood at before, sorted; 1 alone where too few were won."""
    known = (
        (snaps.won_in <= place - snaps.origin - 1) & (snaps.origin >= place - WINDOW) & (snaps.origin < place)
    )
    known &= (snaps.cents > 0) & (snaps.final >= 0)
    found = snaps.final[known] / snaps.cents[known]
    found = np.sort(found[found <= _MOST_RATIO])
    return found if len(found) >= _LEAST_WON else np.ones(1)


def _amounts(snaps: Snapshots, rows: Ints, place: int) -> tuple[Floats, int]:
    """What each open deal is taken to be worth, and of how many that is not known (or negative) and was filled.

    The mean of what won deals of its pipeline were worth stands in for it. A deal in a currency without a rate counts as
    nothing: its win will not be told as booked either.
    """
    cents = snaps.cents[rows].copy()
    unrated = snaps.unrated[rows]
    cents[unrated] = 0
    odd = ~(cents >= 0)
    won = (snaps.won_in <= place - snaps.origin - 1) & np.isfinite(snaps.final)
    count = len(snaps.pipelines) + 1
    code = snaps.pipeline[won] + 1
    sums = np.bincount(code, weights=snaps.final[won], minlength=count)
    counts = np.bincount(code, minlength=count)
    fill = np.where(counts > 0, sums / np.maximum(counts, 1), sums.sum() / max(counts.sum(), 1))
    cents[odd] = np.maximum(np.round(fill[snaps.pipeline[rows][odd] + 1]), 0)
    return cents, int(odd.sum())


def _add_small(
    sums: _Sums,
    deals: Ints,
    chances: Hazards,
    cents: Floats,
    pool: Floats,
    part: Ints,
    rng: np.random.Generator,
) -> None:
    """Adds what many small deals bring, `part` of them, by finest group and month instead of one by one.

    The sum of a group has the mean and variance of its deals' (months taken as independent), as a gamma, which like the
    sum is never negative.
    """
    if not len(part):
        return
    deal, won, worth = deals[part], chances.won[chances.cell[part]], cents[part]
    stacked = np.column_stack([codes[deal] for codes in sums.levels.codes.values()])
    _, first, leaf = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
    leaf, count = leaf.ravel(), len(first)
    ratio, squared = float(pool.mean()), float((pool**2).mean())
    for h in range(sums.horizon):
        each = worth * ratio * won[:, h]
        mean = np.bincount(leaf, weights=each, minlength=count)
        variance = np.bincount(leaf, weights=worth**2 * squared * won[:, h] - each**2, minlength=count)
        some = np.flatnonzero((mean > 0) & (variance > 0))
        for begin in range(0, len(some), 256):
            block = some[begin : begin + 256]
            scale = variance[block] / mean[block]
            drawn = np.round(
                rng.gamma((mean[block] / scale)[:, None], scale[:, None], (len(block), sums.draws))
            )
            sums.add_rows(deal[first[block]], h, drawn)


def _add_open(
    sums: _Sums, snaps: Snapshots, rows: Ints, place: int, use_close: bool, rng: np.random.Generator
) -> int:
    """Adds what the deals that stand open at an origin bring; tells how many amounts were filled."""
    chances = hazards(snaps, rows, place, sums.horizon, use_close)
    ends = chances.won.cumsum(axis=1).astype(np.float32)
    cents, odd = _amounts(snaps, rows, place)
    pool = ratios(snaps, place)
    deals = snaps.deal[rows]
    largest = np.argsort(-cents, kind="stable")
    _add_small(sums, deals, chances, cents, pool, largest[_SINGLY:], rng)
    single = largest[:_SINGLY]
    for begin in range(0, len(single), _BATCH):
        part = single[begin : begin + _BATCH]
        cell, deal, worth = chances.cell[part], deals[part], cents[part]
        u = rng.random((len(cell), sums.draws), dtype=np.float32)
        hits = np.flatnonzero(u.ravel() < np.repeat(ends[cell, -1], sums.draws))
        row, draw = np.divmod(hits, sums.draws)
        at = u.ravel()[hits]
        month = np.zeros(len(hits), dtype=np.int64)
        for h in range(sums.horizon - 1):
            month += at >= ends[cell, h][row]
        if len(pool) > 1:
            by = pool[rng.integers(len(pool), size=len(hits))]
            sums.add(deal[row], month, draw, np.round(worth[row] * by))
        else:
            sums.add(deal[row], month, draw, worth[row])
    return odd


def _add_new(sums: _Sums, snaps: Snapshots, ends: Endings, place: int, rng: np.random.Generator) -> float:
    """Adds what deals that are not made yet bring; tells how many of them are expected in a month.

    Their number is negative binomial by month, with the mean and overdispersion of the last year (and the mean's own
    uncertainty); lag to winning, amount and groups are drawn from the deals of the last year that had time to be won.
    """
    months, horizon = snaps.months, sums.horizon
    made = times(snaps.tables.deals["created_at"])
    month = months.of(np.where(made <= months.origins[place], made, np.nan))
    past = min(12, place)
    counts = np.bincount(
        np.clip(month[(month >= place - past) & (month < place)] - (place - past), 0, None), minlength=past
    )
    if past < 3 or counts.sum() == 0:
        return 0.0
    mean = float(counts.mean())
    over = max(float(counts.var(ddof=1)) - mean, 0.0) / mean**2
    begun = np.flatnonzero((month >= place - past - horizon) & (month < place - horizon))
    if not len(begun):
        begun = np.flatnonzero((month >= 0) & (month < place))
    lag = months.of(ends.ended_at[begun]) - month[begun]
    won = (ends.status[begun] == WON) & (lag >= 0) & (lag < horizon) & (month[begun] + lag < place)
    won &= ends.cents[begun] >= 0
    winners, lags = begun[won], lag[won]
    start, end = months.starts[place], months.starts[place + 1]
    share_left = (end - months.origins[place]) / (end - start)
    level = rng.gamma(past / (over + 1 / mean), (over + 1 / mean) / past, size=sums.draws) * mean
    for h in range(horizon):
        wave = rng.gamma(1 / over, over, size=sums.draws) if over > 1e-9 else np.ones(sums.draws)
        expected = level * wave * (share_left if h == 0 else 1.0) * len(winners) / len(begun)
        number = rng.poisson(expected) if len(winners) else np.zeros(sums.draws, dtype=np.int64)
        draw = np.repeat(np.arange(sums.draws), number)
        which = rng.integers(len(winners), size=len(draw)) if len(draw) else np.empty(0, dtype=np.int64)
        inside = h + lags[which] < horizon
        which, draw = which[inside], draw[inside]
        sums.add(winners[which], h + lags[which], draw, ends.cents[winners[which]])
    return mean


def expected(snaps: Snapshots, rows: Ints, place: int, horizon: int, use_close: bool) -> Floats:
    """(rows, horizon) what each open deal is expected to bring in each month ahead, in cents: chance times amount."""
    chances = hazards(snaps, rows, place, horizon, use_close)
    cents, _ = _amounts(snaps, rows, place)
    out: Floats = chances.won[chances.cell] * cents[:, None] * float(ratios(snaps, place).mean())
    return out


@dataclass(frozen=True)
class Simulation:
    """What the deals bring after the moment of the forecast.

    draws
        The simulated amounts; what was booked before the moment is not in them.
    open_deals, without_amount
        How many deals were simulated, and of how many the amount was missing or negative. unrated: how many others are in a
        currency without a rate, so that they bring nothing.
    new_a_month
        Deals that are expected to be made in a month.
    """

    draws: Draws
    open_deals: int
    without_amount: int
    unrated: int
    new_a_month: float


def simulate(
    snaps: Snapshots,
    ends: Endings,
    levels: Levels,
    horizon: int,
    rng: np.random.Generator,
    draws: int = 2000,
    place: int | None = None,
    use_close: bool = False,
) -> Simulation:
    """The booked revenue of the next `horizon` months, simulated from what was known at one origin.

    snaps, ends
        As of the last origin. Of both only what had happened before the chosen origin is used.
    place
        The origin's place in `snaps.months.origins`; the last where not given.
    use_close
        Whether months to the close date tell deals apart (`close_date_helps`).
    """
    place = len(snaps.months.origins) - 1 if place is None else place
    rows = np.flatnonzero(snaps.origin == place)
    sums = _Sums(levels, horizon, draws)
    odd = _add_open(sums, snaps, rows, place, use_close, rng)
    new = _add_new(sums, snaps, ends, place, rng)
    labels = snaps.months.labels[place : place + horizon]
    unrated = int(snaps.unrated[rows].sum())
    return Simulation(Draws(labels, levels.names, sums.shaped()), len(rows) - unrated, odd, unrated, new)
