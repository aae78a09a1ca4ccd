"""Which shares and how many owners an experiment may have, and what its screen says to do next."""

from dataclasses import replace

import pytest

from sales_consultant.commands.output.insight import experiments as screen
from sales_consultant.commands.output.writing.page import Page
from sales_consultant.config.errors import UsageError
from sales_consultant.sync.insights.proof.experiment_design import (
    refuse_few_owners,
    refuse_nobody,
    share_of_control,
)
from sales_consultant.sync.insights.proof.results import Designed

DESIGNED = Designed(
    populations=("deals",), share=0.2, clustered=False, horizon_days=90, units=400, per_day=1.0, owners=10, base=0.3,
    correlation=0.0, correlation_days=None, icc=0.0, smallest=0.4, smallest_fixed=0.3, price_of_looking=3.6,
    wanted=((0.5, 300, 80),), excluded=(), planned=100.0, advice=(),
)  # fmt: skip


def said(designed: Designed) -> str:
    page = Page(width=500, now=0)
    screen.design(page, designed)
    return page.text()


@pytest.mark.parametrize("share", [0, -0.1, 0.51, float("nan")])
def test_a_share_that_is_none_names_those_that_are(share: float) -> None:
    with pytest.raises(UsageError) as refused:
        share_of_control(share)
    assert "above 0 and at most 0.5" in refused.value.action
    assert share_of_control(None) == 0.2 and share_of_control(0.5) == 0.5


@pytest.mark.parametrize(("share", "units"), [(0.000001, 900), (0.001, 900), (0.4, 2)])
def test_a_share_that_draws_nobody_is_refused_with_how_many_there_are(share: float, units: int) -> None:
    with pytest.raises(UsageError, match=f"there are {units}"):
        refuse_nobody(share, units)
    refuse_nobody(0.2, 5)


def test_few_owners_are_refused_with_their_number() -> None:
    for owners in (0, 2, 11):
        with pytest.raises(UsageError, match=f"{owners} have companies"):
            refuse_few_owners(owners)
    refuse_few_owners(12)


def test_a_start_is_suggested_only_where_it_would_show_something() -> None:
    assert "experiment start --share 0.2" in said(DESIGNED)
    blind = said(replace(DESIGNED, smallest=None, smallest_fixed=None, advice=("no_effect_seen",)))
    assert "experiment start" not in blind and "wait until there are more companies" in blind
    late = said(replace(DESIGNED, wanted=((0.5, 60_000, None),), advice=("no_effect_seen",)))
    assert "experiment start" not in late and "None of these would be seen within three years" in late
    few = said(replace(DESIGNED, clustered=True, owners=2, advice=("few_owners",)))
    assert (
        "experiment start" not in few and "So few owners measure nothing" in few and "--by-owner" not in few
    )


def test_small_shares_and_single_days_read_as_they_should() -> None:
    text = said(replace(DESIGNED, share=0.004, horizon_days=1))
    assert "2 companies of them (0.4 %) without scores" in text.replace("\u00a0", " ")
    assert "within 1 day before" in text.replace("\u00a0", " ") and "1 days" not in text
