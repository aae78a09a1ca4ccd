"""Reports that are sent: made for a delivery of the settings, mailed, and posted to a webhook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from sales_consultant.config import secrets
from sales_consultant.config.errors import ConfigError, MachineError, UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.config.sections import Delivery
from sales_consultant.insight.reports import BY, findings
from sales_consultant.sync.insights import mailing
from sales_consultant.sync.insights.making import KINDS, MadeReport, make
from sales_consultant.sync.runtime import Run, Workspace, running

# A judgement: a webhook answers within seconds.
_SECONDS = 30


@dataclass(frozen=True)
class Sent:
    """A report that was sent: which, to how many addresses, whether to a webhook."""

    delivery: str
    report: str
    mailed: int
    posted: bool

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return dict(vars(self))


def deliver(ws: Workspace, name: str, *, keyring: secrets.Keyring | None, environ: Mapping[str, str]) -> Sent:
    """Make the report of a delivery and send it; a mail first, then the webhook.

    Raises UsageError for an unknown delivery, ConfigError for one that goes nowhere, and the errors of `make` and of
    `mailing.send`.
    """
    known = ws.settings.reports.deliveries
    if name not in known:
        raise UsageError(f"There is no [reports.deliveries.{name}].", action=did_you_mean(name, known))
    chosen = known[name]
    if not chosen.to and not chosen.webhook:
        raise ConfigError(
            f"[reports.deliveries.{name}] goes nowhere.",
            action='Write to = ["anna@example.com"] or a webhook.',
        )
    for value, names, key in ((chosen.report, tuple(KINDS), "report"), (chosen.by, BY, "by")):
        if value not in names:
            raise ConfigError(
                f'[reports.deliveries.{name}] {key} = "{value}" is not known.',
                action=did_you_mean(value, names),
            )
    mail = ws.settings.reports.mail
    if chosen.to:
        mailing.refuse_without_server(mail)
    # Before the report is made: what cannot be sent need not be.
    password = (
        secrets.resolve(
            "mail", mail.password, keyring=keyring, environ=environ, of="the password of the mail server"
        ).value
        if chosen.to and mail.user
        else ""
    )
    hook = (
        secrets.resolve(
            _entry(chosen), chosen.webhook, keyring=keyring, environ=environ, of="the address of the webhook"
        ).value
        if chosen.webhook
        else ""
    )
    made = make(ws, chosen.report, language=chosen.language or None, by=chosen.by)
    if chosen.to:
        key = f"{ws.state.identity}:{name}:{made.report.as_of}"
        built = mailing.message(made.report, made.words, mail, list(chosen.to), key=key, now=ws.clock())
        mailing.send(built, mail, password)
    if hook:
        _post(hook, made)
    return Sent(name, chosen.report, len(chosen.to), bool(hook))


def _entry(chosen: Delivery) -> str:
    return chosen.webhook.removeprefix("keyring:")


def _post(url: str, made: MadeReport) -> None:
    try:
        answer = requests.post(
            url, json={"text": findings(made.report)}, timeout=_SECONDS, allow_redirects=False
        )
    except requests.RequestException as e:
        # The address is a secret: neither it nor the library's text, which has it, is told.
        raise MachineError(
            f"The webhook could not be reached ({type(e).__name__}).",
            action="Check its address and the network.",
        ) from None
    if answer.status_code >= 300:
        raise MachineError(
            f"The webhook refused the report (status {answer.status_code}).",
            action="Check its address: make it anew there.",
        )


def scheduled(
    ws: Workspace,
    name: str,
    job: str,
    *,
    at: int,
    keyring: secrets.Keyring | None,
    environ: Mapping[str, str],
) -> Run:
    """A report of the schedule, for its moment `at` (ms): each moment once."""
    with running(ws, job, scheduled_at=at, reads_crm=False) as run:
        run.counts["sent"] = deliver(ws, name, keyring=keyring, environ=environ).to_json()
    return run
