"""A report as a mail, and the mail server that takes it."""

import smtplib
import ssl
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


def message(report: Report, words: Words, mail: Mail, to: list[str], *, key: str, now: int) -> EmailMessage:
    """The mail: plain text, the same with pictures, and the page itself as a file.

    `key` says what is sent (delivery and moment): a mail that is sent twice has the same Message-ID, and servers keep one.
    """
    made = EmailMessage(policy=SMTP)
    made["Subject"] = report.title
    made["From"] = mail.sender
    made["To"] = ", ".join(to)
    made["Date"] = format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    domain = mail.sender.rpartition("@")[2]
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


def send(made: EmailMessage, mail: Mail, password: str) -> None:
    """Give a mail to the server.

    Raises ConfigError without a server, AccessError where it does not let us in, MachineError where it cannot be reached or
    refuses the mail. None of them holds the password.
    """
    refuse_without_server(mail)
    where = f"{mail.host}:{mail.port}"
    try:
        context = ssl.create_default_context()
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=_SECONDS)
        with server:
            if mail.security == "starttls":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, password)
            refused = server.send_message(made)
    except smtplib.SMTPAuthenticationError as e:
        raise AccessError(
            f"The mail server {where} does not take the sign-in of {mail.user} (code {e.smtp_code}).",
            action="Check user and password of [reports.mail]; the password is kept under the name there.",
        ) from None
    except smtplib.SMTPRecipientsRefused as e:
        raise MachineError(
            f"The mail server {where} refuses all recipients: {_listed(e.recipients)}.",
            action="Check `to` of the delivery, and whether this server may send there.",
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise MachineError(
            f"The mail server {where} does not offer what [reports.mail] asks for (security = {mail.security!r}, sign-in).",
            action='Try security = "tls" with port 465, or ask who runs the server.',
        ) from None
    except smtplib.SMTPResponseException as e:
        raise MachineError(
            f"The mail server {where} refused the report (code {e.smtp_code}).",
            action="Check sender, port and security of [reports.mail]; the report was not sent.",
        ) from None
    except (OSError, smtplib.SMTPException) as e:
        raise MachineError(
            f"The mail server {where} cannot be used ({type(e).__name__}).",
            action="Check host, port and security of [reports.mail]; the report was not sent.",
        ) from e
    if refused:
        raise MachineError(
            f"The mail server {where} refuses some recipients: {_listed(refused)}. The others got the report.",
            action="Check `to` of the delivery.",
        )


def _listed(recipients: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{address} (code {code})" for address, (code, _) in sorted(recipients.items()))
