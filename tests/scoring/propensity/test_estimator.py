"""scikit-learn's own tools take the propensity model as one of theirs."""

import datetime
import decimal
import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.scoring.additive.encoding import Encoder
from sales_consultant.scoring.core.errors import ScoringError
from sales_consultant.scoring.propensity.kinds import InputError
from sales_consultant.scoring.propensity.propensity import PropensityModel


def table(n: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    """Columns named by numbers, as a frame of an array has them."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 3)))
    return X, (rng.random(n) < 1 / (1 + np.exp(-2 * X[0]))).astype(int).to_numpy()


def test_clone_and_cross_validation() -> None:
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import cross_val_score

    model = PropensityModel(tier="shrunk", random_state=3, audit=["a"])
    twin = clone(model)
    assert twin is not model
    assert twin.get_params() == model.get_params()
    assert repr(twin) == "PropensityModel(tier='shrunk', random_state=3, audit=['a'])"
    assert is_classifier(model)
    assert twin.set_params(tier="full").tier == "full"
    with pytest.raises(ScoringError, match="no parameter 'tear'"):
        twin.set_params(tear="full")
    X, y = table()
    losses = -cross_val_score(PropensityModel(tier="shrunk"), X, y, cv=3, scoring="neg_log_loss")
    assert len(losses) == 3
    assert losses.max() < 0.62  # .69 is what chance gives


def test_any_names_and_no_names() -> None:
    X, y = table()
    model = PropensityModel(tier="shrunk").fit(X, y)
    assert model.feature_names_in_ == ["0", "1", "2"]
    assert model.n_features_in_ == 3
    assert list(model.classes_) == [0, 1]
    p = model.predict_proba(X)
    assert p[:, 1] == pytest.approx(model.predict_proba(X.to_numpy())[:, 1])
    assert p[:, 1] == pytest.approx(model.predict_proba(X[[2, 0, 1]])[:, 1])
    assert (model.predict(X) == (p[:, 1] >= 0.5)).all()
    assert model.score(X, y) == (model.predict(X) == y).mean() > 0.6
    assert model.contributions(X).shape == X.shape
    assert set(model.explain(X.head(2), top=1)["feature"]) <= {"0", "1", "2"}
    unnamed = PropensityModel(tier="shrunk").fit(X.to_numpy(), y)
    assert unnamed.feature_names_in_ == ["x0", "x1", "x2"]


def test_a_table_that_cannot_be_meant_is_refused() -> None:
    X, y = table()
    model = PropensityModel(tier="shrunk").fit(X, y)
    with pytest.raises(ScoringError, match="lacks 1 of the columns learnt from: 1"):
        model.predict_proba(X[[0, 2]])
    with pytest.raises(ScoringError, match="more than one column named 0"):
        model.fit(pd.concat([X, X[[0]]], axis=1), y)
    with pytest.raises(ScoringError, match="must have 3 columns"):
        model.predict_proba(X.to_numpy()[:, :2])


def test_what_cannot_be_learnt_from_is_refused_by_name() -> None:
    X = pd.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0) % 7})
    y = np.arange(50) % 2
    with pytest.raises(ScoringError, match="two labels, it holds 3"):
        PropensityModel().fit(X, np.arange(50) % 3)
    with pytest.raises(ScoringError, match="has gaps"):
        PropensityModel().fit(X, np.where(y == 1, np.nan, 0.0))
    with pytest.raises(ScoringError, match="one class only"):
        PropensityModel().fit(X, ["won"] * 50)
    with pytest.raises(ScoringError, match="labels of one kind"):
        PropensityModel().fit(X, np.array(["won", 1] * 25, dtype=object))
    with pytest.raises(ScoringError, match="X has no rows"):
        PropensityModel().fit(X[:0], y[:0])
    with pytest.raises(ScoringError, match="all rows are of one group"):
        PropensityModel(tier="shrunk").fit(X, y, groups=["acme"] * 50)
    with pytest.raises(ScoringError, match="groups must hold one value for each of the 50 rows"):
        PropensityModel().fit(X, y, groups=y[:-1])
    with pytest.raises(ScoringError, match="as_of must hold"):
        PropensityModel().fit(X, y, as_of=y[:-1])
    with pytest.raises(ScoringError, match="not be 0 for all"):
        PropensityModel().fit(X, y, sample_weight=0 * y)
    for bad, why in ((np.nan, "gaps or infinity"), (np.inf, "gaps or infinity"), (-1.0, "negative")):
        with pytest.raises(ScoringError, match=why):
            PropensityModel().fit(X, y, sample_weight=np.where(y == 1, bad, 1.0))
    with pytest.raises(ScoringError, match="rows of both labels"):
        PropensityModel(tier="full").fit(X, 0 * y)
    unfitted = PropensityModel()
    for ask in (unfitted.predict_proba, unfitted.explain, unfitted.contributions, unfitted.predict):
        with pytest.raises(ScoringError, match="call fit first"):
            ask(X)
    with pytest.raises(ScoringError, match="call fit first"):
        unfitted.to_dict()


# Checks of scikit-learn that this classifier is not to pass, each with the reason.
NOT_PASSED = {
    "check_classifiers_train": "a column that alone tells all labels apart is dropped as a leak",
    "check_estimators_empty_data_messages": "a frame whose columns were all left out gets the base rate",
}


@pytest.mark.slow
@pytest.mark.parametrize("audited", [True, False])
def test_scikit_learns_own_checks_are_passed(audited: bool) -> None:
    from sklearn.utils.estimator_checks import check_estimator

    expected = {k: v for k, v in NOT_PASSED.items() if audited or k != "check_classifiers_train"}
    model = PropensityModel() if audited else PropensityModel(audit=[])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(model, expected_failed_checks=expected, on_fail=None, on_skip=None)
    assert {r["check_name"] for r in results if r["status"] == "failed"} == set()
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(expected)
    assert sum(r["status"] == "passed" for r in results) > 50


def frame(n: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.choice(list("xyz"), n)})
    return X, (rng.random(n) < 1 / (1 + np.exp(-1.5 * X["a"]))).astype(int).to_numpy()


DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(400) % 97, unit="D")


@pytest.mark.parametrize(
    ("column", "used"),
    [
        (pd.Series(np.arange(400) % 7 * pd.Timedelta(hours=5)), True),
        (pd.Series([datetime.timedelta(hours=i % 7) for i in range(400)], dtype=object), True),
        (pd.Series(pd.PeriodIndex(DAYS, freq="M")), True),
        (pd.Series([d.date() for d in DAYS], dtype=object), True),
        (pd.Series([d.to_pydatetime() for d in DAYS], dtype=object), True),
        (pd.Series([decimal.Decimal(i % 7) / 4 for i in range(400)], dtype=object), True),
        (pd.Series([i % 7 if i % 3 else float(i % 7) for i in range(400)], dtype=object), True),
        (pd.Series([[1, 2]] * 399 + [None], dtype=object), False),
        (pd.Series([{"a": 1}] * 400, dtype=object), False),
        (pd.Series(np.arange(400) + 1j), False),
    ],
    ids=["durations", "timedeltas", "periods", "dates", "datetimes", "decimals", "mixed numbers", "lists", "dicts",
         "complex"],
)  # fmt: skip
def test_a_column_is_used_or_said_why_not(column: "pd.Series[Any]", used: bool) -> None:
    X, y = frame()
    X["k"] = column
    model = PropensityModel(tier="shrunk", audit=[]).fit(X, y)
    assert ("k" in model.columns_) == used == ("k" not in model.unused_)
    if not used:
        assert "give " in model.unused_["k"]
    again = PropensityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.predict_proba(X) == pytest.approx(model.predict_proba(X))
    assert again.unused_ == model.unused_
    empty = model.predict_proba(X[:0])
    assert empty.shape == (0, 2) and model.explain(X[:0]).empty


@pytest.mark.parametrize(
    ("made", "event"),
    [
        (lambda y: np.where(y == 1, "won", "lost"), "won"),
        (lambda y: pd.Series(np.where(y == 1, "won", "lost")), "won"),
        (lambda y: pd.Series(pd.Categorical(np.where(y == 1, "yes", "no"))), "yes"),
        (lambda y: pd.Categorical(np.where(y == 1, "a", "b"), categories=["b", "a"], ordered=True), "a"),
        (lambda y: y == 1, True),
        (lambda y: np.where(y == 1, 5, 2), 5),
        (lambda y: np.where(y == 1, 1, -1), 1),
    ],
    ids=["texts", "series", "categories", "ordered categories", "flags", "numbers", "signs"],
)
def test_two_labels_of_any_kind(made: Any, event: Any) -> None:
    X, y = frame()
    plain = PropensityModel(tier="shrunk").fit(X, y)
    model = PropensityModel(tier="shrunk").fit(X, made(y))
    assert model.classes_[1] == event
    assert model.predict_proba(X) == pytest.approx(plain.predict_proba(X))
    assert ((model.predict(X) == event) == (plain.predict(X) == 1)).all()
    assert model.score(X, np.asarray(made(y))) == plain.score(X, y)
    again = PropensityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (again.predict(X) == model.predict(X)).all()


def test_a_row_of_weight_0_is_as_if_left_out() -> None:
    X, y = frame()
    weight = (np.arange(len(y)) % 3 > 0).astype(float)
    kept = weight > 0
    groups = np.arange(len(y)) // 2
    as_of = np.asarray(DAYS)
    weighted = PropensityModel(tier="full").fit(X, y, sample_weight=weight, groups=groups, as_of=as_of)
    without = PropensityModel(tier="full").fit(X[kept], y[kept], groups=groups[kept], as_of=as_of[kept])
    assert (weighted.predict_proba(X) == without.predict_proba(X)).all()
    assert weighted.report_ == without.report_


@pytest.mark.parametrize("size", [1e100, 1e200, 1.7e308])
def test_numbers_near_the_largest_float_are_learnt_from(size: float) -> None:
    X, y = frame()
    X["a"] = np.clip(X["a"], -1, 1) * size
    p = PropensityModel(tier="shrunk").fit(X, y).predict_proba(X)
    assert np.isfinite(p).all()
    assert p[X["a"] > 0, 1].mean() > p[X["a"] < 0, 1].mean() + 0.1


def test_half_characters_are_spelt_out() -> None:
    X, y = frame()
    X["b"] = pd.Series(["\ud800" if v == "x" else v for v in X["b"]], dtype=object)
    X = X.set_axis(pd.Index(["a\udfff", "b"], dtype=object), axis=1)
    model = PropensityModel(tier="shrunk").fit(X, y)
    assert model.feature_names_in_ == ["a\\udfff", "b"]
    assert json.dumps(model.to_dict(), ensure_ascii=False).encode("utf-8")
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_text_among_numbers_is_named_with_its_column() -> None:
    X, y = frame()
    model = PropensityModel(tier="shrunk").fit(X, y)
    as_text = X.assign(a=X["a"].astype(str))
    assert model.predict_proba(as_text) == pytest.approx(model.predict_proba(X))
    for ask in (model.predict_proba, model.contributions, model.explain):
        with pytest.raises(ScoringError, match="a was learnt from as a number, and holds the text 'n/a'"):
            ask(X.assign(a=["n/a", *as_text["a"][1:]]))


@given(
    st.lists(st.sampled_from(["1", "2", "1.0", "-3", "x"]), min_size=2, max_size=6),
    st.sampled_from([int, float, str]),
)
def test_1_and_1_0_are_one_level(levels: list[str], kind: Any) -> None:
    """A column that was read as texts, whole numbers or floats has the same levels; what is learnt apart stays apart."""
    learnt = pd.Series(levels * 3, dtype=object)
    encoder = Encoder.learn(pd.DataFrame({"k": learnt}), hinges=0)
    if not encoder.codes:
        return
    for level in {v for v in levels if v != "x"}:
        other = str(level) if kind is str else kind(float(level))
        twins = {v for v in levels if v != "x" and float(v) == float(level)}
        shown = encoder.encode(pd.DataFrame({"k": pd.Series([other], dtype=object)}))
        known = [encoder.encode(pd.DataFrame({"k": pd.Series([t], dtype=object)})) for t in twins]
        assert any((shown == k).all() for k in known)


def test_metadata_is_routed() -> None:
    import sklearn
    from sklearn.base import clone
    from sklearn.model_selection import cross_validate

    X, y = frame()
    weight, groups = np.linspace(0.5, 1.5, len(y)), np.arange(len(y)) // 4
    asked = PropensityModel(tier="shrunk").set_fit_request(sample_weight=True, groups="company")
    asked.set_score_request(sample_weight=False)
    with sklearn.config_context(enable_metadata_routing=True):
        found = cross_validate(
            clone(asked),
            X,
            y,
            cv=2,
            params={"sample_weight": weight, "company": groups},
            return_estimator=True,
        )
    first = found["estimator"][0]
    train = np.flatnonzero(~np.isin(np.arange(len(y)), _first_fold(y)))
    plain = PropensityModel(tier="shrunk").fit(
        X.iloc[train], y[train], sample_weight=weight[train], groups=groups[train]
    )
    assert (first.predict_proba(X) == plain.predict_proba(X)).all()
    with pytest.raises(ScoringError, match="fit takes no weights; it takes as_of, groups, sample_weight"):
        PropensityModel().set_fit_request(weights=True)


def test_a_pipeline_is_scored_with_routing_on() -> None:
    import sklearn
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    X, y = frame()
    with sklearn.config_context(enable_metadata_routing=True):
        line = make_pipeline(FunctionTransformer(), PropensityModel(tier="shrunk")).fit(X, y)
        assert 0.5 < line.score(X, y) <= 1
    model = PropensityModel(tier="shrunk").fit(X, y)
    right = model.predict(X) == y
    assert model.score(X, y, sample_weight=right.astype(float)) == 1.0
    assert model.score(X, y) == right.mean()


def test_a_lone_surrogate_in_a_category_is_spelt_out() -> None:
    X, y = frame()
    levels = pd.Index(["a", "b" + chr(0xD800)], dtype=object)
    X["mark"] = pd.Categorical.from_codes(np.arange(len(y)) % 2, categories=levels)
    model = PropensityModel(tier="shrunk").fit(X, y)
    assert model.predict_proba(X).shape == (len(y), 2)


def _first_fold(y: np.ndarray) -> np.ndarray:
    from sklearn.model_selection import StratifiedKFold

    return np.asarray(next(StratifiedKFold(2).split(y, y))[1])


def test_rows_of_weight_0_are_not_looked_at() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=300), "z": rng.normal(size=300)})
    y = (X["a"] + rng.normal(size=300) > 0).astype(float)
    odd = X.astype(object)
    odd.loc[0, "z"] = [1, 2]
    labels = pd.Series(y, dtype=object)
    labels[0] = None
    weight = np.ones(300)
    weight[0] = 0.0
    model = PropensityModel(tables=False).fit(odd, labels, sample_weight=weight)
    assert model.unused_ == {} and "z" in model.feature_names_in_
    same = PropensityModel(tables=False).fit(X.iloc[1:], y.iloc[1:])
    assert np.allclose(model.predict_proba(X), same.predict_proba(X))


@pytest.mark.parametrize("cell", ["oops", 10**400, decimal.Decimal("sNaN"), [1]])
def test_a_cell_far_down_that_cannot_be_read_names_its_column(cell: Any) -> None:
    values = pd.Series([float(n % 7) for n in range(10_200)], dtype=object)
    values.iloc[10_100] = cell
    y = np.arange(10_200) % 2
    with pytest.raises(InputError, match="column amount"):
        PropensityModel(tables=False).fit(pd.DataFrame({"amount": values, "b": 1.0}), y)


def test_a_model_from_a_file_has_no_free_form() -> None:
    X = pd.DataFrame({"a": np.arange(200.0)})
    model = PropensityModel(tables=False, audit=[]).fit(X, (np.arange(200) % 3 == 0).astype(float))
    assert PropensityModel.from_dict(model.to_dict()).set_free() is None
