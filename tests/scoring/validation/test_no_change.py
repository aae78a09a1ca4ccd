"""What the data do not contradict stays in force: values, and scores where nothing has ended."""

from dataclasses import replace
from typing import Any

import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.populations import Exclusions, Population
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.customers.value import ValueModel, fit_customers
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.propensity.rules import RuleModel
from sales_consultant.scoring.validation.no_change import nothing_ended, values_stay

NONE = Exclusions()


@pytest.fixture(scope="module")
def engine() -> DuckEngine:
    """A hundred companies with seven deals each, won by chance."""
    world: World = company(deals=700)
    for n, deal in enumerate(world.rows["deals"]):
        deal["company_id"] = f"c{n % 100}"
    return world.connection()


def learnt(engine: DuckEngine, day: int) -> ValueModel:
    return fit_customers(engine, as_of=NOW + day * DAY, exclusions=NONE)


def test_a_week_without_a_purchase_is_no_news(engine: DuckEngine) -> None:
    old, new = learnt(engine, 0), learnt(engine, 28)
    assert old.purchase_params is not None
    assert "nothing was bought" in values_stay(engine, old, new, exclusions=NONE)


def test_a_week_of_trade_as_usual_does_not_move_values(engine: DuckEngine) -> None:
    old, new = learnt(engine, -14), learnt(engine, -7)
    assert old.card["purchases"] < new.card["purchases"]
    assert "do not contradict" in values_stay(engine, old, new, exclusions=NONE)


def test_eight_months_of_silence_are_news(engine: DuckEngine) -> None:
    assert values_stay(engine, learnt(engine, 0), learnt(engine, 240), exclusions=NONE) == ""


def test_values_that_the_data_reject_go(engine: DuckEngine) -> None:
    old, new = learnt(engine, -14), learnt(engine, 0)
    assert old.purchase_params and old.spend_params
    slow = {**old.purchase_params, "alpha": 2 * old.purchase_params["alpha"]}
    assert values_stay(engine, replace(old, purchase_params=slow), new, exclusions=NONE) == ""
    dear = {**old.spend_params, "v": 2 * old.spend_params["v"]}
    assert values_stay(engine, replace(old, spend_params=dear), new, exclusions=NONE) == ""
    assert values_stay(engine, replace(old, currency="USD"), new, exclusions=NONE) == ""


def test_a_loss_corrected_into_a_win_is_news(engine: DuckEngine) -> None:
    """As many have ended as before, but others, or in another way."""
    deals = Population.model_validate({"object": "deals", "event": "won"})
    customers = Population.model_validate({"object": "companies", "event": "next_purchase"})
    world: World = company(deals=700)
    told, bought = set(), set()
    for turn in range(3):
        over = [d for d in world.rows["deals"] if d["is_closed"]]
        if turn:
            one = [d for d in over if d["is_won"]][turn]
            one["is_won"], one["stage"] = False, "lost"
        with world.connection() as mine:
            told.add(Membership(mine, deals, NONE, as_of=NOW).endings())
            again = Membership(mine, deals, NONE, as_of=NOW + DAY).endings()
            assert again in told
            bought.add(Membership(mine, customers, NONE, as_of=NOW).endings())
    assert len(told) == len(bought) == 3


def asked(trained_at: int, ended: int | None, **more: object) -> PopulationModel:
    """A set of rules of a day, which saw so many records end."""
    population = Population.model_validate({"object": "deals", "event": "won", **more})
    card = {} if ended is None else {"ended": ended}
    rest: tuple[Any, ...] = ([], [], None, RuleModel(), 1.0, {}, [], card)
    return PopulationModel("deals", population, "deal won", 30, trained_at, *rest)


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (asked(NOW + 7 * DAY, 90), True),
        (asked(NOW + 7 * DAY, 91), False),
        (asked(NOW + 91 * DAY, 90), False),
        (asked(NOW + 7 * DAY, 90, where={"pipeline": "sales"}), False),
        (asked(NOW + 7 * DAY, None), False),
    ],
)
def test_scores_stay_where_nothing_ended_and_the_question_is_the_same(
    new: PopulationModel, same: bool
) -> None:
    assert nothing_ended(asked(NOW, 90), new) == same
    assert not nothing_ended(asked(NOW, None), asked(NOW, None))
