"""simple-salesforce, unmodified: the adapter only sends what is addressed to https://HOST to the sandbox."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
)
from support.salesforce_org import Sf, company

VERSION = "62.0"


class Loopback(HTTPAdapter):
    """Real host names stay in use; the bytes go to the sandbox."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = self.base + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


def code(error: Any) -> str:
    """The vendor's code in an exception of the client."""
    return str(error.content[0]["errorCode"])


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


@pytest.fixture
def session(org: Sf) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        made.mount("https://", Loopback(org.sandbox.url))
        yield made


@pytest.fixture
def client(session: requests.Session) -> Any:
    return Salesforce(
        consumer_key="a-key", consumer_secret="a-secret", domain="acme.my", version=VERSION, session=session
    )


def test_query_describe_limits_and_usage(client: Any) -> None:
    found = client.query("SELECT Id, Email FROM Contact ORDER BY Email")
    assert [r["Email"] for r in found["records"]] == ["pia@acme.example", "quy@beta.example"]
    assert client.query("SELECT COUNT() FROM Task")["totalSize"] == 4
    assert {o["name"] for o in client.describe()["sobjects"]} >= {"Account", "Contact", "Lead", "Opportunity"}
    assert client.restful("sobjects/Contact/describe")["keyPrefix"] == "003"
    assert client.limits()["DailyApiRequests"]["Max"] == 5_000_000
    assert client.api_usage["api-usage"].total == 5_000_000
    assert client.api_usage["api-usage"].used >= 4


def test_quotas(client: Any) -> None:
    found = client.query_all("SELECT QuotaAmount, StartDate FROM ForecastingQuota WHERE QuotaAmount > 0")
    assert [(r["QuotaAmount"], r["StartDate"]) for r in found["records"]] == [(5000.5, "2024-04-01")]
    assert client.restful("sobjects/ForecastingQuota/describe")["keyPrefix"] == "0J9"


def test_pages_are_followed(client: Any) -> None:
    for start in range(0, 2400, 200):
        records = [{"attributes": {"type": "Account"}, "Name": f"N{n}"} for n in range(start, start + 200)]
        client.restful("composite/sobjects", method="POST", json={"allOrNone": True, "records": records})
    assert len(list(client.query_all_iter("SELECT Id FROM Account"))) == 2402
    client.Account.delete(client.query("SELECT Id FROM Account WHERE Name = 'N7'")["records"][0]["Id"])
    assert len(list(client.query_all_iter("SELECT Id FROM Account", include_deleted=True))) == 2402
    assert client.query_all("SELECT Id FROM Account")["totalSize"] == 2401


def test_records_one_by_one(client: Any) -> None:
    made = client.Contact.create({"LastName": "Lee"})
    assert made["success"]
    assert client.Contact.update(made["id"], {"Title": "CTO"}) == 204
    assert client.Contact.get(made["id"])["Title"] == "CTO"
    assert client.Contact.get_by_custom_id("external_id__c", "p1")["LastName"] == "Ünal"
    assert client.Contact.delete(made["id"]) == 204
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query("SELECT Nope FROM Contact")
    assert code(caught.value) == "INVALID_FIELD"


def test_bulk_query_and_update(client: Any) -> None:
    texts = list(client.bulk2.Contact.query("SELECT Id, Title FROM Contact", max_records=1, wait=0))
    assert len(texts) == 2
    ids = [r["Id"] for r in client.query("SELECT Id FROM Contact")["records"]]
    (counts,) = client.bulk2.Contact.update(
        records=[{"Id": i, "Title": "Chief"} for i in [*ids, "003000000000009"]], wait=0
    )
    assert (counts["numberRecordsTotal"], counts["numberRecordsFailed"]) == (3, 1)
    assert "INVALID_CROSS_REFERENCE_KEY" in client.bulk2.Contact.get_failed_records(counts["job_id"])
    assert client.query("SELECT COUNT() FROM Contact WHERE Title = 'Chief'")["totalSize"] == 2


def test_a_field_by_the_tooling_api(client: Any) -> None:
    body = {"FullName": "Lead.SC_Due__c", "Metadata": {"label": "Due", "type": "Date"}}
    made: Any = client.toolingexecute("sobjects/CustomField", method="POST", data=body)
    assert made["id"].startswith("00N")


def test_a_lapsed_session_is_renewed_by_a_query_but_not_by_bulk(org: Sf, client: Any) -> None:
    bulk = client.bulk2.Contact
    org.control("expire", crm="salesforce")
    with pytest.raises(SalesforceExpiredSession):
        list(bulk.query("SELECT Id FROM Contact"))
    assert client.query("SELECT COUNT() FROM Contact")["totalSize"] == 2


def test_a_session_ends_by_the_clock(org: Sf, session: requests.Session) -> None:
    token = requests.post(
        f"{org.sandbox.url}/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": "k", "client_secret": "s"},
        timeout=10,
    ).json()
    mine = Sf(org.sandbox, token["access_token"])
    assert token["instance_url"] == org.sandbox.url
    assert mine.get("limits").status_code == 200
    org.control("clock", advance=7201)
    lapsed = mine.get("limits")
    assert (lapsed.status_code, lapsed.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_jwt_runs_as_the_user_it_names(org: Sf, session: requests.Session) -> None:
    part = base64.urlsafe_b64encode
    claims = {
        "iss": "key",
        "sub": "rep@sandbox.example",
        "aud": "https://login.salesforce.com",
        "exp": time.time() + 60,
    }
    token = b".".join((part(b'{"alg":"RS256"}'), part(orjson.dumps(claims)), part(b"signature"))).decode()
    url = f"{org.sandbox.url}/services/oauth2/token"
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    answer = requests.post(url, data={"grant_type": grant, "assertion": token}, timeout=10).json()
    who = Sf(org.sandbox, answer["access_token"]).get("/services/oauth2/userinfo").json()
    assert who["preferred_username"] == "rep@sandbox.example"
    identity = Sf(org.sandbox, answer["access_token"]).get(urlsplit(answer["id"]).path).json()
    assert identity["user_id"] == who["user_id"]
    del claims["aud"]
    broken = b".".join((part(b"{}"), part(orjson.dumps(claims)), part(b"s"))).decode()
    refused = requests.post(url, data={"grant_type": grant, "assertion": broken}, timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_soap_login_is_gone_from_65_on(org: Sf, session: requests.Session) -> None:
    client = Salesforce(
        username="rep@sandbox.example",
        password="x",
        security_token="y",
        domain="test",
        version="64.0",
        session=session,
    )
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1
    with pytest.raises(SalesforceAuthenticationFailed, match="UNSUPPORTED_API_VERSION"):
        Salesforce(
            username="u", password="x", security_token="y", domain="test", version="65.0", session=session
        )


def test_a_client_without_a_secret_is_refused(session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(consumer_key="k", consumer_secret="", domain="acme.my", version=VERSION, session=session)


def test_limits_and_faults_are_the_client_s_exceptions(org: Sf, client: Any) -> None:
    org.control("limits", limits="free")
    org.control("usage", crm="salesforce", used=15_000)
    with pytest.raises(SalesforceRefusedRequest) as refused:
        client.query("SELECT Id FROM Contact")
    assert code(refused.value) == "REQUEST_LIMIT_EXCEEDED"
    org.control("clock", advance=86_400)
    mine = Sf(org.sandbox)
    assert mine.get("limits").headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    org.control("faults", status=503, path="/query")
    with pytest.raises(SalesforceGeneralError) as down:
        Salesforce(
            session_id="x", instance="acme.my.salesforce.com", version=VERSION, session=client.session
        ).query("x")
    assert "<html>" in str(down.value.content)
