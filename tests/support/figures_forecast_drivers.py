"""How often a driver that helps is found and one that does not is used: python -m support.figures_forecast_drivers [simulations]."""

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sales_consultant.insight.forecast import Driver, judge_driver, months_needed, power

FIRST = 2021 * 12
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A simulated pair: the driver explains `share` of the variance of the amounts, `season` another share, the rest
    is noise; `ar` is the autocorrelation of driver and noise (1: random walks)."""

    share: float
    months: int = 48
    season: float = 0.0
    ar: float = 0.0
    lag: int = 2


def _noise(n: int, ar: float, rng: np.random.Generator) -> Floats:
    e = rng.normal(size=n + 50)
    if ar == 0:
        return e[50:]
    out = np.zeros(n + 50)
    for t in range(1, n + 50):
        out[t] = ar * out[t - 1] + e[t]
    return out[50:] * (np.sqrt(1 - ar**2) if ar < 1 else 1.0)


def simulated(case: Case, rng: np.random.Generator) -> tuple[Floats, Driver]:
    n = case.months
    x = _noise(n + 3, case.ar, rng)
    noise = _noise(n, case.ar, rng)
    season = np.sqrt(2) * np.sin(2 * np.pi * np.arange(n) / 12)
    rest = 1 - case.share - case.season
    y = (
        np.sqrt(case.share) * x[3 - case.lag : 3 - case.lag + n]
        + np.sqrt(case.season) * season
        + np.sqrt(rest) * noise
    )
    return 1e6 + 2e5 * y, Driver("index", FIRST - 3, x)


def used(case: Case, simulations: int, seed: int = 14) -> float:
    """The share of simulations in which the driver was used."""
    hits = 0
    for i in range(simulations):
        rng = np.random.default_rng([seed, i])
        y, driver = simulated(case, rng)
        hits += judge_driver(y, FIRST, driver, rng).used
    return hits / simulations


def main(simulations: int) -> None:
    print(f"simulations {simulations}; false use (at most 6.5 %):")
    for ar in (0.0, 0.7, 1.0):
        for season in (0.0, 0.6):
            print(f"  ar {ar}, season {season}: {used(Case(0.0, ar=ar, season=season), simulations):.3f}")
    print("found; the best test's power with the lag known, and with 4 lags searched:")
    for case in (
        Case(0.1), Case(0.1, season=0.6), Case(0.1, season=0.75), Case(0.2), Case(0.3), Case(0.1, months=96),
        Case(0.1, months=180),
    ):  # fmt: skip
        left = case.share / (1 - case.season)
        found = used(case, simulations)
        known, searched = (power(left, case.months, 0.065, lags=lags) for lags in (1, 4))
        print(f"  {case}: {found:.3f}; {known:.3f}, {searched:.3f}")
    for share in (0.1, 0.2, 0.25, 0.3):
        print(
            f"months for 95 % at {share:.0%} of what is left: {months_needed(share, level=0.065)} with the lag known,",
            f"{months_needed(share, level=0.065, lags=4)} searched",
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
