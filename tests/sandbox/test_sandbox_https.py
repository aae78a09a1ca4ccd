"""The same sandbox in http and in https, with certificates of its own making."""

import ssl
from pathlib import Path

import pytest
import requests
from support.sandbox_company import CLOCK, FILES, write_folder

from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sandbox.serving.tls import certificates

AUTH = {"Authorization": "Bearer x"}


def _get(url: str, ca: Path | None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers=AUTH, verify=str(ca) if ca else True, timeout=10)


def test_links_lead_back_the_way_they_were_asked(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    data = write_folder(tmp_path / "data", FILES)
    with Sandbox(data=data, clock=CLOCK, crms=("hubspot",), tls=tmp_path / "tls") as sandbox:
        path = "/crm/v3/objects/contacts?limit=1"
        for base, ca in ((sandbox.url, None), (sandbox.tls_url, sandbox.ca)):
            answer = _get(base + path, ca)
            assert answer.status_code == 200
            assert answer.json()["paging"]["next"]["link"].startswith(base + "/crm/v3/objects/contacts?")
        with pytest.raises(requests.exceptions.SSLError):
            _get(sandbox.tls_url + path, None)
        port = sandbox.tls_url.rpartition(":")[2]
        assert _get(f"https://127.0.0.1:{port}{path}", sandbox.ca).status_code == 200
    with pytest.raises(requests.ConnectionError):
        _get(sandbox.tls_url, sandbox.ca)


def test_salesforce_names_its_https_address(tmp_path: Path) -> None:
    with Sandbox(clock=CLOCK, crms=("salesforce",), tls=tmp_path) as sandbox:
        form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        url = f"{sandbox.tls_url}/services/oauth2/token"
        token = requests.post(url, data=form, verify=str(sandbox.ca), timeout=10).json()
        assert token["instance_url"] == sandbox.tls_url


def test_certificates_are_kept_while_they_hold_and_their_key_is_private(tmp_path: Path) -> None:
    first = certificates(tmp_path)
    before = first.ca.read_bytes()
    assert first.server.stat().st_mode & 0o077 == 0
    assert b"PRIVATE KEY" not in before
    assert certificates(tmp_path).ca.read_bytes() == before
    first.server.write_text("broken", encoding="utf-8")
    assert certificates(tmp_path).ca.read_bytes() != before
    context = ssl.create_default_context(cafile=str(first.ca))
    assert context.cert_store_stats()["x509_ca"] == 1


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with Sandbox(crms=("hubspot",), tls=tmp_path) as sandbox, pytest.raises(OSError, match="cannot be used"):
        Sandbox(crms=("hubspot",), tls=tmp_path, tls_port=int(sandbox.tls_url.rpartition(":")[2]))
