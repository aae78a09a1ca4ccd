"""BG/NBD and gamma-gamma against published figures, against simulation, and where they fail."""

from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.core.errors import ScoringError
from sales_consultant.scoring.customers.value import BetaGeoModel, GammaGammaModel, lifetime_value

SUMMARY = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv"


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    """The 2,357 customers of the CDNOW sample; times in weeks."""
    return pd.read_csv(Path(str(distribution("lifetimes").locate_file(SUMMARY))))


@pytest.fixture(scope="module")
def buying(cdnow: pd.DataFrame) -> BetaGeoModel:
    return BetaGeoModel().fit(cdnow["x"], cdnow["t_x"], cdnow["T"])


def simulate(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Customers drawn from the models themselves: x, t_x, T (weeks) and the mean spend."""
    rng = np.random.default_rng(7)
    rate, leave, T = rng.gamma(0.25, 1 / 4.4, n), rng.beta(0.8, 2.4, n), rng.uniform(26, 52, n)
    t, x, last, alive = np.zeros(n), np.zeros(n), np.zeros(n), np.arange(n)
    while alive.size:
        t[alive] += rng.exponential(1, alive.size) / rate[alive]
        alive = alive[t[alive] <= T[alive]]
        x[alive] += 1
        last[alive] = t[alive]
        alive = alive[~(rng.random(alive.size) < leave[alive])]
    nu = rng.gamma(3.74, 1 / 15.4, n)
    spend = rng.gamma(np.maximum(6.25 * x, 1e-9), 1 / (nu * np.maximum(x, 1)))
    return x, last, T, np.where(x > 0, spend, 0.0)


def test_cdnow_purchases(buying: BetaGeoModel) -> None:
    published = {"r": 0.24259, "alpha": 4.41353, "a": 0.79289, "b": 2.42575}
    assert buying.params_ == pytest.approx(published, rel=1e-4)
    assert buying.log_likelihood_ == pytest.approx(-9582.426, abs=0.01)
    assert buying.converged_ and buying.warnings_ == ()
    errors = {"r": 0.0126, "alpha": 0.378, "a": 0.186, "b": 0.705}
    assert buying.standard_errors_ == pytest.approx(errors, rel=0.01)


def test_cdnow_predictions(buying: BetaGeoModel) -> None:
    expected = buying.expected_purchases(39)
    assert expected[:3] == pytest.approx([1.22591, 0.20325, 0.19478], abs=1e-5)
    assert expected.sum() == pytest.approx(1653.42, abs=0.05)
    assert buying.probability_alive()[:3] == pytest.approx([0.72661, 0.21223, 1.0], abs=1e-5)
    assert buying.expected_purchases(39, [2], [30.43], [38.86]) == pytest.approx([1.22591], abs=1e-3)


def test_cdnow_spend(cdnow: pd.DataFrame) -> None:
    model = GammaGammaModel().fit(cdnow["x"], cdnow["zbar"])
    assert model.params_ == pytest.approx({"p": 6.2488, "q": 3.7446, "v": 15.4477}, rel=1e-4)
    assert model.log_likelihood_ == pytest.approx(-4055.923, abs=0.01)
    assert model.converged_
    mean = model.params_["p"] * model.params_["v"] / (model.params_["q"] - 1)
    assert model.expected_spend([0, 1000], [0, 40.0]) == pytest.approx([mean, 40.0], rel=0.01)


def test_simulated_customers_give_their_parameters_back() -> None:
    x, t, T, m = simulate(100_000)
    buying = BetaGeoModel().fit(x, t, T)
    assert buying.params_ == pytest.approx(
        {"r": 0.25191, "alpha": 4.46683, "a": 0.798, "b": 2.39688}, rel=1e-3
    )
    assert buying.log_likelihood_ == pytest.approx(-468100.80, abs=0.1)
    assert buying.expected_purchases(39).sum() == pytest.approx(67795.7, rel=1e-4)
    spending = GammaGammaModel().fit(x, m)
    assert spending.params_ == pytest.approx({"p": 6.3039, "q": 3.7808, "v": 15.4464}, rel=1e-3)
    truth = {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4}
    off = [abs(buying.params_[k] - truth[k]) / buying.standard_errors_[k] for k in truth]
    assert max(off) < 3


def test_amounts_of_any_size_fit_alike(cdnow: pd.DataFrame) -> None:
    small, large = (GammaGammaModel().fit(cdnow["x"], cdnow["zbar"] * f).params_ for f in (1.0, 1e6))
    assert large == pytest.approx({**small, "v": small["v"] * 1e6}, rel=1e-4)


def test_without_drop_out_it_says_so_and_stays_sane() -> None:
    """Regular buyers who never leave: the likelihood has no maximum, yet the forecast must be near."""
    rng = np.random.default_rng(1)
    T = rng.uniform(20, 50, 800)
    x = np.maximum(np.floor(T / 5), 1)
    model = BetaGeoModel().fit(x, T - rng.uniform(0, 1, 800), T)
    assert not model.converged_
    assert any("weak prior" in w for w in model.warnings_)
    assert all(np.isfinite(v) and v > 0 for v in model.params_.values())
    assert model.expected_purchases(10).mean() == pytest.approx(2.0, rel=0.2)
    assert model.probability_alive().min() > 0.5


def test_a_buyer_of_hundreds_does_not_overflow(buying: BetaGeoModel) -> None:
    """Checked by drawing: alive at T, purchases are the smaller of a Poisson and a geometric number."""
    found = buying.expected_purchases(52, [400.0, 400.0], [52.0, 20.0], [52.0, 52.0])
    rng, par = np.random.default_rng(0), buying.params_
    rate = rng.gamma(par["r"] + 400, 1 / (par["alpha"] + 52), 200_000)
    leave = np.clip(rng.beta(par["a"], par["b"] + 400, 200_000), 1e-9, 1)
    drawn = np.minimum(rng.poisson(rate * 52), rng.geometric(leave)).mean()
    assert found[0] == pytest.approx(drawn * buying.probability_alive([400], [52], [52])[0], rel=0.01)
    assert found[1] == pytest.approx(0.0, abs=1e-6)


def test_more_time_more_purchases_and_silence_means_gone(buying: BetaGeoModel) -> None:
    assert buying.expected_purchases(10, [3], [20], [30]) < buying.expected_purchases(20, [3], [20], [30])
    alive = buying.probability_alive([3, 3, 3], [5, 20, 30], [30, 30, 30])
    assert list(alive) == sorted(alive)


@pytest.mark.parametrize(
    ("x", "t", "T", "text"),
    [
        ([1.5], [1], [2], "whole number"),
        ([1], [3], [2], "beyond T"),
        ([0], [1], [2], "is not 0 although"),
        ([1], [np.nan], [2], "missing"),
        ([], [], [], "at least one customer"),
    ],
)
def test_wrong_summaries_are_refused(x: list[float], t: list[float], T: list[float], text: str) -> None:
    with pytest.raises(ScoringError, match=text):
        BetaGeoModel().fit(x, t, T)


def test_lifetime_value_is_discounted_month_by_month(buying: BetaGeoModel, cdnow: pd.DataFrame) -> None:
    spend = np.full(len(cdnow), 30.0)
    ours = lifetime_value(buying, spend, month=4.345, discount_rate=0.01)
    steps = [buying.expected_purchases(4.345 * k) for k in range(13)]
    by_hand = sum(30 * (steps[k] - steps[k - 1]) / 1.01**k for k in range(1, 13))
    assert ours == pytest.approx(by_hand)
    plain = lifetime_value(buying, spend, month=4.345)
    assert plain == pytest.approx(30 * steps[12])
    assert (ours < plain).all() and (ours > plain / 1.01**12).all()
