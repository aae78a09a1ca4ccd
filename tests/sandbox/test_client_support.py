"""What the tests of other people's clients stand on: the proxy that refuses every other host, and words where npm is missing."""

from pathlib import Path

import pytest
import requests
from support import client_tools
from support.connect_proxy import ConnectProxy

from sales_consultant.sandbox.serving.server import Sandbox


def test_the_proxy_leads_the_vendors_names_here_and_refuses_others(tmp_path: Path) -> None:
    with Sandbox(tls=tmp_path) as sandbox, ConnectProxy(int(sandbox.tls_url.rpartition(":")[2])) as proxy:
        with requests.Session() as session:
            session.trust_env = False
            session.proxies = {"https": proxy.url}
            session.verify = str(sandbox.ca)
            session.headers["Authorization"] = "Bearer x"
            page = session.get("https://api.hubapi.com/crm/v3/owners/?limit=1", timeout=10)
            assert page.status_code == 200
            form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
            login = "https://acme.my.salesforce.com"
            token = session.post(f"{login}/services/oauth2/token", data=form, timeout=10).json()
            assert token["instance_url"] == login
            for elsewhere in (
                "https://example.com/",
                "https://api.hubapi.com.example/",
                "https://api.hubapi.com:8443/",
            ):
                with pytest.raises(requests.exceptions.ProxyError, match="403"):
                    session.get(elsewhere, timeout=10)
        assert set(proxy.taken) == {"api.hubapi.com", "acme.my.salesforce.com"}
        assert proxy.refused == ["example.com:443", "api.hubapi.com.example:443", "api.hubapi.com:8443"]


def test_a_machine_without_npm_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(client_tools.ToolError, match="apt install nodejs npm"):
        client_tools.node("jsforce", tmp_path)
