"""The ways to a session: client credentials, signed assertions, codes from the authorisation page, refresh tokens."""

import base64
import binascii
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import jwt
import orjson
from cryptography.x509 import load_pem_x509_certificate
from starlette.requests import Request
from starlette.responses import Response

from sales_consultant.sandbox import oauth
from sales_consultant.sandbox.salesforce.access import sessions
from sales_consultant.sandbox.salesforce.org import VENDOR, Org
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
APP_KEYS = (
    "client_id", "client_secret", "redirect_uris", "scopes", "name", "certificate", "user", "pkce", "secret_optional", "rotate",
)  # fmt: skip
SCOPES = ("api", "refresh_token")
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
# How far ahead an assertion may end: as in the example of Salesforce Help, OAuth 2.0 JWT Bearer Flow.
ASSERTION_SECONDS = 300


class GrantError(Exception):
    """An OAuth error: its code and what it says."""


def register(org: Org, body: Json) -> Json:
    """Control: {client_id, client_secret?, redirect_uris?, scopes?, certificate?, user?, pkce?, secret_optional?, rotate?}.

    `certificate` is PEM; `user` a username or id: whom client credentials run as; `rotate` gives a new refresh token each time.
    """
    if body.get("user"):
        body = {**body, "user": _user_named(org, str(body["user"]))}
        if not body["user"]:
            raise ControlError("user is no username or id of a user")
    if body.get("certificate"):
        try:
            _key(str(body["certificate"]))
        except ValueError as e:
            raise ControlError(f"certificate is no PEM certificate: {e}") from e
    return oauth.register(org.world, VENDOR, body, APP_KEYS)


def _user_named(org: Org, name: str) -> str:
    sql = (
        "SELECT id FROM records WHERE vendor = 'salesforce' AND object = 'User' AND "
        "(lower(json_extract(properties, '$.Username')) = ? OR id = ?)"
    )
    found = org.store.rows(sql, (name.lower(), name))
    return str(found[0][0]) if found else ""


def by_name(org: Org, name: str, *, known: bool = False) -> str:
    """The user of a name; one that is not known is the integration user, as any token is, unless the app is registered."""
    if not name:
        raise GrantError("invalid_grant", "authentication failure")
    found = _user_named(org, name)
    if not found and known:
        raise GrantError("invalid_grant", "user hasn't approved this consumer")
    return found or str(org.details["integration_user"])


def credentials(request: Request, form: Json) -> tuple[str, str]:
    """Client id and secret, of the form or of a Basic header. Raises GrantError."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return str(form.get("client_id") or ""), str(form.get("client_secret") or "")
    try:
        client, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise GrantError("invalid_client", "invalid client credentials") from None
    return client, secret


def grant(org: Org, request: Request, form: Json) -> tuple[str, Json]:
    """The user that a form signs in, and what else its answer holds. Raises GrantError."""
    kind = form.get("grant_type", "")
    if kind == JWT:
        return _assertion(org, str(form.get("assertion") or ""), request), {}
    if kind == "password":
        return by_name(org, str(form.get("username") or "")), {}
    client, secret = credentials(request, form)
    app = oauth.app(org.world, VENDOR, client)
    if kind == "client_credentials":
        return _client(org, app, client, secret), {"api_instance_url": "https://api.salesforce.com"}
    if kind == "refresh_token":
        return _refresh(org, app, client, secret, str(form.get("refresh_token") or ""))
    if kind == "authorization_code":
        return _code(org, app, client, secret, form)
    raise GrantError("unsupported_grant_type", "grant type not supported")


def _client(org: Org, app: Json | None, client: str, secret: str) -> str:
    if not client:
        raise GrantError("invalid_client_id", "client identifier invalid")
    if not secret or (app is not None and secret != app.get("client_secret")):
        raise GrantError("invalid_client", "invalid client credentials")
    if app is not None:
        if not app.get("user"):
            raise GrantError("invalid_grant", "no client credentials user enabled")
        return str(app["user"])
    held = org.store.documents(VENDOR, "client", "").get(client, {})
    if held.get("expired"):
        raise GrantError("invalid_client", "invalid client credentials")
    return str(held.get("user") or org.details["integration_user"])


def _refresh(org: Org, app: Json | None, client: str, secret: str, given: str) -> tuple[str, Json]:
    if not given:
        raise GrantError("invalid_request", "missing required parameter: refresh_token")
    held = org.store.documents(VENDOR, "refresh", "").get(given)
    expired = GrantError("invalid_grant", "expired access/refresh token")
    if held is None:
        if app is not None:
            raise expired
        return str(org.details["integration_user"]), {}
    if held.get("expired") or held.get("client", client) != client:
        raise expired
    if (
        app is not None
        and secret != app.get("client_secret", "")
        and not (app.get("secret_optional") and not secret)
    ):
        raise GrantError("invalid_client", "invalid client credentials")
    more: Json = {}
    if "client" in held:
        more["scope"] = " ".join(held["scopes"])
    if app is not None and app.get("rotate"):
        org.store.drop(VENDOR, "refresh", "", given)
        more["refresh_token"] = _new_refresh(org, held)
    return str(held["user"]), more


def _new_refresh(org: Org, about: Json) -> str:
    made = f"5Aep861{secrets.token_urlsafe(48)}"
    org.store.put(VENDOR, "refresh", "", made, about)
    return made


# Signed assertions


def _key(certificate: str) -> Any:
    return load_pem_x509_certificate(certificate.encode()).public_key()


def _claims(text: str) -> Json:
    invalid = GrantError("invalid_grant", "invalid assertion")
    parts = text.split(".")
    try:
        claims: Json = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        needed = [claims[k] for k in ("iss", "sub", "aud")]
        float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        raise invalid from None
    if len(parts) != 3 or not all(needed) or not parts[2]:
        raise invalid
    return claims


def _assertion(org: Org, text: str, request: Request) -> str:
    claims = _claims(text)
    app = oauth.app(org.world, VENDOR, str(claims["iss"]))
    if app is None or not app.get("certificate"):
        # Of an app that nobody registered everything is believed but a claim without an end.
        if float(claims["exp"]) <= 0:
            raise GrantError("invalid_grant", "assertion expired")
        return by_name(org, str(claims["sub"]))
    try:
        jwt.decode(
            text,
            _key(str(app["certificate"])),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.InvalidTokenError:
        raise GrantError("invalid_grant", "invalid assertion") from None
    host = urlsplit(str(request.url)).netloc
    if str(claims["aud"]).rstrip("/") not in AUDIENCES and urlsplit(str(claims["aud"])).netloc != host:
        raise GrantError("invalid_grant", "audience is invalid")
    # A client's clock is the machine's, or the sandbox's where that is set to another day.
    clocks = (time.time(), org.clock.now_ms() / 1000)
    if not any(now < float(claims["exp"]) <= now + ASSERTION_SECONDS for now in clocks):
        raise GrantError("invalid_grant", "assertion expired")
    return by_name(org, str(claims["sub"]), known=True)


# Codes


def authorize(org: Org, request: Request) -> Response:
    """GET /services/oauth2/authorize: sends the browser back with a code, or with an error."""
    query = request.query_params
    client, uri, state = (query.get(n) or "" for n in ("client_id", "redirect_uri", "state"))
    app = oauth.app(org.world, VENDOR, client)
    if not client:
        return oauth.broken("error=invalid_client_id&error_description=client identifier invalid")
    if not uri or not oauth.redirect_allowed(app, uri):
        return oauth.broken(
            "error=redirect_uri_mismatch&error_description=redirect_uri must match configuration"
        )

    def refused(code: str, text: str) -> Response:
        return oauth.back(uri, {"error": code, "error_description": text, "state": state})

    if query.get("response_type") != "code":
        return refused("unsupported_response_type", "response type not supported")
    challenge, method = query.get("code_challenge") or "", query.get("code_challenge_method") or "S256"
    if challenge and method != "S256":
        return refused("invalid_request", "invalid code challenge method")
    if not challenge and app is not None and app.get("pkce"):
        return refused("invalid_request", "missing required code challenge")
    allowed = list((app or {}).get("scopes") or SCOPES)
    wanted = (query.get("scope") or " ".join(allowed)).split()
    if app is not None and set(wanted) - {*allowed, "offline_access", "id", "openid", "web"}:
        return refused("invalid_scope", "the requested scope is not allowed")
    answer = query.get("sandbox_answer") or oauth.consent(org.world, VENDOR)
    if answer == "ask":
        return oauth.ask(str((app or {}).get("name") or client), wanted, str(request.url))
    if answer == "deny":
        return refused("access_denied", "end-user denied authorization")
    user = (app or {}).get("user") or org.details["integration_user"]
    about = {"client": client, "uri": uri, "scopes": wanted, "user": user, "challenge": challenge}
    return oauth.back(uri, {"code": oauth.new_code(org.world, VENDOR, about), "state": state})


def _code(org: Org, app: Json | None, client: str, secret: str, form: Json) -> tuple[str, Json]:
    about = oauth.redeem(org.world, VENDOR, str(form.get("code") or ""))
    if about is None or about["client"] != client:
        raise GrantError("invalid_grant", "invalid authorization code")
    if form.get("redirect_uri") != about["uri"]:
        raise GrantError("redirect_uri_mismatch", "redirect_uri must match configuration")
    # A client without a secret proves by its verifier that it is the one that asked.
    optional = not secret and bool(about["challenge"]) and (app is None or bool(app.get("secret_optional")))
    if app is not None and secret != app.get("client_secret", "") and not optional:
        raise GrantError("invalid_client", "invalid client credentials")
    verifier = str(form.get("code_verifier") or "")
    if about["challenge"] and oauth.challenge_of(verifier) != about["challenge"]:
        raise GrantError("invalid_grant", "invalid code verifier")
    more: Json = {"scope": " ".join(about["scopes"])}
    if {"refresh_token", "offline_access"} & set(about["scopes"]):
        held = {"user": about["user"], "client": client, "scopes": about["scopes"]}
        more["refresh_token"] = _new_refresh(org, held)
    return str(about["user"]), more


# The end of tokens


def revoke(org: Org, token: str) -> bool:
    """End a session, or a refresh token; whether there was one."""
    if token in org.store.documents(VENDOR, "refresh", ""):
        org.store.drop(VENDOR, "refresh", "", token)
        return True
    held = org.store.documents(VENDOR, "session", "")
    if token in held:
        sessions.lapse(org, token)
    return token in held
