"""Recommended products from the neutral tables: who is asked for, what counts, what is left out, and the reason."""

import json
from pathlib import Path

import pandas as pd
import pytest
from support.product_world import shop, sold
from support.worlds import DAY, NOW, World

from sales_consultant.config.populations import Exclusions
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring import model_file
from sales_consultant.scoring.products import (
    NONE,
    POPULARITY,
    SIMILARITY,
    ProductModel,
    bought,
    fit,
    product_facts,
)


def told(engine: DuckEngine, model: ProductModel, **more: object) -> pd.DataFrame:
    """Recommendations by company."""
    return model.recommend(engine, as_of=NOW, **more).set_index("record_id")  # type: ignore[arg-type]  # options by name


def test_what_goes_with_what_they_have_is_recommended_with_its_figures() -> None:
    with shop().connection() as engine:
        model = fit(engine, as_of=NOW)
        found = told(engine, model)
    assert model.method == SIMILARITY and model.card["verdict"] == "better than popularity"
    assert "similarity beats popularity: recall at 10" in model.card["said"]
    row = found.loc["new3"]
    assert (row["product_id"], row["product"], row["anchor"]) == ("hose3", "Hose 3", "Pump 3")
    # 24 bought the pump three months ago or more, and all of them the hose within three months; the new one is not over.
    assert (row["bought"], row["of"], row["within_days"]) == (24, 24, 91)
    assert row["why"] == 'Bought by 24 of 24 customers that bought "Pump 3", within 3 months of it'
    # Who has both is recommended nothing: no third product goes with them.
    assert "c0" not in found.index


def test_where_popularity_wins_it_is_used_and_the_card_says_so() -> None:
    with shop(paired=False).connection() as engine:
        model = fit(engine, as_of=NOW)
        found = told(engine, model)
    assert model.method == POPULARITY and "popularity wins and is used" in model.card["said"]
    assert found.loc["new3", "product"] == "Oil"
    assert found.loc["new3", "why"] == "Bought by 240 of 250 customers; not bought here yet"


def test_too_little_data_is_said_and_popularity_used() -> None:
    with shop(customers=20).connection() as engine:
        model = fit(engine, as_of=NOW)
    assert model.method == POPULARITY and "too few to tell whether similarity is better" in model.card["said"]


def test_what_was_returned_is_not_recommended_again_and_speaks_for_nothing() -> None:
    world = shop()
    sold(world, "new3", "hose3", 20)
    sold(world, "new3", "hose3", 10, quantity=-1, amount=-20)
    sold(world, "new4", "pump4", 10, amount=-100, quantity=None)
    with world.connection() as engine:
        model = fit(engine, as_of=NOW)
        found = told(engine, model)
        facts = product_facts(engine, NOW, model=model)
    assert "new3" not in found.index, "the hose came back"
    assert "new4" not in found.index, "the pump came back, so nothing goes with it"
    row = facts.loc["new3"]
    assert (row["products_owned"], row["products_returned"]) == (1, 1)


def test_a_held_recommendation_stands_while_it_is_among_the_best() -> None:
    world = shop()
    for i in range(60):
        # Pump 3 goes with two products: the hose with more of its customers.
        sold(world, f"c{10 * (i % 24) + 3}", "oil", 140)
    with world.connection() as engine:
        model = fit(engine, as_of=NOW)
        assert told(engine, model).loc["new3", "product"] == "Hose 3"
        assert told(engine, model, previous={"new3": "Oil"}).loc["new3", "product"] == "Oil"
        assert told(engine, model, previous={"new3": "Pump 3"}).loc["new3", "product"] == "Hose 3", (
            "owned now"
        )
        assert told(engine, model, previous={"new3": "Gone"}).loc["new3", "product"] == "Hose 3"


def test_a_line_without_a_date_says_nothing_of_the_past_but_is_owned() -> None:
    world = shop()
    sold(world, "new3", "hose3", 20, known=None)
    with world.connection() as engine:
        held = bought(engine, as_of=NOW)
        model = fit(engine, as_of=NOW)
        assert "new3" not in told(engine, model).index
    first = held.first(until=NOW)
    assert not ((first["customer"] == "new3") & (first["product_id"] == "hose3")).any()


def test_lines_that_have_no_date_at_all_teach_nothing() -> None:
    world = shop(customers=40)
    world.rows["line_items"] = [{**r, "known_at": None} for r in world.rows["line_items"]]
    with world.connection() as engine:
        held = bought(engine, as_of=NOW)
        assert len(held.had()) == 90 and held.first(until=NOW).empty
        model = fit(engine, as_of=NOW)
    assert model.method == NONE and model.card["said"].startswith("no line item of a won deal has a date")


def test_deals_made_for_testing_are_no_purchases() -> None:
    world = shop(customers=0)
    world.rows["line_items"], world.rows["deals"] = [], []
    sold(world, "new1", "pump1", 10, name="Test deal")
    sold(world, "new1", "pump2", 10, name="Pumps")
    with world.connection() as engine:
        held = bought(engine, as_of=NOW, exclusions=Exclusions())
    assert list(held.rows["product_id"]) == ["pump2"]
    assert held.counted_out == {"deal made for testing": 1}


def test_what_was_known_later_or_not_won_does_not_count() -> None:
    world = World()
    world.add("companies", id="c", name="C", created_at=NOW - 900 * DAY)
    world.add("products", id="p", name="P")
    sold(world, "c", "p", 100, known=200)
    sold(world, "c", "p", 100, is_won=False)
    sold(world, "c", "p", -5)
    with world.connection() as engine:
        held = bought(engine, as_of=NOW)
    assert held.rows.empty and held.counted_out == {"known later": 1}


def test_a_product_that_nobody_bought_for_a_year_is_not_recommended() -> None:
    world = shop()
    world.rows["deals"] = [
        r for r in world.rows["deals"] if r["closed_at"] < NOW - 400 * DAY or r["company_id"] == "new3"
    ]
    with world.connection() as engine:
        assert set(told(engine, fit(engine, as_of=NOW))["product"]) == {"Pump 3"}


def test_bad_rows_cost_themselves() -> None:
    """A product without a name, one that no product row has, a line without a product, a deal without a company."""
    world = shop()
    world.add("products", id="nameless", name=None, price=None)
    world.add("products", id="blank", name=" \n ", price=1)
    for i in range(100):
        for product in ("nameless", "blank", "unknown", None, ""):
            sold(world, f"c{i}", product, 130)
    sold(world, None, "pump1", 10)
    sold(world, "new5", "pump5", 10, quantity=0)
    with world.connection() as engine:
        model = fit(engine, as_of=NOW)
        found = told(engine, model)
    assert model.card["counted_out"] == {
        "line without a product": 200,
        "no customer": 1,
        "quantity of zero": 1,
    }
    assert model.card["products_without_a_name"] == 3
    assert set(found["product"]) <= {f"Pump {i}" for i in range(10)} | {f"Hose {i}" for i in range(10)}
    assert found.loc["new5", "product"] == "Hose 5"


def test_a_company_without_a_deal_gets_nothing_and_is_not_in_the_facts() -> None:
    world = shop()
    world.add("companies", id="nobody", name="Nobody", created_at=NOW - 90 * DAY)
    with world.connection() as engine:
        model = fit(engine, as_of=NOW)
        assert "nobody" not in told(engine, model).index
        assert "nobody" not in product_facts(engine, NOW, model=model).index


def test_a_crm_without_line_items_gives_a_model_that_says_so() -> None:
    with World().connection() as engine:
        model = fit(engine, as_of=NOW)
        assert model.method == NONE and "nothing is recommended" in model.card["said"]
        assert told(engine, model).empty and product_facts(engine, NOW, model=model).empty


def test_facts_hold_what_a_playbook_asks_for() -> None:
    with shop().connection() as engine:
        facts = product_facts(engine, NOW, model=fit(engine, as_of=NOW))
        without = product_facts(engine, NOW)
    row = facts.loc["new3"]
    assert row["recommended_product"] == "Hose 3" and row["recommended_product_id"] == "hose3"
    assert (row["recommended_bought"], row["recommended_of"], row["recommended_anchor"]) == (24, 24, "Pump 3")
    assert (row["products_owned"], row["last_purchase_at"]) == (1, NOW - 30 * DAY)
    assert facts["recommended_product"].notna().sum() == 10
    assert without["recommended_product"].isna().all() and without.index.equals(facts.index)


@pytest.mark.parametrize("paired", [True, False])
def test_a_model_file_gives_the_model_back(tmp_path: Path, paired: bool) -> None:
    with shop(paired=paired).connection() as engine:
        model = fit(engine, as_of=NOW)
        model_file.save(model, tmp_path / "m")
        again = model_file.load(tmp_path / "m")
        assert isinstance(again, ProductModel) and again == model
        assert told(engine, again).equals(told(engine, model))
    assert ProductModel.from_dict(json.loads(json.dumps(model.to_dict()))) == model
