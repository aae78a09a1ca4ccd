"""Pushing to Salesforce: bulk jobs that are found again in every state, locks, approvals, converted leads."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from support.salesforce_org import Sf, company

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.fields.catalogue import fields
from sales_consultant.config.fields.naming import Naming
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Change, Outcome
from sales_consultant.connectors.salesforce.api.client import SalesforceApi
from sales_consultant.connectors.salesforce.api.error_codes import LOCKED_ROW
from sales_consultant.connectors.salesforce.connector import SalesforceConnector
from sales_consultant.connectors.salesforce.writing.push import JOB_CALLS

ROWS = 230
OBJECTS = ("contacts", "leads", "deals")


class Death(BaseException):
    """The process died here."""


class Api(SalesforceApi):
    """Dies before or after the first call on a job with a method, as "PUT after"; keeps what was uploaded."""

    def __init__(self, sf: Sf, dies: str = "") -> None:
        super().__init__(Connection(crm="salesforce", url=sf.sandbox.url), "an-admins-token")
        self.transport.sleep = lambda seconds: None
        self.dies = dies
        self.uploaded: list[bytes] = []

    def call(self, path: str, **more: Any) -> Any:
        method, _, when = self.dies.partition(" ")
        hit = path.startswith("jobs/ingest") and more.get("method", "GET") == method
        if hit and when == "before":
            raise Death
        if path.endswith("/batches"):
            self.uploaded.append(more["data"])
        answer = super().call(path, **more)
        if hit and when == "after":
            raise Death
        return answer


def connector(sf: Sf, dies: str = "", **more: Any) -> SalesforceConnector:
    made = SalesforceConnector(Api(sf, dies), **{"sleep": lambda seconds: None, **more})
    made.user()
    return made


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sf]:
    with company(tmp_path_factory.mktemp("org")) as sf:
        connector(sf).provision(fields("all", OBJECTS), dry=False)
        records = [{"attributes": {"type": "Contact"}, "LastName": f"N{n}"} for n in range(ROWS)]
        for start in range(0, ROWS, 200):
            body = {"allOrNone": True, "records": records[start : start + 200]}
            assert sf.post("composite/sobjects", body).status_code == 200
        yield sf


@pytest.fixture
def ids(org: Sf) -> list[str]:
    return [str(i) for i in org.values("SELECT Id FROM Contact WHERE LastName LIKE 'N%' ORDER BY Id")]


def push(
    crm: SalesforceConnector, changes: list[Change], jobs: list[str] | None = None
) -> dict[str, Outcome]:
    found = list(crm.push(changes, remember=(jobs if jobs is not None else []).append))
    assert Counter(o.record_id for o in found) == Counter(c.record_id for c in changes), "one outcome each"
    return {o.record_id: o for o in found}


def changes(ids: list[str], score: str) -> list[Change]:
    return [Change("contacts", i, {"score": score, "top_reason": None}) for i in ids]


def scores(org: Sf) -> set[Any]:
    return set(org.values("SELECT SC_Score__c FROM Contact WHERE LastName LIKE 'N%'"))


def states(org: Sf) -> Counter[str]:
    return Counter(j["state"] for j in org.get("jobs/ingest").json()["records"])


def test_a_bulk_job_is_remembered_before_its_rows_and_costs_six_calls(org: Sf, ids: list[str]) -> None:
    crm = connector(org)
    jobs: list[str] = []
    crm.api.call("limits")
    before = crm.calls.total
    found = push(crm, changes(ids, "61"), jobs)
    assert {o.state for o in found.values()} == {"done"}
    assert jobs[0].startswith("new:Contact:")
    assert len(jobs) == 2
    assert crm.calls.total - before <= JOB_CALLS
    assert [crm.write_calls(n) for n in (1, 200, 201, 1999, 2000, 100_000, 100_001)] == [
        1,
        1,
        2,
        10,
        7,
        7,
        14,
    ]
    assert scores(org) == {61.0}


def test_a_bad_row_of_a_job_is_told_in_salesforce_s_words(org: Sf, ids: list[str]) -> None:
    mine = changes(ids, "62")
    mine[3] = Change("contacts", ids[3], {"grade": "none such"})
    found = push(connector(org), mine)
    assert Counter(o.state for o in found.values()) == {"done": ROWS - 1, "dead": 1}
    assert found[ids[3]].code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_none_empties_a_field_and_what_is_absent_is_left(org: Sf, ids: list[str]) -> None:
    text = 'a, "b"\r\nc – 😀 NULL'
    mine = [Change("contacts", i, {"reasons": text, "score": "50"}) for i in ids]
    assert {o.state for o in push(connector(org), mine).values()} == {"done"}
    mixed = [
        Change("contacts", i, {"reasons": None} if n % 2 else {"score": "51"}) for n, i in enumerate(ids)
    ]
    assert {o.state for o in push(connector(org), mixed).values()} == {"done"}
    rows = org.query(
        "SELECT Id, SC_Reasons__c, SC_Score__c FROM Contact WHERE LastName LIKE 'N%' ORDER BY Id"
    )
    assert [r["SC_Reasons__c"] is None for r in rows] == [n % 2 == 1 for n in range(ROWS)]
    assert {r["SC_Score__c"] for r in rows[1::2]} == {50.0}
    assert {r["SC_Score__c"] for r in rows[::2]} == {51.0}


DEATHS = ("POST before", "POST after", "PUT before", "PUT after", "PATCH after", "GET after")


@pytest.mark.parametrize("at", DEATHS)
def test_a_death_at_any_moment_of_a_job_is_resumed(org: Sf, ids: list[str], at: str) -> None:
    score = str(70 + DEATHS.index(at))
    crm, mine = connector(org, at), changes(ids, score)
    jobs: list[str] = []
    with pytest.raises(Death):
        push(crm, mine, jobs)
    later = connector(org)
    told = {o.record_id: o.state for o in later.resume(jobs[-1], mine)}
    assert set(told) == set(ids), "every row's end is known from the job alone"
    applied = at in ("PATCH after", "GET after")
    assert set(told.values()) == {"done" if applied else "retry"}
    assert (scores(org) == {float(score)}) is applied
    assert not states(org) & Counter({"Open": 1, "UploadComplete": 1, "InProgress": 1}), (
        "no job is left at work"
    )


def test_a_job_whose_results_are_gone_is_read_back(org: Sf, ids: list[str]) -> None:
    crm, mine = connector(org), changes(ids, "80")
    jobs: list[str] = []
    push(crm, mine, jobs)
    assert org.send("DELETE", f"jobs/ingest/{jobs[-1]}").status_code == 204
    assert list(crm.resume(jobs[-1], mine)) == []


def test_somebody_else_s_open_job_is_not_aborted(org: Sf, ids: list[str]) -> None:
    body = {"object": "Lead", "operation": "update", "lineEnding": "LF"}
    other = org.post("jobs/ingest", body).json()["id"]
    crm, mine = connector(org, "POST after"), changes(ids, "81")
    jobs: list[str] = []
    with pytest.raises(Death):
        push(crm, mine, jobs)
    assert {o.state for o in connector(org).resume(jobs[-1], mine)} == {"retry"}
    held = {j["id"]: j["state"] for j in org.get("jobs/ingest").json()["records"]}
    assert held[other] == "Open"
    assert Counter(held.values())["Open"] == 1
    org.patch(f"jobs/ingest/{other}", {"state": "Aborted"})


@pytest.mark.parametrize("path", ["/jobs/ingest$", "/batches$", "/jobs/ingest/[^/]+$"])
def test_a_lost_answer_of_any_step_loses_no_row(org: Sf, ids: list[str], path: str) -> None:
    org.control("faults", kind="lost", path=path, times=1)
    found = push(connector(org), changes(ids, "82"))
    assert {o.state for o in found.values()} == {"done"}
    assert scores(org) == {82.0}
    assert not states(org) & Counter({"Open": 1}), "no stray job is left"
    push(connector(org), changes(ids, "50"))


def test_answers_that_stay_lost_end_no_run(org: Sf, ids: list[str]) -> None:
    org.control("faults", kind="lost", path="/batches$", times=2)
    org.control("faults", kind="lost", path="/jobs/ingest/[^/]+$", times=2)
    found = push(connector(org), changes(ids, "92"))
    assert {o.state for o in found.values()} == {"retry"}, "nothing was set to work"
    assert scores(org) != {92.0}
    org.send("DELETE", "/_sandbox/faults")
    for job in org.get("jobs/ingest").json()["records"]:
        if job["state"] == "Open":
            org.patch(f"jobs/ingest/{job['id']}", {"state": "Aborted"})


def test_a_job_that_does_not_end_is_left_for_the_next_run(org: Sf, ids: list[str]) -> None:
    org.control("options", job_seconds=10_000)
    mine = changes(ids, "83")
    jobs: list[str] = []
    ticks = iter(range(0, 100_000, 600))
    crm = connector(org, clock=lambda: float(next(ticks)))
    with pytest.raises(CrmUnavailableError, match="does not end"):
        push(crm, mine, jobs)
    org.control("options", job_seconds=0)
    org.control("clock", advance=10_001)
    assert {o.state for o in connector(org).resume(jobs[-1], mine)} == {"done"}
    assert scores(org) == {83.0}


@pytest.mark.parametrize(
    ("after", "message"), [(100, "InternalServerError : try again"), (0, "InvalidBatch : no")]
)
def test_a_job_that_fails_tells_what_it_did_and_the_rest_is_sent_again(
    org: Sf, ids: list[str], after: int, message: str
) -> None:
    org.control("job_fault", after=after, message=message)
    found = push(connector(org), changes(ids, "91"))
    told = Counter(o.state for o in found.values())
    # What is wrong with the rows themselves would be wrong again.
    assert told == ({"done": after, "retry": ROWS - after} if after else {"dead": ROWS})
    assert {o.state for o in push(connector(org), changes(ids, "50")).values()} == {"done"}


def test_polls_come_ever_more_slowly(org: Sf, ids: list[str]) -> None:
    org.control("options", job_seconds=200)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        org.control("clock", advance=seconds)

    push(connector(org, sleep=sleep), changes(ids, "84"))
    org.control("options", job_seconds=0)
    assert pauses == sorted(pauses)
    assert pauses[-1] > 20 * pauses[0]


def test_locked_rows_are_sent_again_alone(org: Sf, ids: list[str]) -> None:
    org.control("row_errors", ids=ids[:30], times=2)
    org.control("row_errors", ids=ids[40:41], times=99)
    crm = connector(org)
    found = push(crm, changes(ids, "85"))
    assert found[ids[40]].state == "retry"
    assert found[ids[40]].code == LOCKED_ROW
    assert {o.state for i, o in found.items() if i != ids[40]} == {"done"}
    assert crm.calls.by_kind["write"] <= 1 + 2 + 1, "only what failed is sent again"
    org.control("row_errors", ids=ids[40:41], times=1)
    push(crm, changes(ids[40:41], "85"))


def test_an_approval_is_waited_for_and_a_converted_lead_left(org: Sf, ids: list[str]) -> None:
    org.control("row_errors", ids=ids[:1], code="ENTITY_IS_LOCKED", message="the record is locked", times=1)
    found = push(connector(org), changes(ids[:2], "86"))
    assert (found[ids[0]].state, found[ids[0]].message) == ("wait", "the record is locked")
    assert found[ids[1]].state == "done"
    lead = org.id("Lead", "l1")
    assert push(connector(org), [Change("leads", lead, {"score": "50"})])[lead].state == "left"


@pytest.mark.parametrize("count", [20, ROWS])
def test_another_field_s_rule_kills_only_the_records_that_break_it(
    org: Sf, ids: list[str], count: int
) -> None:
    rule = {
        "kind": "validation",
        "object": "Contact",
        "name": "Titled",
        "message": "A contact N3 needs a title.",
    }
    org.control("rule", **rule, error_if="LastName = 'N3' AND Title = NULL")
    bad = str(org.values("SELECT Id FROM Contact WHERE LastName = 'N3'")[0])
    found = push(connector(org), changes(ids[:count], "93"))
    assert (found[bad].state, found[bad].code) == ("dead", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert "needs a title" in found[bad].message
    assert {o.state for i, o in found.items() if i != bad} == {"done"}
    org.control("rule", **rule, error_if="LastName = 'N3'", active=False)


def test_a_column_that_is_not_there_is_not_searched_for_row_by_row(org: Sf, ids: list[str]) -> None:
    api = SalesforceApi(Connection(crm="salesforce", url=org.sandbox.url), "an-admins-token")
    crm = SalesforceConnector(api, naming=Naming(names={"grade": "No_Such"}))
    mine = changes(ids[:150], "87")
    mine[5:100] = [Change("contacts", i, {"grade": "A"}) for i in ids[5:100]]
    found = push(crm, mine)
    assert {found[i].code for i in ids[5:100]} == {"INVALID_FIELD"}
    assert {found[i].state for i in ids[:5] + ids[100:150]} == {"done"}
    assert crm.calls.by_kind["write"] == 2


def test_rows_too_many_for_one_upload_go_in_several_jobs(org: Sf, ids: list[str]) -> None:
    crm = connector(org)
    jobs: list[str] = []
    crm.pusher.ingest.max_bytes = 2500
    assert {o.state for o in push(crm, changes(ids, "88"), jobs).values()} == {"done"}
    assert len(jobs[-1].split()) >= 3
    assert {o.state for o in connector(org).resume(jobs[-1], changes(ids, "88"))} == {"done"}


def test_without_bulk_the_rows_go_in_collections(org: Sf, ids: list[str]) -> None:
    org.control("faults", kind="status", status=405, path="/jobs/ingest$", times=1)
    crm = connector(org)
    assert {o.state for o in push(crm, changes(ids, "89")).values()} == {"done"}
    assert crm.calls.by_kind["write"] == 2


def test_rows_keep_the_order_they_were_given_in(org: Sf, ids: list[str]) -> None:
    crm = connector(org)
    push(crm, changes(ids[::-1], "90"))
    assert isinstance(crm.api, Api)
    lines = crm.api.uploaded[0].splitlines()[1:]
    assert [line.split(b",")[0].strip(b'"').decode() for line in lines] == ids[::-1]
