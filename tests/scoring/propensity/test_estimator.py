"""scikit-learn's own tools take the propensity model as one of theirs."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.core.errors import ScoringError
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
    with pytest.raises(ScoringError, match="0 or 1"):
        PropensityModel().fit(X, np.where(y == 1, "won", "lost"))
    with pytest.raises(ScoringError, match="groups must hold one value for each of the 50 rows"):
        PropensityModel().fit(X, y, groups=y[:-1])
    with pytest.raises(ScoringError, match="as_of must hold"):
        PropensityModel().fit(X, y, as_of=y[:-1])
    with pytest.raises(ScoringError, match="not be 0 for all"):
        PropensityModel().fit(X, y, sample_weight=0 * y)
    with pytest.raises(ScoringError, match="rows of both labels"):
        PropensityModel(tier="full").fit(X, 0 * y)
    with pytest.raises(ScoringError, match="call fit first"):
        PropensityModel().predict_proba(X)
