"""People are customers where there is no company: they get a value, a risk, a lifecycle and a tier of their own."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW, World

from sales_consultant.config.populations import Exclusions
from sales_consultant.scoring.customers import not_valued, purchases, segments
from sales_consultant.scoring.customers.alive import agree
from sales_consultant.scoring.customers.customer_of import key_of, person, record_of
from sales_consultant.scoring.customers.purchases import summary
from sales_consultant.scoring.customers.value import fit_customers

NOBODY = Exclusions()


def sold(world: World, deal: str, days: int, amount: float = 100.0, **more: Any) -> None:
    at = NOW - days * DAY
    row = {"id": deal, "name": deal, "amount": amount, "created_at": at - DAY, "closed_at": at, **more}
    world.add("deals", **row, is_closed=True, is_won=True, stage="won")


def on(world: World, deal: str, contact: str, **more: Any) -> None:
    world.add("associations", from_object="deal", from_id=deal, to_object="contact", to_id=contact, **more)


def shop(people: int, *, companies: int = 0, seed: int = 3) -> World:
    """Persons, and companies with a contact each, who buy at rates of their own."""
    rng, world = np.random.default_rng(seed), World()
    for n in range(people + companies):
        firm = f"f{n}" if n >= people else None
        if firm:
            world.add("companies", id=firm, name=firm, created_at=1)
        world.add("contacts", id=f"p{n}", first_name="P", last_name=str(n), company_id=firm, created_at=1)
        day = int(rng.integers(300, 700))
        leaves = int(rng.integers(0, day))
        while day > leaves:
            key = f"d{n}-{day}"
            sold(world, key, day, float(rng.integers(50, 200)), company_id=firm)
            on(world, key, f"p{n}", label="primary")
            day -= int(rng.exponential(60)) + 3
    return world


def customers(world: World, **more: Any) -> dict[str, int]:
    table = summary(purchases(world.connection(), as_of=NOW, **more), as_of=NOW)
    return {str(k): int(n) for k, n in table["purchases"].items()}


def test_keys_of_customers_come_back_as_records() -> None:
    for obj, record in (("companies", "17"), ("contacts", "17")):
        assert record_of(key_of(obj, record)) == (obj, record)
    assert key_of("contacts", "17") == person("17") != key_of("companies", "17")


def test_a_deal_without_a_company_belongs_to_its_contact() -> None:
    world = World()
    for contact in ("first", "main", "later"):
        world.add("contacts", id=contact, created_at=1)
    sold(world, "labelled", 50)
    on(world, "labelled", "first", known_at=1)
    on(world, "labelled", "main", known_at=2, label="primary")
    sold(world, "unlabelled", 40)
    on(world, "unlabelled", "later", known_at=9)
    on(world, "unlabelled", "first", known_at=3)
    sold(world, "nobody's", 30)
    assert customers(world) == {person("main"): 1, person("first"): 1}
    assert purchases(world.connection(), as_of=NOW).counted_out == {"no customer": 1}
    assert customers(world, by="company") == {}


def test_where_there_is_a_company_it_is_the_customer() -> None:
    world = World()
    world.add("companies", id="f", created_at=1)
    world.add("contacts", id="k", created_at=1, company_id="f")
    sold(world, "d", 50, company_id="f")
    on(world, "d", "k", label="primary")
    # Nobody set the company of this one, but who bought works for it.
    sold(world, "e", 40)
    on(world, "e", "k", label="primary")
    assert customers(world) == {"f": 2}


def test_a_company_and_a_person_of_one_id_are_two_customers() -> None:
    world = World()
    world.add("companies", id="1", created_at=1)
    world.add("contacts", id="1", created_at=1)
    sold(world, "d", 50, company_id="1")
    sold(world, "e", 40)
    on(world, "e", "1")
    assert customers(world) == {"1": 1, person("1"): 1}


def test_the_company_of_a_person_account_is_that_person() -> None:
    """Salesforce keeps a person as an account that is no company, with one contact of its own."""
    world = World()
    world.add("contacts", id="k", created_at=1, company_id="account")
    sold(world, "d", 50, company_id="account")
    # A company that cannot be seen has more contacts, or none: it stays the customer.
    world.add("contacts", id="m", created_at=1, company_id="hidden")
    world.add("contacts", id="n", created_at=1, company_id="hidden")
    sold(world, "e", 40, company_id="hidden")
    assert customers(world) == {person("k"): 1, "hidden": 1}


@pytest.mark.parametrize(("people", "companies"), [(150, 0), (80, 80)])
def test_people_get_a_value_a_risk_a_lifecycle_and_a_tier(people: int, companies: int) -> None:
    engine = shop(people, companies=companies).connection()
    model = fit_customers(engine, as_of=NOW, exclusions=NOBODY)
    assert (model.card["customers"], model.card["people"]) == (people + companies, people)
    worth = model.predict(engine, as_of=NOW, exclusions=NOBODY)
    persons = worth[worth["object"] == "contacts"]
    assert len(persons) == people and persons["value_12m"].notna().all()
    assert persons["record_id"].str.startswith("p").all() and persons["churn_risk"].notna().sum() > people / 2
    edges = segments.fit(engine, as_of=NOW, values=worth, exclusions=NOBODY)
    frame = edges.assign(engine, as_of=NOW, previous={}, values=worth, exclusions=NOBODY)
    told = frame[frame["object"] == "contacts"].set_index("record_id")
    mine = told.loc[persons["record_id"]]
    assert mine["lifecycle"].notna().all() and set(mine["customer_tier"].dropna()) == {1, 2, 3}
    others = told.drop(persons["record_id"])
    assert len(others) == companies
    assert others["lifecycle"].isna().all() and others["customer_tier"].isna().all()
    risk = dict(zip(persons["record_id"], persons["churn_risk"].round(), strict=True))
    for record, segment, lifecycle in zip(mine.index, mine["segment"], mine["lifecycle"], strict=True):
        assert agree(segment, lifecycle, None if pd.isna(risk[record]) else risk[record])


def test_a_person_who_must_not_be_scored_is_left_out() -> None:
    world = shop(40)
    world.rows["contacts"][0]["do_not_score"] = True
    world.rows["contacts"][1]["domain"] = "us.example"
    exclude = Exclusions(own_domains=["us.example"])
    engine = world.connection()
    model = fit_customers(engine, as_of=NOW, exclusions=exclude)
    assert model.card["excluded"] == {"do_not_score": 1, "own_domain": 1}
    left = set(model.predict(engine, as_of=NOW, exclusions=exclude)["record_id"])
    assert not {"p0", "p1"} & left and len(left) == 38


def test_what_cannot_be_valued_is_said() -> None:
    assert not_valued({"customers": 30, "counted_out": {}}, valued=True) == ""
    nobody = not_valued({"customers": 0, "counted_out": {"no customer": 7}}, valued=False)
    assert nobody == (
        "nobody can be valued: no won deal has a customer and an amount; "
        "7 won deals count for nobody (neither a company nor a contact: 7)"
    )
    assert "bought twice" in not_valued({"customers": 5}, valued=False)
