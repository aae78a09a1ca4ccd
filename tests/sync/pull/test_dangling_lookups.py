"""What records point to and the CRM does not list is named, kept as it was known, and of what is not known nothing is said."""

from typing import Any

import pyarrow as pa
import pytest
from support.worlds import DAY, NOW, empty, put

from sales_consultant.connectors.base import Page, Stream
from sales_consultant.scoring.populations.undecided import undecided
from sales_consultant.sync.pull.dangling_lookups import findings, missing
from sales_consultant.sync.stores.warehouse import Warehouse


def company() -> Any:
    con = empty()
    put(con, "companies", [{"id": f"c{n}", "name": f"C{n}", "created_at": NOW - 400 * DAY} for n in range(4)])
    put(con, "contacts", [{"id": "p1", "owner_id": "ghost", "created_at": NOW - 400 * DAY}])
    old = {
        "created_at": NOW - 300 * DAY,
        "closed_at": NOW - 200 * DAY,
        "amount": 10,
        "is_closed": True,
        "is_won": True,
        "stage": "won",
    }
    put(
        con,
        "deals",
        [
            {"id": "known", "company_id": "c0", **old},
            {
                "id": "unknown",
                "company_id": "c1",
                **old,
                "is_closed": None,
                "is_won": None,
                "stage": "deleted",
            },
            {"id": "half", "company_id": "c2", **old, "is_won": None, "stage": "deleted"},
            {"id": "unpriced", "company_id": "c3", **old, "currency": "XTS"},
            {"id": "free", "company_id": "c0", **old, "currency": "XTS", "amount": 0},
        ],
    )
    put(
        con,
        "associations",
        [{"from_object": "deal", "from_id": "unknown", "to_object": "contact", "to_id": "p1"}],
    )
    put(con, "line_items", [{"id": "i", "deal_id": "known", "product_id": "gone"}])
    put(con, "campaign_members", [{"id": "m", "campaign_id": "gone", "contact_id": "p1"}])
    return con


def test_of_what_is_not_known_nothing_is_said() -> None:
    with company() as con:
        found = undecided(con)
        assert found.deals == {"unknown", "half"}
        assert found.companies == {"c1", "c2", "c3"}
        assert found.contacts == {"p1"}


def test_what_is_missing_is_named_by_kind_with_how_many_point_to_it() -> None:
    with company() as con:
        rows = missing(con)
        told = {(r["kind"], r["name"]): r["records"] for r in rows}
        assert told[("stage", "sales / deleted")] == 2
        assert told[("owner", "ghost")] == told[("product", "gone")] == told[("campaign", "gone")] == 1
        assert told[("currency", "XTS")] == 2
        lines = findings(rows)
        assert {f.state for f in lines} == {"warning"} and all(f.action and f.text for f in lines)
        assert any("nothing is written to them" in f.text for f in lines)


@pytest.mark.parametrize("keeps", [(), ("code",)])
def test_rows_that_are_listed_no_more_stay_marked_where_a_stream_keeps_them(keeps: tuple[str, ...]) -> None:
    warehouse = Warehouse(None, threads=1)
    stream = Stream("currencies", "currencies", "full", ("code", "start_at"), keeps=keeps)

    def page(*rows: tuple[str, str | None]) -> None:
        table = pa.table(
            {
                "code": pa.array([c for c, _ in rows], pa.string()),
                "start_at": pa.array([s for _, s in rows], pa.string()),
            }
        )
        warehouse.commit(Page("currencies", table, None, ""), stream=stream, first_pull=False)

    def held() -> set[tuple[Any, ...]]:
        gone = "_gone" if keeps else "false"
        return set(warehouse.con.execute(f"SELECT code, start_at, {gone} FROM raw_currencies").fetchall())

    page(("GBP", "1"), ("GBP", "2"), ("USD", None))
    page(("GBP", "3"))
    left = {("USD", None, True)} if keeps else set()
    assert held() == {("GBP", "3", False)} | left, (
        "dates of a code that is listed are not kept beside the new ones"
    )
    page()
    assert held() == ({("GBP", "3", True)} | left if keeps else set())
    page(("USD", None))
    assert held() == ({("GBP", "3", True)} if keeps else set()) | {("USD", None, False)}
    warehouse.close()
