"""The boosted tier: taken only where it wins, and exactly as additive and as plain a file as the linear one."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from support import programs

from sales_consultant.scoring.additive.cross_validation import best_sizes, clearly_less
from sales_consultant.scoring.additive.ebm import FINE, ORDINARY, Tables, _bags, fit_library, read_tables
from sales_consultant.scoring.additive.encoding import Encoder
from sales_consultant.scoring.metrics.metrics import losses
from sales_consultant.scoring.propensity.competing import TablesBeside
from sales_consultant.scoring.propensity.propensity import PropensityModel

# The model they share is trained once, not once a worker.
pytestmark = pytest.mark.xdist_group("boosted")


def curved(n: int, seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """A table whose truth no straight line draws: a pair and a bump; with gaps, levels, flags and dates."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, n))
    region = rng.choice(["north", "south", "west"], n)
    margin = 1.3 * a * b - 1.2 * (np.abs(c) < 0.5) + 0.6 * (region == "west")
    y = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int)
    X = pd.DataFrame({"a": a, "b": b, "c": c, "region": region, "flag": rng.random(n) < 0.5})
    X["day"] = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    X.loc[rng.random(n) < 0.1, "a"] = np.nan
    X.loc[rng.random(n) < 0.1, "region"] = None
    return X, y


@pytest.fixture(scope="module")
def fitted() -> tuple[PropensityModel, pd.DataFrame, np.ndarray]:
    X, y = curved(4000)
    model = PropensityModel().fit(X, y, groups=np.arange(4000) // 4)
    return model, *curved(2000, seed=9)


def test_it_wins_where_the_truth_is_curved(fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray]) -> None:
    model, X, y = fitted
    assert model.tier_ == "boosted"
    assert model.contest_["boosted"] < model.contest_["full"]
    assert model.report_.verdict == "better than base rate"
    straight = PropensityModel(tier="full").fit(*curved(4000))
    p, q = model.predict_proba(X)[:, 1], straight.predict_proba(X)[:, 1]
    assert loss(y, p) < loss(y, q) - 0.05


def loss(y: np.ndarray, p: np.ndarray) -> float:
    return float(-np.log(np.where(y == 1, p, 1 - p)).mean())


@pytest.mark.slow
def test_the_tables_of_rows_already_learnt_are_the_same_for_less_work() -> None:
    X, y = curved(900, 3)
    X["signed_by"] = pd.Series(y, dtype=object).map({1: "notary"})
    firm = np.arange(900) // 3
    straight = PropensityModel(tier="full").fit(X, y, groups=firm)
    anew = PropensityModel(tier="boosted").fit(X, y, groups=firm)
    beside = TablesBeside(straight, X, y, groups=firm)
    assert beside.least_loss(X, y) < losses(y, anew.predict_proba(X)[:, 1]).mean()
    taken = beside.fitted()
    assert taken.leaks_ == anew.leaks_ != []
    assert taken.to_dict() == anew.to_dict()
    assert straight.tier_ == "full"


@pytest.mark.slow
def test_a_straight_truth_keeps_the_straight_model() -> None:
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(3000, 4)), columns=list("abcd"))
    y = (rng.random(3000) < 1 / (1 + np.exp(-X["a"].to_numpy()))).astype(int)
    assert PropensityModel().fit(X, y).tier_ == "full"


def test_reasons_add_up_and_a_file_gives_the_same(
    fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray],
) -> None:
    model, X, _ = fitted
    strange = X.copy()
    strange.loc[strange.index[:50], "region"] = "never seen"
    strange.loc[strange.index[50:80], "c"] = np.inf
    strange.loc[strange.index[80:90], "day"] = pd.NaT
    for rows in (X, strange):
        margin = model.decision_function(rows)
        sums = model.base_value_ + model.contributions(rows).sum(axis=1)
        assert np.abs(sums - margin).max() < 1e-9
        assert np.isfinite(margin).all()
    again = PropensityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert np.array_equal(again.decision_function(strange), model.decision_function(strange))
    assert isinstance(again.form_, Tables)


def test_our_tables_say_what_the_library_says() -> None:
    """An oracle: the margins of the library's own model, which ours is read from."""
    X, y = curved(3000)
    encoder = Encoder.learn(X, hinges=0)
    theirs, matrix = fit_library(encoder, X, y.astype(float), np.ones(len(y)), random_state=0)
    assert np.abs(theirs.decision_function(matrix) - read_tables(encoder, theirs).margin(X)).max() < 1e-9


def test_bags_hold_out_whole_groups() -> None:
    groups = np.repeat(np.arange(40), 5)
    bags = _bags(groups, 0)
    assert bags is not None
    for bag in bags.T:
        assert {frozenset(bag[groups == g].tolist()) for g in range(40)} == {frozenset({1}), frozenset({-1})}
        assert 0.1 < (bag == -1).mean() < 0.25


@pytest.mark.slow
def test_finer_tables_are_taken_only_where_there_are_many_rows_and_they_win() -> None:
    rng = np.random.default_rng(0)
    n = 21_000
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    encoder = Encoder.learn(X, hinges=0)
    fine = 1.5 * np.sin(9 * X["a"]) * np.sign(X["b"])
    chosen = []
    for margin, rows in ((fine, n), (fine, 19_000), (X["a"], n)):
        y = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(float).to_numpy()[:rows]
        chosen.append(best_sizes(encoder, X[:rows], y, np.ones(rows), np.arange(rows), 0))
    assert chosen == [FINE, ORDINARY, ORDINARY]


def test_scoring_needs_no_boosting_library(fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray]) -> None:
    import tempfile
    from pathlib import Path

    model, _, _ = fitted
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.json"
        file.write_text(json.dumps(model.to_dict()), encoding="utf-8")
        code = (
            "import json, sys, pandas as pd; from sales_consultant.scoring.propensity import PropensityModel as P; "
            f"m = P.from_dict(json.load(open({str(file)!r}))); "
            "X = pd.DataFrame({'a': [1.0], 'b': [1.0], 'c': [0.0], 'region': ['west'], 'flag': [True], "
            "'day': pd.to_datetime(['2024-03-01'], utc=True)}); m.predict_proba(X); "
            "assert not any(n.startswith(('interpret', 'sklearn')) for n in sys.modules)"
        )
        programs.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("together", "expected"), [(1, True), (200, False)])
def test_rows_of_one_company_are_no_independent_evidence(together: int, expected: bool) -> None:
    rng = np.random.default_rng(0)
    per_group = rng.normal(0.02, 0.5, 1000 // together)
    gain = np.repeat(per_group, together)[:1000] if together > 1 else rng.normal(0.1, 0.5, 1000)
    codes = np.repeat(np.arange(1000 // together), together) if together > 1 else np.arange(1000)
    assert clearly_less(np.zeros(1000), gain, codes) is expected


@pytest.mark.slow
def test_few_records_that_bend_get_tables_and_keep_the_tier_s_name() -> None:
    X, y = curved(1600)
    assert 200 <= min(y.sum(), (1 - y).sum()) < 1000
    strict, free = PropensityModel(tier="full").fit(X, y), PropensityModel().fit(X, y)
    assert (strict.tier_, strict.form_.kind) == ("full", "linear")
    assert (free.tier_, free.form_.kind) == ("full", "boosted")
    later, outcome = curved(2000, seed=9)
    p, q = free.predict_proba(later)[:, 1], strict.predict_proba(later)[:, 1]
    assert loss(outcome, p) < loss(outcome, q) - 0.03
    margin = free.decision_function(later)
    assert np.abs(free.contributions(later).sum(axis=1) + free.base_value_ - margin).max() < 1e-9
