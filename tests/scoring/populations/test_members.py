"""Who is in a population at a time, who is left out and why."""

import pytest
from support.worlds import DAY, NOW, World, put

from sales_consultant.config.populations import Exclusions, Population
from sales_consultant.scoring.core.errors import UnknownColumnError
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.populations.training_rows import labelled
from sales_consultant.scoring.scorer import excluded

DEALS = Population(object="deals", event="won")


def ids(world: World, population: Population, cut: int, *, as_of: int = NOW) -> set[str]:
    members = Membership(world.connection(), population, Exclusions(), as_of=as_of)
    return set(members.at(cut)["record_id"])


def test_a_deal_is_a_member_from_creation_to_closing() -> None:
    world = World()
    world.add(
        "deals", id="d", created_at=NOW - 90 * DAY, closed_at=NOW - 30 * DAY, is_closed=True, is_won=True
    )
    seen = {days: ids(world, DEALS, NOW - days * DAY) for days in (91, 90, 31, 30, 0)}
    assert seen == {91: set(), 90: {"d"}, 31: {"d"}, 30: set(), 0: set()}


def test_what_closed_after_the_as_of_is_still_open() -> None:
    world = World()
    world.add("deals", id="d", created_at=NOW - 90 * DAY, closed_at=NOW, is_closed=True, is_won=True)
    members = Membership(world.connection(), DEALS, Exclusions(), as_of=NOW - 10 * DAY).at(NOW - 10 * DAY)
    assert list(members["record_id"]) == ["d"]
    assert members["event_at"].isna().all()


def test_a_closed_deal_without_a_date_has_the_first_closed_stages() -> None:
    world = World()
    world.add("deals", id="d", created_at=NOW - 90 * DAY, is_closed=True, is_won=True, stage="won")
    world.add("deal_history", deal_id="d", changed_at=NOW - 90 * DAY, stage="new")
    world.add("deal_history", deal_id="d", changed_at=NOW - 40 * DAY, stage="won")
    assert ids(world, DEALS, NOW - 41 * DAY) == {"d"}
    assert ids(world, DEALS, NOW - 40 * DAY) == set()


def test_a_deal_opened_again_was_closed_in_between() -> None:
    world = World()
    world.add("deals", id="d", created_at=NOW - 90 * DAY, stage="offer")
    for days, stage in ((90, "new"), (60, "lost"), (20, "offer")):
        world.add("deal_history", deal_id="d", changed_at=NOW - days * DAY, stage=stage)
    assert [ids(world, DEALS, NOW - d * DAY) for d in (61, 60, 21, 20)] == [{"d"}, set(), set(), {"d"}]


def test_deleted_records_are_nowhere() -> None:
    world = World()
    world.add("deals", id="d", created_at=NOW - 90 * DAY, deleted=True)
    assert ids(world, DEALS, NOW) == set()


def test_the_filter_takes_one_value_or_several() -> None:
    world = World()
    for pipeline in ("sales", "renewals", "partner"):
        world.add("deals", id=pipeline, created_at=NOW - DAY, pipeline=pipeline)
    assert ids(world, Population(object="deals", event="won", where={"pipeline": "sales"}), NOW) == {"sales"}
    both = Population(object="deals", event="won", where={"pipeline": ["sales", "partner"]})
    assert ids(world, both, NOW) == {"sales", "partner"}


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownColumnError, match="Did you mean 'pipeline'"):
        ids(World(), Population(object="deals", event="won", where={"pipline": "sales"}), NOW)


def lead(world: World, stage_known: str) -> None:
    world.add("contacts", id="k", created_at=NOW - 90 * DAY, lifecycle_stage="customer")
    world.add(
        "fields", object="contacts", column_name="lifecycle_stage", type="enumeration", known=stage_known
    )
    for days, stage in ((90, "lead"), (20, "customer")):
        row = {"object": "contacts", "record_id": "k", "field": "lifecycle_stage"}
        world.add("field_history", **row, value=stage, changed_at=NOW - days * DAY)


def test_a_filter_with_history_holds_as_of_the_cut() -> None:
    world = World()
    lead(world, "history")
    leads = Population(object="contacts", event="deal_opened", where={"lifecycle_stage": "lead"})
    assert ids(world, leads, NOW - 30 * DAY) == {"k"}
    assert ids(world, leads, NOW) == set()


def test_a_stage_without_history_filters_today_only_and_says_so() -> None:
    world = World()
    lead(world, "current")
    leads = Population(object="contacts", event="deal_opened", where={"lifecycle_stage": "lead"})
    members = Membership(world.connection(), leads, Exclusions(), as_of=NOW)
    assert set(members.at(NOW - 30 * DAY)["record_id"]) == {"k"}
    assert set(members.at(NOW)["record_id"]) == set()
    assert "lifecycle_stage has no history" in members.notes[0]


def test_a_contact_leaves_with_its_first_deal() -> None:
    world = World()
    world.add("contacts", id="k", created_at=NOW - 90 * DAY)
    world.add("deals", id="d", created_at=NOW - 30 * DAY)
    world.add("associations", from_object="deal", from_id="d", to_object="contact", to_id="k")
    contacts = Population(object="contacts", event="deal_opened")
    members = Membership(world.connection(), contacts, Exclusions(), as_of=NOW)
    assert members.at(NOW - 40 * DAY)["event_at"].tolist() == [NOW - 30 * DAY]
    assert members.at(NOW).empty


@pytest.mark.parametrize(("event", "label"), [("converted", [NOW - DAY]), ("converted_with_deal", [])])
def test_a_conversion_without_a_deal(event: str, label: list[int]) -> None:
    world = World()
    world.add(
        "contacts",
        id="l",
        source_object="Lead",
        created_at=NOW - 9 * DAY,
        is_converted=True,
        converted_at=NOW - DAY,
    )
    leads = Population.model_validate(
        {"object": "contacts", "event": event, "where": {"source_object": "Lead"}}
    )
    rows = Membership(world.connection(), leads, Exclusions(), as_of=NOW).at(NOW - 2 * DAY)
    assert rows["event_at"].dropna().tolist() == label
    assert rows["ended_at"].tolist() == [NOW - DAY]


def test_a_customer_stays_and_the_next_purchase_is_the_event() -> None:
    world = World()
    world.add("companies", id="c", created_at=NOW - 900 * DAY)
    for days in (300, 100):
        at = NOW - days * DAY
        world.add(
            "deals", id=f"d{days}", company_id="c", created_at=at, closed_at=at, is_closed=True, is_won=True
        )
    members = Membership(
        world.connection(), Population(object="companies", event="next_purchase"), Exclusions(), as_of=NOW
    )
    assert members.at(NOW - 400 * DAY).empty
    assert members.at(NOW - 200 * DAY)["event_at"].tolist() == [NOW - 100 * DAY]
    assert members.at(NOW)["event_at"].isna().tolist() == [True]


def test_renewals_are_no_new_business() -> None:
    world = World()
    world.add("companies", id="c", created_at=NOW - 900 * DAY)
    world.add(
        "deals",
        id="r",
        company_id="c",
        type="Renewal",
        created_at=NOW - DAY,
        closed_at=NOW - DAY,
        is_closed=True,
        is_won=True,
    )
    assert ids(world, Population(object="companies", event="new_business_won"), NOW) == {"c"}


def test_exclusions_are_counted_by_their_first_reason() -> None:
    world = World()
    world.add("companies", id="own", domain="us.example", created_at=0)
    world.add("companies", id="rival", domain="www.rival.example", created_at=0)
    world.add("companies", id="shy", do_not_score=True, created_at=0)
    world.add("companies", id="fine", name="Testing Labs", domain="fine.example", created_at=0)
    for key, firm, name, pipeline in (
        ("d1", "own", "x", "sales"),
        ("d2", "rival", "x", "sales"),
        ("d3", "shy", "TEST deal", "sales"),
        ("d4", "fine", "a test!", "sales"),
        ("d5", "fine", "Contest of the best", "sales"),
        ("d6", "fine", "x", None),
    ):
        world.add("deals", id=key, company_id=firm, name=name, created_at=1)
        world.rows["deals"][-1]["pipeline"] = pipeline
    engine = world.connection()
    engine.con.execute("UPDATE deals SET pipeline = NULL WHERE id = 'd6'")
    rules = Exclusions(own_domains=["US.example"], competitor_domains=["rival.example"])
    found = excluded(Membership(engine, DEALS, rules, as_of=NOW))
    assert found == {"competitor": 1, "do_not_score": 1, "no_pipeline": 1, "own_domain": 1, "test_name": 1}
    assert list(Membership(engine, DEALS, rules, as_of=NOW).at(NOW)["record_id"]) == ["d5"]


def test_a_lead_of_ours_is_left_out_by_its_address() -> None:
    world = World()
    world.add("contacts", id="l", domain="us.example", created_at=1)
    engine = world.connection()
    put(engine, "contacts", [{"id": "m", "domain": "partner.example", "created_at": 1}])
    rules = Exclusions(own_domains=["us.example"], partner_domains=["partner.example"])
    contacts = Population(object="contacts", event="deal_opened")
    assert excluded(Membership(engine, contacts, rules, as_of=NOW)) == {"own_domain": 1, "partner": 1}


def status(world: World, known: str, *steps: tuple[int, str], today: str) -> None:
    """A contact made 90 days ago, with the days at which its status changed."""
    world.add("contacts", id="k", created_at=NOW - 90 * DAY, status=today)
    world.add("fields", object="contacts", column_name="status", type="enumeration", known=known)
    for days, value in steps:
        row = {"object": "contacts", "record_id": "k", "field": "status"}
        world.add("field_history", **row, value=value, changed_at=NOW - days * DAY)


CONTACTS = Population(object="contacts", event="deal_opened")


def opened(world: World, days: int) -> None:
    world.add("deals", id="d", created_at=NOW - days * DAY)
    world.add("associations", from_object="deal", from_id="d", to_object="contact", to_id="k")


@pytest.mark.parametrize(
    "word", ["UNQUALIFIED", "Unqualified", "Closed - Not Converted", "bad_fit", "Junk lead"]
)
def test_who_is_given_up_is_no_member_and_no_positive_any_more(word: str) -> None:
    world = World()
    status(world, "history", (90, "New"), (40, word), today=word)
    opened(world, 20)
    members = Membership(world.connection(), CONTACTS, Exclusions(), as_of=NOW)
    assert [len(members.at(NOW - d * DAY)) for d in (90, 41, 40, 21, 0)] == [1, 1, 0, 0, 0]
    assert members.at(NOW - 60 * DAY)["event_at"].isna().all()
    assert members.life["ended_at"].tolist() == [NOW - 40 * DAY]
    assert (members.disqualified, members.notes) == (1, [])
    rows = labelled(members, [NOW - 60 * DAY], 60)
    assert rows["label"].tolist() == [0.0]


def test_who_is_taken_back_is_a_member_again() -> None:
    world = World()
    status(world, "history", (90, "New"), (60, "Unqualified"), (30, "Open"), today="Open")
    opened(world, 10)
    members = Membership(world.connection(), CONTACTS, Exclusions(), as_of=NOW)
    assert [len(members.at(NOW - d * DAY)) for d in (61, 60, 31, 30, 10)] == [1, 0, 0, 1, 0]
    assert members.at(NOW - 80 * DAY)["event_at"].tolist() == [NOW - 10 * DAY]
    assert members.disqualified == 1


def test_a_status_that_comes_after_the_as_of_is_not_seen() -> None:
    world = World()
    status(world, "history", (90, "New"), (40, "Unqualified"), today="Unqualified")
    members = Membership(world.connection(), CONTACTS, Exclusions(), as_of=NOW - 50 * DAY)
    assert len(members.at(NOW - 50 * DAY)) == 1
    assert members.disqualified == 0


def test_a_status_without_history_holds_for_today_only() -> None:
    world = World()
    status(world, "current", today="unqualified")
    members = Membership(world.connection(), CONTACTS, Exclusions(), as_of=NOW)
    assert [len(members.at(NOW - d * DAY)) for d in (60, 1, 0)] == [1, 1, 0]
    assert members.disqualified == 1
    assert "status has no history" in members.notes[0]


def test_two_values_of_one_moment_are_told_apart_by_todays() -> None:
    for today, count in (("Converted", 1), ("Unqualified", 0)):
        world = World()
        status(world, "history", (90, "New"), (40, "Converted"), (40, "Unqualified"), today=today)
        assert len(ids(world, CONTACTS, NOW)) == count


def test_a_population_of_those_who_were_given_up_keeps_them() -> None:
    world = World()
    status(world, "history", (90, "New"), (40, "Unqualified"), today="Unqualified")
    lost = Population(object="contacts", event="deal_opened", where={"status": "unqualified"})
    assert ids(world, lost, NOW) == {"k"}


WON = Population(object="contacts", event="won", horizon_days=90)


def sold(world: World, deal: str, opened_days: int, won_days: int | None, **more: object) -> None:
    """A deal, won so many days ago or lost, for contact "k"."""
    end = won_days if won_days is not None else opened_days - 5
    row = {"id": deal, "created_at": NOW - opened_days * DAY, "closed_at": NOW - end * DAY, "is_closed": True}
    world.add("deals", **row, is_won=won_days is not None, **more)
    world.add("associations", from_object="deal", from_id=deal, to_object="contact", to_id="k")


def test_a_contact_is_asked_whether_its_deal_is_won_until_the_deal_is_opened() -> None:
    world = World()
    world.add("contacts", id="k", created_at=NOW - 200 * DAY)
    sold(world, "d", 120, 60)
    members = Membership(world.connection(), WON, Exclusions(), as_of=NOW)
    assert [len(members.at(NOW - d * DAY)) for d in (200, 121, 120, 61, 0)] == [1, 1, 0, 0, 0]
    rows = labelled(members, [NOW - d * DAY for d in (190, 149, 130)], 90)
    # Won 60 days ago: 130 days before the first row, which is beyond its horizon.
    assert rows["label"].tolist() == [0.0, 1.0, 1.0]
    assert rows["ended_at"].tolist() == rows["event_at"].tolist() == [NOW - 60 * DAY] * 3


def test_a_lost_deal_leaves_the_event_open_for_the_next_one() -> None:
    world = World()
    world.add("contacts", id="k", created_at=NOW - 200 * DAY)
    sold(world, "d", 150, None)
    sold(world, "e", 120, 100)
    members = Membership(world.connection(), WON, Exclusions(), as_of=NOW)
    assert members.at(NOW - 160 * DAY)["event_at"].tolist() == [NOW - 100 * DAY]
    assert members.at(NOW - 140 * DAY).empty


@pytest.mark.parametrize("with_deal", [True, False])
def test_a_lead_is_won_with_the_deal_that_it_became(with_deal: bool) -> None:
    world = World()
    became = {"converted_at": NOW - 100 * DAY, "converted_contact_id": "k", "is_converted": True}
    if with_deal:
        became["converted_deal_id"] = "d"
    world.add("contacts", id="l", source_object="Lead", created_at=NOW - 150 * DAY, **became)
    world.add("contacts", id="k", created_at=NOW - 400 * DAY)
    # Of a contact who bought before, the earlier purchase is none of the lead's.
    sold(world, "old", 390, 380)
    sold(world, "d", 100, 70)
    leads = Population(object="contacts", event="won", where={"source_object": "Lead"})
    members = Membership(world.connection(), leads, Exclusions(), as_of=NOW)
    assert members.at(NOW - 101 * DAY)["event_at"].tolist() == [NOW - 70 * DAY]
    assert members.at(NOW - 99 * DAY).empty


def test_a_purchase_after_the_as_of_is_not_seen() -> None:
    world = World()
    world.add("contacts", id="k", created_at=NOW - 200 * DAY)
    sold(world, "d", 120, 60)
    members = Membership(world.connection(), WON, Exclusions(), as_of=NOW - 61 * DAY)
    assert members.life["event_at"].isna().all()


def test_no_cut_off_has_no_members() -> None:
    world = World()
    world.add("contacts", id="k", created_at=NOW - 200 * DAY)
    members = Membership(world.connection(), WON, Exclusions(), as_of=NOW)
    assert members.at_all([]).empty and list(members.at_all([])) == list(members.at_all([NOW]))
