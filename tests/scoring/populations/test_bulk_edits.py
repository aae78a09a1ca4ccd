"""Imports and sweeps: any 60 seconds, not a calendar minute; slow ones at a constant pace; honest work stays."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import DAY

from sales_consultant.scoring.populations.bulk_edits import (
    MINUTE,
    SLOW,
    closed_together,
    made_together,
    regular,
    within,
)

START = 20_000 * DAY + 9 * 3_600_000


def series(times: object) -> "pd.Series[float]":
    return pd.Series(np.asarray(times, dtype=np.int64))


def closed(times: object, owner: str = "o1") -> np.ndarray:
    t = series(times)
    return closed_together(t, pd.Series([owner] * len(t)), 30)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=40), st.integers(1, 8), st.integers(0, 10))
def test_a_window_is_what_it_says(times: list[int], least: int, span: int) -> None:
    found = within(np.asarray(times, dtype=np.int64), least, span)
    for i, t in enumerate(times):
        starts = [s for s in times if s <= t <= s + span]
        most = max((sum(s <= u <= s + span for u in times) for s in starts), default=0)
        assert found[i] == (most >= least)


def test_an_import_across_a_full_minute_is_one() -> None:
    edge = START // MINUTE * MINUTE + MINUTE
    times = [*(edge - 1000 - 25 * i for i in range(40)), *(edge + 25 * i for i in range(20))]
    assert made_together(series(times), 50).all()
    assert not made_together(series(times[:49]), 50).any()


def test_sweeps_slower_than_a_minute_are_found() -> None:
    rng = np.random.default_rng(0)
    pace = START + np.arange(30) * 18_000 + rng.integers(0, 2000, 30)
    assert closed(pace, "").all()  # a script, whoever it is
    by_hand = START + np.cumsum(rng.exponential(15_000, 32)).astype(np.int64)
    assert by_hand[-1] - by_hand[0] < SLOW
    assert closed(by_hand).sum() >= 30
    assert not closed(by_hand, "").any()  # of many owners it is a busy hour
    # Half a year of work around it stays.
    work = START + np.sort(rng.integers(1, 180, 400)) * DAY + rng.integers(0, 8 * 3_600_000, 400)
    found = closed(np.concatenate([pace, work]))
    assert found[:30].all() and not found[30:].any()


@pytest.mark.parametrize("seed", range(5))
def test_honest_work_is_no_sweep(seed: int) -> None:
    """A Friday afternoon of ten, a sales floor that loses three a minute by chance, and dates without a time of day."""
    rng = np.random.default_rng(seed)
    friday = START + np.arange(10) * 45_000
    assert not closed(friday).any()
    floor = START + np.cumsum(rng.exponential(20_000, 4000)).astype(np.int64)
    owners = pd.Series([f"o{i}" for i in rng.integers(0, 40, len(floor))])
    assert closed_together(series(floor), owners, 30).mean() < 0.02
    days = START // DAY * DAY + np.repeat(np.arange(5), 60) * DAY
    assert not closed(days).any() and not made_together(series(days), 50).any()


def test_who_always_closes_by_tens_works_like_that() -> None:
    rng = np.random.default_rng(1)
    # Every evening a service closes what was left that day, at its leisure.
    evenings = [START + d * DAY + np.cumsum(rng.exponential(14_000, 36)).astype(np.int64) for d in range(8)]
    assert not closed(np.concatenate(evenings)).any()
    assert closed(evenings[0]).sum() >= 30  # but once is a sweep


def test_few_and_none() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert within(none, 3, 10).tolist() == regular(none, 3, 10).tolist() == []
    assert not closed(none).any()
