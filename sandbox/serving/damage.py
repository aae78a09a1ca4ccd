"""Answers that are damaged on the way: the request was applied, and what comes of its answer is not what was sent."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sales_consultant.sandbox.faults import Fault

KINDS = ("drip", "gzip", "html", "empty", "charset", "cut")
_PAGE = b"<html><head><title>Sign in to the network</title></head><body><h1>Please sign in</h1></body></html>"


async def damaged(app: ASGIApp, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    """Let the application answer, and send what a fault makes of it."""
    start: Message = {}
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    body = b"".join(parts)
    headers = {bytes(n).lower(): bytes(v) for n, v in start.get("headers", ())}
    status = start["status"]
    if fault.kind == "gzip":
        headers[b"content-encoding"] = b"gzip"
    elif fault.kind == "html":
        status, body, headers[b"content-type"] = fault.status, _PAGE, b"text/html; charset=utf-8"
    elif fault.kind == "empty":
        status, body = fault.status, b""
    elif fault.kind == "charset":
        body = body.decode("utf-8", "replace").encode(fault.charset, "replace")
    elif fault.kind == "cut":
        body = body[: len(body) // 2]
    headers[b"content-length"] = str(len(body)).encode()
    await send({**start, "status": status, "headers": list(headers.items())})
    await _sent(body, fault, send)


async def _sent(body: bytes, fault: Fault, send: Send) -> None:
    if fault.kind != "drip":
        await send({"type": "http.response.body", "body": body, "more_body": False})
        return
    for n in range(len(body)):
        await asyncio.sleep(fault.seconds)
        # A client that has gone is noticed by the server, which takes what is sent after that and drops it.
        message: dict[str, Any] = {"type": "http.response.body", "body": body[n : n + 1], "more_body": True}
        await send(message)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
