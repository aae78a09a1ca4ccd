"""HubSpot's clients, unmodified, against the sandbox."""

import os
import sys
from pathlib import Path

from support.client_tools import ask, node, python
from support.connect_proxy import ConnectProxy
from support.sandbox_company import Api

from sales_consultant.sandbox.serving.server import Sandbox

# As HubSpot lists its activities, and what its surveys leave.
ACTIVITIES = (
    "calls", "emails", "meetings", "notes", "tasks", "communications", "postal_mail", "feedback_submissions",
)  # fmt: skip


def test_the_official_client_by_its_real_host(sandbox: Sandbox, proxy: ConnectProxy, calls: Path) -> None:
    assert sandbox.ca is not None
    environ = proxy.environment(sandbox.ca, os.environ)
    given = {"proxy": proxy.url, "ca": str(sandbox.ca)}
    found = ask([sys.executable, calls / "hubspot_api_client_calls.py"], given, environ)
    assert found == {
        "all": 253, "history": 3, "search": 1, "partial": [1, 1], "calls": 1, "emails": 1, "meetings": 1, "notes": 1,
        "tasks": found["tasks"], "leads": found["leads"], "communications": found["communications"], "postal_mail": 1,
        "feedback_submissions": 1, "goals": 3, "line_items": 1, "products": 1, "owners": [2, 0], "stages": 4,
        "properties": found["properties"], "details": "UTC", "missing": [404, "OBJECT_NOT_FOUND"],
    }  # fmt: skip
    assert found["properties"] > 20 and set(proxy.taken) == {"api.hubapi.com"}


def test_the_sdk_in_strict_mode(sandbox: Sandbox, calls: Path) -> None:
    linked = [Api(sandbox).id("contacts", "p1")]
    found = ask([python(), calls / "hubspot_sdk_calls.py"], {"url": sandbox.url, "linked": linked})
    assert found == {
        "contacts": 253, "search": [1, "n7@x.example"], "history": 3, "batch_read": ["COMPLETE", 2],
        "owners": ["ann@seller.example", "bo@seller.example"], "properties": found["properties"], "property": "number",
        "made": ["sdk_grade", "a"], "stages": ["new", "offer", "won", "lost"], "links": 1, "partial": ["COMPLETE", True, 1],
        "upsert": True, "token": [1800, True], "gone": 404,
    }  # fmt: skip


def test_dlts_rest_source_follows_links_and_cursors(sandbox: Sandbox, calls: Path) -> None:
    found = ask([python(), calls / "dlt_calls.py"], {"url": sandbox.url})
    held = sandbox.store.totals("hubspot")
    wanted = {n: held[n] for n in ("contacts", "companies", "deals")}
    assert wanted["contacts"] > 200
    assert found == {"links": wanted, "cursor": wanted}


def test_a_singer_tap_discovers_and_pulls_every_kind_of_activity(
    sandbox: Sandbox, proxy: ConnectProxy, calls: Path
) -> None:
    assert sandbox.ca is not None
    environ = proxy.environment(sandbox.ca, os.environ)
    found = ask([python("tap"), calls / "tap_hubspot_calls.py"], {"ca": str(sandbox.ca)}, environ)
    held = sandbox.store.totals("hubspot")
    wanted = {n: held[n] for n in ACTIVITIES}
    assert min(wanted.values()) >= 1, "an object without a row would show nothing"
    assert found["rows"] == wanted
    assert set(found["fields"]) == set(ACTIVITIES)
    assert found["streams"] > len(ACTIVITIES) and set(proxy.taken) == {"api.hubapi.com"}


def test_the_official_client_for_node(sandbox: Sandbox, calls: Path) -> None:
    given = {"url": sandbox.url, "linked": [Api(sandbox).id("contacts", "p1")]}
    found = ask(["node", calls / "hubspot_node_calls.cjs", node("hubspot")], given)
    assert found["all"] >= 252
    assert found == {
        "all": found["all"], "search": [1, "n8@x.example"], "history": 3, "partial": ["COMPLETE", 1, 1], "owners": 2,
        "stages": 4, "property": "number", "links": "HUBSPOT_DEFINED", "gone": 404, "token": 1800, "details": "UTC",
    }  # fmt: skip
