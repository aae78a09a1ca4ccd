"""Signing in: the token endpoint, who a session belongs to, and the SOAP login of old clients."""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, unescape

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sales_consultant.sandbox.salesforce import sessions
from sales_consultant.sandbox.salesforce.call import NEWEST, OLDEST, Call, Result
from sales_consultant.sandbox.salesforce.errors import ApiError, json_response
from sales_consultant.sandbox.salesforce.org import VENDOR, Org

Json = dict[str, Any]
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SOAP_LOGIN = re.compile(
    r"<(?:\w+:)?username>(.*?)</(?:\w+:)?username>.*?<(?:\w+:)?password>(.*?)</(?:\w+:)?password>", re.DOTALL
)


class _GrantError(Exception):
    """An OAuth error: its code and what it says."""


def base(request: Request) -> str:
    """Scheme and host as the client wrote them: links lead back the way it came."""
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"


async def token(org: Org, request: Request) -> Response:
    """POST /services/oauth2/token."""
    org.world.count(VENDOR, "login")
    form = {k: v[0] for k, v in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
    form |= {k: v for k, v in request.query_params.items() if k not in form}
    try:
        user_id, more = _grant(org, request, form)
    except _GrantError as e:
        code, text = e.args
        return json_response({"error": code, "error_description": text}, 400)
    url = base(request)
    identity = f"{url}/id/{org.details['id']}/{user_id}"
    issued = str(org.clock.now_ms())
    signature = hmac.new(b"sandbox", (identity + issued).encode(), hashlib.sha256).digest()
    return json_response(
        {
            "access_token": sessions.open_session(org, user_id),
            "signature": base64.b64encode(signature).decode(),
            "scope": "api",
            "instance_url": url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
            **more,
        }
    )


def _grant(org: Org, request: Request, form: Json) -> tuple[str, Json]:
    kind = form.get("grant_type", "")
    if kind == "client_credentials":
        return _client(org, request, form), {"api_instance_url": "https://api.salesforce.com"}
    if kind == JWT:
        return _assertion(org, form.get("assertion", "")), {}
    if kind == "refresh_token":
        if not form.get("refresh_token"):
            raise _GrantError("invalid_request", "missing required parameter: refresh_token")
        held = org.store.documents(VENDOR, "refresh", "").get(form["refresh_token"], {})
        if held.get("expired"):
            raise _GrantError("invalid_grant", "expired access/refresh token")
        return str(held.get("user") or org.details["integration_user"]), {}
    if kind == "password":
        return _by_name(org, form.get("username", "")), {}
    raise _GrantError("unsupported_grant_type", "grant type not supported")


def _client(org: Org, request: Request, form: Json) -> str:
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    client, secret = form.get("client_id", ""), form.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _GrantError("invalid_client", "invalid client credentials") from None
    if not client:
        raise _GrantError("invalid_client_id", "client identifier invalid")
    if not secret:
        raise _GrantError("invalid_client", "invalid client credentials")
    held = org.store.documents(VENDOR, "client", "").get(client, {})
    if held.get("expired"):
        raise _GrantError("invalid_client", "invalid client credentials")
    return str(held.get("user") or org.details["integration_user"])


def _assertion(org: Org, text: str) -> str:
    parts = text.split(".")
    try:
        claims: Json = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        needed = [claims[k] for k in ("iss", "sub", "aud")]
        exp = float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        raise _GrantError("invalid_grant", "invalid assertion") from None
    if len(parts) != 3 or not all(needed) or not parts[2]:
        raise _GrantError("invalid_grant", "invalid assertion")
    # The client's clock is the machine's, the sandbox's may be years away: only a claim without an end is refused.
    if exp <= 0:
        raise _GrantError("invalid_grant", "assertion expired")
    return _by_name(org, str(claims["sub"]))


def _by_name(org: Org, name: str) -> str:
    """The user of a name; one that is not known is the integration user, as any token is."""
    if not name:
        raise _GrantError("invalid_grant", "authentication failure")
    sql = (
        "SELECT id FROM records WHERE vendor = 'salesforce' AND object = 'User' AND "
        "lower(json_extract(properties, '$.Username')) = ?"
    )
    found = org.store.rows(sql, (name.lower(),))
    return str(found[0][0] if found else org.details["integration_user"])


def _identity(org: Org, user_id: str, url: str) -> Json:
    user = org.user(user_id)
    rest = f"{url}/services/data/v{{version}}/"
    return {
        "id": f"{url}/id/{org.details['id']}/{user_id}",
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org.details["id"],
        "username": user.get("Username"),
        "nick_name": user.get("Alias"),
        "display_name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "first_name": user.get("FirstName"),
        "last_name": user.get("LastName"),
        "timezone": user.get("TimeZoneSidKey"),
        "active": bool(user.get("IsActive")),
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "is_app_installed": True,
        "urls": {
            "rest": rest,
            "sobjects": f"{rest}sobjects/",
            "query": f"{rest}query/",
            "custom_domain": url,
            "users": f"{rest}chatter/users",
        },
    }


def userinfo(call: Call) -> Result:
    """GET /services/oauth2/userinfo."""
    who = _identity(call.org, call.access.user_id, base(call.request))
    return 200, {
        **who,
        "sub": who["id"],
        "preferred_username": who["username"],
        "name": who["display_name"],
        "nickname": who["nick_name"],
        "given_name": who["first_name"],
        "family_name": who["last_name"],
        "zoneinfo": who["timezone"],
    }


def identity(call: Call) -> Result:
    """GET /id/ORG/USER."""
    if call.param("org")[:15] != call.org.details["id"][:15]:
        raise ApiError("NOT_FOUND", "Bad_Id", 404)
    return 200, _identity(call.org, call.access.user_id, base(call.request))


async def soap_login(org: Org, request: Request) -> Response:
    """POST /services/Soap/u/NN: login only, in the versions that still have it."""
    org.world.count(VENDOR, "login")
    number = str(request.path_params["version"])
    version = float(number) if re.fullmatch(r"\d\d?\.\d", number) else 0
    if not OLDEST <= version < 65:
        text = f"UNSUPPORTED_API_VERSION: login() is not in API version {number}"
        return _soap(
            _fault("sf:UNSUPPORTED_API_VERSION", text if version <= NEWEST else "Invalid Api version"), 500
        )
    found = _SOAP_LOGIN.search((await request.body()).decode("utf-8", "replace"))
    if found is None or not found[2]:
        text = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        return _soap(_fault("sf:INVALID_LOGIN", text), 500)
    user_id = _by_name(org, unescape(found[1]).strip() or "?")
    url, user = base(request), org.user(user_id)
    return _soap(
        f'<loginResponse xmlns="urn:partner.soap.sforce.com"><result><metadataServerUrl>{url}/services/Soap/m/{number}/'
        f"{org.details['id']}</metadataServerUrl><passwordExpired>false</passwordExpired><sandbox>false</sandbox>"
        f"<serverUrl>{url}/services/Soap/u/{number}/{org.details['id']}</serverUrl>"
        f"<sessionId>{sessions.open_session(org, user_id)}</sessionId><userId>{user_id}</userId><userInfo>"
        f"<organizationId>{org.details['id']}</organizationId><sessionSecondsValid>{int(org.options['session_seconds'])}"
        f"</sessionSecondsValid><userId>{user_id}</userId><userName>{escape(str(user.get('Username')))}</userName></userInfo>"
        "</result></loginResponse>"
    )


def _fault(code: str, text: str) -> str:
    return f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{escape(text)}</faultstring></soapenv:Fault>"


def _soap(body: str, status: int = 200) -> Response:
    envelope = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    )
    return Response(envelope, status, media_type="text/xml;charset=UTF-8")
