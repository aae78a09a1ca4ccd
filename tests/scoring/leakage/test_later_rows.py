"""Numbers that grow with the calendar are no columns to learn from; what merely moves with it is."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.leakage.univariate import find_calendar_columns
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
            "half_year": at // 180,
            "month_of_year": months % 12,
            "step": (at > 360).astype(float),
            "flag": at > 360,
            "plain": rng.normal(size=N),
            "rare": np.where(rng.random(N) < 0.002, at + 0.0, np.nan),
            "region": rng.choice(["north", "south"], N),
        }
    ), 1_600_000_000_000 + at * DAY


def by_lot() -> np.ndarray:
    return (np.random.default_rng(3).random(N) < 0.3).astype(float)


def test_what_tells_the_calendar_is_found() -> None:
    X, at = table()
    found = find_calendar_columns(X, by_lot(), at, names=list(X.columns))
    assert {f.column for f in found} == {"serial", "counted_down", "made", "with_gaps", "half_year"}
    assert all(f.kind == "calendar" and "calendar" in f.evidence for f in found)


@pytest.mark.parametrize("times", [1, 2])
def test_a_table_of_one_time_has_no_later_rows(times: int) -> None:
    X, _ = table()
    assert find_calendar_columns(X, by_lot(), np.arange(N) % times, names=["serial"]) == []


def test_what_tells_the_newest_quarter_better_stays() -> None:
    """A price that rises with time, and decides by itself; the same by lot tells the calendar only."""
    rng = np.random.default_rng(0)
    X, at = table()
    X = X[["plain"]].assign(price=(at - at.min()) / DAY / 720 + rng.normal(0, 0.09, N))
    y = (rng.random(N) < 1 / (1 + np.exp(-8 * (X["price"] - 0.5)))).to_numpy(dtype=float)
    assert find_calendar_columns(X, y, at, names=list(X.columns)) == []
    assert [f.column for f in find_calendar_columns(X, by_lot(), at, names=list(X.columns))] == ["price"]


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
