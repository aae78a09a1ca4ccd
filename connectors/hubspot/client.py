"""HubSpot over HTTP: the official client's request builder, our session, limits and error classes.

The official client builds address, headers and body; its own `send` opens a connection a call, has no timeout and
prints errors, so it is replaced (facts: 13 times faster on a page, and nothing is swallowed).
"""

from collections.abc import Mapping
from typing import Any

import orjson
import requests
from hubspot import HubSpot
from hubspot.utils.requests.http_request_builder import Request

from sales_consultant.config.errors import AccessError, CrmUnavailableError, SalesConsultantError
from sales_consultant.connectors.base import Calls
from sales_consultant.connectors.budget import DailyBudget
from sales_consultant.connectors.http import (
    Limiter,
    Transport,
    checked_base,
    looks_like_json,
    refuse_login,
    retry_after,
    safe_text,
)
from sales_consultant.connectors.signin import Keeper, Lease

VENDOR = "https://api.hubapi.com"
VENDOR_HOSTS = ("hubapi.com", "hubspot.com")
AGENT = "sales-consultant"


class HubSpotRefusalError(SalesConsultantError):
    """HubSpot answered with an error that the caller must look at; `body` is its JSON, never part of the message."""

    kind = "refused"

    def __init__(self, status: int, body: Mapping[str, Any], path: str) -> None:
        self.status = status
        self.body = body
        self.category = str(body.get("category") or body.get("errorType") or "")
        super().__init__(
            f"HubSpot refused {path} ({status} {self.category}): {safe_text(str(body.get('message', '')))}"
        )


class HubSpotApi:
    """Calls to one portal: two limiters (search has one of its own), retries, errors as ours."""

    def __init__(
        self,
        token: str = "",
        *,
        url: str = "",
        share: float = 0.7,
        transport: Transport | None = None,
        calls: Calls | None = None,
        limited: bool | None = None,
        keeper: Keeper[str] | None = None,
        budget: DailyBudget | None = None,
    ) -> None:
        self.base = checked_base(url or VENDOR, VENDOR_HOSTS)
        self.calls = calls or (transport.calls if transport else Calls())
        self.transport = transport or Transport(calls=self.calls)
        self.renewable = keeper is not None
        self.keeper = keeper or Keeper(lambda: Lease(token))
        self.budget = budget or DailyBudget(
            "HubSpot", share=1.0, resets="midnight", now=self.transport.clock_ms
        )
        self.transport.allow = self.budget.spend
        self.client = HubSpot(base_url=self.base, host=self.base)
        self.client.config["user_agent"] = AGENT
        self.share = share
        # A sandbox on loopback states its own limits in headers, or has none: waiting for HubSpot's would be theatre.
        own = limited if limited is not None else self.base == VENDOR
        self.general = Limiter(max(1, int(100 * share)) if own else 100_000, 10.0)
        self.searching = Limiter(max(1, int(5 * share)) if own else 100_000, 1.0)
        self.daily: tuple[int, int] | None = None

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        kind: str = "",
        idempotent: bool = True,
        accept: tuple[int, ...] = (200, 201, 204, 207),
    ) -> tuple[int, Any]:
        """Status and parsed JSON of one call.

        Raises AccessError (401, 403), CrmUnavailableError (limit spent, unreachable, 5xx to the end), LostAnswerError
        (only where `idempotent` is False), HubSpotRefusalError for any other status not in `accept`.
        """
        response = self.answer(method, path, query=query, body=body, kind=kind, idempotent=idempotent)
        if response.status_code in accept:
            return response.status_code, _json(response)
        raise self._error(response, path)

    def answer(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        kind: str = "",
        idempotent: bool = True,
    ) -> requests.Response:
        """The answer of one call whatever its status, for who looks at headers and shapes."""
        kind = kind or ("search" if path.endswith("/search") else "read" if method == "GET" else "write")
        options: dict[str, Any] = {"method": method, "path": path}
        if query:
            options["qs"] = {k: _text(v) for k, v in query.items() if v is not None}
        if body is not None:
            options["body"] = orjson.dumps(body)
        token = self.keeper.current()
        response = self._send(token, options, kind, idempotent)
        if response.status_code == 401 and self.renewable:
            # A clock that is off, or an app whose tokens were revoked: once, with another one.
            response = self._send(self.keeper.renew(token), options, kind, idempotent)
        return response

    def _send(self, token: str, options: Mapping[str, Any], kind: str, idempotent: bool) -> requests.Response:
        request = Request({**self.client.config, "access_token": token}, dict(options))
        sending = request.get_options_for_sending()
        response = self.transport.send(
            request.get_method(),
            request.get_url(),
            kind=kind,
            limiter=self.searching if kind == "search" else self.general,
            idempotent=idempotent,
            wait=_wait,
            whole=looks_like_json,
            headers={**sending.pop("headers", {}), "User-Agent": AGENT},
            **sending,
        )
        self._learn(response)
        return response

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET."""
        return self.call("GET", path, query=query)[1]

    def post(self, path: str, body: Any, *, kind: str = "read") -> Any:
        """The JSON of a POST that only reads."""
        return self.call("POST", path, body=body, kind="search" if path.endswith("/search") else kind)[1]

    def _learn(self, response: requests.Response) -> None:
        headers = response.headers
        try:
            if "X-HubSpot-RateLimit-Max" in headers:
                most = int(headers["X-HubSpot-RateLimit-Max"])
                self.general.resize(int(most * self.share))
                if int(headers.get("X-HubSpot-RateLimit-Remaining", most)) < most * (1 - self.share) / 2:
                    # Somebody else works with the same app: its window is nearly spent without us.
                    self.general.pause(1.0)
            if "X-HubSpot-RateLimit-Daily" in headers:
                limit = int(headers["X-HubSpot-RateLimit-Daily"])
                self.daily = (limit - int(headers["X-HubSpot-RateLimit-Daily-Remaining"]), limit)
                self.budget.observe(*self.daily)
        except (KeyError, ValueError):
            pass

    def _error(self, response: requests.Response, path: str) -> SalesConsultantError:
        body = _json(response)
        status = response.status_code
        if status == 401:
            return refuse_login("HubSpot", status)
        if status == 403:
            return AccessError(
                f"The token may not use {path}: missing scope {', '.join(missing_scopes(body)) or '(not named)'}.",
                action="Add the scope to the service key or app in HubSpot (Development > Keys), then run again.",
                details={"missing_scopes": missing_scopes(body)},
            )
        if status == 429 and body.get("policyName") == "DAILY":
            return self.budget.refused()
        if status == 429:
            return CrmUnavailableError(
                f"HubSpot's {body.get('policyName', 'rate')} limit is spent.", action="Run again in a minute."
            )
        if status >= 500 or status in (423, 477):
            return CrmUnavailableError(
                f"HubSpot answers {path} with {status}.",
                action="Run the command again later.",
                # A gateway may give up on a request that the server behind it still applies.
                details={"may_be_applied": status >= 500},
            )
        return HubSpotRefusalError(status, body, path)


def missing_scopes(body: Mapping[str, Any]) -> list[str]:
    """The scopes that a 403 names, wherever this version of the API puts them."""
    found: list[str] = []
    for holder in (body, *body.get("errors", ())):
        context = holder.get("context") if isinstance(holder, dict) else None
        if isinstance(context, dict):
            for key in ("missingScopes", "requiredScopes", "requiredGranularScopes"):
                value = context.get(key) or []
                found += [str(v) for v in (value if isinstance(value, list) else [value])]
    return sorted(set(found))


def _text(value: Any) -> str:
    """A query value as HubSpot wants it: lower-case booleans, comma lists."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list | tuple) else str(value)


def _json(response: requests.Response) -> Any:
    """The body as JSON; an HTML or empty body of a proxy or gateway is an empty object."""
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}


def _wait(response: requests.Response) -> float | None:
    """Seconds before a retry; None where waiting does not help."""
    asked = retry_after(response.headers)
    if response.status_code == 429:
        policy = _json(response).get("policyName", "")
        if policy == "DAILY":
            return None
        return asked if asked is not None else 10.0 if policy == "TEN_SECONDLY_ROLLING" else 1.0
    if response.status_code == 423:
        return max(asked or 0.0, 2.0)
    return asked or 0.0
