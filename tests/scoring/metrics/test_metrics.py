"""Figures of the forward test, against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from sales_consultant.scoring.metrics.evidence import auc_influence, estimate, spans, twins
from sales_consultant.scoring.metrics.forward_report import judge
from sales_consultant.scoring.metrics.metrics import (
    auc,
    aucs,
    expected_calibration_error,
    group_weights,
    lift,
    losses,
)


@given(st.integers(0, 10_000), st.integers(2, 5))
def test_auc_and_loss_are_scikit_learns(seed: int, ties: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.r_[0.0, 1.0, rng.integers(0, 2, 40)]
    p = (np.round(rng.random(42) * ties) + 0.5) / (ties + 1)
    w = rng.integers(1, 4, 42).astype(float)
    assert auc(y, p) == pytest.approx(roc_auc_score(y, p))
    assert aucs(y, p, w[None, :])[0] == pytest.approx(roc_auc_score(y, p, sample_weight=w))
    assert losses(y, p).mean() == pytest.approx(log_loss(y, p))


def test_whole_groups_are_drawn() -> None:
    groups = np.array(["a", "b", "a", "c", "c", "c"])
    drawn = group_weights(groups, 50, np.random.default_rng(0))
    assert (drawn[:, 0] == drawn[:, 2]).all() and (drawn[:, 3] == drawn[:, 5]).all()
    assert (drawn[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_calibration_error_and_lift_by_hand() -> None:
    y = np.array([0.0] * 90 + [1.0] * 10)
    p = np.array([0.0] * 90 + [1.0] * 10)
    assert expected_calibration_error(y, p) == pytest.approx(0.0)
    assert expected_calibration_error(y, np.full(100, 0.3)) == pytest.approx(0.2, abs=0.15)
    assert lift(y, p) == pytest.approx(10.0)
    assert lift(y, np.zeros(100)) == pytest.approx(1.0)


def test_a_shift_of_the_rate_is_no_ranking() -> None:
    """Better calibrated than the base rate, but the same for all: still no better."""
    y = np.r_[np.ones(100), np.zeros(900)]
    groups = np.arange(1000)
    flat = judge(y, np.full(1000, 0.1), groups, base=0.3, train=(1, 1, 1))
    assert flat.gain_low is not None and flat.gain_low > 0
    assert flat.verdict == "no better than base rate"


def test_few_of_a_class_is_too_little() -> None:
    y = np.r_[np.ones(9), np.zeros(900)]
    report = judge(y, np.full(909, 0.1), np.arange(909), base=0.1, train=(1, 1, 1))
    assert (report.verdict, report.auc) == ("too little data", None)


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_what_the_interval_of_the_auc_is_made_of_has_the_auc_for_its_mean(seed: int, ties: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.r_[0.0, 1.0, rng.integers(0, 2, 60)]
    s = np.round(rng.random(62) * ties)
    period = rng.integers(0, 3, 62)
    assert auc_influence(y, s).mean() == pytest.approx(auc(y, s))
    within = [
        (auc(y[k], s[k]), y[k].sum() * (1 - y[k]).sum() / len(y[k]))
        for k in (period == v for v in range(3))
        if 0 < y[k].sum() < len(y[k])
    ]
    found = auc_influence(y, s, period).mean()
    if within:
        areas, weights = zip(*within, strict=True)
        assert found == pytest.approx(np.average(areas, weights=weights))
    else:
        assert found == 0.5


def test_an_error_by_clusters_is_that_of_many_drawings() -> None:
    """Of means over companies that each say one thing in several rows, and of rows that stand there twice."""
    rng = np.random.default_rng(1)
    firm, twin = np.repeat(np.arange(40), 5), np.r_[np.arange(180), np.arange(20)]

    def drawn() -> np.ndarray:
        rows = rng.normal(size=200)
        return np.asarray(rows[twin] + rng.normal(size=40)[firm])

    samples = [drawn() for _ in range(2000)]
    truth = float(np.std([v.mean() for v in samples]))
    said = float(np.mean([estimate(v, [firm, twin]).error for v in samples[:300]]))
    assert said == pytest.approx(truth, rel=0.06)
    assert estimate(samples[0], [np.arange(200)]).error < 0.75 * said
    # Of few clusters less is known, and of a single one nothing.
    few = estimate(samples[0], [np.arange(200) % 3])
    assert few.freedom == pytest.approx(2, abs=0.01) and few.low < few.mean - 2.9 * few.error
    assert estimate(samples[0], [np.zeros(200)]).low == -np.inf
    assert estimate(samples[0], [np.zeros(200)]).interval() == (0.0, 1.0)


def test_an_interval_stays_between_0_and_1() -> None:
    low, high = estimate(np.r_[np.ones(30), 0.4], [np.arange(31)]).interval()
    assert 0.8 < low < 0.98 < high < 1
    assert estimate(np.ones(5), [np.arange(5)]).interval() == (1.0, 1.0)


def test_rows_that_are_alike_are_twins_unless_many_are() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 1.0, np.nan, np.nan], "b": ["x", "x", "x", None, None]})
    found = twins(frame)
    assert found[0] == found[2] != found[1] and found[3] == found[4]
    assert len(np.unique(twins(pd.DataFrame({"a": [1.0] * 6 + [2.0]})))) == 7
    assert len(twins(frame.iloc[:0])) == 0


def test_spans_part_no_time() -> None:
    order = np.repeat(np.arange(30), 7)
    found = spans(order)
    assert len(np.unique(found)) == 12 and (np.diff(found) >= 0).all()
    assert (np.array([len(np.unique(found[order == v])) for v in range(30)]) == 1).all()
    assert np.ptp(spans(np.array(["2024-01-01", "2024-01-01"], dtype="datetime64[ns]"))) == 0
