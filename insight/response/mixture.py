"""Several shapes of carry-over and saturation at once, each with the weight that the months give it.

With 24 to 60 months no choice of one shape is sure: intervals of the one that was chosen on rolling blocks held the
truth in 77 % of 100 simulations where 95 % were promised. So all are kept (model averaging: Burnham and
Anderson, 2002, section 4.2): all have as many coefficients, their Akaike weights are the likelihoods, and draws come from
each in proportion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from sales_consultant.insight.response.regression import fit, solver
from sales_consultant.insight.response.shapes import CARRY_OVERS, CURVES, Shape

_MOST_SHAPES = 220
_LIGHTEST = 0.002
Shapes = Mapping[str, Shape]


@dataclass(frozen=True)
class Equations:
    """The usable months: columns beside channels and logarithms, of revenue and, where there are leads, of leads.

    leads_at is the place of log leads among the columns of revenue; None without leads.
    """

    base: np.ndarray
    revenue: np.ndarray
    leads_base: np.ndarray | None
    leads: np.ndarray | None
    leads_at: int | None

    def columns(self, curves: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """x and y of each equation."""
        found = [(np.column_stack([self.base, curves]), self.revenue)]
        if self.leads_base is not None and self.leads is not None:
            found.append((np.column_stack([self.leads_base, curves]), self.leads))
        return found


@dataclass(frozen=True)
class Mixture:
    """Whole effects of channels (through leads and beside them), over shapes.

    channels
        Names, in order of the last axis.
    shapes, weights
        K mappings and their weights (sum 1), heaviest first.
    points
        Shape (K, C): estimates.
    draws, of
        Shape (D, C): where they may lie; (D,): to which of the K each draw belongs.
    """

    channels: tuple[str, ...]
    shapes: tuple[Shapes, ...]
    weights: np.ndarray
    points: np.ndarray
    draws: np.ndarray
    of: np.ndarray

    def told(self, value: Callable[[Shape, str], float]) -> tuple[np.ndarray, np.ndarray]:
        """Effect times a value of the shape, by channel: the weighted estimate (C,), and the draws (D, C)."""
        each = np.array([[value(s[c], c) for c in self.channels] for s in self.shapes])
        return self.weights @ (self.points * each), self.draws * each[self.of]


def candidates(spends: Mapping[str, np.ndarray], given: Shapes) -> list[Shapes]:
    """Shapes that are tried: all combinations while they are few, else one channel differing from a middle one.

    The scale is the channel's mean of months with spend.
    """
    scale = {c: float(s[s > 0].mean()) for c, s in spends.items()}
    options = {
        c: [given[c]] if c in given else [Shape(k, v, scale[c]) for v in CURVES for k in CARRY_OVERS]
        for c in spends
    }
    if np.prod([float(len(o)) for o in options.values()]) <= _MOST_SHAPES:
        return [dict(zip(options, one, strict=True)) for one in product(*options.values())]
    middle = {c: o[len(o) // 4] for c, o in options.items()}
    return [middle, *({**middle, c: one} for c, o in options.items() for one in o if one != middle[c])]


def mix(
    equations: Equations,
    usable: np.ndarray,
    spends: Mapping[str, np.ndarray],
    given: Shapes,
    rng: np.random.Generator,
    draws: int,
) -> Mixture:
    """Fit every shape, weigh it, and draw from each in proportion to its weight."""
    tried = candidates(spends, given)
    log_weights = []
    for shapes in tried:
        curves = _curves(shapes, spends)[usable]
        log_weights.append(sum(-0.5 * len(y) * np.log(_square(x, y)) for x, y in equations.columns(curves)))
    weights = np.exp(np.array(log_weights) - max(log_weights))
    weights /= weights.sum()
    order = [i for i in np.argsort(-weights, kind="stable") if weights[i] >= min(_LIGHTEST, weights.max())]
    weights = weights[order] / weights[order].sum()
    numbers = np.diff(np.round(np.r_[0.0, weights.cumsum()] * draws)).astype("int64")
    points, played = [], []
    for place, number in zip(order, numbers, strict=True):
        point, some = _effects(equations, _curves(tried[place], spends)[usable], rng, int(number))
        points.append(point)
        played.append(some)
    return Mixture(
        tuple(spends), tuple(tried[i] for i in order), weights, np.array(points), np.concatenate(played),
        np.repeat(np.arange(len(order)), numbers),
    )  # fmt: skip


def _curves(shapes: Shapes, spends: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.column_stack([shapes[c].apply(s) for c, s in spends.items()])


def _square(x: np.ndarray, y: np.ndarray) -> float:
    left = y - x @ (solver(x) @ y)
    return max(float(left @ left), 1e-300)


def _effects(
    equations: Equations, curves: np.ndarray, rng: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whole effects of one shape: beside leads, and through them.

    The errors of the two equations are taken to be independent, as in any recursive system: each is played by itself.
    """
    number = curves.shape[1]
    fits = [fit(x, y, rng, draws=draws) for x, y in equations.columns(curves)]
    point, played = fits[0].coefficients[-number:], fits[0].draws[:, -number:]
    if len(fits) > 1 and equations.leads_at is not None:
        at = equations.leads_at
        point = point + fits[0].coefficients[at] * fits[1].coefficients[-number:]
        played = played + fits[0].draws[:, [at]] * fits[1].draws[:, -number:]
    return point, played


def names_of(channels: Sequence[str]) -> list[str]:
    """The terms of channels in a table of coefficients."""
    return [f"channel:{c}" for c in channels]
