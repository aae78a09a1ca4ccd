"""HubSpot's sign-in by browser: the consent page, the code's exchange, the refresh before the access token's end."""

from collections.abc import Callable, Mapping

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.http import (
    BrowserSignIn,
    Challenge,
    Document,
    Granted,
    Keeper,
    Lease,
    Refreshing,
    Transport,
    ask_token,
    checked_base,
    page,
)
from sales_consultant.connectors.hubspot.api.client import VENDOR, VENDOR_HOSTS, own
from sales_consultant.connectors.hubspot.api.error_codes import TABLE
from sales_consultant.connectors.hubspot.api.paths import Paths

CONSENT = "https://app.hubspot.com"
SCOPES = (
    "oauth",
    *(f"crm.objects.{o}.{m}" for o in ("contacts", "companies", "deals") for m in ("read", "write")),
    *(f"crm.schemas.{o}.{m}" for o in ("contacts", "companies", "deals") for m in ("read", "write")),
    "crm.objects.owners.read",
)
# A portal without the product behind one of these can still say yes.
OPTIONAL_SCOPES = (
    "crm.objects.line_items.read",
    "crm.objects.products.read",
    "crm.schemas.line_items.read",
    "crm.objects.leads.read",
    "sales-email-read",
    "marketing.campaigns.read",
    "settings.currencies.read",
    "crm.objects.goals.read",
)


def _asker(connection: Connection, transport: Transport) -> Callable[[Mapping[str, str]], Granted]:
    base = checked_base(connection.url or VENDOR, VENDOR_HOSTS)
    url = base + Paths(connection.reading).token()
    return lambda form: ask_token(transport, url, form, crm="HubSpot", table=TABLE, own=own)


def keeper(
    connection: Connection, stored: str, transport: Transport, keep: Callable[[str], None]
) -> Keeper[str]:
    """Access tokens for a connection that was signed in by browser."""
    refreshing = Refreshing(
        stored,
        crm="HubSpot",
        client_id=connection.client_id,
        ask=_asker(connection, transport),
        keep=keep,
    )

    def sign_in() -> Lease[str]:
        granted = refreshing()
        return Lease(granted.access_token, granted.seconds)

    return Keeper(sign_in)


def by_browser(
    connection: Connection, client_secret: str, redirect_uri: str, transport: Transport
) -> BrowserSignIn:
    """The consent page and the exchange of the code that it sends to `redirect_uri`."""
    challenge = Challenge.new()
    base = checked_base(connection.url, VENDOR_HOSTS) if connection.url else CONSENT
    ask = _asker(connection, transport)

    def redeem(code: str) -> Document:
        granted = ask(
            {
                "grant_type": "authorization_code",
                "client_id": connection.client_id,
                "client_secret": client_secret,
                "redirect_uri": redirect_uri,
                "code": code,
            }
        )
        return Document(granted.refresh_token, client_secret)

    query = {
        "client_id": connection.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "optional_scope": " ".join(OPTIONAL_SCOPES),
        "state": challenge.state,
    }
    return BrowserSignIn(page(f"{base}/oauth/authorize", query), challenge, redeem)
