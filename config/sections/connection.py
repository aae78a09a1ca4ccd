"""A CRM and how to sign in."""

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from sales_consultant.config.crms import CRMS, Crm
from sales_consultant.config.sections.base import Section

# HubSpot's and Salesforce's tokens, JSON web tokens, keys: nothing a reference would look like.
_SECRET = re.compile(r"^(pat-|CiR|00D\w{12,15}!|eyJ|-----BEGIN)|^[A-Za-z0-9+/_=!.-]{40,}$")


class Connection(Section):
    """A CRM and how to sign in."""

    crm: Literal["hubspot", "salesforce"] = Field(description="Which CRM this is.")
    token: str = Field(
        default="",
        description='Where the secret is, as "keyring:NAME"; never the secret. Empty: keyring:<connection>.',
    )
    url: str = Field(
        default="", description="An address other than the vendor's, such as a sandbox CRM on loopback."
    )
    domain: str = Field(default="", description='Salesforce: the My Domain, such as "acme.my".')
    client_id: str = Field(
        default="",
        description="The app's client id; Salesforce: the consumer key of the External Client App. "
        "HubSpot: only with oauth.",
    )
    auth: Literal["token", "oauth", "client_credentials", "jwt"] = Field(
        default="token",
        description="How to sign in: with a token; oauth, after a sign-in by browser; on Salesforce also "
        "client_credentials or jwt, which are better for schedules.",
    )
    # Any port above the reserved ones would do. It is fixed because the app in the CRM names the exact address
    # (docs/decisions/signin-redirect.md).
    redirect_port: int = Field(
        default=8765,
        ge=1024,
        le=65535,
        description="oauth: the app's redirect address is http://localhost:PORT/callback, with this port.",
    )
    username: str = Field(default="", description="Salesforce, jwt: the user to run as.")
    read_version: str = Field(
        default="", description="API version for reading; empty: the default of this release."
    )
    write_version: str = Field(
        default="", description="API version for writing; empty: the default of this release."
    )
    language: Literal["en", "zh"] = Field(
        default="en", description="The language of what reps read in this CRM: steps, and why."
    )
    # A judgement: all apps of an account share the limit of searches, so that a third is left to the others.
    limit_share: float = Field(
        default=0.7, gt=0, le=1, description="Share of the CRM's rate limits that this connection may use."
    )
    # A judgement: half of the day is left to the org's other programs (docs/decisions/signin-daily-budget.md).
    daily_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of the org's calls of a day that this connection may use; then it stops until more "
        "are available.",
    )
    # docs/decisions/answers-patience.md has the reason of the 90. An hour at most: the next time of a schedule is near.
    patience_seconds: float = Field(
        default=90.0,
        ge=0,
        le=3600,
        description="How many seconds a problem of the CRM or of the network is waited out before a command "
        "ends.",
    )

    @model_validator(mode="after")
    def _signs_in(self) -> Self:
        if self.auth not in self.of.sign_ins:
            raise ValueError(f'{self.of.label} has no sign-in "{self.auth}": {self.of.sign_in_advice}')
        if self.auth != "token" and not self.client_id:
            raise ValueError(f'auth = "{self.auth}" needs client_id, the id of the app')
        if self.auth == "jwt" and not self.username:
            raise ValueError('auth = "jwt" needs username, the user to run as')
        return self

    @field_validator("token")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if value and not value.startswith("keyring:"):
            # The value may be the secret itself: it is not repeated.
            raise ValueError(
                'must name where the secret is, as "keyring:NAME", and never be the secret; '
                "store it with: sales-consultant login"
            )
        return value

    @field_validator("client_id", "domain", "username", "url")
    @classmethod
    def _looks_no_secret(cls, value: str, info: Any) -> str:
        if info.field_name != "client_id" and not value.startswith("http") and _SECRET.match(value):
            raise ValueError("looks like a secret; store it with: sales-consultant login")
        return value

    @property
    def of(self) -> Crm:
        """The CRM that this is a connection to."""
        return CRMS[self.crm]

    @property
    def reading(self) -> str:
        """The API version to read with."""
        return self.read_version or self.of.version

    @property
    def writing(self) -> str:
        """The API version to write with."""
        return self.write_version or self.of.version
