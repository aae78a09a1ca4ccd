"""Records that were made or closed together: by an import, a script, or somebody who cleans up on a Friday."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS

# Spans in which an import or a sweep is looked for (docs/decisions/scoring-bulk-edits.md).
MINUTE = 60_000
SLOW = 10 * MINUTE
# Gaps of people and of chance vary by about their mean; those of a script, or a hand going down a list, by far less.
_STEADY = 1 / 3
# An owner who closes by tens on so many days, and most of what is lost so, works like that.
_USUAL_DAYS, _USUAL_SHARE = 5, 0.5


def dated(times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which times (ms) have a time of day: one at midnight sharp is a date, and tells of no minute."""
    return np.asarray(times % DAY_MS != 0)


def within(times: NDArray[np.int64], least: int, span: int) -> NDArray[np.bool_]:
    """Which of the times stand with at least so many, themselves included, within any `span` ms."""
    order = np.argsort(times, kind="stable")
    t = times[order]
    after = np.searchsorted(t, t + span, side="right")
    many = after - np.arange(len(t)) >= least
    return _marked(order, np.flatnonzero(many), after[many])


def regular(times: NDArray[np.int64], least: int, span: int) -> NDArray[np.bool_]:
    """Which of the times are among at least so many in a row at a constant pace, within `span` ms.

    Constant is a pace whose gaps have a standard deviation of at most a third of their mean; gaps that chance alone makes
    (a Poisson process) have one of their whole mean.
    """
    order = np.argsort(times, kind="stable")
    t = times[order]
    if len(t) < least:
        return np.zeros(len(t), dtype=bool)
    gaps = np.lib.stride_tricks.sliding_window_view(np.diff(t).astype(np.float64), least - 1)
    whole = gaps.sum(axis=1)
    even = (whole <= span) & (gaps.std(axis=1) <= _STEADY * gaps.mean(axis=1))
    begin = np.flatnonzero(even)
    return _marked(order, begin, begin + least)


def _marked(order: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The places of `order` between any begin and its end, as a mask in the order of the times given."""
    steps = np.zeros(len(order) + 1, dtype=np.int64)
    np.add.at(steps, begin, 1)
    np.add.at(steps, end, -1)
    out = np.zeros(len(order), dtype=bool)
    out[order] = np.cumsum(steps[:-1]) > 0
    return out


def made_together(times: pd.Series[float], least: int) -> NDArray[np.bool_]:
    """Which records were made by an import: so many within any 60 seconds, or at a constant pace within 10 minutes."""
    t: NDArray[np.int64] = np.asarray(times, dtype=np.int64)
    exact = dated(t)
    out = np.zeros(len(t), dtype=bool)
    out[exact] = within(t[exact], least, MINUTE) | regular(t[exact], least, SLOW)
    return out


def closed_together(times: pd.Series[float], owners: pd.Series[str], least: int) -> NDArray[np.bool_]:
    """Which records were closed in a sweep: so many within any 60 seconds, at a constant pace within 10 minutes, or within
    10 minutes by one owner who does not work like that."""
    t: NDArray[np.int64] = np.asarray(times, dtype=np.int64)
    out = made_together(times, least)
    exact = dated(t)
    names = owners.fillna("").to_numpy(dtype=object)
    for name in sorted({n for n in names[exact] if n}):
        mine = np.flatnonzero(exact & (names == name))
        hit = mine[within(t[mine], least, SLOW)]
        usual = len(np.unique(t[hit] // DAY_MS)) >= _USUAL_DAYS and len(hit) > _USUAL_SHARE * len(mine)
        if not usual:
            out[hit] = True
    return out
