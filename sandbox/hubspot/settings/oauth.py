"""HubSpot's OAuth: the authorisation page, tokens by code and by refresh token, and what a token may do."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sales_consultant.sandbox import oauth
from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.api import Call, Result
from sales_consultant.sandbox.hubspot.portal import SCOPES, VENDOR, ApiError, Portal, bad, missing

Json = dict[str, Any]
APP_KEYS = ("client_id", "client_secret", "redirect_uris", "scopes", "name")


class OAuthError(ApiError):
    """A refusal of the token endpoint: a status of its own, and the words of RFC 6749."""

    def __init__(self, code: str, error: str, message: str) -> None:
        super().__init__(400, None, message, error=error, error_description=message)
        self.code = code

    def body(self, correlation: str) -> Json:
        """The JSON of the answer."""
        return {**super().body(correlation), "status": self.code}


def authorize(portal: Portal, request: Request) -> Response:
    """GET /oauth/authorize: sends the browser back with a code, or with the user's no."""
    query = request.query_params
    client_id, uri, state = (query.get(n) or "" for n in ("client_id", "redirect_uri", "state"))
    app = oauth.app(portal.world, VENDOR, client_id)
    wanted = (query.get("scope") or "").split()
    if not client_id or not uri:
        return oauth.broken("The link lacks client_id or redirect_uri.")
    if not oauth.redirect_allowed(app, uri):
        return oauth.broken("The redirect URL doesn't match the app's registered redirect URL.")
    if not wanted:
        return oauth.broken("The link lacks scope: at least one is needed.")
    allowed = set(app.get("scopes") or SCOPES) if app else {*SCOPES}
    strange = sorted(set(wanted) - allowed)
    if strange and app is not None:
        return oauth.broken(f"The scopes of the link don't match those of the app: {' '.join(strange)}")
    answer = query.get("sandbox_answer") or oauth.consent(portal.world, VENDOR)
    if answer == "ask":
        return oauth.ask(str((app or {}).get("name") or client_id), wanted, str(request.url))
    if answer == "deny":
        return oauth.back(uri, {
            "error": "access_denied", "error_description": "The user did not authorize the app", "state": state,
        })  # fmt: skip
    optional = [s for s in (query.get("optional_scope") or "").split() if s in allowed]
    about = {"client": client_id, "uri": uri, "scopes": list(dict.fromkeys([*wanted, *optional]))}
    return oauth.back(uri, {"code": oauth.new_code(portal.world, VENDOR, about), "state": state})


def token(call: Call) -> Result:
    """POST for an access token. A refresh token stays as it is."""
    form = call.body if isinstance(call.body, dict) else {}
    grant, client_id = str(form.get("grant_type") or ""), str(form.get("client_id") or "")
    if grant not in ("refresh_token", "authorization_code", "client_credentials"):
        raise OAuthError(
            "BAD_GRANT_TYPE", "unsupported_grant_type", f"missing or unknown grant_type: {grant}"
        )
    app = oauth.app(call.portal.world, VENDOR, client_id)
    if not client_id or not form.get("client_secret"):
        raise OAuthError("BAD_CLIENT_ID", "invalid_client", "missing or invalid client id")
    if app is not None and form["client_secret"] != app.get("client_secret"):
        raise OAuthError("BAD_CLIENT_SECRET", "invalid_client", "missing or invalid client secret")
    if grant == "authorization_code":
        refresh, scopes = _by_code(call, form, client_id)
    else:
        refresh = str(form.get("refresh_token") or client_id)
        scopes = _by_refresh(call, refresh, client_id, known=app is not None and grant == "refresh_token")
    return 200, _granted(call.portal, refresh, scopes, client_id)


def _by_code(call: Call, form: Json, client_id: str) -> tuple[str, list[str]]:
    about = oauth.redeem(call.portal.world, VENDOR, str(form.get("code") or ""))
    if about is None or about["client"] != client_id:
        raise OAuthError("BAD_AUTH_CODE", "invalid_grant", "missing or unknown auth code")
    if form.get("redirect_uri") != about["uri"]:
        raise OAuthError("BAD_REDIRECT_URI", "invalid_grant", "missing or invalid redirect uri")
    made = f"na1-{secrets.token_hex(18)}"
    call.portal.store.put(VENDOR, "refresh", "", made, {"client": client_id, "scopes": about["scopes"]})
    return made, about["scopes"]


def _by_refresh(call: Call, refresh: str, client_id: str, *, known: bool) -> list[str]:
    given = call.portal.store.documents(VENDOR, "refresh", "").get(refresh)
    # A token that no endpoint gave out is an administrator's, as any bearer token is; a registered app's is not.
    wrong = given is not None and given["client"] != client_id
    if wrong or (given is None and known) or refresh.startswith("revoked"):
        raise OAuthError("BAD_REFRESH_TOKEN", "invalid_grant", "missing or invalid refresh token")
    weaker = call.portal.users().get(refresh)
    scopes: list[str] = given["scopes"] if given else weaker["scopes"] if weaker else list(SCOPES)
    return scopes


def _granted(portal: Portal, refresh: str, scopes: list[str], client_id: str) -> Json:
    number = portal.store.next_seq(VENDOR, "tokens")
    made = f"CKSandbox{number:08d}{secrets.token_hex(12)}"
    seconds = int(portal.options["token_seconds"])
    until = portal.clock.now_ms() + seconds * 1000
    portal.put_user(made, {"scopes": scopes, "until": until, "app": client_id, "refresh": refresh})
    return {
        "token_type": "bearer",
        "token_use": "access_token",
        "refresh_token": refresh,
        "access_token": made,
        "expires_in": seconds,
        "hub_id": portal.account["portalId"],
        "user_id": 1,
        "scopes": scopes,
    }


# What tokens are


def left(portal: Portal, user: Json | None) -> int:
    """The seconds that a token is still good for."""
    if user is None:
        return int(portal.options["token_seconds"])
    if user.get("expired"):
        return 0
    # A token that no endpoint gave out is told to hold as long as a fresh one.
    return max(0, (user["until"] - portal.clock.now_ms()) // 1000) if "until" in user else 1800


def _token_info(call: Call, name: str) -> Json:
    user = call.portal.users().get(name)
    return {
        "token": name,
        "user": "admin@sandbox.example",
        "hub_domain": "sandbox.example",
        "scopes": user["scopes"] if user else list(SCOPES),
        "hub_id": call.portal.account["portalId"],
        "app_id": 1,
        "expires_in": left(call.portal, user),
        "user_id": 1,
        "token_type": "access",
    }


def access_token(call: Call) -> Result:
    """GET what a token may do; 404 for one that is over."""
    told = _token_info(call, call.param("token"))
    if told["expires_in"] <= 0:
        raise missing("access token not found")
    return 200, told


def refresh_token(call: Call) -> Result:
    """GET what a refresh token is for; 404 for one that was never given out or is gone."""
    held = call.portal.store.documents(VENDOR, "refresh", "").get(call.param("token"))
    if held is None:
        raise missing("refresh token not found")
    return 200, {
        "token": call.param("token"),
        "client_id": held["client"],
        "scopes": held["scopes"],
        "hub_id": call.portal.account["portalId"],
        "hub_domain": "sandbox.example",
        "user": "admin@sandbox.example",
        "user_id": 1,
        "token_type": "refresh",
    }


def forget(call: Call) -> Result:
    """DELETE a refresh token: its access tokens live on to their end."""
    call.portal.store.drop(VENDOR, "refresh", "", call.param("token"))
    return 204, None


def introspect(call: Call) -> Result:
    """POST a token, get what it may do."""
    form = call.body if isinstance(call.body, dict) else {}
    if not form.get("token"):
        raise bad("Some required fields were not set: [token]")
    facts = _token_info(call, str(form["token"]))
    empty = (
        "newSignature", "scopes", "scopeToScopeGroupPks", "signature", "trialScopes", "trialScopeToScopeGroupPks",
    )  # fmt: skip
    signed = {
        "userId": facts["user_id"],
        "hubId": facts["hub_id"],
        "appId": facts["app_id"],
        "isPrivateDistribution": True,
        "expiresAt": call.portal.clock.now_ms() + facts["expires_in"] * 1000,
        "hublet": "na1",
        "installingUserId": facts["user_id"],
        "isServiceAccount": False,
        "isUserLevel": False,
        **dict.fromkeys(empty, ""),
    }
    return 200, {
        **facts,
        "active": facts["expires_in"] > 0,
        "client_id": str(form.get("client_id") or ""),
        "is_private_distribution": True,
        "token_use": "access_token",
        "signed_access_token": signed,
    }


def revoke(call: Call) -> Result:
    """POST a token that shall end: an access token at once, a refresh token with those made from it."""
    form = call.body if isinstance(call.body, dict) else {}
    name = str(form.get("token") or "")
    call.portal.store.drop(VENDOR, "refresh", "", name)
    for made, user in list(call.portal.users().items()):
        if name in (made, user.get("refresh")):
            call.portal.put_user(made, {**user, "expired": True})
    return 204, None


def expire(portal: Portal, body: Json) -> Json:
    """Control: {token?}: end an access token, or all that were given out."""
    ended = [t for t, u in portal.users().items() if body.get("token") in (t, None) and "until" in u]
    for name in ended:
        portal.put_user(name, {**portal.users()[name], "expired": True})
    return {"expired": len(ended), "at": iso(portal.clock.now_ms())}
