"""Signing in: one renewal for all, nothing sent to strangers, no secret in any text, refresh tokens kept."""

import json
import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests
import responses

from sales_consultant.config import secrets
from sales_consultant.config.errors import AccessError, ConfigError, CrmUnavailableError, MachineError
from sales_consultant.config.sections import Connection, Write
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.http.sign_in import Document, Keeper, Lease

REFRESH = "refresh-planted-6f1c9a-secret"
APP_SECRET = "app-planted-0d77e2-secret"
ACCESS = "access-planted-93ab1-secret"
STORED = Document(REFRESH, APP_SECRET).text()
HUBSPOT = Connection(crm="hubspot", auth="oauth", client_id="client-1")
SALESFORCE = Connection(crm="salesforce", auth="oauth", client_id="client-1", domain="acme.my")
HUBSPOT_TOKEN = "https://api.hubapi.com/oauth/2026-03/token"
SALESFORCE_TOKEN = "https://acme.my.salesforce.com/services/oauth2/token"


class Clock:
    """Real time, as far as a test wants it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def counting(seconds: float) -> tuple[Callable[[], Lease[str]], list[int]]:
    made: list[int] = []

    def grant() -> Lease[str]:
        made.append(1)
        return Lease(f"token {len(made)}", seconds)

    return grant, made


def test_threads_that_find_the_same_token_stale_wait_for_one_renewal() -> None:
    grant, made = counting(1800)

    def slow() -> Lease[str]:
        time.sleep(0.02)
        return grant()

    keeper = Keeper(slow)
    first = keeper.current()
    gate = threading.Barrier(8)

    def work(_: int) -> str:
        gate.wait()
        return keeper.renew(first)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(8))) == {"token 2"}
    assert len(made) == 2


def test_a_token_is_renewed_before_its_end() -> None:
    grant, made = counting(1800)
    clock = Clock()
    keeper = Keeper(grant, clock=clock)
    assert keeper.current() == "token 1"
    clock.now = 1600
    assert keeper.current() == "token 1"
    clock.now = 1700
    assert keeper.current() == "token 2"
    assert len(made) == 2


def test_an_unreachable_sign_in_service_does_not_stop_a_run_whose_token_still_holds() -> None:
    clock = Clock()
    state = {"down": False}

    def grant() -> Lease[str]:
        if state["down"]:
            raise CrmUnavailableError("down")
        return Lease("token", 1800)

    keeper = Keeper(grant, clock=clock)
    keeper.current()
    state["down"] = True
    clock.now = 1750
    assert keeper.current() == "token"
    clock.now = 1801
    with pytest.raises(CrmUnavailableError):
        keeper.current()


def test_a_refused_sign_in_is_not_tried_again() -> None:
    asked: list[int] = []

    def grant() -> Lease[str]:
        asked.append(1)
        raise AccessError("revoked")

    keeper = Keeper(grant)
    for _ in range(3):
        with pytest.raises(AccessError, match="revoked"):
            keeper.current()
    assert len(asked) == 1


def opened(connection: Connection, keep: Callable[[str], None] = lambda _: None):  # type: ignore[no-untyped-def]  # the protocol hides the client
    return open_connector(connection, STORED, Write(), keep=keep)


@responses.activate
def test_hubspot_refreshes_and_a_token_refused_in_mid_run_is_renewed_once() -> None:
    answers = iter(["one", "two"])
    responses.add_callback(
        responses.POST,
        HUBSPOT_TOKEN,
        lambda _: (200, {}, json.dumps({"access_token": next(answers), "expires_in": 1800})),
    )
    seen: list[str] = []

    def details(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        seen.append(request.headers["Authorization"])
        good = request.headers["Authorization"] == "Bearer two"
        body = (
            {"portalId": 7, "accountType": "STANDARD", "timeZone": "UTC"} if good else {"category": "EXPIRED"}
        )
        return (200 if good else 401), {}, json.dumps(body)

    responses.add_callback(responses.GET, "https://api.hubapi.com/account-info/v3/details", details)
    connector = opened(HUBSPOT)
    assert connector.identity().id == "7"
    assert seen == ["Bearer one", "Bearer two"]
    form = parse_qs(str(responses.calls[0].request.body))
    assert form == {
        "grant_type": ["refresh_token"],
        "client_id": ["client-1"],
        "client_secret": [APP_SECRET],
        "refresh_token": [REFRESH],
    }


@responses.activate
def test_a_lasting_401_ends_after_one_renewal() -> None:
    token = responses.post(HUBSPOT_TOKEN, json={"access_token": ACCESS, "expires_in": 1800})
    refused = responses.get("https://api.hubapi.com/account-info/v3/details", status=401, json={})
    with pytest.raises(AccessError, match="401"):
        opened(HUBSPOT).identity()
    assert (token.call_count, refused.call_count) == (2, 2)


@responses.activate
def test_a_rotated_refresh_token_is_kept_where_the_old_one_was(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(STORED, encoding="utf-8")
    held = secrets.resolve("main", "", keyring=None, environ={"SALES_CONSULTANT_MAIN_TOKEN_FILE": str(file)})
    responses.post(
        SALESFORCE_TOKEN,
        json={
            "access_token": ACCESS,
            "refresh_token": "rotated-1",
            "instance_url": "https://acme.my.salesforce.com",
        },
    )
    responses.get("https://acme.my.salesforce.com/services/data/", json=[])
    connector = open_connector(
        SALESFORCE, held.value, Write(), keep=lambda new: secrets.rewrite(held, new, keyring=None)
    )
    assert connector.api.sf.session_id == ACCESS  # type: ignore[attr-defined]  # the protocol hides the client
    assert Document.read(file.read_text(encoding="utf-8"), "Salesforce") == Document("rotated-1", APP_SECRET)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_rotated_secret_cannot_be_kept_in_the_environment() -> None:
    held = secrets.resolve("main", "", keyring=None, environ={"SALES_CONSULTANT_MAIN_TOKEN": STORED})
    with pytest.raises(MachineError, match="environment variable"):
        secrets.rewrite(held, "new", keyring=None)


@responses.activate
def test_a_rotated_token_that_cannot_be_kept_is_said_and_the_run_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    responses.post(SALESFORCE_TOKEN, json={"access_token": ACCESS, "refresh_token": "rotated-1"})

    def keep(_: str) -> None:
        raise MachineError("A new secret cannot be stored.")

    with caplog.at_level(logging.WARNING):
        assert opened(SALESFORCE, keep).api.sf.session_id == ACCESS
    assert "Sign in again" in caplog.text
    assert "rotated-1" not in caplog.text


@responses.activate
@pytest.mark.parametrize(
    "instance", ["https://evil.example", "http://acme.my.salesforce.com", "https://notsalesforce.com"]
)
@pytest.mark.parametrize("auth", ["oauth", "client_credentials"])
def test_a_token_for_another_host_is_not_sent_there(instance: str, auth: str) -> None:
    responses.post(SALESFORCE_TOKEN, json={"access_token": ACCESS, "instance_url": instance})
    evil = [responses.get(f"{instance}/services/data/", json=[])]
    connection = SALESFORCE.model_copy(update={"auth": auth})
    connector = open_connector(connection, STORED if auth == "oauth" else APP_SECRET, Write())
    if instance.startswith("http://") and auth == "client_credentials":
        # The library drops the scheme and speaks https: the host is Salesforce's own.
        assert connector.api.sf.sf_instance == "acme.my.salesforce.com"  # type: ignore[attr-defined]  # the protocol hides the client
    else:
        with pytest.raises(ConfigError, match="not an address of the CRM"):
            connector.identity()
    assert [e.call_count for e in evil] == [0]


@responses.activate
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("connection", [HUBSPOT, SALESFORCE], ids=["hubspot", "salesforce"])
def test_a_refusal_that_repeats_the_secrets_shows_none_of_them(connection: Connection, status: int) -> None:
    url = HUBSPOT_TOKEN if connection.crm == "hubspot" else SALESFORCE_TOKEN
    words = f"refresh token {REFRESH} of {APP_SECRET} is unknown"
    responses.post(url, json={"error": "invalid_grant", "error_description": words}, status=status)
    with pytest.raises(AccessError) as e:
        opened(connection).identity()
    text = "".join(traceback.format_exception(e.value)) + json.dumps(e.value.as_dict()) + repr(e.value)
    assert "invalid_grant" in text
    for planted in (REFRESH, APP_SECRET, ACCESS):
        assert planted not in text


@responses.activate
@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_sign_in_service_that_is_down_is_no_refusal(status: int) -> None:
    responses.post(SALESFORCE_TOKEN, body="<html>down</html>", status=status)
    connection = SALESFORCE.model_copy(update={"auth": "client_credentials"})
    connector = open_connector(connection, APP_SECRET, Write())
    connector.api.session.transport.sleep = lambda _: None  # type: ignore[attr-defined]  # the protocol hides the client
    with pytest.raises(CrmUnavailableError):
        connector.identity()


def test_documents_and_tokens_never_show_their_values() -> None:
    shown = repr(Document(REFRESH, APP_SECRET)) + repr(Lease(ACCESS)) + str(Document(REFRESH, APP_SECRET))
    assert REFRESH not in shown
    assert APP_SECRET not in shown
    assert ACCESS not in shown


@pytest.mark.parametrize("text", ["pat-eu1-a-plain-token", "{}", "[]", '{"refresh_token"'])
def test_what_is_no_sign_in_by_browser_is_said(text: str) -> None:
    with pytest.raises(AccessError, match="no sign-in by browser"):
        open_connector(HUBSPOT, text, Write())
