"""SIGKILL at random moments of every command that reads or writes, on a CRM that loses answers and refuses calls.

`python tests/support/kills.py [KILLS]` kills on both CRMs in turn; the closing line says `N kills, N lost, N redundant`.
What is lost or redundant is counted at the CRM itself: a trigger in the sandbox's store notes every write.
"""

import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import tiny
from support.cli import TOKEN, Cli
from support.office import Office, kill
from support.sandbox_company import Api

from sales_consultant.config.catalogue import FIELDS
from sales_consultant.config.settings import Connection, Write
from sales_consultant.connectors import open_connector
from sales_consultant.connectors.base import Connector
from sales_consultant.sandbox.server import Sandbox

CRMS = ("hubspot", "salesforce")
OURS = tuple(f for f in FIELDS if not f.people_write)
# What one disturbed run does with a CRM that is well: lost answers, limits, errors of the server.
SHARES: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("lost", 0.02, {}),
    ("status", 0.02, {"status": 429, "retry_after": 1}),
    ("status", 0.01, {"status": 503}),
)
WRITES = r"batch/update|composite/sobjects|jobs/ingest"
BAD = 3
LOG = """CREATE TABLE IF NOT EXISTS writes (object TEXT, id TEXT, before TEXT, after TEXT);
CREATE TRIGGER IF NOT EXISTS writes_noted AFTER UPDATE OF properties ON records WHEN OLD.modified <= NEW.modified BEGIN
 INSERT INTO writes VALUES (NEW.object, NEW.id, OLD.properties, NEW.properties); END"""

Place = tuple[str, str, str]


@dataclass
class Tally:
    """What came of the kills."""

    kills: int = 0
    lost: int = 0
    redundant: int = 0
    during: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.kills} kills, {self.lost} lost, {self.redundant} redundant"

    def add(self, other: "Tally") -> None:
        """Count another company's kills too."""
        self.kills += other.kills
        self.lost += other.lost
        self.redundant += other.redundant
        self.during += other.during
        self.notes += other.notes


class Company:
    """A company on one CRM, the commands that work on it, and what both sides hold."""

    def __init__(self, desk: Office, crm: str, connector: Connector, seed: int) -> None:
        self.desk = desk
        self.crm = crm
        self.connector = connector
        self.draw = random.Random(seed)
        self.plan = desk.cli.folder / "plan.json"
        self.took: dict[str, float] = {}
        self.tally = Tally()
        self.bad: set[tuple[str, str]] = set()
        store = desk.sandbox.store
        for statement in LOG.split(";\n"):
            store.write(statement)

    # What both sides hold

    def crm_holds(self) -> dict[Place, str]:
        """Our fields as the CRM has them, in the form that is compared."""
        found: dict[Place, str] = {}
        for object in ("contacts", "leads", "companies", "deals"):
            mine = [f for f in OURS if object in f.on]
            if self.crm == "hubspot" and object == "leads":
                continue
            kind = object if self.crm == "hubspot" else _SOBJECTS[object]
            for record in self.desk.sandbox.store.each(self.crm, kind):
                held = record.values()
                for f in mine:
                    value = _text(held.get(self.connector.field_name(object, f)))
                    if value is not None:
                        parsed = self.connector.parse(f, value)
                        if parsed is not None:
                            found[object, record.id, f.key] = parsed
        return found

    def explained(self) -> int:
        """Values at the CRM that the journal neither knows as written nor as on their way: 0, or something was lost."""
        rows = self.desk.query("SELECT object, record_id, field, value FROM written WHERE value IS NOT NULL")
        written = {(o, i, f): v for o, i, f, v in rows}
        open_: dict[Place, set[str | None]] = {}
        for o, i, f, new in self.desk.query(
            "SELECT object, record_id, field, new FROM changes WHERE state = 'inflight'"
        ):
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
        return len(wrong)

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
            if not names & (was.keys() | is_.keys()):
                continue
            if all(_text(was.get(n)) == _text(is_.get(n)) for n in names):
                self.tally.notes.append(f"{self.crm} {object} {id_} was written twice")
                count += 1
        self.desk.sandbox.store.write("DELETE FROM writes")
        return count

    # What is done

    def disturb(self) -> None:
        """Let the CRM lose and refuse, and write slowly, so that kills hit what is being written."""
        for kind, share, more in SHARES:
            self.desk.fault(
                kind=kind, probability=share, seed=self.draw.randrange(10**6), path="^/(crm|services)", **more
            )
        self.desk.fault(kind="slow", path=WRITES, seconds=0.15, times=None)

    def spoil(self) -> None:
        """Some records that the CRM refuses, whatever is sent."""
        kind = "contacts" if self.crm == "hubspot" else "Contact"
        ids = [r.id for r in self.desk.sandbox.store.each(self.crm, kind)][5 : 5 + BAD]
        self.bad = {("contacts", i) for i in ids}
        if self.crm == "salesforce":
            self.desk.portal.control(
                "row_errors", ids=ids, code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="no", times=10**6
            )
        else:
            names = [
                r.values()["email"] for r in self.desk.sandbox.store.get_many(self.crm, kind, ids).values()
            ]
            rules = [{"when": {"email": n}, "require": ["phone"]} for n in names]
            self.desk.portal.control("rules", object="contacts", conditional=rules)

    def command(self) -> tuple[str, ...]:
        """What runs next: mostly what writes."""
        kind = self.draw.choices(("sync", "rollback", "plan", "push", "pull"), (5, 4, 1, 3, 1))[0]
        if kind == "push" and not self.plan.exists():
            kind = "plan"
        return {
            "sync": ("sync", "--yes"),
            "rollback": ("rollback", "--since", "2000-01-01", "--yes"),
            "plan": ("plan", "--out", str(self.plan)),
            "push": ("push", str(self.plan)),
            "pull": ("pull",),
        }[kind]

    def one_kill(self) -> None:
        """Start a command and kill it: anywhere, or while a batch is on its way or being settled."""
        words = self.command()
        began = time.monotonic()
        process = self.desk.cli.start(*words, "--json")
        if words[0] in ("sync", "push", "rollback") and self.draw.random() < 0.6:
            end = began + 20
            while time.monotonic() < end and process.poll() is None:
                if self.desk.query("SELECT 1 FROM changes WHERE state = 'inflight' LIMIT 1"):
                    break
                time.sleep(0.004)
            time.sleep(self.draw.uniform(0.0, 0.5))
        else:
            time.sleep(self.draw.uniform(0.4, self.took.get(words[0], 4.0)))
        alive = process.poll() is None
        writing = bool(self.desk.query("SELECT 1 FROM changes WHERE state = 'inflight' LIMIT 1"))
        kill(process)
        if not alive:
            self.took[words[0]] = time.monotonic() - began
            if words[0] == "push":
                self.plan.unlink()
        else:
            self.tally.kills += 1
            self.tally.during[f"{words[0]}, writing" if writing else words[0]] += 1
        self._let_arrive()
        self.tally.lost += self.explained()
        self.tally.redundant += self.redundant()
        if words[0] == "rollback" or self.draw.random() < 0.2:
            self.desk.cli.json("resume", code=None)

    def _let_arrive(self) -> None:
        # A request that was sent before the kill is still answered: the sandbox works on it after the client is gone.
        before = -1
        while (now := self.desk.sandbox.store.version) != before:
            before = now
            time.sleep(0.25)

    def calm(self) -> None:
        """Without disturbance and kills: all is settled, the CRM is the journal, refused records are dead letters."""
        self.desk.calm()
        self.desk.cli.json("resume")
        self.desk.cli.json("retry")
        self.desk.cli.json("sync", "--yes", code=None)
        again = self.desk.cli.json("sync", "--yes", code=None)
        lost = self.explained() + self.desk.unsettled() + int(again["written"])
        if lost:
            self.tally.notes.append(
                f"{self.crm}: {self.desk.unsettled()} unsettled, {again['written']} again"
            )
        dead = {tuple(r) for r in self.desk.query("SELECT object, record_id FROM dead_letters")}
        if dead != self.bad:
            self.tally.notes.append(f"{self.crm}: dead letters {sorted(dead ^ self.bad)[:3]}")
        self.tally.lost += lost + len(dead ^ self.bad)
        self.tally.redundant += self.redundant()


_SOBJECTS = {"contacts": "Contact", "leads": "Lead", "companies": "Account", "deals": "Opportunity"}


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@contextmanager
def company(folder: Path, crm: str, seed: int, *, people: int = 230) -> Iterator[Company]:
    """A company whose fields are made and whose scores are written once, with records that the CRM refuses."""
    data = tiny.write(folder / "data", tiny.tables(contacts=people, companies=20, deals=120))
    with Sandbox(data=data, clock=tiny.CLOCK, crms=(crm,)) as sandbox:
        desk = Office(Cli(folder / "admin", token=TOKEN, crm=crm), Api(sandbox))
        # From that version on HubSpot knows rules that refuse a record.
        version = 'write_version = "2026-09"' if crm == "hubspot" else ""
        desk.cli.configure(sandbox.url, scored=True, connection=version)
        connection = Connection.model_validate({"crm": crm, "url": sandbox.url})
        connector = open_connector(connection, TOKEN, Write())
        try:
            made = Company(desk, crm, connector, seed)
            desk.cli.json("provision")
            made.spoil()
            desk.cli.json("sync", "--yes", code=5)
            made.redundant()
            yield made
            desk.cli.no_secret_kept()
        finally:
            connector.close()
            desk.portal.session.close()


def play(folder: Path, crm: str, kills: int, seed: int) -> Tally:
    """So many kills on one CRM, with a calm check after every 25."""
    with company(folder, crm, seed) as made:
        next_calm = 25
        made.disturb()
        while made.tally.kills < kills:
            made.one_kill()
            if made.tally.kills >= next_calm:
                made.calm()
                made.disturb()
                next_calm += 25
        made.calm()
        return made.tally


def main(kills: int) -> int:
    """Half of the kills on each CRM; 1 where anything was lost or written twice."""
    # The sandbox would tell of every client that died while it was read from.
    logging.disable(logging.ERROR)
    total = Tally()
    for number, crm in enumerate(CRMS):
        share = kills // 2 + (kills % 2 if number == 0 else 0)
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            found = play(Path(folder), crm, share, seed=20240607 + number)
        print(
            f"{crm}: {found} in {time.monotonic() - begun:.0f} s; {dict(sorted(found.during.items()))}",
            flush=True,
        )
        total.add(found)
    for note in total.notes[:20]:
        print(f"  {note}")
    print(total)
    return int(bool(total.lost or total.redundant))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else 200))
