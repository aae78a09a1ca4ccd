"""Every code of the vendors' documents goes through the connector: what it ends with is what docs/reference/errors.md says."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import responses
from support import errors_page

from sales_consultant.config.errors import (
    AccessError,
    CrmUnavailableError,
    SalesConsultantError,
    UsageError,
)
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Calls, Change, Outcome
from sales_consultant.connectors.http.error_codes import Rule
from sales_consultant.connectors.http.transport import LostAnswerError, Transport
from sales_consultant.connectors.hubspot.api.client import HubSpotApi, HubSpotRefusalError
from sales_consultant.connectors.hubspot.api.error_codes import TABLE as HUBSPOT
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.salesforce.api.client import SalesforceApi, SalesforceRefusalError
from sales_consultant.connectors.salesforce.api.error_codes import TABLE as SALESFORCE
from sales_consultant.connectors.salesforce.connector import SalesforceConnector

HUB = "https://api.hubapi.com/crm/objects/2026-03/contacts"
ORG = "https://sandbox.my.salesforce.com/services/data/v62.0"
# Messages as the vendors write them, for the rows that look at words.
SAMPLES = (
    "TotalRequests Limit exceeded.",
    "This account has been suspended.",
    "Requests from this IP address are not allowed.",
    "Request blocked by the web application firewall.",
    "This app hasn't been granted all required scopes.",
    "Cannot have more than 250 identities on a profile",
)


def hubspot() -> HubSpotApi:
    return HubSpotApi("t", transport=Transport(calls=Calls(), crm="HubSpot", sleep=lambda _: None))


def salesforce() -> SalesforceApi:
    made = SalesforceApi(Connection(crm="salesforce", domain="sandbox.my"), "a-token")
    made.transport.sleep = lambda _: None
    return made


def message(rule: Rule) -> str:
    return next((s for s in SAMPLES if rule.words and re.search(rule.words, s, re.IGNORECASE)), "no")


def told(crm: str, status: int, body: bytes | str, **headers: str) -> tuple[SalesConsultantError, int]:
    """The error that a read ends with, and how many calls it took."""
    api: Any = hubspot() if crm == "HubSpot" else salesforce()
    with responses.RequestsMock() as mocked:
        mocked.get(HUB if crm == "HubSpot" else f"{ORG}/limits", status=status, body=body, headers=headers)
        with pytest.raises(SalesConsultantError) as e:
            api.get("/crm/objects/2026-03/contacts") if crm == "HubSpot" else api.call("limits")
    return e.value, api.calls.total


def by_page(rule: Rule, error: SalesConsultantError, calls: int) -> None:
    """The page's own cells, not the table's, are what counts."""
    row = next(r for r in errors_page.rows([rule]))
    cells = [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert error.code == int(cells[3]), (rule, error)
    assert (calls > 1) == (cells[4] == "yes"), (rule, calls)
    if rule.day:
        assert error.details["limit"] == "daily"
    else:
        assert error.action == cells[6], (rule, error)
    assert error.action
    kind = {3: AccessError, 4: CrmUnavailableError, 2: UsageError}.get(error.code)
    if rule.run and kind:
        assert isinstance(error, kind)


def test_the_page_is_up_to_date() -> None:
    assert errors_page.PAGE.read_text(encoding="utf-8") == errors_page.page(), "run: make reference"


def test_no_code_has_two_rules_and_every_rule_says_what_to_do() -> None:
    for table in (HUBSPOT, SALESFORCE):
        plain = [(r.code, r.words) for r in table.codes]
        assert len(plain) == len(set(plain))
        statuses = [(r.status, r.words) for r in table.statuses]
        assert len(statuses) == len(set(statuses))
        for rule in (*table.codes, *table.statuses):
            assert rule.what and rule.action.rstrip()[-1] in ".)`ndylgw:", rule
            assert rule.exit in (1, 2, 3, 4, 5)
    assert len(SALESFORCE.codes) > 550


def hubspot_bodies(rule: Rule) -> Iterator[dict[str, Any]]:
    """A code where HubSpot may put it: any field of an error may be missing."""
    if rule.code in ("DAILY", "SECONDLY", "TEN_SECONDLY_ROLLING"):
        yield {
            "status": "error",
            "errorType": "RATE_LIMIT",
            "policyName": rule.code,
            "message": message(rule),
        }
        return
    yield {"status": "error", "category": rule.code, "message": message(rule)}
    yield {"errorType": rule.code}


@pytest.mark.parametrize("rule", [r for r in HUBSPOT.codes if r.code != "FIREWALL"], ids=lambda r: r.code)
def test_every_code_of_hubspot(rule: Rule) -> None:
    status = 429 if "SECONDLY" in rule.code or rule.code == "DAILY" else 403 if rule.run else 400
    for body in hubspot_bodies(rule):
        error, calls = told("HubSpot", status, orjson.dumps(body))
        by_page(rule, error, calls)


@pytest.mark.parametrize("rule", HUBSPOT.statuses, ids=lambda r: f"{r.status} {r.words[:12]}")
def test_every_status_of_hubspot(rule: Rule) -> None:
    error, calls = told("HubSpot", rule.status, orjson.dumps({"status": "error", "message": message(rule)}))
    by_page(rule, error, calls)


# A firewall answers with a page, not with a code: below.
@pytest.mark.parametrize(
    "rule", [r for r in SALESFORCE.codes if r.code != "FIREWALL"], ids=lambda r: f"{r.code} {r.words}"
)
def test_every_code_of_salesforce(rule: Rule) -> None:
    words = message(rule) if rule.words else "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    body = orjson.dumps([{"errorCode": rule.code, "message": words}])
    error, calls = told("Salesforce", 403 if rule.run else 400, body)
    by_page(rule, error, calls)
    if rule.run is None:
        # The same code, where the call as a whole is refused: whatever it is, an admin or time has to act.
        refused, _ = told("Salesforce", 403, body)
        assert refused.code == (rule.exit if rule.who in ("admin", "time", "operator") else 3)
        assert isinstance(refused, AccessError | CrmUnavailableError)
        assert refused.action


@pytest.mark.parametrize("rule", SALESFORCE.statuses, ids=lambda r: str(r.status))
def test_every_status_of_salesforce(rule: Rule) -> None:
    error, calls = told("Salesforce", rule.status, b"" if rule.status >= 500 or rule.status == 304 else b"[]")
    by_page(rule, error, calls)


# -- the examples, and others of their kind -------------------------------------------------------------------------


def test_only_total_requests_end_salesforce_s_day() -> None:
    for words in (
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        "ConcurrentPerOrgLongTxn Limit exceeded.",
        "Limit exceeded.",
    ):
        body = orjson.dumps([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": words}])
        with responses.RequestsMock() as mocked:
            mocked.get(f"{ORG}/limits", status=403, body=body)
            mocked.get(f"{ORG}/limits", json={"a": 1})
            assert salesforce().call("limits") == {"a": 1}
        error, calls = told("Salesforce", 403, body)
        assert (error.code, "limit" in error.details, calls > 5) == (4, False, True)
    body = orjson.dumps([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
    error, calls = told("Salesforce", 403, body)
    assert (error.code, error.details["limit"], calls) == (4, "daily", 1)


@pytest.mark.parametrize("code", ["API_CURRENTLY_DISABLED", "SOMETHING_OF_NEXT_YEAR", "MALFORMED_QUERY", ""])
def test_every_403_of_salesforce_is_exit_3_with_an_action(code: str) -> None:
    error, calls = told("Salesforce", 403, orjson.dumps([{"errorCode": code, "message": "no"}]))
    assert (error.code, calls) == (3, 1)
    assert isinstance(error, AccessError)
    assert "Setup" in error.action


PAGE = b"<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1></html>"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (PAGE, "firewall"),
        (b"error code: 1020", "firewall"),
        (b'{"status":"error","message":"The account has been suspended."}', "suspended"),
        (b'{"status":"error","message":"This portal is not active"}', "suspended, expired or blocked"),
        (b'{"status":"error","category":"BANNED","message":"x"}', "blocked"),
        (b'{"status":"error","message":"Requests from IP 1.2.3.4 are not allowed"}', "address is not let in"),
        (b'{"status":"error","category":"NEW_REASON","message":"x"}', "does not say which"),
        (b"", "does not say which"),
    ],
)
def test_a_403_of_hubspot_that_is_no_missing_scope(body: bytes, words: str) -> None:
    error, calls = told("HubSpot", 403, body)
    assert (error.code, calls) == (3, 1)
    assert words in error.message
    assert "scope" not in error.message.lower()
    assert "missing_scopes" not in error.details
    assert "<" not in error.message


def test_a_firewall_before_salesforce_is_no_permission() -> None:
    error, _ = told("Salesforce", 403, PAGE)
    assert (error.code, "firewall" in error.message) == (3, True)
    assert "Permission Sets" not in error.action


def test_a_write_that_a_concurrency_limit_refuses_is_sent_again() -> None:
    body = orjson.dumps(
        [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests Limit exceeded."}]
    )
    with responses.RequestsMock() as mocked:
        mocked.patch(f"{ORG}/composite/sobjects", status=403, body=body)
        mocked.patch(f"{ORG}/composite/sobjects", json=[{"id": "1", "success": True, "errors": []}])
        found = salesforce().call("composite/sobjects", method="PATCH", body={"records": []})
    assert found[0]["success"] is True


def test_what_a_page_says_never_reaches_a_message() -> None:
    secret = "pat-eu1-planted-secret-0123456789"
    for crm in ("HubSpot", "Salesforce"):
        for status in (401, 403, 500, 503):
            error, _ = told(crm, status, f"<html>{secret}</html>")
            assert secret not in str(error.as_dict())


# -- records --------------------------------------------------------------------------------------------------------


def states(rules: list[Rule], found: list[Outcome]) -> None:
    by_id = {o.record_id: o for o in found}
    assert len(by_id) == len(rules)
    for n, rule in enumerate(rules):
        outcome = by_id[str(n)]
        row = errors_page.rows([rule])[0]
        assert errors_page.STATES[outcome.state] in row, (rule, outcome)
        assert (outcome.code, bool(outcome.message)) == (rule.code, True)


def test_a_record_refused_with_any_code_of_salesforce() -> None:
    every = [r for r in SALESFORCE.codes if not r.words]
    crm = SalesforceConnector(salesforce(), sleep=lambda _: None)
    for start in range(0, len(every), 150):
        rules = every[start : start + 150]

        def answer(request: Any, rules: list[Rule] = rules) -> tuple[int, dict[str, str], bytes]:
            sent = [int(r["id"]) for r in orjson.loads(request.body)["records"]]
            refused = [{"statusCode": rules[n].code, "message": "no", "fields": []} for n in sent]
            return 200, {}, orjson.dumps([{"success": False, "errors": [e]} for e in refused])

        with responses.RequestsMock() as mocked:
            mocked.add_callback("PATCH", f"{ORG}/composite/sobjects", callback=answer)
            changes = [Change("contacts", str(n), {"score": "50"}) for n in range(len(rules))]
            states(rules, list(crm.push(changes, remember=lambda _: None)))


def test_a_record_refused_with_any_code_of_hubspot() -> None:
    crm = HubSpotConnector(hubspot(), read="2026-03", write="2026-03")
    rules = [r for r in HUBSPOT.codes if not r.words]
    errors = [
        {"status": "error", "category": r.code, "message": "no", "context": {"ids": [str(n)]}}
        for n, r in enumerate(rules)
    ]
    with responses.RequestsMock() as mocked:
        body = {"status": "COMPLETE", "results": [], "numErrors": len(errors), "errors": errors}
        mocked.post(f"{HUB}/batch/update", status=207, json=body)
        changes = [Change("contacts", str(n), {"score": "50"}) for n in range(len(rules))]
        states(rules, list(crm.push(changes, remember=lambda _: None)))


def test_refusals_that_a_caller_looks_at_carry_their_rule() -> None:
    error = SalesforceRefusalError(400, "MALFORMED_QUERY", "unexpected token", "query")
    assert (error.code, error.kind, "report" in error.action) == (1, "refused", True)
    other = HubSpotRefusalError(409, {"category": "CONFLICT", "message": "x"}, "/crm")
    assert (other.code, other.rule.content) == (5, True)
    assert issubclass(LostAnswerError, CrmUnavailableError)
