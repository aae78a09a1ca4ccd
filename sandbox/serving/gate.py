"""What every request passes on its way in: the sandbox's `Date`, faults, and paths with a slash too many."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sales_consultant.sandbox.clock import http_date
from sales_consultant.sandbox.faults import Fault
from sales_consultant.sandbox.serving import damage
from sales_consultant.sandbox.world import World

Refuse = Callable[[str, Fault], Response]


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, world: World, refuse: Refuse) -> None:
        self.app = app
        self.world = world
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        # Clients put a path that begins with a slash after an address that ends with one; some end it with a slash.
        plain = "/" + path.strip("/")
        if plain != path:
            path, scope = plain, {**scope, "path": plain}

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = http_date(self.world.clock.now_ms()).encode()
                named = [(_spelt(bytes(n)), v) for n, v in message.get("headers", ())]
                message["headers"] = [*named, (b"Date", date)]
            await send(message)

        control = path.startswith("/_sandbox")
        fault = None if control else self.world.faults.hit(scope["method"], path)
        if fault is None:
            await self.app(scope, receive, dated)
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, dated)
        elif fault.kind == "status":
            await self.refuse(path, fault)(scope, receive, dated)
        elif fault.kind == "redirect":
            query = scope["query_string"].decode("latin-1")
            away = f"{fault.location}{path}" + (f"?{query}" if query else "")
            await Response(status_code=fault.status, headers={"Location": away})(scope, receive, dated)
        elif fault.kind in damage.KINDS:
            await damage.damaged(self.app, fault, scope, receive, dated)
        elif fault.kind == "truncated":
            await self.app(scope, receive, _half(dated))
            await _hang_up(send)
        else:
            if fault.kind == "lost":
                await self.app(scope, receive, _nowhere)
            await _hang_up(send)


@lru_cache(maxsize=256)
def _spelt(name: bytes) -> bytes:
    """A header's name as the vendors write it: some clients look for it letter by letter.

    >>> _spelt(b"sforce-numberofrecords"), _spelt(b"x-hubspot-ratelimit-max"), _spelt(b"content-type")
    (b'Sforce-NumberOfRecords', b'X-HubSpot-RateLimit-Max', b'Content-Type')
    """
    plain = "-".join(p.capitalize() for p in name.decode("latin-1").split("-"))
    for part, spelt in (
        ("Hubspot", "HubSpot"),
        ("Ratelimit", "RateLimit"),
        ("Numberofrecords", "NumberOfRecords"),
    ):
        plain = plain.replace(part, spelt)
    return plain.encode("latin-1")


async def _nowhere(message: Message) -> None:
    """An answer that never arrives."""


def _half(send: Send) -> Send:
    """An answer whose headers promise all of the body, of which the first half comes."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return cut


async def _hang_up(send: Send) -> None:
    """Close the connection without a byte of an answer."""
    transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
        # The server learns of the closed connection in the next turns of the loop, then expects no answer.
        for _ in range(3):
            await asyncio.sleep(0)
