"""/healthz, /readyz and /metrics of a running service, on loopback: no customer data, nothing can be changed there."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from sales_consultant.config.errors import MachineError

HOST = "127.0.0.1"
Document = dict[str, Any]


class Endpoints:
    """A small server in threads of its own; `port` 0 takes a free one, told by `port` after the start."""

    def __init__(
        self,
        port: int,
        *,
        alive: Callable[[], bool],
        ready: Callable[[], Document],
        metrics: Callable[[], str],
    ) -> None:
        class Answers(BaseHTTPRequestHandler):
            server_version = "sales-consultant"
            sys_version = ""

            def do_GET(self) -> None:
                """Answer one of the three paths, or 404."""
                try:
                    if self.path == "/healthz":
                        well = alive()
                        self._answer(
                            200 if well else 503,
                            "text/plain",
                            "ok\n" if well else "the scheduler has ended\n",
                        )
                    elif self.path == "/readyz":
                        found = ready()
                        self._answer(
                            200 if found["ready"] else 503, "application/json", json.dumps(found) + "\n"
                        )
                    elif self.path == "/metrics":
                        self._answer(200, "text/plain; version=0.0.4", metrics())
                    else:
                        self._answer(404, "text/plain", "there is /healthz, /readyz and /metrics\n")
                except (ConnectionError, TimeoutError):
                    self.close_connection = True
                except Exception as e:  # noqa: BLE001 - whoever watches must be told, not left without an answer
                    self._answer(503, "text/plain", f"{type(e).__name__}\n")

            def _answer(self, status: int, kind: str, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: whoever asks every few seconds is not news."""

        try:
            self._server = ThreadingHTTPServer((HOST, port), Answers)
        except OSError as e:
            raise MachineError(
                f"Port {port} of {HOST} cannot be used: {e.strerror}.", action="Set another [service] port."
            ) from e
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), daemon=True, name="endpoints"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        # A judgement: an answer takes less than a second; longer would keep a service from ending.
        self._thread.join(5)
