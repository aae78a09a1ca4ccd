"""The sales-return model: planted coefficients, what-if, and what it refuses."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import figures_response as figures

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.response import Shape, adstock, respond, what_if


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.floats(0, 0.95))
def test_carry_over_stays_inside_of_what_was_spent_and_keeps_steady_spend(
    spend: list[float], c: float
) -> None:
    out = adstock(np.array(spend), c)
    assert out.min() >= min(spend) - 1e-6 and out.max() <= max(spend) + 1e-6
    assert adstock(np.full(9, 5.0), c) == pytest.approx(np.full(9, 5.0))


@given(st.sampled_from(["log", "hill"]), st.floats(0, 1e5), st.floats(1, 1e4))
def test_the_slope_is_the_derivative_of_the_curve(curve: str, spend: float, scale: float) -> None:
    shape = Shape(0.3, curve, scale)  # type: ignore[arg-type]
    step = scale * 1e-5
    slope = (shape.of_steady(spend + step) - shape.of_steady(spend)) / step
    assert slope == pytest.approx(shape.slope(spend), rel=1e-3, abs=1e-9)
    assert shape.apply(np.full(5, spend)) == pytest.approx(np.full(5, shape.of_steady(spend)))


@pytest.mark.slow
def test_planted_coefficients_lie_inside_their_intervals() -> None:
    """A sample of the figures: 8 coefficients of 60 companies; `python tests/support/figures_response.py` plays all."""
    assert 0.90 <= figures.coverage(60)["all"] <= 0.99
    assert 0.86 <= figures.coverage(30, known=False)["all"] <= 1.0


def test_a_strong_channel_is_found_and_what_if_follows_it() -> None:
    found = respond(figures.company(3, 60), ["search", "fairs"], rng(), shapes=figures.SHAPES, draws=300)
    told: Any = found.channels.set_index("channel")
    assert found.reason == "" and found.months == 60 and found.association
    assert told.loc["search", "contribution_low"] > 0
    assert (
        told.loc["search", "marginal_low"]
        < told.loc["search", "marginal"]
        < told.loc["search", "marginal_high"]
    )
    now = float(told.loc["search", "spend"])
    same, more, most = (what_if(found, {"search": now * f}) for f in (1.0, 1.3, 50.0))
    assert same is not None and more is not None and most is not None
    assert same.change == pytest.approx(0) and same.low == same.high == pytest.approx(same.revenue)
    assert 0 < more.change < most.change and more.outside == () and most.outside == ("search",)
    # For a little more money the change is the marginal return.
    little = what_if(found, {"search": now + 0.01})
    assert little is not None
    assert little.change / 0.01 == pytest.approx(float(told.loc["search", "marginal"]), rel=1e-3)


def test_the_same_seed_gives_the_same_figures_and_channels_keep_their_names() -> None:
    monthly = figures.company(4, 40)
    a, b = (respond(monthly, ["search", "fairs"], rng(), draws=100) for _ in range(2))
    pd.testing.assert_frame_equal(a.channels, b.channels)
    turned = respond(monthly, ["fairs", "search"], rng(), draws=100, shapes=figures.SHAPES)
    straight = respond(monthly, ["search", "fairs"], rng(), draws=100, shapes=figures.SHAPES)
    points = [r.channels.set_index("channel")["marginal"].sort_index() for r in (turned, straight)]
    assert points[0].to_numpy() == pytest.approx(points[1].to_numpy())


def test_too_little_is_not_shown_with_its_reason() -> None:
    monthly = figures.company(1, 60)
    assert respond(monthly[:23], ["search"], rng()).reason == "too_few_months"
    assert what_if(respond(monthly[:23], ["search"], rng()), {"search": 1}) is None
    assert respond(monthly[:0], ["search"], rng()).reason == "too_few_months"
    flat = respond(monthly.assign(flat=5.0), ["flat", "search"], rng(), draws=50)
    assert flat.left_out == ("flat",) and list(flat.channels["channel"]) == ["search"]
    assert respond(monthly.assign(flat=5.0), ["flat"], rng()).reason == "no_channel"
    many = monthly.assign(**{f"c{i}": np.random.default_rng(i).random(60) for i in range(12)})
    assert respond(many, [f"c{i}" for i in range(12)], rng()).reason == "too_many_channels"
    seven = [f"c{i}" for i in range(7)]
    assert respond(many, seven, rng(), draws=60).channels["channel"].tolist() == seven


def test_odd_months_cost_themselves_only() -> None:
    monthly = figures.company(2, 48)
    odd = monthly.astype("object")
    odd.loc[3, "revenue"] = -5
    odd.loc[4, "leads"] = 0
    odd.loc[5, "quality"] = None
    odd.loc[6, "search"] = "many"
    odd.loc[7, "fairs"] = -1
    odd.loc[8, "month"] = "May 2021"
    odd = pd.concat([odd, odd.iloc[[10]]])
    found = respond(odd, ["search", "fairs"], rng(), shapes=figures.SHAPES, draws=50)
    assert found.reason == "" and found.months == 44
    assert {k: v for k, v in found.dropped.items() if v} == {
        "no_month": 1, "repeated": 1, "month_missing": 1, "no_revenue": 2, "no_leads": 1, "no_quality": 1,
        "spend_missing": 3, "spend_negative": 1,
    }  # fmt: skip


def test_without_leads_and_quality_the_model_has_one_equation() -> None:
    monthly = figures.company(2, 48).drop(columns=["leads", "quality"])
    found = respond(monthly, ["search"], rng(), draws=50)
    assert set(found.coefficients["equation"]) == {"revenue"}
    assert {"leads", "quality"}.isdisjoint(found.coefficients["term"])


def test_what_nobody_can_mean_is_refused() -> None:
    monthly = figures.company(2, 48)
    with pytest.raises(UsageError):
        respond(monthly, ["radio"], rng())
    found = respond(monthly, ["search"], rng(), draws=20)
    for budget in ({"radio": 5.0}, {"search": -1.0}, {"search": float("nan")}):
        with pytest.raises(UsageError):
            what_if(found, budget)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_a_linear_fit_without_correlation_is_least_squares(seed: int) -> None:
    from sales_consultant.insight.response.regression import solver

    noise = np.random.default_rng(seed)
    x = np.column_stack([np.ones(50), noise.normal(size=(50, 3)) * [1, 10, 0.1]])
    y = noise.normal(size=50)
    assert solver(x) @ y == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0], rel=2e-3, abs=1e-3)
