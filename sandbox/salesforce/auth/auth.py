"""Signing in: the token endpoint, who a session belongs to, and the SOAP login of old clients."""

import base64
import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, unescape

from starlette.requests import Request
from starlette.responses import Response

from sales_consultant.sandbox.salesforce.access import sessions
from sales_consultant.sandbox.salesforce.api import NEWEST, OLDEST, Call, Result
from sales_consultant.sandbox.salesforce.auth import grants
from sales_consultant.sandbox.salesforce.org import VENDOR, ApiError, Org, json_response

Json = dict[str, Any]
_SOAP_LOGIN = re.compile(
    r"<(?:\w+:)?username>(.*?)</(?:\w+:)?username>.*?<(?:\w+:)?password>(.*?)</(?:\w+:)?password>", re.DOTALL
)


def base(request: Request) -> str:
    """Scheme and host as the client wrote them: links lead back the way it came."""
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"


# Hosts at which every org's users sign in and none of an org's data are.
LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")


def home(org: Org, request: Request) -> str:
    """The org's own address, at which its data are: its My Domain for who signed in at a login host.

    On loopback, and at the My Domain itself, it is the address that the client used.
    """
    host = (request.headers.get("host") or request.url.netloc).partition(":")[0].lower()
    return f"https://{org.my_domain}" if host in LOGIN_HOSTS else base(request)


async def token(org: Org, request: Request) -> Response:
    """POST /services/oauth2/token."""
    org.world.count(VENDOR, "login")
    form = await _form(request)
    try:
        user_id, more = grants.grant(org, request, form)
    except grants.GrantError as e:
        code, text = e.args
        return json_response({"error": code, "error_description": text}, 400)
    url = org.world.link(home(org, request)).rstrip("/")
    # Who somebody is stays with the host that signed them in.
    identity = f"{org.world.link(base(request)).rstrip('/')}/id/{org.details['id']}/{user_id}"
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


def authorize(org: Org, request: Request) -> Response:
    """GET /services/oauth2/authorize."""
    org.world.count(VENDOR, "authorize")
    return grants.authorize(org, request)


async def _form(request: Request) -> Json:
    form: Json = {k: v[0] for k, v in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
    return form | {k: v for k, v in request.query_params.items() if k not in form}


async def revoke(org: Org, request: Request) -> Response:
    """POST or GET /services/oauth2/revoke."""
    org.world.count(VENDOR, "login")
    if grants.revoke(org, str((await _form(request)).get("token") or "")):
        return Response(b"")
    return json_response(
        {"error": "unsupported_token_type", "error_description": "this token type is not supported"}, 400
    )


async def introspect(org: Org, request: Request) -> Response:
    """POST /services/oauth2/introspect."""
    org.world.count(VENDOR, "login")
    token = str((await _form(request)).get("token") or "")
    held = org.store.documents(VENDOR, "session", "").get(token)
    try:
        user_id = sessions.user_of(org, token) if held else ""
    except ApiError:
        user_id = ""
    if held is None or not user_id:
        return json_response({"active": False})
    begun = int(held.get("at", org.clock.now_ms()) // 1000)
    return json_response(
        {
            "active": True,
            "scope": "api",
            "username": org.user(user_id).get("Username"),
            "sub": f"{base(request)}/id/{org.details['id']}/{user_id}",
            "token_type": "access_token",
            "iat": begun,
            "nbf": begun,
            "exp": begun + int(org.options["session_seconds"]),
        }
    )


def _identity(org: Org, user_id: str, request: Request) -> Json:
    user, url = org.user(user_id), home(org, request)
    rest = f"{url}/services/data/v{{version}}/"
    return {
        "id": f"{base(request)}/id/{org.details['id']}/{user_id}",
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
    who = _identity(call.org, call.access.user_id, call.request)
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
    return 200, _identity(call.org, call.access.user_id, call.request)


async def soap_login(org: Org, request: Request) -> Response:
    """POST /services/Soap/u/NN: login only, in the versions that still have it."""
    org.world.count(VENDOR, "login")
    number = str(request.path_params["version"])
    version = float(number) if re.fullmatch(r"\d\d?\.\d", number) else 0
    # login() is gone from 65.0 on (Salesforce's release notes on the retirement of SOAP login).
    if not OLDEST <= version < 65:
        text = f"UNSUPPORTED_API_VERSION: login() is not in API version {number}"
        return _soap(
            _fault("sf:UNSUPPORTED_API_VERSION", text if version <= NEWEST else "Invalid Api version"), 500
        )
    found = _SOAP_LOGIN.search((await request.body()).decode("utf-8", "replace"))
    if found is None or not found[2]:
        text = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        return _soap(_fault("sf:INVALID_LOGIN", text), 500)
    user_id = grants.by_name(org, unescape(found[1]).strip() or "?")
    url, user = home(org, request), org.user(user_id)
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
