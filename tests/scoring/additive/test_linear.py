"""The ridge logistic regression against scikit-learn's, and the path of strengths."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sales_consultant.scoring.additive.encoding import Encoder
from sales_consultant.scoring.additive.linear import LogisticPath, logistic


def table(rows: int, columns: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(rows, columns)) + 0.5
    y = (rng.random(rows) < 1 / (1 + np.exp(1 - Z[:, 0] + 0.6 * Z[:, 1]))).astype(float)
    return Z, y, rng.random(rows) + 0.2


@pytest.mark.parametrize(("rows", "columns"), [(300, 3), (500, 40), (150, 200), (120, 1100)])
def test_it_is_the_regression_of_scikit_learn(rows: int, columns: int) -> None:
    Z, y, weight = table(rows, columns)
    path = LogisticPath(Z, y, weight)
    for strength in (0.003, 0.1, 1.0):
        coef, intercept = path.fit(strength)
        peer = LogisticRegression(C=strength, tol=1e-8, max_iter=5000).fit(Z, y, sample_weight=weight)
        # A margin in log-odds that is off by a hundredth is a quarter of a percent of probability at most.
        assert Z @ coef + intercept == pytest.approx(peer.decision_function(Z), abs=0.01)
        alone, level = logistic(Z, y, weight, strength)
        assert Z @ alone + level == pytest.approx(Z @ coef + intercept, abs=0.01)


def test_rows_of_no_weight_are_as_left_out_and_a_scale_is_as_multiplied() -> None:
    Z, y, weight = table(400, 10)
    scale = np.linspace(0, 1, 10)
    learnt = np.arange(400) % 3 > 0
    coef, intercept = LogisticPath(Z, y, weight * learnt, scale).fit(0.3)
    other, level = logistic(Z[learnt] * scale, y[learnt], weight[learnt], 0.3)
    assert coef == pytest.approx(other * scale, abs=2e-3)
    assert intercept == pytest.approx(level, abs=2e-3)
    assert coef[0] == 0


def test_hinges_are_told_from_what_they_bend() -> None:
    import pandas as pd

    X = pd.DataFrame({"a": np.r_[np.arange(99.0), np.nan], "b": ["x", "y"] * 50, "c": np.arange(100.0)})
    encoder = Encoder.learn(X, hinges=3)
    plain = encoder.plain()
    assert len(plain) == encoder.encode(X).shape[1]
    assert plain.tolist() == [True, False, False, False, True, True, True, True, False, False, False]
