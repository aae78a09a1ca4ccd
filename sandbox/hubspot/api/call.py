"""One request to HubSpot's API: who asks, what, and how the handler's result or error becomes an answer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sales_consultant.sandbox.hubspot.portal import (
    SCOPES,
    VENDOR,
    ApiError,
    Bucket,
    InvalidValuesError,
    Kind,
    Portal,
    bad,
    error_response,
    json_response,
    kind_of,
)

Json = dict[str, Any]
# HubSpot documents no limit; users report 414 near 16,200 characters.
MAX_URL = 16_000


@dataclass
class Call:
    """A request that has passed authentication and limits."""

    portal: Portal
    request: Request
    body: Any
    version: str

    def param(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str, default: str = "") -> str:
        """A query value."""
        return self.request.query_params.get(name) or default

    def texts(self, name: str) -> list[str]:
        """A query value that may be repeated or hold commas."""
        return [p for v in self.request.query_params.getlist(name) for p in v.split(",") if p]

    def flag(self, name: str) -> bool:
        """A truth value; clients write it in every case."""
        return self.text(name).lower() == "true"

    def whole(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`. Raises ApiError 400."""
        return bounded(self.text(name, str(default)), name, most)

    def kind(self, name: str = "object") -> Kind:
        """The object type that the path names. Raises ApiError 400."""
        found = kind_of(self.param(name))
        if found is None:
            raise bad(f"Unable to infer object type from: {self.param(name)}")
        return found

    def dict(self) -> Json:
        """The body as an object. Raises ApiError 400."""
        if not isinstance(self.body, dict):
            raise bad("Invalid input JSON: an object is expected")
        return self.body

    def inputs(self, most: int) -> list[Json]:
        """The inputs of a batch. Raises ApiError 400."""
        found = self.dict().get("inputs")
        if not isinstance(found, list) or not all(isinstance(i, dict) for i in found):
            raise bad("Invalid input JSON: inputs must be a list of objects")
        if not found:
            raise bad("Some required fields were not set: [inputs]")
        if len(found) > most:
            raise bad(f"Too many inputs: the batch has {len(found)}, the maximum is {most}")
        return found

    def link(self, after: str) -> str:
        """An absolute address of the next page, on the host that the client asked."""
        url = self.request.url
        return self.portal.world.link(str(url.include_query_params(after=after)))


Result = tuple[int, Any] | Response
Handler = Callable[[Call], Result]


def bounded(text: Any, name: str, most: int) -> int:
    """A whole number from 1 to `most`. Raises ApiError 400."""
    try:
        number = int(text)
    except (TypeError, ValueError):
        raise bad(f"Invalid value for {name}: {text} is not a whole number") from None
    if not 1 <= number <= most:
        raise bad(f"The {name} must be between 1 and {most}; it is {number}")
    return number


def endpoint(
    portal: Portal,
    handler: Handler,
    kind: str,
    *,
    version: str = "v3",
    scope: str = "",
    bucket: Bucket = "general",
    auth: bool = True,
    form: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    """A Starlette endpoint of a handler. `scope` may hold `{object}`, which becomes the object type's scope."""

    async def answer(request: Request) -> Response:
        world = portal.world
        world.count(VENDOR, kind)
        headers: dict[str, str] = {}
        try:
            if len(request.url.path) + len(request.url.query) > MAX_URL:
                raise ApiError(414, None, "URI Too Long")
            token = _token(request) if auth else ""
            if auth:
                _authorise(portal, token, scope, request)
                headers = portal.meter.take(
                    bucket, token, str((portal.users().get(token) or {}).get("app") or "")
                )
            _refuse_read_only(scope, request)
            body = await _body(request, form)
            result = handler(Call(portal, request, body, version))
            if isinstance(result, Response):
                result.headers.update(headers)
                return result
            status, content = result
            return (
                Response(status_code=204, headers=headers)
                if status == 204
                else json_response(content, status, headers)
            )
        except InvalidValuesError as e:
            return error_response(bad(str(e)))
        except ApiError as e:
            e.headers = {**headers, **e.headers}
            return error_response(e)

    return answer


async def _body(request: Request, form: bool) -> Any:
    if request.method in ("GET", "DELETE"):
        return None
    raw = await request.body()
    if form:
        # The official clients send a form, one of them JSON under a form's content type.
        text = raw.decode(errors="replace")
        return orjson.loads(raw) if text.startswith("{") else dict(parse_qsl(text))
    if not raw:
        return {}
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as e:
        raise bad(f"Invalid input JSON on line {e.lineno}, column {e.colno}: {e.msg}") from None


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(
            401,
            "INVALID_AUTHENTICATION",
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
            "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        )
    return token.strip()


def _authorise(portal: Portal, token: str, scope: str, request: Request) -> None:
    user = portal.users().get(token)
    if user is None:
        return
    until = user.get("until")
    if user.get("expired") or (until is not None and until < portal.clock.now_ms()):
        raise ApiError(
            401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 1 second(s) ago."
        )
    needed = scope
    if "{object}" in scope:
        kind = kind_of(str(request.path_params.get("object") or request.path_params.get("from_object") or ""))
        needed = _known(scope.replace("{object}", kind.scope if kind else "custom"))
    if needed and needed not in user["scopes"]:
        raise missing_scopes([needed])


def _refuse_read_only(scope: str, request: Request) -> None:
    """Raise 405 where records are written that only HubSpot's own tools make."""
    kind = kind_of(str(request.path_params.get("object") or ""))
    if kind is not None and kind.read_only and scope == "crm.objects.{object}.write":
        raise ApiError(405, None, f"HTTP 405 Method Not Allowed: {kind.name} are read-only")


def _known(scope: str) -> str:
    """The scope as it is called: some object types have none for their definitions, tickets one for everything."""
    if scope not in SCOPES:
        scope = scope.replace("crm.schemas.", "crm.objects.")
    return "tickets" if scope.startswith("crm.objects.tickets.") else scope


def missing_scopes(scopes: Sequence[str]) -> ApiError:
    """403 for a token that lacks scopes."""
    return ApiError(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
        "https://developers.hubspot.com/scopes.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        context={"missingScopes": list(scopes)},
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )
