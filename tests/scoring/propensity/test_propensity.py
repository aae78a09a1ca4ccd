"""The propensity model: additive, calibrated, and quiet where there is nothing to learn."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_consultant.scoring.additive.cross_validation import some_groups
from sales_consultant.scoring.core.errors import ScoringError
from sales_consultant.scoring.metrics.calibration import calibrate
from sales_consultant.scoring.metrics.metrics import auc, losses
from sales_consultant.scoring.propensity.propensity import PropensityModel


def table(n: int, seed: int = 0, signal: float = 1.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Numbers, texts, flags, times and gaps, of which some tell the outcome."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    kind = rng.choice(["a", "b", "c"], n)
    flag = rng.random(n) < 0.4
    y = (rng.random(n) < 1 / (1 + np.exp(1 - signal * (x + (kind == "a") + flag)))).astype(float)
    frame = pd.DataFrame(
        {
            "x": np.where(rng.random(n) < 0.1, np.nan, x),
            "skewed": np.exp(rng.normal(3, 1.5, n)),
            "kind": pd.Series(kind, dtype=object).where(rng.random(n) >= 0.1, None),
            "flag": flag,
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "maybe": pd.Series(flag).astype(object).where(rng.random(n) >= 0.3, None),
            "constant": 1.0,
        }
    )
    return frame, y


@pytest.fixture(scope="module")
def fitted() -> tuple[PropensityModel, pd.DataFrame, np.ndarray]:
    X, y = table(1500)
    return PropensityModel().fit(X, y), X, y


def test_contributions_sum_to_the_margin(fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray]) -> None:
    model, X, _ = fitted
    total = model.base_value_ + model.contributions(X).sum(axis=1)
    assert np.abs(total - model.decision_function(X)).max() < 1e-9
    p = model.predict_proba(X)
    assert p.shape == (len(X), 2)
    assert p[:, 1] == pytest.approx(1 / (1 + np.exp(-total)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_additive_on_any_row(
    fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray], data: st.DataObject
) -> None:
    model, _, _ = fitted
    number = st.one_of(st.none(), st.floats(allow_infinity=True, allow_nan=True))
    row = pd.DataFrame(
        {
            "x": [data.draw(number)],
            "skewed": [data.draw(number)],
            "kind": [data.draw(st.one_of(st.none(), st.text(max_size=3), st.sampled_from("abc")))],
            "flag": [data.draw(st.booleans())],
            "when": [data.draw(st.one_of(st.none(), st.datetimes(pd.Timestamp(1971, 1, 1).to_pydatetime())))],
            "maybe": pd.Series([data.draw(st.one_of(st.none(), st.booleans()))], dtype=object),
            "constant": [1.0],
        }
    ).astype({"x": float, "skewed": float, "when": "datetime64[us]"})
    margin = model.decision_function(row)
    assert np.isfinite(margin).all()
    assert model.base_value_ + model.contributions(row).sum() == pytest.approx(margin[0], abs=1e-9)


def test_the_average_row_is_the_base(fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray]) -> None:
    model, X, _ = fitted
    assert model.contributions(X).mean(axis=0) == pytest.approx(np.zeros(X.shape[1]), abs=1e-9)


def test_learns_and_is_calibrated(fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray]) -> None:
    model, _, _ = fitted
    X, y = table(4000, seed=9)
    p = model.predict_proba(X)[:, 1]
    assert model.tier_ == "full"
    assert auc(y, p) > 0.72
    slope, _ = calibrate(np.log(p / (1 - p)), y, np.ones(len(y)))
    assert slope == pytest.approx(1.0, abs=0.2)
    assert model.report_.verdict == "better than base rate"


def test_no_signal_is_said() -> None:
    X, y = table(800, signal=0.0, seed=5)
    assert PropensityModel().fit(X, y).report_.verdict == "no better than base rate"


@pytest.mark.parametrize(("rows", "tier"), [(60, "rules"), (300, "shrunk"), (1500, "full")])
def test_tier_by_the_smaller_class(rows: int, tier: str) -> None:
    X, y = table(rows, seed=2)
    model = PropensityModel().fit(X, y)
    assert model.tier_ == tier
    if tier == "rules":
        assert (model.contributions(X) == 0).all()
        assert model.predict_proba(X)[:, 1] == pytest.approx(np.full(rows, y.mean()))


@pytest.mark.parametrize("tier", ["Full", "magic"])
def test_a_tier_that_is_not_there_is_refused(tier: str) -> None:
    X, y = table(300)
    with pytest.raises(ScoringError, match=tier):
        PropensityModel(tier=tier).fit(X, y)


def test_there_must_be_two_labels() -> None:
    X, y = table(300)
    with pytest.raises(ScoringError, match="two labels, it holds 3"):
        PropensityModel().fit(X, np.where(np.arange(len(y)) % 5, y, 2))
    with pytest.raises(ScoringError, match="continuous"):
        PropensityModel().fit(X, y + 0.5 * (np.arange(len(y)) % 2))


def test_leaks_are_found_and_not_used() -> None:
    X, y = table(1200, seed=4)
    rng = np.random.default_rng(0)
    X["late"] = np.where(y == 1, rng.normal(8, 1, len(y)), rng.normal(0, 1, len(y)))
    X["loss_reason"] = pd.Series("price", index=X.index).astype(object).where(y == 0, None)
    model = PropensityModel().fit(X, y, as_of=X["when"])
    assert {(f.column, f.kind) for f in model.leaks_} == {
        ("late", "single_field"),
        ("loss_reason", "known_leaker"),
        # The rows' own time: no leak, but nothing that a later row could be told by.
        ("when", "calendar"),
    }
    names = model.feature_names_in_
    assert (model.contributions(X)[:, [names.index("late"), names.index("loss_reason")]] == 0).all()
    assert "AUC" in model.leaks_[1].evidence


def test_a_text_of_many_levels_is_learnt_from_and_ids_are_not() -> None:
    """60 towns with a rate of their own, against the best that can be known; a number of each row says nothing."""
    rng = np.random.default_rng(4)
    n, effect = 6000, 1.2 * rng.normal(size=60)
    town, x = rng.integers(0, 60, n), rng.normal(size=n)
    truth = 1 / (1 + np.exp(1 - x - effect[town]))
    y = (rng.random(n) < truth).astype(int)
    X = pd.DataFrame({"x": x, "town": [f"t{i}" for i in town], "id": [f"r{i}" for i in range(n)]})
    model = PropensityModel(tier="full", tables=False).fit(X[:4000], y[:4000])
    assert model.columns_ == ["x", "town"]
    loss = losses(y[4000:].astype(float), model.predict_proba(X[4000:])[:, 1]).mean()
    assert loss < 1.03 * losses(y[4000:].astype(float), truth[4000:]).mean()


def test_explain_is_the_contributions_long(
    fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray],
) -> None:
    model, X, _ = fitted
    long = model.explain(X.head(5), top=3)
    assert list(long.columns) == ["row", "feature", "value", "contribution"]
    assert len(long) == 15
    every = model.explain(X.head(5))
    sums = every.groupby("row")["contribution"].sum().to_numpy() + model.base_value_
    assert sums == pytest.approx(model.decision_function(X.head(5)))


def test_json_form_predicts_the_same(fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray]) -> None:
    model, X, _ = fitted
    again = PropensityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (again.decision_function(X) == model.decision_function(X)).all()


def test_a_level_never_seen_counts_as_average(
    fitted: tuple[PropensityModel, pd.DataFrame, np.ndarray],
) -> None:
    model, X, _ = fitted
    row = X.head(1).assign(kind="zeta")
    assert model.contributions(row)[0, list(X.columns).index("kind")] == pytest.approx(0.0, abs=1e-12)


def test_same_seed_same_model() -> None:
    X, y = table(500, seed=8)
    first, second = (PropensityModel(random_state=3).fit(X, y).to_dict() for _ in range(2))
    assert first == second


def test_tuning_takes_whole_groups_and_not_too_many_rows() -> None:
    codes = np.random.default_rng(0).integers(0, 5000, 60_000)
    chosen = some_groups(codes, np.random.default_rng(1))
    assert 19_000 < chosen.sum() <= 20_000
    assert not set(codes[chosen]) & set(codes[~chosen])
    assert some_groups(codes[:100], np.random.default_rng(1)).all()


@pytest.mark.parametrize("sizes", [[30_000, 4_000], [30_000] * 2, [60_000]])
def test_groups_too_large_to_draw_leave_rows_to_tune_by(sizes: list[int]) -> None:
    codes = np.repeat(np.arange(len(sizes)), sizes)
    some = some_groups(codes, np.random.default_rng(0))
    assert 0 < some.sum() <= 20_000
    small = [i for i, n in enumerate(sizes) if n <= 20_000]
    assert set(codes[some]) == set(small or range(len(sizes)))


def test_a_leaking_column_takes_its_family_along() -> None:
    X, y = table(600)
    X["a.b"] = y + np.random.default_rng(1).normal(0, 0.01, len(y))
    X["a.b.age"] = 1.0 * X["flag"]
    alone = PropensityModel(audit=["a.b"]).fit(X, y)
    assert [f.column for f in alone.leaks_] == ["a.b"]
    assert "a.b.age" in alone.columns_
    along = PropensityModel(audit=["a.b"], families={"a.b": "a.b", "a.b.age": "a.b"}).fit(X, y)
    assert not {"a.b", "a.b.age"} & set(along.columns_)
