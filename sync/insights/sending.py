"""Reports that are sent: made for a delivery of the settings, mailed, and posted to a webhook."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from sales_consultant.config import secrets
from sales_consultant.config.errors import ConfigError, MachineError, SalesConsultantError, UsageError
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
    """Make the report of a delivery and send it by mail and to the webhook; either is tried, whatever becomes of the other.

    Raises UsageError for an unknown delivery, ConfigError for one that goes nowhere, the errors of `make` and of
    `mailing.send`. Where only a part went out, the error says who has it.
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
    parts = _Parts(name)
    if chosen.to:
        key = f"{ws.state.identity}:{name}:{made.report.as_of}"
        built = mailing.message(made.report, made.words, mail, list(chosen.to), key=key, now=ws.clock())
        parts.mail(lambda: mailing.send(built, mail, password))
    if hook:
        parts.post(lambda: _post(hook, made))
    parts.refuse_where_missing()
    return Sent(name, chosen.report, len(parts.got), bool(hook))


class _Parts:
    """What of a delivery went out, and what did not."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.got: tuple[str, ...] = ()
        self._posted = False
        self._missing: list[SalesConsultantError] = []

    def mail(self, send: Callable[[], mailing.Mailed]) -> None:
        """Mail it; refusals are kept for the end."""
        try:
            mailed = send()
        except SalesConsultantError as e:
            self._missing.append(e)
            return
        self.got = mailed.got
        if mailed.refused:
            self._missing.append(
                MachineError(
                    f"The mail server refuses some recipients: {mailing.listed(mailed.refused)}.",
                    action=mailing.todo_of(mailed.refused, passing=mailed.passing),
                )
            )

    def post(self, post: Callable[[], None]) -> None:
        """Post it; a refusal is kept for the end."""
        try:
            post()
            self._posted = True
        except SalesConsultantError as e:
            self._missing.append(e)

    def refuse_where_missing(self) -> None:
        """Raise what went wrong, with who has the report in spite of it: a repeat sends it to them again."""
        if not self._missing:
            return
        first = self._missing[0]
        sent = [*self.got, *(["the webhook"] if self._posted else [])]
        message = " ".join(e.message for e in self._missing)
        action = " ".join(dict.fromkeys(str(e.action) for e in self._missing))
        if sent:
            message += f" Who has the report: {', '.join(sent)}."
            action += (
                f" sales-consultant report --send {self.name} sends it to all again, also to who has it; "
                "leave these out of the delivery until then."
            )
        raise type(first)(message, action=action, details={"mailed": list(self.got), "posted": self._posted})


def _entry(chosen: Delivery) -> str:
    return chosen.webhook.removeprefix("keyring:")


def _post(url: str, made: MadeReport) -> None:
    # The address is a secret: neither it nor the library's text, which has it, is told.
    try:
        answer = requests.post(
            url, json={"text": findings(made.report)}, timeout=_SECONDS, allow_redirects=False
        )
    except requests.ReadTimeout:
        raise MachineError(
            "The webhook did not answer in time: whether it has the report is not known.",
            action="Look there; try again later where it did not come.",
        ) from None
    except requests.RequestException as e:
        raise MachineError(
            f"The webhook could not be reached ({type(e).__name__}).",
            action="Check the webhook's address and the network.",
        ) from None
    if answer.status_code >= 300:
        # Too early, too many, or its own fault: the address is right (RFC 9110, section 15.6; RFC 6585, section 4).
        passing = answer.status_code >= 500 or answer.status_code in (408, 425, 429)
        raise MachineError(
            f"The webhook refused the report (status {answer.status_code}).",
            action="Try the webhook again later."
            if passing
            else "Check the webhook's address: make it anew there.",
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
