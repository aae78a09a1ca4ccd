"""Salesforce's sign-in by browser: web server flow with PKCE; the refresh is the client's own."""

from sales_consultant.config.sections import Connection
from sales_consultant.connectors.http import BrowserSignIn, Challenge, Document, checked_base, page
from sales_consultant.connectors.salesforce.api.client import VENDOR_HOSTS, SalesforceApi

SCOPES = ("api", "refresh_token", "offline_access")


def by_browser(
    connection: Connection, client_secret: str, redirect_uri: str, api: SalesforceApi
) -> BrowserSignIn:
    """The consent page and the exchange of the code that it sends to `redirect_uri`.

    `client_secret` is empty for an External Client App that asks for none: PKCE proves who began.
    """
    challenge = Challenge.new()
    base = checked_base(connection.url, VENDOR_HOSTS) if connection.url else api.login_url

    def redeem(code: str) -> Document:
        form = {
            "grant_type": "authorization_code",
            "client_id": connection.client_id,
            "redirect_uri": redirect_uri,
            "code": code,
            "code_verifier": challenge.verifier,
        }
        granted = api.ask(form | ({"client_secret": client_secret} if client_secret else {}))
        return Document(granted.refresh_token, client_secret)

    query = {
        "response_type": "code",
        "client_id": connection.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": challenge.state,
        "code_challenge": challenge.s256,
        "code_challenge_method": "S256",
    }
    return BrowserSignIn(page(f"{base}/services/oauth2/authorize", query), challenge, redeem)
