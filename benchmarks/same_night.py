"""A night in which nothing changed, and a quarter of an hour in which 200 records did, in a CRM of 500,000 contacts.

`RECORDS=n` for another number, `CRM=name` for the other CRM. Every contact holds a segment that was written before; no
model is in force, so that reading, planning and writing are measured and scoring is not (see propensity_speed). Each
run is a process of its own; its CPU, memory and calls are all of it, from the import of the first module on.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from benchmarks.million import TOKEN, fill, serving

CHANGED = 200
FIELD = {"hubspot": "sc_segment", "salesforce": "SC_Segment__c"}


def work(what: str, crm: str, url: str, folder: str, as_of: str) -> None:
    """In a process of its own: one run, and what it took as JSON."""
    begun = time.perf_counter()
    from sales_consultant.config.settings import Settings
    from sales_consultant.sync.push import restored
    from sales_consultant.sync.runtime.reporting import Silent
    from sales_consultant.sync.runtime.run_context import running
    from sales_consultant.sync.runtime.workspace import Workspace
    from sales_consultant.sync.setup import provisioning
    from sales_consultant.sync.use_cases.pulling import pulling
    from sales_consultant.sync.use_cases.sync import SyncOptions, sync

    settings = Settings(connections={"main": {"crm": crm, "url": url}}, write={"objects": ["contacts"]})  # type: ignore[dict-item, arg-type]  # as a file gives them
    environ = {"SALES_CONSULTANT_MAIN_TOKEN": TOKEN}
    told: dict[str, Any] = {}
    chosen = settings.connections["main"]
    with Workspace(settings, "main", chosen, Path(folder), environ=environ) as ws:
        if what == "provision":
            provisioning.provision(ws, dry=False)
        elif what == "adopt":
            with running(ws, "pull") as run:
                pulling(ws, run, Silent())
                restored.adopt(ws, run.id)
        else:
            run, plan = sync(
                ws, Silent(), SyncOptions(as_of=int(as_of) or None, yes=True, changed=what == "changed")
            )
            told = {"as_of": run.as_of, "written": run.counts["written"], "looked_at": plan.looked_at}
        told["calls"] = ws.connector.calls.total
    used = resource.getrusage(resource.RUSAGE_SELF)
    told |= {
        "seconds": time.perf_counter() - begun,
        "cpu": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / 1024,
    }
    print(json.dumps(told))


def _run(what: str, crm: str, url: str, folder: Path, as_of: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.same_night", what, crm, url, str(folder), str(as_of)],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _settle(crm: str, store: Path) -> None:
    """Every contact holds the segment of somebody who never bought, as if written long ago."""
    from sales_consultant.sandbox.store import Store

    held = Store(store)
    name = "$." + json.dumps(FIELD[crm])
    held.write(
        "UPDATE records SET properties = json_set(properties, ?, 'prospects') WHERE object LIKE 'contact%'",
        (name,),
    )
    held.close()


def _change(crm: str, url: str, count: int) -> None:
    """Somebody renames some contacts."""
    from sales_consultant.sandbox.salesforce.org import ids

    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        for start in range(1, CHANGED + 1, 100):
            some = range(start, start + 100)
            if crm == "hubspot":
                inputs = [{"id": str(n), "properties": {"lastname": f"Renamed {n}"}} for n in some]
                path = "crm/objects/2026-03/contacts/batch/update"
                answer = session.post(f"{url}/{path}", json={"inputs": inputs}, timeout=60)
            else:
                kind = {"type": "Contact"}
                rows = [
                    {"attributes": kind, "id": ids.make("Contact", n), "LastName": f"Renamed {n}"}
                    for n in some
                ]
                path = "services/data/v62.0/composite/sobjects"
                answer = session.patch(f"{url}/{path}", json={"records": rows}, timeout=60)
            assert answer.status_code == 200, answer.text[:300]


def run() -> None:
    """Two lines a CRM."""
    count = int(os.environ.get("RECORDS", "500000"))
    for crm in os.environ.get("CRM", "hubspot").split():
        with tempfile.TemporaryDirectory() as name:
            store, folder = Path(name) / "portal.db", Path(name) / "data"
            fill(crm, store, count)
            with serving(crm, store) as url:
                _run("provision", crm, url, folder)
            _settle(crm, store)
            with serving(crm, store) as url:
                _run("adopt", crm, url, folder)
                first = _run("sync", crm, url, folder)
                again = _run("sync", crm, url, folder, first["as_of"])
                print(
                    f"same_night {crm}: {again['looked_at']:,} records, {again['written']} written, {again['calls']} calls, "
                    f"{again['cpu']:.0f} s of CPU (60), {again['seconds']:.0f} s, {again['mb']:,.0f} MB (1,000)",
                    flush=True,
                )
                _change(crm, url, count)
                some = _run("changed", crm, url, folder)
                print(
                    f"same_night {crm}, {CHANGED} changed: {some['written']} written, {some['calls']} calls (40), "
                    f"{some['seconds']:.0f} s (60), {some['mb']:,.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    work(*sys.argv[1:6])
