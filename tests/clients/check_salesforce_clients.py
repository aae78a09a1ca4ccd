"""Salesforce's clients, unmodified, against the sandbox."""

import os
import sys
from pathlib import Path

from support.client_tools import ask, node
from support.connect_proxy import ConnectProxy
from support.salesforce_org import Sf

from sales_consultant.sandbox.serving.server import Sandbox

KINDS = ["CustomObject", "PermissionSet"]


def test_simple_salesforce_by_its_real_host(sandbox: Sandbox, proxy: ConnectProxy, calls: Path) -> None:
    assert sandbox.ca is not None
    environ = proxy.environment(sandbox.ca, os.environ)
    found = ask([sys.executable, calls / "simple_salesforce_calls.py"], {}, environ)
    assert found == {
        "host": "acme.my.salesforce.com", "rows": 2502, "deleted": 0, "keyPrefix": "003", "objects": found["objects"],
        "limit": 5_000_000, "collections": [True, True, True], "pages": [1001, 1001, 503], "ingest": [4, 1], "failed": True,
        "field": "00N", "tooling": 1, "kinds": KINDS, "mdapi": 1, "error": "INVALID_FIELD",
    }  # fmt: skip
    assert set(proxy.taken) == {"acme.my.salesforce.com"}


def test_jsforce(sandbox: Sandbox, calls: Path) -> None:
    found = ask(["node", calls / "jsforce_calls.cjs", node("jsforce")], {"url": sandbox.url})
    assert found == {
        "login": True, "soap": ["005", 1], "identity": "00D", "rows": 2502, "where": 5, "objects": True, "fields": True,
        "limits": True, "create": True, "retrieve": "Made by jsforce", "collections": [True, True, True, False],
        "destroyed": True, "ingest": [5, 1, 0], "bulk": 2502, "tooling": True, "kinds": KINDS,
        "metadata": [True, False], "error": "INVALID_FIELD",
    }  # fmt: skip


HOME = "https://acme.my.salesforce.com"


def test_simple_salesforce_follows_where_the_login_host_leads(
    sandbox: Sandbox, proxy: ConnectProxy, calls: Path
) -> None:
    assert sandbox.ca is not None
    given = {"user": Sf(sandbox).values("SELECT Username FROM User WHERE IsActive = true")[0]}
    environ = proxy.environment(sandbox.ca, os.environ)
    found = ask([sys.executable, calls / "simple_salesforce_login_calls.py"], given, environ)
    host, base = HOME.removeprefix("https://"), f"{HOME}/services/data/v62.0/"
    contacts = sandbox.store.totals("salesforce")["Contact"]
    assert found == {way: [host, contacts, base] for way in ("soap", "jwt")}
    # To the login host only to sign in, for the data home.
    assert set(proxy.taken) == {"login.salesforce.com", host}


def test_jsforce_follows_where_the_login_host_leads(
    sandbox: Sandbox, proxy: ConnectProxy, calls: Path
) -> None:
    assert sandbox.ca is not None
    user = Sf(sandbox).values("SELECT Username FROM User WHERE IsActive = true")[0]
    environ = proxy.environment(sandbox.ca, os.environ)
    given = {"proxy": proxy.url, "user": user}
    found = ask(["node", calls / "jsforce_login_calls.cjs", node("jsforce")], given, environ)
    accounts = sandbox.store.totals("salesforce")["Account"]
    assert found == {"oauth": [HOME, accounts], "soap": [HOME, accounts, "00D"]}
    assert set(proxy.taken) == {"login.salesforce.com", HOME.removeprefix("https://")}
