"""How many rows a reading brings: told where an answer that is read anyway says so, and by no call of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from histories.hubspot_world import HubSpotWorld
from support.fake_crm import FakeCrm
from support.salesforce_org import Sf, company

from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.salesforce.api import SalesforceApi
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.reading.pull import Sizes
from sales_consultant.sync.pull import pull
from sales_consultant.sync.runtime import Silent, Step, Workspace, running
from sales_consultant.sync.stores.warehouse import Warehouse
from sales_consultant.sync.use_cases.pulling import pulling

Seen = list[tuple[str, int, int | None]]


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def test_hubspot_tells_of_a_delta_and_of_links(world: HubSpotWorld) -> None:
    for n in range(3):
        world.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": str(n)}})
    hubspot = world.connector("", False)
    first: Seen = []
    pull(hubspot, world.warehouse, until=hubspot.now(), progress=lambda *told: first.append(told))
    # A list says no total; links are asked for of records that are known.
    assert ("contacts", 3, None) in first and ("link_contacts_companies", 3, 3) in first
    world.sandbox.clock.advance(3600)
    world.sandbox.call("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "new"}})
    delta: Seen = []
    pull(hubspot, world.warehouse, until=hubspot.now() + 60_000, progress=lambda *told: delta.append(told))
    # The three lie within the overlap.
    assert ("contacts", 4, 4) in delta
    whole: Seen = []
    until = hubspot.now() + 60_000
    pull(hubspot, world.warehouse, until=until, full=True, progress=lambda *told: whole.append(told))
    hubspot.close()
    # Read whole again: about as many as are here.
    assert ("contacts", 4, 4) in whole


def test_salesforce_tells_of_all_and_of_a_delta(org: Sf, tmp_path: Path) -> None:
    contact = {"attributes": {"type": "Contact"}}
    rows = [{**contact, "LastName": f"N{n}"} for n in range(60)]
    assert org.post("composite/sobjects", {"allOrNone": False, "records": rows}).ok
    api = SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), "an-admins-token")
    salesforce = SalesforceConnector(api, sizes=Sizes(part=150), sleep=lambda _: None)
    warehouse = Warehouse(tmp_path / "w.duckdb")
    there = len(org.values("SELECT Id FROM Contact"))
    for since, until in ((None, salesforce.now()), (1, salesforce.now() + 60_000)):
        pages = list(salesforce.pull("Contact", since=since, until=until, resume=None, known=warehouse))
        assert sum(p.rows.num_rows for p in pages) == there
        assert {p.total for p in pages} == {there}
    warehouse.close()


class Watching(Silent):
    """Keeps the steps, and what became of them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.ended = 0

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def over(self) -> None:
        self.ended += 1


def test_the_whole_is_estimated_where_all_was_read_before(tmp_path: Path) -> None:
    settings = Settings(connections={"main": {"crm": "hubspot"}})  # type: ignore[dict-item]  # as a file gives it
    crm = FakeCrm([f"{n:03}" for n in range(60)])
    reporter = Watching()
    with (
        Workspace(settings, "main", settings.connections["main"], tmp_path, connector=crm) as ws,
        running(ws, "pull") as run,
    ):
        pulling(ws, run, reporter)
        pulling(ws, run, reporter, full=True, compare=True)
    assert reporter.steps == [
        Step("pull", "deals", 1, 1),
        Step("pull", "deals", 1, 1, 0.0, 1.0),
        Step("compare", "deals", 1, 1),
    ]
    assert reporter.ended == 3
