"""Rules of HubSpot's that a pull keeps: long addresses, links that change alone, editions, spellings, pauses."""

import pytest
import responses
from histories.hubspot_world import HubSpotWorld

from sales_consultant.connectors.http.transport import Limiter
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sync.pull import pull
from sales_consultant.sync.pull.pull import Pulled
from sales_consultant.sync.stores.warehouse import Warehouse


def pulled(world: HubSpotWorld) -> Pulled:
    connector = world.connector("", False)
    done = pull(connector, world.warehouse, until=connector.now())
    connector.close()
    return done


def test_many_long_names_are_read_by_post(world: HubSpotWorld) -> None:
    group = world.sandbox.call("GET", "/crm/v3/properties/contacts/groups")["results"][0]["name"]
    names = [f"a_name_as_long_as_people_make_them_{'x' * 50}_{n}" for n in range(120)]
    for start in range(0, len(names), 100):
        inputs = [
            {"name": n, "label": n, "type": "string", "fieldType": "text", "groupName": group}
            for n in names[start : start + 100]
        ]
        world.sandbox.call("POST", "/crm/v3/properties/contacts/batch/create", {"inputs": inputs})
    for n in range(3):
        world.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {names[n]: str(n)}})
    world.sandbox.call("DELETE", f"/crm/v3/objects/contacts/{world.live('contacts')[2][1]}")
    assert sum(map(len, names)) > 8000
    pulled(world)
    held = world.warehouse.con.execute(
        f"SELECT f_{names[0]}, f_{names[1]}, f_{names[2]}, _archived FROM raw_contacts ORDER BY id"
    ).fetchall()
    assert held == [("0", None, None, False), (None, "1", None, False), (None, None, "2", True)]


def test_many_long_names_of_what_hubspot_computes_are_read_by_post(world: HubSpotWorld) -> None:
    group = world.sandbox.call("GET", "/crm/v3/properties/contacts/groups")["results"][0]["name"]
    names = [f"a_calculated_name_as_long_as_people_make_them_{'x' * 50}_{n}" for n in range(200)]
    kind = {"type": "number", "fieldType": "calculation_equation", "groupName": group}
    for some in (names[:100], names[100:]):
        inputs = [{"name": n, "label": n, "calculationFormula": "1", **kind} for n in some]
        world.sandbox.call("POST", "/crm/v3/properties/contacts/batch/create", {"inputs": inputs})
    id = world.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "A"}})["id"]
    pulled(world)
    # Computed anew without a stamp, and long after: only reading all of it again tells.
    sql = "UPDATE records SET properties = json_set(properties, ?, '7') WHERE id = ?"
    world.sandbox.store.write(sql, (f"$.{names[-1]}", id))
    world.sandbox.clock.advance(8 * 86_400)
    assert "contacts" in pulled(world).computed
    held = f"SELECT f_{names[-1]} FROM raw_contacts"
    assert world.warehouse.con.execute(held).fetchall() == [("7",)]


def settled(world: HubSpotWorld) -> None:
    """Two pulls, each long after the one before: no record was read since the links were, nor is in an overlap."""
    for _ in range(2):
        pulled(world)
        world.sandbox.clock.advance(86_400)
    pulled(world)
    world.sandbox.clock.advance(60)


def test_a_link_of_an_open_deal_that_changes_alone_is_seen(world: HubSpotWorld) -> None:
    deal = {"dealname": "D", "pipeline": world.pipeline, "dealstage": world.stages[0]}
    made = world.sandbox.call("POST", "/crm/v3/objects/deals", {"properties": deal})["id"]
    contact = world.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "A"}})["id"]
    settled(world)
    stamps = world.sandbox.store.rows("SELECT id, modified FROM records ORDER BY id")
    world.sandbox.call("PUT", f"/crm/v4/objects/deals/{made}/associations/default/contacts/{contact}")
    assert world.sandbox.store.rows("SELECT id, modified FROM records ORDER BY id") == stamps
    pulled(world)
    links = (
        "SELECT to_id FROM associations WHERE from_object = 'deal' AND from_id = ? AND to_object = 'contact'"
    )
    assert world.warehouse.con.execute(links, [made]).fetchall() == [(contact,)]


def test_a_link_of_a_recent_activity_that_changes_alone_is_seen(world: HubSpotWorld) -> None:
    """Of one that changed within two weeks: of an older one only a comparison of all tells."""
    values = {"hs_note_body": "N", "hs_timestamp": "2024-06-01T08:00:00Z"}
    note = world.sandbox.call("POST", "/crm/v3/objects/notes", {"properties": values})["id"]
    people = [
        world.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": n}})["id"]
        for n in "AB"
    ]
    settled(world)
    links = "SELECT to_id FROM raw_link_notes_contacts"
    first, second = people
    world.sandbox.call("PUT", f"/crm/v4/objects/notes/{note}/associations/default/contacts/{first}")
    pulled(world)
    assert world.warehouse.con.execute(links).fetchall() == [(first,)]
    world.sandbox.clock.advance(20 * 86_400)
    pulled(world)
    world.sandbox.call("PUT", f"/crm/v4/objects/notes/{note}/associations/default/contacts/{second}")
    pulled(world)
    assert world.warehouse.con.execute(links).fetchall() == [(first,)]


def test_a_portal_without_marketing_is_pulled_without_campaigns(world: HubSpotWorld) -> None:
    world.sandbox.control("options", marketing=False)
    done = pulled(world)
    assert set(done.not_permitted) == {"campaigns"}
    assert "marketing.campaigns.read" in done.not_permitted["campaigns"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678Z"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("1704164645678", "2024-01-02T03:04:05.678Z"),
        ("2024-01-02", "2024-01-02T00:00:00Z"),
        ("2024-01-02T03:04:05.000+0000", "2024-01-02T03:04:05Z"),
    ],
)
def test_moments_and_numbers_in_every_spelling(text: str, moment: str) -> None:
    warehouse = Warehouse(None, threads=1)
    assert warehouse.number("SELECT to_ms(?)", [text]) == parse_iso(moment)
    for spelt, value in (
        ("1e3", "1000.00"),
        ("1000.504", "1000.50"),
        ("-0.5", "-0.50"),
        ("", "None"),
        ("x", "None"),
    ):
        found = warehouse.con.execute("SELECT to_money(?)", [spelt]).fetchall()[0][0]
        assert str(found) == value
    warehouse.close()


@responses.activate
def test_an_account_that_moves_is_waited_for() -> None:
    slept: list[float] = []
    # A clock that only sleeping moves.
    api_limiter = Limiter(100, 10.0, clock=lambda: sum(slept), sleep=slept.append)
    responses.get("https://api.hubapi.com/x", status=477, headers={"Retry-After": "90"})
    responses.get("https://api.hubapi.com/x", json={"ok": True})
    api = HubSpotApi("a-token")
    api.transport.sleep = slept.append
    api.general = api_limiter
    assert api.get("/x") == {"ok": True}
    assert max(slept) >= 90
    assert len(responses.calls) == 2
