"""Faults, limits and weak tokens: what goes wrong on purpose, and what was applied all the same."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from support.sandbox_company import CLOCK, Api

from sales_consultant.sandbox.serving.server import Sandbox

Contacts = Callable[[int], list[str]]
LIST = "/crm/v3/objects/contacts"


def test_a_lost_answer_was_applied_and_a_reset_was_not(empty: Api, contacts: Contacts) -> None:
    record = f"{LIST}/{contacts(1)[0]}"
    for kind, name in (("lost", "applied"), ("reset", "never")):
        empty.control("faults", kind=kind, path="/contacts/", method="PATCH")
        with pytest.raises(requests.ConnectionError):
            empty.send("PATCH", record, {"properties": {"firstname": name}})
        assert empty.get(record).json()["properties"]["firstname"] == "applied"


def test_a_slow_answer_comes_after_the_client_has_gone(empty: Api) -> None:
    empty.control("faults", kind="slow", path=LIST, seconds=0.4)
    with pytest.raises(requests.ReadTimeout):
        empty.session.get(empty.sandbox.url + LIST, timeout=0.1)
    begun = time.monotonic()
    assert empty.get(LIST).status_code == 200
    assert time.monotonic() - begun < 0.4


def test_faults_end_after_so_many_requests_and_speak_as_hubspot(empty: Api) -> None:
    empty.control("faults", status=429, path=LIST, times=2, policy="DAILY", retry_after=7)
    first = empty.get(LIST)
    assert first.status_code == 429
    assert first.headers["Retry-After"] == "7"
    body = first.json()
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "DAILY")
    assert "category" not in body
    assert [empty.get(LIST).status_code for _ in range(2)] == [429, 200]
    empty.control("faults", status=502)
    gateway = empty.get(LIST)
    assert (gateway.status_code, gateway.headers["content-type"]) == (502, "text/html; charset=utf-8")
    empty.control("faults", status=423, path="batch/update")
    locked = empty.post(f"{LIST}/batch/update", {"inputs": []})
    assert locked.status_code == 423


def test_faults_by_chance_are_the_same_for_a_seed(empty: Api) -> None:
    def drawn() -> list[int]:
        empty.control("faults", status=500, path=LIST, probability=0.5, seed=3)
        found = [empty.get(LIST).status_code for _ in range(12)]
        assert empty.send("DELETE", "/_sandbox/faults").status_code == 200
        return found

    first = drawn()
    assert first == drawn()
    assert set(first) == {200, 500}


@pytest.mark.parametrize(
    ("action", "body", "words"),
    [
        ("faults", {"kind": "earthquake"}, "slow"),
        ("faults", {"path": "("}, "regular expression"),
        ("faults", {"pth": "x"}, "unknown key 'pth'"),
        ("limits", {"limits": "gold"}, "professional"),
        ("clock", {"advance": -1}, "forward"),
        ("clock", {}, "missing 'advance'"),
        ("nothing", {}, "unknown action"),
        ("purge", {"object": "dragons", "id": "1"}, "unknown object"),
        ("merge", {"object": "contacts", "primary": "1", "other": "2"}, "does not exist"),
    ],
)
def test_a_wrong_control_request_says_what_is_wrong(
    company: Api, action: str, body: dict[str, object], words: str
) -> None:
    answer = company.post(f"/_sandbox/{action}", body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_calls_are_counted_by_kind_until_they_are_reset(empty: Api) -> None:
    empty.get(LIST)
    empty.post(f"{LIST}/search", {})
    empty.post(f"{LIST}/search", {})
    assert empty.get("/_sandbox").json()["calls"] == {"hubspot": {"list": 1, "search": 2}}
    empty.control("reset")
    assert empty.get("/_sandbox").json()["calls"] == {}


def test_no_token_and_an_expired_one_are_401_and_a_weak_one_names_its_scope(empty: Api) -> None:
    bare = requests.get(empty.sandbox.url + LIST, timeout=10)
    assert (bare.status_code, bare.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    empty.control("users", token="old", scopes=[], expired=True)
    empty.control("users", token="weak", without=["crm.objects.contacts.write", "crm.schemas.deals.write"])
    old, weak = Api(empty.sandbox, "old"), Api(empty.sandbox, "weak")
    assert old.get(LIST).json()["category"] == "EXPIRED_AUTHENTICATION"
    assert weak.get(LIST).status_code == 200
    for path, scope in (
        (f"{LIST}/batch/update", "crm.objects.contacts.write"),
        ("/crm/properties/2026-03/0-3", "crm.schemas.deals.write"),
    ):
        refused = weak.post(path, {})
        assert refused.status_code == 403
        assert refused.json()["category"] == "MISSING_SCOPES"
        assert refused.json()["context"]["missingScopes"] == [scope]
    old.session.close()
    weak.session.close()


def test_a_portal_without_marketing_refuses_campaigns(empty: Api) -> None:
    empty.control("options", marketing=False)
    assert empty.get("/marketing/campaigns/2026-03").status_code == 403


@pytest.fixture
def limited() -> Iterator[Api]:
    """An empty portal with limits, whose clock moves only when it is told to."""
    with Sandbox(clock=CLOCK, crms=("hubspot",), limits="professional", ticks=lambda: 0.0) as sandbox:
        api = Api(sandbox)
        yield api
        api.session.close()


def test_ten_seconds_hold_so_many_calls_and_headers_count_down(limited: Api) -> None:
    left = [int(limited.get(LIST).headers["X-HubSpot-RateLimit-Remaining"]) for _ in range(190)]
    assert left == list(range(189, -1, -1))
    refused = limited.get(LIST)
    assert refused.status_code == 429
    assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "Retry-After" not in refused.headers
    other = Api(limited.sandbox, "another-app")
    assert other.get(LIST).headers["X-HubSpot-RateLimit-Remaining"] == "189"
    other.session.close()
    limited.control("clock", advance=10)
    fresh = limited.get(LIST)
    assert fresh.status_code == 200
    assert fresh.headers["X-HubSpot-RateLimit-Daily-Remaining"] == str(625_000 - 192)


def test_searches_have_five_a_second_for_the_whole_account_and_no_headers(limited: Api) -> None:
    other = Api(limited.sandbox, "another-app")
    for n in range(5):
        answer = (limited, other)[n % 2].post(f"{LIST}/search", {})
        assert answer.status_code == 200
        assert not [h for h in answer.headers if "ratelimit" in h.lower()]
    assert other.post(f"{LIST}/search", {}).json()["policyName"] == "SECONDLY"
    other.session.close()
    limited.control("clock", advance=1)
    assert limited.post(f"{LIST}/search", {}).status_code == 200


def test_the_days_calls_end_and_come_back_at_midnight(limited: Api) -> None:
    from sales_consultant.sandbox.hubspot.portal.portal import Portal

    limited.get(LIST)
    Portal.of(limited.sandbox.world).meter.used = 625_000
    assert limited.get(LIST).json()["policyName"] == "DAILY"
    usage = limited.get("/account-info/v3/api-usage/daily/private-apps")
    assert usage.status_code == 429
    limited.control("clock", advance=86_400)
    assert limited.get(LIST).status_code == 200


def test_the_date_header_is_the_sandboxs_clock(limited: Api) -> None:
    assert limited.get(LIST).headers["Date"] == "Sat, 01 Jun 2024 00:00:00 GMT"
    limited.control("clock", advance=3600)
    assert limited.get(LIST).headers["Date"] == "Sat, 01 Jun 2024 01:00:00 GMT"
    made = limited.post(LIST, {"properties": {"email": "a@x.example"}}).json()
    assert made["createdAt"] == "2024-06-01T01:00:00Z"


def test_a_store_that_is_filled_is_taken_up_again(folder: Path, tmp_path: Path) -> None:
    held = tmp_path / "crm.db"
    with Sandbox(data=folder, clock=CLOCK, crms=("hubspot",), store=held) as sandbox:
        first = Api(sandbox)
        pia = first.id("contacts", "p1")
        first.send("PATCH", f"{LIST}/{pia}", {"properties": {"jobtitle": "CEO"}})
        who = first.get("/account-info/v3/details").json()["portalId"]
        first.session.close()
    with Sandbox(data=folder, clock=CLOCK, crms=("hubspot",), store=held) as sandbox:
        again = Api(sandbox)
        assert again.get(f"{LIST}/{pia}", properties="jobtitle").json()["properties"]["jobtitle"] == "CEO"
        assert again.get("/account-info/v3/details").json()["portalId"] == who
        again.session.close()


def test_usage_says_what_the_headers_say(limited: Api) -> None:
    limited.control("usage", used=620_000)
    answer = limited.get(LIST)
    usage = limited.get("/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
    left = int(answer.headers["X-HubSpot-RateLimit-Daily-Remaining"])
    assert usage["usageLimit"] == int(answer.headers["X-HubSpot-RateLimit-Daily"]) == 625_000
    # Asking costs a call itself.
    assert usage["usageLimit"] - usage["currentUsage"] == left - 1 == 4_998
    assert usage["resetsAt"] == "2024-06-02T00:00:00Z"


@pytest.mark.parametrize("name", ["products", "leads", "tickets", "users", "calls", "line_items"])
def test_definitions_without_a_scope_of_their_own_need_that_of_their_records(empty: Api, name: str) -> None:
    empty.control("users", token="every")
    every = {"Authorization": "Bearer every"}
    for path in (f"/crm/v3/properties/{name}", f"/crm/v3/objects/{name}"):
        assert empty.session.get(empty.sandbox.url + path, headers=every, timeout=10).status_code == 200
    empty.control("users", token="none", scopes=["oauth"])
    none = {"Authorization": "Bearer none"}
    path = f"{empty.sandbox.url}/crm/v3/properties/{name}"
    assert empty.session.get(path, headers=none, timeout=10).status_code == 403
