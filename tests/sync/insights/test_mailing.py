"""Reports by mail, against a mail server on this machine: its lines are private, its refusals are told."""

import socket
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from sales_consultant.config.errors import AccessError, ConfigError, MachineError
from sales_consultant.config.sections import Mail
from sales_consultant.insight.charts import Bar, BarChart
from sales_consultant.insight.reports import Column, Figure, Report, Section, Table, Words
from sales_consultant.sync.insights import mailing

PASSWORD = "pw-canary-1234"
NOW = 1_735_000_000_000


class Box:
    """Takes mails; refuses what the test says."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = ""
        self.no_address = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == self.no_address:
            return "550 no such address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


def _signs_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    fine = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=fine, handled=fine)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def server(
    request: pytest.FixtureRequest, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mail]:
    """A server that asks for a private line and a sign-in; its authority is known to this machine.

    With the parameter True it takes letters outside ASCII in addresses.
    """
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        box, hostname="localhost", port=port, tls_context=context, require_starttls=True, authenticator=_signs_in,
        auth_require_tls=True, enable_SMTPUTF8=getattr(request, "param", False),
    )  # fmt: skip
    controller.start()
    yield Mail(host="localhost", port=port, user="reports", sender="reports@example.com")
    controller.stop()


def report(language: str = "en") -> tuple[Report, Words]:
    """A report with a chart, a table and a name that a page must escape."""
    words = Words("zh" if language == "zh" else "en", "EUR", ZoneInfo("UTC"))
    table = Table((Column("stage", "Stage"), Column("amount", "Amount", "money")), (("Café <b>", 123_456),))
    figure = Figure(
        "f", "Amounts", table, "As they are.", BarChart("Amounts", "money", (Bar("Café", 123_456.0),))
    )
    section = Section("s", "Pipeline", ("One thing was found.",), (figure,))
    return Report("week", words.language, "The week: Müller\r\nBcc: x@example.com", "sub", "Müller", NOW, 0, "EUR", "booked", "UTC", (section,)), words  # fmt: skip


def made(mail: Mail, *, to: tuple[str, ...] = ("anna@example.com",), language: str = "en") -> EmailMessage:
    found, words = report(language)
    found = Report(**{**vars(found), "title": found.title.split("\r")[0]})
    return mailing.message(found, words, mail, list(to), key="k", now=NOW)


def test_a_report_arrives_as_text_page_and_pictures(server: Mail, box: Box) -> None:
    mailing.send(made(server, to=("anna@example.com", "bo@example.com")), server, PASSWORD)
    [mail] = box.mails
    assert mail["To"] == "anna@example.com, bo@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain = mail.get_body(("plain",))
    rich = mail.get_body(("html",))
    assert (
        plain is not None
        and "One thing was found." in plain.get_content()
        and "€1,235" in plain.get_content()
    )
    assert rich is not None and "Café &lt;b&gt;" in rich.get_content()
    pictures = [p for p in mail.walk() if p.get_content_type() == "image/png"]
    assert len(pictures) == 1
    assert f'src="cid:{pictures[0]["Content-ID"][1:-1]}"' in rich.get_content()
    [page] = list(mail.iter_attachments())
    assert page.get_filename() == "report.html" and "<svg" in page.get_content()


def test_the_same_report_has_the_same_message_id(server: Mail) -> None:
    assert made(server)["Message-ID"] == made(server)["Message-ID"]


def test_a_header_cannot_be_smuggled_in(server: Mail) -> None:
    found, words = report()
    with pytest.raises(ValueError, match="linefeed"):
        mailing.message(found, words, server, ["anna@example.com"], key="k", now=NOW)


@pytest.mark.parametrize(
    ("change", "code", "kind"),
    [
        ({"password": "wrong"}, "535", AccessError),
        ({"refuse": "554 no"}, "554", MachineError),
        ({"no_address": "anna@example.com"}, "550", MachineError),
        ({"security": "tls"}, "cannot be used", MachineError),
        ({"port": 1}, "cannot be used", MachineError),
    ],
)
def test_a_server_that_refuses_is_told_without_the_password(
    server: Mail, box: Box, change: dict[str, Any], code: str, kind: type[Exception]
) -> None:
    box.refuse, box.no_address = change.get("refuse", ""), change.get("no_address", "")
    settings = server.model_copy(update={k: v for k, v in change.items() if k in ("security", "port")})
    with pytest.raises(kind) as e:
        mailing.send(made(settings), settings, change.get("password", PASSWORD))
    assert code in str(e.value) and "localhost" in str(e.value)
    assert PASSWORD not in repr(vars(e.value)) and "wrong" not in str(e.value)
    assert box.mails == []


def test_some_of_the_recipients_refused_are_named(server: Mail, box: Box) -> None:
    box.no_address = "bo@example.com"
    done = mailing.send(made(server, to=("anna@example.com", "bo@example.com")), server, PASSWORD)
    assert done.got == ("anna@example.com",)
    assert mailing.listed(done.refused) == "bo@example.com (code 550)" and not done.passing
    assert len(box.mails) == 1


def test_an_address_that_stands_twice_is_written_to_once(server: Mail, box: Box) -> None:
    twice = ("anna@müller.example", "Anna@xn--mller-kva.example", "bo@example.com")
    done = mailing.send(made(server, to=twice), server, PASSWORD)
    assert done.got == ("anna@xn--mller-kva.example", "bo@example.com")
    [mail] = box.mails
    assert mail["To"] == "anna@xn--mller-kva.example, bo@example.com"


@pytest.mark.parametrize("address", ["änne@example.com", "安娜@example.com", "anna@straße.example"])
def test_letters_that_the_server_cannot_take_are_told_as_that(server: Mail, box: Box, address: str) -> None:
    with pytest.raises(MachineError) as e:
        mailing.send(made(server, to=(address,)), server, PASSWORD)
    assert address in e.value.message and "SMTPUTF8" in e.value.message
    assert "ASCII" in e.value.action and "security" not in str(e.value.message) + e.value.action
    # The others get it.
    done = mailing.send(made(server, to=("anna@example.com", address)), server, PASSWORD)
    assert done.got == ("anna@example.com",) and list(done.refused) == [address]
    assert [m["To"] for m in box.mails] == ["anna@example.com"]


@pytest.mark.parametrize("server", [True], indirect=True)
def test_letters_that_the_server_takes_are_written_as_they_are(server: Mail, box: Box) -> None:
    done = mailing.send(made(server, to=("änne@example.com", "bo@example.com")), server, PASSWORD)
    assert done.got == ("änne@example.com", "bo@example.com") and not done.refused
    assert [m["To"] for m in box.mails] == ["änne@example.com, bo@example.com"]


def test_a_sender_that_the_server_cannot_take_is_named(server: Mail) -> None:
    odd = server.model_copy(update={"sender": "bücher@example.com"})
    with pytest.raises(ConfigError, match=r"sender bücher@example\.com"):
        mailing.send(made(odd), odd, PASSWORD)


def test_a_refusal_for_the_moment_says_to_try_again(server: Mail, box: Box) -> None:
    box.refuse = "451 greylisted"
    with pytest.raises(MachineError) as e:
        mailing.send(made(server), server, PASSWORD)
    assert "451" in e.value.message and "again later" in e.value.action


def test_a_server_whose_authority_is_unknown_gets_nothing(
    server: Mail, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(MachineError, match="SSLCertVerificationError"):
        mailing.send(made(server), server, PASSWORD)
    assert box.mails == []


def test_without_a_server_it_is_said() -> None:
    mail = Mail()
    with pytest.raises(ConfigError, match="No mail server"):
        mailing.send(EmailMessage(), mail, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "mail.example.com", "sender": "a@example.com", "security": "none"}, "in the open"),
        ({"host": "mail.example.com", "sender": "nobody"}, "no mail address"),
        ({"password": "secret"}, "keyring:mail"),
    ],
)
def test_settings_that_cannot_be_safe_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Mail(**given)
