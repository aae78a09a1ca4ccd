"""One request to Salesforce's API: whose session, which version, and how the result or error becomes an answer."""

import gzip
import re
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sales_consultant.sandbox.salesforce.access import Access, sessions, unsupported
from sales_consultant.sandbox.salesforce.org import (
    VENDOR,
    ApiError,
    Meter,
    Org,
    Sobject,
    json_response,
    refused,
)
from sales_consultant.sandbox.salesforce.records import saving

Json = dict[str, Any]
# Salesforce's page API End-of-Life Policy: versions 7.0 to 30.0 are retired; 67.0 was the newest when this was written.
OLDEST, NEWEST = 31, 67
_VERSION = re.compile(r"v(\d\d?)\.0\Z")


@dataclass
class Call:
    """A request that has passed sign-in and limits."""

    org: Org
    request: Request
    access: Access
    body: bytes
    version: str

    def param(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str, default: str = "") -> str:
        """A query value."""
        return self.request.query_params.get(name) or default

    def json(self) -> Any:
        """The body. Raises ApiError JSON_PARSER_ERROR."""
        return parse(self.body)

    def object(self) -> Json:
        """The body as an object. Raises ApiError."""
        found = self.json()
        if not isinstance(found, dict):
            raise ApiError(
                "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object at [line:1, column:1]"
            )
        return found

    def path(self, tail: str = "") -> str:
        """`/services/data/vNN.0/` and what follows, in the version that the client asked."""
        return f"/services/data/{self.version}/{tail}"

    def next_url(self, tail: str) -> str:
        """Where the next page is: a path, or an address where answers name a foreign host."""
        return self.org.world.link(self.path(tail))

    def sobject(self, right: str = "Read", *, tooling: bool = False) -> Sobject:
        """The object that the path names. Raises ApiError 404."""
        found = self.org.sobject(self.param("sobject"), tooling=tooling)
        if found is None or not self.access.may(found, "Read"):
            raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
        if right != "Read":
            self.access.demand(found, right)
        return found


Result = tuple[int, Any] | Response
Handler = Callable[[Call], Result]


def parse(body: bytes) -> Any:
    """A JSON body. Raises ApiError JSON_PARSER_ERROR."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as e:
        raise ApiError("JSON_PARSER_ERROR", f"{e.msg} at [line:{e.lineno}, column:{e.colno}]") from None


def named(org: Org, access: Access, name: Any, right: str = "Read") -> Sobject:
    """An object of the data API by a name from a body. Raises ApiError."""
    found = org.sobject(str(name or ""))
    if found is None or not access.may(found, "Read"):
        raise unsupported(str(name))
    if right != "Read":
        access.demand(found, right)
    return found


def version(request: Request) -> str:
    """The version of the path. Raises ApiError 404, or 410 for one that is retired."""
    text = str(request.path_params.get("version") or f"v{NEWEST}.0")
    found = _VERSION.match(text)
    number = int(found[1]) if found else 0
    if 7 <= number < OLDEST:
        raise ApiError("UNSUPPORTED_API_VERSION", f"API version {number}.0 is retired", 410)
    if not OLDEST <= number <= NEWEST:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    return text


async def _body(request: Request) -> bytes:
    """The body, unpacked where the client packed it. Raises ApiError."""
    body = await request.body()
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise ApiError("INVALID_INPUT", "the body is not gzip") from None


def endpoint(
    org: Org,
    handler: Handler,
    kind: str,
    *,
    auth: bool = True,
    counted: bool = True,
    before: Callable[[Org], None] | None = None,
) -> Callable[[Request], Awaitable[Response]]:
    """A Starlette endpoint of a handler. `counted`: the call weighs on the daily limit; `before` goes on with other work."""

    async def answer(request: Request) -> Response:
        org.world.count(VENDOR, kind)
        meter = Meter.of(org)
        headers: dict[str, str] = {}
        try:
            # Salesforce documents no limit; peers report 414 and 431 near 16 kB.
            if len(request.url.path) + len(request.url.query) > 16_384:
                raise ApiError("URI_TOO_LONG", "The URI is too long", 414)
            asked = version(request)
            access = Access.of(org, sessions.user(org, request)) if auth else None
            if auth and counted:
                headers = meter.take()
            call = Call(org, request, access, await _body(request), asked)  # type: ignore[arg-type]  # any JSON, which each route checks
            if before is not None:
                before(org)
            with org.store.transaction(), saving.by(saving.asked(request.headers)):
                result = handler(call)
            if isinstance(result, Response):
                response = result
            else:
                status, content = result
                response = Response(status_code=204) if status == 204 else json_response(content, status)
        except ApiError as e:
            if e.code == "REQUEST_LIMIT_EXCEEDED":
                headers = meter.header()
            response = refused(e)
        response.headers.update(headers)
        return response

    return answer
