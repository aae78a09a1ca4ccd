"""Ridge logistic regressions whose effects go one way: of what measures one thing, more of it never turns the effect round.

The windows of a count take each other's points. Left free, one of them may be paid with and another against, and a rep
who reads two records sees three replies praised and four blamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sales_consultant.scoring.additive.encoding import Encoder, NumberCode
from sales_consultant.scoring.additive.linear import BLOCK, MOST_TURNED, Linear, logistic, screen

Floats = NDArray[np.float64]
Meaning = tuple[str, int, int, bool]
"""What a column measures; whether more of the column is more of it (1) or less (-1), as the days since the last one; whether
more of it is expected to help (1), to hurt (-1), or neither (0); and whether a gap means that there is none of it."""


@dataclass(frozen=True)
class _Gap:
    """The mark of a number's gaps where a gap means none: no better than the number's worst value, whose code is `worst`."""

    place: int
    start: int
    worst: Floats
    sign: int


@dataclass(frozen=True)
class _Blocks:
    """The encoded columns of each number that has to go one way: where they begin, how many there are, and which way."""

    start: tuple[int, ...]
    size: tuple[int, ...]
    sign: tuple[int, ...]
    gaps: tuple[_Gap, ...]

    def slopes(self, coef: Floats) -> Floats:
        """Coefficients with those of each block as the slopes of its segments, of a gap as the distance from the worst value."""
        out = coef.copy()
        for gap in self.gaps:
            out[gap.place] -= gap.worst @ coef[gap.start : gap.start + len(gap.worst)]
        for a, n in zip(self.start, self.size, strict=True):
            out[a : a + n] = np.cumsum(coef[a : a + n])
        return out

    def coefficients(self, slopes: Floats) -> Floats:
        """The inverse of `slopes`."""
        out = slopes.copy()
        for a, n in zip(self.start, self.size, strict=True):
            out[a + 1 : a + n] = np.diff(slopes[a : a + n])
        for gap in self.gaps:
            out[gap.place] += gap.worst @ out[gap.start : gap.start + len(gap.worst)]
        return out

    def gradient(self, down: Floats) -> Floats:
        """The gradient by the slopes of a loss whose gradient by the coefficients is `down`."""
        down = down.copy()
        for gap in self.gaps:
            down[gap.start : gap.start + len(gap.worst)] += gap.worst * down[gap.place]
        out = down.copy()
        for a, n in zip(self.start, self.size, strict=True):
            out[a : a + n - 1] -= down[a + 1 : a + n]
        return out

    def bounds(self, width: int) -> list[tuple[float | None, float | None]]:
        """The limits of the slopes."""
        limits: list[tuple[float | None, float | None]] = [(None, None)] * width
        for a, n, sign in zip(self.start, self.size, self.sign, strict=True):
            limits[a : a + n] = [(0.0, None) if sign > 0 else (None, 0.0)] * n
        for gap in self.gaps:
            limits[gap.place] = (None, 0.0) if gap.sign > 0 else (0.0, None)
        return limits


def _blocks(
    encoder: Encoder, Z: Floats, y: Floats, weight: Floats, meanings: Mapping[str, Meaning]
) -> _Blocks:
    """Each meaning goes the way that is expected of it, else the one in which its columns together go with the outcome."""
    share = weight / weight.sum()
    rest = share * (y - share @ y)
    places = dict(zip(encoder.columns, encoder.starts(), strict=True))
    codes = [c for c in encoder.codes if isinstance(c, NumberCode) and c.name in meanings]
    trend: dict[str, float] = {}
    for code in codes:
        what, way, *_ = meanings[code.name]
        z = Z[:, places[code.name]]
        spread = float(np.sqrt(max(share @ (z * z) - (share @ z) ** 2, 1e-12)))
        trend[what] = trend.get(what, 0.0) + way * float(rest @ z) / spread
    signs, gaps = [], []
    for code in codes:
        what, way, expected, none = meanings[code.name]
        sign = expected or (1 if trend[what] >= 0 else -1)
        signs.append(way * sign)
        if none and code.gaps:
            # Least of what is measured is the number's own end: the lowest count, the longest time since.
            end = np.array([code.low if way > 0 else code.high])
            worst = code.encode(end)[0][: 1 + len(code.knots)]
            gaps.append(
                _Gap(int(places[code.name]) + 1 + len(code.knots), int(places[code.name]), worst, sign)
            )
    starts = tuple(int(places[c.name]) for c in codes)
    return _Blocks(starts, tuple(1 + len(c.knots) for c in codes), tuple(signs), tuple(gaps))


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
    `linear.screen`), those of one number by the largest of them.
    """
    from scipy.special import expit

    blocks = _blocks(encoder, Z, y, weight, meanings)
    scale = scale.copy()
    for a, n in zip(blocks.start, blocks.size, strict=True):
        scale[a : a + n] = scale[a : a + n].max()
    for gap in blocks.gaps:
        # Where the number is learnt from, so is its gap: it follows the worst value.
        scale[gap.place] = max(scale[gap.place], scale[gap.start])
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

    bounds = [*limits, (None, None)]
    begin = np.r_[start, free[1]]
    if Z.shape[1] > MOST_TURNED:
        found = _bounded(loss, begin, bounds)
    else:
        p = expit(Z @ free[0] + free[1])
        gram = _gram(Z, weight * p * (1 - p))
        gram[np.arange(len(penalty)), np.arange(len(penalty))] += penalty

        def bend(d: Floats) -> Floats:
            bent = gram @ np.r_[blocks.coefficients(d[:-1]), d[-1]]
            return np.asarray(
                np.r_[np.where(held, blocks.gradient(bent[:-1]), 0.0), bent[-1]], dtype=np.float64
            )

        found = _by_parabolas(loss, bend, begin, bounds)
    return blocks.coefficients(found[:-1]), float(found[-1])


Loss = Callable[[Floats], tuple[float, Floats]]
Bounds = list[tuple[float | None, float | None]]
# Each step leaves a tenth of what there was to gain, or less; twelve are more than any table has needed.
_STEPS = 12


def _bounded(loss: Loss, begin: Floats, bounds: Bounds, *, gtol: float = 1e-3, ftol: float = 1e-10) -> Floats:
    """The least of a function with its gradient, within bounds: bounded quasi-Newton (Byrd et al. 1995)."""
    from scipy.optimize import minimize

    # As the free regression: what is left is less than a row's loss by far.
    found = minimize(
        loss,
        begin,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxcor": 20, "maxiter": 400, "maxfun": 500, "gtol": gtol, "ftol": ftol},
    )
    return np.asarray(found.x, dtype=np.float64)


def _by_parabolas(loss: Loss, bend: Callable[[Floats], Floats], begin: Floats, bounds: Bounds) -> Floats:
    """The same where `bend` multiplies with about the Hessian: the least of one parabola after the other.

    Only where a parabola touches the loss are all rows passed over: ten times instead of some hundred.
    """
    here, (value, down) = begin, loss(begin)
    for _ in range(_STEPS):

        def parabola(u: Floats, here: Floats = here, down: Floats = down) -> tuple[float, Floats]:
            step = u - here
            bent = bend(step)
            return float(down @ step + step @ bent / 2), down + bent

        step = _bounded(parabola, here, bounds, gtol=1e-5, ftol=1e-14) - here
        for share in (1.0, 0.5, 0.25, 0.1):
            there, (lower, slope) = here + share * step, loss(here + share * step)
            if lower < value:
                break
        else:
            return here
        gain, here, value, down = value - lower, there, lower, slope
        # A hundredth of a row's loss over all rows changes no figure.
        if gain < 1e-2:
            break
    return here


def _gram(Z: Floats, curvature: Floats) -> Floats:
    """The Hessian of the log-loss by the columns and the intercept, a block of rows after another."""
    width = Z.shape[1]
    out = np.zeros((width + 1, width + 1))
    step = max(BLOCK // max(width, 1), 1000)
    for k in range(0, len(Z), step):
        root = np.sqrt(curvature[k : k + step])[:, None]
        rows = np.hstack([Z[k : k + step], np.ones((len(root), 1))]) * root
        out += rows.T @ rows
    return out


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
