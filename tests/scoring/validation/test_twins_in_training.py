"""What `check --data` says that training does with duplicates is what it does."""

import pytest
from support.worlds import DAY, NOW, START, World, company

from sales_consultant.config.populations import Exclusions, Population
from sales_consultant.scoring.populations import Membership, false_labels
from sales_consultant.scoring.validation.data_quality import look

OLDEST = "training learns from the oldest alone"
CONTACTS = Population(object="contacts", event="won", horizon_days=90)
DEALS = Population(object="deals", event="won")
CUSTOMERS = Population(object="companies", event="next_purchase", horizon_days=90)


def doubled(object_: str, *rows: dict[str, object]) -> World:
    """A company with these records on top, the oldest first."""
    world = company(deals=60, leads=20)
    for n, row in enumerate(rows):
        # On one day: that is a condition for deals.
        world.add(object_, **{"id": f"x{n}", "created_at": START + n, "owner_id": "o0", **row})
        if object_ == "companies":
            world.add(
                "deals", id=f"of-x{n}", company_id=f"x{n}", name=f"Sale {n}", stage="won", is_closed=True, is_won=True,
                created_at=START + n, closed_at=START + 40 * DAY, amount=10,
            )  # fmt: skip
    return world


def person(email: str | None, last: str = "", **more: object) -> dict[str, object]:
    return {"first_name": "Zoe", "last_name": last or f"{email}", "email": email, "company_id": "c0", **more}


def sale(name: str) -> dict[str, object]:
    closed = {"is_closed": True, "is_won": False, "closed_at": START + 40 * DAY}
    return {"name": name, "company_id": "c0", "stage": "lost", **closed}


def firm(name: str, domain: str | None) -> dict[str, object]:
    return {"name": name, "domain": domain}


LEARNT: dict[str, tuple[str, Population, list[dict[str, object]], str, set[str]]] = {
    "one address": (
        "contacts: the same e-mail address", CONTACTS, [person("kim@x.example"), person("Kim@X.example ", "B")], OLDEST, {"x1"},
    ),
    "one address, written otherwise": (
        "contacts: the same e-mail address", CONTACTS,
        [person("mailto:kim@x.example"), person("kim@x.example", "B"), person("Kim <kim@x.example>", "C")], OLDEST, {"x1", "x2"},
    ),
    "one address of leads": (
        "leads: the same e-mail address", CONTACTS,
        [person("kim@x.example", source_object="Lead"), person("kim@x.example;", "B", source_object="Lead")], OLDEST, {"x1"},
    ),
    "one address of leads, of which one was converted": (
        "leads: the same e-mail address", CONTACTS,
        [person("kim@x.example", source_object="Lead", is_converted=True, converted_at=START + DAY),
         person("kim@x.example", "B", source_object="Lead"), person("kim@x.example", "C", source_object="Lead")],
        f"{OLDEST}, be it a converted one", {"x1", "x2"},
    ),
    "a lead and a contact": (
        "leads: a contact has the same e-mail address", CONTACTS,
        [person("kim@x.example"), person("kim@x.example", "B", source_object="Lead")], "training learns from the contact and from the oldest lead", set(),
    ),
    "a lead and a contact that was a lead": (
        "leads: a contact has the same e-mail address", CONTACTS,
        [person("kim@x.example", source_object="Lead", is_converted=True, converted_at=START + DAY),
         person("kim@x.example"), person("kim@x.example", "B", source_object="Lead")],
        "from the oldest lead of the address alone, be it a converted one", {"x2"},
    ),
    "leads of one name": (
        "leads: the same name at one company", CONTACTS,
        [person("kim@x.example", "Two", source_object="Lead", is_converted=True, converted_at=START + DAY),
         person("kim@x.example", "Two", source_object="Lead"), person(None, "Two", source_object="Lead")],
        "only from the oldest of those that share an address, be it a converted one", {"x1"},
    ),
    "one name, three addresses": (
        "contacts: the same name at one company", CONTACTS,
        [person(None, "Two"), person("a@x.example", "Two"), person("b@x.example", "TWO")], "training learns from each, but", set(),
    ),
    "one name, two of one address": (
        "contacts: the same name at one company", CONTACTS,
        [person(None, "Two"), person("a@x.example", "Two"), person("A@x.example", "Two")],
        "only from the oldest of those that share an address", {"x2"},
    ),
    "deals of one name": (
        "deals: the same name, company and day", DEALS, [sale("Müller Deal"), sale("müller deal ")],
        "only from the oldest of those that share, but for case, a name", {"x1"},
    ),
    "deals of one name, spelt otherwise": (
        "deals: the same name, company and day", DEALS, [sale("Müller Deal"), sale("Mueller Deal"), sale("Mueller-Deal")],
        "training learns from each, but", set(),
    ),
    "companies of one domain and name": (
        "companies: the same domain", CUSTOMERS, [firm("Zep", "zep.example"), firm("ZEP", "https://www.zep.example/")],
        "only from the oldest of those that share a domain and, but for case, a name", {"x1"},
    ),
    "companies of one domain": (
        "companies: the same domain", CUSTOMERS, [firm("Zep", "zep.example"), firm("Zep GmbH", "zep.example")],
        "training learns from each, but", set(),
    ),
    "companies of one name": (
        "companies: the same name", CUSTOMERS, [firm("Zep", None), firm("Zep", "zep.example")],
        "training learns from each, but", set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEARNT)
def test_what_is_said_of_training_is_what_training_does(kind: str) -> None:
    what, population, rows, said, left_out = LEARNT[kind]
    with doubled(population.object, *rows).connection() as engine:
        findings = {f"{f.object}: {f.what}": f for f in look(engine, as_of=NOW)}
        members = Membership(engine, population, Exclusions(), as_of=NOW)
        assert {f"x{n}" for n in range(len(rows))} <= set(members.life["record_id"])
        assert false_labels.find(engine, members).twins == left_out
    assert said in findings[what].effect
    # A converted lead is no finding, but may be the one that is learnt from.
    assert left_out <= {s.record_id for s in findings[what].suspects}


def test_people_of_whom_no_address_is_known_are_no_twins() -> None:
    world = doubled("contacts", person(None, "A"), person(None, "B"))
    for row in world.rows["contacts"]:
        row["email"] = None
    with world.connection() as engine:
        assert not false_labels.find(engine, Membership(engine, CONTACTS, Exclusions(), as_of=NOW)).twins


@pytest.mark.parametrize("email", ["n/a", "test@test.com", "noreply@acme.example"])
def test_people_who_share_a_placeholder_are_learnt_from(email: str) -> None:
    with doubled("contacts", person(email, "A"), person(email, "B")).connection() as engine:
        assert not false_labels.find(engine, Membership(engine, CONTACTS, Exclusions(), as_of=NOW)).twins
