"""Salesforce over HTTP: simple-salesforce for sign-in and calls, our session under it.

The library has no timeout, no retry outside Bulk v1, and loops on a lasting 401 in its object wrappers: so only
`restful` and the sign-in are used, and everything goes out through a session of ours that limits, retries, counts,
and sends credentials to Salesforce's hosts only.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from sales_consultant.config.errors import AccessError, ConfigError, SalesConsultantError
from sales_consultant.config.sections import Connection
from sales_consultant.connectors.base import Calls
from sales_consultant.connectors.budget import DailyBudget
from sales_consultant.connectors.http import (
    Granted,
    Keeper,
    Lease,
    Limiter,
    PooledSession,
    Refreshing,
    Rule,
    Transport,
    ask_token,
    bodies,
    checked_base,
    ending,
    foreign,
    is_of_hosts,
    safe_text,
)
from sales_consultant.connectors.salesforce.api.error_codes import FIREWALL, TABLE
from sales_consultant.connectors.salesforce.api.loopback import Loopback
from sales_consultant.connectors.salesforce.api.shapes import shape

_HOST = ".salesforce.com"
VENDOR_HOSTS = ("salesforce.com", "force.com", "salesforce.mil", "cloudforce.com")
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")
_BULK = re.compile(r"/jobs/(query|ingest)")
_INGEST = re.compile(r"^(POST|PUT|PATCH) .*/jobs/ingest")
# A session lasts two hours by default and fifteen minutes in a strict org; its length is told nowhere.
SESSION_SECONDS = 30 * 60.0


class SalesforceRefusalError(SalesConsultantError):
    """Salesforce answered with an error that the caller must look at."""

    kind = "refused"

    def __init__(self, status: int, code: str, message: str, path: str) -> None:
        self.status = status
        self.error_code = code
        self.words = safe_text(message)
        self.rule = TABLE.find(status, code, self.words)
        self.code = self.rule.exit
        super().__init__(
            f"Salesforce refused {path} ({status} {code}): {self.words or self.rule.what}",
            action=self.rule.action,
        )


# A record that is written: its owner stays, whatever rules of assignment say, and a duplicate rule that only alerts lets
# it pass. Both are switched on where a call does not say otherwise.
WRITING = {"Sforce-Auto-Assign": "FALSE", "Sforce-Duplicate-Rule-Header": "allowSave=true"}


_NEVER = re.compile(r"(?!)")
# What Salesforce answers with a status and nothing more: what is deleted, a record that is changed, an upload.
_SILENT: Mapping[tuple[str, int], re.Pattern[str]] = {
    ("DELETE", 204): re.compile(""),
    ("PATCH", 204): re.compile(r"/v[\d.]+/(tooling/)?sobjects/\w+/\w+$"),
    ("PUT", 201): re.compile(r"/jobs/ingest/"),
}


def _whole(response: requests.Response) -> int:
    """How many values of an answer were repaired. Raises UnreadableError: for a page in place of JSON or of a table, and
    for JSON of another form than asked, and for nothing where something is due."""
    request = response.request
    method, url = str(request.method), str(request.url)
    if not response.content and _SILENT.get((method, response.status_code), _NEVER).search(
        urlsplit(url).path
    ):
        return 0
    if "csv" in str(dict(request.headers or {}).get("Accept", "")):
        if "html" in response.headers.get("Content-Type", "") or not response.content:
            raise bodies.UnreadableError("a page came in place of a table, or nothing")
        return 0
    shape(method, urlsplit(url).path).check(bodies.parsed(response))
    return bodies.repaired(response)


class ApiSession(requests.Session):
    """A session that the library uses unknowingly: allowed hosts, limits, retries, usage from the headers."""

    def __init__(self, *, calls: Calls, hosts: tuple[str, ...], limiter: Limiter) -> None:
        super().__init__()
        self.hosts = hosts
        self.limiter = limiter
        self.usage: tuple[int, int] | None = None
        self.budget: DailyBudget | None = None
        self.inner = PooledSession()
        # Twice as long as elsewhere: Salesforce itself gives up on a query after two minutes (QUERY_TIMEOUT).
        self.transport = Transport(calls=calls, crm="Salesforce", session=self.inner, timeout=(5.0, 120.0))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """One call, sent to Salesforce's hosts only; a write is not sent again after a lost answer."""
        checked_base(str(url), self.hosts)
        kwargs.pop("proxies", None)
        kwargs.pop("timeout", None)
        method = str(method).upper()
        # A composite of reads is a POST, and a read all the same.
        reading = kwargs.pop("reading", "")
        kind = "bulk" if _BULK.search(str(url)) else "read" if method == "GET" else "write"
        if "/oauth2/token" in str(url):
            kind = "login"
        elif "/query" in str(url) and kind == "read":
            kind = "query"
        kind = reading or kind
        response = self.transport.send(
            method,
            str(url),
            kind=kind,
            limiter=self.limiter,
            # A job that is made twice would be two, and rows uploaded twice are refused.
            idempotent=kind != "write" and not _INGEST.search(f"{method} {url}"),
            whole=_whole,
            known=lambda answer: foreign.refuse(answer, own(answer), TABLE),
            wait=lambda answer: rule_of(answer).pause,
            **kwargs,
        )
        found = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.usage = (int(found[1]), int(found[2]))
            if self.budget:
                self.budget.observe(*self.usage)
        if kind == "login" and response.status_code >= 300:
            rule = rule_of(response)
            if rule.who == "time":
                # The library takes every answer of the sign-in service for a refusal, and a refusal is final.
                status = response.status_code
                raise ending(rule, f"Salesforce's sign-in service answers {status}: {rule.what}.", status)
        return response


class SalesforceApi:
    """Calls to one org: signs in at the first one, refreshes once on a lapsed session, errors as ours."""

    def __init__(
        self,
        connection: Connection,
        secret: str,
        *,
        calls: Calls | None = None,
        budget: DailyBudget | None = None,
        keep: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = connection
        self._secret = secret
        self._keep = keep
        self.calls = calls or Calls()
        self.session = ApiSession(calls=self.calls, hosts=VENDOR_HOSTS, limiter=Limiter(100_000, 10.0))
        self.budget = budget or DailyBudget(
            "Salesforce", share=1.0, resets="rolling", now=lambda: self.transport.clock_ms()
        )
        self.session.budget = self.budget
        self.transport.allow = self.budget.spend
        address = checked_base(connection.url, VENDOR_HOSTS) if connection.url else ""
        self._sandbox = address if address and not is_of_hosts(address, VENDOR_HOSTS) else ""
        if self._sandbox:
            self.session.inner.mount("https://", Loopback(self._sandbox))
        self.version = connection.reading
        self._refreshing: Refreshing | None = None
        self.keeper: Keeper[Any] = Keeper(self._sign_in, clock=clock)

    @property
    def transport(self) -> Transport:
        """The retry loop, which knows the server's clock."""
        return self.session.transport

    @property
    def sf(self) -> Any:
        """The signed-in client of simple-salesforce; AccessError where signing in fails."""
        return self.keeper.current()

    @property
    def _domain(self) -> str:
        """What stands before .salesforce.com in the org's address; ConfigError where nobody has said it.

        Credentials would go to whoever owns a name that is guessed.
        """
        c = self.connection
        host = str(urlsplit(c.url).hostname or "")
        if c.domain:
            return c.domain
        if host.endswith(_HOST):
            return host.removesuffix(_HOST)
        if self._sandbox:
            # Any name would do: the session sends all of it to loopback.
            return "sandbox.my"
        if c.auth in ("oauth", "jwt"):
            # Salesforce's own sign-in for all orgs; its answer says where the org is.
            return "login"
        raise ConfigError(
            f'Which org of Salesforce this is was not said: auth = "{c.auth}" needs its domain.',
            action="Give --domain, or domain under [connections.NAME] of the settings, as acme.my for "
            "https://acme.my.salesforce.com.",
        )

    @property
    def login_url(self) -> str:
        """Where this org signs in; ConfigError where it is not known."""
        return f"https://{self._domain}.salesforce.com"

    def ask(self, form: Mapping[str, str]) -> Granted:
        """The token endpoint's answer; ConfigError where it sends us to another host than Salesforce's."""
        url = checked_base(self.login_url, VENDOR_HOSTS) + "/services/oauth2/token"
        granted = ask_token(
            self.transport, url, form, crm="Salesforce", table=TABLE, own=own, limiter=self.session.limiter
        )
        if granted.instance_url and not self._sandbox:
            checked_base(granted.instance_url, VENDOR_HOSTS)
        return granted

    def _sign_in(self) -> Lease[Any]:
        c, domain = self.connection, self._domain
        try:
            if c.auth == "client_credentials":
                made = Salesforce(
                    consumer_key=c.client_id,
                    consumer_secret=self._secret,
                    domain=domain,
                    version=self.version,
                    session=self.session,
                )
            elif c.auth == "jwt":
                made = Salesforce(
                    username=c.username,
                    consumer_key=c.client_id,
                    privatekey=self._secret,
                    instance_url=c.domain,
                    domain=domain,
                    version=self.version,
                    session=self.session,
                )
            else:
                token, instance = self._secret, f"https://{domain}.salesforce.com"
                if c.auth == "oauth":
                    self._refreshing = self._refreshing or Refreshing(
                        self._secret, crm="Salesforce", client_id=c.client_id, ask=self.ask, keep=self._keep
                    )
                    granted = self._refreshing()
                    token = granted.access_token
                    instance = (not self._sandbox and granted.instance_url) or instance
                made = Salesforce(
                    session_id=token, instance_url=instance, version=self.version, session=self.session
                )
        except SalesforceError as e:
            text = safe_text(
                str(getattr(e, "message", "") or getattr(e, "code", "")).replace(self._secret, "...")
            )
            raise AccessError(
                f"Salesforce refused the sign-in of {c.client_id[:6] or 'the token'}...: {text}",
                action="Check the External Client App: consumer key, secret or certificate, and its run-as user.",
            ) from e
        # Before a single call carries the token: the answer may name any host.
        checked_base(f"https://{made.sf_instance}", (*VENDOR_HOSTS, *self._loopback))
        return Lease(made, float("inf") if c.auth == "token" else SESSION_SECONDS)

    @property
    def _loopback(self) -> tuple[str, ...]:
        return (str(urlsplit(self._sandbox).hostname),) if self._sandbox else ()

    def call(
        self,
        path: str,
        *,
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        data: bytes | None = None,
        content_type: str = "",
        raw: bool = False,
        accept_missing: bool = False,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Parsed JSON (or the response itself with `raw`) of a call below /services/data/vNN/, or of an absolute path.

        `kind`: what it is counted as; a call of a named kind changes nothing, whatever its method.
        Raises AccessError, CrmUnavailableError, LostAnswerError, SalesforceRefusalError.
        """
        sf = self.sf
        for attempt in range(2):
            base = f"https://{sf.sf_instance}"
            url = base + path if path.startswith("/services/") else sf.base_url + path
            sent = {
                "Authorization": f"Bearer {sf.session_id}",
                "Accept": "application/json",
                **(headers or {}),
            }
            if content_type:
                sent["Content-Type"] = content_type
                if raw:
                    sent["Accept"] = "text/csv"
            if body is not None:
                sent["Content-Type"] = "application/json"
                data = orjson.dumps(body)
            response = self.session.request(method, url, params=params, data=data, headers=sent, reading=kind)
            if response.status_code == 401 and attempt == 0 and self.connection.auth != "token":
                # Once for all threads that found the session lapsed.
                sf = self.keeper.renew(sf)
                continue
            break
        if response.status_code < 300 or (accept_missing and response.status_code == 404):
            if raw:
                return response
            return bodies.parsed(response) if response.content and response.status_code < 300 else None
        raise self._error(response, path)

    def _error(self, response: requests.Response, path: str) -> SalesConsultantError:
        code, message = code_and_message(response)
        path, status = path.split("?")[0], response.status_code
        rule = rule_of(response)
        if rule.day:
            return self.budget.refused()
        if not rule.ends(status):
            return SalesforceRefusalError(status, code, message, path)
        who = "It" if rule.code == FIREWALL else "Salesforce"
        said = f' {who} says: "{safe_text(message)}"' if message else ""
        named = f" {code}" if code else ""
        if status == 401:
            return ending(rule, f"Salesforce refused the token (401{named}): {rule.what}.", status)
        return ending(rule, f"Salesforce answers {path} with {status}{named}: {rule.what}.{said}", status)

    def query(self, soql: str, *, all_rows: bool = False) -> list[dict[str, Any]]:
        """All records of a query, following its pages; with deleted and archived ones where `all_rows`."""
        answer = self.call("queryAll" if all_rows else "query", params={"q": soql})
        records = list(answer["records"])
        while not answer["done"]:
            answer = self.call(answer["nextRecordsUrl"])
            records += answer["records"]
        return records

    def tooling(self, soql: str) -> list[dict[str, Any]]:
        """Records of the Tooling API."""
        return list(self.call("tooling/query", params={"q": soql})["records"])


def code_and_message(response: requests.Response) -> tuple[str, str]:
    """Code and message of an error's body, in the form of the API or of the sign-in service; empty for a page."""
    body = bodies.error_body(response)
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", ""
    code = str(first.get("errorCode") or first.get("error") or "")
    return code, str(first.get("message") or first.get("error_description") or "")


def own(response: requests.Response) -> bool:
    """Whether an error has a form of Salesforce's: a list of errors, one error, or what the sign-in service says."""
    body = bodies.error_body(response)
    if isinstance(body, list):
        return all(isinstance(e, dict) and isinstance(e.get("errorCode"), str) for e in body)
    return isinstance(body, dict) and (isinstance(body.get("errorCode"), str) or foreign.oauth(body, TABLE))


def rule_of(response: requests.Response) -> Rule:
    """What an error of Salesforce means."""
    code, message = code_and_message(response)
    status = response.status_code
    if status == 403 and response.content.strip() and not own(response):
        # A page, or JSON of another form than Salesforce's.
        code = FIREWALL
    return TABLE.find(status, code, message)


def quoted(text: str) -> str:
    """A text as a SOQL literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def moment(ms: int) -> str:
    """Milliseconds UTC as a SOQL datetime literal."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"
