"""Series forecasts: safe for any numbers, better than the baselines, and with intervals that hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.figures_forecast_series import measured
from support.forecast_kinds import KINDS, frozen

from sales_consultant.insight.forecast import (
    LEAST_MONTHS,
    METHODS,
    Hidden,
    accuracy,
    calibrated,
    choose,
    fan,
    forecast_series,
    pinball,
    rolling,
)

CHEAP = ("seasonal_naive", "mean", "drift", "recent")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("months", [0, 1, 3, 9, 13, 30])
def test_any_series_costs_a_method_at_most(method: str, months: int) -> None:
    rng = np.random.default_rng(months)
    ends_well = [
        np.zeros(months),
        np.full(months, 7.0),
        rng.normal(-5, 30, months),
        rng.random(months) * 1e15,
    ]
    spike = np.zeros(months)
    spike[-1:] = 1e12
    for values in [*ends_well, spike]:
        made = fan(method, values, 6)
        if made is not None:
            assert made.quantiles.shape == (6, 7)
            assert np.isfinite(made.quantiles).all()
            assert (np.diff(made.quantiles, axis=1) >= 0).all()


@given(st.lists(st.integers(0, 10**9), min_size=14, max_size=40), st.sampled_from([100.0, 0.01, 7.0]))
@settings(max_examples=25, deadline=None)
def test_another_unit_gives_the_same_forecast_in_that_unit(values: list[int], unit: float) -> None:
    series = np.array(values, dtype=np.float64)
    for method in CHEAP:
        one, other = fan(method, series, 3), fan(method, series * unit, 3)
        assert one is not None
        assert other is not None
        np.testing.assert_allclose(one.quantiles * unit, other.quantiles, rtol=1e-6, atol=1e-6 * unit)


def test_a_season_is_learned_by_the_methods_that_can() -> None:
    t = np.arange(60)
    values = 1000 + 300 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(1).normal(size=60)
    came = 1000 + 300 * np.sin(2 * np.pi * np.arange(60, 66) / 12)
    for method in ("theta", "ets", "seasonal_naive"):
        made = fan(method, values, 6)
        assert made is not None
        assert np.abs(made.point - came).max() < 15, method


def test_too_little_is_hidden_with_its_figures() -> None:
    assert forecast_series(np.ones(7), 6) == Hidden("too_few_months", LEAST_MONTHS, 7)
    assert forecast_series(np.array([1.0, np.nan] * 10), 6) == Hidden("gaps", 0, 10)
    assert not isinstance(forecast_series(np.arange(12.0), 6), Hidden)


def test_what_came_later_changes_no_earlier_choice() -> None:
    values = frozen("seasonal", 3)[:40]
    other = values.copy()
    other[34:] *= 50
    one, two = rolling(values, 4, CHEAP), rolling(other, 4, CHEAP)
    place = int(np.flatnonzero(one.ends == 34)[0])
    assert choose(one, place) == choose(two, place)
    method = choose(one, place)
    np.testing.assert_array_equal(
        calibrated(one, method, place).quantiles, calibrated(two, method, place).quantiles
    )


def test_a_method_that_is_always_right_wins() -> None:
    values = np.tile(np.arange(12.0) ** 2, 5)
    found = rolling(values, 4, CHEAP)
    last = len(found.ends) - 1
    made = calibrated(found, choose(found, last), last)
    np.testing.assert_allclose(made.point, values[:4], atol=0.5)


def test_accuracy_counts_what_is_known() -> None:
    found = rolling(frozen("constant", 1), 4, CHEAP)
    told = accuracy(found)
    count = len(found.ends) - 1
    assert told.forecasts == sum(min(4, count - place) for place in range(6, count))
    assert 0.5 < told.coverage[1] <= told.coverage[0] <= 1
    assert told.loss < told.naive_loss
    assert told.mape.shape == (4,)


def test_pinball_loss_by_hand() -> None:
    flat = np.zeros((1, 7))
    # Above all quantiles by 1 the loss of each is its level, their mean one half; below, one less each.
    assert pinball(np.array([1.0]), flat)[0] == pytest.approx(0.5)
    assert pinball(np.array([-1.0]), flat)[0] == pytest.approx(0.5)


def test_a_frozen_series_stays_what_it_is() -> None:
    assert len(KINDS) == 10
    np.testing.assert_array_equal(frozen("trend", 0), frozen("trend", 0))
    assert not np.array_equal(frozen("trend", 0)[:40], frozen("trend", 1)[:40])


@pytest.mark.slow
def test_a_sample_of_the_frozen_series_reaches_the_figures() -> None:
    """A tenth of the series of `figures_forecast_series.py`, whose totals a single intermittent series can sway.

    So it is held to the seasonal naive forecast alone; the best single baseline is the full run's bar.
    """
    found = measured(2, back=(12, 6))
    assert found.forecasts >= 200
    assert 0.65 < found.inside80 / found.forecasts < 0.92
    assert found.total("chosen") < found.total("seasonal_naive")
