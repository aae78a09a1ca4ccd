"""Signing in by browser: what the user sees, and what is kept."""

import base64
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from sales_consultant.config import secrets
from sales_consultant.config.errors import AccessError, ConfigError, MachineError
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings, made_connection
from sales_consultant.connectors.http.sign_in import Document
from sales_consultant.sync.setup.sign_in import login, sign_in

REFRESH = "refresh-planted-6f1c9a-secret"
APP_SECRET = "app-planted-0d77e2-secret"
ACCESS = "access-planted-93ab1-secret"
HUBSPOT = Connection(crm="hubspot", auth="oauth", client_id="client-1")
SALESFORCE = Connection(crm="salesforce", auth="oauth", client_id="client-1", domain="acme.my")
HUBSPOT_TOKEN = "https://api.hubapi.com/oauth/2026-03/token"
SALESFORCE_TOKEN = "https://acme.my.salesforce.com/services/oauth2/token"


def port() -> int:
    import socket

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class User:
    """A user with a browser: sees the consent page and is sent back with a code, or with whatever a test wants."""

    def __init__(self, **changed: str) -> None:
        self.changed = changed
        self.query: dict[str, str] = {}
        self.answers: list[int] = []
        self.thread: threading.Thread | None = None

    def __call__(self, page: str) -> bool:
        self.query = {k: v[0] for k, v in parse_qs(urlsplit(page).query).items()}
        self.thread = threading.Thread(target=self.go)
        self.thread.start()
        return True

    def go(self) -> None:
        redirect = self.query["redirect_uri"].replace("localhost", "127.0.0.1")
        forged = requests.get(redirect, params={"code": "stolen", "state": "guessed"}, timeout=5)
        elsewhere = requests.get(redirect.replace("/callback", "/"), timeout=5)
        good = {"code": "code-1", "state": self.query["state"], **self.changed}
        answer = requests.get(redirect, params={k: v for k, v in good.items() if v}, timeout=5)
        self.answers = [forged.status_code, elsewhere.status_code, answer.status_code]


@responses.activate
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_user_signs_in_by_browser(crm: str) -> None:
    responses.add_passthru("http://127.0.0.1")
    connection = (HUBSPOT if crm == "hubspot" else SALESFORCE).model_copy(update={"redirect_port": port()})
    url = HUBSPOT_TOKEN if crm == "hubspot" else SALESFORCE_TOKEN
    asked = responses.post(url, json={"access_token": ACCESS, "refresh_token": REFRESH})
    user, shown = User(), list[str]()
    document = sign_in(connection, APP_SECRET, show=shown.append, open_browser=user)
    assert user.thread
    user.thread.join()
    assert document == Document(REFRESH, APP_SECRET)
    assert user.answers == [400, 400, 200]
    form = {k: v[0] for k, v in parse_qs(str(asked.calls[0].request.body)).items()}
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "code-1"
    assert (
        form["redirect_uri"]
        == user.query["redirect_uri"]
        == f"http://localhost:{connection.redirect_port}/callback"
    )
    assert APP_SECRET not in shown[0]
    if crm == "salesforce":
        import hashlib

        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == user.query["code_challenge"]
        assert user.query["code_challenge_method"] == "S256"
        assert shown[0].startswith("https://acme.my.salesforce.com/services/oauth2/authorize?")
    else:
        assert shown[0].startswith("https://app.hubspot.com/oauth/authorize?")


@responses.activate
def test_a_user_who_says_no_is_heard() -> None:
    responses.add_passthru("http://127.0.0.1")
    connection = HUBSPOT.model_copy(update={"redirect_port": port()})
    user = User(code="", error="access_denied")
    with pytest.raises(AccessError, match="access_denied"):
        sign_in(connection, APP_SECRET, show=lambda _: None, open_browser=user)
    assert user.thread
    user.thread.join()


def test_a_taken_port_is_said_before_anybody_is_asked() -> None:
    import socket

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        connection = HUBSPOT.model_copy(update={"redirect_port": s.getsockname()[1]})
        shown: list[str] = []
        with pytest.raises(MachineError, match="is taken"):
            sign_in(connection, APP_SECRET, show=shown.append, open_browser=lambda _: True)
        assert shown == []


def test_nobody_answers() -> None:
    connection = HUBSPOT.model_copy(update={"redirect_port": port()})
    with pytest.raises(AccessError, match="Nobody answered"):
        sign_in(connection, APP_SECRET, show=lambda _: None, open_browser=lambda _: True, wait_seconds=0.3)


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@responses.activate
def test_login_by_browser_works_before_there_are_settings() -> None:
    responses.add_passthru("http://127.0.0.1")
    responses.post(HUBSPOT_TOKEN, json={"access_token": ACCESS, "refresh_token": REFRESH})
    ring, users, asked = Ring(), list[threading.Thread](), list[str]()

    def ask(what: str) -> str:
        asked.append(what)
        return APP_SECRET + "\n"

    def show(page: str) -> None:
        user = User()
        user(page)
        assert user.thread
        users.append(user.thread)

    told = login(
        Settings(),
        "acme",
        keyring=ring,
        ask=ask,
        show=show,
        browser=False,
        app={
            "crm": "hubspot",
            "client_id": "client-1",
            "domain": "",
            "url": "",
            "redirect_port": str(port()),
        },
    )
    for thread in users:
        thread.join()
    assert asked == ["Client secret of acme's app (empty where it has none)"]
    assert told.to_json() == {"connection": "acme", "stored_in": 'OS keyring, entry "acme"'}
    held = secrets.resolve("acme", "", keyring=ring, environ={})
    assert Document.read(held.value, "HubSpot") == Document(REFRESH, APP_SECRET)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"crm": "hubspot", "auth": "jwt", "client_id": "x"}, "HubSpot has no sign-in"),
        ({"crm": "salesforce", "auth": "jwt", "client_id": "x"}, "needs username"),
        ({"crm": "salesforce", "auth": "oauth"}, "needs client_id"),
    ],
)
def test_a_connection_that_cannot_sign_in_is_refused_at_once(given: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        made_connection(given)
