"""How spend turns into an effect: carry-over into later months, and saturation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Curve = Literal["log", "hill"]
CARRY_OVERS = (0.0, 0.3, 0.6)
CURVES: tuple[Curve, ...] = ("log", "hill")


@dataclass(frozen=True)
class Shape:
    """Of a channel.

    carry_over
        The share of a month's effect that stays for the next month, in [0, 1).
    curve
        log: log(1 + x / scale), returns fall slowly; hill: x / (x + scale), returns come to an end.
    scale
        Spend a month at which returns have clearly begun to fall (the mean of months with spend), above 0.
    """

    carry_over: float
    curve: Curve
    scale: float

    def of_steady(self, spend: float) -> float:
        """The value of the curve where the same is spent every month."""
        x = max(spend, 0.0) / self.scale
        return float(np.log1p(x)) if self.curve == "log" else x / (x + 1)

    def slope(self, spend: float) -> float:
        """Its derivative by spend, per unit of money."""
        x = max(spend, 0.0) / self.scale
        return (1 / (1 + x) if self.curve == "log" else 1 / (1 + x) ** 2) / self.scale

    def apply(self, spend: np.ndarray) -> np.ndarray:
        """The values of the curve, month by month, of spend with carry-over."""
        x = adstock(spend, self.carry_over) / self.scale
        return np.asarray(np.log1p(x) if self.curve == "log" else x / (x + 1))


def adstock(spend: np.ndarray, carry_over: float) -> np.ndarray:
    """Spend with what is carried over from the months before: a(t) = (1 - c) s(t) + c a(t - 1) (Broadbent, 1979).

    The months before the first are taken to have had its spend, so steady spend stays what it is.

    >>> [float(x) for x in adstock(np.array([0.0, 8.0, 0.0]), 0.5)]
    [0.0, 4.0, 2.0]
    """
    spend = np.asarray(spend, dtype="float64")
    out = spend.copy()
    for month in range(1, len(spend)):
        out[month] = (1 - carry_over) * spend[month] + carry_over * out[month - 1]
    return out
