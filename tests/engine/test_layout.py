"""A warehouse of an earlier layout is brought up to date and then holds what the CRM holds."""

from pathlib import Path

import duckdb
import pytest
from histories.hubspot_world import HubSpotWorld
from histories.salesforce_world import SalesforceWorld
from histories.world import World
from support.in_process import LocalSandbox

from sales_consultant.config.neutral import FIELD
from sales_consultant.sync.stores.warehouse import Warehouse

WORLDS: dict[str, type[World]] = {"hubspot": HubSpotWorld, "salesforce": SalesforceWorld}


def back_to_layout_1(path: Path) -> None:
    """As the first layout had it: fields without a prefix, one of them in the place of all ids."""
    with duckdb.connect(str(path)) as con:
        for (view,) in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
            con.execute(f'DROP VIEW "{view}"')
        for table, column in con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE table_name LIKE 'raw%'"
        ).fetchall():
            if column.startswith(FIELD):
                con.execute(
                    f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{column.removeprefix(FIELD)}"'
                )
        for (table,) in con.execute(
            "SELECT table_name FROM duckdb_columns() WHERE column_name = '_created' AND table_name LIKE 'raw%'"
        ).fetchall():
            con.execute(f"UPDATE \"{table}\" SET id = 'x' || id WHERE rowid % 2 = 0")
        con.execute("DROP TABLE _layout")


@pytest.mark.slow
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_warehouse_of_the_first_layout_is_renewed(tmp_path: Path, crm: str) -> None:
    path = tmp_path / "warehouse.duckdb"
    with LocalSandbox(crm, clock="2024-06-01T08:00:00Z") as sandbox:
        world = WORLDS[crm](sandbox)
        world.warehouse = Warehouse(path, threads=1)
        for n in range(30):
            world.step("create", n)
        assert world.check() == []
        world.warehouse.close()
        back_to_layout_1(path)
        world.warehouse = Warehouse(path, threads=1)
        assert not world.warehouse.rebuilt
        sandbox.clock.advance(86_400)
        assert world.check() == []
        world.warehouse.close()
        again = Warehouse(path, threads=1)
        assert again.con.execute("SELECT max(version) FROM _layout").fetchall() == [(3,)]
        again.close()
