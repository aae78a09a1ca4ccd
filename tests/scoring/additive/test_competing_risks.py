"""Competing outcomes: the probability is the one simulated, reasons add up, and unfinished horizons teach."""

import json

import numpy as np
import pandas as pd
import pytest

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.additive.competing_risks import (
    LOST,
    OPEN,
    WON,
    CompetingRisks,
    fit_hazards,
    spans,
)
from sales_consultant.scoring.additive.encoding import Encoder
from sales_consultant.scoring.metrics.calibration import sigmoid
from sales_consultant.scoring.metrics.metrics import losses
from sales_consultant.scoring.populations.training_rows import split
from sales_consultant.scoring.propensity.competing import fit_competing_risks, form_name
from sales_consultant.scoring.propensity.propensity import PropensityModel
from sales_consultant.scoring.validation.baselines import of_ours
from sales_consultant.scoring.validation.forward_test import forward_test

HORIZON = 120


def race(
    n: int, seed: int = 0, *, until: float = 400.0, horizon: int = HORIZON
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deals whose win and loss race each other week by week, one cut-off a deal, and their table."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "noise": rng.normal(size=n)})
    win, lose = 0.03 * np.exp(0.9 * X["a"].to_numpy()), 0.05 * np.exp(0.9 * X["b"].to_numpy())
    open_share = 1 / (1 + win + lose)
    weeks = rng.geometric(1 - open_share)
    won = rng.random(n) < win / (win + lose)
    cut = np.sort(rng.integers(0, 300, n)) * DAY_MS
    end = cut + weeks * 7 * DAY_MS
    seen = end <= until * DAY_MS
    rows = pd.DataFrame(
        {
            "record_id": [f"d{i}" for i in range(n)],
            "group": [f"c{i // 2}" for i in range(n)],
            "cut": cut,
            "ended_at": np.where(seen, end, np.nan),
            "event_at": np.where(seen & won, end, np.nan),
            "weight": 1.0,
        }
    )
    rows["label"] = ((rows["event_at"] - rows["cut"]) <= horizon * DAY_MS).astype(float)
    return X, rows


def test_spans_count_what_was_over_when_it_was_known() -> None:
    rows = pd.DataFrame(
        {
            "cut": [0, 0, 0, 50 * DAY_MS, 0],
            "event_at": [10 * DAY_MS, np.nan, np.nan, np.nan, 90 * DAY_MS],
            "ended_at": [10 * DAY_MS, 30 * DAY_MS, np.nan, np.nan, 90 * DAY_MS],
        }
    )
    found = spans(rows, horizon=100, until=60 * DAY_MS)
    assert found.outcome.tolist() == [WON, LOST, OPEN, OPEN, OPEN]
    assert found.edges[-1] == 100
    # Followed for 60 and 10 days: at risk in the periods that were over by then.
    assert found.period[2] == np.searchsorted(found.edges, 60, side="right")
    assert found.period[3] == np.searchsorted(found.edges, 10, side="right")
    assert (found.edges[found.period[:2] - 1] >= [10, 30]).all()


@pytest.fixture(scope="module")
def learnt() -> tuple[CompetingRisks, pd.DataFrame, pd.DataFrame]:
    X, rows = race(4000)
    encoder = Encoder.learn(X, hinges=0)
    seen = spans(rows, horizon=HORIZON, until=400 * DAY_MS)
    return fit_hazards(encoder, encoder.encode(X), seen, np.ones(len(X)), 1.0), X, rows


def test_the_probability_is_the_one_of_the_race(
    learnt: tuple[CompetingRisks, pd.DataFrame, pd.DataFrame],
) -> None:
    model, X, _ = learnt
    win, lose = 0.03 * np.exp(0.9 * X["a"].to_numpy()), 0.05 * np.exp(0.9 * X["b"].to_numpy())
    ends = 1 - (1 / (1 + win + lose)) ** (HORIZON // 7)
    truth = win / (win + lose) * ends
    p = sigmoid(model.margin(X))
    assert np.corrcoef(p, truth)[0, 1] > 0.98
    assert abs(p.mean() - truth.mean()) < 0.02
    assert np.abs(p - truth).mean() < 0.03


def test_its_gradient_is_the_difference_quotient(
    learnt: tuple[CompetingRisks, pd.DataFrame, pd.DataFrame],
) -> None:
    model = learnt[0].scaled(1.3, -0.2)
    way = np.random.default_rng(4).normal(size=(50, 2)) * 2
    step = 1e-5
    for side in (0, 1):
        move = np.zeros(2)
        move[side] = step
        numeric = (model._margin(way + move) - model._margin(way - move)) / (2 * step)
        assert np.allclose(model._gradient(way)[:, side], numeric, rtol=1e-6, atol=1e-7)


def test_reasons_add_up_and_a_file_gives_the_same(
    learnt: tuple[CompetingRisks, pd.DataFrame, pd.DataFrame],
) -> None:
    model, X, _ = learnt
    model = model.scaled(0.8, 0.3)
    far = X * 6
    far.iloc[:20, 0] = np.nan
    for rows in (X, far):
        margin = model.margin(rows)
        assert np.abs(model.contributions(rows).sum(axis=1) + model.base - margin).max() < 1e-9
    again = CompetingRisks.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (again.margin(X) == model.margin(X)).all()
    # What has no part in either outcome is no reason for it.
    size = np.abs(model.contributions(X)).mean(axis=0)
    assert size[2] < 0.1 * size[0]
    assert model.contributions(X)[X["a"].to_numpy() > 1, 0].min() > 0


def test_a_propensity_model_of_this_form_keeps_its_promises() -> None:
    X, rows = race(1500, seed=3)
    whole = rows["cut"] + HORIZON * DAY_MS <= 320 * DAY_MS
    straight = PropensityModel(tier="full").fit(
        X[whole], rows["label"][whole].to_numpy(), groups=rows["group"][whole].to_numpy()
    )
    model = fit_competing_risks(straight, X, rows, horizon=HORIZON, until=320 * DAY_MS)
    assert model is not None
    assert model.tier_ == "full"
    margin = model.decision_function(X)
    assert np.abs(model.contributions(X).sum(axis=1) + model.base_value_ - margin).max() < 1e-9
    again = PropensityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert isinstance(again.form_, CompetingRisks)
    assert (again.decision_function(X) == margin).all()
    assert model.report_.verdict == "better than base rate"
    # The linear model that it came from is as it was.
    assert straight.form_.kind == "linear"


def test_nothing_competes_where_nothing_is_lost() -> None:
    X, rows = race(1500, seed=3)
    rows = rows.assign(ended_at=rows["event_at"])
    straight = PropensityModel(tier="full").fit(X, rows["label"].to_numpy())
    assert fit_competing_risks(straight, X, rows, horizon=HORIZON, until=400 * DAY_MS) is None


def test_the_forward_test_takes_them_where_they_win() -> None:
    # A young business with a long horizon: when the test begins hardly a horizon is over, and many are under way.
    X, rows = race(3000, seed=5, until=500, horizon=200)
    outcome = forward_test(X, rows, horizon=200)
    contest = outcome.report.contest
    assert contest is not None and contest.keys() == {"full", "hazards"}
    assert outcome.hazards
    assert contest["hazards"] < contest["full"]
    assert outcome.report.log_loss == pytest.approx(contest["hazards"])
    # `evaluate --compare` shows both, with the very figures of the contest.
    parts, start = split(rows, 200), outcome.report.test_from
    assert parts is not None and start is not None and outcome.model is not None
    assert form_name(outcome.model) == "hazards"
    y = parts[1]["label"].to_numpy()
    for name, model, _ in of_ours(X, rows, parts[0], start, 200):
        p = model.predict_proba(X.loc[parts[1].index])[:, 1]
        assert float(losses(y, p).mean()) == pytest.approx(contest.pop(name)), name
    assert not contest


def test_the_forward_test_leaves_them_where_they_do_not() -> None:
    # Labels of which the time of the outcome says nothing: there is nothing to win.
    X, rows = race(3000, seed=6, until=420)
    rng = np.random.default_rng(1)
    y = rng.random(len(X)) < sigmoid(1.5 * X["a"].to_numpy())
    end = rows["cut"] + (HORIZON - 1) * DAY_MS
    rows = rows.assign(label=y.astype(float), ended_at=end, event_at=end.where(y))
    outcome = forward_test(X, rows, horizon=HORIZON)
    assert outcome.report.verdict == "better than base rate"
    assert not outcome.hazards
