"""Numbers that grow with the calendar are no columns to learn from; what merely moves with it is."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.leakage.univariate import find_columns_beyond_the_past
from sales_consultant.scoring.propensity import PropensityModel

N = 3_000
DAY = 86_400_000


def table() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    at = np.sort(rng.integers(0, 720, N))
    months = at // 30
    return pd.DataFrame(
        {
            "serial": np.arange(N) + 10_000,
            "counted_down": 5_000.0 - at + rng.normal(0, 5, N),
            "made": pd.to_datetime(at, unit="D", origin="2022-01-01"),
            "with_gaps": np.where(rng.random(N) < 0.5, at + 0.0, np.nan),
            "price_level": 1 + at / 720 * 0.3 + rng.normal(0, 0.05, N),
            "month_of_year": months % 12,
            "step": (at > 360).astype(float),
            "flag": at > 360,
            "plain": rng.normal(size=N),
            "rare": np.where(rng.random(N) < 0.002, at + 0.0, np.nan),
            "region": rng.choice(["north", "south"], N),
        }
    ), 1_600_000_000_000 + at * DAY


def test_only_what_is_beyond_the_past_is_found() -> None:
    X, at = table()
    found = find_columns_beyond_the_past(X, at, names=list(X.columns))
    assert {f.column for f in found} == {"serial", "counted_down", "made", "with_gaps"}
    assert all(f.kind == "calendar" and "%" in f.evidence for f in found)


@pytest.mark.parametrize("times", [1, 2])
def test_a_table_of_one_time_has_no_later_rows(times: int) -> None:
    X, at = table()
    assert (
        find_columns_beyond_the_past(X, at // (800 * DAY) * 0 + np.arange(N) % times, names=["serial"]) == []
    )


def test_a_season_is_not_learnt_from_a_serial_number() -> None:
    """The last month's rate is not that of the months to come."""
    rng = np.random.default_rng(1)
    at = np.sort(rng.random(N) * 18)
    later = 18 + rng.random(N) * 4
    x, x_later = rng.normal(size=N), rng.normal(size=N)

    def event(x: np.ndarray, at: np.ndarray) -> np.ndarray:
        margin = -1 + 0.8 * x + np.sin(at / 12 * 2 * np.pi)
        return (rng.random(N) < 1 / (1 + np.exp(-margin))).astype(int)

    y, y_later = event(x, at), event(x_later, later)
    times = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.floor(at) * 30, unit="D")
    model = PropensityModel().fit(pd.DataFrame({"x": x, "serial": at}), y, as_of=times)
    assert [(f.column, f.kind) for f in model.leaks_] == [("serial", "calendar")]
    p = model.predict_proba(pd.DataFrame({"x": x_later, "serial": later}))[:, 1]
    loss = -np.mean(np.where(y_later == 1, np.log(p), np.log(1 - p)))
    rate = y.mean()
    plain = -np.mean(np.where(y_later == 1, np.log(rate), np.log(1 - rate)))
    assert loss < plain
