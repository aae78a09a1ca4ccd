"""A delivery goes by mail and to a webhook: either is tried, and where one fails it is said who has the report."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from support.office import Office


class Hook(HTTPServer):
    """A webhook that answers with a status and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.told: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/planted-hook-path"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append(body["text"])
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


class Box:
    """Takes mails, but not for everybody."""

    def __init__(self) -> None:
        self.to: list[list[str]] = []
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.to.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def hook() -> Iterator[Hook]:
    served = Hook()
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def sending(synced: Office, hook: Hook, box: Box) -> Iterator[Any]:
    """Sends the delivery and gives the document; two people get it, and the channel."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    synced.cli.configure(
        synced.sandbox.url,
        "[reports.deliveries.monday]\nreport = 'funnel'\nto = ['anna@example.com', 'bo@example.com']\n"
        "webhook = 'keyring:channel'\n"
        f"[reports.mail]\nhost = '127.0.0.1'\nport = {port}\nsecurity = 'none'\nsender = 'sc@example.com'\n",
    )
    environ = {"SALES_CONSULTANT_CHANNEL_TOKEN": hook.url}

    def send(code: int = 0) -> dict[str, Any]:
        done = synced.cli.run("report", "--send", "monday", "--json", code=code, env=environ)
        assert "planted-hook-path" not in done.out + done.err
        return done.document

    send.stop = controller.stop  # type: ignore[attr-defined]
    yield send
    if controller.server is not None:
        controller.stop()


def test_both_ways_are_taken(sending: Any, hook: Hook, box: Box) -> None:
    assert sending() == {"delivery": "monday", "report": "funnel", "mailed": 2, "posted": True}
    assert len(hook.told) == 1 and box.to == [["anna@example.com", "bo@example.com"]]


def test_one_recipient_who_is_refused_stops_nothing(sending: Any, hook: Hook, box: Box) -> None:
    box.refuses = {"bo@example.com": "550 nobody"}
    error = sending(2)["error"]
    assert "bo@example.com (code 550)" in error["message"]
    assert "Who has the report: anna@example.com, the webhook." in error["message"]
    assert "`to`" in error["action"] and "again" in error["action"]
    assert error["details"] == {"mailed": ["anna@example.com"], "posted": True}
    assert len(hook.told) == 1 and box.to == [["anna@example.com"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "todo"), [(503, "later"), (429, "later"), (404, "address"), (302, "address")]
)
def test_a_webhook_that_refuses_is_told_with_who_has_the_mail(
    sending: Any, hook: Hook, status: int, todo: str
) -> None:
    hook.status = status
    error = sending(2)["error"]
    assert f"status {status}" in error["message"] and todo in error["action"]
    assert ("later" in error["action"].split(".")[0]) == (todo == "later")
    assert "Who has the report: anna@example.com, bo@example.com." in error["message"]


@pytest.mark.slow
def test_a_mail_server_that_is_away_does_not_stop_the_webhook(sending: Any, hook: Hook, box: Box) -> None:
    sending.stop()
    error = sending(2)["error"]
    assert "cannot be used" in error["message"] and "Who has the report: the webhook." in error["message"]
    assert len(hook.told) == 1


@pytest.mark.slow
def test_where_nobody_has_it_both_reasons_are_told(sending: Any, hook: Hook, box: Box) -> None:
    box.refuses = {"bo@example.com": "451 later", "anna@example.com": "550 nobody"}
    hook.status = 500
    error = sending(2)["error"]
    assert "all recipients" in error["message"] and "status 500" in error["message"]
    assert "Who has the report" not in error["message"] and "again later" in error["action"]
