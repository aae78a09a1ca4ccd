"""Salesforce's OAuth: client credentials, signed assertions, the web flow with PKCE, tokens that rotate or end."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from support.salesforce_org import Sf, company

from sales_consultant.sandbox.oauth import challenge_of

BACK = "http://localhost:8124/callback"
VERIFIER = "a-verifier-of-enough-letters-to-be-one-43-at-least"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Sf]:
    with company(tmp_path) as sf:
        yield sf


def _token(org: Sf, **form: str) -> requests.Response:
    return requests.post(f"{org.sandbox.url}/services/oauth2/token", data=form, timeout=10)


def _who(org: Sf, token: str) -> str:
    answer = Sf(org.sandbox, token).get("/services/oauth2/userinfo")
    return str(answer.json()["preferred_username"]) if answer.status_code == 200 else answer.text


# Client credentials


def test_client_credentials_run_as_the_apps_user(org: Sf) -> None:
    org.control("apps", client_id="app", client_secret="a-long-secret", user="rep@sandbox.example")
    good = {"grant_type": "client_credentials", "client_id": "app"}
    granted = _token(org, **good, client_secret="a-long-secret").json()
    assert _who(org, granted["access_token"]) == "rep@sandbox.example"
    assert _token(org, **good, client_secret="wrong").json()["error"] == "invalid_client"
    org.control("apps", client_id="nobody", client_secret="b")
    answer = _token(org, grant_type="client_credentials", client_id="nobody", client_secret="b")
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "no client credentials user enabled",
    }


# Signed assertions


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _assert(org: Sf, key: rsa.RSAPrivateKey, **changes: Any) -> requests.Response:
    claims = {
        "iss": "app", "sub": "rep@sandbox.example", "aud": "https://login.salesforce.com", "exp": time.time() + 180,
    }  # fmt: skip
    made = {k: v for k, v in {**claims, **changes}.items() if v is not None}
    return _token(org, grant_type=GRANT, assertion=jwt.encode(made, key, algorithm="RS256"))


def test_an_assertion_is_verified_by_the_apps_certificate(org: Sf, key: rsa.RSAPrivateKey) -> None:
    org.control("apps", client_id="app", certificate=_certificate(key))
    granted = _assert(org, key).json()
    assert _who(org, granted["access_token"]) == "rep@sandbox.example"
    assert "refresh_token" not in granted
    assert _assert(org, key, aud=org.sandbox.url).status_code == 200
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert _assert(org, other).json() == {"error": "invalid_grant", "error_description": "invalid assertion"}
    for changes, text in (
        ({"aud": "https://elsewhere.example"}, "audience is invalid"),
        ({"exp": time.time() - 1}, "assertion expired"),
        ({"exp": time.time() + 3600}, "assertion expired"),
        ({"sub": "stranger@nowhere.example"}, "user hasn't approved this consumer"),
        ({"exp": None}, "invalid assertion"),
        ({"iss": None}, "invalid assertion"),
    ):
        answer = _assert(org, key, **changes)
        assert (answer.status_code, answer.json()["error_description"]) == (400, text)


def test_a_certificate_that_is_none_is_refused(org: Sf) -> None:
    body = {"client_id": "app", "certificate": "no"}
    answer = org.session.post(f"{org.sandbox.url}/_sandbox/apps", json=body, timeout=10)
    assert answer.status_code == 400 and "certificate" in answer.json()["error"]


# The web flow


def _page(org: Sf, **changes: str) -> requests.Response:
    query = {
        "response_type": "code", "client_id": "app", "redirect_uri": BACK, "scope": "api refresh_token", "state": "s1",
        "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256", **changes,
    }  # fmt: skip
    url = f"{org.sandbox.url}/services/oauth2/authorize?{urlencode({k: v for k, v in query.items() if v})}"
    return requests.get(url, allow_redirects=False, timeout=10)


def _sent(org: Sf, **changes: str) -> dict[str, str]:
    answer = _page(org, **changes)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(BACK + "?")
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def _redeem(org: Sf, code: str, **changes: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code", "client_id": "app", "client_secret": "a-long-secret", "redirect_uri": BACK,
        "code": code, "code_verifier": VERIFIER, **changes,
    }  # fmt: skip
    return _token(org, **{k: v for k, v in form.items() if v})


@pytest.fixture
def app(org: Sf) -> Sf:
    user = "rep@sandbox.example"
    org.control(
        "apps", client_id="app", client_secret="a-long-secret", redirect_uris=[BACK], pkce=True, user=user
    )
    return org


def test_a_code_with_its_verifier_becomes_tokens(app: Sf) -> None:
    sent = _sent(app)
    assert sent["state"] == "s1"
    granted = _redeem(app, sent["code"]).json()
    assert (granted["scope"], granted["instance_url"]) == ("api refresh_token", app.sandbox.url)
    assert _who(app, granted["access_token"]) == "rep@sandbox.example"
    again = _token(
        app, grant_type="refresh_token", client_id="app", client_secret="a-long-secret",
        refresh_token=granted["refresh_token"],
    ).json()  # fmt: skip
    assert "refresh_token" not in again
    assert _who(app, again["access_token"]) == "rep@sandbox.example"
    assert _redeem(app, sent["code"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"redirect_uri": "http://localhost:8124/other"}, "redirect_uri_mismatch"),
    ],
)
def test_a_code_alone_is_not_enough(app: Sf, changes: dict[str, str], error: str) -> None:
    answer = _redeem(app, _sent(app)["code"], **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "api full"}, "invalid_scope"),
    ],
)
def test_the_page_sends_errors_back(app: Sf, changes: dict[str, str], error: str) -> None:
    sent = _sent(app, **changes)
    assert (sent["error"], sent["state"]) == (error, "s1") and "code" not in sent


@pytest.mark.parametrize("uri", [BACK + "/", "http://127.0.0.1:8124/callback", "https://elsewhere.example/"])
def test_only_the_exact_address_is_sent_to(app: Sf, uri: str) -> None:
    answer = _page(app, redirect_uri=uri)
    assert answer.status_code == 400 and "redirect_uri_mismatch" in answer.text


def test_a_public_client_needs_no_secret_when_the_app_says_so(org: Sf) -> None:
    org.control(
        "apps",
        client_id="app",
        client_secret="a-long-secret",
        redirect_uris=[BACK],
        secret_optional=True,
        rotate=True,
    )
    granted = _redeem(org, _sent(org)["code"], client_secret="").json()
    form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": granted["refresh_token"]}
    rotated = _token(org, **form).json()
    assert rotated["refresh_token"] != granted["refresh_token"]
    assert _token(org, **form).json()["error_description"] == "expired access/refresh token"
    assert _token(org, **{**form, "refresh_token": rotated["refresh_token"]}).status_code == 200


def test_without_its_scope_there_is_no_refresh_token(app: Sf) -> None:
    assert "refresh_token" not in _redeem(app, _sent(app, scope="api")["code"]).json()


def test_sessions_end_by_the_clock_and_by_revocation(app: Sf) -> None:
    app.control("options", crm="salesforce", session_seconds=60)
    granted = _redeem(app, _sent(app)["code"]).json()
    url = f"{app.sandbox.url}/services/oauth2"
    seen = requests.post(f"{url}/introspect", data={"token": granted["access_token"]}, timeout=10).json()
    assert (seen["active"], seen["username"], seen["exp"] - seen["iat"]) == (True, "rep@sandbox.example", 60)
    app.control("clock", advance=61)
    assert "INVALID_SESSION_ID" in _who(app, granted["access_token"])
    assert requests.post(f"{url}/introspect", data={"token": granted["access_token"]}, timeout=10).json() == {
        "active": False
    }
    assert (
        requests.post(f"{url}/revoke", data={"token": granted["refresh_token"]}, timeout=10).status_code
        == 200
    )
    form = {"grant_type": "refresh_token", "client_id": "app", "client_secret": "a-long-secret"}
    assert _token(app, **form, refresh_token=granted["refresh_token"]).json()["error"] == "invalid_grant"
    assert requests.post(f"{url}/revoke", data={"token": "none"}, timeout=10).status_code == 400
