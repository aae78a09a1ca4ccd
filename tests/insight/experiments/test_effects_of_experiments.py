"""The effect after an experiment: adjusted differences, revenue, ratios, return, attention, before and after."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.experiments import (
    attention,
    before_after,
    cycle_time,
    difference,
    ratio_uplift,
    revenue_uplift,
    roi,
    spill_over,
    uplift,
    winsorised,
)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def units(seed: int, n: int = 400, effect: float = 0.0, owners: int = 0) -> pd.DataFrame:
    """Amounts with a covariate that explains half of their variance; whole owners are treated where there are any."""
    draw = rng(seed)
    x = draw.normal(size=n)
    cluster = draw.integers(0, owners, n) if owners else np.arange(n)
    treated = draw.permutation(max(owners, 2))[cluster] % 2 == 0 if owners else draw.random(n) < 0.7
    shift = draw.normal(size=max(owners, 1))[cluster] * 0.5 if owners else 0.0
    y = 1 + effect * treated + x + draw.normal(size=n) + shift
    return pd.DataFrame({"y": y, "treated": treated, "covariate": x, "cluster": cluster})


def test_the_adjusted_difference_is_the_interacted_regression_with_hc2_errors() -> None:
    import statsmodels.api as sm

    frame = units(3, 200, 0.4)
    y, t, x = (frame[c].to_numpy(dtype="float64") for c in ("y", "treated", "covariate"))
    centred = x - x.mean()
    columns = np.column_stack([np.ones(len(y)), t, centred, t * centred])
    fit = sm.OLS(y, columns).fit(cov_type="HC2")
    found = difference(y, t == 1, x)
    assert found.effect == pytest.approx(float(fit.params[1]))
    of_mean = float(fit.params[3]) ** 2 * float(x.var()) / len(y)
    assert found.se**2 == pytest.approx(float(fit.bse[1]) ** 2 + of_mean)
    plain = difference(y, t == 1)
    assert plain.effect == pytest.approx(y[t == 1].mean() - y[t == 0].mean())
    assert plain.se**2 == pytest.approx(
        y[t == 1].var(ddof=1) / (t == 1).sum() + y[t == 0].var(ddof=1) / (t == 0).sum()
    )


@pytest.mark.parametrize("owners", [0, 24])
def test_intervals_hold_the_effect_and_the_covariate_halves_the_variance(owners: int) -> None:
    found = [uplift(units(s, 400, 0.3, owners), clustered=bool(owners)) for s in range(300)]
    inside = np.mean([f.low <= 0.3 <= f.high for f in found])
    assert 0.91 <= inside <= 0.99
    if not owners:
        assert np.mean([f.variance_ratio for f in found]) == pytest.approx(0.5, abs=0.03)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.floats(-50, 50), st.floats(0.1, 100))
def test_an_effect_moves_with_the_unit_of_the_outcome_and_turns_with_the_groups(
    seed: int, add: float, times: float
) -> None:
    frame = units(seed, 60)
    a = difference(frame["y"].to_numpy(), frame["treated"].to_numpy(), frame["covariate"].to_numpy())
    b = difference(
        frame["y"].to_numpy() * times + add, ~frame["treated"].to_numpy(), frame["covariate"].to_numpy() * 3
    )
    assert b.effect == pytest.approx(-a.effect * times, abs=1e-6)
    assert b.se == pytest.approx(a.se * times, rel=1e-6)


@pytest.mark.parametrize("owners", [0, 30])
def test_the_relative_effect_holds_the_ratio_of_means(owners: int) -> None:
    frames = [units(s, 400, 0.5, owners).assign(y=lambda f: f["y"] + 3) for s in range(200)]
    found = [uplift(f, clustered=bool(owners)) for f in frames]
    inside = np.mean([f.relative_low <= 4.5 / 4 - 1 <= f.relative_high for f in found])
    assert 0.91 <= inside <= 0.995
    assert all(f.relative_low < f.relative < f.relative_high for f in found)
    below = uplift(frames[0].assign(y=lambda f: f["y"] - 50))
    assert math.isnan(below.relative) and math.isfinite(below.low)


def test_winsorising_cuts_both_groups_at_one_quantile_of_what_is_above_zero() -> None:
    cut, cap, number = winsorised(np.r_[np.zeros(900), np.arange(1, 101)], 0.95)
    assert cap == pytest.approx(np.quantile(np.arange(1, 101), 0.95)) and number == 5
    assert cut.max() == cap and (cut[:900] == 0).all()
    assert winsorised(np.zeros(3))[1:] == (math.inf, 0)


def test_the_bootstrap_interval_of_skewed_revenue_holds_the_truth() -> None:
    inside, n = 0, 600
    for s in range(100):
        draw = rng(s)
        treated = draw.random(n) < 0.5
        y = np.where(draw.random(n) < np.where(treated, 0.3, 0.2), draw.gamma(2, 50, n), 0.0)
        found = revenue_uplift(pd.DataFrame({"y": y, "treated": treated}), draw, quantile=1.0, draws=199)
        assert found.cap == y.max() and found.capped == 0 and found.method == "bootstrap_t"
        inside += found.low <= 10.0 <= found.high
    assert 88 <= inside <= 100


def test_revenue_by_owner_is_less_sure_than_by_company() -> None:
    frame = units(5, 600, owners=20).assign(y=lambda f: np.exp(f["y"]))
    wide, narrow = (revenue_uplift(frame, rng(), clustered=c, draws=299) for c in (True, False))
    assert wide.high - wide.low > narrow.high - narrow.low
    assert (wide.cap, wide.capped) == (narrow.cap, 6)


def test_too_few_units_or_no_spread_say_nothing() -> None:
    few = uplift(units(1, 30).assign(treated=[True] * 25 + [False] * 5))
    assert few.reason == "too_few" and math.isnan(few.effect) and few.n_control == 5
    assert uplift(units(1).assign(y=0.0)).reason == "no_spread"
    assert uplift(units(1).assign(treated=True)).reason == "too_few"
    assert uplift(units(1, 400, owners=4), clustered=True).reason == "too_few"
    assert uplift(units(1)[:0]).reason == "too_few"
    assert revenue_uplift(units(1)[:0], rng()).reason == "too_few"


def test_days_until_the_outcome_compare_all_units() -> None:
    n = 4000
    treated = np.arange(n) % 2 == 0
    days = rng().exponential(np.where(treated, 40.0, 60.0), n)
    frame = pd.DataFrame({"y": np.where(days < 90, days, np.nan), "treated": treated})
    found = cycle_time(frame, horizon=90)
    true = 40 * (1 - math.exp(-90 / 40)) - 60 * (1 - math.exp(-90 / 60))
    assert found.low <= true <= found.high and found.high < 0


def test_a_ratio_of_sums_has_an_interval_by_the_delta_method() -> None:
    inside = 0
    for s in range(200):
        draw = rng(s)
        treated = draw.random(500) < 0.6
        deals = draw.poisson(1.0, 500)
        money = np.array([draw.gamma(2, 50, k).sum() for k in deals]) * np.where(treated, 1.2, 1.0)
        found = ratio_uplift(pd.DataFrame({"a": money, "b": deals, "treated": treated}), "a", "b")
        inside += found.low <= 20 <= found.high
    assert 180 <= inside <= 199
    none = pd.DataFrame({"a": [1.0] * 50, "b": [0.0] * 50, "treated": [True, False] * 25})
    assert ratio_uplift(none, "a", "b").reason == "no_spread"


def test_return_is_told_only_with_margin_and_cost() -> None:
    found = revenue_uplift(units(2, 800, 2.0), rng(), draws=199)
    assert roi(found, exposed=10, control=5, margin=None, cost=5) is None
    assert roi(found, exposed=10, control=5, margin=0.5, cost=None) is None
    told = roi(found, exposed=1000, control=200, margin=0.4, cost=100)
    assert told is not None
    assert told.gain == pytest.approx(found.effect * 400) and told.roi == pytest.approx(told.gain / 100 - 1)
    assert told.roi_low < told.roi < told.roi_high and told.forgone == pytest.approx(found.effect * 80)
    for margin, cost in ((0.0, 5.0), (1.1, 5.0), (0.4, 0.0), (0.4, -1.0), (0.4, math.nan)):
        with pytest.raises(UsageError):
            roi(found, exposed=1, control=1, margin=margin, cost=cost)


def moved(up: float, down: float, n: int = 400) -> pd.DataFrame:
    draw = rng(4)
    treated = np.arange(n) % 2 == 0
    before = draw.poisson(6, n)
    after = draw.poisson(np.where(treated, 6 + up, 6 - down))
    return pd.DataFrame({"treated": treated, "before": before, "after": after, "cluster": np.arange(n) % 20})


def test_attention_taken_from_control_is_called_that() -> None:
    taken = attention(moved(2, 2), days_before=30, days_after=30)
    assert taken.taken and not taken.maybe and taken.change_treated[1] > 0 > taken.change_control[2]
    assert taken.before_treated == pytest.approx(6, abs=0.5) and taken.after_control == pytest.approx(
        4, abs=0.5
    )
    gain = attention(moved(2, 0), days_before=30, days_after=30)
    assert not gain.taken
    same = attention(
        moved(0, 0).assign(after=lambda f: f["after"] * 2), days_before=30, days_after=60, clustered=True
    )
    assert not same.taken and abs(same.change_treated[0]) < 0.7
    middle, low, high = spill_over(moved(2, 2), days_before=30, days_after=30)
    assert low < middle < high and middle == pytest.approx(4, abs=0.6)


def test_attention_of_nobody_is_a_reason() -> None:
    odd = pd.DataFrame({"treated": [True, False], "before": [1, -1], "after": [None, 3]})
    found = attention(odd, days_before=30, days_after=30)
    assert found.reason == "too_few" and not found.taken and math.isnan(found.after_treated)


def months(rates: list[float], first: int = 1) -> pd.DataFrame:
    place = np.arange(len(rates))
    outcome = np.array(rates) * 1000
    return pd.DataFrame(
        {"start": place, "month": (place + first - 1) % 12 + 1, "units": 1000, "outcome": outcome}
    )


def test_before_and_after_names_its_weaknesses() -> None:
    noise = rng(2).normal(0, 0.002, 24)
    level = before_after(
        months([0.1 + e for e in noise[:12]] + [0.15 + e for e in noise[12:]]), started_at=12
    )
    assert level.low < 0.05 < level.high and level.weaknesses == ("no_control", "other_changes")
    rising = before_after(
        months([0.1 + 0.005 * i + noise[i] for i in range(18)]), started_at=12, after_bad_figures=True
    )
    assert rising.low > 0 and set(rising.weaknesses) == {
        "no_control", "other_changes", "regression_to_the_mean", "season", "trend", "unequal_periods",
    }  # fmt: skip
    short = before_after(months([0.1, 0.2]), started_at=1)
    assert math.isnan(short.low) and "too_short" in short.weaknesses
    none = before_after(months([]), started_at=1)
    assert math.isnan(none.change) and "no_control" in none.weaknesses
