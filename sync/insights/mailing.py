"""A report as a mail, and the mail server that takes it."""

import contextlib
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from sales_consultant.config.errors import AccessError, ConfigError, MachineError
from sales_consultant.config.pages import page
from sales_consultant.config.sections import Mail
from sales_consultant.insight.charts import chinese_font, png
from sales_consultant.insight.reports import NUMERIC, Report, Words, html, text

TEMPLATE = "report_mail.html"
_ROWS = 12
# A judgement: a mail server answers in seconds; one that does not for so long will not.
_SECONDS = 60
AGAIN = "Try again later."


def message(report: Report, words: Words, mail: Mail, to: list[str], *, key: str, now: int) -> EmailMessage:
    """The mail: plain text, the same with pictures, and the page itself as a file.

    `key` says what is sent (delivery and moment): a mail that is sent twice has the same Message-ID, and servers keep one.
    """
    made = EmailMessage(policy=SMTP)
    made["Subject"] = report.title
    sender = written_out(mail.sender)
    made["From"] = sender
    made["To"] = ", ".join(distinct(to))
    made["Date"] = format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    domain = sender.rpartition("@")[2]
    made["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:32]}@{domain}>"
    # So that no holiday answer comes back.
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text(report, words))
    pictures, notes = _pictures(report, words, domain)
    body = page(
        TEMPLATE,
        report=report,
        words=words,
        numeric=NUMERIC,
        rows=_ROWS,
        images={name: cid[1:-1] for name, (cid, _) in pictures.items()},
        notes=[*notes, *report.unknown],
    )
    made.add_alternative(body, subtype="html")
    alternative = made.get_payload()[-1]  # type: ignore[index]  # a mail of several parts has them as a list
    for cid, picture in pictures.values():
        alternative.add_related(picture, "image", "png", cid=cid)  # type: ignore[union-attr]
    made.add_attachment(html(report, words), subtype="html", filename="report.html")
    return made


def _pictures(report: Report, words: Words, domain: str) -> tuple[dict[str, tuple[str, bytes]], list[str]]:
    """PNG files by section and figure, each with its Content-ID; and what is to be said of them."""
    if words.language == "zh" and chinese_font() is None:
        return {}, [
            words(
                "The charts are in the attached page only: this machine has no font with Chinese letters to draw them."
            )
        ]
    found = {}
    for section in report.sections:
        for figure in section.figures:
            chart = figure.chart
            if chart is not None:
                name = f"{section.key}-{figure.key}"
                drawn = png(chart, lambda value, unit=chart.unit: words.shown(value, unit, short=True))  # type: ignore[misc]
                found[name] = (f"<{name}@{domain}>", drawn)
    return found, []


def refuse_without_server(mail: Mail) -> None:
    """Raise ConfigError where no mail server is set, or nobody that it comes from."""
    if not mail.host or not mail.sender:
        raise ConfigError(
            "No mail server is set, or no sender.",
            action="Set host and sender under [reports.mail], or remove `to` of the delivery.",
        )


@dataclass(frozen=True)
class Mailed:
    """What became of a mail: who has it now, and who was refused, each with the reason."""

    got: tuple[str, ...]
    refused: Mapping[str, str]
    passing: bool = False
    """Whether some of the refusals may pass."""


def written_out(address: str) -> str:
    """An address with its domain in ASCII, as every mail server takes it; as it is where that would be another domain.

    >>> written_out("anna@müller.example"), written_out("änne@example.com")
    ('anna@xn--mller-kva.example', 'änne@example.com')
    """
    name, _, domain = address.rpartition("@")
    try:
        plain = domain.encode("idna").decode("ascii")
        same = plain.encode("ascii").decode("idna") == domain.lower()
    except UnicodeError:
        return address
    return f"{name}@{plain}" if same and not domain.isascii() else address


def distinct(to: Sequence[str]) -> list[str]:
    """The addresses as they are written to, each once."""
    return list({a.casefold(): a for a in reversed([written_out(a) for a in to])}.values())[::-1]


def send(made: EmailMessage, mail: Mail, password: str) -> Mailed:
    """Give a mail to the server; who is refused does not keep it from the others.

    Raises ConfigError without a server, AccessError where it does not let us in, MachineError where it cannot be reached,
    refuses the mail or everybody it is for. None of them holds the password.
    """
    refuse_without_server(mail)
    where = f"{mail.host}:{mail.port}"
    try:
        context = ssl.create_default_context()
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=_SECONDS)
        try:
            if mail.security == "starttls":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, password)
            return _given(server, made, where)
        finally:
            # A mail that was taken is sent, however the server says good-bye.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
    except smtplib.SMTPAuthenticationError as e:
        raise AccessError(
            f"The mail server {where} does not take the sign-in of {mail.user} (code {e.smtp_code}).",
            action="Check user and password of [reports.mail]; the password is kept under the name there.",
        ) from None
    except smtplib.SMTPRecipientsRefused as e:
        raise _nobody(where, _reasons(e.recipients), passing=_passing(e.recipients)) from None
    except smtplib.SMTPNotSupportedError:
        raise MachineError(
            f"The mail server {where} does not offer what [reports.mail] asks for (security = {mail.security!r}, sign-in).",
            action='Try security = "tls" with port 465, or ask who runs the server.',
        ) from None
    except smtplib.SMTPResponseException as e:
        # 4yz: for the moment; 5yz: for good (RFC 5321, section 4.2.1).
        todo = AGAIN if e.smtp_code < 500 else "Check sender, port and security of [reports.mail]."
        raise MachineError(
            f"The mail server {where} refused the report (code {e.smtp_code}).",
            action=f"{todo} The report was not mailed.",
        ) from None
    except (OSError, smtplib.SMTPException) as e:
        raise MachineError(
            f"The mail server {where} cannot be used ({type(e).__name__}).",
            action="Check host, port and security of [reports.mail]; the report was not mailed.",
        ) from e


def _given(server: smtplib.SMTP, made: EmailMessage, where: str) -> Mailed:
    """Give the mail to a server that we are signed in to."""
    server.ehlo_or_helo_if_needed()
    to = [a.addr_spec for a in made["To"].addresses]
    refused: dict[str, str] = {}
    if not server.has_extn("smtputf8"):
        why = "the server takes no letters outside ASCII in an address (SMTPUTF8)"
        sender = made["From"].addresses[0].addr_spec
        if not sender.isascii():
            raise ConfigError(
                f"The mail server {where} does not take the sender {sender}: {why}.",
                action="Write the sender of [reports.mail] in ASCII.",
            )
        refused = {a: why for a in to if not a.isascii()}
        to = [a for a in to if a.isascii()]
        if not to:
            raise _nobody(where, refused)
        if refused:
            del made["To"]
            made["To"] = ", ".join(to)
    answers = server.send_message(made, to_addrs=to)
    return Mailed(
        tuple(a for a in to if a not in answers), {**refused, **_reasons(answers)}, _passing(answers)
    )


def _nobody(where: str, refused: Mapping[str, str], *, passing: bool = False) -> MachineError:
    return MachineError(
        f"The mail server {where} refuses all recipients: {listed(refused)}.",
        action=todo_of(refused, passing=passing),
    )


def todo_of(refused: Mapping[str, str], *, passing: bool) -> str:
    """What to do about refused recipients."""
    if any("SMTPUTF8" in why for why in refused.values()):
        return "Write the addresses in `to` of the delivery in ASCII."
    check = "Check `to` of the delivery, and whether this server may send there."
    return f"{AGAIN} {check}" if passing else check


def _reasons(answers: Mapping[str, tuple[int, bytes]]) -> dict[str, str]:
    return {address: f"code {code}" for address, (code, _) in answers.items()}


def _passing(answers: Mapping[str, tuple[int, bytes]]) -> bool:
    return any(code < 500 for code, _ in answers.values())


def listed(refused: Mapping[str, str]) -> str:
    """Refused addresses with the reasons, as one text."""
    return ", ".join(f"{address} ({why})" for address, why in sorted(refused.items()))
