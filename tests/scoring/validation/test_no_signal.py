"""The verdict "better than base rate" on tables without signal, made as the benchmark of that name makes them."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sales_consultant.scoring.metrics.forward_report import judge
from sales_consultant.scoring.propensity.propensity import PropensityModel
from sales_consultant.scoring.validation.forward_test import forward_test, ranks_early

FILE = Path(__file__).parents[3] / "benchmarks" / "no_signal.py"


def _made() -> Any:
    spec = importlib.util.spec_from_file_location("no_signal", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["no_signal"] = module
    spec.loader.exec_module(module)
    return module


MADE = _made()


@pytest.mark.slow
@pytest.mark.parametrize("kind", MADE.KINDS)
def test_chance_is_seldom_called_better(kind: str) -> None:
    """50 tables a kind; of 1,000 at most 6.5 % may be (`python -m benchmarks no_signal`)."""
    found = [MADE.verdict(kind, seed, records=600).verdict for seed in range(50)]
    assert found.count("better than base rate") <= 7
    assert found.count("no better than base rate") >= 25


@pytest.mark.slow
def test_a_signal_is_found_where_there_is_one() -> None:
    found = [MADE.verdict("month", seed, signal=0.8, records=1500).verdict for seed in range(5)]
    assert found.count("better than base rate") >= 4


def test_the_seed_has_no_part_in_the_verdict() -> None:
    X, rows = MADE.table("twice", 3, signal=0.3, records=700)
    first, second = (
        forward_test(X, rows, horizon=MADE.HORIZON, random_state=seed).report for seed in (0, 11)
    )
    assert first == second
    won = (rows["event_at"].notna()).to_numpy()
    one = (~rows["record_id"].duplicated()).to_numpy()
    plain = [PropensityModel(random_state=s, tables=False, audit=[]).fit(X[one], won[one]) for s in (0, 11)]
    assert plain[0].report_ == plain[1].report_


def test_a_rate_that_moves_is_no_ranking() -> None:
    """Later months have a higher rate, and so have the probabilities: between the months all is right, within none."""
    rng = np.random.default_rng(2)
    month = np.repeat(np.arange(12), 150)
    rate = np.asarray(0.1 + 0.04 * month, dtype=np.float64)
    y = (rng.random(len(month)) < rate).astype(float)
    told: dict[str, Any] = {"base": 0.2, "train": (1, 1, 1)}
    groups = np.arange(len(y))
    unaware = judge(y, rate, groups, **told)
    assert unaware.verdict == "better than base rate"
    aware = judge(y, rate, groups, **told, periods={"month": month})
    assert aware.verdict == "no better than base rate"
    assert aware.lacks is not None and "month" in aware.lacks
    # A ranking within the months is one.
    better = np.clip(rate * (1 + 0.5 * rng.choice([-1, 1], len(y))), 0.01, 0.9)
    y = (rng.random(len(month)) < better).astype(float)
    assert judge(y, better, groups, **told, periods={"month": month}).verdict == "better than base rate"


def test_a_tenth_of_a_percent_is_no_reason_to_write_scores() -> None:
    rng = np.random.default_rng(3)
    n = 200_000
    p = np.clip(0.3 + 0.01 * rng.normal(size=n), 0.01, 0.99)
    y = (rng.random(n) < p).astype(float)
    report = judge(y, p, np.arange(n), base=0.3, train=(1, 1, 1))
    assert report.auc_low is not None and report.auc_low > 0.5
    assert report.lacks == "a gain in log-loss over the base rate of 0.5%"


def test_what_orders_worse_than_chance_under_way_is_no_better() -> None:
    X, rows = MADE.table("month", 1, signal=0.8, records=1500)
    report = forward_test(X, rows, horizon=MADE.HORIZON).report
    assert report.verdict == "better than base rate" and report.moments is not None
    bad = {"n": 100, "auc": 0.45, "log_loss": 0.6, "base_log_loss": 0.6}
    late = {"at creation": None, "one third": bad, "two thirds": bad}
    assert ranks_early(report, late).verdict == "no better than base rate"
    assert ranks_early(report, late | {"one third": None}).verdict == "better than base rate"
    assert ranks_early(report, late | {"two thirds": bad | {"auc": 0.51}}).verdict == "better than base rate"
    few = replace(report, verdict="too little data")
    assert ranks_early(few, late).verdict == "too little data"
