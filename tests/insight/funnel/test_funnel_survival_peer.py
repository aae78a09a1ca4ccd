"""Our Kaplan-Meier and Aalen-Johansen beside lifelines, on the same rows."""

from pathlib import Path

import numpy as np
import pytest
from support import lifelines_peer

from sales_consultant.insight.funnel.survival import aalen_johansen, kaplan_meier, quantile

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lifelines")]


def rows(ties: bool, delayed: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    rng = np.random.default_rng(5)
    n = 500
    a, b, c = rng.exponential(10, n), rng.exponential(15, n), rng.uniform(0, 30, n)
    time = np.minimum(np.minimum(a, b), c)
    cause = np.where(c <= time, 0, np.where(a <= time, 1, 2))
    # The first in the risk set come in before all events: a risk set that dies out early has no interval to compare.
    entry = np.where(rng.random(n) < 0.5, 0.0, rng.uniform(0, 8, n))
    if ties:
        time, entry = np.ceil(time), np.floor(entry)
    seen = time > entry
    return (time[seen], cause[seen], entry[seen]) if delayed else (time, cause, None)


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_the_same_as_lifelines(ties: bool, delayed: bool, tmp_path: Path) -> None:
    time, cause, entry = rows(ties, delayed)
    # lifelines moves tied times by lot before Aalen-Johansen: without ties only.
    causes = [] if ties else [1, 2]
    told = lifelines_peer.ask(
        {
            "duration": time.tolist(),
            "cause": cause.tolist(),
            "entry": None if entry is None else entry.tolist(),
            "causes": causes,
        },
        tmp_path / "rows.json",
    )
    km = kaplan_meier(time, cause > 0, entry)
    at = np.searchsorted(told["km"]["t"], km.times)
    inner = (km.values > 0) & (km.values < 1)
    assert inner.sum() > 10
    assert np.allclose(np.array(told["km"]["s"])[at], km.values, atol=1e-12)
    for name, line in (("low", km.low), ("high", km.high)):
        assert np.allclose(np.array(told["km"][name])[at][inner], line[inner], atol=1e-9)
    assert quantile(km).value == pytest.approx(told["km"]["median"])
    for k, curve in zip(causes, aalen_johansen(time, cause, entry, 2), strict=False):
        theirs = told["aj"][str(k)]
        at = np.searchsorted(theirs["t"], curve.times)
        inner = (curve.values > 0) & (curve.table.at_risk > curve.table.events.sum(axis=0))
        assert inner.sum() > 100
        assert np.allclose(np.array(theirs["f"])[at], curve.values, atol=1e-12)
        for name, line in (("v", curve.variance), ("low", curve.low), ("high", curve.high)):
            assert np.allclose(np.array(theirs[name])[at][inner], line[inner], atol=1e-8), name
