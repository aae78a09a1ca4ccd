"""What came in since the last sync gives its step at the very next one, while the clock runs on during the pull."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support import tiny
from support.in_process import LocalSandbox
from support.local_connector import opened

from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import Connector
from sales_consultant.sandbox.clock import iso
from sales_consultant.scoring.next_steps import rule_of
from sales_consultant.sync.plan.plan import Plan
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.text_signals import TextSignals
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup.provisioning import provision
from sales_consultant.sync.stores import TextCache
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

# By the number of an open deal: what is written on it, and the rule that must give its step.
SAID = {
    3: ("Please remove me from your mailing list.", "note-unsubscribe"),
    6: ("I am out of the office until Monday and will answer after my return.", "wait-away"),
    9: ("The machine is broken again and nobody calls us back. This is unacceptable.", "answer-complaint"),
    12: ("We want to cancel our contract.", "answer-leaving"),
}


class Company:
    """An open deal with its own contact for each of SAID, in a CRM whose clock moves with every look at it."""

    def __init__(self, crm: str, root: Path) -> None:
        made = tiny.tables(contacts=40, companies=6, deals=39)
        ticks = count(step=0.05)
        self.sandbox = LocalSandbox(
            crm, clock=tiny.CLOCK, data=tiny.write(root / "data", made), ticks=lambda: next(ticks)
        )
        self.crm, self.root = crm, root
        (root / "state" / "main").mkdir(parents=True)
        self.settings = Settings.model_validate(
            {
                "connections": {"main": {"crm": crm, "url": "http://127.0.0.1"}},
                "populations": {"deals": {"object": "deals", "event": "won", "label": "Deals"}},
                "text": {"enabled": True},
                "tasks": {"create": True},
                "next_steps": {"max_new_per_owner": 99},
            }
        )

    def sync(self) -> Plan:
        connection = self.settings.connections["main"]
        reader = TextSignals(self.settings.text, TextCache(self.root / "state" / "main"))
        connector: Connector = opened(connection, self.sandbox, self.sandbox.adapter, texts=reader)
        with Workspace(self.settings, "main", connection, self.root / "state", connector=connector) as ws:
            provision(ws, dry=False)
            _, plan = sync(ws, Silent(), SyncOptions(yes=True))
        return plan

    def receive(self, deal: int, text: str) -> None:
        """An e-mail comes in that hangs on a deal and on its contact."""
        names = {"hubspot": ("deals", "contacts"), "salesforce": ("Opportunity", "Contact")}[self.crm]
        ids = [self.id(o, f"{letter}{deal}") for o, letter in zip(names, "dp", strict=True)]
        at = iso(self.sandbox.clock.now_ms() - 60_000)
        if self.crm == "hubspot":
            values = {"hs_email_direction": "INCOMING_EMAIL", "hs_timestamp": at, "hs_email_text": text}
            mail = self._create("/crm/v3/objects/emails", {"properties": values})
            for name, id in zip(names, ids, strict=True):
                self.sandbox.call("PUT", f"/crm/v4/objects/emails/{mail}/associations/default/{name}/{id}")
            return
        path = "/services/data/v62.0/sobjects"
        task = self._create(
            f"{path}/Task",
            {
                "Subject": "Re: Offer", "Description": text, "Status": "Completed", "TaskSubtype": "Email",
                "WhatId": ids[0], "WhoId": ids[1],
            },
        )  # fmt: skip
        self._create(f"{path}/EmailMessage", {"Subject": "Re: Offer", "Incoming": True, "ActivityId": task})

    def id(self, object: str, of_folder: str) -> str:
        """The CRM's id of a record of the data folder."""
        key = "external_id__c" if self.crm == "salesforce" else "external_id"
        return next(
            r.id for r in self.sandbox.store.each(self.crm, object) if r.values().get(key) == of_folder
        )

    def _create(self, path: str, body: Any) -> str:
        made = self.sandbox.call("POST", path, body)
        return str(made["id"])


@pytest.fixture(params=["hubspot", "salesforce"])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    made = Company(request.param, tmp_path)
    with made.sandbox:
        yield made


@pytest.mark.slow
def test_what_came_in_gives_its_step_at_the_next_sync_and_nothing_at_the_one_after(company: Company) -> None:
    company.sync()
    company.sandbox.clock.advance(86_400)
    for deal, (text, _) in SAID.items():
        company.receive(deal, text)
    first = company.sync()
    steps = {e.name: str(new) for e in first.entries for k, _, new in e.fields if k == "next_step_id"}
    for deal, (_, rule) in SAID.items():
        name = f"Deal {deal} – größer" if deal % 2 else f"Deal {deal}"
        assert rule_of(steps[name]) == rule, name
    second = company.sync()
    assert not second.entries
