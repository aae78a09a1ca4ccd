"""The sales-return model: what leads, marketing and lead quality go along with in revenue. An association, no proof.

R = leads x conversion(quality) x value, in logarithms:

    log R(t) = a + l log leads(t) + q quality(t) + sum over channels of b_c f_c(spend_c)(t) + trend + season + error
    log leads(t) = a' + sum over channels of g_c f_c(spend_c)(t) + trend + season + error

f_c is spend with carry-over and saturation (`shapes`). A channel works through leads and beside them: its whole effect
is b_c + l g_c. Signs are left free: a channel whose coefficient is below 0 is told so, where a fit that allows no
negative ones would show 0 and hide it; and intervals at such an edge do not hold what they promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.response.mixture import Equations, Mixture, mix, names_of
from sales_consultant.insight.response.months import Months, read_months
from sales_consultant.insight.response.regression import Fit, fit
from sales_consultant.insight.response.shapes import Shape

# Two years: a season seen once cannot be told from spend that follows the season. And the fit of a channel, leads,
# quality and trend needs at least four months a coefficient.
LEAST_MONTHS = 24
MONTHS_EACH = 4
_SEASON_FROM = 36
_NOW = 12


@dataclass(frozen=True)
class Response:
    """What came out.

    reason
        "": told. "too_few_months" (fewer than 24 usable), "too_many_channels" (fewer than four months a coefficient),
        "no_channel" (none whose spend varies): everything else is empty.
    months
        Usable months.
    coefficients
        Rows of equation ("revenue", "leads"), term (intercept, leads, quality, trend, season_sin, season_cos, or
        "channel:" and its name), value, low, high (95 %): of the heaviest shape, its own uncertainty only.
    channels
        Rows of channel, carry_over, curve, scale, weight (of the heaviest shape among all tried, 0 to 1), spend (mean of
        the last 12 months), contribution, contribution_low, contribution_high (difference in log revenue between that
        spend and none), marginal, marginal_low, marginal_high (revenue for one more unit of money, carry-over included,
        at that spend and the mean revenue of the last 12 usable months). Estimates and 95 % intervals are over all shapes.
    left_out
        Channels that could not be used: constant ones.
    explained
        Share of the variance of log revenue that the model explains.
    """

    reason: str
    months: int
    coefficients: pd.DataFrame
    channels: pd.DataFrame
    left_out: tuple[str, ...]
    dropped: dict[str, int]
    explained: float = float("nan")
    association: bool = True
    _mixture: Mixture | None = None
    _now: Mapping[str, float] = field(default_factory=dict)
    _seen: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    _revenue: float = float("nan")


@dataclass(frozen=True)
class WhatIf:
    """Revenue a month under another budget, once carry-over has settled, all else as in the last 12 months.

    revenue, low, high in units of money a month; change, change_low, change_high against the last 12 months; outside:
    channels whose new spend lies outside of all that was seen, where the curve is only an assumption.
    """

    revenue: float
    low: float
    high: float
    change: float
    change_low: float
    change_high: float
    outside: tuple[str, ...]


def _silent(reason: str, read: Months, left_out: Sequence[str]) -> Response:
    empty = pd.DataFrame()
    return Response(reason, int(read.usable.sum()), empty, empty, tuple(left_out), read.dropped)


def _base(read: Months, *, leads: bool, quality: bool) -> tuple[list[str], np.ndarray]:
    """The columns beside channels: intercept, leads, quality, trend, season."""
    frame, t = read.frame, len(read.frame)
    names, columns = ["intercept"], [np.ones(t)]
    if leads:
        names.append("leads")
        columns.append(np.log(frame["leads"].to_numpy(dtype="float64")))
    if quality and "quality" in frame:
        names.append("quality")
        columns.append(frame["quality"].to_numpy(dtype="float64"))
    names.append("trend")
    columns.append(np.arange(t) / 12.0)
    if read.usable.sum() >= _SEASON_FROM:
        turn = 2 * np.pi * frame["month"].str[5:].astype("int64").to_numpy() / 12
        names += ["season_sin", "season_cos"]
        columns += [np.sin(turn), np.cos(turn)]
    x = np.column_stack(columns)
    varies = np.array(
        [n == "intercept" or np.ptp(c[read.usable]) > 0 for n, c in zip(names, x.T, strict=True)]
    )
    return [n for n, v in zip(names, varies, strict=True) if v], x[:, varies]


def respond(
    monthly: pd.DataFrame,
    channels: Sequence[str],
    rng: np.random.Generator,
    *,
    shapes: Mapping[str, Shape] | None = None,
    draws: int = 999,
) -> Response:
    """Fit the model on monthly figures.

    monthly
        Rows of month ("2026-03"), revenue, one column of spend a channel, and, if there, leads (counts) and quality (an
        index of any scale, as the mean score of the month's leads).
    shapes
        Carry-over and saturation by channel where they are known; else few are tried, and all are kept with the weight
        that the months give them (`mixture`).

    Raises UsageError where a channel is no column.
    """
    read = read_months(monthly, channels)
    used = []
    if read.usable.any():
        used = [c for c in channels if np.ptp(read.frame[c].to_numpy()[read.usable]) > 0]
    left_out = [c for c in channels if c not in used]
    number = int(read.usable.sum())
    if number < LEAST_MONTHS:
        return _silent("too_few_months", read, left_out)
    if not used:
        return _silent("no_channel", read, left_out)
    names, base = _base(read, leads="leads" in read.frame, quality=True)
    if number < MONTHS_EACH * (len(names) + len(used)):
        return _silent("too_many_channels", read, left_out)
    spends = {c: read.frame[c].to_numpy(dtype="float64") for c in used}
    given = {c: s for c, s in (shapes or {}).items() if c in used}
    made, leads_names = _equations(read, names, base)
    mixture = mix(made, read.usable, spends, given, rng, draws)
    curves = np.column_stack([mixture.shapes[0][c].apply(spends[c]) for c in used])[read.usable]
    fits = [fit(x, y, rng, draws=draws) for x, y in made.columns(curves)]
    rows = _rows("revenue", [*names, *names_of(used)], fits[0])
    if len(fits) > 1:
        rows += _rows("leads", [*leads_names, *names_of(used)], fits[1])
    explained = 1 - fits[0].sigma ** 2 / float(made.revenue.var(ddof=1))
    return _told(read, rows, mixture, left_out, explained)


def _equations(read: Months, names: list[str], base: np.ndarray) -> tuple[Equations, list[str]]:
    """Both equations over the usable months, and the names of the columns of the second."""
    fine = read.usable
    revenue = np.log(read.frame["revenue"].to_numpy(dtype="float64"))[fine]
    if "leads" not in names:
        return Equations(base[fine], revenue, None, None, None), []
    leads_names, leads_base = _base(read, leads=False, quality=False)
    leads = np.log(read.frame["leads"].to_numpy(dtype="float64"))[fine]
    return Equations(base[fine], revenue, leads_base[fine], leads, names.index("leads")), leads_names


def _rows(equation: str, names: Sequence[str], found: Fit) -> list[tuple[str, str, float, float, float]]:
    low, high = np.quantile(found.draws, [0.025, 0.975], axis=0)
    return [
        (equation, name, float(v), float(a), float(b))
        for name, v, a, b in zip(names, found.coefficients, low, high, strict=True)
    ]


def _told(
    read: Months,
    rows: list[tuple[str, str, float, float, float]],
    mixture: Mixture,
    left_out: Sequence[str],
    explained: float,
) -> Response:
    revenue = float(read.frame["revenue"][read.usable].tail(_NOW).mean())
    now = {c: float(read.frame[c].tail(_NOW).mean()) for c in mixture.channels}
    seen = {c: (float(read.frame[c].min()), float(read.frame[c].max())) for c in mixture.channels}
    heaviest = [mixture.shapes[0][c] for c in mixture.channels]
    told = {
        "channel": list(mixture.channels),
        "carry_over": [s.carry_over for s in heaviest],
        "curve": [s.curve for s in heaviest],
        "scale": [s.scale for s in heaviest],
        "weight": float(mixture.weights[0]),
        "spend": list(now.values()),
    }
    for name, (point, draws) in {
        "contribution": mixture.told(lambda s, c: s.of_steady(now[c])),
        "marginal": mixture.told(lambda s, c: s.slope(now[c]) * revenue),
    }.items():
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        told |= {name: point, f"{name}_low": low, f"{name}_high": high}
    coefficients = pd.DataFrame(rows, columns=["equation", "term", "value", "low", "high"])
    return Response(
        "", int(read.usable.sum()), coefficients, pd.DataFrame(told), tuple(left_out), read.dropped, explained, True,
        mixture, now, seen, revenue,
    )  # fmt: skip


def what_if(found: Response, budget: Mapping[str, float]) -> WhatIf | None:
    """Revenue a month under another budget; None where the model is not told.

    budget
        Spend a month by channel, not below 0, in the money of the table; channels that are not named keep their mean of
        the last 12 months.

    R x exp(sum of effect x (f(new) - f(now))), 95 % interval from the bootstrap draws. Raises UsageError for a channel
    that the model does not hold, or a spend that is none.
    """
    mixture = found._mixture
    if found.reason or mixture is None:
        return None
    for channel, spend in budget.items():
        if channel not in mixture.channels:
            raise UsageError(
                f"The model holds no channel {channel}.",
                action=f"Give one of: {', '.join(mixture.channels)}.",
            )
        if not (np.isfinite(spend) and spend >= 0):
            raise UsageError(
                f"{spend} is no spend for {channel}.", action="Give an amount of 0 or more a month."
            )
    now = found._now
    new = {c: float(budget.get(c, now[c])) for c in mixture.channels}
    point, draws = mixture.told(lambda s, c: s.of_steady(new[c]) - s.of_steady(now[c]))
    factor = float(np.exp(np.clip(point.sum(), -50, 50)))
    low, high = (float(q) for q in np.exp(np.clip(np.quantile(draws.sum(axis=1), [0.025, 0.975]), -50, 50)))
    outside = tuple(c for c in new if not found._seen[c][0] <= new[c] <= found._seen[c][1])
    money = found._revenue
    return WhatIf(
        money * factor,
        money * low,
        money * high,
        money * (factor - 1),
        money * (low - 1),
        money * (high - 1),
        outside,
    )
