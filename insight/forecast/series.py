"""Forecasts of one monthly series, each with its point and quantiles: the baselines, theta, ETS, and one for gaps."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""The quantiles that every forecast has; the outer pairs bound the 95, 80 and 50 % intervals."""
YEAR = 12
"""Months in a season."""
# Below this, a method that learns a season would fit noise: two years, and two months to tell level from season.
_SEASONAL_FROM = 2 * YEAR + 2
# (trend, seasonal) of the forms of ETS that are compared; errors are additive, so zeros and negatives are safe.
_FORMS = ((False, False), (True, False), (False, True), (True, True))


@dataclass(frozen=True)
class Fan:
    """A forecast of the next months.

    point
        (horizon,) what is expected, in the unit of the series.
    quantiles
        (horizon, len(LEVELS)), rising along the second axis.
    """

    point: Floats
    quantiles: Floats

    def scaled(self, by: float) -> Fan:
        """The same forecast in another unit (`by` > 0)."""
        return Fan(self.point * by, self.quantiles * by)


def normal_fan(point: Floats, spread: Floats, freedom: float = np.inf) -> Fan:
    """A fan of Student's t (normal, where `freedom` is infinite) around points, (horizon,), with scale `spread`."""
    from scipy import stats

    levels = np.array(LEVELS)
    z = stats.norm.ppf(levels) if np.isinf(freedom) else stats.t.ppf(levels, max(freedom, 2.0))
    return Fan(point, point[:, None] + spread[:, None] * z[None, :])


def _steps(horizon: int) -> Floats:
    return np.arange(1, horizon + 1, dtype=np.float64)


def seasonal_naive(values: Floats, horizon: int) -> Fan | None:
    """The month of a year ago, with the spread of yearly differences; None below 13 months.

    Variance sigma^2 (k + 1), k whole years ahead: Hyndman and Athanasopoulos, Forecasting (2021), section 5.5.
    """
    if len(values) <= YEAR:
        return None
    differences = values[YEAR:] - values[:-YEAR]
    sigma = float(np.sqrt(np.mean(differences**2)))
    if len(differences) < YEAR:
        # Few yearly differences say little: they are mixed with the spread of the values, sqrt(2) sd if independent.
        share = len(differences) / YEAR
        sigma = float(np.sqrt(share * sigma**2 + (1 - share) * 2 * np.var(values)))
    ahead = np.arange(horizon)
    point = values[len(values) - YEAR + ahead % YEAR]
    return normal_fan(point, sigma * np.sqrt(ahead // YEAR + 1.0), len(differences))


def mean(values: Floats, horizon: int) -> Fan | None:
    """The mean of all months; variance s^2 (1 + 1/n) (the same book, section 5.5). None below 3 months."""
    if len(values) < 3:
        return None
    spread = float(np.std(values, ddof=1)) * np.sqrt(1 + 1 / len(values))
    return normal_fan(np.full(horizon, values.mean()), np.full(horizon, spread), len(values) - 1)


def drift(values: Floats, horizon: int) -> Fan | None:
    """A random walk with drift; variance s^2 h (1 + h / (n - 1)) (the same book, section 5.5). None below 4 months."""
    if len(values) < 4:
        return None
    changes = np.diff(values)
    h = _steps(horizon)
    spread = float(np.std(changes, ddof=1)) * np.sqrt(h * (1 + h / (len(values) - 1)))
    return normal_fan(values[-1] + h * changes.mean(), spread, len(changes) - 1)


def recent(values: Floats, horizon: int) -> Fan | None:
    """The months of the last two years as they fell: right where most are zero, or a few are huge. None below 6."""
    if len(values) < 6:
        return None
    last = values[-2 * YEAR :]
    # Weibull's plotting positions i / (n + 1) keep the outer quantiles of a small sample from being too narrow.
    quantiles = np.quantile(last, LEVELS, method="weibull")
    return Fan(np.full(horizon, last.mean()), np.tile(quantiles, (horizon, 1)))


def _season(values: Floats) -> tuple[Floats, bool]:
    """(12,) the season by place modulo 12, and whether it multiplies; nothing (zeros, added) where a test finds none.

    The test of the 12th autocorrelation is that of Assimakopoulos and Nikolopoulos (2000), at 90 %; the season is that of
    the classical decomposition (Hyndman and Athanasopoulos, 2021, section 3.4).
    """
    n = len(values)
    none = np.zeros(YEAR), False
    if n < _SEASONAL_FROM:
        return none
    centred = values - values.mean()
    r = np.array([centred[lag:] @ centred[: n - lag] for lag in range(1, YEAR + 1)]) / (centred @ centred)
    if abs(r[-1]) <= 1.645 * np.sqrt((1 + 2 * np.sum(r[:-1] ** 2)) / n):
        return none
    smooth = np.convolve(values, np.r_[0.5, np.ones(YEAR - 1), 0.5] / YEAR, mode="valid")
    # Factors of a season are only safe where no month is near zero.
    factors = bool(values.min() > 0.1 * values.mean())
    inner = values[YEAR // 2 : n - YEAR // 2]
    off = inner / smooth if factors else inner - smooth
    month = (np.arange(len(off)) + YEAR // 2) % YEAR
    season = np.bincount(month, weights=off, minlength=YEAR) / np.bincount(month, minlength=YEAR)
    return (season / season.mean() if factors else season - season.mean()), factors


def theta(values: Floats, horizon: int) -> Fan | None:
    """The theta method (Assimakopoulos and Nikolopoulos, 2000), seasonal only where a test says so. None below 8.

    Variance as of the ARIMA(0,1,1) that it equals: sigma^2 (1 + (h - 1) alpha^2), Hyndman and Billah (2003).
    """
    from statsmodels.tsa.forecasting.theta import ThetaModel

    n = len(values)
    if n < 8 or np.ptp(values) == 0:
        return None
    season, factors = _season(values)
    now, ahead = season[np.arange(n) % YEAR], season[(n + np.arange(horizon)) % YEAR]
    plain = values / now if factors else values - now
    fitted = ThetaModel(plain, period=1, deseasonalize=False).fit()
    slope, alpha = (float(one) for one in np.asarray(fitted.params, dtype=np.float64))
    level, errors = plain[0], np.empty(n - 1)
    for t in range(1, n):
        errors[t - 1] = plain[t] - level - slope / 2
        level += alpha * (plain[t] - level)
    point = np.asarray(fitted.forecast(horizon), dtype=np.float64)
    spread = np.sqrt(np.sum(errors**2) / max(n - 3, 1) * (1 + np.arange(horizon) * alpha**2))
    if factors:
        return normal_fan(point * ahead, spread * ahead, n - 3)
    return normal_fan(point + ahead, spread, n - 3)


def _ets_form(values: Floats, horizon: int, trend: bool, seasonal: bool) -> tuple[float, Fan]:
    """One form fitted: its AICc and forecast. Variance by class 1 of Hyndman et al. (2008), table 6.1."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    fitted = ETSModel(
        values,
        error="add",
        trend="add" if trend else None,
        damped_trend=trend,
        seasonal="add" if seasonal else None,
        seasonal_periods=YEAR if seasonal else None,
        initialization_method="heuristic",
    ).fit(disp=False)
    found = dict(zip(fitted.param_names, np.asarray(fitted.params, dtype=np.float64), strict=True))
    errors = np.asarray(fitted.resid, dtype=np.float64)
    # The states that the heuristic sets from the data count as parameters: level, trend, season.
    k = len(found) + 2 + trend + (YEAR - 1) * seasonal
    n = len(values)
    mse = max(float(np.mean(errors**2)), 1e-300)
    aicc = n * np.log(mse) + 2 * k + 2 * k * (k + 1) / max(n - k - 1, 0.5)
    j = _steps(horizon - 1)
    damping = found.get("damping_trend", 0.0)
    c = found["smoothing_level"] + found.get("smoothing_trend", 0.0) * np.cumsum(damping**j)
    c = c + found.get("smoothing_seasonal", 0.0) * (j % YEAR == 0)
    spread = np.sqrt(mse * n / max(n - len(found) - 1, 1) * (1 + np.concatenate([[0.0], np.cumsum(c**2)])))
    return aicc, normal_fan(np.asarray(fitted.forecast(horizon), dtype=np.float64), spread, n - len(found))


def ets(values: Floats, horizon: int) -> Fan | None:
    """Exponential smoothing with additive errors, of few forms the one with the least AICc. None below 10 months."""
    if len(values) < 10 or np.ptp(values) == 0:
        return None
    forms = [form for form in _FORMS if len(values) >= _SEASONAL_FROM or not form[1]]
    fits = [_ets_form(values, horizon, *form) for form in forms]
    return min(fits, key=lambda fit: fit[0])[1]


METHODS: dict[str, Callable[[Floats, int], Fan | None]] = {
    "seasonal_naive": seasonal_naive,
    "mean": mean,
    "drift": drift,
    "recent": recent,
    "theta": theta,
    "ets": ets,
}
"""All methods by name. Each takes values, (n,) without gaps, and the horizon in months."""


def fan(method: str, values: Floats, horizon: int) -> Fan | None:
    """The forecast of one method; None where it has too few months or its fit fails: that costs the method alone.

    Values of any unit and sign; where none is negative, no quantile is.
    """
    unit = float(np.mean(np.abs(values))) if len(values) else 0.0
    if unit == 0 or not np.isfinite(unit):
        unit = 1.0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # statsmodels warns of fits that did not converge: the rolling origins judge those.
        warnings.simplefilter("ignore")
        try:
            made = METHODS[method](np.asarray(values, dtype=np.float64) / unit, horizon)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError, IndexError, RuntimeError):
            return None
    if made is None or not (np.isfinite(made.quantiles).all() and np.isfinite(made.point).all()):
        return None
    # A fit that leaves everything ever seen by far has failed too.
    reach = 10 * float(np.max(np.abs(values / unit)))
    if np.abs(made.point).max() > max(reach, 1.0):
        return None
    if values.min() >= 0:
        made = Fan(np.maximum(made.point, 0), np.maximum(made.quantiles, 0))
    return made.scaled(unit)


def pinball(actual: Floats, quantiles: Floats) -> Floats:
    """The mean pinball loss over LEVELS: actual (...), quantiles (..., len(LEVELS)); gaps stay gaps.

    Koenker and Bassett (1978): max(q (y - f), (q - 1)(y - f)).
    """
    error = actual[..., None] - quantiles
    levels = np.array(LEVELS)
    loss: Floats = np.mean(np.maximum(levels * error, (levels - 1) * error), axis=-1)
    return loss
