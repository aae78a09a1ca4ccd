"""Push of 100,000 changes through the journal, both CRMs: calls against the least, and 1,000 bad records among them.

Bulk polls are not counted: they are the vendor's time, and their interval grows.
"""

import math
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RECORDS = int(os.environ.get("PUSH_RECORDS", "100000"))
BAD = RECORDS // 100
_POLL = re.compile(r"jobs/ingest/\w+")


def run() -> None:
    """Print calls, ratio and time of each case; AssertionError where a figure is missed."""
    chosen = os.environ.get("PUSH_CRM", "")
    if chosen in ("", "hubspot"):
        _hubspot()
    if chosen in ("", "salesforce"):
        _salesforce()


def _sample() -> list[int]:
    """Which records are bad: spread as by chance, the same in every run."""
    import random

    return sorted(random.Random(7).sample(range(RECORDS), BAD))


def _push(
    connector: Any, ids: list[str], bad: set[int], values: dict[str, str]
) -> tuple[Counter[str], float]:
    """Journal, write and settle; AssertionError where a bad record is no dead letter or a good one was held up."""
    import sqlalchemy as sa

    from sales_consultant.sync.journal.changes import Entry
    from sales_consultant.sync.journal.journal import Journal
    from sales_consultant.sync.push import push
    from sales_consultant.sync.runtime.lease import hold
    from sales_consultant.sync.stores.state import State, dead_letters

    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state.db")
        journal = Journal(state, "benchmark")
        wanted = [values | ({"grade": "none such"} if n in bad else {}) for n in range(len(ids))]
        journal.plan(
            Entry("contacts", i, i, "benchmark", tuple((k, None, v) for k, v in w.items()))
            for i, w in zip(ids, wanted, strict=True)
        )
        started = time.perf_counter()
        with hold(state, Path(folder) / "lock", job="sync", now=connector.now()) as lease:
            push(connector, journal, lease, {}, clock=connector.latest)
        seconds = time.perf_counter() - started
        counts = Counter(journal.counts())
        letters = state.rows(sa.select(dead_letters))
        state.close()
    assert {r["record_id"] for r in letters} == {ids[n] for n in bad}, "every bad record is a dead letter"
    assert all(r["message"] for r in letters), "with the CRM's reason"
    assert counts == Counter(
        {"done": len(ids) - len(bad), "dead": len(bad)} if bad else {"done": len(ids)}
    ), counts
    return counts, seconds


def _say(crm: str, case: str, calls: int, least: int, bad: int, seconds: float) -> None:
    extra = f", {(calls - least) / bad:.1f} further calls a bad record" if bad and calls > least else ""
    print(
        f"push_figures: {crm}, {case}: {RECORDS:,} changes, {bad:,} bad: {calls:,} calls = {calls / least:.3f} x the least of "
        f"{least:,}{extra}; {RECORDS / seconds:,.0f} changes/s beside the sandbox",
        flush=True,
    )


def _hubspot() -> None:
    import requests

    from sales_consultant.config.fields.catalogue import fields
    from sales_consultant.connectors.hubspot.api.client import HubSpotApi
    from sales_consultant.connectors.hubspot.connector import HubSpotConnector
    from sales_consultant.sandbox.serving.server import Sandbox

    with Sandbox(crms=("hubspot",)) as sandbox, requests.Session() as session:
        session.headers["Authorization"] = "Bearer x"

        def post(path: str, body: Any) -> Any:
            answer = session.post(sandbox.url + path, json=body, timeout=120)
            assert answer.ok, answer.text
            return answer.json()

        ids: list[str] = []
        for part in _parts(range(RECORDS), 100):
            inputs = [{"properties": {"lastname": f"n{n}"}} for n in part]
            ids += [
                r["id"] for r in post("/crm/v3/objects/contacts/batch/create", {"inputs": inputs})["results"]
            ]
        connector = HubSpotConnector(HubSpotApi("x", url=sandbox.url), read="2026-03", write="2026-03")
        connector.provision(fields("minimal", ["contacts"]), dry=False)
        least = math.ceil(RECORDS / 100)
        for score, (case, traced, bad) in enumerate(
            [
                ("no refusals", True, set()),
                ("refusals per record", True, set(_sample())),
                ("whole batches refused", False, set(_sample())),
            ]
        ):
            post("/_sandbox/options", {"trace_ids": traced})
            before = connector.calls.total
            _, seconds = _push(connector, ids, bad, {"score": str(50 + score), "grade": "AB"[score % 2]})
            calls = connector.calls.total - before - 1
            _say("hubspot", case, calls, least, len(bad), seconds)
            assert calls <= (1.02 * least if traced else least + 16 * len(bad))
        connector.close()


def _salesforce() -> None:
    import requests

    from sales_consultant.config.fields.catalogue import fields
    from sales_consultant.config.sections import Connection
    from sales_consultant.connectors.salesforce.api.client import SalesforceApi
    from sales_consultant.connectors.salesforce.connector import SalesforceConnector
    from sales_consultant.connectors.salesforce.writing.push import BULK_ROWS
    from sales_consultant.sandbox.serving.server import Sandbox

    with Sandbox(crms=("salesforce",)) as sandbox, requests.Session() as session:
        session.headers["Authorization"] = "Bearer x"
        url = f"{sandbox.url}/services/data/v62.0/composite/sobjects"
        ids: list[str] = []
        for part in _parts(range(RECORDS), 200):
            records = [{"attributes": {"type": "Contact"}, "LastName": f"n{n}"} for n in part]
            answer = session.post(url, json={"records": records}, timeout=120)
            ids += [r["id"] for r in answer.json()]

        class Counting(SalesforceApi):
            polls = 0

            def call(self, path: str, **more: Any) -> Any:
                self.polls += bool(_POLL.fullmatch(path)) and "method" not in more
                return super().call(path, **more)

        api = Counting(Connection(crm="salesforce", url=sandbox.url), "x")
        # The sandbox goes on with a job whenever it is called: waiting between polls would be waiting for nobody.
        connector = SalesforceConnector(api, sleep=lambda seconds: None)
        connector.provision(fields("minimal", ["contacts"]), dry=False)
        # A job is made, filled, set to work, and its three lists are read.
        least = 6 * math.ceil(RECORDS / BULK_ROWS)
        for score, (case, bad) in enumerate(
            [("no refusals", set()), ("refusals per record", set(_sample()))]
        ):
            before, polls = connector.calls.total, api.polls
            _, seconds = _push(connector, ids, bad, {"score": str(50 + score), "grade": "AB"[score % 2]})
            polls = api.polls - polls
            calls = connector.calls.total - before - 1 - polls
            _say("salesforce", f"{case}, {polls} polls", calls, least, len(bad), seconds)
            assert calls <= 1.02 * least
        connector.close()


def _parts(whole: range, size: int) -> Iterator[range]:
    for start in range(whole.start, whole.stop, size):
        yield whole[start - whole.start : start - whole.start + size]
