"""How well a shown score foretold the event: told only from enough companies, and never as certain."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.sync.insights.proof.experiment_design import foretold


def company(n: int, gaps: float = 0.0) -> tuple[pd.Series, pd.Series]:
    rng = np.random.default_rng(3)
    score = pd.Series(rng.uniform(1, 99, n))
    hit = pd.Series(rng.random(n) < score / 100)
    return hit, score.mask(pd.Series(rng.random(n) < gaps))


def test_a_score_that_foretells_has_its_correlation() -> None:
    hit, score = company(4000)
    # Var(E[hit | score]) / Var(hit) is 1/3 for a chance that is even between 0 and 1.
    assert foretold(hit, score) == pytest.approx((1 / 3) ** 0.5, abs=0.03)


def test_companies_without_a_score_take_from_it() -> None:
    whole, holed = (foretold(*company(4000, gaps)) for gaps in (0.0, 0.5))
    assert whole is not None and holed is not None
    assert 0 < holed < 0.85 * whole


@pytest.mark.parametrize(
    ("hit", "score"),
    [
        company(99),
        (pd.Series([True] * 9 + [False] * 191), company(200)[1]),
        (company(200)[0], pd.Series([50.0] * 200)),
        (company(200)[0], pd.Series([np.nan] * 200)),
    ],
)
def test_too_few_tell_nothing(hit: pd.Series, score: pd.Series) -> None:
    assert foretold(hit, score) is None


def test_it_is_never_certain() -> None:
    hit = pd.Series([True, False] * 100)
    assert foretold(hit, hit.astype("float64")) == 0.95
