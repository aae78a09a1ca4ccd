"""A limit for a whole answer, from the request to its last byte.

A socket's timeout is one between two bytes: a server that sends one now and then holds a client for ever. Here every
read looks at the clock. Headers count too, and the size of chunks; so does what a proxy answers.
"""

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# An answer of a usual size has this long; a longer one, as of a Bulk job, as long as it comes at this rate. Judgements:
# far more than a slow answer takes, and far slower than any line (docs/decisions/answers-deadline.md).
ANSWER_SECONDS = 180.0
BYTES_A_SECOND = 4096.0

Ticks = Callable[[], float]


class _Timed(io.RawIOBase):
    """What is read from a socket, up to the end of its time."""

    def __init__(self, raw: io.RawIOBase, ticks: Ticks, seconds: float, rate: float) -> None:
        self._raw = raw
        self._ticks = ticks
        self._end = ticks() + seconds
        self._a_byte = 1.0 / rate

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._ticks() > self._end:
            raise TimeoutError("the answer takes longer than it may")
        count: int | None = self._raw.readinto(buffer)
        self._end += (count or 0) * self._a_byte
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class LimitedAdapter(HTTPAdapter):
    """Connections whose answers have an end. `ticks` is real time (seconds, monotonic)."""

    def __init__(
        self,
        *,
        ticks: Ticks = time.monotonic,
        seconds: float = ANSWER_SECONDS,
        rate: float = BYTES_A_SECOND,
        **options: Any,
    ) -> None:
        class Answer(http.client.HTTPResponse):
            def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
                super().__init__(sock, *args, **named)
                raw: Any = self.fp.detach()
                # A judgement: 64 kB a read make few looks at the clock, and hold little memory.
                self.fp = io.BufferedReader(_Timed(raw, ticks, seconds, rate), 65_536)

        class Plain(HTTPConnection):
            response_class = Answer

        class Secure(HTTPSConnection):
            response_class = Answer

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self._pools = {"http": PlainPool, "https": SecurePool}
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """As the library makes it, with connections of ours."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        """The same behind a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager
