"""Ridge logistic regressions whose effects go one way: of what measures one thing, more of it never turns the effect round.

The windows of a count take each other's points. Left free, one of them may be paid with and another against, and a rep
who reads two records sees three replies praised and four blamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sales_consultant.scoring.additive.encoding import Encoder, NumberCode
from sales_consultant.scoring.additive.linear import Linear, logistic, screen

Floats = NDArray[np.float64]
Meaning = tuple[str, int]
"""What a column measures, and whether more of the column is more of it (1) or less (-1), as the days since the last one."""


@dataclass(frozen=True)
class _Blocks:
    """The encoded columns of each number that has to go one way: where they begin, how many there are, and which way."""

    start: tuple[int, ...]
    size: tuple[int, ...]
    sign: tuple[int, ...]

    def slopes(self, coef: Floats) -> Floats:
        """Coefficients with those of each block as the slopes of its segments."""
        out = coef.copy()
        for a, n in zip(self.start, self.size, strict=True):
            out[a : a + n] = np.cumsum(coef[a : a + n])
        return out

    def coefficients(self, slopes: Floats) -> Floats:
        """The inverse of `slopes`."""
        out = slopes.copy()
        for a, n in zip(self.start, self.size, strict=True):
            out[a + 1 : a + n] = np.diff(slopes[a : a + n])
        return out

    def gradient(self, down: Floats) -> Floats:
        """The gradient by the slopes of a loss whose gradient by the coefficients is `down`."""
        out = down.copy()
        for a, n in zip(self.start, self.size, strict=True):
            out[a : a + n - 1] -= down[a + 1 : a + n]
        return out

    def bounds(self, width: int) -> list[tuple[float | None, float | None]]:
        """The limits of the slopes."""
        limits: list[tuple[float | None, float | None]] = [(None, None)] * width
        for a, n, sign in zip(self.start, self.size, self.sign, strict=True):
            limits[a : a + n] = [(0.0, None) if sign > 0 else (None, 0.0)] * n
        return limits


def _blocks(
    encoder: Encoder, Z: Floats, y: Floats, weight: Floats, meanings: Mapping[str, Meaning]
) -> _Blocks:
    """Each meaning goes the way in which its columns, taken together, go with the outcome."""
    share = weight / weight.sum()
    rest = share * (y - share @ y)
    places = dict(zip(encoder.columns, encoder.starts(), strict=True))
    codes = [c for c in encoder.codes if isinstance(c, NumberCode) and c.name in meanings]
    trend: dict[str, float] = {}
    for code in codes:
        what, way = meanings[code.name]
        z = Z[:, places[code.name]]
        spread = float(np.sqrt(max(share @ (z * z) - (share @ z) ** 2, 1e-12)))
        trend[what] = trend.get(what, 0.0) + way * float(rest @ z) / spread
    signs = [meanings[c.name][1] * (1 if trend[meanings[c.name][0]] >= 0 else -1) for c in codes]
    return _Blocks(
        tuple(int(places[c.name]) for c in codes), tuple(1 + len(c.knots) for c in codes), tuple(signs)
    )


def one_way(
    encoder: Encoder,
    Z: Floats,
    y: Floats,
    weight: Floats,
    *,
    strength: float,
    scale: Floats,
    meanings: Mapping[str, Meaning],
    free: tuple[Floats, float],
) -> tuple[Floats, float]:
    """Coefficients and intercept of the ridge regression of which each meaning's effects go one way.

    `free` are those of the regression without that limit, from which it begins; `scale` multiplies the columns (see
    `linear.screen`), those of one number by the largest of them. Bounded quasi-Newton (Byrd et al. 1995).
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    blocks = _blocks(encoder, Z, y, weight, meanings)
    scale = scale.copy()
    for a, n in zip(blocks.start, blocks.size, strict=True):
        scale[a : a + n] = scale[a : a + n].max()
    held = scale > 0
    limits = blocks.bounds(Z.shape[1])
    slopes = blocks.slopes(np.where(held, free[0], 0.0))
    start = np.array([min(max(v, -np.inf if a is None else a), np.inf if b is None else b)
                      for v, (a, b) in zip(slopes, limits, strict=True)])  # fmt: skip
    if np.allclose(start, slopes, atol=1e-9):
        return free
    penalty = np.where(held, 1.0 / np.where(held, scale, 1.0) ** 2, 0.0) / strength
    limits = [b if h else (0.0, 0.0) for b, h in zip(limits, held, strict=True)]

    def loss(u: Floats) -> tuple[float, Floats]:
        coef = blocks.coefficients(u[:-1])
        margin = Z @ coef + u[-1]
        rest = weight * (expit(margin) - y)
        value = weight @ (np.logaddexp(0.0, margin) - y * margin) + (penalty * coef) @ coef / 2
        down = rest @ Z + penalty * coef
        return float(value), np.r_[np.where(held, blocks.gradient(down), 0.0), rest.sum()]

    found = minimize(
        loss,
        np.r_[start, free[1]],
        jac=True,
        method="L-BFGS-B",
        bounds=[*limits, (None, None)],
        # As the free regression: what is left is less than a row's loss by far.
        options={"maxcor": 20, "maxiter": 400, "maxfun": 500, "gtol": 1e-3, "ftol": 1e-10},
    )
    return blocks.coefficients(found.x[:-1]), float(found.x[-1])


def linear_forms(
    encoder: Encoder,
    Z: Floats,
    y: Floats,
    weight: Floats,
    *,
    strength: float,
    least: float,
    meanings: Mapping[str, Meaning] | None,
) -> tuple[Linear, Linear | None]:
    """The linear form of encoded rows at a strength and a screen, of which each meaning's effects go one way; and the form
    whose effects may turn round, None where it is the same."""
    scale = screen(Z, y, weight, least)
    coef, intercept = logistic(Z * scale, y, weight, strength)
    means: Floats = np.asarray(np.average(Z, axis=0, weights=weight), dtype=np.float64)

    def form(coef: Floats, intercept: float) -> Linear:
        return Linear(encoder, coef, means, float(intercept + means @ coef))

    free = (coef * scale, intercept)
    if not meanings:
        return form(*free), None
    held = one_way(encoder, Z, y, weight, strength=strength, scale=scale, meanings=meanings, free=free)
    return form(*held), form(*free) if held is not free else None
