"""A sandbox without sockets: requests go straight into its application, faults and the control endpoint included."""

import asyncio
import gzip
import threading
import time
import zlib
from collections.abc import Callable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from sales_consultant.sandbox.clock import Clock, parse_iso
from sales_consultant.sandbox.serving.server import create_app, load, sides
from sales_consultant.sandbox.store import Store
from sales_consultant.sandbox.world import World

HOST = "http://127.0.0.1"


class InProcess(HTTPAdapter):
    """Answers requests by an ASGI application; a connection that it closes is a ConnectionError, as over a socket."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self.app = app
        self.loop = asyncio.new_event_loop()
        self.lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        body = request.body or b""
        sent = False

        async def receive() -> MutableMapping[str, Any]:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {
                "type": "http.request",
                "body": body.encode() if isinstance(body, str) else bytes(body),
                "more_body": False,
            }

        answer: dict[str, Any] = {}
        chunks: list[bytes] = []

        async def give(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.update(message)
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [
                (k.lower().encode(), v.encode() if isinstance(v, str) else v)
                for k, v in {"host": "127.0.0.1", **request.headers}.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        with self.lock:
            self.loop.run_until_complete(self.app(scope, receive, give))
        if not answer:
            raise requests.ConnectionError("Connection aborted.", request=request)
        response = requests.Response()
        response.status_code = answer["status"]
        response.headers = CaseInsensitiveDict({k.decode(): v.decode() for k, v in answer.get("headers", ())})
        response._content = b"".join(chunks)
        if len(response._content) < int(response.headers.get("content-length", 0)):
            raise requests.exceptions.ChunkedEncodingError("IncompleteRead", request=request)
        if response.headers.get("content-encoding") == "gzip":
            try:
                response._content = gzip.decompress(response._content)
            except (OSError, EOFError, zlib.error) as e:
                raise requests.exceptions.ContentDecodingError("not gzip", request=request) from e
        response.url = str(request.url)
        response.request = request
        return response

    def close(self) -> None:
        """Nothing: sessions that share this adapter close at different times."""

    def end(self) -> None:
        """Let go of the loop."""
        self.loop.close()


class LocalSandbox:
    """A sandbox of this thread alone. Its clock stands still but for `advance`; `store` is a file with records, or for them."""

    def __init__(
        self,
        crm: str,
        *,
        clock: str,
        data: Path | None = None,
        ticks: Callable[[], float] | None = None,
        store: Path | None = None,
    ) -> None:
        self.crm = crm
        self.clock = Clock(parse_iso(clock), ticks=ticks or (lambda: 0.0))
        self.store = Store(store)
        self.world = World(self.store, self.clock)
        self.sides = sides((crm,))
        load(self.world, self.sides, data)
        self.adapter = InProcess(create_app(self.world, self.sides))
        self.session = self.open_session()
        self.started = time.monotonic()

    def open_session(self) -> requests.Session:
        """A session whose every request ends here."""
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = "Bearer an-admins-token"
        session.mount("http://", self.adapter)
        session.mount("https://", self.adapter)
        return session

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The JSON of a person's request in the CRM; AssertionError where it is refused."""
        answer = self.session.request(method, HOST + path, json=body, params=query)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def control(self, action: str, **body: Any) -> Any:
        """An action of the control endpoint."""
        return self.call("POST", f"/_sandbox/{action}", body)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()
        self.adapter.end()
        self.store.close()
