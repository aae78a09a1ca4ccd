"""Who signs in at a login host is led to the org's own address; on loopback that is the address that was used."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.connect_proxy import ConnectProxy
from support.sandbox_company import CLOCK, FILES, write_folder

from sales_consultant.sandbox.serving.server import Sandbox

HOME = "https://acme.my.salesforce.com"
FORM = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
SOAP = (
    "<x:Envelope xmlns:x='e'><x:Body><login><username>ann@seller.example</username><password>p</password></login></x:Body>"
    "</x:Envelope>"
)
Call = Callable[..., Any]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    (tmp_path / "data").mkdir()
    data = write_folder(tmp_path / "data", FILES)
    with Sandbox(data=data, clock=CLOCK, crms=("salesforce",), tls=tmp_path / "tls") as made:
        yield made


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    """Goes through a proxy that leads the vendor's names to the sandbox."""
    with ConnectProxy(int(sandbox.tls_url.rpartition(":")[2])) as proxy, requests.Session() as made:
        made.trust_env = False
        made.proxies = {"https": proxy.url}
        made.verify = str(sandbox.ca)
        yield made


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com", "acme.my.salesforce.com"])
def test_a_token_names_the_org_s_own_address_and_who_it_is(session: requests.Session, host: str) -> None:
    token = session.post(f"https://{host}/services/oauth2/token", data=FORM, timeout=10).json()
    assert token["instance_url"] == HOME
    assert token["id"].startswith(f"https://{host}/id/00D"), (
        "who somebody is stays with the host that signed them in"
    )
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    found = session.get(f"{token['instance_url']}/services/data/v62.0/limits", headers=headers, timeout=10)
    assert found.status_code == 200
    who = session.get(token["id"], headers=headers, timeout=10).json()
    assert who["urls"]["custom_domain"] == HOME
    assert who["urls"]["rest"].startswith(f"{HOME}/services/data/")


def test_the_web_flow_leads_home_too(session: requests.Session) -> None:
    back = "http://127.0.0.1:1/back"
    query = {"response_type": "code", "client_id": "app", "redirect_uri": back}
    login = "https://login.salesforce.com/services/oauth2"
    page = session.get(f"{login}/authorize", params=query, allow_redirects=False, timeout=10)
    code = page.headers["Location"].partition("code=")[2].partition("&")[0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "app",
        "client_secret": "s",
        "redirect_uri": back,
    }
    token = session.post(f"{login}/token", data=form, timeout=10).json()
    assert token["instance_url"] == HOME
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token["refresh_token"],
        "client_id": "app",
        "client_secret": "s",
    }
    assert session.post(f"{login}/token", data=form, timeout=10).json()["instance_url"] == HOME


def test_a_soap_login_names_it_too(session: requests.Session) -> None:
    answer = session.post("https://login.salesforce.com/services/Soap/u/62.0", data=SOAP, timeout=10)
    assert answer.status_code == 200, answer.text
    assert f"<serverUrl>{HOME}/services/Soap/u/62.0/00D" in answer.text
    assert f"<metadataServerUrl>{HOME}/services/Soap/m/62.0/00D" in answer.text


def test_on_loopback_it_is_the_address_that_was_used(sandbox: Sandbox) -> None:
    port = sandbox.url.rpartition(":")[2]
    for url in (sandbox.url, f"http://localhost:{port}"):
        token = requests.post(f"{url}/services/oauth2/token", data=FORM, timeout=10).json()
        assert token["instance_url"] == url
        soap = requests.post(f"{url}/services/Soap/u/62.0", data=SOAP, timeout=10).text
        assert f"<serverUrl>{url}/services/Soap/u/62.0/00D" in soap
    token = requests.post(
        f"{sandbox.tls_url}/services/oauth2/token", data=FORM, verify=str(sandbox.ca), timeout=10
    ).json()
    assert token["instance_url"] == sandbox.tls_url
