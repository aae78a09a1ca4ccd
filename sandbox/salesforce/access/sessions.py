"""Sessions: which user a bearer token stands for, and for how long.

A token that no endpoint gave out and nobody made weaker is an administrator's, the integration user's.
"""

import secrets
from typing import Any

from starlette.requests import Request

from sales_consultant.sandbox.salesforce.org import VENDOR, Org, expired

Json = dict[str, Any]


def open_session(org: Org, user_id: str) -> str:
    """A new token of a user."""
    token = f"{org.details['id'][:15]}!{secrets.token_urlsafe(48)}"
    org.store.put(VENDOR, "session", "", token, {"user": user_id, "at": org.clock.now_ms()})
    return token


def user(org: Org, request: Request) -> str:
    """The id of the user who asks. Raises ApiError 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() or request.query_params.get("oauth_token", "")
    if not token or (scheme and scheme.lower() not in ("bearer", "oauth")):
        raise expired()
    return user_of(org, token)


def user_of(org: Org, token: str) -> str:
    """The id of a token's user. Raises ApiError 401 for one that has lapsed."""
    lapsed: set[str] = org.memory.setdefault("lapsed", set())
    if token in lapsed:
        raise expired()
    known: dict[str, Json] = org.memory.setdefault("sessions", {})
    session = known.get(token)
    if session is None:
        session = org.store.documents(VENDOR, "session", "").get(token) or {}
        known[token] = session
    if session.get("expired"):
        raise expired()
    if "at" in session and org.clock.now_ms() - session["at"] > 1000 * float(org.options["session_seconds"]):
        raise expired()
    return str(session.get("user") or org.details["integration_user"])


def lapse(org: Org, token: str | None = None) -> int:
    """End a session, or all that were given out or seen; the number of them."""
    known: dict[str, Json] = org.memory.setdefault("sessions", {})
    ended = [token] if token else [*org.store.documents(VENDOR, "session", ""), *known]
    org.memory.setdefault("lapsed", set()).update(ended)
    return len(set(ended))


def assign(org: Org, token: str, user_id: str, *, expired: bool = False) -> None:
    """Make a token stand for a user."""
    org.store.put(VENDOR, "session", "", token, {"user": user_id, "expired": expired})
    org.memory.setdefault("sessions", {}).pop(token, None)
    org.memory.setdefault("lapsed", set()).discard(token)
