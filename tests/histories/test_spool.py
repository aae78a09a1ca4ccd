"""A kill costs one answer of the CRM: what came before it is beside the warehouse, or in it."""

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from histories.hubspot_world import HubSpotWorld
from histories.killing import KilledError, Killing
from histories.play import CLOCK
from histories.salesforce_world import SalesforceWorld
from histories.world import World
from support.in_process import LocalSandbox

from sales_consultant.connectors.base import Page
from sales_consultant.sync.pull import pull
from sales_consultant.sync.stores.page_spool import Spool
from sales_consultant.sync.stores.warehouse import Warehouse

ROWS = 60


@pytest.mark.parametrize("kind", [HubSpotWorld, SalesforceWorld])
def test_a_kill_at_any_page_reads_at_most_that_page_again(kind: type[World], tmp_path: Path) -> None:
    name = "contacts" if kind.crm == "hubspot" else "Contact"
    with LocalSandbox(kind.crm, clock=CLOCK) as sandbox:
        world = kind(sandbox)
        world.flood(ROWS)
        # Out of the overlap: the delta that follows a killed pull must not read them a second time.
        sandbox.clock.advance(3600)

        kind_of_call = (kind.crm, "list" if kind.crm == "hubspot" else "bulk results")

        def calls(folder: str, kills: list[int]) -> int:
            """Calls for rows of a pull that is killed before so many pages and then ended."""
            path = tmp_path / folder
            path.mkdir()
            before = sandbox.world.calls[kind_of_call]
            for pages in [*kills, None]:
                warehouse = Warehouse(path / "w.duckdb", threads=1)
                connector = world.connector("", True)
                given: Any = connector if pages is None else Killing(connector, pages)
                with contextlib.suppress(KilledError):
                    pull(given, warehouse, until=connector.now(), objects=[name])
                held = warehouse.count(f"raw_{name}")
                warehouse.close()
                connector.close()
            assert held == ROWS
            assert not (path / "w.duckdb.spool").exists()
            return sandbox.world.calls[kind_of_call] - before

        whole = calls("whole", [])
        # HubSpot: the page itself, and once the archived ones of the delta that follows. Salesforce: a page is
        # three parts.
        again, once = (1, 1) if kind.crm == "hubspot" else (3, 0)
        for n in (1, 4, 9):
            assert whole <= calls(f"killed_{n}", [n, 2]) <= whole + 2 * again + once


def test_a_page_that_was_cut_off_is_not_there_and_another_pulls_pages_are_not_either(tmp_path: Path) -> None:
    def page(resume: str, scope: Any = None) -> Page:
        return Page("x", pa.table({"id": ["1", resume], "n": [None, 2]}), resume, "id", scope, 7)

    path = tmp_path / "spool"
    spool = Spool(path)
    spool.append("window", page("a", pa.array(["1", "9"])))
    spool.append("window", page("b"))
    whole = path.read_bytes()
    kept = list(Spool(path).pages("window"))
    assert [p.resume for p in kept] == ["a", "b"]
    assert kept[0].scope is not None and kept[0].scope.to_pylist() == ["1", "9"]
    assert kept[1].rows.to_pylist() == [{"id": "1", "n": None}, {"id": "b", "n": 2}]
    assert list(Spool(path).pages("another window")) == []
    for cut in (1, 5, 40):
        path.write_bytes(whole[:-cut])
        assert [p.resume for p in Spool(path).pages("window")] == ["a"]
    spool.clear()
    assert list(Spool(path).pages("window")) == []
    assert list(Spool(None).pages("window")) == []
