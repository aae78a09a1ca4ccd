"""The forecast of a company: its months and fiscal quarters, from the deals and the series, by group, adding up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sales_consultant.insight.core import Calendar, DealTables, Period, Rates
from sales_consultant.insight.forecast.deals import Draws, Levels, levels_of, simulate
from sales_consultant.insight.forecast.driven import drive, moved
from sales_consultant.insight.forecast.drivers import Driver, DriverTest
from sales_consultant.insight.forecast.origins import (
    COMBINATION,
    DEALS_ALLOWANCE,
    LEAST_MONTHS,
    Accuracy,
    Hidden,
    Origins,
    accuracy,
    calibrated,
)
from sales_consultant.insight.forecast.past_origins import (
    DEALS,
    NAIVE,
    SERIES,
    booked,
    booked_before,
    by_close_date,
    committed,
    over_past_origins,
    weighted,
)
from sales_consultant.insight.forecast.reconcile import fit_draws, quarter_draws, reconciled
from sales_consultant.insight.forecast.series import Fan, Floats
from sales_consultant.insight.forecast.snapshots import (
    NEVER,
    Endings,
    Past,
    Snapshots,
    months_until,
    objects,
    read_past,
)

LEAST_WON = 10
LEAST_MONTHS_OF_DEALS = 9
ENOUGH_SEEN = 100
"""Deals that were open at the end of a month and won later, from which on LEAST_MONTHS_OF_DEALS months do."""
MOST_MONTHS = 15
SPANS: tuple[Literal["quarter", "year"], ...] = ("quarter", "year")
_MONTHS = {"quarter": 3, "year": 12}
_PAST = 72


@dataclass(frozen=True)
class CompanyForecast:
    """Booked revenue by period: cents of the reporting currency that deals won in it were worth when they were won.

    months, spans
        The periods; the first month is that of the forecast's moment. Spans are the fiscal quarters, then the fiscal years,
        that end within the months.
    by_month, by_span
        Draws of whole periods, what was booked in them so far included; of each level the groups add up to the total.
    booked_months, booked_spans
        By level (groups, periods) what was booked so far.
    pipeline, commit
        By level (groups, months + spans) the weighted pipeline, and what reps committed (None without a forecast category);
        open deals alone, in the period of their close date, overdue ones too. standing: their unweighted amounts.
    weights
        (2, months) how much deals and series counted.
    accuracy
        By method (deals, weighted_pipeline, seasonal_naive, series, reconciled) how it did at past origins.
    open_deals, without_amount, without_rate
        How many deals stand open, of how many the amount was filled, and how many won ones were left out for lack of an
        amount or a rate.
    history
        Whole months before this one since the first with an open or a won deal. past: what was booked in each, by label.
    naive
        (months,) the seasonal naive forecast; None below 13 months.
    drivers
        By name what was found about each driver.
    """

    months: tuple[Period, ...]
    spans: tuple[Period, ...]
    by_month: Draws
    by_span: Draws
    booked_months: Mapping[str, Floats]
    booked_spans: Mapping[str, Floats]
    pipeline: Mapping[str, Floats]
    standing: Mapping[str, Floats]
    commit: Mapping[str, Floats] | None
    weights: Floats
    accuracy: Mapping[str, Accuracy]
    use_close: bool
    open_deals: int
    without_amount: int
    unrated: int
    without_rate: int
    history: int
    naive: Floats | None
    past: Mapping[str, float]
    drivers: Mapping[str, DriverTest]


def _by_level(levels: Levels, deal: np.ndarray, amounts: Floats) -> dict[str, Floats]:
    """(rows, months) amounts of deals added up by group: (groups, months) by level."""
    out = {}
    for level, codes in levels.codes.items():
        sums = np.zeros((len(levels.names[level]), amounts.shape[1]))
        np.add.at(sums, codes[deal], amounts)
        out[level] = sums
    return out


def _spans(calendar: Calendar, months: tuple[Period, ...]) -> tuple[Period, ...]:
    """The fiscal quarters, then the fiscal years, that end within the months."""
    found = [span for kind in SPANS for span in calendar.between(kind, months[0].start, months[-1].end)]
    return tuple(span for span in found if span.end <= months[-1].end)


def _by_span(
    spans: tuple[Period, ...],
    months: tuple[Period, ...],
    by_month: Draws,
    past: Mapping[str, Floats],
    first: int,
) -> tuple[Draws, dict[str, Floats]]:
    """Draws of longer periods with what was booked in their earlier months, and what was booked in them so far.

    past
        By level (groups, all months of the snapshots) cents booked; `first` is the place of the first month ahead.
    """
    ahead = {
        span.label: tuple(h for h, month in enumerate(months) if span.start <= month.start < span.end)
        for span in spans
    }
    made = quarter_draws(by_month, ahead)
    values, so_far = {}, {}
    for level, draws in made.values.items():
        before, within = np.zeros((draws.shape[0], len(spans))), np.zeros((draws.shape[0], len(spans)))
        for s, span in enumerate(spans):
            earlier = _MONTHS[span.kind] - len(ahead[span.label])
            before[:, s] = past[level][:, max(first - earlier, 0) : first].sum(axis=1)
            within[:, s] = past[level][:, [first + h for h in ahead[span.label]]].sum(axis=1)
        values[level], so_far[level] = draws + before[:, :, None], before + within
    return Draws(made.labels, made.names, values), so_far


def _look_ahead(calendar: Calendar, as_of: int, history: int) -> int:
    """How many months are forecast: to the end of the next fiscal quarter, and of this and the next fiscal year where
    that is at most half as far as the history goes back, and MOST_MONTHS."""
    here = calendar.period("month", as_of)
    quarter, year = calendar.period("quarter", as_of), calendar.period("year", as_of)
    ends = [calendar.shift(quarter, 1).end, year.end, calendar.shift(year, 1).end]
    months = [sum(1 for _ in calendar.between("month", here.start, end)) for end in ends]
    return max(m for m in months if m == months[0] or m <= min(MOST_MONTHS, history // 2))


def _accuracies(origins: Origins) -> dict[str, Accuracy]:
    """How each method did at past origins, with the widths that it would be shown with."""
    return {
        name: accuracy(origins, m, allowance=DEALS_ALLOWANCE)
        for m, name in enumerate(origins.methods)
        if name != COMBINATION
    }


def _with_booked(rest: Draws, past: Mapping[str, Floats], place: int) -> Draws:
    """Draws of whole months: in the first one what was booked before is added."""
    values = {level: parts.copy() for level, parts in rest.values.items()}
    for level, parts in values.items():
        parts[:, 0] += past[level][:, [place]]
    return Draws(rest.labels, rest.names, values)


def _remaining(fan: Fan, so_far: float) -> Fan:
    """The fan of what is still to come: in the first month without what was booked already."""
    quantiles = fan.quantiles.copy()
    quantiles[0] = np.maximum(quantiles[0] - so_far, 0)
    return Fan(fan.point, quantiles)


def _history(snaps: Snapshots, ends: Endings) -> int | Hidden:
    """How many whole months of history there are; hidden where they, or the won deals, are too few.

    Where enough deals were seen open before they were won their stages tell more than a season would: then fewer months
    do.
    """
    now = len(snaps.months.origins) - 1
    won = np.isfinite(ends.cents)
    by_month = booked(snaps, ends)[0, : now + 1]
    sold = np.flatnonzero(by_month)
    first = min(int(snaps.origin.min(initial=now)), int(sold[0]) if len(sold) else now)
    seen = len(np.unique(snaps.deal[snaps.won_in < NEVER]))
    least = LEAST_MONTHS_OF_DEALS if seen >= ENOUGH_SEEN else LEAST_MONTHS
    if now - first < least:
        return Hidden("too_few_months", least, now - first)
    if won.sum() < LEAST_WON:
        return Hidden("too_few_won", LEAST_WON, int(won.sum()))
    return now - first


def forecast_company(
    tables: DealTables,
    rates: Rates,
    calendar: Calendar,
    as_of: int,
    rng: np.random.Generator,
    horizon: int | None = None,
    draws: int = 2000,
    teams: Mapping[str, str] | None = None,
    columns: Sequence[str] = ("pipeline", "product", "segment"),
    category: str = "forecast_category",
    drivers: Sequence[Driver] = (),
) -> CompanyForecast | Hidden:
    """The forecast as of a moment (ms UTC), of that month and the `horizon` - 1 after it, from nothing that came later.

    horizon
        Where not given, to the end of the next fiscal quarter, and of this and the next year where the history allows.
    teams
        Owner to team. columns: those of `tables.deals` that are levels, where it has them. drivers: as `drive` takes them.
    category
        The column with the reps' forecast category, where the CRM has it: of today, so use it for today alone.

    Hidden, with a reason (too_few_months, too_few_won) and its figures, where there is too little.
    """
    months = months_until(calendar, as_of, _PAST, horizon or MOST_MONTHS)
    snaps, ends = read_past(tables, rates, months)
    history = _history(snaps, ends)
    if isinstance(history, Hidden):
        return history
    if horizon is None:
        horizon = _look_ahead(calendar, as_of, history)
        snaps = replace(snaps, months=months_until(calendar, as_of, _PAST, horizon))
    back = over_past_origins(snaps, ends, horizon, rng)
    origins, weights = reconciled(back.origins, (DEALS, SERIES))
    newest, place = len(origins.ends) - 1, len(months.origins) - 1
    before = booked_before(snaps, ends)[0, place]
    known = slice(back.first, place)
    sold = booked(snaps, ends)[0, known]
    driven = drive(sold, snaps.months.labels[back.first], drivers, horizon, rng)
    plain = calibrated(origins, len(origins.methods) - 1, newest, DEALS_ALLOWANCE)
    fan = moved(plain, driven.shift * weights[1])
    levels = levels_of(tables.deals, _owners(tables, as_of), teams, columns)
    made = simulate(snaps, ends, levels, horizon, rng, draws, place, back.use_close)
    past = {name: booked(snaps, ends, of, len(levels.names[name])) for name, of in levels.codes.items()}
    whole = _with_booked(fit_draws(made.draws, _remaining(fan, before)), past, place)
    ahead = tuple(calendar.shift(calendar.period("month", as_of), by) for by in range(horizon))
    spans = _spans(calendar, ahead)
    by_span, so_far = _by_span(spans, ahead, whole, past, place)
    naive = origins.points[origins.methods.index(NAIVE), newest]
    return CompanyForecast(
        ahead, spans, whole, by_span,
        {level: sums[:, place : place + horizon] for level, sums in past.items()}, so_far,
        *_open(snaps, levels, place, spans, horizon, category),
        weights, _accuracies(origins), back.use_close,
        made.open_deals, made.without_amount, made.unrated, int(((ends.status == "won") & ~np.isfinite(ends.cents)).sum()),
        history, naive if np.isfinite(naive).all() else None,
        dict(zip(snaps.months.labels[known], sold, strict=True)),
        driven.tests,
    )  # fmt: skip


def _open(
    snaps: Snapshots, levels: Levels, place: int, spans: tuple[Period, ...], horizon: int, category: str
) -> tuple[dict[str, Floats], dict[str, Floats], dict[str, Floats] | None]:
    """By level, (groups, months + spans): the weighted pipeline, what stands open, and what reps committed."""
    deals = snaps.tables.deals
    rows = np.flatnonzero(snaps.origin == place)
    deal = snaps.deal[rows]
    months = np.arange(place, place + horizon)
    # Spans are whole months. One that runs already holds close dates of its earlier months, which are overdue.
    begun = snaps.months.starts.searchsorted([[span.start, span.end] for span in spans]).reshape(-1, 2)
    within = by_close_date(snaps, place, np.concatenate([np.column_stack([months, months + 1]), begun]))

    def summed(worth: Floats) -> dict[str, Floats]:
        return _by_level(levels, deal, worth[:, None] * within)

    said = None
    if category in deals.columns and (deals[category].fillna("").to_numpy(dtype=object)[deal] != "").any():
        said = summed(committed(snaps, objects(deals[category])))
    worth = np.where(snaps.cents[rows] >= 0, snaps.cents[rows], 0.0)
    return summed(weighted(snaps, place)), summed(worth), said


def _owners(tables: DealTables, as_of: int) -> NDArray[np.object_]:
    """(deals,) who has each deal at a moment."""
    everyone = np.arange(len(tables.deals))
    return Past(tables, "owner_id", as_of).at(everyone, np.full(len(everyone), float(as_of)))
