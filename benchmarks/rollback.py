"""Undoing a run of 100,000 changes: what nobody touched comes back, what somebody touched is left and listed, in how many calls.

`RECORDS=n` for another number, `CRM=name` for one CRM. The minimum is one look at each record and one write of each that is
restored, in the CRM's largest batches; a run's start (who answers, which org, the clock) is five calls more.
"""

import os
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.million import TOKEN, fill, serving
from sales_consultant.config.sections import Connection as ConnectionSettings
from sales_consultant.config.settings import Settings
from sales_consultant.connectors.base import Connector
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup import provisioning
from sales_consultant.sync.use_cases.rollback import rollback
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

START = 5
POLLS: list[str] = []
_POLL = re.compile(r"jobs/ingest/[^/]+")
TOUCHED = 500


def _touch(url: str, crm: str, ids: list[str]) -> None:
    """A person puts those records into another segment."""
    import requests

    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        for start in range(0, len(ids), 100):
            part = ids[start : start + 100]
            if crm == "hubspot":
                body = {"inputs": [{"id": i, "properties": {"sc_segment": "champions"}} for i in part]}
                answer = session.post(
                    f"{url}/crm/objects/2026-03/contacts/batch/update", json=body, timeout=60
                )
            else:
                records = [
                    {"attributes": {"type": "Contact"}, "id": i, "SC_Segment__c": "champions"} for i in part
                ]
                answer = session.patch(
                    f"{url}/services/data/v62.0/composite/sobjects", json={"records": records}, timeout=60
                )
            assert answer.status_code == 200, answer.text[:300]


def _connector(crm: str, url: str) -> Connector | None:
    """Salesforce's, that does not wait between polls: the sandbox goes on with a job whenever it is asked."""
    if crm == "hubspot":
        return None
    from sales_consultant.connectors.salesforce.api.client import SalesforceApi
    from sales_consultant.connectors.salesforce.connector import SalesforceConnector

    class Counting(SalesforceApi):
        def call(self, path: str, **more: Any) -> Any:
            if _POLL.fullmatch(path) and "method" not in more:
                POLLS.append(path)
            return super().call(path, **more)

    api = Counting(ConnectionSettings(crm="salesforce", url=url), TOKEN)
    return SalesforceConnector(api, sleep=lambda seconds: None)


def measured(crm: str, url: str, folder: Path, count: int) -> str:
    """Write, touch, undo, sync again; one line."""
    settings = Settings(connections={"main": {"crm": crm, "url": url}}, write={"objects": ["contacts"]})  # type: ignore[dict-item, arg-type]  # as a file gives them
    environ = {"SALES_CONSULTANT_MAIN_TOKEN": TOKEN}
    quiet = Silent()
    with Workspace(
        settings,
        "main",
        settings.connections["main"],
        folder,
        environ=environ,
        connector=_connector(crm, url),
    ) as ws:
        provisioning.provision(ws, dry=False)
        first, plan = sync(ws, quiet, SyncOptions(yes=True))
        assert first.counts["written"] == count == len(plan.entries)
        ids = sorted(e.record_id for e in plan.entries)
        touched = ids[:: max(1, count // TOUCHED)]
        _touch(url, crm, touched)
        calls, begun, polls = ws.connector.calls.total, time.monotonic(), len(POLLS)
        run, undo = rollback(ws, quiet, [first.id])
        # How often a job is asked whether it is done depends on the org.
        polls = len(POLLS) - polls
        seconds, calls = time.monotonic() - begun, ws.connector.calls.total - calls - polls
        restored = run.counts["written"]
        assert restored == count - len(touched) and run.counts["dead"] == 0
        assert sorted(c["record"] or "" for c in undo.conflicts) == touched
        # Records read back at once, and the least calls that writing takes, as the connector states them.
        least = -(-count // _looks(crm)) + ws.connector.write_calls(restored)
        again, _ = sync(ws, quiet, SyncOptions(yes=True))
        held = ws.connector.read_back("contacts", ids[1:2] + touched[:1], ws.fields["contacts"])
        values = {h.record_id: h.values.get("segment") for h in held}
    assert again.counts["written"] == 0, "the next run undid it"
    assert values == {ids[1]: None, touched[0]: "champions"}
    return (
        f"rollback {crm}: {restored:,} of {count:,} restored, {len(undo.conflicts):,} touched ones left and listed, "
        f"{calls:,} calls = {(calls - START) / least:.3f} x minimum (1.02){f' and {polls} polls' if polls else ''}, {seconds:.0f} s; the next sync wrote 0"
    )


def _looks(crm: str) -> int:
    from sales_consultant.connectors.salesforce.connector import READ_BACK

    return 100 if crm == "hubspot" else READ_BACK


def run() -> None:
    """One line a CRM."""
    count = int(os.environ.get("RECORDS", "100000"))
    for crm in os.environ.get("CRM", "hubspot salesforce").split():
        with tempfile.TemporaryDirectory() as name:
            store = Path(name) / "portal.db"
            fill(crm, store, count)
            with serving(crm, store) as url:
                print(measured(crm, url, Path(name) / "data", count), flush=True)
