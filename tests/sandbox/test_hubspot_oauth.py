"""HubSpot's OAuth: the page, codes that are good once, tokens that end in the middle of work."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from support.sandbox_company import CLOCK, Api

from sales_consultant.sandbox.serving.server import Sandbox

BACK = "http://localhost:8123/callback"
APP = {"client_id": "app", "client_secret": "a-long-secret", "redirect_uris": [BACK]}
SCOPES = "oauth crm.objects.contacts.read"


def _page(api: Api, **changes: str) -> requests.Response:
    query = {"client_id": "app", "redirect_uri": BACK, "scope": SCOPES, "state": "s1", **changes}
    url = f"{api.sandbox.url}/oauth/authorize?{urlencode({k: v for k, v in query.items() if v})}"
    return requests.get(url, allow_redirects=False, timeout=10)


def _code(api: Api, **changes: str) -> str:
    answer = _page(api, **changes)
    assert answer.status_code == 302, answer.text
    sent = urlsplit(answer.headers["Location"])
    query = parse_qs(sent.query)
    assert f"{sent.scheme}://{sent.netloc}{sent.path}" == BACK and query["state"] == ["s1"]
    return query["code"][0]


def _token(api: Api, version: str = "2026-03", **changes: str) -> requests.Response:
    form = {"client_id": "app", "client_secret": "a-long-secret", **changes}
    return requests.post(f"{api.sandbox.url}/oauth/{version}/token", data=form, timeout=10)


def _by_code(api: Api, **changes: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, **changes}
    return _token(api, **({"code": _code(api)} | form))


def _list(api: Api, token: str) -> requests.Response:
    url = f"{api.sandbox.url}/crm/objects/2026-03/contacts"
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)


@pytest.fixture
def app(portal: Api) -> Api:
    portal.control("apps", **APP)
    return portal


@pytest.mark.parametrize("version", ["v1", "2026-03"])
def test_a_code_becomes_tokens_and_a_refresh_token_stays(app: Api, version: str) -> None:
    first = _token(app, version, grant_type="authorization_code", redirect_uri=BACK, code=_code(app)).json()
    assert (first["token_type"], first["expires_in"]) == ("bearer", 1800)
    assert _list(app, first["access_token"]).status_code == 200
    second = _token(app, version, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    told = requests.get(
        f"{app.sandbox.url}/oauth/v1/access-tokens/{second['access_token']}", timeout=10
    ).json()
    assert told["scopes"] == SCOPES.split() and 1790 <= told["expires_in"] <= 1800
    asked = {"token": second["access_token"], "client_id": "app", "client_secret": "a-long-secret"}
    seen = requests.post(f"{app.sandbox.url}/oauth/2026-03/token/introspect", data=asked, timeout=10).json()
    assert seen["active"] is True
    kept = requests.get(
        f"{app.sandbox.url}/oauth/v1/refresh-tokens/{first['refresh_token']}", timeout=10
    ).json()
    assert kept["client_id"] == "app"


def test_a_token_does_what_its_scopes_say(app: Api) -> None:
    token = _by_code(app).json()["access_token"]
    url = f"{app.sandbox.url}/crm/objects/2026-03/deals"
    refused = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, "BAD_CLIENT_SECRET", "invalid_client"),
        ({"client_secret": ""}, "BAD_CLIENT_ID", "invalid_client"),
        ({"code": "never-given"}, "BAD_AUTH_CODE", "invalid_grant"),
        ({"redirect_uri": "http://localhost:8123/other"}, "BAD_REDIRECT_URI", "invalid_grant"),
        ({"grant_type": "magic"}, "BAD_GRANT_TYPE", "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "BAD_REFRESH_TOKEN", "invalid_grant"),
    ],
)
def test_the_token_endpoint_refuses(app: Api, changes: dict[str, str], status: str, error: str) -> None:
    answer = _by_code(app, **changes)
    assert answer.status_code == 400
    assert (answer.json()["status"], answer.json()["error"]) == (status, error)


def test_a_code_is_good_once_and_for_ten_minutes(app: Api) -> None:
    code = _code(app)
    assert _by_code(app, code=code).status_code == 200
    assert _by_code(app, code=code).json()["status"] == "BAD_AUTH_CODE"
    late = _code(app)
    app.control("clock", advance=601)
    assert _by_code(app, code=late).json()["status"] == "BAD_AUTH_CODE"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": "http://127.0.0.1:8123/callback"},
        {"redirect_uri": "https://elsewhere.example/"},
        {"scope": ""},
        {"scope": "oauth no.such.scope"},
    ],
)
def test_the_page_sends_nobody_where_it_should_not(app: Api, changes: dict[str, str]) -> None:
    answer = _page(app, **changes)
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_a_user_may_say_no_or_be_asked(app: Api) -> None:
    app.control("consent", answer="deny")
    query = parse_qs(urlsplit(_page(app).headers["Location"]).query)
    assert (query["error"], query["state"]) == (["access_denied"], ["s1"])
    app.control("consent", answer="ask")
    page = _page(app, client_id="<b>")
    assert page.status_code == 200 and "&lt;b&gt; asks" in page.text
    assert "sandbox_answer=grant" in page.text


def test_tokens_end_by_the_clock_or_when_told(app: Api) -> None:
    app.control("options", token_seconds=60)
    granted = _by_code(app).json()
    assert granted["expires_in"] == 60
    app.control("clock", advance=61)
    refused = _list(app, granted["access_token"])
    assert (refused.status_code, refused.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    again = _token(app, grant_type="refresh_token", refresh_token=granted["refresh_token"]).json()
    assert _list(app, again["access_token"]).status_code == 200
    assert app.control("expire")["expired"] >= 1
    assert _list(app, again["access_token"]).status_code == 401
    assert _list(app, "a-static-token").status_code == 200


def test_a_revoked_refresh_token_is_over(app: Api) -> None:
    granted = _by_code(app).json()
    url = f"{app.sandbox.url}/oauth/v1/refresh-tokens/{granted['refresh_token']}"
    assert requests.delete(url, timeout=10).status_code == 204
    assert requests.get(url, timeout=10).status_code == 404
    answer = _token(app, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert answer.json()["status"] == "BAD_REFRESH_TOKEN"


def test_an_app_has_its_own_ten_seconds_and_no_day() -> None:
    with Sandbox(clock=CLOCK, crms=("hubspot",), limits="professional", ticks=lambda: 0.0) as sandbox:
        api = Api(sandbox)
        api.control("apps", **APP)
        granted: dict[str, Any] = _by_code(api).json()
        api.control("usage", used=625_000)
        answer = _list(api, granted["access_token"])
        assert answer.headers["X-HubSpot-RateLimit-Max"] == "110"
        assert "X-HubSpot-RateLimit-Daily" not in answer.headers
        assert answer.headers["X-HubSpot-RateLimit-Remaining"] == "109"
        again = _token(api, grant_type="refresh_token", refresh_token=granted["refresh_token"]).json()
        assert _list(api, again["access_token"]).headers["X-HubSpot-RateLimit-Remaining"] == "108"
        api.session.close()
