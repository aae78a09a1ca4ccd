"""Salesforce's errors: a list of {message, errorCode, fields}, and its HTML page when it is not there."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import HTMLResponse, Response

Json = dict[str, Any]


class ApiError(Exception):
    """A request, or one record of it, that Salesforce refuses."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        fields: Sequence[str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.extra = dict(extra or {})

    def body(self) -> Json:
        """As an element of an error list."""
        found: Json = {**self.extra, "message": self.message, "errorCode": self.code}
        if self.fields is not None:
            found["fields"] = list(self.fields)
        return found

    def saved(self) -> Json:
        """As an element of the `errors` of a save result."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def json_response(body: Any, status: int = 200) -> Response:
    """A JSON answer, with the character set in its type as Salesforce writes it."""
    return Response(orjson.dumps(body), status, media_type="application/json;charset=UTF-8")


def refused(error: ApiError) -> Response:
    """An error as an answer."""
    return json_response([error.body()], error.status)


def expired() -> ApiError:
    """401 of a session that is over or was never there."""
    return ApiError("INVALID_SESSION_ID", "Session expired or invalid", 401)


def missing(sobject: str = "") -> ApiError:
    """404 of a record or resource that is not there."""
    text = "Provided external ID field does not exist or is not accessible: " + sobject if sobject else ""
    return ApiError("NOT_FOUND", text or "The requested resource does not exist", 404)


def unavailable(status: int) -> Response:
    """What a gateway says instead of the API: HTML."""
    return HTMLResponse(
        "<html><head><title>Temporarily Unavailable</title></head><body><h1>We are down for maintenance.</h1>"
        "<p>Sorry for the inconvenience. We will be back shortly.</p></body></html>",
        status,
    )
