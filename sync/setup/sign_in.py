"""Signing a connection in by browser: the consent page, and a listener on loopback for the one answer that counts."""

import hmac
import threading
import time
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from sales_consultant.config import secrets
from sales_consultant.config.errors import AccessError, MachineError, UsageError
from sales_consultant.config.pages import page
from sales_consultant.config.sections import Connection
from sales_consultant.config.settings import Settings, made_connection
from sales_consultant.connectors import browser_sign_in
from sales_consultant.connectors.http import Document, safe_text
from sales_consultant.sync.results import SignedIn

# A judgement: five minutes are enough to find a password and a second factor.
WAIT_SECONDS = 300.0
_PATH = "/callback"


@dataclass
class _Answer:
    """What came to the redirect address: a code, or the vendor's refusal."""

    code: str = field(default="", repr=False)
    error: str = ""
    came: threading.Event = field(default_factory=threading.Event)


class _Server(HTTPServer):
    # Another program on the port must be an error, not a second listener that may get the code.
    allow_reuse_address = False

    def __init__(self, port: int, state: str, answer: _Answer) -> None:
        self.state = state
        self.answer = answer
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Takes one answer with the right state; everything else is refused and waited out."""

    server: _Server

    def do_GET(self) -> None:
        """The redirect."""
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        given = query.get("state", "")
        if parts.path != _PATH or not hmac.compare_digest(given.encode(), self.server.state.encode()):
            self._say(400, "This is not the answer to the sign-in that was begun.")
            return
        answer = self.server.answer
        answer.code = query.get("code", "")
        answer.error = safe_text(query.get("error_description") or query.get("error") or "")
        if answer.code:
            self._say(200, "Signed in.")
        else:
            self._say(400, "The sign-in was refused.")
        answer.came.set()

    def _say(self, status: int, text: str) -> None:
        body = page("signed_in.html", said=text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        # The address holds the code: it must not travel on.
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address holds the code."""


def sign_in(
    connection: Connection,
    client_secret: str,
    *,
    show: Callable[[str], None],
    open_browser: Callable[[str], bool] = webbrowser.open,
    wait_seconds: float = WAIT_SECONDS,
) -> Document:
    """What to store for a connection with `auth = "oauth"`, after its user has said yes in the browser.

    `show` is told the page's address, for a machine whose browser is elsewhere. Raises MachineError where the port is
    taken, AccessError where the user or the vendor says no, or nobody answers.
    """
    if connection.auth != "oauth":
        raise UsageError(
            'Only a connection with auth = "oauth" is signed in by browser.',
            action="Store its secret with: sales-consultant login",
        )
    redirect = f"http://localhost:{connection.redirect_port}{_PATH}"
    flow = browser_sign_in(connection, client_secret, redirect)
    answer = _Answer()
    try:
        server = _Server(connection.redirect_port, flow.challenge.state, answer)
    except OSError as e:
        raise MachineError(
            f"Port {connection.redirect_port} is taken, and the app's redirect address names it.",
            action="Stop the program that listens there, or register another port with the app and set redirect_port "
            "(before there are settings: login --redirect-port).",
        ) from e
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        show(flow.page)
        open_browser(flow.page)
        deadline = time.monotonic() + wait_seconds
        # In steps, so that an interrupt is heard.
        while not answer.came.wait(0.2) and time.monotonic() < deadline:
            pass
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    if not answer.came.is_set():
        raise AccessError(
            f"Nobody answered the sign-in within {wait_seconds:.0f} seconds.",
            action=f"Run it again, and check that {redirect} is among the app's redirect addresses.",
        )
    if not answer.code:
        raise AccessError(
            f"The sign-in was refused: {answer.error or 'no reason was given'}.",
            action="Run it again and agree, with a user who may install apps.",
        )
    document = flow.redeem(answer.code)
    if not document.refresh_token:
        raise AccessError(
            "The sign-in gave no refresh token, so it would end within the hour.",
            action="Give the app the scope refresh_token (Salesforce: Perform requests at any time), then sign in again.",
        )
    return document


def login(
    settings: Settings,
    chosen: str | None,
    *,
    keyring: secrets.Keyring | None,
    ask: Callable[[str], str],
    show: Callable[[str], None],
    browser: bool = True,
    app: Mapping[str, str] | None = None,
) -> SignedIn:
    """Put a connection's secret into the OS keyring and say where it is; works before there are settings.

    `ask` is told what is wanted. `app` (crm, client_id, domain, url, redirect_port) stands in for settings that are
    not there yet. With `auth = "oauth"` that is the app's secret, and what is stored is what the sign-in by browser
    left.
    """
    name, connection = chosen or "main", None
    if settings.connections:
        name, connection = settings.connection(chosen)
    elif app and app.get("client_id"):
        connection = made_connection({"auth": "oauth", **{k: v for k, v in app.items() if v}})
    # Before anything is asked for: a machine without a keyring says so, and what to do.
    secrets.probe(name, keyring=keyring)
    if connection is not None and connection.auth == "oauth":
        given = ask(f"Client secret of {name}'s app (empty where it has none)").strip()
        opener = webbrowser.open if browser else _leave
        secret = sign_in(connection, given, show=show, open_browser=opener).text()
    else:
        secret = ask(f"Token of {name}").strip()
    if not secret:
        raise UsageError("No token was given.", action="Paste it, or pipe it in with --token-stdin.")
    reference = connection.token if connection is not None else ""
    return SignedIn(name, secrets.store(name, reference, secret, keyring=keyring))


def _leave(page: str) -> bool:
    """No browser is opened: the address was shown."""
    return False
