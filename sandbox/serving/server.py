"""Puts the sandbox together and runs it: inside another program, or on its own."""

import asyncio
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sales_consultant.sandbox.clock import Clock, parse_iso
from sales_consultant.sandbox.data_folder import Folder, load_folder
from sales_consultant.sandbox.faults import Fault
from sales_consultant.sandbox.serving import control, pages
from sales_consultant.sandbox.serving.gate import Gate
from sales_consultant.sandbox.serving.tls import certificates
from sales_consultant.sandbox.store import Store
from sales_consultant.sandbox.world import Limits, Side, World

HOST = "127.0.0.1"
CRMS = ("hubspot", "salesforce")


def sides(crms: Sequence[str] = CRMS) -> dict[str, Side]:
    """The vendors' halves by name. Raises ValueError for a name that is none."""
    for name in crms:
        if name not in CRMS:
            raise ValueError(f"unknown crm {name!r}; one of {', '.join(CRMS)}")
    return {n: cast(Side, import_module(f"sales_consultant.sandbox.{n}")) for n in crms}


def load(world: World, halves: Mapping[str, Side], data: Path | None, *, lenient: bool = False) -> None:
    """Fill an empty store from a data folder (None: an empty CRM); a store that is filled stays as it is."""
    folder = load_folder(data, lenient=lenient) if data else Folder()
    for name, side in halves.items():
        if not world.store.documents("sandbox", "loaded", name):
            with world.store.transaction():
                side.load(folder, world)
                world.store.put("sandbox", "loaded", name, "done", {"at": world.clock.now_ms()})
    world.store.write("ANALYZE")


def create_app(world: World, halves: Mapping[str, Side]) -> ASGIApp:
    """The application: both vendors' APIs, the pages and the control endpoint."""

    def refuse(path: str, fault: Fault) -> Response:
        name = "salesforce" if path.startswith("/services/") else "hubspot"
        side = halves.get(name) or next(iter(halves.values()))
        world.count(name, "refused")
        return side.refuse(world, fault)

    async def lost(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return refuse(request.url.path, Fault("status", re.compile(""), status))

    routes = [r for side in halves.values() for r in side.routes(world)]
    app = Starlette(
        routes=[*routes, *control.routes(world, halves), *pages.routes(world, halves)],
        exception_handlers={404: lost, 405: lost, 500: lost},
    )
    # Outermost, where it holds the connection itself and can close it.
    return Gate(app, world, refuse)


def _bind(port: int) -> socket.socket:
    # With the protocol named, asyncio switches off Nagle's algorithm, which costs 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as e:
        listener.close()
        raise OSError(
            e.errno,
            f"port {port} of {HOST} cannot be used ({e.strerror}); choose another, or 0 for any free one",
        ) from e
    # Connections that wait to be taken: the usual number of Linux before 5.4, far above what clients open here.
    listener.listen(128)
    return listener


class _Server(uvicorn.Server):
    """A server that listens on a second port too, in https, and ends at once where nobody is being answered."""

    def __init__(
        self, config: uvicorn.Config, listener: socket.socket | None, context: ssl.SSLContext | None
    ) -> None:
        super().__init__(config)
        self._listener = listener
        self._context = context
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End `run`, from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def main_loop(self) -> None:
        """What uvicorn does ten times a second, until it is told to stop: by a signal at its next turn, or by `stop`."""
        self._loop = asyncio.get_running_loop()
        turn = 0
        while not await self.on_tick(turn):
            turn = (turn + 1) % 10
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it, without its pause of a tenth of a second where every connection is idle."""
        if not self.server_state.tasks:
            for server in self.servers:
                server.close()
            for connection in list(self.server_state.connections):
                connection.shutdown()
            # A tenth of a second in all, as long as uvicorn would pause anyway.
            for _ in range(50):
                if not self.server_state.connections:
                    for each in sockets or []:
                        each.close()
                    return
                await asyncio.sleep(0.002)
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._listener is None:
            return

        def protocol() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]  # uvicorn types the class as asyncio's own protocol
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        loop = asyncio.get_running_loop()
        # A client that never says goodbye must not hold the end of the sandbox.
        server = await loop.create_server(
            protocol, sock=self._listener, ssl=self._context, ssl_shutdown_timeout=0.2
        )
        self.servers.append(server)


def _server(app: ASGIApp, listener: socket.socket | None, context: ssl.SSLContext | None) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_level="error",
            lifespan="off",
            date_header=False,
            server_header=False,
            proxy_headers=False,
            # Longer than clients pause between two calls, so that a connection that they keep is still there.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
            # An address above the vendor's limit must get the vendor's own 414, not the library's 400.
            h11_max_incomplete_event_size=1 << 20,
        ),
        listener,
        context,
    )


class Sandbox:
    """A sandbox in a thread of this process, for tests and the demo; a context manager.

    `data` None is an empty CRM; `clock` is ISO 8601 (None: the machine's time); `notice` is shown on every page.
    `store` keeps the records in a file, which is used as it is when it holds records already. `tls` is a folder for
    certificates: with it the sandbox speaks https too, at `tls_url` for clients that trust the authority in `ca`.
    """

    def __init__(
        self,
        *,
        data: Path | None = None,
        clock: str | None = None,
        limits: Limits = "off",
        lag: float = 0.0,
        crms: Sequence[str] = CRMS,
        store: Path | None = None,
        lenient: bool = False,
        notice: str = "",
        port: int = 0,
        tls: Path | None = None,
        tls_port: int = 0,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = Clock(parse_iso(clock) if clock else None, ticks=ticks)
        self.sides = sides(crms)
        self.ca: Path | None = None
        self.tls_url = ""
        context = None
        with ExitStack() as undone:
            self._listener = undone.enter_context(_bind(port))
            self.port: int = self._listener.getsockname()[1]
            self.url = f"http://{HOST}:{self.port}"
            self._secure: socket.socket | None = None
            if tls is not None:
                found = certificates(tls)
                self._secure = undone.enter_context(_bind(tls_port))
                self.ca, context = found.ca, found.context()
                self.tls_url = f"https://localhost:{self._secure.getsockname()[1]}"
            self.store = Store(store)
            undone.callback(self.store.close)
            self.world = World(self.store, self.clock, limits, lag, notice)
            load(self.world, self.sides, data, lenient=lenient)
            undone.pop_all()
        self.app = create_app(self.world, self.sides)
        self._server = _server(self.app, self._secure, context)
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the sandbox's server did not start")
            time.sleep(0.002)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join()
        self._close()

    def stop(self) -> None:
        """End `serve` at its next turn, also where it has not begun."""
        self._server.stop()

    def serve(self) -> None:
        """Run in this thread until SIGTERM or SIGINT."""
        try:
            self._run()
        finally:
            self._close()

    def _close(self) -> None:
        self._listener.close()
        if self._secure is not None:
            self._secure.close()
        self.store.close()
