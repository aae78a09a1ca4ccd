"""What a CRM keeps no history of has one from our first pull on, by whichever command it was pulled."""

import json
from pathlib import Path

import pandas as pd
import pytest
from support import seller, tiny
from support.both_sides import WarmCli
from support.cli import TOKEN
from support.sandbox_company import Api
from support.warm import shared

from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.scoring.features import snapshots_of
from sales_consultant.sync.stores import Warehouse

COMPANIES = {"hubspot": "companies", "salesforce": "Account"}
FIELD = {"hubspot": "industry", "salesforce": "Industry"}


@pytest.mark.slow
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_value_that_was_changed_is_known_from_before(tmp_path: Path, crm: str) -> None:
    data = tiny.write(tmp_path / "data", seller.tables(people=40))
    with Sandbox(data=data, clock=tiny.CLOCK, crms=(crm,)) as sandbox:
        cli, api = WarmCli(tmp_path / "admin", token=TOKEN, crm=crm), Api(sandbox)
        cli.nursery = shared()
        cli.configure(sandbox.url, seller.FEATURES, scored=True)
        cli.done("pull")

        def change(text: str) -> str:
            record = next(iter(sandbox.store.each(crm, COMPANIES[crm])))
            body = {**record.values(), FIELD[crm]: text}
            sandbox.store.write(
                "UPDATE records SET properties = ? WHERE vendor = ? AND id = ?",
                (json.dumps(body), crm, record.id),
            )
            api.control("touch", object=COMPANIES[crm], **({} if crm == "hubspot" else {"crm": "salesforce"}))
            return record.id

        record_id = change("FIRST")
        api.control("clock", advance=86_400)
        cli.done("pull")
        change("SECOND")
        api.control("clock", advance=86_400)
        done = cli.done("pull", "--object", "companies")
        assert "error" not in done, done
        api.session.close()
    house = Warehouse(cli.data / "main" / "warehouse.duckdb", threads=1)
    watched = house.con.execute("SELECT object, field FROM watched_fields").fetchall()
    assert ("contacts", "c_address") not in watched
    if crm == "hubspot":
        # It keeps the history itself.
        assert ("companies", "industry") not in watched
        assert house.number("SELECT count(*) FROM field_history WHERE field = 'industry'") > 2
        house.close()
        return
    rows = house.con.execute(
        "SELECT value, seen_at FROM field_values WHERE object = 'companies' AND field = 'industry' AND record_id = ? "
        "ORDER BY seen_at",
        [record_id],
    ).fetchall()
    assert [r[0] for r in rows][-2:] == ["FIRST", "SECOND"]
    first, second, third = (r[1] for r in rows)
    at = pd.Series([first - 1, first, second - 1, second, third - 1, third])
    found = snapshots_of(house.engine, "companies", ["industry"], pd.Series([record_id] * 6), at)
    assert list(found.certain("industry")) == [False, True, True, True, True, True]
    then = list(found.then("industry", pd.Series(["SECOND"] * 6, dtype=object)))
    assert then == ["SECOND", rows[0][0], rows[0][0], "FIRST", "FIRST", "SECOND"]
    house.close()
