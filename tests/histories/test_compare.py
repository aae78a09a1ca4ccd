"""Proof and price of a pull: every id compared, what is gone or late repaired, calls told before they are made."""

from collections.abc import Iterator

import pytest
from histories.hubspot_world import HubSpotWorld
from histories.play import CLOCK
from histories.salesforce_world import SalesforceWorld
from histories.world import World
from support.in_process import LocalSandbox

from sales_consultant.sandbox.salesforce.org import ids
from sales_consultant.sync.pull import pull
from sales_consultant.sync.pull.estimate import estimate
from sales_consultant.sync.pull.reconcile import Compared, due, last, reconcile

DAY = 86_400_000


@pytest.fixture(params=[HubSpotWorld, SalesforceWorld], ids=["hubspot", "salesforce"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A CRM where some work was done."""
    with LocalSandbox(request.param.crm, clock=CLOCK) as sandbox:
        made: World = request.param(sandbox)
        for number in range(40):
            made.step("create", number)
        yield made
        made.warehouse.close()


def pulled(world: World, **options: object) -> dict[str, int]:
    """Pull all; the calls by kind."""
    connector = world.connector("", False)
    done = pull(connector, world.warehouse, until=connector.now(), **options)  # type: ignore[arg-type]  # options of the test's own
    connector.close()
    return done.calls


def compared(world: World) -> dict[str, Compared]:
    connector = world.connector("", False)
    found = reconcile(connector, world.warehouse, until=connector.now())
    connector.close()
    return {c.stream: c for c in found}


def contacts(world: World) -> str:
    return "contacts" if world.crm == "hubspot" else "Contact"


def test_a_pull_that_missed_nothing_is_told_so_for_ids_only(world: World) -> None:
    pulled(world)
    found = compared(world)
    assert all(c.equal and not (c.missing or c.stale or c.vanished) for c in found.values())
    mine = found[contacts(world)]
    assert mine.crm == len(world.live(contacts(world))) > 0
    assert str(mine) == f"CRM {mine.crm}, warehouse {mine.crm}"
    at, kept = last(world.warehouse)
    assert {c.stream: c for c in kept} == found
    assert at is not None
    assert (due(world.warehouse, at + 6 * DAY, 7), due(world.warehouse, at + 7 * DAY, 7)) == (False, True)
    assert not due(world.warehouse, at + 70 * DAY, 0)


def test_what_left_no_trace_is_found_and_repaired(world: World) -> None:
    pulled(world)
    name = contacts(world)
    first, second = world.live(name)[:2]
    purge = {"object": name, "id": first[1]} if world.crm == "hubspot" else {"ids": [first[1]]}
    world.sandbox.control("purge", **purge)
    # A row that was committed with a stamp from days before the overlap, and one that changed like that.
    at = world.sandbox.clock.now_ms() - 3 * DAY
    world.sandbox.clock.advance(3600)
    sql = "UPDATE records SET modified = ? WHERE id = ?"
    world.sandbox.store.write(sql, (at, second[1]))
    world.sandbox.store.write(
        "INSERT INTO records SELECT vendor, object, ?, seq + 9999, properties, ?, ?, 0, NULL FROM records WHERE id = ?",
        ("20000000000" if world.crm == "hubspot" else ids.make("Contact", 9999), at, at, second[1]),
    )
    pulled(world)
    assert {d.table for d in world.rows_differ(world.warehouse, settled=True)} == {name}
    mine = compared(world)[name]
    assert (mine.missing, mine.stale, mine.vanished, mine.equal) == (1, 1, 1, True)
    assert "repaired: 1 missing, 1 stale, 1 vanished" in str(mine)
    assert world.rows_differ(world.warehouse, settled=True) == []


def test_doubt_is_said_next_to_the_count() -> None:
    one = Compared("Contact", "contacts", 48_211, 48_211, doubt="no View All Records on Contact")
    assert str(one) == "CRM 48,211, warehouse 48,211; rows may be hidden: no View All Records on Contact"


@pytest.mark.parametrize("first", [True, False])
def test_an_estimate_is_what_a_pull_then_costs(world: World, first: bool) -> None:
    if not first:
        pulled(world)
        world.sandbox.clock.advance(7200)
        world.step("update", 5)
    connector = world.connector("", False)
    told = estimate(connector, world.warehouse)
    connector.close()
    assert told.minutes > 0
    cost = sum(pulled(world).values())
    # Answers that hold nothing cost a call that no count tells of, at most two a stream.
    streams = len({e.stream for e in told.streams})
    assert abs(sum(told.calls.values()) - cost) <= 2 * streams
    assert {e["stream"] for e in told.to_json()["streams"]} >= {contacts(world)}


@pytest.mark.slow
def test_a_pull_of_changes_reads_no_small_table_twice_a_day_and_nothing_computed(world: World) -> None:
    pulled(world)
    world.sandbox.clock.advance(7200)
    world.step("update", 5)
    assert sum(pulled(world, changed=True).values()) < sum(pulled(world).values())
    assert world.rows_differ(world.warehouse, settled=False) == []
    # A day later the small tables are due again.
    world.sandbox.clock.advance(90_000)
    world.step("owner", 3)
    pulled(world, changed=True)
    assert [d for d in world.rest_differs(world.warehouse) if d.table in ("owners", "stages")] == []


def test_what_is_computed_is_read_again_after_a_week() -> None:
    with LocalSandbox("salesforce", clock=CLOCK) as sandbox:
        world = SalesforceWorld(sandbox)
        created = world._call("POST", "sobjects/Account", {"Name": "Acme"})["id"]
        name, meta = (
            "Own__c",
            {"label": "Own", "type": "Number", "precision": 6, "scale": 0, "formula": "1 + 1"},
        )
        world._call("POST", "tooling/sobjects/CustomField", {"FullName": f"Account.{name}", "Metadata": meta})
        world.ungranted.append(("Account", name, "Formula"))
        world.step("grant", 0)
        sandbox.clock.advance(3600)
        pulled(world)
        sandbox.control("formula", field=f"Account.{name}", values={created: 7})

        def held() -> str | None:
            return str(world.warehouse.con.execute(f"SELECT f_{name} FROM raw_Account").fetchall()[0][0])

        sandbox.clock.advance(6 * 86_400)
        pulled(world)
        assert held() != "7"
        sandbox.clock.advance(86_500)
        pulled(world)
        assert held() == "7"
        world.warehouse.close()
