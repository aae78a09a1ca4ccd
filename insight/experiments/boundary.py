"""The boundary of the always-valid test: a normal mixture over a Brownian motion."""

from __future__ import annotations

import numpy as np

# Mixture variance times the planned information. Between 6 and 20 the drift that is needed for 80 % power by the planned
# end changes by less than 1 %: the boundary is about equally good over that range.
TUNING = 10.0


def bound(r: np.ndarray, alpha: float) -> np.ndarray:
    """The absolute standardised difference above which the test alarms.

    r
        Mixture variance times information so far (no unit), above 0; where it is 0 nothing alarms (infinite).

    Robbins (1970, section 3): for a Brownian motion W(v), E exp(aW - a^2 v / 2) mixed over a ~ N(0, s) is a martingale
    that starts at 1, (1 + r)^(-1/2) exp(z^2 r / (2 (1 + r))) with r = s v and z = W / sqrt(v). By Ville's inequality it
    ever reaches 1 / alpha with a probability of at most alpha.
    """
    r = np.asarray(r, dtype="float64")
    some = np.where(r > 0, r, 1.0)
    edge = np.sqrt((1 + 1 / some) * (np.log1p(some) - 2 * np.log(alpha)))
    return np.where(r > 0, edge, np.inf)


def p_values(z: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The p-value of each look by itself, 1 / mixture likelihood ratio, at most 1; a look without information has 1.

    Johari, Pekelis and Walsh (2017, section 4): its running minimum is valid at any time.
    """
    r, z = np.asarray(r, dtype="float64"), np.asarray(z, dtype="float64")
    told = (r > 0) & np.isfinite(z)
    zz = np.where(told, z, 0.0) ** 2
    rr = np.where(told, r, 0.0)
    log_ratio = zz * rr / (2 * (1 + rr)) - 0.5 * np.log1p(rr)
    return np.asarray(np.exp(-np.maximum(log_ratio, 0.0)))
