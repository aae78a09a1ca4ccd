"""A base rate that moves is followed where that has worked before, and not otherwise."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.metrics.calibration import older
from sales_consultant.scoring.metrics.metrics import losses
from sales_consultant.scoring.propensity.propensity import PropensityModel


def later(level: str, seed: int, *, rows: int = 4000) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Columns, labels and months (0 to 23) of records whose base rate moves as `level` says."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.random(rows) * 24)
    X = pd.DataFrame(rng.normal(size=(rows, 5)), columns=list("abcde"))
    base = {"steady": 0 * at, "trend": 0.08 * at, "jump": 1.2 * (at > 9), "late": 1.2 * (at > 16)}[level]
    y = (rng.random(rows) < 1 / (1 + np.exp(2 - base - X["a"]))).astype(float)
    return X, y.to_numpy(), np.floor(at)


def learnt(level: str, seed: int) -> tuple[float, float]:
    """The shift that a model of the first 18 months takes, and the log-loss that it saves on the months after."""
    X, y, month = later(level, seed)
    known = month < 18
    model = PropensityModel(audit=[], tables=False).fit(X[known], y[known], as_of=month[known])
    margin = model.decision_function(X[~known])
    with_it, without = (1 / (1 + np.exp(-(margin - shift))) for shift in (0.0, model.drift_))
    saved = losses(y[~known], without).mean() - losses(y[~known], with_it).mean()
    return model.drift_, float(saved)


@pytest.mark.parametrize("seed", range(3))
def test_a_rate_that_goes_on_rising_or_has_jumped_is_followed(seed: int) -> None:
    for level in ("trend", "jump"):
        shift, saved = learnt(level, seed)
        assert 0.2 < shift < 1.3
        assert saved > 0.001


def test_what_is_steady_is_left_alone_and_what_never_worked_is_not_begun() -> None:
    assert [learnt("steady", seed)[0] for seed in range(4)] == [0.0] * 4
    # It jumped in the newest quarter only: nothing shows yet that following would have been right.
    assert [learnt("late", seed)[0] for seed in range(3)] == [0.0] * 3


def test_rows_of_one_time_are_never_parted() -> None:
    order = np.repeat([3, 1, 2, 4], [10, 5, 20, 5])
    assert sorted(set(order[older(order, 0.75)].tolist())) == [1, 2, 3]
    assert sorted(set(order[~older(order, 0.75)].tolist())) == [4]
    assert older(order, 0.0).sum() == 0 and older(order, 1.0).all()
    dates = order.astype("datetime64[D]")
    assert (older(dates, 0.5) == older(order, 0.5)).all()
