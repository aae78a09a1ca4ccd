"""Late commits, equal stamps, the recycle bin and the log of deletions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.salesforce_org import Sf, company

DAY = {"start": "2024-05-31T00:00:00Z", "end": "2024-06-02T00:00:00Z"}


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def test_an_open_transaction_holds_back_what_updated_vouches_for(org: Sf) -> None:
    p1 = org.id("Contact", "p1")
    begun = org.control("begin", object="Contact", id=p1, values={"Title": "late"})
    org.control("clock", advance=900)
    assert org.values(f"SELECT Title FROM Contact WHERE Id = '{p1}'") == ["CTO"]
    held = org.get("sobjects/Contact/updated", **DAY).json()
    assert held == {"ids": [], "latestDateCovered": begun["SystemModstamp"]}
    org.control("commit", transaction=begun["transaction"])
    (row,) = org.query(f"SELECT Title, SystemModstamp FROM Contact WHERE Id = '{p1}'")
    assert row == {"Title": "late", "SystemModstamp": begun["SystemModstamp"]}
    now = org.get("sobjects/Contact/updated", **DAY).json()
    assert now["ids"] == [p1] and now["latestDateCovered"] > begun["SystemModstamp"]


def test_many_rows_share_one_stamp_and_a_tie_break_walks_through_them(org: Sf) -> None:
    for n in range(3):
        rows = [{"attributes": {"type": "Contact"}, "LastName": f"N{n}-{m}"} for m in range(200)]
        assert org.post("composite/sobjects", {"records": rows}).status_code == 200
    made = org.control("touch", object="Contact", at="2024-05-31T12:00:00Z")
    assert made == {"touched": 602, "SystemModstamp": "2024-05-31T12:00:00.000+0000"}
    at, last, seen = "2024-05-31T12:00:00Z", "000000000000000AAA", list[str]()
    while True:
        page = org.values(
            f"SELECT Id FROM Contact WHERE (SystemModstamp = {at} AND Id > '{last}') OR SystemModstamp > {at} "
            "ORDER BY SystemModstamp, Id LIMIT 250"
        )
        if not page:
            break
        seen += page
        last = page[-1]
    assert len(seen) == len(set(seen)) == 602


def test_out_of_the_recycle_bin_comes_all_that_went_in_together(org: Sf) -> None:
    deal = org.id("Opportunity", "d1")
    lines = org.values(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")
    assert org.send("DELETE", f"sobjects/Opportunity/{deal}").status_code == 204
    assert org.values(f"SELECT IsDeleted FROM OpportunityLineItem WHERE Id = '{lines[0]}'", "queryAll") == [
        True
    ]
    org.control("clock", advance=60)
    restored = org.control("undelete", ids=[deal])["restored"]
    assert restored[0] == deal and lines[0] in restored
    (row,) = org.query(f"SELECT IsDeleted, SystemModstamp FROM Opportunity WHERE Id = '{deal}'")
    assert row["IsDeleted"] is False and row["SystemModstamp"] >= "2024-06-01T00:01:00"
    assert org.values(f"SELECT IsDeleted FROM OpportunityLineItem WHERE Id = '{lines[0]}'") == [False]


def test_a_merged_record_that_comes_back_is_nobodys(org: Sf) -> None:
    p1, p2 = org.id("Contact", "p1"), org.id("Contact", "p2")
    org.control("merge", master=p1, losers=[p2])
    assert org.values(f"SELECT MasterRecordId FROM Contact WHERE Id = '{p2}'", "queryAll") == [p1]
    org.control("undelete", ids=[p2])
    assert org.values(f"SELECT MasterRecordId FROM Contact WHERE Id = '{p2}'") == [None]


def test_the_recycle_bin_is_emptied_after_fifteen_days(org: Sf) -> None:
    p1 = org.id("Contact", "p1")
    org.send("DELETE", f"sobjects/Contact/{p1}")
    org.control("clock", advance=14 * 86_400)
    assert len(org.values("SELECT Id FROM Contact WHERE IsDeleted = true", "queryAll")) == 1
    org.control("clock", advance=2 * 86_400)
    assert org.values("SELECT Id FROM Contact WHERE IsDeleted = true", "queryAll") == []
    told = org.get("sobjects/Contact/deleted", **DAY).json()["deletedRecords"]
    assert [r["id"] for r in told] == [p1]


def test_a_log_of_deletions_that_was_purged_asks_for_a_full_pull(org: Sf) -> None:
    org.send("DELETE", f"sobjects/Contact/{org.id('Contact', 'p1')}")
    org.control("clock", advance=3600)
    earliest = org.control("purge_log", object="Contact")["earliestDateAvailable"]
    answer = org.get("sobjects/Contact/deleted", **DAY)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")
    later = org.get("sobjects/Contact/deleted", start=earliest, end="2024-06-01T02:00:00Z").json()
    assert (later["deletedRecords"], later["earliestDateAvailable"]) == ([], earliest)
    assert org.get("sobjects/Lead/deleted", **DAY).status_code == 200


@pytest.mark.parametrize("verb", ["updated", "deleted"])
def test_too_many_ids_and_too_long_ago(org: Sf, verb: str) -> None:
    for external in ("p1", "p2"):
        org.patch(f"sobjects/Contact/{org.id('Contact', external)}", {"Title": "x"})
        if verb == "deleted":
            org.send("DELETE", f"sobjects/Contact/{org.id('Contact', external)}")
    org.control("options", crm="salesforce", updated_ids=1)
    org.control("clock", advance=60)
    assert org.get(f"sobjects/Contact/{verb}", **DAY).json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    old = {**DAY, "start": "2024-04-01T00:00:00Z"}
    assert org.get(f"sobjects/Contact/{verb}", **old).json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("commit", {"transaction": 9}),
        ("undelete", {"ids": ["003000000000001"]}),
        ("touch", {"object": "Dragon"}),
    ],
)
def test_what_cannot_be_done_is_said(org: Sf, action: str, body: dict[str, object]) -> None:
    answer = org.session.post(f"{org.sandbox.url}/_sandbox/{action}", json=body, timeout=10)
    assert answer.status_code == 400 and answer.json()["error"]
