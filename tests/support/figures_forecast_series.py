"""Coverage and loss on the frozen series: python -m support.figures_forecast_series [series a kind, 20 is all] [kinds, by comma]."""

import sys
from dataclasses import dataclass, field

import numpy as np
from support.forecast_kinds import KINDS, frozen

from sales_consultant.insight.forecast import LEAST_MONTHS, LEVELS, calibrated, choose, pinball, rolling

HORIZON = 6
BACK = (12, 10, 8, 6)
"""Months before the end at which a forecast is made, each with only what was known by then."""


@dataclass
class Found:
    """Forecasts counted, those inside the 80 and 95 % intervals, and losses over the mean amount by kind and method."""

    forecasts: int = 0
    inside80: int = 0
    inside95: int = 0
    losses: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def total(self, method: str) -> float:
        return float(np.mean([loss for kind in self.losses.values() for loss in kind[method]]))


def measured(
    series: int, kinds: tuple[str, ...] = KINDS, seed: int = 14, back: tuple[int, ...] = BACK
) -> Found:
    """The chosen forecast ("chosen") and each method alone, as it says itself and as calibrated in the same way."""
    found = Found()
    for kind in kinds:
        losses = found.losses.setdefault(kind, {})
        for number in range(series):
            values = frozen(kind, number, seed)
            origins = rolling(values, HORIZON, step=2 if len(values) >= 36 else 1)
            for before in back:
                if len(values) - before < LEAST_MONTHS:
                    continue
                place = int(np.flatnonzero(origins.ends == len(values) - before)[0])
                actual = origins.actual[place]
                fan = calibrated(origins, choose(origins, place), place)
                q = fan.quantiles
                found.forecasts += len(actual)
                found.inside80 += int(((actual >= q[:, 1]) & (actual <= q[:, -2])).sum())
                found.inside95 += int(((actual >= q[:, 0]) & (actual <= q[:, -1])).sum())
                unit = float(np.mean(np.abs(values)))
                losses.setdefault("chosen", []).append(float(pinball(actual, q).mean()) / unit)
                for m, method in enumerate(origins.methods[:-1]):
                    # Where a method cannot (a short series), the mean stands in, as a user of it alone would need.
                    use = m if np.isfinite(origins.points[m, place, 0]) else origins.methods.index("mean")
                    own = pinball(actual, origins.quantiles[use, place]).mean()
                    same = pinball(actual, calibrated(origins, use, place).quantiles).mean()
                    losses.setdefault(method, []).append(float(own) / unit)
                    losses.setdefault(f"{method}, calibrated", []).append(float(same) / unit)
    return found


def main(series: int, kinds: tuple[str, ...]) -> None:
    found = measured(series, kinds)
    print(f"{found.forecasts} forecasts; levels {LEVELS}")
    print(
        f"coverage 80 %: {found.inside80 / found.forecasts:.3f}, 95 %: {found.inside95 / found.forecasts:.3f}"
    )
    chosen = found.total("chosen")
    for method in next(iter(found.losses.values())):
        print(
            f"  loss {method}: {found.total(method):.5f}, chosen over it {chosen / found.total(method):.3f}"
        )
    for kind, losses in found.losses.items():
        print(
            f"  {kind}: over seasonal naive {np.mean(losses['chosen']) / np.mean(losses['seasonal_naive']):.3f}"
        )


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    main(count, tuple(sys.argv[2].split(",")) if len(sys.argv) > 2 else KINDS)
