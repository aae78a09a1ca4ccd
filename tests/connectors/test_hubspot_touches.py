"""What HubSpot keeps apart from its objects: forms and visits as a contact's analytics, and dated exchange rates."""

from typing import Any

from histories.hubspot_world import HubSpotWorld
from histories.play import CLOCK

from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sync.pull import pull

START = parse_iso(CLOCK)
HOUR = 3_600_000


def pulled(world: HubSpotWorld) -> dict[str, str]:
    connector = world.connector("", False)
    done = pull(connector, world.warehouse, until=connector.now())
    connector.close()
    return done.not_permitted


def rows(world: HubSpotWorld, sql: str) -> list[tuple[Any, ...]]:
    return world.warehouse.con.execute(sql).fetchall()


def submit(world: HubSpotWorld, form: str, mail: str, at: int | None = None) -> None:
    portal = world.sandbox.call("GET", "/account-info/v3/details")["portalId"]
    body = {"fields": [{"name": "email", "value": mail}], **({"submittedAt": at} if at else {})}
    world.sandbox.call("POST", f"/submissions/v3/integration/submit/{portal}/{form}", body)


def test_forms_and_visits_are_dated_activities_of_their_contact(world: HubSpotWorld) -> None:
    form = world.sandbox.call("POST", "/marketing/v3/forms", {"name": "Demo wanted"})["id"]
    submit(world, form, "ann@firm.example", START - 3 * HOUR)
    world.sandbox.clock.advance(3600)
    submit(world, form, "ann@firm.example")
    [(_, contact)] = world.live("contacts")
    world.sandbox.control("visit", contact=contact)
    world.sandbox.clock.advance(3600)
    world.sandbox.control("visit", contact=contact, at="2024-06-01T09:30:00Z")
    pulled(world)
    found = rows(
        world,
        "SELECT a.type, a.occurred_at, a.known_at, a.direction, l.to_object, l.to_id FROM activities a "
        "JOIN associations l ON l.from_object = 'activity' AND l.from_id = a.id ORDER BY 2, 1",
    )
    who = ("inbound", "contact", contact)
    assert found == [
        # HubSpot learnt of the first when it was sent on, three hours after.
        ("form", START - 3 * HOUR, START, *who),
        ("form", START + HOUR, START + HOUR, *who),
        ("visit", START + HOUR, START + HOUR, *who),
        ("visit", START + 3 * HOUR // 2, START + 2 * HOUR, *who),
    ]
    # The next pull tells the same; a delta brings what is new.
    submit(world, form, "ann@firm.example", START + 5 * HOUR // 3)
    pulled(world)
    assert rows(world, "SELECT count(*), count(DISTINCT id) FROM activities") == [(5, 5)]


def test_who_was_merged_keeps_its_forms_once(world: HubSpotWorld) -> None:
    form = world.sandbox.call("POST", "/marketing/v3/forms", {"name": "Demo wanted"})["id"]
    for mail in ("ann@firm.example", "bo@firm.example"):
        submit(world, form, mail)
        world.sandbox.clock.advance(60)
    pulled(world)
    one, two = (i for _, i in world.live("contacts"))
    body = {"primaryObjectId": one, "objectIdToMerge": two}
    heir = world.sandbox.call("POST", "/crm/v3/objects/contacts/merge", body)["id"]
    pulled(world)
    found = rows(world, "SELECT type, occurred_at FROM activities ORDER BY 2")
    assert found == [("form", START), ("form", START + 60_000)]
    assert rows(world, "SELECT DISTINCT to_id FROM associations WHERE from_object = 'activity'") == [(heir,)]


def test_rates_hold_from_their_moment_to_the_next(world: HubSpotWorld) -> None:
    path = "/settings/currencies/2026-03/exchange-rates"
    pulled(world)
    assert rows(world, "SELECT * FROM currencies") == []
    for code, rate, at in (
        ("EUR", 1.25, "2024-01-01T00:00:00Z"),
        ("EUR", 2, "2024-03-01T00:00:00Z"),
        ("GBP", 1.6, "2024-02-01T00:00:00Z"),
    ):
        world.sandbox.call(
            "POST", path, {"fromCurrencyCode": code, "conversionRate": rate, "effectiveAt": at}
        )
    pulled(world)
    january, february, march = (parse_iso(f"2024-0{m}-01T00:00:00Z") for m in (1, 2, 3))
    assert rows(world, "SELECT code, rate, start_at, end_at FROM currencies ORDER BY 1, 3") == [
        ("EUR", 0.8, january, march),
        ("EUR", 0.5, march, None),
        ("GBP", 0.625, february, None),
        ("USD", 1.0, None, None),
    ]


def test_rates_stay_where_the_token_may_not_read_them_any_more(world: HubSpotWorld) -> None:
    body = {"fromCurrencyCode": "EUR", "conversionRate": 1.25}
    world.sandbox.call("POST", "/settings/currencies/2026-03/exchange-rates", body)
    assert pulled(world) == {}
    world.sandbox.control("users", token="a-pullers-token", without=["settings.currencies.read"])
    assert "currencies" in pulled(world)
    assert rows(world, "SELECT count(*) FROM currencies") == [(2,)]
