"""What both vendors' OAuth share: registered apps, codes that are good once, and the page on which a user says yes or no."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from sales_consultant.sandbox.templating import page
from sales_consultant.sandbox.world import ControlError, World

Json = dict[str, Any]
# RFC 6749, section 4.1.2, recommends ten minutes at most.
CODE_SECONDS = 600
CONSENTS = ("grant", "deny", "ask")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def app(world: World, vendor: str, client_id: str) -> Json | None:
    """A registered app; None for one that nobody registered, of which everything is believed."""
    return world.store.documents(vendor, "app", "").get(client_id)


def register(world: World, vendor: str, body: Json, known: Sequence[str]) -> Json:
    """Control: keep an app, `client_id` and those of the known keys that are given. Raises ControlError."""
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise ControlError(f"unknown key {unknown[0]!r}; an app takes {', '.join(known)}")
    for uri in body.get("redirect_uris") or ():
        if urlsplit(str(uri)).hostname not in _LOOPBACK:
            raise ControlError(
                f"redirect_uri {uri!r} is not on this machine; the sandbox sends no browser elsewhere"
            )
    client_id = str(body["client_id"])
    world.store.put(vendor, "app", "", client_id, body)
    return {"client_id": client_id}


def redirect_allowed(held: Json | None, uri: str) -> bool:
    """Whether a browser may be sent to an address: exactly one that was registered, and never off this machine."""
    if held is not None and held.get("redirect_uris"):
        return uri in held["redirect_uris"]
    return urlsplit(uri).hostname in _LOOPBACK


# Codes


def new_code(world: World, vendor: str, about: Json) -> str:
    """A code for what was granted; good once and for ten minutes."""
    code = secrets.token_urlsafe(24)
    codes: dict[str, Json] = world.memory.setdefault(f"{vendor} codes", {})
    codes[code] = {**about, "until": world.clock.now_ms() + CODE_SECONDS * 1000}
    return code


def redeem(world: World, vendor: str, code: str) -> Json | None:
    """What a code was given for; None for one that is unknown, used or too old."""
    codes: dict[str, Json] = world.memory.setdefault(f"{vendor} codes", {})
    held = codes.pop(code, None)
    return held if held is not None and held["until"] >= world.clock.now_ms() else None


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, section 4.2).

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


# The page


def consent(world: World, vendor: str) -> str:
    """What the user answers: grant or deny at once, or ask on a page."""
    return str(world.memory.get(f"{vendor} consent", "grant"))


def set_consent(world: World, vendor: str, body: Json) -> Json:
    """Control: {answer: grant, deny or ask}."""
    if body.get("answer") not in CONSENTS:
        raise ControlError(f"answer is one of {', '.join(CONSENTS)}")
    world.memory[f"{vendor} consent"] = body["answer"]
    return {"answer": body["answer"]}


def back(uri: str, query: Mapping[str, str]) -> Response:
    """Send the browser back to the app."""
    joint = "&" if urlsplit(uri).query else "?"
    return RedirectResponse(f"{uri}{joint}{urlencode({k: v for k, v in query.items() if v})}", 302)


def ask(name: str, scopes: Sequence[str], url: str) -> Response:
    """The page that asks; its links lead back to the same address with the answer."""
    joint = "&" if "?" in url else "?"
    return HTMLResponse(page("consent.html", name=name, scopes=scopes, url=f"{url}{joint}"))


def broken(text: str, status: int = 400) -> Response:
    """What the user reads where the browser cannot be sent back."""
    return HTMLResponse(page("refused.html", text=text), status)
