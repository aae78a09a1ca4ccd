"""Competing outcomes in discrete time: in each period an open record is won, is lost, or stays open.

P(win in period k | open) = exp(a_k + w) / (1 + exp(a_k + w) + exp(c_k + l)), with w and l linear in the encoded columns
(Tutz and Schmid 2016, eq. 8.3). The probability that counts is the cumulative incidence of the win over the horizon's
periods. Records whose horizon is not over teach as far as they have come, which the plain logistic form cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.additive.encoding import Encoder
from sales_consultant.scoring.additive.linear import MOST_TURNED

# A judgement: with fewer, hazards that change within a horizon are mixed; with more, few ends are left for each period.
PERIODS = 6
OPEN, WON, LOST = 0, 1, 2
# The residual of so few nodes is handed out too, so that contributions sum exactly.
_NODES = 3


@dataclass(frozen=True)
class Spans:
    """How far rows were followed: `period` counts the periods at risk, `outcome` is that of the last (OPEN, WON, LOST).

    `edges` are the ends of the periods in days, the last one the horizon.
    """

    period: NDArray[np.int64]
    outcome: NDArray[np.int64]
    edges: NDArray[np.float64]


def spans(rows: pd.DataFrame, *, horizon: int, until: int) -> Spans:
    """Spans of training rows (columns cut, event_at, ended_at) as known at `until` (ms), in periods of like many ends.

    A row that was open at `until` is at risk in the periods that were over by then.
    """
    cut = rows["cut"].to_numpy(dtype=float)
    event = rows["event_at"].to_numpy(dtype=float)
    end = np.fmin(rows["ended_at"].to_numpy(dtype=float), event)
    last = np.minimum(until, cut + horizon * DAY_MS)
    ended = end <= last
    days = (np.where(ended, end, last) - cut) / DAY_MS
    outcome = np.where(ended, np.where(event <= last, WON, LOST), OPEN)
    inner = np.quantile(days[ended], np.linspace(0, 1, PERIODS + 1)[1:-1]) if ended.any() else []
    edges = np.unique([*(float(e) for e in inner if 0 < e < horizon), float(horizon)])
    at = np.searchsorted(edges, days, side="left")
    period = np.where(ended, at + 1, np.searchsorted(edges, days, side="right"))
    return Spans(np.minimum(period, len(edges)).astype(np.int64), outcome.astype(np.int64), edges)


class CompetingRisks:
    """Margin = slope x log-odds of winning within all periods + shift; exact contributions by the path's integral.

    A column's contribution is its share of the margin's change on the straight way from the average row to the row
    (Aumann and Shapley 1974): the two linear predictors' mean gradients on the way, times what the column adds to each.
    """

    kind = "hazards"

    def __init__(
        self,
        encoder: Encoder,
        coef: NDArray[np.float64],
        starts: NDArray[np.float64],
        means: NDArray[np.float64],
        *,
        slope: float = 1.0,
        shift: float = 0.0,
    ) -> None:
        self.encoder = encoder
        self.coef = coef
        """Shape (2, encoded columns): of the win, of the loss."""
        self.starts = starts
        """Shape (2, periods): the log-odds of the average row against staying open."""
        self.means = means
        self.slope = slope
        self.shift = shift
        self.columns = encoder.columns
        self.base = float(self._margin(np.zeros((1, 2)))[0])

    def scaled(self, slope: float, shift: float) -> CompetingRisks:
        """The same with the margin mapped to slope x margin + shift."""
        return CompetingRisks(
            self.encoder,
            self.coef,
            self.starts,
            self.means,
            slope=slope * self.slope,
            shift=slope * self.shift + shift,
        )

    def margin(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Log-odds, one a row."""
        return self._margin((self.encoder.encode(X) - self.means) @ self.coef.T)

    def contributions(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, columns): what each column adds to the base."""
        if not self.columns:
            return np.zeros((len(X), 0))
        Z = self.encoder.encode(X) - self.means
        way = Z @ self.coef.T
        gradient = np.zeros_like(way)
        for node, weight in zip(*np.polynomial.legendre.leggauss(_NODES), strict=True):
            gradient += weight / 2 * self._gradient(way * (node + 1) / 2)
        rest = self._margin(way) - self.base - (gradient * way).sum(axis=1)
        # Only so that the average row, whose way is 0, divides by something.
        length = np.maximum((way**2).sum(axis=1), 1e-300)
        gradient += (rest / length)[:, None] * way
        terms = Z * (gradient @ self.coef)
        return np.asarray(np.add.reduceat(terms, self.encoder.starts(), axis=1))

    def _shares(self, way: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Log-probabilities of win, loss and staying open in each period, shape (rows, periods)."""
        win, lose = way[:, :1] + self.starts[0], way[:, 1:] + self.starts[1]
        total = np.logaddexp(0.0, np.logaddexp(win, lose))
        return win - total, lose - total, -total

    def _margin(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import logsumexp

        win, lose, stay = self._shares(way)
        survived = np.cumsum(stay, axis=1)
        before = survived - stay
        won = logsumexp(before + win, axis=1)
        not_won = logsumexp(np.column_stack([before + lose, survived[:, -1:]]), axis=1)
        return np.asarray(self.slope * (won - not_won) + self.shift)

    def _gradient(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        """Derivatives of the margin by the two predictors, shape (rows, 2)."""
        win, lose = way[:, :1] + self.starts[0], way[:, 1:] + self.starts[1]
        most = np.maximum(np.maximum(win, lose), 0.0)
        w, gone, stay = np.exp(win - most), np.exp(lose - most), np.exp(-most)
        whole = w + gone + stay
        w, gone, stay = w / whole, gone / whole, stay / whole
        before = np.ones_like(stay)
        np.cumprod(stay[:, :-1], axis=1, out=before[:, 1:])
        won = before * w
        total = np.clip(won.sum(axis=1), 1e-300, 1 - 1e-16)
        scale = self.slope / (total * (1 - total))
        by_win = (won * (1 - np.cumsum(w, axis=1))).sum(axis=1)
        by_lose = -(won * np.cumsum(gone, axis=1)).sum(axis=1)
        return np.asarray(np.column_stack([by_win * scale, by_lose * scale]))

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "kind": self.kind,
            "codes": self.encoder.to_list(),
            "coef": self.coef.tolist(),
            "starts": self.starts.tolist(),
            "means": self.means.tolist(),
            "slope": self.slope,
            "shift": self.shift,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CompetingRisks:
        """The inverse of `to_dict`."""
        coef, starts, means = (np.asarray(data[k], dtype=np.float64) for k in ("coef", "starts", "means"))
        encoder = Encoder.from_list(data["codes"])
        return cls(encoder, coef, starts, means, slope=data["slope"], shift=data["shift"])


def fit_hazards(
    encoder: Encoder,
    Z: NDArray[np.float64],
    seen: Spans,
    weight: NDArray[np.float64],
    strength: float,
) -> CompetingRisks:
    """The hazards of encoded rows by maximum likelihood with a ridge penalty; `strength` is scikit-learn's C.

    By L-BFGS in coordinates in which the Hessian of either side at the average row's hazards is the identity (see
    `linear.LogisticPath`), over the pairs of a row and a period in which it was at risk.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import minimize

    means = np.average(Z, axis=0, weights=weight)
    Z = Z - means
    K, p = len(seen.edges), Z.shape[1]
    cells = _Cells.of(seen, weight)
    starts = cells.guess(K)
    hazard = cells.hazards(np.zeros((len(Z), 2)), starts)[0]
    spread = [cells.weight * h * (1 - h) for h in hazard]
    uppers = [_turning(Z, cells.by_row(s, len(Z)), strength) for s in spread]
    roots = np.sqrt(np.stack([np.bincount(cells.period, s, K) for s in spread]) + 1e-3)

    def turned(u: NDArray[np.float64], *, back: bool = False) -> NDArray[np.float64]:
        sides = [
            v if upper is None else solve_triangular(upper, v, trans="T" if back else 0, check_finite=False)
            for upper, v in zip(uppers, u[: 2 * p].reshape(2, p), strict=True)
        ]
        return np.asarray(np.r_[np.concatenate(sides), u[2 * p :] / roots.ravel()], dtype=np.float64)

    def loss(u: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        theta = turned(u)
        coef, starts = theta[: 2 * p].reshape(2, p), theta[2 * p :].reshape(2, K)
        hazard, value = cells.hazards(Z @ coef.T, starts)
        value += (coef**2).sum() / (2 * strength)
        # Where hardly a period has a loss, its start would run away. The weight is a judgement: one record outweighs
        # it.
        value += 1e-3 * (starts**2).sum()
        slope = [cells.weight * (h - e) for h, e in zip(hazard, cells.ended, strict=True)]
        by_coef = np.stack([cells.by_row(s, len(Z)) for s in slope]) @ Z + coef / strength
        by_starts = np.stack([np.bincount(cells.period, s, K) for s in slope]) + 2e-3 * starts
        return value, turned(np.r_[by_coef.ravel(), by_starts.ravel()], back=True)

    begin = np.r_[np.zeros(2 * p), (starts * roots).ravel()]
    found = minimize(
        loss,
        begin,
        jac=True,
        method="L-BFGS-B",
        # As the linear form's: what is left of the loss is less than a thousandth of one row's.
        options={"maxcor": 20, "maxiter": 300, "gtol": 1e-4, "ftol": 1e-12},
    )
    theta = turned(found.x)
    return CompetingRisks(encoder, theta[: 2 * p].reshape(2, p), theta[2 * p :].reshape(2, K), means)


@dataclass(frozen=True)
class _Cells:
    """Pairs of a row and a period in which it was at risk, one entry each; `ended` says of either side whether it then did."""

    row: NDArray[np.int64]
    period: NDArray[np.int64]
    weight: NDArray[np.float64]
    ended: tuple[NDArray[np.float64], NDArray[np.float64]]

    @classmethod
    def of(cls, seen: Spans, weight: NDArray[np.float64]) -> _Cells:
        """The pairs of followed rows."""
        row, period = np.nonzero(np.arange(len(seen.edges)) < seen.period[:, None])
        last = period == seen.period[row] - 1
        won, lost = ((last & (seen.outcome[row] == outcome)).astype(np.float64) for outcome in (WON, LOST))
        return cls(row, period, weight[row], (won, lost))

    def by_row(self, values: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
        """The sum of values of the pairs of each row."""
        return np.asarray(np.bincount(self.row, values, rows), dtype=np.float64)

    def guess(self, periods: int) -> NDArray[np.float64]:
        """The log-odds of either end against staying open in each period, shape (2, periods), where no column tells."""
        ends = np.stack([np.bincount(self.period, self.weight * e, periods) for e in self.ended])
        return np.asarray(np.log((ends + 0.5) / (np.bincount(self.period, self.weight, periods) + 1.0)))

    def hazards(
        self, way: NDArray[np.float64], starts: NDArray[np.float64]
    ) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], float]:
        """The probability of either end in each pair, and the weighted log-loss of what happened."""
        win, lose = (way[self.row, side] + starts[side][self.period] for side in (0, 1))
        most = np.maximum(np.maximum(win, lose), 0.0)
        w, gone = np.exp(win - most), np.exp(lose - most)
        whole = w + gone + np.exp(-most)
        chosen = self.ended[0] * win + self.ended[1] * lose
        return (w / whole, gone / whole), float(self.weight @ (most + np.log(whole) - chosen))


def _turning(
    Z: NDArray[np.float64], curvature: NDArray[np.float64], strength: float
) -> NDArray[np.float64] | None:
    """The upper triangle that turns coefficients into coordinates with the identity as Hessian; None beyond 1,000 columns."""
    from scipy.linalg import cholesky

    width = Z.shape[1]
    if width > MOST_TURNED:
        return None
    known = curvature > 0
    bent = Z[known] * np.sqrt(curvature[known])[:, None]
    upper: NDArray[np.float64] = cholesky(bent.T @ bent + np.eye(width) / strength, check_finite=False)
    return upper
