"""Pushing to a HubSpot that refuses batches in each of its ways: no record is held up, and few calls are spent."""

import math
from collections import Counter
from collections.abc import Iterator

import pytest
import requests
import responses
from support.contract_base import ADMIN

from sales_consultant.config.fields.catalogue import fields
from sales_consultant.connectors.base import Calls, Change, Outcome
from sales_consultant.connectors.http.transport import Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.sandbox.serving.server import Sandbox

HEADERS = {"Authorization": f"Bearer {ADMIN}"}
COUNT = 300


def connector(url: str = "", write: str = "2026-03") -> HubSpotConnector:
    transport = Transport(calls=Calls(), sleep=lambda seconds: None)
    return HubSpotConnector(HubSpotApi(ADMIN, url=url, transport=transport), read="2026-03", write=write)


def push(crm: HubSpotConnector, changes: list[Change]) -> dict[str, Outcome]:
    found = list(crm.push(changes, remember=lambda job: None))
    assert Counter(o.record_id for o in found) == Counter(c.record_id for c in changes), "one outcome each"
    return {o.record_id: o for o in found}


class Portal:
    """A sandbox with some contacts and our fields."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.ids: list[str] = []
        for start in range(0, COUNT, 100):
            inputs = [{"properties": {"email": f"n{n}@x.example"}} for n in range(start, start + 100)]
            self.ids += [
                r["id"]
                for r in self.post("/crm/v3/objects/contacts/batch/create", {"inputs": inputs})["results"]
            ]
        connector(self.url).provision(fields("minimal", ["contacts"]), dry=False)

    def post(self, path: str, body: object) -> dict[str, list[dict[str, str]]]:
        answer = requests.post(self.url + path, json=body, headers=HEADERS, timeout=30)
        assert answer.ok, answer.text
        found: dict[str, list[dict[str, str]]] = answer.json()
        return found


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with Sandbox(crms=("hubspot",)) as sandbox:
        yield Portal(sandbox)


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("bad", [(), (7,), (0, 99, 100, 250), tuple(range(200, 230))])
def test_bad_records_cost_few_calls_and_hold_up_nobody(
    portal: Portal, traced: bool, bad: tuple[int, ...]
) -> None:
    portal.post("/_sandbox/options", {"trace_ids": traced})
    crm = connector(portal.url)
    changes = [
        Change("contacts", i, {"score": "60", "grade": "none such" if n in bad else "A"})
        for n, i in enumerate(portal.ids)
    ]
    found = push(crm, changes)
    assert {portal.ids.index(i) for i, o in found.items() if o.state == "dead"} == set(bad)
    assert {o.state for o in found.values()} <= {"done", "dead"}
    assert all("sc_grade" in found[portal.ids[n]].message for n in bad)
    least = math.ceil(COUNT / 100)
    assert crm.calls.total <= least + (0 if traced else 16 * len(bad))


@pytest.mark.parametrize("traced", [True, False])
def test_another_property_s_rule_kills_only_the_records_that_break_it(portal: Portal, traced: bool) -> None:
    portal.post("/_sandbox/options", {"trace_ids": traced})
    portal.post("/_sandbox/rules", {"object": "contacts", "required": ["jobtitle"]})
    try:
        crm = connector(portal.url, write="2026-09")
        mine = portal.ids[:20]
        for record_id in mine[:17]:
            address = f"{portal.url}/crm/v3/objects/contacts/{record_id}"
            body = {"properties": {"jobtitle": "CTO"}}
            assert requests.patch(address, json=body, headers=HEADERS, timeout=10).ok
        found = push(crm, [Change("contacts", i, {"score": "41"}) for i in mine])
        assert [found[i].state for i in mine] == ["done"] * 17 + ["dead"] * 3
        assert '"jobtitle" is required' in found[mine[-1]].message
        older = push(connector(portal.url), [Change("contacts", mine[-1], {"score": "42"})])
        assert older[mine[-1]].state == "done", "the older write version does not apply the rules"
    finally:
        portal.post("/_sandbox/rules", {"object": "contacts", "required": []})


def test_a_record_merged_away_ends_with_its_heir_s_id_and_is_not_written(portal: Portal) -> None:
    a, b, c = portal.ids[-3:]
    heir = str(portal.post("/_sandbox/merge", {"object": "contacts", "primary": a, "other": b})["id"])
    crm = connector(portal.url)
    found = push(crm, [Change("contacts", i, {"score": "33"}) for i in (a, b, c)])
    assert found[c].state == "done"
    assert all(found[i].state == "dead" and heir in found[i].message for i in (a, b))
    chosen = fields("minimal", ["contacts"])["contacts"]
    assert next(iter(crm.read_back("contacts", [heir], chosen))).values["score"] != "33"
    assert crm.calls.by_kind["read"] <= 2, "all that a batch leaves out are looked up at once"


URL = "https://api.hubapi.com/crm/objects/2026-03/contacts"
TWO = [Change("contacts", n, {"score": "50", "grade": "A"}) for n in ("1", "2")]


@responses.activate
def test_a_property_that_is_not_there_is_not_searched_for_record_by_record() -> None:
    reason = (
        '[{"isValid":false,"message":"no such property","error":"PROPERTY_DOESNT_EXIST","name":"sc_grade"}]'
    )
    body = {"category": "VALIDATION_ERROR", "message": f"Property values were not valid: {reason}"}
    responses.post(f"{URL}/batch/update", status=400, json=body)
    found = push(connector(), [Change("contacts", str(n), {"grade": "A"}) for n in range(100)])
    assert {(o.state, o.code) for o in found.values()} == {("dead", "PROPERTY_DOESNT_EXIST")}
    assert len(responses.calls) == 1


@responses.activate
def test_an_error_that_names_nobody_is_asked_about_record_by_record() -> None:
    body = {"results": [], "errors": [{"category": "VALIDATION_ERROR", "message": "no", "context": {}}]}
    responses.post(f"{URL}/batch/update", status=207, json=body)
    responses.post(f"{URL}/batch/read", json={"results": [{"id": "1"}, {"id": "2"}]})
    responses.patch(f"{URL}/1", json={"id": "1"})
    responses.patch(f"{URL}/2", status=400, json={"category": "VALIDATION_ERROR", "message": "not this one"})
    found = push(connector(), TWO)
    assert (found["1"].state, found["2"].state, found["2"].message) == ("done", "dead", "not this one")


@responses.activate
def test_what_was_answered_and_cannot_be_looked_up_is_not_known() -> None:
    responses.post(f"{URL}/batch/update", json={"results": [{"id": "1"}]})
    responses.post(f"{URL}/batch/read", status=503)
    assert {i: o.state for i, o in push(connector(), TWO).items()} == {"1": "done", "2": "unknown"}


@responses.activate
def test_what_passes_by_itself_is_no_dead_letter() -> None:
    errors = [{"category": "RATE_LIMITS", "message": "slow down", "context": {"ids": ["2"]}}]
    responses.post(f"{URL}/batch/update", status=207, json={"results": [{"id": "1"}], "errors": errors})
    assert {i: o.state for i, o in push(connector(), TWO).items()} == {"1": "done", "2": "retry"}


@responses.activate
def test_a_path_that_is_gone_ends_the_run_and_blames_no_record() -> None:
    responses.post(f"{URL}/batch/update", status=404, json={"status": "error", "message": "no such resource"})
    found: list[Outcome] = []

    def collect() -> None:
        for outcome in connector().push(TWO, remember=lambda job: None):
            found.append(outcome)  # noqa: PERF402 - what came before the error is looked at

    with pytest.raises(HubSpotRefusalError):
        collect()
    assert [o.state for o in found] == ["retry", "retry"]
    assert len(responses.calls) == 1


@responses.activate
def test_a_lead_and_its_contact_never_meet_in_one_batch() -> None:
    responses.post(f"{URL}/batch/update", json={"results": [{"id": "1"}]})
    both = [Change("contacts", "1", {"score": "1"}), Change("leads", "1", {"score": "2"})]
    found = list(connector().push(both, remember=lambda job: None))
    assert [(o.object, o.state) for o in found] == [("contacts", "done"), ("leads", "done")]
    assert len(responses.calls) == 2
