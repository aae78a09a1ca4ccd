"""Signed in as the vendors have it: browser, refresh in the middle of work, and answers that lead elsewhere."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from support.sandbox_company import CLOCK, FILES, Api, write_folder

from sales_consultant.config.errors import AccessError, SalesConsultantError
from sales_consultant.config.sections import Connection, Write
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import Connector
from sales_consultant.connectors.http.sign_in import Document
from sales_consultant.connectors.salesforce.reading.pull import Sizes
from sales_consultant.sandbox.serving.server import Sandbox
from sales_consultant.sync.pull import pull
from sales_consultant.sync.setup.sign_in import sign_in
from sales_consultant.sync.stores.warehouse import Warehouse

CRMS = ("hubspot", "salesforce")
APP_SECRET = "a-long-planted-secret"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Registered:
    """A sandbox with a registered app, and a user who says yes in a browser."""

    def __init__(self, sandbox: Sandbox, crm: str) -> None:
        self.api = Api(sandbox)
        self.crm = crm
        self.connection = Connection(
            crm=crm,  # type: ignore[arg-type]  # a parameter of the test
            auth="oauth",
            client_id="app",
            url=sandbox.url,
            redirect_port=free_port(),
            domain="acme.my" if crm == "salesforce" else "",
        )
        back = f"http://localhost:{self.connection.redirect_port}/callback"
        pkce = {"pkce": True} if crm == "salesforce" else {}
        self.control("apps", client_id="app", client_secret=APP_SECRET, redirect_uris=[back], **pkce)

    def control(self, action: str, **body: Any) -> Any:
        """The control endpoint of this CRM."""
        return self.api.control(action, **({"crm": "salesforce"} if self.crm == "salesforce" else {}), **body)

    def browser(self, page: str) -> bool:
        """Opens the page, is sent back, follows."""

        def go() -> None:
            sent = requests.get(page, allow_redirects=False, timeout=10).headers["Location"]
            parts = urlsplit(sent)
            requests.get(f"http://127.0.0.1:{parts.port}{parts.path}?{parts.query}", timeout=10)

        threading.Thread(target=go).start()
        return True

    def sign_in(self) -> Document:
        """What `login` would store."""
        return sign_in(self.connection, APP_SECRET, show=lambda _: None, open_browser=self.browser)

    def open(self, stored: str) -> Connector:
        """A connector with what was stored."""
        return open_connector(self.connection, stored, Write())


@pytest.fixture(params=CRMS)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registered]:
    folder = tmp_path / "data"
    folder.mkdir()
    with Sandbox(data=write_folder(folder, FILES), clock=CLOCK, crms=(request.param,)) as sandbox:
        made = Registered(sandbox, request.param)
        yield made
        made.api.session.close()


def test_a_connection_signed_in_by_browser_pulls(app: Registered, tmp_path: Path) -> None:
    connector = app.open(app.sign_in().text())
    warehouse = Warehouse(tmp_path / "w.duckdb")
    try:
        done = pull(connector, warehouse, until=connector.now())
        assert done.rows["contacts" if app.crm == "hubspot" else "Contact"] >= 2
    finally:
        warehouse.close()
        connector.close()


def test_tokens_that_end_in_the_middle_of_a_pull_are_renewed(app: Registered, tmp_path: Path) -> None:
    """The CRM's clock leaps beyond the token's end between any two streams: the vendor's 401, not our timer, tells."""
    connector = app.open(app.sign_in().text())
    app.control("options", **({"token_seconds": 60} if app.crm == "hubspot" else {"session_seconds": 60}))
    warehouse = Warehouse(tmp_path / "w.duckdb")
    seen: list[str] = []

    def leap(stream: str, rows: int, total: int | None) -> None:
        if stream not in seen:
            seen.append(stream)
            app.api.control("clock", advance=3600)

    try:
        done = pull(connector, warehouse, until=connector.now() + 90_000_000, progress=leap)
    finally:
        warehouse.close()
        connector.close()
    assert len(seen) > 3
    assert connector.calls.by_kind["login"] >= len(seen) - 1
    assert sum(done.rows.values()) > 10


def test_a_revoked_app_is_an_access_error_that_says_what_to_do(app: Registered) -> None:
    document = app.sign_in()
    connector = app.open(Document("revoked-" + document.refresh_token, APP_SECRET).text())
    with pytest.raises(AccessError) as e:
        connector.identity()
    assert "login" in e.value.action
    assert document.refresh_token not in str(e.value.as_dict())
    assert APP_SECRET not in str(e.value.as_dict())


class Stranger:
    """Listens where the answers' links lead, and remembers that somebody came."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(0.2)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.visits = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self) -> None:
        while not self.over.is_set():
            try:
                visitor, _ = self.server.accept()
            except TimeoutError:
                continue
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.server.close()


@contextmanager
def stranger() -> Iterator[Stranger]:
    made = Stranger()
    try:
        yield made
    finally:
        made.close()


def _foreign(app: Registered, work: Callable[[Connector], None]) -> int:
    """Visits to the stranger while the CRM's answers lead there."""
    connector = app.open(app.sign_in().text())
    with stranger() as s:
        app.api.control("links", to=s.url)
        try:
            work(connector)
        finally:
            app.api.control("links", to="")
            connector.close()
        return s.visits


def test_links_that_lead_elsewhere_are_not_followed_by_a_pull(app: Registered, tmp_path: Path) -> None:
    many, rows = 450, list[Any]()
    if app.crm == "hubspot":
        for start in range(0, many, 100):
            rows = [
                {"properties": {"email": f"n{n}@x.example"}} for n in range(start, min(start + 100, many))
            ]
            assert app.api.post("/crm/objects/2026-03/contacts/batch/create", {"inputs": rows}).ok
    else:
        for start in range(0, many, 200):
            rows = [
                {"attributes": {"type": "Contact"}, "LastName": f"N{n}"}
                for n in range(start, min(start + 200, many))
            ]
            path = "/services/data/v62.0/composite/sobjects"
            assert app.api.post(path, {"allOrNone": False, "records": rows}).ok
    held: list[int] = []

    def work(connector: Connector) -> None:
        if app.crm == "salesforce":
            # Bulk for all that is large, in small pages.
            puller: Any = connector._puller  # type: ignore[attr-defined]  # the protocol has no sizes
            puller.sizes = Sizes(bulk_from=100)
            puller.bulk.part_rows = 100
        warehouse = Warehouse(tmp_path / "w.duckdb")
        try:
            pull(connector, warehouse, until=connector.now())
            held.append(len(warehouse.con.execute("SELECT 1 FROM contacts").fetchall()))
        finally:
            warehouse.close()

    assert _foreign(app, work) == 0
    assert held[0] >= many


def test_a_redirect_is_not_followed(app: Registered) -> None:
    def work(connector: Connector) -> None:
        connector.api.transport.sleep = lambda _: None  # type: ignore[attr-defined]  # the protocol hides the client
        with stranger() as s:
            app.api.control(
                "faults",
                kind="redirect",
                path="/(crm|account-info|services/data)",
                status=307,
                location=s.url,
                times=99,
            )
            with pytest.raises(SalesConsultantError):
                connector.identity()
            assert s.visits == 0

    assert _foreign(app, work) == 0
