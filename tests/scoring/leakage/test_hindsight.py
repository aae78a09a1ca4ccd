"""What today's open records show of a value without history: whether the outcome sets it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.leakage import Comparison, Hindsight

NOW = 1_700_000_000_000
RATE = 0.35


@dataclass
class Company:
    """Records whose life has no memory, with a value that only some of the outcomes bring, or that was there from the start."""

    rng: np.random.Generator
    records: int = 2_500

    def __post_init__(self) -> None:
        rng, n = self.rng, self.records
        self.born = NOW - rng.uniform(0, 700, n) * DAY_MS
        self.end = self.born + rng.exponential(80, n) * DAY_MS
        self.won = rng.random(n) < RATE
        self.over = self.end <= NOW

    def compare(self, values: NDArray[Any]) -> Comparison:
        """The comparison of a value as today's CRM shows it."""
        past = pd.concat([self._at(NOW - k * 30 * DAY_MS) for k in range(6, 20)], ignore_index=True)
        today = self._at(NOW)
        column = pd.Series(values, dtype=object)
        search = Hindsight(past, today)
        return search.compare(
            column[past["record"]].reset_index(drop=True), column[today["record"]].reset_index(drop=True)
        )

    def _at(self, cut: int) -> pd.DataFrame:
        here = np.flatnonzero((self.born <= cut) & (self.end > cut))
        label = self.won[here] & (self.end[here] <= cut + 180 * DAY_MS)
        return pd.DataFrame(
            {
                "record": here,
                "group": here,
                "cut": cut,
                "created_at": self.born[here],
                "label": label.astype(float),
            }
        )


def marked(hit: NDArray[np.bool_], values: NDArray[Any] | None = None) -> NDArray[Any]:
    """A value on the records that are hit, gaps on the others."""
    kinds = np.full(len(hit), "set", dtype=object) if values is None else values
    return np.array([k if h else None for h, k in zip(hit, kinds, strict=True)], dtype=object)


def _honest(company: Company, strength: float) -> NDArray[Any]:
    """A value from the start that goes with the outcome."""
    high = np.where(company.won, 0.5 + strength, 0.5 - strength)
    return np.where(company.rng.random(company.records) < high, "good", "poor")


def test_an_honest_cause_is_alike() -> None:
    found = Company(np.random.default_rng(1)).compare(_honest(Company(np.random.default_rng(1)), 0.35))
    assert found.gain_low > 0.05
    assert found.alike and not found.different and not found.harmless


@pytest.mark.parametrize("share", [1.0, 0.6, 0.3])
@pytest.mark.parametrize("side", ["won", "lost"])
def test_what_the_outcome_fills_is_different(share: float, side: str) -> None:
    company = Company(np.random.default_rng(2))
    set_ = company.over & (company.won == (side == "won")) & (company.rng.random(company.records) < share)
    found = company.compare(marked(set_))
    assert not found.alike and not found.harmless
    assert found.different or abs(found.emptied) > 0.1


def test_what_the_outcome_empties_is_different() -> None:
    company = Company(np.random.default_rng(3))
    gone = company.over & ~company.won & (company.rng.random(company.records) < 0.7)
    found = company.compare(marked(~gone))
    assert not found.alike and not found.harmless


def test_another_value_than_before_is_different() -> None:
    company = Company(np.random.default_rng(4))
    moved = company.over & company.won & (company.rng.random(company.records) < 0.5)
    found = company.compare(
        np.where(moved, "export", company.rng.choice(["north", "south", "export"], company.records))
    )
    assert not found.alike and not found.harmless


def test_noise_is_harmless_and_seldom_called_different() -> None:
    company = Company(np.random.default_rng(5))
    found = [company.compare(company.rng.choice(list("abcdef"), company.records)) for _ in range(60)]
    assert not any(f.different for f in found)
    assert sum(f.harmless for f in found) >= 55


def test_a_slow_change_of_habits_is_not_the_outcome() -> None:
    company = Company(np.random.default_rng(6), records=4_000)
    share = 0.2 + 0.6 * (company.born - company.born.min()) / (NOW - company.born.min())
    kind = _honest(company, 0.2)
    found = company.compare(marked(company.rng.random(company.records) < share, kind))
    assert not found.different


def test_the_value_of_unchanged_records_can_prove_it() -> None:
    company = Company(np.random.default_rng(7))
    kind = _honest(company, 0.3)
    past = pd.concat([company._at(NOW - k * 30 * DAY_MS) for k in range(6, 20)], ignore_index=True)
    search = Hindsight(past, company._at(NOW))
    column = pd.Series(kind, dtype=object)[past["record"]].reset_index(drop=True)
    some = company.rng.random(len(past)) < 0.4
    assert search.told_then(column, some)
    filled = pd.Series(marked(company.over & company.won), dtype=object)
    late = filled[past["record"]].reset_index(drop=True)
    # A record that its outcome filled was changed: it is not among the unchanged ones.
    unchanged = some & late.isna().to_numpy()
    assert not search.told_then(late, unchanged)


def test_too_little_says_nothing() -> None:
    company = Company(np.random.default_rng(8), records=40)
    found = company.compare(marked(company.over & company.won))
    assert not found.alike
