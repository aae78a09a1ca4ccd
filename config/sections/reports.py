"""Reports: what they show, and to whom they are sent."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from sales_consultant.config.sections.base import Section

# What a mail server would take for an address is more; this keeps line breaks and lists out of a header.
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Mail(Section):
    """The mail server that reports are sent by."""

    host: str = Field(default="", examples=["smtp.example.com"], description="The mail server; empty: none.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the line is kept private: starttls, tls from the start, or none, which only this machine's own "
        "server may use.",
    )
    user: str = Field(default="", examples=["reports"], description="The user; empty: no sign-in.")
    password: str = Field(
        default="keyring:mail",
        description='Where the password is kept, as "keyring:mail"; also SALES_CONSULTANT_MAIL_TOKEN and its file.',
    )
    sender: str = Field(
        default="", examples=["sales-consultant@example.com"], description="Who it comes from."
    )

    @field_validator("password")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if not value.startswith("keyring:"):
            raise ValueError('must name where the password is, as "keyring:mail", and never be one')
        return value

    @model_validator(mode="after")
    def _whole(self) -> "Mail":
        if self.sender and not _ADDRESS.fullmatch(self.sender):
            raise ValueError(
                f'sender "{self.sender}" is no mail address: write one, as "reports@example.com"'
            )
        if self.security == "none" and self.host and self.host not in _LOCAL:
            raise ValueError(
                f'security = "none" would send reports in the open to {self.host}: write "starttls" or "tls"'
            )
        return self


class Delivery(Section):
    """A report that is sent: which, to whom, in what language."""

    report: str = Field(default="week", description="Which report; see: sales-consultant report --help.")
    to: list[str] = Field(
        default_factory=list, examples=[["anna@example.com"]], description="Mail addresses that get it."
    )
    webhook: str = Field(
        default="",
        examples=["keyring:sales-channel"],
        description="Where the address of a webhook (as Slack's) is kept; it gets the findings as text. Empty: none.",
    )
    language: Literal["", "en", "zh"] = Field(
        default="", description="Its language; empty: the connection's."
    )
    by: str = Field(default="pipeline", description="What its figures are broken down by.")

    @field_validator("to")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        for one in value:
            if not _ADDRESS.fullmatch(one):
                raise ValueError(f'"{one}" is no mail address: write one alone, as "anna@example.com"')
        return value

    @field_validator("webhook")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if value and not value.startswith("keyring:"):
            raise ValueError('must name where the address is, as "keyring:sales-channel"')
        return value


class Reports(Section):
    """What reports show, and to whom they are sent."""

    # Watching people at work is regulated in many countries.
    by_owner: bool = Field(
        default=False,
        description="Whether reports tell how each owner uses the steps. Each rep can see their own figures anyway.",
    )
    targets: str = Field(
        default="",
        examples=["targets.csv"],
        description="CSV of targets (owner,period,amount), looked for beside the settings. Empty: the CRM's goals alone.",
    )
    drivers: list[str] = Field(
        default_factory=list,
        examples=[["index.csv"]],
        description="CSV files of monthly series (month,value), beside the settings; used where forecasts get better.",
    )
    teams: dict[str, str] = Field(
        default_factory=dict,
        examples=[{"anna@example.com": "North"}],
        description="The team of each owner, by e-mail address.",
    )
    spend: str = Field(
        default="",
        examples=["spend.csv"],
        description="CSV of marketing spend (month,channel,amount), in the reporting currency; it counts before the CRM's "
        "campaigns for the channels in it. Empty: campaigns alone.",
    )
    mail: Mail = Field(default_factory=Mail, description="The mail server that reports are sent by.")
    deliveries: dict[str, Delivery] = Field(
        default_factory=dict, description="Reports that are sent, by a name that a schedule takes up."
    )
