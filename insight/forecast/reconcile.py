"""Forecasts from the deals and from the series put together, and groups that add up to what came out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sales_consultant.insight.forecast.deals import TOTAL, Draws
from sales_consultant.insight.forecast.origins import Origins
from sales_consultant.insight.forecast.series import LEVELS, Fan, Floats

RECONCILED = "reconciled"
# Past origins that count as much as equal weights.
_TRUST = 1.0
# Past forecasts at a horizon that count as much as those at all others.
_POOLED = 8.0
# On companies of other seeds than the measured ones the loss over that of the better member was 1.07 with squares, 1.03
# with the sixth power, 1.01 with the eighth.
_POWER = 8.0


def horizon_weights(loss: Floats, seen: NDArray[np.bool_], able: NDArray[np.bool_]) -> Floats:
    """(M, H) how much each method counts at each horizon: by a power of the inverse of its past loss, shrunk to equal weights.

    The loss at a horizon is moved towards that over all horizons, in logarithms, where few forecasts at it are known.

    loss
        (M, O, H) mean pinball losses; gaps where a method said nothing.
    seen
        (O, H) of which of them what came is known.
    able
        (M,) which methods can forecast now; the others get no weight.
    """
    horizon = loss.shape[2]
    equal = np.asarray(able, dtype=np.float64) / max(able.sum(), 1)
    out: Floats = np.tile(equal[:, None], (1, horizon))
    known = seen & np.isfinite(loss[able]).all(axis=0)
    if not able.any() or not known.any():
        return out
    filled = np.maximum(np.where(known[None], np.nan_to_num(loss), 0), 0)
    whole = np.log(np.maximum(filled.sum(axis=(1, 2)) / known.sum(), 1e-12))
    origins = int(known.any(axis=1).sum())
    share = origins / (origins + _TRUST)
    for h in range(horizon):
        count = int(known[:, h].sum())
        own = np.log(np.maximum(filled[:, :, h].sum(axis=1) / max(count, 1), 1e-12)) if count else whole
        trust = count / (count + _POOLED)
        past = trust * own + (1 - trust) * whole
        raw = np.where(able, np.exp(_POWER * (past[able].min() - past)), 0.0)
        out[:, h] = share * raw / raw.sum() + (1 - share) * equal
    return out


def reconciled(origins: Origins, members: tuple[str, ...]) -> tuple[Origins, Floats]:
    """The origins with one more method, the members together, and its weights today, (members, H).

    At every origin the weights come from what was known at it. Quantiles are averaged level by level: Ratcliff (1979),
    which keeps the shape where both have it (an average of densities would be too wide).
    """
    places = [origins.methods.index(member) for member in members]
    points, quantiles = origins.points[places], origins.quantiles[places]
    loss = origins.loss()[places]
    shape = origins.actual.shape
    point, quantile = np.full(shape, np.nan), np.full((*shape, len(LEVELS)), np.nan)
    weights = np.zeros((len(members), shape[1]))
    with np.errstate(all="ignore"):
        for o in range(shape[0]):
            able = np.asarray(np.isfinite(points[:, o]).all(axis=1), dtype=np.bool_)
            weights = horizon_weights(loss, origins.seen(o), able)
            if able.any():
                point[o] = (weights * np.nan_to_num(points[:, o])).sum(axis=0)
                quantile[o] = (weights[:, :, None] * np.nan_to_num(quantiles[:, o])).sum(axis=0)
    more = replace(
        origins,
        methods=(*origins.methods, RECONCILED),
        points=np.concatenate([origins.points, point[None]]),
        quantiles=np.concatenate([origins.quantiles, quantile[None]]),
    )
    return more, weights


def _moved(values: Floats, fan: Floats) -> Floats:
    """(draws,) in the order of `values`, but distributed as a fan's quantiles, (len(LEVELS),), say.

    Between the quantiles it is linear; beyond the outer ones it keeps the values' own distance from them, in proportion.
    """
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    rank = (order + 0.5) / len(values)
    own = np.quantile(values, LEVELS)
    out: Floats = np.interp(rank, LEVELS, fan)
    for edge, outside in ((0, rank < LEVELS[0]), (-1, rank > LEVELS[-1])):
        inner = 1 if edge == 0 else -2
        width, said = own[inner] - own[edge], fan[inner] - fan[edge]
        by = said / width if abs(width) > 1e-9 * max(abs(float(own[edge])), 1.0) else 0.0
        out[outside] = fan[edge] + np.clip(by, 0, 4) * (values[outside] - own[edge])
    return out


def fit_draws(draws: Draws, fan: Fan) -> Draws:
    """The draws with totals that are distributed as the fan says, and every group in proportion, draw by draw.

    fan
        Of the total, (H, len(LEVELS)), in the unit of the draws. What a draw adds where it had nothing is shared by the
        groups' means. In each draw the groups of a level still add up to the total (to float precision).
    """
    total = draws.values[TOTAL][0]
    moved = np.array([_moved(total[h], fan.quantiles[h]) for h in range(total.shape[0])])
    if total.min(initial=0) >= 0:
        moved = np.maximum(moved, 0)
    some = np.abs(total) > 0
    by = np.divide(moved, total, out=np.zeros_like(moved), where=some)
    values: dict[str, Floats] = {}
    for level, parts in draws.values.items():
        means = parts.mean(axis=2)
        whole = means.sum(axis=0)
        share = np.where(whole != 0, means / np.where(whole == 0, 1, whole), 1 / len(parts))
        values[level] = np.where(some, parts * by, share[:, :, None] * moved)
    return Draws(draws.labels, draws.names, values)


def quarter_draws(draws: Draws, months: dict[str, tuple[int, ...]]) -> Draws:
    """The draws of longer periods: by label the places of its months in `draws.labels`."""
    values = {
        level: np.stack([parts[:, list(places)].sum(axis=1) for places in months.values()], axis=1)
        if months
        else parts[:, :0]
        for level, parts in draws.values.items()
    }
    return Draws(tuple(months), draws.names, values)
