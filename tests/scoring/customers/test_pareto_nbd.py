"""Pareto/NBD against published figures, against the textbook form of its likelihood, and where it fails."""

import itertools
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1

from sales_consultant.scoring.core.errors import ScoringError
from sales_consultant.scoring.customers.pareto_nbd import _left
from sales_consultant.scoring.customers.value import BetaGeoModel, ParetoModel

SUMMARY = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv"


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    return pd.read_csv(Path(str(distribution("lifetimes").locate_file(SUMMARY))))


@pytest.fixture(scope="module")
def fitted(cdnow: pd.DataFrame) -> ParetoModel:
    return ParetoModel().fit(cdnow["x"], cdnow["t_x"], cdnow["T"])


def test_cdnow_parameters(fitted: ParetoModel) -> None:
    published = {"r": 0.5533, "alpha": 10.577, "s": 0.6063, "beta": 11.669}
    assert fitted.params_ == pytest.approx(published, rel=1e-3)
    assert fitted.log_likelihood_ == pytest.approx(-9594.976, abs=0.01)
    assert fitted.converged_
    assert fitted.warnings_ == ()


@pytest.mark.parametrize("weeks", [604_800.0, 1 / 500])
@pytest.mark.parametrize("kind", [ParetoModel, BetaGeoModel])
def test_the_unit_of_time_does_not_matter(
    kind: type[ParetoModel | BetaGeoModel], cdnow: pd.DataFrame, weeks: float
) -> None:
    """In seconds (a parameter of 6 million) and in a unit of about ten years, against weeks."""
    fitted = kind().fit(cdnow["x"], cdnow["t_x"], cdnow["T"])
    other = kind().fit(cdnow["x"], cdnow["t_x"] * weeks, cdnow["T"] * weeks)
    back = {k: weeks if k in kind.TIMES else 1.0 for k in kind.NAMES}
    assert other.converged_ and other.warnings_ == ()
    for ours, theirs in (
        (other.params_, fitted.params_),
        (other.standard_errors_, fitted.standard_errors_),
    ):
        assert ours == pytest.approx({k: v * back[k] for k, v in theirs.items()}, rel=1e-4)
    # A density of moments: lower by log(weeks) for each of them.
    expected = fitted.log_likelihood_ - cdnow["x"].sum() * np.log(weeks)
    assert other.log_likelihood_ == pytest.approx(expected, abs=1e-3)
    assert other.expected_purchases(39 * weeks) == pytest.approx(fitted.expected_purchases(39), rel=1e-4)


def textbook(params: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray) -> float:
    """The summed log-likelihood with hypergeometric functions (Fader and Hardie 2005, equations 20 to 22)."""
    r, alpha, s, beta = params
    big, small = max(alpha, beta), min(alpha, beta)
    second = s + 1 if alpha >= beta else r + x

    def part(u: np.ndarray) -> np.ndarray:
        f = hyp2f1(r + s + x, second, r + s + x + 1, (big - small) / (big + u))
        return np.asarray(np.log(f) - (r + s + x) * np.log(big + u))

    a, b = part(t), part(T)
    with np.errstate(divide="ignore"):
        difference = a + np.log1p(-np.exp(np.minimum(b - a, 0)))
    alive = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
    either = np.logaddexp(alive, np.log(s / (r + s + x)) + difference)
    return float(np.sum(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + either))


def test_cdnow_likelihood_and_errors_are_the_textbook_s(fitted: ParetoModel, cdnow: pd.DataFrame) -> None:
    data = tuple(cdnow[c].to_numpy(dtype=float) for c in ("x", "t_x", "T"))
    best = np.array(list(fitted.params_.values()))
    assert textbook(best, *data) == pytest.approx(fitted.log_likelihood_, abs=1e-6)
    step = 1e-3 * best
    hessian = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            e, f = np.eye(4)[i] * step, np.eye(4)[j] * step
            around = [textbook(best + a * e + b * f, *data) for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            hessian[i, j] = (around[0] - around[1] - around[2] + around[3]) / (4 * step[i] * step[j])
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    assert list(fitted.standard_errors_.values()) == pytest.approx(errors.tolist(), rel=5e-3)


def test_a_frequent_buyer_of_the_published_vignette() -> None:
    """The BTYD package's walk-through: 26 repeat purchases, the last one a day ago."""
    model = ParetoModel.from_params({"r": 0.5533, "alpha": 10.578, "s": 0.6063, "beta": 11.669})
    assert model.probability_alive([26], [30.86], [31]) == pytest.approx([0.9979], abs=1e-4)
    assert model.expected_purchases(52, [26], [30.86], [31]) == pytest.approx([25.456], abs=0.01)


numbers = st.floats(0.05, 30.0)


@settings(max_examples=60, deadline=None)
@given(numbers, numbers, numbers, numbers, st.integers(0, 400), st.floats(0, 1), st.floats(0.5, 200))
# alpha and beta far apart: most of the integral lies where the steeper power has only begun to fall.
@example(1.0, 0.0547, 12.0, 12.0, 11, 0.0, 4.0)
@example(9.935, 25.019, 7.823, 0.0763, 0, 0.0, 21.65)
@example(30.0, 30.0, 0.05, 1e-6, 400, 0.0, 200.0)
@example(0.05, 1e-9, 30.0, 30.0, 0, 0.0, 1e6)
# A tail of figures too small for a double to hold exactly.
@example(1.0, 0.125, 1.0, 1.0, 379, 0.0, 2.0)
def test_the_integral_is_right_for_any_customer(
    r: float, alpha: float, s: float, beta: float, x: int, share: float, T: float
) -> None:
    t = share * T * 0.999 if x else 0.0
    params = np.array([r, alpha, s, beta])
    log, nodes, shares = _left(params, *(np.array([float(v)]) for v in (x, t, T)))

    def inside(v: float) -> float:
        """The integrand over its value at t, at t + the distance in which it falls e-fold times v."""
        u = v / ((r + x) / (alpha + t) + (s + 1) / (beta + t))
        return float(np.exp(-(r + x) * np.log1p(u / (alpha + t)) - (s + 1) * np.log1p(u / (beta + t))))

    slope = (r + x) / (alpha + t) + (s + 1) / (beta + t)
    end = (T - t) * slope
    edges = [0.0, *(e for e in np.geomspace(1e-3, 1e18, 64) if e < end), end]
    area = 0.0
    for a, b in itertools.pairwise(edges):
        # The integrand falls: what is left is less than this. Far out there are only figures that round to nothing.
        if inside(a) * (end - a) < 1e-12 * area:
            break
        area += quad(inside, a, b, epsabs=1e-13 * area, epsrel=1e-10, limit=200)[0]
    truth = np.log(area / slope) - (r + x) * np.log(alpha + t) - (s + 1) * np.log(beta + t)
    assert log[0] == pytest.approx(truth, abs=1e-8)
    assert shares.sum() == pytest.approx(1.0)
    assert (nodes >= t - 1e-9 * max(T, 1)).all()
    assert (nodes <= T + 1e-9 * max(T, 1)).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 50), st.floats(0, 1), st.floats(1, 100), st.floats(1, 60))
def test_predictions_are_probabilities_and_grow_with_time(
    x: int, share: float, T: float, ahead: float
) -> None:
    model = ParetoModel.from_params({"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7})
    t = share * T if x else 0.0
    alive = model.probability_alive([x], [t], [T])[0]
    soon, later = (model.expected_purchases(h, [x], [t], [T])[0] for h in (ahead, 2 * ahead))
    assert 0 <= alive <= 1
    assert 0 <= soon <= later


def test_who_bought_once_may_have_left(fitted: ParetoModel) -> None:
    fresh, old = fitted.probability_alive([0, 0], [0, 0], [2.0, 39.0])
    assert old < fresh < 1
    assert (
        BetaGeoModel.from_params({"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}).probability_alive(
            [0], [0], [39]
        )[0]
        == 1
    )


def test_customers_who_never_leave_are_flagged_and_still_predicted() -> None:
    rng = np.random.default_rng(0)
    T = rng.uniform(30, 60, 400)
    x = rng.poisson(T / 4)
    model = ParetoModel().fit(x, np.where(x > 0, T * 0.97, 0.0), T)
    assert not model.converged_
    assert any("prior" in w for w in model.warnings_)
    assert np.isfinite(model.expected_purchases(26)).all()


def test_impossible_histories_are_refused() -> None:
    with pytest.raises(ScoringError, match="recency"):
        ParetoModel().fit([1], [5.0], [3.0])
