"""What every method would have said at past origins about the months that followed, and what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sales_consultant.insight.core import WON
from sales_consultant.insight.forecast.deals import TOTAL, Levels, simulate
from sales_consultant.insight.forecast.hazards import close_date_helps
from sales_consultant.insight.forecast.origins import (
    COMBINATION,
    LEAST_MONTHS,
    Origins,
    calibrated,
    choose,
    rolling,
)
from sales_consultant.insight.forecast.series import LEVELS, Fan, Floats, seasonal_naive
from sales_consultant.insight.forecast.snapshots import Endings, Ints, Snapshots

DEALS, PIPELINE, NAIVE, SERIES = "deals", "weighted_pipeline", "seasonal_naive", "series"
_DRAWS = 400


def booked(snaps: Snapshots, ends: Endings, level_codes: Ints | None = None, groups: int = 1) -> Floats:
    """(groups, months) cents of deals won in each month of `snaps.months` by its last origin; of all where no codes."""
    month = snaps.months.of(ends.ended_at)
    won = (ends.status == WON) & np.isfinite(ends.cents) & (month >= 0)
    width = len(snaps.months.labels)
    codes = np.zeros(len(month), dtype=np.int64) if level_codes is None else level_codes
    flat = np.bincount(codes[won] * width + month[won], weights=ends.cents[won], minlength=groups * width)
    out: Floats = flat.reshape(groups, width).astype(np.float64)
    return out


def booked_before(snaps: Snapshots, ends: Endings, codes: Ints | None = None, groups: int = 1) -> Floats:
    """(groups, origins) what was booked in each origin's own month by the origin."""
    months = snaps.months
    month = months.of(ends.ended_at)
    inside = (ends.status == WON) & np.isfinite(ends.cents) & (month >= 0) & (month < len(months.origins))
    inside &= ends.ended_at <= months.origins[np.clip(month, 0, len(months.origins) - 1)]
    codes = np.zeros(len(month), dtype=np.int64) if codes is None else codes
    flat = np.bincount(
        codes[inside] * len(months.origins) + month[inside],
        weights=ends.cents[inside],
        minlength=groups * len(months.origins),
    )
    out: Floats = flat.reshape(groups, len(months.origins)).astype(np.float64)
    return out


COMMITTED = frozenset({"commit", "committed", "forecast"})
"""What vendors call a deal that a rep stands for, in small letters; "forecast" is what Salesforce shows as Commit."""


def weighted(snaps: Snapshots, place: int) -> Floats:
    """(rows of the origin,) each open deal's amount times its stage's win rate, in cents.

    The win rate is that of deals that stood in the stage at earlier origins and had ended by this one.
    """
    over = (snaps.origin < place) & (np.minimum(snaps.won_in, snaps.lost_in) <= place - snaps.origin - 1)
    key = (snaps.pipeline + 1) * (len(snaps.stages) + 1) + snaps.stage + 1
    size = (len(snaps.pipelines) + 1) * (len(snaps.stages) + 1)
    won = np.bincount(key[over], weights=snaps.won_in[over] <= place - snaps.origin[over] - 1, minlength=size)
    count = np.bincount(key[over], minlength=size)
    whole = won.sum() / max(count.sum(), 1)
    rate = (won + whole) / (count + 1)
    rows = np.flatnonzero(snaps.origin == place)
    out: Floats = np.where(snaps.cents[rows] >= 0, snaps.cents[rows], 0.0) * rate[key[rows]]
    return out


def committed(snaps: Snapshots, category: object) -> Floats:
    """(rows of the last origin,) the amounts of open deals that reps committed, 0 for the others.

    category
        (deals,) the forecast category of each deal, in any letter case.
    """
    rows = np.flatnonzero(snaps.origin == len(snaps.months.origins) - 1)
    told = [str(one).strip().casefold() for one in np.asarray(category, dtype=object)[snaps.deal[rows]]]
    hit = np.array([one in COMMITTED for one in told], dtype=bool)
    out: Floats = np.where((snaps.cents[rows] >= 0) & hit, snaps.cents[rows], 0.0)
    return out


def by_close_date(snaps: Snapshots, place: int, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(rows of the origin, periods) in which periods each open deal is to close.

    edges
        (periods, 2) the first month of each and the one after its last, as places in `months.starts`. A deal that is overdue
        is in the period of its close date; one without a close date is in none.
    """
    rows = np.flatnonzero(snaps.origin == place)
    month = (snaps.due[rows] + place)[:, None]
    out: NDArray[np.bool_] = (month >= edges[:, 0]) & (month < edges[:, 1])
    return out


@dataclass(frozen=True)
class PastOrigins:
    """What all methods said of whole months (what was booked by the origin counts), and whether close dates are used.

    origins
        `Origins` with the methods deals, weighted_pipeline, seasonal_naive, series and COMBINATION of the series
        methods; `ends` count whole months of history. Cents of the reporting currency.
    use_close
        What `close_date_helps` found today.
    first
        Place in `snaps.months` of the first month with history.
    """

    origins: Origins
    use_close: bool
    first: int


def _first_month(snaps: Snapshots, by_month: Floats) -> int:
    """The first month in which a deal was open or won: before it there was no CRM, not no revenue."""
    place = len(snaps.months.origins) - 1
    first = int(snaps.origin.min(initial=place))
    sold = np.flatnonzero(by_month[: place + 1])
    return min(first, int(sold[0])) if len(sold) else first


def over_past_origins(
    snaps: Snapshots,
    ends: Endings,
    horizon: int,
    rng: np.random.Generator,
    most: int = 24,
    draws: int = _DRAWS,
) -> PastOrigins:
    """All methods at the last `most` origins and today, from nothing that came later.

    Bounded: one simulation of `draws` draws an origin, and each series method fitted once an origin.
    """
    months = snaps.months
    now = len(months.origins) - 1
    actual_all = booked(snaps, ends)[0]
    before = booked_before(snaps, ends)[0]
    first = _first_month(snaps, actual_all)
    series = rolling(actual_all[first:now], horizon, most=most) if now - first >= LEAST_MONTHS else None
    places = np.arange(min(max(now - most, first + 3), now), now + 1)
    names = (DEALS, PIPELINE, NAIVE, SERIES)
    shape = (len(names), len(places), horizon)
    points, quantiles = np.full(shape, np.nan), np.full((*shape, len(LEVELS)), np.nan)
    actual = np.full(shape[1:], np.nan)
    none = Levels({TOTAL: (TOTAL,)}, {TOTAL: np.zeros(len(snaps.tables.deals), dtype=np.int64)})
    use_close = False
    for o, place in enumerate(int(one) for one in places):
        over = actual_all[place : min(place + horizon, now)]
        actual[o, : len(over)] = over
        so_far = np.zeros(horizon)
        so_far[0] = before[place]
        # Looked at twice a year: what tells deals apart does not change from month to month.
        if place == now or o % 6 == 0:
            use_close = close_date_helps(snaps, place)
        made = simulate(snaps, ends, none, horizon, rng, draws, place, use_close)
        total = made.draws.values[TOTAL][0]
        points[0, o] = total.mean(axis=1) + so_far
        quantiles[0, o] = np.quantile(total, LEVELS, axis=1).T + so_far[:, None]
        # As in a CRM: of what is overdue since an earlier month nothing is expected in the months ahead.
        ahead = np.arange(place, place + horizon)
        within = by_close_date(snaps, place, np.column_stack([ahead, ahead + 1]))
        flat = weighted(snaps, place) @ within + so_far
        points[1, o], quantiles[1, o] = flat, flat[:, None]
        _add_series(
            series, actual_all[first:place], place - first, horizon, points[2:, o], quantiles[2:, o], so_far
        )
    methods = (*names, COMBINATION)
    extra = np.full((1, *shape[1:]), np.nan)
    found = Origins(
        methods,
        places - first,
        np.concatenate([points, extra]),
        np.concatenate([quantiles, np.full((1, *shape[1:], len(LEVELS)), np.nan)]),
        actual,
    )
    return PastOrigins(found, use_close, first)


def _add_series(
    series: Origins | None,
    known: Floats,
    end: int,
    horizon: int,
    points: Floats,
    quantiles: Floats,
    so_far: Floats,
) -> None:
    """Fills in what the seasonal naive forecast and the best of the series said at an origin, never below what is booked."""
    naive = seasonal_naive(known, horizon)
    made: list[Fan | None] = [naive, None]
    if series is not None and (series.ends == end).any():
        at = int(np.flatnonzero(series.ends == end)[0])
        made[1] = calibrated(series, choose(series, at), at)
    for place, fan in enumerate(made):
        if fan is not None:
            points[place] = np.maximum(fan.point, so_far)
            quantiles[place] = np.maximum(fan.quantiles, so_far[:, None])
