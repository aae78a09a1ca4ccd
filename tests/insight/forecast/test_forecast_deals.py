"""Deals are simulated so that all adds up, from nothing that came later, and odd values cost themselves alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forecast_company import DAY, MONTH, RATES, START, company

from sales_consultant.insight.core import Calendar, DealTables
from sales_consultant.insight.forecast import (
    CompanyForecast,
    Draws,
    Fan,
    Hidden,
    booked,
    changes,
    contributions,
    endings,
    fit_draws,
    forecast_company,
    horizon_weights,
    levels_of,
    months_until,
    over_past_origins,
    read_past,
    rounded,
    simulate,
)

AS_OF = START + int(36.4 * MONTH)
TEAMS = {f"o{i}": f"t{i % 2}" for i in range(8)}


@pytest.fixture(scope="module")
def tables() -> DealTables:
    return company(700, 40, 3)


def forecast(tables: DealTables, as_of: int = AS_OF, seed: int = 1) -> CompanyForecast | Hidden:
    return forecast_company(tables, RATES, Calendar(4), as_of, np.random.default_rng(seed), 4, 300, TEAMS)


def until(tables: DealTables, at: int) -> DealTables:
    """The tables as they stood at a moment: later deals, changes and closings are not in them."""
    deals = tables.deals[tables.deals["created_at"] <= at].copy()
    later = (deals["closed_at"] > at).fillna(False)
    deals.loc[later, ["closed_at", "is_won"]] = pd.NA
    deals.loc[later, "is_closed"] = False
    return DealTables(deals, tables.history[tables.history["changed_at"] <= at], tables.stages)


@pytest.mark.slow
def test_a_company_adds_up_and_knows_nothing_of_later(tables: DealTables) -> None:
    found = forecast(tables)
    assert isinstance(found, CompanyForecast)
    for draws in (found.by_month, found.by_span):
        assert set(draws.names) == {"total", "owner", "team", "pipeline", "product", "segment"}
        for level, values in draws.values.items():
            np.testing.assert_allclose(values.sum(axis=0), draws.values["total"][0], rtol=1e-9, atol=1)
            assert (draws.means(level).sum(axis=0) == draws.means()[0]).all()
    assert [span.label for span in found.spans] == ["FY2024-Q4", "FY2024"]
    # A quarter is its months: those that are over as booked, the others as drawn.
    snaps, ends = read_past(tables, RATES, months_until(Calendar(4), AS_OF, 40, 4))
    here = len(snaps.months.origins) - 1
    inside = [h for h, month in enumerate(found.months) if month.end <= found.spans[0].end]
    over = booked(snaps, ends)[0, here - (3 - len(inside)) : here].sum()
    np.testing.assert_allclose(
        found.by_span.values["total"][0, 0],
        over + found.by_month.values["total"][0, inside].sum(axis=0),
        rtol=1e-9,
    )
    assert (found.by_month.values["total"][0, 0] >= found.booked_months["total"][0, 0]).all()
    assert found.accuracy["reconciled"].forecasts > 50
    same = forecast(until(tables, AS_OF))
    assert isinstance(same, CompanyForecast)
    np.testing.assert_array_equal(found.by_month.values["total"], same.by_month.values["total"])


def test_the_simulation_expects_what_comes(tables: DealTables) -> None:
    """The mean over 12 origins of what came less what was expected is within 3 standard errors of nothing."""
    months = months_until(Calendar(), START + int(39.9 * MONTH), 36, 1)
    snaps, ends = read_past(tables, RATES, months)
    levels = levels_of(tables.deals, np.full(len(tables.deals), "o", dtype=object))
    came = booked(snaps, ends)[0]
    off = []
    for place in range(24, 36):
        begins = simulate(snaps, ends, levels, 1, np.random.default_rng(place), 300, place)
        total = begins.draws.values["total"][0, 0]
        month = (snaps.months.of(ends.ended_at) == place) & (ends.ended_at > months.origins[place])
        off.append((np.nansum(ends.cents[month]) - total.mean()) / max(total.std(), 1))
    assert abs(np.mean(off)) < 3 / np.sqrt(len(off)) * 1.3
    assert np.std(off) < 2.5
    assert came.sum() > 0


def test_endings_are_as_of_the_moment(tables: DealTables) -> None:
    ends = endings(tables, RATES, AS_OF)
    closed = tables.deals["closed_at"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    won = tables.deals["is_won"].fillna(False).to_numpy(dtype=bool) & (closed <= AS_OF)
    np.testing.assert_array_equal(ends.status == "won", won)
    np.testing.assert_array_equal(np.isfinite(ends.cents), won)


def test_odd_values_cost_themselves(tables: DealTables) -> None:
    deals = tables.deals.copy()
    open_now = deals.index[deals["closed_at"].isna()][:3]
    deals.loc[open_now[0], "cents"] = pd.NA
    deals.loc[open_now[1], "cents"] = -500
    deals.loc[open_now[2], "currency"] = "XXX"
    deals.loc[open_now[2], ["owner_id", "product"]] = None
    deals.loc[deals.index[:2], "close_date"] = 10**17
    odd = DealTables(deals, tables.history, tables.stages)
    months = months_until(Calendar(), START + 40 * int(MONTH), 40, 2)
    snaps, ends = read_past(odd, RATES, months)
    levels = levels_of(deals, deals["owner_id"].to_numpy(dtype=object))
    made = simulate(snaps, ends, levels, 2, np.random.default_rng(0), 50)
    assert (made.without_amount, made.unrated) == (2, 1)
    assert made.open_deals == len(snaps.deal[snaps.origin == len(months.origins) - 1]) - 1
    assert "(none)" in made.draws.names["owner"]
    assert np.isfinite(made.draws.values["total"]).all()


def test_too_little_is_hidden(tables: DealTables) -> None:
    assert forecast(tables, START + int(7.5 * MONTH)) == Hidden("too_few_months", 12, 7)
    none = DealTables(tables.deals.iloc[:0], tables.history.iloc[:0], tables.stages)
    assert forecast(none) == Hidden("too_few_months", 12, 0)
    deals = tables.deals.assign(is_won=False)
    history = tables.history[tables.history["stage"] != "won"]
    lost = forecast(DealTables(deals, history, tables.stages))
    assert lost == Hidden("too_few_won", 10, 0)


def test_deals_without_any_history_count_from_making_to_closing(tables: DealTables) -> None:
    bare = DealTables(tables.deals, tables.history.iloc[:0], tables.stages)
    months = months_until(Calendar(), AS_OF, 30, 3)
    (with_stages, ends), (without, same) = read_past(tables, RATES, months), read_past(bare, RATES, months)
    np.testing.assert_array_equal(ends.cents, same.cents)
    assert len(with_stages.origin) == len(without.origin)


def test_the_backtest_uses_nothing_later(tables: DealTables) -> None:
    late = months_until(Calendar(), START + 39 * int(MONTH), 38, 2)
    snaps, ends = read_past(tables, RATES, late)
    cut = int(late.origins[34])
    early = months_until(Calendar(), cut, 34, 2)
    snaps0, ends0 = read_past(until(tables, cut), RATES, early)
    levels = levels_of(tables.deals, np.full(len(tables.deals), "o", dtype=object), columns=())
    levels0 = levels_of(snaps0.tables.deals, np.full(len(snaps0.tables.deals), "o", dtype=object), columns=())
    skip = 38 - 34 - (len(late.origins) - len(early.origins))
    assert skip == 0
    one = simulate(snaps, ends, levels, 2, np.random.default_rng(5), 40, 34)
    two = simulate(snaps0, ends0, levels0, 2, np.random.default_rng(5), 40, 34)
    np.testing.assert_array_equal(one.draws.values["total"], two.draws.values["total"])


@given(
    st.lists(st.lists(st.floats(0, 1e9), min_size=3, max_size=3), min_size=1, max_size=9),
)
@settings(max_examples=60, deadline=None)
def test_rounding_adds_up_to_the_cent(parts: list[list[float]]) -> None:
    array = np.array(parts)
    total = np.round(array.sum(axis=0))
    out = rounded(array, total)
    assert (out.sum(axis=0) == total).all()
    assert np.abs(out - array).max() <= 1.001


def test_draws_follow_the_fan_and_groups_their_share() -> None:
    rng = np.random.default_rng(2)
    groups = rng.gamma(2, 100, size=(3, 2, 4000))
    groups[:, 1, :3000] = 0
    draws = Draws(("a", "b"), {"owner": ("x", "y", "z"), "total": ("total",)},
                  {"owner": groups, "total": groups.sum(axis=0, keepdims=True)})  # fmt: skip
    said = np.array([[100, 200, 300, 400, 500, 600, 900], [1, 2, 3, 4, 5, 6, 7]], dtype=float)
    made = fit_draws(draws, Fan(said[:, 3], said))
    np.testing.assert_allclose(made.quantiles()[0], said, rtol=0.02)
    np.testing.assert_allclose(made.values["owner"].sum(axis=0), made.values["total"][0], rtol=1e-9)
    order = np.argsort(draws.values["total"][0, 0])
    assert (np.diff(made.values["total"][0, 0, order]) >= 0).all()


def test_weights_follow_past_losses_and_shrink() -> None:
    seen = np.ones((20, 1), dtype=bool)
    loss = np.stack([np.full((20, 1), 1.0), np.full((20, 1), 3.0)])
    able = np.array([True, True])
    weights = horizon_weights(loss, seen, able)
    # Nearly all of it for a third of the loss, but not all while origins are few.
    assert 0.9 < weights[0, 0] < 1
    assert weights.sum() == pytest.approx(1)
    assert horizon_weights(loss, ~seen, able).tolist() == [[0.5], [0.5]]
    assert horizon_weights(loss, seen, np.array([False, True]))[:, 0].tolist() == pytest.approx([0, 1])


def test_what_changed_sums_exactly(tables: DealTables) -> None:
    frames = []
    for at in (AS_OF, AS_OF + 30 * DAY):
        snaps, ends = read_past(tables, RATES, months_until(Calendar(), at, 36, 4))
        month = snaps.months.labels.index("2024-02")
        frames.append(contributions(snaps, ends, (month,), 4))
    found = changes(frames[0], frames[1], 1_000_000, 1_234_567)
    assert sum(found.buckets.values()) == 234_567
    sums = found.deals.groupby("bucket")["cents"].sum()
    for bucket in ("won", "lost", "created"):
        assert found.buckets[bucket] == sums[bucket]
    assert found.buckets["won"] > 0 > found.buckets["lost"]
    assert (found.deals["cents"].abs().diff().dropna() <= 0).all()


def test_a_change_of_amount_or_date_is_told_apart() -> None:
    row = {"deal_id": "1", "status": "open", "cents": 100.0, "close_month": "2026-01", "expected": 50.0}
    before = pd.DataFrame([row])
    dearer = changes(before, pd.DataFrame([row | {"cents": 200.0, "expected": 100.0}]), 50, 100)
    assert dearer.buckets == {"won": 0, "lost": 0, "created": 0, "amount": 50, "moved": 0, "rest": 0}
    later = changes(before, pd.DataFrame([row | {"close_month": "2026-02", "expected": 10.0}]), 50, 12)
    assert later.buckets == {"won": 0, "lost": 0, "created": 0, "amount": 0, "moved": -40, "rest": 2}


def test_the_backtest_is_bounded_and_has_all_methods(tables: DealTables) -> None:
    snaps, ends = read_past(tables, RATES, months_until(Calendar(), AS_OF, 30, 2))
    back = over_past_origins(snaps, ends, 2, np.random.default_rng(0), most=3, draws=50)
    assert back.origins.methods[:4] == ("deals", "weighted_pipeline", "seasonal_naive", "series")
    assert np.isfinite(back.origins.points[:4]).all()
    assert len(back.origins.ends) == 4
