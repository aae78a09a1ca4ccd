"""Bulk 2.0: jobs, pages, results of every row."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.salesforce_org import Sf, blank

COUNT = 2345


@pytest.fixture(scope="module")
def org() -> Iterator[Sf]:
    with blank() as sf:
        lines = [f'"Näme, {n}","C{n % 7}",{"true" if n % 2 else "false"},"two\nlines"' for n in range(COUNT)]
        sf.ingest("Contact", "insert", "LastName,Title,DoNotCall,Description\n" + "\n".join(lines) + "\n")
        sf.own_field("Contact.SC_Score__c")
        sf.own_field("Contact.SC_Note__c", {"label": "Note", "type": "Text", "length": 9})
        sf.grant("Writer", "Contact.SC_Score__c", "Contact.SC_Note__c")
        yield sf


@pytest.fixture
def ids(org: Sf) -> list[str]:
    return [str(i) for i in org.values("SELECT Id FROM Contact ORDER BY Id LIMIT 50")]


def job(org: Sf, soql: str, **more: Any) -> str:
    answer = org.post("jobs/query", {"operation": "query", "query": soql, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "UploadComplete"
    return str(answer.json()["id"])


def test_a_query_is_read_page_by_page(org: Sf) -> None:
    id = job(org, "SELECT Id, LastName, DoNotCall, Owner.Name, CreatedDate, Description FROM Contact")
    state = org.get(f"jobs/query/{id}").json()
    assert (state["state"], state["numberRecordsProcessed"], state["jobType"]) == (
        "JobComplete",
        COUNT,
        "V2Query",
    )
    locator, rows = "", []
    pages = []
    while locator != "null":
        answer = org.get(
            f"jobs/query/{id}/results", maxRecords=1000, **({"locator": locator} if locator else {})
        )
        assert answer.headers["Content-Type"] == "text/csv"
        assert answer.content.startswith(
            b'"Id","LastName","DoNotCall","Owner.Name","CreatedDate","Description"\n'
        )
        pages.append(int(answer.headers["Sforce-NumberOfRecords"]))
        rows += org.table(
            f"jobs/query/{id}/results", maxRecords=1000, **({"locator": locator} if locator else {})
        )
        locator = answer.headers["Sforce-Locator"]
    assert pages == [1000, 1000, 345]
    assert len({r["Id"] for r in rows}) == COUNT
    assert rows[1]["LastName"] == "Näme, 1"
    assert rows[1]["Description"] == "two\nlines"
    assert (rows[1]["DoNotCall"], rows[1]["Owner.Name"]) == ("true", "Integration User")
    assert rows[1]["CreatedDate"].endswith(".000Z")
    listed = org.get(f"jobs/query/{id}/resultPages", maxRecords=400).json()
    assert (len(listed["resultPages"]), listed["done"]) == (5, False)
    rest = org.get(listed["nextRecordsUrl"]).json()
    assert (len(rest["resultPages"]), rest["done"]) == (1, True)
    assert len(org.table(rest["resultPages"][0]["resultUrl"])) == 345
    assert org.send("DELETE", f"jobs/query/{id}").status_code == 204
    assert org.get(f"jobs/query/{id}/results").status_code == 404


def test_a_job_s_rows_are_those_of_its_start(org: Sf, ids: list[str]) -> None:
    id = job(
        org, f"SELECT Title FROM Contact WHERE Id = '{ids[0]}'", columnDelimiter="PIPE", lineEnding="CRLF"
    )
    org.patch(f"sobjects/Contact/{ids[0]}", {"Title": "Changed"})
    assert org.get(f"jobs/query/{id}/results").content == b'"Title"\r\n"C0"\r\n'
    org.patch(f"sobjects/Contact/{ids[0]}", {"Title": "C0"})


def test_what_bulk_cannot_query(org: Sf) -> None:
    for soql, code in (
        ("SELECT COUNT() FROM Contact", "API_ERROR"),
        ("SELECT Title, COUNT(Id) FROM Contact GROUP BY Title", "API_ERROR"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT", "MALFORMED_QUERY"),
    ):
        answer = org.post("jobs/query", {"operation": "query", "query": soql})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    bad = org.post(
        "jobs/query", {"operation": "query", "query": "SELECT Id FROM Contact", "columnDelimiter": "X"}
    )
    assert bad.json()[0]["errorCode"] == "INVALIDJOB"
    assert org.get("jobs/query/750000000000009").status_code == 404


def test_a_job_takes_its_time_and_one_version(org: Sf) -> None:
    org.control("options", crm="salesforce", job_seconds=30)
    try:
        id = job(org, "SELECT Id FROM Contact")
        assert org.get(f"jobs/query/{id}").json()["state"] == "InProgress"
        early = org.get(f"jobs/query/{id}/results")
        assert early.json()[0]["errorCode"] == "INVALIDJOBSTATE"
        other = Sf(org.sandbox, version="61.0")
        assert other.get(f"jobs/query/{id}").status_code == 409
        org.control("clock", advance=31)
        assert org.get(f"jobs/query/{id}").json()["state"] == "JobComplete"
        aborted = job(org, "SELECT Id FROM Contact")
        assert org.patch(f"jobs/query/{aborted}", {"state": "Aborted"}).json()["state"] == "Aborted"
    finally:
        org.control("options", crm="salesforce", job_seconds=0)


def test_every_row_of_an_update_has_its_outcome(org: Sf, ids: list[str]) -> None:
    rows = [f"{i},{n if n != 3 else 5000},#N/A" for n, i in enumerate(ids[:5])]
    rows += [f"{ids[5][:15]},,text", "003000000000009,1,", f"{ids[6]},7,much too long"]
    org.patch(f"sobjects/Contact/{ids[0]}", {"SC_Note__c": "old"})
    org.patch(f"sobjects/Contact/{ids[5]}", {"SC_Score__c": 55})
    id = org.ingest("Contact", "update", "Id,SC_Score__c,SC_Note__c\n" + "\n".join(rows) + "\n")
    state = org.get(f"jobs/ingest/{id}").json()
    assert (state["numberRecordsProcessed"], state["numberRecordsFailed"]) == (8, 3)
    good = {r["sf__Id"]: r for r in org.table(f"jobs/ingest/{id}/successfulResults")}
    assert set(good) == {*ids[:3], ids[4], ids[5]}
    assert good[ids[0]]["sf__Created"] == "false"
    bad = {r["Id"]: r["sf__Error"] for r in org.table(f"jobs/ingest/{id}/failedResults")}
    assert bad[ids[3]].startswith("NUMBER_OUTSIDE_VALID_RANGE:SC Score: ")
    assert bad[ids[3]].endswith(":SC_Score__c--")
    assert bad["003000000000009"] == "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"
    assert bad[ids[6]].startswith("STRING_TOO_LONG:")
    for name in ("unprocessedrecords", "unprocessedRecords"):
        assert org.table(f"jobs/ingest/{id}/{name}") == []
    held = org.query(
        f"SELECT SC_Score__c, SC_Note__c FROM Contact WHERE Id IN ('{ids[0]}', '{ids[5]}') ORDER BY Id"
    )
    # The empty cell left the score alone, #N/A emptied the note.
    assert held == [{"SC_Score__c": 0, "SC_Note__c": None}, {"SC_Score__c": 55, "SC_Note__c": "text"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Id,Nope__c\nx,1\n", "InvalidBatch : Field name not found : Nope__c"),
        ("SC_Score__c\n1\n", "Field name not found : Id"),
        ("Id,SC_Score__c\r\nx,1\r\n", "LineEnding is invalid on user data"),
        ("", "Failed to parse CSV header"),
    ],
)
def test_a_job_fails_as_a_whole(org: Sf, text: str, words: str) -> None:
    id = org.ingest("Contact", "update", text)
    state = org.get(f"jobs/ingest/{id}").json()
    assert state["state"] == "Failed"
    assert words in state["errorMessage"]
    assert len(org.table(f"jobs/ingest/{id}/unprocessedrecords")) == max(0, text.count("\n") - 1)


def test_a_locked_row_fails_alone(org: Sf, ids: list[str]) -> None:
    org.control("row_errors", crm="salesforce", ids=[ids[1]])
    id = org.ingest("Contact", "update", f"Id,SC_Score__c\n{ids[1]},1\n{ids[2]},1\n")
    (bad,) = org.table(f"jobs/ingest/{id}/failedResults")
    assert (bad["sf__Id"], bad["sf__Error"].partition(":")[0]) == (ids[1], "UNABLE_TO_LOCK_ROW")


def test_states_are_kept(org: Sf) -> None:
    id = org.post("jobs/ingest", {"object": "Contact", "operation": "update"}).json()["id"]
    assert (
        org.patch(f"jobs/ingest/{id}", {"state": "UploadComplete"}).json()[0]["errorCode"]
        == "INVALIDJOBSTATE"
    )
    chunks = iter([b"Id,Title\n", b"003000000000009,x\n"])
    headers = {"Content-Type": "text/csv"}
    assert org.send("PUT", f"jobs/ingest/{id}/batches", data=chunks, headers=headers).status_code == 201
    again = org.send("PUT", f"jobs/ingest/{id}/batches", data=b"Id\n", headers=headers)
    assert "Found multiple contents" in again.json()[0]["message"]
    assert org.patch(f"jobs/ingest/{id}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.patch(f"jobs/ingest/{id}", {"state": "Aborted"}).status_code == 400
    assert len(org.table(f"jobs/ingest/{id}/unprocessedrecords")) == 1
    assert id in {j["id"] for j in org.get("jobs/ingest").json()["records"]}
    assert org.send("DELETE", f"jobs/ingest/{id}").status_code == 204
    assert org.get(f"jobs/ingest/{id}").status_code == 404
    for body in ({"object": "Contact", "operation": "mend"}, {"object": "Contact", "operation": "upsert"}):
        assert org.post("jobs/ingest", body).json()[0]["errorCode"] == "INVALIDJOB"


def test_upsert_and_deletes(org: Sf) -> None:
    org.own_field("Contact.Key__c", {"label": "Key", "type": "Text", "length": 9, "externalId": True})
    org.grant("Keys", "Contact.Key__c")
    for made in ("true", "false"):
        id = org.ingest(
            "Contact", "upsert", "Key__c,LastName\nk1,One\nk2,Two\n", externalIdFieldName="Key__c"
        )
        assert {r["sf__Created"] for r in org.table(f"jobs/ingest/{id}/successfulResults")} == {made}
    found = org.values("SELECT Id FROM Contact WHERE Key__c != null ORDER BY Key__c")
    org.ingest("Contact", "delete", f"Id\n{found[0]}\n")
    org.ingest("Contact", "hardDelete", f"Id\n{found[1]}\n")
    left = org.query("SELECT Id, IsDeleted FROM Contact WHERE Key__c != null", "queryAll")
    assert left == [{"Id": found[0], "IsDeleted": True}]
