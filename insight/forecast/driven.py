"""Drivers that an admin brings: which of them is used, and by how much it moves the forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sales_consultant.insight.forecast.drivers import LEVEL, Driver, DriverTest, driven_fan, judge_driver
from sales_consultant.insight.forecast.series import Fan, Floats, fan

_METHOD = "ets"


@dataclass(frozen=True)
class Driven:
    """What was found about each driver, by its name, and (horizon,) what the one that is used adds, in the series' unit."""

    tests: Mapping[str, DriverTest]
    shift: Floats


def drive(
    values: Floats, first: str, drivers: Sequence[Driver], horizon: int, rng: np.random.Generator
) -> Driven:
    """Judge every driver of a series of whole months (its first as 2026-03), and use the one with the largest gain.

    The level of each test is divided by the number of drivers (Bonferroni), so that many files find no more by chance than
    one. Those that would help, but less than the one that is used, are "another_is_better".
    """
    year, month = (int(part) for part in first.split("-"))
    start = year * 12 + month - 1
    tests = {d.name: judge_driver(values, start, d, rng, level=LEVEL / len(drivers)) for d in drivers}
    none = np.zeros(horizon)
    winners = [d for d in drivers if tests[d.name].used]
    if not winners:
        return Driven(tests, none)
    best = max(winners, key=lambda d: tests[d.name].gain)
    for other in winners:
        if other is not best:
            tests[other.name] = replace(tests[other.name], used=False, reason="another_is_better")
    plain = fan(_METHOD, values, horizon)
    made = driven_fan(values, start, best, tests[best.name], _METHOD, horizon)
    if plain is None or made is None:
        tests[best.name] = replace(tests[best.name], used=False, reason="no_fit")
        return Driven(tests, none)
    return Driven(tests, made.point - plain.point)


def moved(made: Fan, shift: Floats) -> Fan:
    """A fan moved by (horizon,); never below nothing where it was not."""
    low = 0.0 if made.quantiles.min() >= 0 else -np.inf
    return Fan(np.maximum(made.point + shift, low), np.maximum(made.quantiles + shift[:, None], low))
