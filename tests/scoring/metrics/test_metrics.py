"""Figures of the forward test, against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

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
