"""What the data allow is said before anything is fitted, and training agrees."""

from dataclasses import replace

import pytest
from support.worlds import NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.training.training import train
from sales_consultant.scoring.validation.readiness import TrainingReadiness, lending, readiness

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


def look(deals: int, **more: object) -> tuple[TrainingReadiness, str]:
    with company(deals=deals, **more).connection() as engine:  # type: ignore[arg-type]  # keywords passed through
        found = readiness(engine, "deals", DEALS, as_of=NOW, exclusions=Exclusions())
        made = train(engine, "deals", DEALS, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings())
        card = made.model.card
        assert (found.with_event, found.without) == (
            card["records_with_event"],
            card["records_without_event"],
        )
        assert (found.rows, found.cut_offs) == (card["rows"], len(card["cut_offs"]))
        return found, made.model.tier


@pytest.mark.slow
@pytest.mark.parametrize("deals", [40, 300, 800])
def test_the_tier_to_expect_is_the_tier_that_comes(deals: int) -> None:
    found, tier = look(deals)
    # Boosted is allowed, not promised.
    assert tier == found.tier or (found.tier, tier) == ("boosted", "full")
    assert 0.3 < found.activity_coverage <= 1
    assert found.stage_history is not None
    if tier == "rules":
        assert any("more records" in m or "forward test" in m for m in found.missing)
    assert found.open_now > 0
    # What is learnt from are those whose horizon is over; nothing is positive that was not won.
    assert found.won >= found.with_event and 0 < found.lost <= deals
    assert found.positives >= found.with_event and found.positives <= found.rows


def test_nothing_at_all_is_said_too() -> None:
    with company(deals=0).connection() as engine:
        found = readiness(engine, "deals", DEALS, as_of=NOW, exclusions=Exclusions())
    assert found.tier == "rules"
    assert (found.with_event, found.without, found.open_now, found.rows) == (0, 0, 0, 0)
    assert len(found.missing) >= 3


def test_who_would_borrow_from_whom_is_said_too() -> None:
    with company(deals=0).connection() as engine:
        small = readiness(engine, "small", DEALS, as_of=NOW, exclusions=Exclusions())
    populations = {"big": DEALS, "small": DEALS.model_copy(update={"parent": "big"})}
    for tier, said in (("shrunk", "would borrow from big (shrunk)"), ("rules", "too little data to lend")):
        found = lending([replace(small, population="big", tier=tier), small], populations)
        assert said in found[1].borrows
        assert found[0].borrows == ""
