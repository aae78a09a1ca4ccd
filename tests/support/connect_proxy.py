"""A proxy for one client process: it leads the vendors' host names to a sandbox on this machine and refuses every other host.

It answers CONNECT itself and passes the bytes on to the sandbox's https port: the client ends its TLS there and sees a
certificate for the name that it asked. What it refused shows that the client leaks nothing.
"""

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

HOSTS = (
    "api.hubapi.com", "api.hubspot.com", "login.salesforce.com", "test.salesforce.com", "acme.my.salesforce.com",
)  # fmt: skip


class ConnectProxy:
    """Listens on loopback; `to` is the port of the sandbox's https. A context manager."""

    def __init__(self, to: int, hosts: Sequence[str] = HOSTS) -> None:
        self.to = to
        self.hosts = frozenset(hosts)
        self.taken: list[str] = []
        self.refused: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def environment(self, ca: Path, base: Mapping[str, str]) -> dict[str, str]:
        """The variables of a process that goes through this proxy and trusts the sandbox's authority only."""
        made = {k: v for k, v in base.items() if k not in ("SSL_CERT_DIR", "ALL_PROXY", "all_proxy")}
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
            made[name] = self.url
        for name in ("NO_PROXY", "no_proxy"):
            made[name] = ""
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
            made[name] = str(ca)
        return made

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for held in list(self._open):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: object, *given: socket.socket) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(client)
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                self._connect(client)
            except OSError:
                pass
            finally:
                self._open.discard(client)

    def _connect(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 65_536:
            part = client.recv(4096)
            if not part:
                return
            head += part
        verb, _, rest = head.partition(b" ")
        target = rest.partition(b" ")[0].decode("latin-1")
        host, _, port = target.rpartition(":")
        if verb != b"CONNECT" or host not in self.hosts or port != "443":
            self.refused.append(target)
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        self.taken.append(host)
        with socket.create_connection(("127.0.0.1", self.to)) as server:
            self._open.add(server)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._start(self._pass, server, client)
            self._pass(client, server)
            self._open.discard(server)

    def _pass(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while part := here.recv(65_536):
                there.sendall(part)
        with suppress(OSError):
            there.shutdown(socket.SHUT_WR)
