"""HubSpot's errors: what a handler raises, and the JSON it becomes."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

Json = dict[str, Any]


class ApiError(Exception):
    """An error answer; `extra` are further keys of its body."""

    def __init__(
        self,
        status: int,
        category: str | None,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.headers = dict(headers or {})
        self.extra = extra

    def body(self, correlation: str) -> Json:
        """The JSON of the answer."""
        found: Json = {"status": "error", "message": self.message, "correlationId": correlation, **self.extra}
        if self.category:
            found["category"] = self.category
        return found


def bad(message: str, **extra: Any) -> ApiError:
    """400 VALIDATION_ERROR."""
    return ApiError(400, "VALIDATION_ERROR", message, **extra)


def missing(what: str) -> ApiError:
    """404 OBJECT_NOT_FOUND."""
    return ApiError(404, "OBJECT_NOT_FOUND", what)


class InvalidValuesError(Exception):
    """Values of one record are refused; `reasons` as HubSpot lists them."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        self.reasons = list(reasons)
        super().__init__("Property values were not valid: " + orjson.dumps(self.reasons).decode())


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON with HubSpot's correlation header."""
    return Response(
        orjson.dumps(body),
        status,
        headers={"X-HubSpot-Correlation-Id": str(uuid.uuid4()), **(headers or {})},
        media_type="application/json;charset=utf-8",
    )


def error_response(error: ApiError) -> Response:
    """The answer of an error."""
    correlation = str(uuid.uuid4())
    return json_response(
        error.body(correlation), error.status, {"X-HubSpot-Correlation-Id": correlation, **error.headers}
    )
