"""Kaplan-Meier, Aalen-Johansen and log-rank against their definitions, row by row; intervals against other libraries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.insight.funnel import (
    aalen_johansen,
    benjamini_hochberg,
    holm,
    kaplan_meier,
    log_rank,
    mean,
    median,
    quantile,
    share,
    share_difference,
    wilson,
)

# Duration, cause (0: censored), entry: whole days, so that there are many ties.
row = st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 5))


def at_risk(rows: list[tuple[int, int, int]], t: int) -> int:
    return sum(1 for d, _, e in rows if (e == 0 or e < d) and (e < t or e == 0) and d >= t)


def usable(rows: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [r for r in rows if r[2] == 0 or r[0] > r[2]]


@given(st.lists(row, max_size=25), st.integers(0, 9))
def test_by_the_definition(rows: list[tuple[int, int, int]], at: int) -> None:
    time, cause, entry = (np.array([r[i] for r in rows], dtype=float) for i in range(3))
    survival, shares, green = 1.0, [0.0] * 3, 0.0
    for t in sorted({d for d, k, _ in usable(rows) if k and d <= at}):
        n = at_risk(rows, t)
        d = [sum(1 for r in usable(rows) if r[0] == t and r[1] == k) for k in (1, 2, 3)]
        shares = [f + survival * x / n for f, x in zip(shares, d, strict=True)]
        survival *= 1 - sum(d) / n
        green += sum(d) / (n * (n - sum(d))) if n > sum(d) else 0
    km = kaplan_meier(time, cause > 0, entry)
    assert km.table.left_out == len(rows) - len(usable(rows))
    if not usable(rows):
        assert math.isnan(km.at(at).value) and math.isnan(quantile(km).value)
        return
    assert km.at(at).value == pytest.approx(survival)
    assert km.variance_at(at) == pytest.approx(survival**2 * green)
    for k, curve in enumerate(aalen_johansen(time, cause, entry, 3)):
        found = curve.at(at)
        assert found.value == pytest.approx(shares[k])
        assert 0 <= found.low <= found.value + 1e-12 and found.value - 1e-12 <= found.high <= 1


def test_the_variance_of_a_share_is_binomial_where_nothing_is_censored() -> None:
    rng = np.random.default_rng(2)
    cause = rng.integers(1, 3, 200)
    curve = aalen_johansen(rng.exponential(1, 200), cause, None, 2)[0]
    p = (cause == 1).mean()
    assert curve.at(99).value == pytest.approx(p)
    assert curve.variance_at(99) == pytest.approx(p * (1 - p) / 200, rel=1e-9)


def test_the_variance_of_a_share_is_what_resampling_finds() -> None:
    """With censoring and left truncation, by the spread over 2,000 samples of the same kind."""
    values, variances = [], []
    for i in range(2000):
        rng = np.random.default_rng([3, i])
        a, b, c = (rng.exponential(s, 120) for s in (10, 15, 25))
        entry, time = rng.uniform(0, 4, 120), np.minimum(np.minimum(a, b), c)
        cause = np.where(c <= time, 0, np.where(a <= time, 1, 2))
        curve = aalen_johansen(time, cause, np.where(np.arange(120) < 40, 0, entry), 2)[0]
        values.append(curve.at(8).value)
        variances.append(curve.variance_at(8))
    assert np.mean(values) == pytest.approx(0.6 * (1 - math.exp(-8 / 6)), abs=0.004)
    assert np.mean(variances) == pytest.approx(np.var(values), rel=0.08)


def test_a_median_that_is_not_reached_is_infinite() -> None:
    km = kaplan_meier([1, 2, 3, 4], [True, False, False, False])
    found = quantile(km)
    assert (found.value, found.high, found.n) == (math.inf, math.inf, 4)
    assert quantile(kaplan_meier([1, 2, 3, 4], [True] * 4)).value == 2


def test_values_that_are_none_are_left_out_and_counted() -> None:
    km = kaplan_meier([1, -2, math.nan, math.inf, 3, 2], [True] * 6, [0, 0, 0, 0, 3, math.nan])
    assert (km.table.rows, km.table.left_out, km.table.events.sum()) == (2, 4, 2)


def test_log_rank_is_the_one_of_statsmodels() -> None:
    from statsmodels.duration.survfunc import survdiff

    rng = np.random.default_rng(4)
    time, happened, group = np.ceil(rng.exponential(9, 300)), rng.random(300) < 0.8, rng.random(300) < 0.4
    square, _ = survdiff(time, happened.astype(int), group.astype(int))
    assert log_rank(time, happened, group) ** 2 == pytest.approx(square)
    assert log_rank(np.where(group, time + 5, time), happened, group) > 2
    entry = np.floor(time / 2)
    square, _ = survdiff(time, happened.astype(int), group.astype(int), entry=entry)
    assert log_rank(time, happened, group, entry) ** 2 == pytest.approx(square)
    assert math.isnan(log_rank([1, 2], [False, False], [True, False]))


def test_intervals_are_those_of_statsmodels_and_scipy() -> None:
    from scipy.stats import ttest_1samp
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    for k, n in ((0, 7), (3, 10), (40, 40), (377, 1000)):
        low, high = proportion_confint(k, n, method="wilson")
        found = wilson(k, n)
        assert (float(found[0]), float(found[1])) == pytest.approx((low, high), abs=1e-12)
    apart = share_difference((30, 20), (100, 80))
    assert (apart.low, apart.high) == pytest.approx(
        confint_proportions_2indep(30, 100, 20, 80, method="newcomb")
    )
    values = np.array([3.0, 1, 4, 1, 5, 9, math.nan])
    told = ttest_1samp(values[:-1], 0).confidence_interval()
    assert (mean(values).low, mean(values).high) == pytest.approx((told.low, told.high))
    assert mean(values).n == 6
    assert math.isnan(share(0, 0).value) and math.isnan(mean([]).value) and math.isnan(mean([2]).low)


@pytest.mark.parametrize("n", [5, 6, 9, 24, 25])
def test_the_median_has_its_interval(n: int) -> None:
    rng = np.random.default_rng(n)
    found = [median(rng.exponential(1, n)) for _ in range(3000)]
    if n == 5:
        # Not even the smallest and the largest of five hold the median in 95 of 100 cases.
        assert all(math.isnan(f.low) for f in found)
    else:
        covered = np.mean([f.low <= math.log(2) <= f.high for f in found])
        assert 0.945 <= covered <= 0.99


def test_many_tests_are_adjusted_as_statsmodels_does() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.01, 0.04, 0.03, 0.005, 0.9, 0.04])
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert holm([0.01, math.nan]) == pytest.approx([0.01, math.nan], nan_ok=True)
