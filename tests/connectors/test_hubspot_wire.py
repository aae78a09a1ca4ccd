"""What a well-behaved server cannot easily be made to answer: the vendor's stranger errors, by recorded shape."""

from typing import Any

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.errors import AccessError, CrmUnavailableError
from sales_consultant.connectors.base import Calls, Change
from sales_consultant.connectors.http.transport import Limiter, Transport, checked_base, safe_text
from sales_consultant.connectors.hubspot.api.client import HubSpotApi
from sales_consultant.connectors.hubspot.connector import HubSpotConnector
from sales_consultant.connectors.hubspot.push import readable

BASE = "https://api.hubapi.com"
CONTACTS = f"{BASE}/crm/objects/2026-03/contacts"
SECRET = "pat-eu1-planted-secret-0123456789"


@pytest.fixture
def waits() -> list[float]:
    """The pauses that were made."""
    return []


@pytest.fixture
def api(waits: list[float]) -> HubSpotApi:
    transport = Transport(calls=Calls(), sleep=waits.append)
    made = HubSpotApi(SECRET, transport=transport)
    made.general = Limiter(1000, 1.0)
    return made


def connector(api: HubSpotApi) -> HubSpotConnector:
    return HubSpotConnector(api, read="2026-03", write="2026-03")


@responses.activate
def test_a_spent_day_stops_at_once(api: HubSpotApi, waits: list[float]) -> None:
    body = {
        "status": "error",
        "errorType": "RATE_LIMIT",
        "policyName": "DAILY",
        "message": "You have reached your daily limit.",
    }
    responses.get(CONTACTS, json=body, status=429)
    with pytest.raises(CrmUnavailableError, match="The day's calls of the whole org are spent"):
        api.get("/crm/objects/2026-03/contacts")
    assert len(responses.calls) == 1
    assert waits == []


@responses.activate
@pytest.mark.parametrize(("policy", "least"), [("TEN_SECONDLY_ROLLING", 10.0), ("SECONDLY", 1.0)])
def test_a_passing_limit_is_waited_for(
    api: HubSpotApi, waits: list[float], policy: str, least: float
) -> None:
    limited = responses.get(CONTACTS, json={"errorType": "RATE_LIMIT", "policyName": policy}, status=429)
    api.general.sleep = waits.append
    api.general.clock = lambda: sum(waits)
    responses.get(CONTACTS, json={"results": []})
    assert api.get("/crm/objects/2026-03/contacts") == {"results": []}
    assert limited.call_count == 1
    assert sum(waits) >= least


@responses.activate
def test_a_lock_is_waited_for_two_seconds(api: HubSpotApi, waits: list[float]) -> None:
    responses.get(CONTACTS, json={"status": "error"}, status=423)
    responses.get(CONTACTS, json={"results": []})
    api.get("/crm/objects/2026-03/contacts")
    assert max(waits) >= 2.0


@responses.activate
@pytest.mark.parametrize(
    "body", [b"<html><body>Bad gateway pat-x</body></html>", b"", b"\x00\xff", b'{"truncated": ']
)
def test_a_body_that_is_no_json_never_reaches_the_message(api: HubSpotApi, body: bytes) -> None:
    responses.get(CONTACTS, body=body, status=502)
    with pytest.raises(CrmUnavailableError) as e:
        api.get("/crm/objects/2026-03/contacts")
    assert "pat-x" not in str(e.value.as_dict())
    assert "502" in e.value.message


@responses.activate
def test_a_redirect_is_not_followed_with_the_token(api: HubSpotApi) -> None:
    responses.get(CONTACTS, status=302, headers={"Location": "https://evil.example/take"})
    evil = responses.get("https://evil.example/take", json={"results": []})
    with pytest.raises(CrmUnavailableError, match=r"302, a redirect to evil\.example,"):
        api.get("/crm/objects/2026-03/contacts")
    assert evil.call_count == 0


@responses.activate
def test_a_foreign_next_link_is_not_followed(api: HubSpotApi) -> None:
    """Paging goes by the cursor, never by the address that the answer names."""
    responses.get(f"{BASE}/crm/properties/2026-03/products", json={"results": []})
    first = {
        "results": [
            {
                "id": "1",
                "properties": {},
                "createdAt": "2024-01-01T00:00:00Z",
                "updatedAt": "2024-01-01T00:00:00Z",
            }
        ],
        "paging": {"next": {"after": "2", "link": "https://evil.example/next"}},
    }
    responses.get(f"{BASE}/crm/objects/2026-03/products", json=first)
    responses.get(f"{BASE}/crm/objects/2026-03/products", json={"results": []})
    list(connector(api).pull("products", since=None, until=1, resume=None, known=None))  # type: ignore[arg-type]  # responses types its calls loosely
    assert {c.request.url.split("/")[2] for c in responses.calls} == {"api.hubapi.com"}  # type: ignore[union-attr]  # responses types its calls loosely


@responses.activate
def test_a_wrong_token_says_what_to_do_and_not_what_it_was(api: HubSpotApi) -> None:
    responses.get(
        CONTACTS,
        json={"status": "error", "message": f"bad {SECRET}", "category": "INVALID_AUTHENTICATION"},
        status=401,
    )
    with pytest.raises(AccessError) as e:
        api.get("/crm/objects/2026-03/contacts")
    assert e.value.code == 3
    assert SECRET not in str(e.value.as_dict())
    assert "login" in e.value.action


@responses.activate
@pytest.mark.parametrize(
    "body",
    [
        {"category": "MISSING_SCOPES", "context": {"missingScopes": ["crm.objects.deals.read"]}},
        {
            "category": "MISSING_SCOPES",
            "errors": [{"context": {"requiredScopes": ["crm.objects.deals.read"]}}],
        },
        {
            "category": "MISSING_SCOPES",
            "errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}],
        },
    ],
)
def test_a_missing_scope_is_named_wherever_it_stands(api: HubSpotApi, body: dict[str, Any]) -> None:
    responses.get(CONTACTS, json=body, status=403)
    with pytest.raises(AccessError, match=r"crm\.objects\.deals\.read"):
        api.get("/crm/objects/2026-03/contacts")


@responses.activate
def test_a_reset_after_sending_a_write_is_not_sent_again(api: HubSpotApi) -> None:
    url = f"{BASE}/crm/objects/2026-03/contacts/batch/update"
    responses.post(
        url, body=requests.exceptions.ConnectionError("('Connection aborted.', ConnectionResetError(104))")
    )
    outcomes = list(
        connector(api).push([Change("contacts", "1", {"score": "50"})], remember=lambda job: None)
    )
    assert [o.state for o in outcomes] == ["unknown"]
    assert len(responses.calls) == 1


@responses.activate
def test_a_batch_refused_for_one_record_costs_at_most_16_further_calls(api: HubSpotApi) -> None:
    """HubSpot refuses all and names nobody: halving finds the one, everyone else is written."""
    import orjson

    url = f"{BASE}/crm/objects/2026-03/contacts/batch/update"

    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        ids = [i["id"] for i in orjson.loads(request.body)["inputs"]]
        if "77" in ids:
            message = 'Property values were not valid: [{"isValid":false,"message":"is required","error":"REQUIRED","name":"phone"}]'
            return (
                400,
                {},
                orjson.dumps({"status": "error", "category": "VALIDATION_ERROR", "message": message}),
            )
        return (
            200,
            {},
            orjson.dumps({"status": "COMPLETE", "results": [{"id": i, "properties": {}} for i in ids]}),
        )

    responses.add_callback(responses.POST, url, callback=answer)
    changes = [Change("contacts", str(n), {"score": "50"}) for n in range(100)]
    outcomes = {o.record_id: o for o in connector(api).push(changes, remember=lambda job: None)}
    assert {i for i, o in outcomes.items() if o.state == "dead"} == {"77"}
    assert outcomes["77"].code == "REQUIRED"
    assert outcomes["77"].message == "phone: is required"
    assert len(outcomes) == 100
    assert len(responses.calls) <= 17


@responses.activate
def test_an_id_that_was_merged_away_is_told_from_a_success(api: HubSpotApi) -> None:
    url = f"{BASE}/crm/objects/2026-03/contacts"
    responses.post(
        f"{url}/batch/update", json={"status": "COMPLETE", "results": [{"id": "2", "properties": {}}]}
    )
    responses.post(f"{url}/batch/read", json={"status": "COMPLETE", "results": []})
    responses.get(f"{url}/1", json={"id": "9", "properties": {}})
    changes = [Change("contacts", "1", {"score": "50"}), Change("contacts", "2", {"score": "50"})]
    outcomes = {o.record_id: o for o in connector(api).push(changes, remember=lambda job: None)}
    assert outcomes["2"].state == "done"
    assert outcomes["1"].state == "dead"
    assert outcomes["1"].message.startswith("merged into 9")


@responses.activate
def test_partial_failure_is_matched_by_trace_id(api: HubSpotApi) -> None:
    url = f"{BASE}/crm/objects/2026-03/contacts/batch/update"
    body = {
        "status": "COMPLETE",
        "results": [{"id": "1", "properties": {}}],
        "numErrors": 1,
        "errors": [
            {
                "status": "error",
                "category": "VALIDATION_ERROR",
                "message": "no",
                "context": {"objectWriteTraceId": ["2"]},
            }
        ],
    }
    responses.post(url, json=body, status=207)
    changes = [Change("contacts", str(n), {"score": "50"}) for n in (1, 2)]
    outcomes = {o.record_id: o.state for o in connector(api).push(changes, remember=lambda job: None)}
    assert outcomes == {"1": "done", "2": "dead"}


@pytest.mark.parametrize(
    "url", ["https://evil.example", "http://api.hubapi.com", "https://hubapi.com.evil.example"]
)
def test_addresses_that_get_no_token(url: str) -> None:
    from sales_consultant.config.errors import ConfigError

    with pytest.raises(ConfigError):
        checked_base(url, ("hubapi.com",))


@given(st.text(max_size=400))
def test_a_vendor_s_words_are_one_short_printable_line(words: str) -> None:
    told = safe_text(words)
    assert len(told) <= 200
    assert not any(ord(c) < 32 or ord(c) == 127 for c in told)
    code, message = readable({"message": words})
    assert code == "ERROR"
    assert len(message) <= 200


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 5), st.floats(0.5, 5))
def test_no_window_holds_more_calls_than_the_limit(pauses: list[float], calls: int, seconds: float) -> None:
    now = [0.0]

    def sleep(wait: float) -> None:
        now[0] += wait + 1e-9

    limiter = Limiter(calls, seconds, clock=lambda: now[0], sleep=sleep)
    sent = []
    for pause in pauses:
        now[0] += pause
        limiter.acquire()
        sent.append(now[0])
    for n in range(len(sent) - calls):
        assert sent[n + calls] - sent[n] >= seconds - 1e-6
