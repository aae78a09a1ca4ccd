"""A company whose people write, for either CRM, and a record of what is asked of its API."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import requests
from requests.adapters import HTTPAdapter
from support import tiny
from support.in_process import LocalSandbox
from support.local_connector import opened

from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import TextReader
from sales_consultant.sync.runtime.text_signals import TextSignals
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores import TextCache

# A sentence that no program of ours would write, and that compresses badly.
CANARY = "Zyqxwv-Brontosaurus 7f3k9 knabbert violette Ziegel"
SAID = {
    "a1": ("inbound", "email", "Re: your offer", f"Please remove me from your mailing list. {CANARY}", 30),
    "a2": ("inbound", "email", "Contract", f"We want to cancel our contract. {CANARY}", 20),
    "a3": ("outbound", "email", "Order", f"How much would you pay? {CANARY}", 10),
    "a4": ("", "note", f"{CANARY}", f"Call note: customer says that it is too expensive. {CANARY}", 5),
    "a5": ("inbound", "email", "Hello", "", 3),
}
TEXT_NAMES = (
    "hs_call_title", "hs_call_body", "hs_email_subject", "hs_email_text", "hs_email_html", "hs_meeting_title",
    "hs_meeting_body", "hs_note_body", "hs_task_subject", "hs_task_body", "hs_communication_body", "hs_body_preview",
    "Subject", "Description", "TextBody", "HtmlBody",
)  # fmt: skip


def tables() -> tiny.Tables:
    made = tiny.tables(contacts=4, companies=2, deals=6)
    made["activities"] = [
        {
            "id": id,
            "type": kind,
            "direction": direction,
            "occurred_at": tiny.at(day),
            "created_at": tiny.at(day),
            "contact_id": "p1" if id == "a1" else "p2",
            "deal_id": "" if id == "a1" else "d0",
            "owner_id": "o1",
            "subject": subject,
            "body": body,
        }
        for id, (direction, kind, subject, body, day) in SAID.items()
    ]
    return made


class Asked(HTTPAdapter):
    """Hands requests to another adapter and keeps what was asked."""

    def __init__(self, behind: HTTPAdapter) -> None:
        super().__init__()
        self.behind = behind
        self.texts: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body or b""
        asked = body if isinstance(body, str) else body.decode("utf-8", "replace")
        self.texts.append(f"{unquote_plus(str(request.url))} {asked}")
        return self.behind.send(request, *args, **kwargs)


def settings(crm: str, *, text: bool, **more: Any) -> Settings:
    return Settings.model_validate(
        {
            "connections": {"main": {"crm": crm, "url": "http://127.0.0.1"}},
            "text": {"enabled": text, **more},
        }
    )


def workspace(
    sandbox: LocalSandbox, folder: Path, *, text: bool, adapter: HTTPAdapter | None = None, **more: Any
) -> Workspace:
    """A workspace as the program would open it."""
    chosen = settings(sandbox.crm, text=text, **more)
    (folder / "main").mkdir(exist_ok=True, parents=True)
    reader: TextReader | None = TextSignals(chosen.text, TextCache(folder / "main")) if text else None
    connector = opened(chosen.connections["main"], sandbox, adapter or sandbox.adapter, texts=reader)
    return Workspace(chosen, "main", chosen.connections["main"], folder, connector=connector)
