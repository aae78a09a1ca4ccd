"""Loss, coverage and error of the deal forecasts on simulated companies: python -m support.figures_forecast_deals
[companies] [deals a company]."""

import sys
import time
from dataclasses import dataclass, field

import numpy as np
from support.forecast_company import MONTH, RATES, START, company

from sales_consultant.insight.core import Calendar
from sales_consultant.insight.forecast import (
    DEALS_ALLOWANCE,
    calibrated,
    months_until,
    over_past_origins,
    pinball,
    read_past,
    reconciled,
)

HORIZON = 6
SINCE = 10
"""Origins that the widths have learned from before forecasts are counted."""


@dataclass
class Found:
    """By method the losses (over the mean month), hits of the 80 and 95 % intervals, and errors, (forecasts, HORIZON)."""

    losses: dict[str, list[np.ndarray]] = field(default_factory=dict)
    inside: dict[str, list[np.ndarray]] = field(default_factory=dict)
    inside95: dict[str, list[np.ndarray]] = field(default_factory=dict)
    errors: dict[str, list[np.ndarray]] = field(default_factory=dict)


def measured(companies: int, deals: int, seed: int = 100) -> Found:
    """Companies of 48 months (the allowance was set on seeds 0 to 5), every second with a wave over the year, forecast in the middle of a month."""
    found = Found()
    for number in range(companies):
        tables = company(deals, 60, seed + number, season=0.3 * (number % 2))
        as_of = START + int(59.5 * MONTH)
        # The first year is left out: the company only begins to sell in it.
        snaps, ends = read_past(tables, RATES, months_until(Calendar(), as_of, 47, HORIZON))
        made = over_past_origins(snaps, ends, HORIZON, np.random.default_rng(number)).origins
        origins, _ = reconciled(made, ("deals", "series"))
        unit = float(np.nanmean(origins.actual))
        for place in range(SINCE, len(origins.ends) - 1):
            actual = origins.actual[place]
            known = np.isfinite(actual)
            for m, method in enumerate(origins.methods):
                if not np.isfinite(origins.points[m, place, 0]):
                    continue
                q = calibrated(origins, m, place, DEALS_ALLOWANCE).quantiles
                for into, value in (
                    (found.losses, pinball(actual, q) / unit),
                    (found.inside, np.where(known, (actual >= q[:, 1]) & (actual <= q[:, 5]), np.nan)),
                    (found.inside95, np.where(known, (actual >= q[:, 0]) & (actual <= q[:, 6]), np.nan)),
                    (found.errors, np.abs(origins.points[m, place] - actual) / actual),
                ):
                    into.setdefault(method, []).append(value)
    return found


def main(companies: int, deals: int) -> None:
    begun = time.process_time()
    found = measured(companies, deals)
    print(
        f"{companies} companies of {deals} deals; {time.process_time() - begun:.0f} s of CPU; by month ahead:"
    )
    for method in found.losses:
        for label, values in (
            ("loss", found.losses), ("80 %", found.inside), ("95 %", found.inside95), ("MAPE", found.errors)
        ):  # fmt: skip
            array = np.array(values[method])
            print(f"  {method:18s} {label}: {np.nanmean(array):.3f}", np.round(np.nanmean(array, axis=0), 3))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10, int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
