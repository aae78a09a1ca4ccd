"""What is no answer of the CRM says nothing of a record, a token or a request, whatever its status: it is asked again, and
ends as unreachable with what to do about what stands in between."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import responses
from support.in_process import LocalSandbox
from support.sandbox_company import CLOCK

from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Calls, Change
from sales_consultant.connectors.http.transport import LostAnswerError, Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.connector import SalesforceConnector

HUB = "https://api.hubapi.com"
ORG = "https://sandbox.my.salesforce.com/services/data/v62.0"
CONTACTS = "/crm/objects/2026-03/contacts"
PAGE = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"
WAF = b'{"error":"Forbidden","message":"Request blocked by WAF"}'
STATUSES = (
    300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 404, 405, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421,
    422, 424, 426, 428, 431, 444, 451, 494, 495, 496, 497, 498, 499, 501, 505, 506, 507, 508, 510, 511, 527, 530, 561, 599,
)  # fmt: skip


# A 401 is believed unless it is a page; a 304 has no body.
FOREIGN = [
    (s, b)
    for s in STATUSES
    for b in (PAGE, b"", b'{"fault":{"code":"x"}}', b"error code: 1016", b'["x"]', b"null")
    if not (s == 401 and b != PAGE) and not (s == 304 and b)
]


def hubspot() -> HubSpotApi:
    return HubSpotApi("t", transport=Transport(calls=Calls(), crm="HubSpot", sleep=lambda _: None))


def salesforce() -> SalesforceApi:
    made = SalesforceApi(Connection(crm="salesforce", auth="token", domain="sandbox.my"), "a-token")
    made.transport.sleep = lambda _: None
    return made


def read(crm: str, *answers: tuple[int, bytes], **headers: str) -> tuple[Any, int]:
    """What a read gives or raises after these answers, the last of them for ever, and how many calls it took."""
    api: Any = hubspot() if crm == "hubspot" else salesforce()
    with responses.RequestsMock() as mocked:
        for status, body in answers:
            mocked.get(
                HUB + CONTACTS if crm == "hubspot" else f"{ORG}/query",
                status=status,
                body=body,
                headers=headers,
            )
        try:
            return api.get(CONTACTS) if crm == "hubspot" else api.query(
                "SELECT Id FROM Lead"
            ), api.calls.total
        except SalesConsultantError as e:
            return e, api.calls.total


WHOLE = {"hubspot": {"results": []}, "salesforce": {"records": [], "done": True}}


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize(("status", "body"), FOREIGN)
def test_a_status_of_something_in_between_is_exit_4(crm: str, status: int, body: bytes) -> None:
    error, calls = read(crm, (status, body))
    assert isinstance(error, CrmUnavailableError)
    assert (error.code, calls > 5) == (4, True)
    assert f"status {status}" in error.message and "in between" in error.message
    assert "report" not in error.action and "record" not in error.action
    assert ("HTTPS_PROXY" in error.action) == (status in (407, 511))
    assert "<" not in error.message
    found, calls = read(crm, (status, body), (200, orjson.dumps(WHOLE[crm])))
    assert found == (WHOLE[crm] if crm == "hubspot" else []) and calls == 2


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://login.hotel.example/portal/room7?token=SECRET", "login.hotel.example"),
        ("http://user:SECRET@10.0.0.1:8080/SECRET", "10.0.0.1"),
        ("//cdn.example/SECRET", "cdn.example"),
        ("/SECRET", "api.hubapi.com sandbox.my.salesforce.com"),
        ("http://[SECRET", "another place"),
    ],
)
def test_a_redirect_is_told_by_its_host_alone(crm: str, location: str, named: str) -> None:
    error, _ = read(crm, (302, b'{"status":"error"}'), Location=location)
    assert error.code == 4
    assert any(f"a redirect to {n}" in error.message for n in (named, *named.split()))
    assert "SECRET" not in str(error.as_dict())
    assert "HTTPS_PROXY" in error.action


@pytest.mark.parametrize("status", [404, 409, 422])
def test_only_the_crm_s_own_json_tells_of_a_record(status: int) -> None:
    error, calls = read(
        "hubspot", (status, b'{"status":"error","category":"OBJECT_NOT_FOUND","message":"x"}')
    )
    assert isinstance(error, HubSpotRefusalError) and (error.code, calls) == (5, 1)
    body = b'[{"errorCode":"NOT_FOUND","message":"x"}]'
    error, calls = read("salesforce", (status, body))
    assert isinstance(error, SalesforceRefusalError) and (error.code, calls) == (5, 1)


def test_a_job_is_not_gone_because_a_gateway_says_404() -> None:
    """Another of the kind: what may be missing is looked up, and a page is no "it is not there"."""
    api = salesforce()
    with responses.RequestsMock() as mocked:
        mocked.get(f"{ORG}/jobs/query/750x", status=404, body=PAGE)
        with pytest.raises(CrmUnavailableError):
            api.call("jobs/query/750x", accept_missing=True)
        mocked.replace("GET", f"{ORG}/jobs/query/750x", status=404, json=[{"errorCode": "NOT_FOUND"}])
        assert api.call("jobs/query/750x", accept_missing=True) is None


@pytest.mark.parametrize(("status", "body"), [(404, PAGE), (511, b""), (302, PAGE), (204, b""), (200, PAGE)])
def test_a_write_that_something_in_between_answers_is_read_back(status: int, body: bytes) -> None:
    change = [Change("contacts", "1", {"score": "50"})]
    hub, org = hubspot(), salesforce()
    with responses.RequestsMock() as mocked:
        mocked.post(f"{HUB}{CONTACTS}/batch/update", status=status, body=body)
        made = HubSpotConnector(hub, read="2026-03", write="2026-03")
        found = list(made.push(change, remember=lambda _: None))
        assert [o.state for o in found] == ["unknown"] and hub.calls.total == 1
        mocked.patch(f"{ORG}/composite/sobjects", status=status, body=body)
        crm = SalesforceConnector(org, sleep=lambda _: None)
        assert [o.state for o in crm.push(change, remember=lambda _: None)] == ["unknown"]
        assert org.calls.total == 1


# -- answers without a body -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize("status", [200, 202, 204, 205])
def test_nothing_where_an_answer_is_due_is_no_answer(crm: str, status: int) -> None:
    error, calls = read(crm, (status, b""))
    assert (error.code, calls > 5) == (4, True)
    found, _ = read(crm, (status, b""), (200, orjson.dumps(WHOLE[crm])))
    assert not isinstance(found, SalesConsultantError)


def test_what_is_documented_to_answer_with_nothing_may() -> None:
    hub, org = hubspot(), salesforce()
    with responses.RequestsMock() as mocked:
        mocked.delete(f"{HUB}/crm/properties/2026-03/contacts/x", status=204)
        assert hub.call("DELETE", "/crm/properties/2026-03/contacts/x") == (204, {})
        mocked.delete(f"{ORG}/tooling/sobjects/CustomField/00N", status=204)
        mocked.patch(f"{ORG}/tooling/sobjects/CustomField/00N", status=204)
        mocked.patch(f"{ORG}/sobjects/FieldPermissions/01k", status=204)
        mocked.put(f"{ORG}/jobs/ingest/750x/batches", status=201)
        for method, path in (
            ("DELETE", "tooling/sobjects/CustomField/00N"),
            ("PATCH", "tooling/sobjects/CustomField/00N"),
            ("PATCH", "sobjects/FieldPermissions/01k"),
            ("PUT", "jobs/ingest/750x/batches"),
        ):
            assert org.call(path, method=method, body={}) is None


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("PUT", "jobs/ingest/750x/batches", 200, b""),
        ("PUT", "jobs/ingest/750x/batches", 200, PAGE),
        ("DELETE", "sobjects/PermissionSet/0PS", 200, PAGE),
        ("PATCH", "sobjects/FieldPermissions/01k", 200, b""),
        ("PATCH", "jobs/ingest/750x", 204, b""),
        ("POST", "tooling/sobjects/CustomField", 204, b""),
        ("POST", "tooling/sobjects/CustomField", 200, b"{}"),
        ("POST", "sobjects/PermissionSet", 201, b'{"success": true}'),
    ],
)
def test_an_empty_answer_or_a_page_is_not_taken_for_done(
    method: str, path: str, status: int, body: bytes
) -> None:
    with responses.RequestsMock() as mocked:
        mocked.add(method, f"{ORG}/{path}", status=status, body=body)
        with pytest.raises(LostAnswerError) as e:
            salesforce().call(path, method=method, body={})
    assert e.value.code == 4


@pytest.fixture
def org() -> Iterator[LocalSandbox]:
    with LocalSandbox("salesforce", clock=CLOCK) as made:
        yield made


@pytest.mark.parametrize("damage", [("empty", 204), ("html", 404), ("html", 200), ("html", 511)])
def test_provision_after_one_damaged_answer_ends_with_4_and_goes_on(
    org: LocalSandbox, damage: tuple[str, int]
) -> None:
    from sales_consultant.config.fields.catalogue import FIELDS

    api = SalesforceApi(Connection(crm="salesforce", auth="token", url="http://127.0.0.1"), "a-token")
    api.session.inner.mount("https://", org.adapter)
    api.transport.sleep = lambda _: None
    crm = SalesforceConnector(api, sleep=lambda _: None)
    fields = {"contacts": [f for f in FIELDS if f.key in ("score", "grade")]}
    kind, status = damage
    org.control(
        "faults", kind=kind, status=status, path="tooling/sobjects/CustomField$", method="POST", times=1
    )
    with pytest.raises(CrmUnavailableError) as e:
        crm.provision(fields, dry=False)
    assert "record is gone" not in e.value.action
    assert {s.state for s in crm.provision(fields, dry=False)} <= {"created", "exists", "changed"}
    assert {s.state for s in crm.provision(fields, dry=False)} == {"exists"}


# -- elements without an id -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("/marketing/campaigns/2026-03", {"id": "1", "properties": {}}),
        ("/crm/owners/2026-03", {"id": "1"}),
    ],
)
def test_an_element_without_what_names_it_is_no_whole_answer(path: str, good: dict[str, Any]) -> None:
    for missing in good.keys() - {"properties"}:
        api = hubspot()
        with responses.RequestsMock() as mocked:
            bad = {k: v for k, v in good.items() if k != missing}
            mocked.get(HUB + path, json={"results": [good, bad]})
            with pytest.raises(CrmUnavailableError) as e:
                api.get(path)
            mocked.replace("GET", HUB + path, json={"results": [good]})
            assert api.get(path)["results"] == [good]
        assert e.value.code == 4


@pytest.mark.parametrize("odd", [{}, [], None, ""])
def test_a_campaign_with_an_odd_id_is_no_defect(odd: Any) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        body = {"results": [{"id": odd, "properties": {}}]}
        mocked.get(f"{HUB}/marketing/campaigns/2026-03", json=body)
        crm = HubSpotConnector(hubspot(), read="2026-03", write="2026-03")
        with pytest.raises(CrmUnavailableError):
            crm._puller.campaigns()


# -- 403 ------------------------------------------------------------------------------------------------------------

FIREWALL, ACCOUNT, ADDRESS = "a firewall refuses", "the account is suspended", "address is not let in"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (WAF, FIREWALL),
        (b'{"message":"Forbidden"}', FIREWALL),
        (b'{"code":403,"reason":"account blocked"}', FIREWALL),
        (b'{"status":"error","message":"The request was blocked by our firewall"}', FIREWALL),
        (b'{"status":"error","message":"Request blocked"}', FIREWALL),
        (b'{"category":"ACCOUNT_INACTIVE","message":"This account is no longer active."}', ACCOUNT),
        (b'{"category":"ACCOUNT_INACTIVE","message":"x"}', ACCOUNT),
        (b'{"category":"PORTAL_SUSPENDED","message":"x"}', ACCOUNT),
        (b'{"status":"error","message":"Your trial has expired"}', ACCOUNT),
        (b'{"status":"error","message":"This is a disabled portal"}', ACCOUNT),
        (b'{"status":"error","message":"Requests from IP 10.1.2.3 are blocked"}', ADDRESS),
        (b'{"status":"error","message":"The value is blocked"}', "does not say which permission"),
    ],
)
def test_a_403_of_hubspot_is_told_by_what_it_says(body: bytes, words: str) -> None:
    error, calls = read("hubspot", (403, body))
    assert isinstance(error, AccessError) and (error.code, calls) == (3, 1)
    assert words in error.message
    assert ("HubSpot says" in error.message) == (error.details["code"] != "FIREWALL")


def test_a_403_of_a_firewall_before_salesforce_is_no_permission() -> None:
    for body in (WAF, b'{"message":"Forbidden"}', b"[1]"):
        error, _ = read("salesforce", (403, body))
        assert (error.code, "firewall" in error.message) == (3, True)
        assert "Permission Sets" not in error.action
    error, _ = read("salesforce", (403, b'[{"errorCode":"FORBIDDEN","message":"no"}]'))
    assert "firewall" not in error.message
