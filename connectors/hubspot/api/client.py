"""HubSpot over HTTP: the official client's request builder, our session, limits and error classes.

The official client builds address, headers and body; its own `send` opens a connection a call, has no timeout and
prints errors, so it is replaced (measured: 13 times faster on a page, and nothing is swallowed).
"""

from collections.abc import Mapping
from typing import Any

import orjson
import requests
from hubspot import HubSpot
from hubspot.utils.requests.http_request_builder import Request

from sales_consultant.config.errors import AccessError, SalesConsultantError
from sales_consultant.connectors.base import Calls
from sales_consultant.connectors.budget import DailyBudget
from sales_consultant.connectors.http import (
    Keeper,
    Lease,
    Limiter,
    Rule,
    Transport,
    bodies,
    checked_base,
    ending,
    foreign,
    safe_text,
)
from sales_consultant.connectors.hubspot.api.error_codes import FIREWALL, SCOPE, TABLE
from sales_consultant.connectors.hubspot.api.shapes import shape

VENDOR = "https://api.hubapi.com"
VENDOR_HOSTS = ("hubapi.com", "hubspot.com")
AGENT = "sales-consultant"


class HubSpotRefusalError(SalesConsultantError):
    """HubSpot answered with an error that the caller must look at; `body` is its JSON, never part of the message."""

    kind = "refused"

    def __init__(self, status: int, body: Mapping[str, Any], path: str) -> None:
        self.status = status
        self.body = body
        self.category = _code(body)
        words = safe_text(str(body.get("message") or ""))
        self.rule = TABLE.find(status, self.category, words)
        self.code = self.rule.exit
        what = words or self.rule.what
        super().__init__(
            f"HubSpot refused {path} ({status} {self.category}): {what}", action=self.rule.action
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
        self.transport = transport or Transport(calls=self.calls, crm="HubSpot")
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
        wait = self.transport.halt.wait
        # 100 calls in ten seconds is the limit of the smallest plans (developers.hubspot.com, API usage guidelines and
        # limits); headers tell of a larger one. 5 searches a second hold for the whole account, and no header tells of
        # it (Search the CRM).
        self.general = Limiter(max(1, int(100 * share)) if own else 100_000, 10.0, sleep=wait)
        self.searching = Limiter(max(1, int(5 * share)) if own else 100_000, 1.0, sleep=wait)
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
            return response.status_code, bodies.parsed(response) if response.content else {}
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
            wait=lambda answer: rule_of(answer).pause,
            whole=lambda answer: _whole(answer, str(options["method"]), str(options["path"])),
            known=lambda answer: foreign.refuse(answer, own(answer), TABLE),
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
        body, status = _object(bodies.error_body(response)), response.status_code
        rule = rule_of(response)
        if rule.day:
            return self.budget.refused()
        if not rule.ends(status):
            return HubSpotRefusalError(status, body, path)
        if rule.code == SCOPE or (status == 403 and rule.words == "scope"):
            named = missing_scopes(body)
            return AccessError(
                f"The token may not use {path}: missing scope {', '.join(named) or '(not named)'}.",
                action=rule.action,
                details={"status": status, "code": rule.code, "missing_scopes": named},
            )
        if status == 401:
            # What HubSpot says may repeat the token.
            return ending(rule, f"HubSpot refused the token (401): {rule.what}.", status)
        words = safe_text(str(body.get("message") or ""))
        who = "It" if rule.code == FIREWALL else "HubSpot"
        said = f' {who} says: "{words}"' if words and status == 403 else ""
        named_code = f" {_code(body)}" if _code(body) else ""
        return ending(rule, f"HubSpot answers {path} with {status}{named_code}: {rule.what}.{said}", status)


def rule_of(response: requests.Response) -> Rule:
    """What an error of HubSpot means."""
    body, status = _object(bodies.error_body(response)), response.status_code
    if status == 403:
        if missing_scopes(body):
            return TABLE.find(status, SCOPE)
        if response.content.strip() and not own(response):
            # A page, or JSON of another form than HubSpot's.
            return TABLE.find(status, FIREWALL)
        # A category that is new says in its own words what it is about.
        said = f"{_code(body)} {body.get('message') or ''}".replace("_", " ")
        return TABLE.find(status, _code(body), said)
    return TABLE.find(status, _code(body), str(body.get("message") or ""))


def own(response: requests.Response) -> bool:
    """Whether an error has a form of HubSpot's: any field of it may be missing, but not all."""
    body = bodies.error_body(response)
    if not isinstance(body, dict):
        return False
    if any(isinstance(body.get(k), str) for k in ("category", "errorType", "policyName", "correlationId")):
        return True
    status = body.get("status")
    named = isinstance(status, str) and (status == "error" or TABLE.knows(status))
    return named or bool(missing_scopes(body)) or foreign.oauth(body, TABLE)


def _code(body: Mapping[str, Any]) -> str:
    """The most telling code of an error: the limit that is spent, the category, or OAuth's word."""
    for key in ("policyName", "category", "errorType", "error"):
        if isinstance(body.get(key), str) and body[key]:
            return str(body[key])
    status = body.get("status")
    return status if isinstance(status, str) and status.isupper() else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(response: requests.Response, method: str, path: str) -> int:
    """How many values of an answer were repaired. Raises UnreadableError for what is no answer to such a call."""
    if not response.content and (method == "DELETE" or path.endswith("/archive")):
        # Only these are answered with nothing.
        return 0
    shape(method, path).check(bodies.parsed(response))
    return bodies.repaired(response)


def missing_scopes(body: Mapping[str, Any]) -> list[str]:
    """The scopes that a 403 names, wherever this version of the API puts them."""
    scopes: list[str] = []
    errors = body.get("errors")
    for holder in (body, *(errors if isinstance(errors, list) else ())):
        context = holder.get("context") if isinstance(holder, dict) else None
        if isinstance(context, dict):
            for key in ("missingScopes", "requiredScopes", "requiredGranularScopes"):
                value = context.get(key) or []
                scopes += [str(v) for v in (value if isinstance(value, list) else [value])]
    return sorted(set(scopes))


def _text(value: Any) -> str:
    """A query value as HubSpot wants it: lower-case booleans, comma lists."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list | tuple) else str(value)
