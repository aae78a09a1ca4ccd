"""A monthly series that an admin brings (market index, price list, spend): read, tested, and used only where it wins."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.forecast.series import YEAR, Fan, Floats, fan

LAGS = (0, 1, 2, 3)
LEAST_MONTHS = 24
LEVEL = 0.05
"""Drivers that say nothing and are used, in the long run; the lag that is searched for is counted in."""
_DRAWS = 1999
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Driver:
    """A driver's months without a gap.

    first
        The first month as year * 12 + month - 1.
    values
        (n,) one a month, in the file's unit.
    """

    name: str
    first: int
    values: Floats

    def at(self, first: int, months: int) -> Floats:
        """(months,) the values from a month on; gaps (NaN) where the file has none."""
        out = np.full(months, np.nan)
        places = np.arange(months) + first - self.first
        known = (places >= 0) & (places < len(self.values))
        out[known] = self.values[places[known]]
        return out


def _month(text: str, where: str) -> int:
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"{where}: {text.strip()!r} is no month.",
            action="Write months as 2026-03: the year, a hyphen, two digits.",
        )
    return int(found[1]) * 12 + int(found[2]) - 1


def _number(text: str, where: str) -> float:
    try:
        value = float(text.strip())
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise UsageError(
            f"{where}: {text.strip()!r} is no number.",
            action="Write numbers with a point and without separators: 1234.5.",
        )
    return value


def _label(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def parse_driver(text: str, name: str, where: str) -> Driver:
    """A driver from the text of a CSV with the columns month,value: a row a month, in any order, without gaps.

    Raises UsageError with `where` (the file) and the line: a wrong header, date format or number, a month given twice,
    a gap, or no row at all.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = [cell.strip().lower() for cell in next(rows, [])]
    if header != ["month", "value"]:
        raise UsageError(
            f"{where}, line 1: the header is not month,value.", action="Begin the file with: month,value"
        )
    found: dict[int, tuple[float, int]] = {}
    for row in rows:
        here = f"{where}, line {rows.line_num}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != 2:
            raise UsageError(
                f"{here}: {len(row)} cells instead of 2.", action="Write one month and one value a line."
            )
        month = _month(row[0], here)
        if month in found:
            raise UsageError(
                f"{here}: {_label(month)} was given before, in line {found[month][1]}.",
                action="Keep one of the lines.",
            )
        found[month] = (_number(row[1], here), rows.line_num)
    if not found:
        raise UsageError(f"{where}: no month is in it.", action="Write a line a month: 2026-03,104.2")
    months = sorted(found)
    for before, after in pairwise(months):
        if after != before + 1:
            raise UsageError(
                f"{where}, line {found[after][1]}: {_label(before + 1)} is missing before {_label(after)}.",
                action="Give every month between the first and the last a line.",
            )
    return Driver(name, months[0], np.array([found[month][0] for month in months]))


def read_driver(path: Path) -> Driver:
    """The driver of a CSV file, called by the file's name; UsageError as `parse_driver`, and where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the file cannot be read ({type(error).__name__}).", action="Give a CSV file in UTF-8."
        ) from error
    return parse_driver(text, path.stem, str(path))


@dataclass(frozen=True)
class DriverTest:
    """Whether a driver is used, and on what ground.

    used
        Its effect differs from none beyond noise, and the forecasts at past origins were better with it.
    reason
        used, too_short, constant, not_known_ahead, noise (the test), no_gain (the origins).
    lag
        Months from the driver to its effect. effect: amount for one unit of the driver.
    p_value
        Of the largest |t| over the lags. gain: share of the squared error at past origins that it saved (negative: it cost).
    months
        How many months the test had.
    """

    used: bool
    reason: str
    lag: int = 0
    effect: float = 0.0
    p_value: float = 1.0
    gain: float = 0.0
    months: int = 0


def _season(values: Floats, first: int) -> Floats:
    """(n, 4) two waves of the year."""
    angle = 2 * np.pi * ((first + np.arange(len(values))) % YEAR) / YEAR
    return np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])


def _wanders(values: Floats) -> bool:
    """Whether a series may have a unit root: Dickey and Fuller's t with a trend is above its 5 % point, -3.5."""
    n = len(values)
    x = np.column_stack([values[:-1], np.ones(n - 1), np.arange(1, n) / n])
    left = _residual(np.diff(values), x)
    own = _residual(x[:, 0], x[:, 1:])
    size = float(own @ own)
    if size <= 0:
        return False
    slope = float(own @ np.diff(values)) / size
    return bool(slope / np.sqrt(max(float(left @ left), 1e-300) / (n - 4) / size) > -3.5)


def _model(values: Floats, lagged: Floats, first: int) -> tuple[Floats, Floats, Floats]:
    """What is explained (m,), the controls (m, k), and the driver by lag (lags, m).

    Controls are the level, the trend, the month before, and a season where AICc finds one. The month before is among
    them, and a series that wanders is taken in differences with its driver, so that what is left is near white noise:
    two series that each only drift would otherwise seem related (Granger and Newbold, 1974).
    """
    season = _season(values, first)
    if _wanders(values):
        change = np.diff(values)
        y, d, season = change[1:], np.diff(lagged, axis=1)[:, 1:], np.diff(season, axis=0)[1:]
        plain = np.column_stack([np.ones(len(y)), change[:-1]])
    else:
        y, d, season = values[1:], lagged[:, 1:], season[1:]
        plain = np.column_stack([np.ones(len(y)), np.arange(len(y)) / len(y), values[:-1]])
    wide = np.column_stack([plain, season])
    return y, wide if _aicc(y, wide) < _aicc(y, plain) else plain, d


def _aicc(y: Floats, x: Floats) -> float:
    n, k = len(y), x.shape[1] + 1
    mse = max(float(np.mean(_residual(y, x) ** 2)), 1e-300)
    return float(n * np.log(mse) + 2 * k + 2 * k * (k + 1) / max(n - k - 1, 1))


def _residual(y: Floats, x: Floats) -> Floats:
    out: Floats = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return out


def lag_test(
    values: Floats, lagged: Floats, first: int, rng: np.random.Generator
) -> tuple[int, float, float]:
    """The lag with the largest |t|, its effect, and the p-value of that largest over all lags.

    values
        (n,) monthly amounts. lagged: (lags, n) the driver as it was `lag` months before, without gaps.
    first
        Month of the first value, year * 12 + month - 1.

    The null distribution is simulated for these very regressors with white noise: a Monte Carlo test, exact for normal
    errors whatever the lags' correlation (Dufour, 2006, proposition 2.2).
    """
    scale = max(float(np.std(values)), 1e-12)
    y, x, lagged = _model(values / scale, lagged, first)
    basis = np.linalg.qr(x)[0]

    def free(a: Floats) -> Floats:
        out: Floats = a - (a @ basis) @ basis.T
        return out

    d = free(lagged)
    length = np.linalg.norm(d, axis=1)
    # A lag that the controls explain entirely can show no effect of its own.
    sized = length > 1e-9 * np.maximum(np.linalg.norm(lagged, axis=1), 1e-12)
    d = np.where(sized[:, None], d / np.maximum(length, 1e-300)[:, None], 0.0)

    def correlations(left: Floats) -> Floats:
        norm = np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-300)
        out: Floats = np.abs(left @ d.T) / norm
        return out

    left = free(y)
    r = correlations(left)
    lag = int(np.argmax(r))
    null = correlations(free(rng.normal(size=(_DRAWS, len(left))))).max(axis=1)
    p_value = (1 + float((null >= r[lag]).sum())) / (_DRAWS + 1)
    effect = float(left @ d[lag]) / max(float(length[lag]), 1e-300) * scale
    return lag, effect, p_value


def with_driver(
    method: str, values: Floats, past: Floats, future: Floats, effect: float, horizon: int
) -> Fan | None:
    """The forecast of a method with a driver's effect taken out before and put back after.

    past
        (n,) the lagged driver at the months of `values`. future: (horizon,) the same for the months to come; a gap,
        where it is not known, counts as the driver's mean of the last year.
    """
    centre = float(np.mean(past[-YEAR:]))
    made = fan(method, values - effect * (past - centre), horizon)
    if made is None:
        return None
    shift = effect * (np.where(np.isfinite(future), future, centre) - centre)
    return Fan(made.point + shift, made.quantiles + shift[:, None])


def origin_gain(values: Floats, past: Floats, first: int) -> float:
    """The share of the squared error one month ahead that the driver saved at all origins after the first third.

    values, past
        (n,) amounts and the lagged driver. Both the forecast with the driver and that without are fitted anew before
        each origin.
    """
    y, x, d = _model(values / max(float(np.std(values)), 1e-12), past[None], first)
    both = np.column_stack([x, d[0]])
    without, withed = 0.0, 0.0
    for end in range(max(len(y) // 3, both.shape[1] + 6), len(y)):
        plain = np.linalg.lstsq(x[:end], y[:end], rcond=None)[0]
        driven = np.linalg.lstsq(both[:end], y[:end], rcond=None)[0]
        without += float(y[end] - x[end] @ plain) ** 2
        withed += float(y[end] - both[end] @ driven) ** 2
    return 1 - withed / without if without > 0 else 0.0


def judge_driver(
    values: Floats,
    first: int,
    driver: Driver,
    rng: np.random.Generator,
    lags: Sequence[int] = LAGS,
    level: float = LEVEL,
) -> DriverTest:
    """Whether a driver of these monthly amounts is used: by the test over its lags, then by past origins.

    values
        (n,) monthly amounts from month `first` (year * 12 + month - 1) on.
    lags
        Months of lag that are tried; those by which nothing to come would be known are not.
    """
    values = np.asarray(values, dtype=np.float64)
    ahead = months_ahead(driver, first, len(values))
    able = [lag for lag in lags if lag + ahead >= 1]
    if not able:
        return DriverTest(False, "not_known_ahead")
    lagged = np.array([driver.at(first - lag, len(values)) for lag in able])
    whole = np.isfinite(lagged).all(axis=0)
    # A driver that begins later is tested on the months that it has; one that ended before the series is not known.
    begin = int(np.argmax(whole)) if whole.any() else len(values)
    if not whole[begin:].all() or len(values) - begin < LEAST_MONTHS:
        return DriverTest(False, "too_short", months=int(whole.sum()))
    y, lagged = values[begin:], lagged[:, begin:]
    n = len(y)
    if np.ptp(lagged) == 0 or np.ptp(y) == 0:
        return DriverTest(False, "constant", months=n)
    place, effect, p_value = lag_test(y, lagged, first + begin, rng)
    lag = able[place]
    if p_value > level:
        return DriverTest(False, "noise", lag, effect, p_value, months=n)
    gain = origin_gain(y, lagged[place], first + begin)
    return DriverTest(gain > 0, "used" if gain > 0 else "no_gain", lag, effect, p_value, gain, n)


def driven_fan(
    values: Floats, first: int, driver: Driver, found: DriverTest, method: str = "ets", horizon: int = 6
) -> Fan | None:
    """The forecast with a driver that `judge_driver` found to be of use; None where the method's fit fails."""
    past = driver.at(first - found.lag, len(values))
    begin = int(np.argmax(np.isfinite(past)))
    future = driver.at(first + len(values) - found.lag, horizon)
    return with_driver(method, values[begin:], past[begin:], future, found.effect, horizon)


def months_ahead(driver: Driver, first: int, months: int) -> int:
    """How many months after the last of the series (`months` of them from `first` on) the driver still knows."""
    return driver.first + len(driver.values) - (first + months)


def power(explained: float, months: int, level: float = LEVEL, controls: int = 3, lags: int = 1) -> float:
    """The chance that a driver is found which explains a share of the variance that is otherwise left (0 to 1).

    That of the two-sided t test, non-centrality sqrt(n R^2 / (1 - R^2)): Cohen (1988), section 9.3. For normal errors no
    unbiased test of a linear effect has more. `lags` > 1: at Sidak's level for as many independent lags.
    """
    from scipy import stats

    freedom = months - controls - 1
    edge = stats.t.ppf((1 + (1 - level) ** (1 / lags)) / 2, freedom)
    away = np.sqrt(months * explained / (1 - explained))
    return float(stats.nct.sf(edge, freedom, away) + stats.nct.cdf(-edge, freedom, away))


def months_needed(explained: float, wanted: float = 0.95, level: float = LEVEL, lags: int = 1) -> int:
    """The months after which a driver of that share is found with a chance of `wanted`."""
    low, high = 8, 16
    while power(explained, high, level, lags=lags) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if power(explained, middle, level, lags=lags) < wanted else (low, middle)
    return high
