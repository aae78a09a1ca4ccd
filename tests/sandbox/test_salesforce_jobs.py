"""Bulk 2.0 jobs at their edges: lists, chunked uploads, aborts, failures, locks, sessions that end, daily limits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.salesforce_org import Sf, blank, company

CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def _job(org: Sf, text: str, sobject: str = "Contact", operation: str = "insert") -> str:
    """A job with its data that has not been set to work yet."""
    made = org.post("jobs/ingest", {"object": sobject, "operation": operation, "lineEnding": "LF"}).json()
    assert org.send("PUT", f"/{made['contentUrl']}", data=text.encode(), headers=CSV).status_code == 201
    return str(made["id"])


def test_jobs_are_listed_for_all_and_page_by_page(org: Sf) -> None:
    other = org.user("other", profile="System Administrator")
    mine = [_job(org, "LastName\nx\n") for _ in range(2)]
    theirs = _job(other, "LastName\nx\n", "Lead")
    org.control("options", crm="salesforce", jobs_page=2)
    first = org.get("jobs/ingest", jobType="V2Ingest").json()
    assert (len(first["records"]), first["done"]) == (2, False)
    second = org.get(first["nextRecordsUrl"]).json()
    assert (second["done"], second["nextRecordsUrl"]) == (True, None)
    listed = {j["id"]: (j["object"], j["createdById"]) for j in [*first["records"], *second["records"]]}
    assert set(listed) == {*mine, theirs}
    me = org.get("/services/oauth2/userinfo").json()["user_id"]
    assert listed[mine[0]] == ("Contact", me) and listed[theirs][1] != me
    assert other.get(f"jobs/ingest/{mine[0]}").status_code == 404
    assert org.get("jobs/ingest", jobType="Classic").json()["records"] == []
    assert org.get("jobs/ingest", isPkChunkingEnabled="true").json()["records"] == []
    assert org.get("jobs/ingest", jobType="Dragon").status_code == 400


def test_an_upload_may_come_in_chunks(org: Sf) -> None:
    made = org.post("jobs/ingest", {"object": "Contact", "operation": "insert"}).json()
    parts: Iterator[bytes] = iter([b"LastName\n", b"One\nTw", b"o\n"])
    sent = org.send("PUT", f"jobs/ingest/{made['id']}/batches", data=parts, headers=CSV)
    assert sent.request.headers["Transfer-Encoding"] == "chunked" and sent.status_code == 201
    org.patch(f"jobs/ingest/{made['id']}", {"state": "UploadComplete"})
    assert org.get(f"jobs/ingest/{made['id']}").json()["numberRecordsProcessed"] == 2


def _worked(org: Sf, job: str) -> dict[str, Any]:
    for _ in range(20):
        state: dict[str, Any] = org.get(f"jobs/ingest/{job}").json()
        if state["state"] in ("JobComplete", "Failed", "Aborted"):
            return state
    raise AssertionError("the job does not end")


def test_what_an_aborted_job_did_not_get_to_is_unprocessed() -> None:
    with blank() as org:
        job = _job(org, "LastName\n" + "\n".join(f"N{n}" for n in range(9000)) + "\n")
        org.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
        assert org.get(f"jobs/ingest/{job}").json()["state"] == "InProgress"
        assert org.patch(f"jobs/ingest/{job}", {"state": "Aborted"}).json()["state"] == "Aborted"
        done = org.get(f"jobs/ingest/{job}").json()["numberRecordsProcessed"]
        for name in ("unprocessedrecords", "unprocessedRecords"):
            assert len(org.table(f"jobs/ingest/{job}/{name}")) == 9000 - done > 0
        for name in ("successfulResults", "successfulresults"):
            assert len(org.table(f"jobs/ingest/{job}/{name}")) == done > 0
        assert (
            org.patch(f"jobs/ingest/{job}", {"state": "Aborted"}).json()[0]["errorCode"] == "INVALIDJOBSTATE"
        )
        assert org.send("DELETE", f"jobs/ingest/{job}").status_code == 204
        assert org.get("query", q="SELECT COUNT() FROM Contact").json()["totalSize"] == done


def test_a_job_may_fail_half_way(org: Sf) -> None:
    org.control("job_fault", after=3)
    job = _job(org, "LastName\n" + "\n".join(f"N{n}" for n in range(10)) + "\n")
    org.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    state = _worked(org, job)
    assert (state["state"], state["numberRecordsProcessed"]) == ("Failed", 3)
    assert state["errorMessage"].startswith("InternalServerError")
    assert len(org.table(f"jobs/ingest/{job}/successfulResults")) == 3
    assert next(r["LastName"] for r in org.table(f"jobs/ingest/{job}/unprocessedrecords")) == "N3"


def test_a_locked_account_holds_up_its_children_for_once(org: Sf) -> None:
    deals = [org.id("Opportunity", d) for d in ("d1", "d2")]
    org.control("row_errors", ids=[org.id("Account", "c1")], times=2)
    text = f"Id,NextStep\n{deals[0]},x\n{deals[1]},x\n"
    job = org.ingest("Opportunity", "update", text)
    (failed,) = org.table(f"jobs/ingest/{job}/failedResults")
    assert (failed["sf__Id"], failed["sf__Error"][:19]) == (deals[0], "UNABLE_TO_LOCK_ROW:")
    rows = [{"attributes": {"type": "Opportunity"}, "Id": i, "NextStep": "y"} for i in deals]
    for good in ([False, True], [True, True]):
        answer = org.patch("composite/sobjects", {"allOrNone": False, "records": rows}).json()
        assert [r["success"] for r in answer] == good


def test_a_session_that_ends_in_the_middle_of_a_job_leaves_the_job(org: Sf) -> None:
    token = org.send(
        "POST",
        "/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"},
    ).json()["access_token"]
    first = Sf(org.sandbox, token)
    job = _job(first, "LastName\nx\n")
    org.control("expire", token=token)
    refused = first.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert org.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"}).status_code == 200
    assert _worked(org, job)["state"] == "JobComplete"


def test_limits_count_what_jobs_use_and_refuse_the_next() -> None:
    with blank(limits="free") as org:
        org.ingest("Contact", "insert", "LastName\n" + "\n".join(f"N{n}" for n in range(10_001)) + "\n")
        job = org.post(
            "jobs/query", {"operation": "query", "query": "SELECT Id, LastName FROM Contact"}
        ).json()["id"]
        org.get(f"jobs/query/{job}")
        size = len(org.get(f"jobs/query/{job}/results").content)
        answer = org.get("limits")
        limits = answer.json()
        spent = {n: v["Max"] - v["Remaining"] for n, v in limits.items()}
        assert (spent["DailyBulkApiBatches"], spent["DailyBulkV2QueryJobs"]) == (2, 1)
        assert spent["DailyBulkV2QueryFileStorageMB"] == size // 2**20
        assert answer.headers["Sforce-Limit-Info"] == f"api-usage={spent['DailyApiRequests']}/15000"
        org.control("usage", limit="DailyBulkV2QueryJobs", used=10_000)
        refused = org.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Contact"})
        assert refused.json()[0]["errorCode"] == "EXCEEDEDQUOTA"
        org.control("usage", used=15_000)
        over = org.get("limits")
        assert (over.status_code, over.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
        org.control("clock", advance=25 * 3600)
        assert org.get("limits").json()["DailyBulkV2QueryJobs"]["Remaining"] == 10_000
