"""Pareto/NBD: how often customers buy who may leave unseen at any time (Schmittlein, Morrison and Colombo 1987).

The likelihood is Fader and Hardie's (2005, "A Note on Deriving the Pareto/NBD Model", equation 16) with its integral
over the moment of leaving kept as an integral: the Gauss hypergeometric functions that it is usually written with have
no derivatives in closed form and overflow for frequent buyers.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.customers.transaction_model import TransactionModel, checked

if TYPE_CHECKING:
    from collections.abc import Iterator


# Exact to 1e-8 also where alpha and beta are far apart (tests/scoring/customers).
_NODES = 48
# What has fallen to e^-40 of the highest point adds nothing that a double could hold. Six steps of Newton's method are
# enough: where it ends too far out, only nodes are wasted.
_FALL, _STEPS = 40.0, 6
# Customers of a matrix with all nodes: 8 MB. A judgement: larger costs memory, smaller costs time.
_CHUNK = 20_000


class ParetoModel(TransactionModel):
    """Purchases at a rate from Gamma(r, alpha) until the customer leaves, at a rate from Gamma(s, beta).

    Unlike with `BetaGeoModel`, who bought once may have left.
    """

    NAMES = ("r", "alpha", "s", "beta")
    # About those of the CDNOW data set (Fader and Hardie 2005): .553, 10.578, .606, 11.669.
    USUAL = (0.55, 10.6, 0.6, 11.7)
    TIMES = ("alpha", "beta")

    def fit(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> ParetoModel:
        """Maximum likelihood, one value a customer in each of the three arrays."""
        self._data = checked(frequency, recency, T)
        # Many customers share their history: each is computed once.
        rows, weight = np.unique(np.column_stack(self._data), axis=0, return_counts=True)
        unit = self._unit()
        x, t, T_ = rows[:, 0], rows[:, 1] / unit, rows[:, 2] / unit
        third = max(float(self._data[2].mean()) / unit, 1e-9) / 3
        counted = weight.astype(np.float64)
        start = np.array([1.0, third, 1.0, third])
        self._learn(lambda p: _likelihood(p, x, t, T_, counted), start, float(weight.sum()), unit=unit)
        return self

    def probability_alive(
        self,
        frequency: ArrayLike | None = None,
        recency: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """P(still a customer at T), for the fitted customers or for those given (Fader and Hardie, equation 26)."""
        x, t, T_ = self._customers(frequency, recency, T)
        r, alpha, s, beta = (self.params_[k] for k in self.NAMES)
        parts = [
            np.log(s)
            + _left(np.array([r, alpha, s, beta]), *part)[0]
            + (r + part[0]) * np.log(alpha + part[2])
            for part in _parts(x, t, T_)
        ]
        odds = np.concatenate(parts) + s * np.log(beta + T_)
        # A double ends at e^709.
        return np.asarray(1 / (1 + np.exp(np.minimum(odds, 700.0))))

    def expected_purchases(
        self,
        t: float,
        frequency: ArrayLike | None = None,
        recency: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Expected purchases in the next `t`, for the fitted customers or for those given (equation 27)."""
        x, tx, T_ = self._customers(frequency, recency, T)
        r, alpha, s, beta = (self.params_[k] for k in self.NAMES)
        if abs(s - 1) < 1e-7:
            s += 1e-7  # the formula has a removable gap there
        stays = 1 - ((beta + T_) / (beta + T_ + t)) ** (s - 1)
        rate = (r + x) * (beta + T_) / ((alpha + T_) * (s - 1))
        return np.asarray(self.probability_alive(x, tx, T_) * rate * stays)


def _parts(
    x: NDArray[np.float64], t: NDArray[np.float64], T: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    for i in range(0, len(x), _CHUNK):
        yield x[i : i + _CHUNK], t[i : i + _CHUNK], T[i : i + _CHUNK]


@cache
def _nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gauss-Legendre nodes and weights on 0 to 1."""
    u, w = np.polynomial.legendre.leggauss(_NODES)
    return (u + 1) / 2, w / 2


def _left(
    params: NDArray[np.float64],
    x: NDArray[np.float64],
    t: NDArray[np.float64],
    T: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Log of the integral from t_x to T of (alpha + u)^-(r + x) (beta + u)^-(s + 1) du, for each customer.

    With a the smaller of alpha + t_x and beta + t_x, b the larger, and y = log(1 + (u - t_x) / a), the log of the integrand
    is (1 - p) y - q log(b + a (e^y - 1)) and a constant, where p belongs to a and q to b. It is concave in y and changes on a
    scale of 1 or more slowly than it falls, however far a and b are apart: so it is integrated from 0 to where it has
    fallen by `_FALL` from its highest point, evenly.
    Also the nodes u and the share of the integral at each, both of shape (customers, nodes), for derivatives.
    """
    r, alpha, s, beta = params
    k, left = r + x, np.full_like(x, s + 1)
    p, q = (k, left) if alpha <= beta else (left, k)
    a, b = min(alpha, beta) + t, max(alpha, beta) + t

    def log_integrand(
        y: NDArray[np.float64],
        a: NDArray[np.float64],
        b: NDArray[np.float64],
        p: NDArray[np.float64],
        q: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        return np.asarray((1 - p) * y - q * np.log1p(a * np.expm1(y) / b))

    whole = np.log1p((T - t) / a)
    with np.errstate(divide="ignore", invalid="ignore"):
        top = np.clip(
            np.nan_to_num(np.log((1 - p) * (b - a) / (a * (p + q - 1))), nan=0.0, neginf=0.0), 0, whole
        )
    high = log_integrand(top, a, b, p, q)
    end = whole
    for _ in range(_STEPS):
        # Newton's method on a convex function, from above: it stays above, so that what is left out never grows.
        over = high - log_integrand(end, a, b, p, q) - _FALL
        slope = p - 1 + q * a * np.exp(end) / (b + a * np.expm1(end))
        end = np.where(over > 0, end - over / np.where(over > 0, slope, 1.0), end)
    nodes, weights = _nodes()
    y = end[:, None] * nodes
    inner = weights * np.exp(log_integrand(y, a[:, None], b[:, None], p[:, None], q[:, None]) - high[:, None])
    total = inner.sum(axis=1)
    with np.errstate(divide="ignore"):
        log = np.log(total) + np.log(end) + high + (1 - p) * np.log(a) - q * np.log(b)
    return log, t[:, None] + a[:, None] * np.expm1(y), inner / total[:, None]


def _likelihood(
    params: NDArray[np.float64],
    x: NDArray[np.float64],
    t: NDArray[np.float64],
    T: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    from scipy.special import digamma, gammaln

    r, alpha, s, beta = params
    value, gradient, at = 0.0, np.zeros(4), 0
    for x_, t_, T_ in _parts(x, t, T):
        w = weight[at : at + len(x_)]
        at += len(x_)
        integral, u, share = _left(params, x_, t_, T_)
        stays = -(r + x_) * np.log(alpha + T_) - s * np.log(beta + T_)
        leaves = np.log(s) + integral
        either = np.logaddexp(stays, leaves)
        stay, leave = np.exp(stays - either), np.exp(leaves - either)
        first = gammaln(r + x_) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        value += float(w @ (first + either))

        def mean(f: NDArray[np.float64], share: NDArray[np.float64] = share) -> NDArray[np.float64]:
            return np.asarray((share * f).sum(axis=1))

        parts = (
            digamma(r + x_)
            - digamma(r)
            + np.log(alpha)
            - stay * np.log(alpha + T_)
            - leave * mean(np.log(alpha + u)),
            r / alpha - (r + x_) * (stay / (alpha + T_) + leave * mean(1 / (alpha + u))),
            np.log(beta) - stay * np.log(beta + T_) + leave * (1 / s - mean(np.log(beta + u))),
            s / beta - stay * s / (beta + T_) - leave * (s + 1) * mean(1 / (beta + u)),
        )
        gradient += np.array([float(w @ p) for p in parts])
    return value, gradient
