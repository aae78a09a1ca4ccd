"""A HubSpot that answers from memory, in a process of its own, so that only the client is measured."""

import multiprocessing
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

PAGE = 100
PROPERTIES = tuple(f"text_{n:02d}" for n in range(30))


def _record(number: int) -> dict[str, Any]:
    held = {p: f"{p} of contact {number:07d}" for p in PROPERTIES}
    moment = "2024-05-01T10:00:00.000Z"
    return {
        "id": str(number),
        "properties": held,
        "createdAt": moment,
        "updatedAt": moment,
        "archived": False,
    }


def _serve(ready: "Connection[int, int]", pages: int, core: int | None) -> None:
    import orjson
    import uvicorn

    if core is not None:
        os.sched_setaffinity(0, {core})
    definitions = [
        {"name": p, "label": p, "type": "string", "fieldType": "text", "groupName": "g", "options": []}
        for p in PROPERTIES
    ]
    bodies = {}
    for number in range(pages):
        body: dict[str, Any] = {"results": [_record(number * PAGE + i + 1) for i in range(PAGE)]}
        if number < pages - 1:
            body["paging"] = {"next": {"after": str((number + 1) * PAGE + 1)}}
        bodies[str(number * PAGE + 1) if number else ""] = orjson.dumps(body)
    empty = orjson.dumps({"results": []})
    described = orjson.dumps({"results": definitions})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        query = dict(p.split("=", 1) for p in scope["query_string"].decode().split("&") if "=" in p)
        if "/properties/" in scope["path"]:
            body = described
        elif query.get("archived") == "true":
            body = empty
        else:
            body = bodies[query.get("after", "")]
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    ready.send(listener.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")).run(
        sockets=[listener]
    )


@contextmanager
def hubspot(pages: int) -> Iterator[str]:
    """Its address; client on the first core, server on the second where there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    core = cores[1] if len(cores) > 1 else None
    process = context.Process(target=_serve, args=(there, pages, core), daemon=True)
    process.start()
    port = here.recv()
    if core is not None:
        os.sched_setaffinity(0, {cores[0]})
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        if core is not None:
            os.sched_setaffinity(0, set(cores))
        process.terminate()
        process.join()
