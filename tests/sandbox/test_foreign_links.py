"""Answers whose links lead elsewhere: a client that follows them betrays itself, and its token."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.salesforce_org import Sf, company
from support.sandbox_company import Api

AWAY = "http://127.0.0.1:9"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        sf.control("links", to=AWAY)
        yield sf


def test_hubspots_next_link_leads_away_and_back_again(portal: Api) -> None:
    first = portal.get("/crm/objects/2026-03/contacts?limit=1").json()["paging"]["next"]["link"]
    portal.control("links", to=AWAY)
    away = portal.get("/crm/objects/2026-03/contacts?limit=1").json()["paging"]["next"]
    assert away["link"] == first.replace(portal.sandbox.url, AWAY)
    portal.control("links", to="")
    assert (
        portal.get("/crm/v3/owners/?limit=1").json()["paging"]["next"]["link"].startswith(portal.sandbox.url)
    )


def test_salesforces_links_lead_away(org: Sf) -> None:
    rows = [{"attributes": {"type": "Contact"}, "LastName": f"N{n}"} for n in range(200)]
    for _ in range(2):
        org.post("composite/sobjects", {"records": rows})
    page = org.get("query", q="SELECT Id FROM Contact").json()
    assert page["done"] is True
    small = requests.get(
        f"{org.sandbox.url}/services/data/v62.0/query", params={"q": "SELECT Id FROM Contact"}, timeout=10,
        headers={"Authorization": "Bearer x", "Sforce-Query-Options": "batchSize=200"},
    ).json()  # fmt: skip
    assert small["nextRecordsUrl"].startswith(f"{AWAY}/services/data/v62.0/query/01g")
    job = org.post("jobs/ingest", {"object": "Contact", "operation": "update"}).json()
    assert job["contentUrl"] == f"{AWAY}/services/data/v62.0/jobs/ingest/{job['id']}/batches"
    reading = org.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Contact"}).json()["id"]
    org.get(f"jobs/query/{reading}")
    pages = org.get(f"jobs/query/{reading}/resultPages", maxRecords=100).json()
    assert all(p["resultUrl"].startswith(AWAY) for p in pages["resultPages"])
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    token = requests.post(f"{org.sandbox.url}/services/oauth2/token", data=form, timeout=10).json()
    assert token["instance_url"] == AWAY and token["id"].startswith(f"{AWAY}/id/00D")


def test_a_redirect_leads_away(portal: Api) -> None:
    portal.control("faults", kind="redirect", path="/contacts", status=307, location=AWAY)
    answer = portal.session.get(
        f"{portal.sandbox.url}/crm/v3/objects/contacts?limit=1", allow_redirects=False, timeout=10
    )
    assert (answer.status_code, answer.headers["Location"]) == (
        307,
        f"{AWAY}/crm/v3/objects/contacts?limit=1",
    )
    assert portal.get("/crm/v3/objects/contacts").status_code == 200


def test_links_lead_to_addresses_only(portal: Api) -> None:
    answer = portal.session.post(f"{portal.sandbox.url}/_sandbox/links", json={"to": "nowhere"}, timeout=10)
    assert answer.status_code == 400 and "address" in answer.json()["error"]
