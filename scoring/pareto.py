"""Pareto/NBD: how often customers buy who may leave unseen at any time (Schmittlein, Morrison and Colombo 1987).

The likelihood is Fader and Hardie's (2005, "A Note on Deriving the Pareto/NBD Model", equation 16) with its integral
over the moment of leaving kept as an integral: the Gauss hypergeometric functions that it is usually written with have
no derivatives in closed form and overflow for frequent buyers.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sales_consultant.scoring.buying import BuyingModel, checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_NODES = 32
# Nodes crowd towards the late moments, where the integrand of a frequent buyer turns.
_GRADING = 4
_CHUNK = 20_000


class ParetoModel(BuyingModel):
    """Purchases at a rate from Gamma(r, alpha) until the customer leaves, at a rate from Gamma(s, beta).

    Unlike with `BetaGeoModel`, who bought once may have left.
    """

    NAMES = ("r", "alpha", "s", "beta")
    USUAL = (0.55, 10.6, 0.6, 11.7)
    TIMES = ("alpha", "beta")

    def fit(self, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> ParetoModel:
        """Maximum likelihood, one value a customer in each of the three arrays."""
        import numpy as np

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
        import numpy as np

        x, t, T_ = self._customers(frequency, recency, T)
        r, alpha, s, beta = (self.params_[k] for k in self.NAMES)
        parts = [
            np.log(s)
            + _left(np.array([r, alpha, s, beta]), *part)[0]
            + (r + part[0]) * np.log(alpha + part[2])
            for part in _parts(x, t, T_)
        ]
        odds = np.concatenate(parts) + s * np.log(beta + T_)
        return np.asarray(1 / (1 + np.exp(np.minimum(odds, 700.0))))

    def expected_purchases(
        self,
        t: float,
        frequency: ArrayLike | None = None,
        recency: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Expected purchases in the next `t`, for the fitted customers or for those given (equation 27)."""
        import numpy as np

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
    """Gauss-Legendre nodes and weights on 0 to 1, graded towards 0."""
    import numpy as np

    u, w = np.polynomial.legendre.leggauss(_NODES)
    u, w = (u + 1) / 2, w / 2
    return u**_GRADING, _GRADING * w * u ** (_GRADING - 1)


def _left(
    params: NDArray[np.float64],
    x: NDArray[np.float64],
    t: NDArray[np.float64],
    T: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Log of the integral from t_x to T of (alpha + u)^-(r + x) (beta + u)^-(s + 1) du, for each customer.

    With z = ((alpha + t_x) / (alpha + u))^m and m = r + x + s the integrand is (alpha + t_x + (beta - alpha) z^(1/m))^-(s + 1):
    bounded, and flat for a frequent buyer. With beta in alpha's place its power is -(r + x); the smaller power is taken.
    Also the nodes u and the share of the integral at each, both of shape (customers, nodes), for derivatives.
    """
    import numpy as np

    r, alpha, s, beta = params
    k = r + x
    m = (k + s)[:, None]
    by_alpha = k >= s + 1
    own = np.where(by_alpha, alpha, beta)
    begin = (own + t)[:, None]
    gap = np.where(by_alpha, beta - alpha, alpha - beta)[:, None]
    power = np.where(by_alpha, s + 1, k)[:, None]
    last = np.exp(m * (np.log(begin) - np.log(own + T)[:, None]))
    nodes, weights = _nodes()
    z = last + (1 - last) * nodes
    root = z ** (1 / m)
    inner = weights * (begin + gap * root) ** -power
    total = inner.sum(axis=1)
    before = np.where(by_alpha, 1 - k, -s) * np.log(begin[:, 0]) - np.log(m[:, 0])
    with np.errstate(divide="ignore"):
        log = np.log(total) + np.log1p(-last[:, 0]) + before
    return log, begin / root - own[:, None], inner / total[:, None]


def _likelihood(
    params: NDArray[np.float64],
    x: NDArray[np.float64],
    t: NDArray[np.float64],
    T: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    import numpy as np
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
