"""An admin's desk: a sandbox portal that runs in this process, the real command line, and what both hold."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cli import TOKEN, Cli
from support.sandbox_company import Api

from sales_consultant.config.fields.canon import CanonError, canon
from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.sandbox.serving.server import Sandbox

Holding = dict[tuple[str, str, str], str | None]
OURS = {f"sc_{f.key}": f for f in FIELDS if not f.people_write}


@dataclass
class Office:
    """The command line and the portal it works on."""

    cli: Cli
    portal: Api

    @property
    def sandbox(self) -> Sandbox:
        """The running sandbox."""
        return self.portal.sandbox

    def query(self, sql: str, *parameters: Any) -> list[Any]:
        """Rows of the state, read beside whatever runs."""
        with closing(sqlite3.connect(self.cli.data / "main" / "state.db", timeout=10)) as c:
            return c.execute(sql, parameters).fetchall()

    def journal_is_there(self) -> bool:
        """Whether a command has made the state and its tables yet."""
        file = self.cli.data / "main" / "state.db"
        return file.exists() and bool(self.query("SELECT 1 FROM sqlite_master WHERE name = 'backfills'"))

    def held(self) -> Holding:
        """What the portal holds of our fields, in the form that is compared: (object, id, field) to value."""
        found: Holding = {}
        for object in ("contacts", "companies", "deals"):
            for record in self.sandbox.store.each("hubspot", object):
                for name, text in record.values().items():
                    if name in OURS and text not in (None, ""):
                        try:
                            value = canon(OURS[name], text)
                        except CanonError:
                            value = str(text)
                        found[object, record.id, OURS[name].key] = value
        return found

    def written(self) -> Holding:
        """What the journal says we last wrote; emptied fields left out."""
        rows = self.query("SELECT object, record_id, field, value FROM written WHERE value IS NOT NULL")
        return {(o, i, f): v for o, i, f, v in rows}

    def unsettled(self) -> int:
        """Changes whose outcome is not known."""
        rows = self.query("SELECT count(*) FROM changes WHERE state IN ('planned', 'inflight')")
        return int(rows[0][0])

    def set(self, object: str, record_id: str, **values: str) -> None:
        """Edit a record by hand, as a rep would."""
        path = f"/crm/objects/2026-03/{object}/{record_id}"
        answer = self.portal.send("PATCH", path, {"properties": values})
        assert answer.status_code == 200, answer.text

    def fault(self, **rule: Any) -> None:
        """Switch a fault on."""
        self.portal.control("faults", **rule)

    def calm(self) -> None:
        """Switch all faults off."""
        self.portal.send("DELETE", "/_sandbox/faults")

    def calls(self) -> int:
        """How many requests the portal has had."""
        counted = self.portal.get("/_sandbox").json()["calls"]
        return sum(int(n) for by in counted.values() for n in by.values())


@contextmanager
def office(
    folder: Path, *, data: Path | None = None, store: Path | None = None, clock: str, token: str = TOKEN
) -> Iterator[Office]:
    """A desk in `folder`, at a portal that is filled from `data` or kept in `store`."""
    with Sandbox(data=data, clock=clock, crms=("hubspot",), store=store) as sandbox:
        portal = Api(sandbox)
        made = Office(Cli(folder, sandbox.url, token=token), portal)
        try:
            yield made
            made.cli.no_secret_kept()
        finally:
            portal.session.close()


def wait_for(what: Any, seconds: float = 30.0) -> None:
    """Until `what()` is true; AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def frozen(desk: Office, process: "subprocess.Popen[str]") -> Iterator[None]:
    """The command stands still in the middle of its run, however long the block takes; it holds no lock of the state."""
    file = desk.cli.data / "main" / "state.db"
    for _ in range(100):
        os.killpg(process.pid, signal.SIGSTOP)
        with closing(sqlite3.connect(file, timeout=0.2)) as c, suppress(sqlite3.OperationalError):
            c.execute("BEGIN IMMEDIATE")
            c.rollback()
            break
        os.killpg(process.pid, signal.SIGCONT)
        time.sleep(0.02)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def kill(process: "subprocess.Popen[str]") -> None:
    """SIGKILL to the command and all it started, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
