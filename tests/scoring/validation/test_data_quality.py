"""What is wrong with the records is found where it was planted, and nowhere else; nothing is changed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import DAY, NOW, World, company

from sales_consultant.scoring.validation.data_quality import look
from sales_consultant.scoring.validation.duplicates import DataFinding
from sales_consultant.scoring.validation.record_names import normalised


def clean() -> World:
    """A few records with nothing wrong."""
    world = World()
    world.add("owners", id="o", email="anna@us.example", active=True)
    for n in range(4):
        made = NOW - (100 + n) * DAY
        world.add(
            "companies",
            id=f"f{n}",
            name=f"Firm {n} GmbH",
            domain=f"firm{n}.example",
            owner_id="o",
            created_at=made,
        )
        world.add(
            "contacts", id=f"k{n}", email=f"k{n}@firm{n}.example", first_name="Kim", last_name=f"Lee {n}",
            company_id=f"f{n}", owner_id="o", created_at=made,
        )  # fmt: skip
        deal(world, f"d{n}", name=f"Deal {n}", company_id=f"f{n}", created_at=made)
    return world


def deal(world: World, key: str, **more: Any) -> None:
    row = {
        "name": key,
        "amount": 100,
        "owner_id": "o",
        "created_at": NOW - 50 * DAY,
        "close_date": NOW + 9 * DAY,
    }
    world.add("deals", **{"id": key, "company_id": "f0", "stage": "new", **row, **more})


def found(world: World) -> dict[str, DataFinding]:
    return {f"{f.object}: {f.what}": f for f in look(world.connection(), as_of=NOW)}


def ids(finding: DataFinding) -> list[str]:
    return [s.record_id for s in finding.suspects]


def test_clean_records_and_an_empty_crm_have_no_finding() -> None:
    assert found(clean()) == {} == found(World())


def contact(world: World, key: str, **more: Any) -> None:
    row = {"first_name": "Jo", "last_name": key, "owner_id": "o", "created_at": NOW - DAY, "company_id": "f1"}
    world.add("contacts", **{"id": key, "email": f"{key}@x.example", **row, **more})


def firm(world: World, key: str, **more: Any) -> None:
    world.add(
        "companies",
        **{"id": key, "name": key, "domain": f"{key}.example", "owner_id": "o", "created_at": NOW, **more},
    )


PLANTED: dict[str, tuple[Any, list[str]]] = {
    "contacts: the same e-mail address": (lambda w: contact(w, "x", email=" K1@firm1.Example"), ["k1", "x"]),
    "contacts: the same name at one company": (
        lambda w: contact(w, "x", first_name="kim", last_name="LEE, 1"), ["k1", "x"],
    ),
    "leads: a contact has the same e-mail address": (
        lambda w: contact(w, "x", email="k2@firm2.example", source_object="Lead"), ["x"],
    ),
    "companies: the same domain": (lambda w: firm(w, "x", domain="www.Firm2.example"), ["f2", "x"]),
    "companies: the same name": (lambda w: firm(w, "x", name="FIRM 3, Inc.", domain="gmail.com"), ["f3", "x"]),
    "deals: the same name, company and day": (
        lambda w: deal(w, "x", name="deal 1", company_id="f1", created_at=NOW - 101 * DAY + 1), ["d1", "x"],
    ),
    "contacts: no e-mail address": (lambda w: contact(w, "x", email=None), ["x"]),
    "deals: neither a company nor a contact": (lambda w: deal(w, "x", company_id=None), ["x"]),
    "deals: open, without an amount": (lambda w: deal(w, "x", amount=None), ["x"]),
    "deals: open, without a close date": (lambda w: deal(w, "x", close_date=None), ["x"]),
    "deals: no pipeline": (lambda w: deal(w, "x", pipeline=""), ["x"]),
    "deals: an amount of zero or less": (lambda w: deal(w, "x", amount=-5, is_closed=True, closed_at=NOW), ["x"]),
    "deals: closed before it was made": (
        lambda w: deal(w, "x", is_closed=True, closed_at=NOW - 60 * DAY), ["x"],
    ),
    "deals: closed after today": (lambda w: deal(w, "x", is_closed=True, closed_at=NOW + DAY), ["x"]),
    "deals: open, and its close date has passed": (lambda w: deal(w, "x", close_date=NOW - 9 * DAY), ["x"]),
    "deals: open, with a close date in more than ten years": (
        lambda w: deal(w, "x", close_date=NOW + 4000 * DAY), ["x"],
    ),
    "contacts: made after today": (lambda w: contact(w, "x", created_at=NOW + DAY), ["x"]),
    "contacts: made before 1990": (lambda w: contact(w, "x", created_at=0), ["x"]),
    "deals: its owner is not among the users": (lambda w: deal(w, "x", owner_id="gone"), ["x"]),
    "deals: no owner": (lambda w: deal(w, "x", owner_id=None), ["x"]),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found_and_nothing_else(what: str) -> None:
    plant, suspects = PLANTED[what]
    world = clean()
    plant(world)
    findings = found(world)
    assert set(findings) == {what}
    assert sorted(ids(findings[what])) == suspects and findings[what].records == len(suspects)
    assert findings[what].effect


def test_an_owner_who_left_is_named() -> None:
    world = clean()
    world.rows["owners"][0]["active"] = False
    findings = found(world)
    assert findings["deals: its owner has left"].records == 4
    assert {s.seen for s in findings["deals: its owner has left"].suspects} == {"anna@us.example"}


def test_an_amount_a_thousand_times_the_usual_is_far_and_ten_times_is_not() -> None:
    world = clean()
    for n in range(60):
        deal(world, f"m{n}", amount=80 + n, company_id="f2")
    for key, amount in (("ten", 1000), ("thousand", 120_000), ("cent", 0.01)):
        deal(world, key, amount=amount, company_id="f3")
    # In another currency it is the usual one.
    for n in range(30):
        deal(world, f"y{n}", amount=100_000 + n, currency="JPY", company_id="f1")
    (finding,) = found(world).values()
    assert max(ids(finding)) == "thousand" and "cent" in ids(finding) and "ten" not in ids(finding)
    assert not [i for i in ids(finding) if i.startswith("y")]


def test_free_mail_and_names_of_two_companies_are_no_duplicates() -> None:
    world = clean()
    firm(world, "x", domain="gmail.com")
    firm(world, "y", domain="gmail.com")
    firm(world, "z", name="Firm 1 Ltd", domain="another.example")
    assert found(world) == {}


def test_groups_are_counted_and_stand_together() -> None:
    world = clean()
    for key, mail in (
        ("a", "one@x.example"),
        ("b", "two@x.example"),
        ("c", "one@x.example"),
        ("d", "two@x.example"),
    ):
        contact(world, key, email=mail)
    finding = found(world)["contacts: the same e-mail address"]
    assert (finding.records, finding.groups, finding.of) == (4, 2, 8)
    assert [s.seen for s in finding.suspects] == ["one@x.example"] * 2 + ["two@x.example"] * 2


def test_nothing_is_changed() -> None:
    engine = company(deals=60).connection()
    before = {
        t: engine.con.execute(f"SELECT * FROM {t}").fetchall() for t in ("contacts", "companies", "deals")
    }
    look(engine, as_of=NOW)
    assert before == {t: engine.con.execute(f"SELECT * FROM {t}").fetchall() for t in before}


@given(st.text(max_size=30))
def test_a_normalised_name_is_normalised_once(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)
    assert normalised(name.upper()) == normalised(name.upper() + "  ")
