"""More rows of one second than a page holds: each comes, in the one delta that reads them, and behind any place in it."""

from collections.abc import Iterator
from random import Random

import pytest
from histories.hubspot_world import HubSpotWorld
from histories.play import CLOCK
from histories.salesforce_world import SalesforceWorld
from histories.world import World
from support.in_process import LocalSandbox

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Connector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.pull import Sizes

# Some pages of the small connectors, and no job: that needs no order.
ROWS = 24


@pytest.fixture(params=[HubSpotWorld, SalesforceWorld], ids=["hubspot", "salesforce"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with LocalSandbox(request.param.crm, clock=CLOCK) as sandbox:
        made: World = request.param(sandbox)
        yield made
        made.warehouse.close()


def read(world: World, connector: Connector, resume: str | None = None) -> list[tuple[set[str], str | None]]:
    """The pages of one delta of contacts, as ids and the place behind them: no overlap of another heals it."""
    until = connector.now()
    pages = list(connector.pull(world.contacts, since=0, until=until, resume=resume, known=world.warehouse))
    connector.close()
    return [
        ({str(i) for i in p.rows["id"].to_pylist()}, p.resume) for p in pages if p.stream == world.contacts
    ]


def flooded(world: World, rows: int) -> set[str]:
    """So many contacts of one stamp."""
    world.flood(rows)
    world.sandbox.clock.advance(60)
    world.do_touch_all(Random(0))
    world.sandbox.clock.advance(60)
    return {i for _, i in world.live(world.contacts)}


def test_a_delta_goes_on_among_rows_of_one_stamp(world: World) -> None:
    everyone = flooded(world, ROWS)
    pages = [p for p in read(world, world.connector("", True)) if p[0]]
    assert len(pages) > 3 and len(everyone) == ROWS
    assert set().union(*(ids for ids, _ in pages)) == everyone
    # From any place: what follows it, and nothing of what came before.
    before: set[str] = set()
    for ids, place in pages:
        before |= ids
        rest = read(world, world.connector("", True), place)
        assert set().union(*(i for i, _ in rest)) == everyone - before


def test_a_job_goes_on_among_rows_of_one_stamp() -> None:
    """The first page of a delta by REST, the rest by Bulk."""
    with LocalSandbox("salesforce", clock=CLOCK) as sandbox:
        world = SalesforceWorld(sandbox)
        everyone = flooded(world, 2100)
        api = SalesforceApi(Connection(crm="salesforce", url="http://127.0.0.1"), "a-token")
        api.session.inner.mount("https://", sandbox.adapter)
        api.transport.sleep = lambda seconds: None
        crm = SalesforceConnector(api, sizes=Sizes(bulk_from=50), sleep=lambda seconds: None)
        pages = read(world, crm)
        assert (pages[1][1] or "bulk").startswith("bulk") and sum(len(i) for i, _ in pages) == len(everyone)
        assert set().union(*(i for i, _ in pages)) == everyone
        world.warehouse.close()
