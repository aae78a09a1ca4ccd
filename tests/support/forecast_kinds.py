"""The frozen simulated series that the forecasts are measured on: ten kinds, each from its own seed."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KINDS = (
    "constant", "trend", "seasonal", "trend_seasonal", "level_shift", "intermittent", "heavy_tails",
    "growing_variance", "random_walk", "short",
)  # fmt: skip


def _shape(kind: str, n: int, rng: np.random.Generator) -> Floats:
    """A series around 100 with noise of its own."""
    t = np.arange(n, dtype=np.float64)
    noise = rng.normal(size=n)
    sigma = rng.uniform(5, 20)
    season: Floats = rng.uniform(15, 40) * np.sin(2 * np.pi * (t + rng.integers(12)) / 12)
    season += rng.uniform(0, 15) * np.cos(4 * np.pi * (t + rng.integers(12)) / 12)
    slope = rng.uniform(-0.7, 1.5)
    if kind == "trend":
        return 100 + slope * t + sigma * noise
    if kind == "seasonal":
        return np.asarray(100 + season + sigma * noise)
    if kind == "trend_seasonal":
        return np.asarray((100 + slope * t) * (1 + season / 150) + sigma * noise)
    if kind == "level_shift":
        return 100 + float(rng.choice([-40, 50])) * (t >= rng.integers(n // 3, n - 6)) + sigma * noise
    if kind == "intermittent":
        return np.where(rng.random(n) < rng.uniform(0.2, 0.5), rng.lognormal(4.5, 0.7, n), 0.0)
    if kind == "heavy_tails":
        return 100.0 * np.exp(0.25 * rng.standard_t(3, size=n).clip(-6, 6))
    if kind == "growing_variance":
        return 100 + slope * t + (3 + 0.4 * t) * noise
    if kind == "random_walk":
        return 100 + np.cumsum(rng.uniform(4, 10) * noise)
    if kind == "short":
        return 100 + slope * t + (season if rng.random() < 0.5 else 0) + sigma * noise
    return 100 + sigma * noise


def frozen(kind: str, number: int, seed: int = 14) -> Floats:
    """Series `number` of a kind: 48 to 72 months (short: 18 to 30) of amounts; another seed gives another set."""
    rng = np.random.default_rng([seed, KINDS.index(kind), number])
    n = int(rng.integers(18, 31) if kind == "short" else rng.integers(48, 73))
    out: Floats = _shape(kind, n, rng) * float(10 ** rng.uniform(3, 6))
    return out
