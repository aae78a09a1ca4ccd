"""The forecast of a company: its months and fiscal quarters, from the deals and the series, by group, adding up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sales_consultant.insight.core import Calendar, DealTables, Period, Rates
from sales_consultant.insight.forecast.backtest import (
    DEALS,
    SERIES,
    backtest,
    booked,
    booked_before,
    commit,
    weighted_pipeline,
)
from sales_consultant.insight.forecast.deals import Draws, Levels, levels_of, simulate
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
from sales_consultant.insight.forecast.reconcile import fit_draws, quarter_draws, reconciled
from sales_consultant.insight.forecast.series import Fan, Floats
from sales_consultant.insight.forecast.snapshots import (
    Endings,
    Past,
    Snapshots,
    months_until,
    objects,
    read_past,
)

LEAST_WON = 10
_PAST = 72


@dataclass(frozen=True)
class CompanyForecast:
    """Booked revenue by period: cents of the reporting currency that deals won in it were worth when they were won.

    months, quarters
        The periods; the first month is that of the forecast's moment. Quarters are those that end within the months.
    by_month, by_quarter
        Draws of whole periods, what was booked in them so far included; of each level the groups add up to the total.
    booked_months, booked_quarters
        By level (groups, periods) what was booked so far.
    pipeline, commit
        By level (groups, months) the weighted pipeline, and what reps committed (None without a forecast category);
        open deals alone. open_months: the unweighted amounts of open deals by the month of their close date.
    weights
        (2, months) how much deals and series counted.
    accuracy
        By method (deals, weighted_pipeline, seasonal_naive, series, reconciled) how it did at past origins.
    open_deals, without_amount, without_rate
        How many deals stand open, of how many the amount was filled, and how many won ones were left out for lack of an
        amount or a rate.
    """

    months: tuple[Period, ...]
    quarters: tuple[Period, ...]
    by_month: Draws
    by_quarter: Draws
    booked_months: Mapping[str, Floats]
    booked_quarters: Mapping[str, Floats]
    pipeline: Mapping[str, Floats]
    open_months: Mapping[str, Floats]
    commit: Mapping[str, Floats] | None
    weights: Floats
    accuracy: Mapping[str, Accuracy]
    use_close: bool
    open_deals: int
    without_amount: int
    without_rate: int


def _by_level(levels: Levels, deal: np.ndarray, amounts: Floats) -> dict[str, Floats]:
    """(rows, months) amounts of deals added up by group: (groups, months) by level."""
    out = {}
    for level, codes in levels.codes.items():
        sums = np.zeros((len(levels.names[level]), amounts.shape[1]))
        np.add.at(sums, codes[deal], amounts)
        out[level] = sums
    return out


def _quarters(
    calendar: Calendar, months: tuple[Period, ...], by_month: Draws, past: Mapping[str, Floats], first: int
) -> tuple[tuple[Period, ...], Draws, dict[str, Floats]]:
    """Quarters that end within the months: draws with what was booked in their earlier months, and what was booked.

    past
        By level (groups, all months of the snapshots) cents booked; `first` is the place of the first month ahead.
    """
    spans = list(calendar.between("quarter", months[0].start, months[-1].end))
    spans = [span for span in spans if span.end <= months[-1].end]
    ahead = {
        span.label: tuple(h for h, month in enumerate(months) if span.start <= month.start < span.end)
        for span in spans
    }
    made = quarter_draws(by_month, ahead)
    values, so_far = {}, {}
    for level, draws in made.values.items():
        before = np.zeros((draws.shape[0], len(spans)))
        for q, span in enumerate(spans):
            earlier = 3 - len(ahead[span.label])
            if earlier:
                before[:, q] = past[level][:, max(first - earlier, 0) : first].sum(axis=1)
        values[level] = draws + before[:, :, None]
        so_far[level] = before + np.stack(
            [past[level][:, [first + h for h in ahead[span.label]]].sum(axis=1) for span in spans], axis=1
        ) if spans else before  # fmt: skip
    return tuple(spans), Draws(made.labels, made.names, values), so_far


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
    """How many whole months of history there are; hidden where they, or the won deals, are too few."""
    now = len(snaps.months.origins) - 1
    won = np.isfinite(ends.cents)
    by_month = booked(snaps, ends)[0, : now + 1]
    sold = np.flatnonzero(by_month)
    first = min(int(snaps.origin.min(initial=now)), int(sold[0]) if len(sold) else now)
    if now - first < LEAST_MONTHS:
        return Hidden("too_few_months", LEAST_MONTHS, now - first)
    if won.sum() < LEAST_WON:
        return Hidden("too_few_won", LEAST_WON, int(won.sum()))
    return now - first


def forecast_company(
    tables: DealTables,
    rates: Rates,
    calendar: Calendar,
    as_of: int,
    rng: np.random.Generator,
    horizon: int = 6,
    draws: int = 2000,
    teams: Mapping[str, str] | None = None,
    columns: Sequence[str] = ("pipeline", "product", "segment"),
    category: str = "forecast_category",
) -> CompanyForecast | Hidden:
    """The forecast as of a moment (ms UTC), of that month and the `horizon` - 1 after it, from nothing that came later.

    teams
        Owner to team. columns: the columns of `tables.deals` that are levels of their own, where it has them.
    category
        The column with the reps' forecast category, where the CRM has it: of today, so use it for today alone.

    Hidden, with a reason (too_few_months, too_few_won) and its figures, where there is too little.
    """
    months = months_until(calendar, as_of, _PAST, horizon)
    snaps, ends = read_past(tables, rates, months)
    history = _history(snaps, ends)
    if isinstance(history, Hidden):
        return history
    back = backtest(snaps, ends, horizon, rng)
    origins, weights = reconciled(back.origins, (DEALS, SERIES))
    here = len(origins.ends) - 1
    fan = calibrated(origins, len(origins.methods) - 1, here, DEALS_ALLOWANCE)
    place = len(months.origins) - 1
    everyone = np.arange(len(tables.deals))
    owner = Past(tables, "owner_id", as_of).at(everyone, np.full(len(everyone), float(as_of)))
    levels = levels_of(tables.deals, owner, teams, columns)
    made = simulate(snaps, ends, levels, horizon, rng, draws, place, back.use_close)
    past = {
        level: booked(snaps, ends, codes, len(levels.names[level])) for level, codes in levels.codes.items()
    }
    before = booked_before(snaps, ends)[0, place]
    whole = _with_booked(fit_draws(made.draws, _remaining(fan, before)), past, place)
    ahead = _periods(calendar, as_of, horizon)
    quarters, by_quarter, so_far = _quarters(calendar, ahead, whole, past, place)
    rows = np.flatnonzero(snaps.origin == place)
    deal = snaps.deal[rows]
    worth = np.where(snaps.cents[rows] >= 0, snaps.cents[rows], 0.0)
    standing = worth[:, None] * (snaps.due[rows][:, None] == np.arange(horizon)[None, :])
    committed = None
    if category in tables.deals.columns:
        committed = _by_level(levels, deal, commit(snaps, horizon, objects(tables.deals[category])))
    return CompanyForecast(
        ahead, quarters, whole, by_quarter,
        {level: sums[:, place : place + horizon] for level, sums in past.items()}, so_far,
        _by_level(levels, deal, weighted_pipeline(snaps, place, horizon)), _by_level(levels, deal, standing), committed,
        weights, _accuracies(origins), back.use_close,
        made.open_deals, made.without_amount, int(((ends.status == "won") & ~np.isfinite(ends.cents)).sum()),
    )  # fmt: skip


def _periods(calendar: Calendar, as_of: int, horizon: int) -> tuple[Period, ...]:
    here = calendar.period("month", as_of)
    return tuple(calendar.shift(here, by) for by in range(horizon))
