"""A company on one CRM, what the CRM and the journal hold of our fields, and whether that agrees."""

import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from support import seller, tiny
from support.cli import TOKEN, Cli
from support.office import Office
from support.sandbox_company import Api
from support.warm import Child, Nursery

from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.config.sections import Connection, Write
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import Connector
from sales_consultant.sandbox.serving.server import Sandbox

OURS = tuple(f for f in FIELDS if not f.people_write)
# What one disturbed run does with a CRM that is well: lost answers, limits, errors of the server.
SHARES: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("lost", 0.02, {}),
    ("status", 0.02, {"status": 429, "retry_after": 1}),
    ("status", 0.01, {"status": 503}),
)
WRITES = r"batch/(update|create|archive)|composite/sobjects|jobs/ingest"
SLOW = 0.12
BAD = 3
# A task is made by an insert; all else of ours is an update. What HubSpot counts of links changes no stamp and is nobody's write;
# Salesforce's stamps are whole seconds.
LOG = """CREATE TABLE IF NOT EXISTS writes (object TEXT, id TEXT, before TEXT, after TEXT);
CREATE TRIGGER IF NOT EXISTS writes_noted AFTER UPDATE OF properties ON records WHEN OLD.modified < NEW.modified
 OR (OLD.modified = NEW.modified AND NEW.vendor = 'salesforce') BEGIN
 INSERT INTO writes VALUES (NEW.object, NEW.id, OLD.properties, NEW.properties); END;
CREATE TRIGGER IF NOT EXISTS tasks_noted AFTER INSERT ON records WHEN NEW.object IN ('tasks', 'Task') BEGIN
 INSERT INTO writes VALUES (NEW.object, NEW.id, '{}', NEW.properties); END"""
_TASKS = {"hubspot": ("tasks", "sc_task_id"), "salesforce": ("Task", "SC_Task_Id__c")}
_SOBJECTS = {"contacts": "Contact", "leads": "Lead", "companies": "Account", "deals": "Opportunity"}

Place = tuple[str, str, str]


@dataclass
class Tally:
    """What came of the kills."""

    kills: int = 0
    lost: int = 0
    redundant: int = 0
    tasks: int = 0
    """Tasks that were there when all was calm, each exactly once."""
    during: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.kills} kills, {self.lost} lost, {self.redundant} redundant, {self.tasks} tasks looked at when calm"

    def add(self, other: "Tally") -> None:
        """Count another company's kills too."""
        self.kills += other.kills
        self.lost += other.lost
        self.redundant += other.redundant
        self.tasks += other.tasks
        self.during += other.during
        self.notes += other.notes


class WarmCli(Cli):
    """Commands as copies of a process that has imported everything."""

    nursery: Nursery

    def begin(self, *args: str) -> Child:
        """The command while it runs."""
        words = [*args, "--json", "--data-dir", str(self.data)]
        return self.nursery.start(words, self.environ(), self.folder)

    def done(self, *args: str) -> dict[str, Any]:
        """The document of a command, whatever its code."""
        out, err = self.begin(*args).communicate(timeout=120)
        self.no_secret(out, err)
        found: dict[str, Any] = json.loads(out)
        return found


class Company:
    """The desk, its CRM, and what both hold."""

    def __init__(self, desk: Office, cli: WarmCli, crm: str, connector: Connector, seed: int) -> None:
        self.desk = desk
        self.cli = cli
        self.crm = crm
        self.connector = connector
        self.draw = random.Random(seed)
        self.tally = Tally()
        self.bad: set[tuple[str, str]] = set()
        for statement in LOG.split(";\n"):
            desk.sandbox.store.write(statement)

    @cached_property
    def _journal(self) -> sqlite3.Connection:
        return sqlite3.connect(self.cli.data / "main" / "state.db", timeout=10, isolation_level=None)

    def query(self, sql: str, *parameters: Any) -> list[Any]:
        """Rows of the journal, by a connection that is kept: asked every few milliseconds."""
        return self._journal.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def in_flight(self, *, tasks: bool = False) -> bool:
        """Whether a batch is on its way, or one of tasks."""
        only = " AND object = 'tasks'" if tasks else ""
        return bool(self.query(f"SELECT 1 FROM changes WHERE state = 'inflight'{only} LIMIT 1"))

    def writes(self) -> int:
        """How many records the CRM has changed since they were counted last."""
        return int(self.desk.sandbox.store.rows("SELECT count(*) FROM writes")[0][0])

    def crm_holds(self) -> dict[Place, str]:
        """Our fields as the CRM has them, in the form that is compared."""
        found: dict[Place, str] = {}
        for object in ("contacts", "leads", "companies", "deals"):
            if self.crm == "hubspot" and object == "leads":
                continue
            mine = [(f, self.connector.field_name(object, f)) for f in OURS if object in f.on]
            kind = object if self.crm == "hubspot" else _SOBJECTS[object]
            for record in self.desk.sandbox.store.each(self.crm, kind):
                held = record.values()
                for f, name in mine:
                    value = _text(held.get(name))
                    if value is not None:
                        parsed = self.connector.parse(f, value)
                        if parsed is not None:
                            found[object, record.id, f.key] = parsed
        return found

    def explained(self) -> int:
        """Values at the CRM that the journal neither knows as written nor as on their way: 0, or something was lost."""
        rows = self.query(
            "SELECT object, record_id, field, value FROM written WHERE value IS NOT NULL AND object <> 'tasks'"
        )
        written = {(o, i, f): v for o, i, f, v in rows}
        open_: dict[Place, set[str | None]] = {}
        flying = (
            "SELECT object, record_id, field, new FROM changes WHERE state = 'inflight' AND object <> 'tasks'"
        )
        for o, i, f, new in self.query(flying):
            open_.setdefault((o, i, f), set()).add(new)
        held = self.crm_holds()
        wrong = [
            p
            for p in held.keys() | written.keys()
            if held.get(p) != written.get(p) and held.get(p) not in open_.get(p, set())
        ]
        if wrong:
            p = wrong[0]
            self.tally.notes.append(f"{self.crm} {p}: holds {held.get(p)!r}, journal {written.get(p)!r}")
        return len(wrong) + self.odd_tasks()

    def crm_tasks(self) -> list[str]:
        """Our ids of the tasks that the CRM holds, a double twice."""
        kind, name = _TASKS[self.crm]
        held = self.desk.sandbox.store.each(self.crm, kind)
        return [str(r.values()[name]) for r in held if r.values().get(name) and not r.archived]

    def odd_tasks(self, *, calm: bool = False) -> int:
        """Tasks that are there twice, or that the journal knows nothing of; when all is calm, also steps without one."""
        there = Counter(self.crm_tasks())
        known = {i for (i,) in self.query("SELECT record_id FROM changes WHERE object = 'tasks'")}
        odd = [i for i, n in there.items() if n > 1 or i not in known]
        status = self.query(
            "SELECT a.record_id, a.value, s.value FROM written a JOIN written s USING (object, record_id) "
            "WHERE a.object = 'tasks' AND a.field = 'task_about' AND s.field = 'task_status'"
        )
        live = {i: about for i, about, what in status if what in ("open", "done", "overtaken")}
        if calm:
            steps = {f"{o}/{i}" for o, i, f in self.crm_holds() if f == "next_step_id"}
            opened = Counter(about for i, about, what in status if what == "open")
            odd += [i for i in live.keys() ^ there.keys()]
            odd += [about for about in steps ^ opened.keys()] + [a for a, n in opened.items() if n > 1]
            self.tally.tasks += len(there)
        if odd:
            self.tally.notes.append(f"{self.crm}: odd tasks {odd[:3]}")
        return len(odd)

    def redundant(self) -> int:
        """Writes that left all of our fields as they were."""
        names = {
            self.connector.field_name(o, f)
            for f in OURS
            for o in f.on
            if not (self.crm == "hubspot" and o == "leads")
        }
        count = 0
        for object, id_, before, after in self.desk.sandbox.store.rows("SELECT * FROM writes"):
            was, is_ = json.loads(before), json.loads(after)
            if not names & (was.keys() | is_.keys()) or was.get("num_notes") != is_.get("num_notes"):
                # What HubSpot counts when a task is linked is its own write.
                continue
            if all(_text(was.get(n)) == _text(is_.get(n)) for n in names):
                self.tally.notes.append(f"{self.crm} {object} {id_} was written twice")
                count += 1
        self.desk.sandbox.store.write("DELETE FROM writes")
        return count

    def disturb(self) -> None:
        """Let the CRM lose and refuse, and write slowly, so that kills hit what is being written."""
        for kind, share, more in SHARES:
            seed = self.draw.randrange(10**6)
            self.desk.fault(kind=kind, probability=share, seed=seed, path="^/(crm|services)", **more)
        self.desk.fault(kind="slow", path=WRITES, seconds=SLOW, times=None)

    def spoil(self) -> None:
        """Some records that the CRM refuses, whatever is sent."""
        kind = "contacts" if self.crm == "hubspot" else "Contact"
        ids = [r.id for r in self.desk.sandbox.store.each(self.crm, kind)][5 : 5 + BAD]
        self.bad = {("contacts", i) for i in ids}
        if self.crm == "salesforce":
            code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
            self.desk.portal.control("row_errors", ids=ids, code=code, message="no", times=10**6)
        else:
            found = self.desk.sandbox.store.get_many(self.crm, kind, ids).values()
            rules = [{"when": {"email": r.values()["email"]}, "require": ["phone"]} for r in found]
            self.desk.portal.control("rules", object="contacts", conditional=rules)

    def settle(self) -> None:
        """Wait until the CRM has worked off what was sent: it answers a request also after its client was killed."""
        before = -1
        while (now := self.desk.sandbox.store.version) != before:
            before = now
            time.sleep(SLOW + 0.06)

    def calm(self) -> None:
        """Without disturbance and kills: all is settled, the CRM is the journal, refused records are dead letters."""
        self.desk.calm()
        for words in (("resume",), ("retry",), ("sync", "--yes")):
            self.cli.done(*words)
        again = int(self.cli.done("sync", "--yes")["written"])
        lost = self.explained() + self.odd_tasks(calm=True) + self.desk.unsettled() + again
        if lost:
            self.tally.notes.append(f"{self.crm}: {self.desk.unsettled()} unsettled, {again} written again")
        dead = {tuple(r) for r in self.query("SELECT object, record_id FROM dead_letters")}
        if dead != self.bad:
            self.tally.notes.append(f"{self.crm}: dead letters {sorted(dead ^ self.bad)[:3]}")
        self.tally.lost += lost + len(dead ^ self.bad)
        self.tally.redundant += self.redundant()


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@contextmanager
def company(folder: Path, crm: str, seed: int, nursery: Nursery, *, people: int = 230) -> Iterator[Company]:
    """A company whose fields are made and whose scores are written once, by a model that was trained on it."""
    data = tiny.write(folder / "data", seller.tables(people=people))
    with Sandbox(data=data, clock=tiny.CLOCK, crms=(crm,)) as sandbox:
        cli = WarmCli(folder / "admin", token=TOKEN, crm=crm)
        cli.nursery = nursery
        desk = Office(cli, Api(sandbox))
        # From that version on HubSpot knows rules that refuse a record.
        version = 'write_version = "2026-09"' if crm == "hubspot" else ""
        cli.configure(
            sandbox.url, f"{seller.FEATURES}\n[tasks]\ncreate = true", scored=True, connection=version
        )
        connector = open_connector(
            Connection.model_validate({"crm": crm, "url": sandbox.url}), TOKEN, Write()
        )
        made = Company(desk, cli, crm, connector, seed)
        try:
            cli.done("provision")
            made.spoil()
            first = cli.done("sync", "--yes")
            assert "written" in first, first
            chances = made.query("SELECT count(*) FROM written WHERE field = 'probability'")
            assert chances[0][0] >= seller.OPEN, "no model earned its place: only rules would be written"
            made.redundant()
            yield made
            cli.no_secret_kept()
        finally:
            made.close()
            connector.close()
            desk.portal.session.close()
