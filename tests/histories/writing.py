"""Whole syncs at the end of a history, on a CRM in trouble and then on a calm one: what is written is right, all of
it settles."""

import json
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from histories.world import DAMAGED, Difference, World

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.config.settings import Settings
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup.provisioning import provision
from sales_consultant.sync.stores.state import changes, dead_letters, written
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

LOG = """CREATE TABLE IF NOT EXISTS writes (object TEXT, id TEXT, before TEXT, after TEXT);
CREATE TRIGGER IF NOT EXISTS writes_noted AFTER UPDATE OF properties ON records BEGIN
 INSERT INTO writes VALUES (NEW.object, NEW.id, OLD.properties, NEW.properties); END"""
# What a CRM notes itself when a record is written.
STAMPS = frozenset(
    (
        "lastmodifieddate", "lastmodifiedbyid", "systemmodstamp", "days_to_close", "num_associated_contacts",
        "num_associated_deals", "num_notes", "notes_last_updated", "notes_next_activity_date",
    )
)  # fmt: skip
TASKS, TASK_IDS = ("tasks", "Task"), ("sc_task_id", "sc_task_id__c")
TROUBLES, TURNS = 2, 6
SAID = ("score", "grade", "next_step", "top_reason")


class Writing:
    """Whole runs on a world, and what they may not do."""

    def __init__(self, world: World, folder: Path, *, tasks: bool) -> None:
        self.world = world
        self.folder = folder
        self.settings = Settings.model_validate(
            {
                "connections": {"main": {"crm": world.crm, "url": "http://127.0.0.1"}},
                "populations": {"deals": {"object": "deals", "event": "won", "label": "Deals"}},
                "tasks": {"create": tasks},
            }
        )
        for statement in LOG.split(";\n"):
            world.sandbox.store.write(statement)

    def _desk(self) -> Workspace:
        connector = self.world.opened(False)
        return Workspace(
            self.settings, "main", self.settings.connections["main"], self.folder, connector=connector
        )

    def start(self) -> None:
        """Fields are made on a calm CRM."""
        with self._desk() as ws:
            provision(ws, dry=False)
            self.names = {
                (o, ws.connector.field_name(o, f)): f.key for f in FIELDS for o in f.on if not f.people_write
            }
            self.ours = {n.lower() for _, n in self.names}

    def run(self, r: Random, *, trouble: bool) -> list[Difference]:
        """One sync; what it did that it may not."""
        faults = self.world.sandbox.world.faults
        self.world.sandbox.store.write("DELETE FROM writes")
        closed = self.world.closed()
        if trouble:
            self.world.odd.chance = r.choice((0.02, 0.1))
            for _ in range(2):
                kind = r.choice((*DAMAGED, "status", "reset", "lost", "truncated"))
                rule = {
                    "kind": kind,
                    "status": r.choice((429, 500, 503)),
                    "probability": r.choice((0.02, 0.1)),
                }
                faults.add({**rule, "seed": r.randrange(1000), "retry_after": 0})
        found: list[Difference] = []
        try:
            with self._desk() as ws:
                done, _ = sync(ws, Silent(), SyncOptions(yes=True))
                live = {i for _, i in self.world.live()}
                dead = [d for d in ws.state.rows(sa.select(dead_letters)) if d["record_id"] in live]
                # One that was erased without a trace is refused until a comparison of all ids finds that.
                if not trouble and (dead or done.code not in (0, 5)):
                    found.append(Difference("sync", done.id, f"ends with {done.code}, {dead[:1]}"))
        except SalesConsultantError as e:
            if not trouble or e.code not in (3, 4):
                found.append(Difference("sync", "", f"ends with {e.code}: {e.message}"))
        except Exception as e:  # noqa: BLE001  # any other is a defect, and a finding
            where = traceback.extract_tb(e.__traceback__)[-6:]
            lines = ", ".join(f"{Path(f.filename).name}:{f.lineno}" for f in where)
            found.append(Difference("sync", "", f"a defect: {type(e).__name__}: {e} ({lines})"))
        finally:
            self.world.odd.chance = 0.0
            faults.clear()
        return found + self.wrong(closed)

    def wrong(self, closed: set[str]) -> list[Difference]:
        """Writes of what is not ours, and scores or steps put onto deals that are over."""
        found = []
        rows = self.world.sandbox.store.rows("SELECT object, id, before, after FROM writes")
        for object, id, before, after in rows:
            was, now = json.loads(before), json.loads(after)
            if object in TASKS and any(k.lower() in TASK_IDS for k in now):
                # A task of ours is ours, all of it.
                continue
            changed = {k for k in was.keys() | now.keys() if was.get(k) != now.get(k)}
            foreign = {k for k in changed if k.lower() not in self.ours and not _noted_by_the_crm(k)}
            if foreign and object != "CustomField":  # whose description tells of the last run
                found.append(Difference(object, id, f"wrote {sorted(foreign)}, which are not ours"))
            said = {k for k in changed if now.get(k) not in (None, "") and self._key(k) in SAID}
            if object.lower() in ("deals", "opportunity") and id in closed and said:
                found.append(Difference(object, id, f"is over and got {sorted(said)}"))
        return found

    def _key(self, name: str) -> str:
        return next((key for (_, n), key in self.names.items() if n.lower() == name.lower()), "")

    def settled(self, r: Random) -> list[Difference]:
        """On a calm CRM: all is written, a last run writes nothing, and the CRM holds what the journal says."""
        found: list[Difference] = []
        # The second reads what the first has written once more, and with it what was odd before; the third changes nothing.
        for _ in range(3):
            self.world.sandbox.clock.advance(3600)
            found += self.run(r, trouble=False)
        again = self.world.sandbox.store.rows("SELECT object, id FROM writes")
        found += [Difference(o, i, "was written again with nothing changed") for o, i in again]
        with self._desk() as ws:
            rows = ws.state.rows(sa.select(written))
            held = self._held(ws)
            flying = ws.state.rows(sa.select(changes).where(changes.c.state.in_(("planned", "inflight"))))
        found += self.doubles()
        if flying:
            found.append(Difference("journal", "", f"{len(flying)} changes are not settled"))
        for row in rows:
            mine = held.get((row["object"], row["record_id"]))
            if mine is not None and mine.get(row["field"]) != row["value"]:
                text = f"{row['field']}: the journal says {row['value']!r}, the CRM holds {mine.get(row['field'])!r}"
                found.append(Difference(row["object"], row["record_id"], text))
        return found

    def doubles(self) -> list[Difference]:
        """Tasks of ours that are there twice."""
        sql = "SELECT object, properties FROM records WHERE archived = 0 AND object IN ('tasks', 'Task')"
        ids = Counter(
            str(v)
            for _, text in self.world.sandbox.store.rows(sql)
            for k, v in json.loads(text).items()
            if k.lower() in TASK_IDS and v
        )
        return [Difference("tasks", i, f"is there {n} times") for i, n in ids.items() if n > 1]

    def _held(self, ws: Workspace) -> dict[tuple[str, str], dict[str, Any]]:
        """What live records hold of our fields, straight from the store."""
        found = {}
        for object, fields in ws.fields.items():
            names = {f: ws.connector.field_name(object, f) for f in fields if not f.people_write}
            sql = "SELECT id, properties FROM records WHERE vendor = ? AND object = ? AND archived = 0"
            kind = VENDOR[self.world.crm].get(object, object)
            for id, text in self.world.sandbox.store.rows(sql, (self.world.crm, kind)):
                values = json.loads(text)
                found[object, id] = {
                    f.key: ws.connector.parse(f, spelt(values.get(n))) for f, n in names.items()
                }
        return found


def _noted_by_the_crm(name: str) -> bool:
    """A stamp, or what a CRM computes anew at every write."""
    return name.lower() in STAMPS or name.startswith("hs_")


VENDOR: dict[str, dict[str, str]] = {
    "hubspot": {},
    "salesforce": {"contacts": "Contact", "leads": "Lead", "companies": "Account", "deals": "Opportunity"},
}


def spelt(value: Any) -> str | None:
    """A stored value as an answer has it; nothing for an empty one."""
    if value is None or value == "":
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def writes(world: World, seed: int) -> list[Difference]:
    """What was wrong in the syncs at the end of a history."""
    r = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        writing = Writing(world, Path(folder), tasks=seed % 8 < 4)
        writing.start()
        for _ in range(TROUBLES):
            for _ in range(r.randrange(1, TURNS)):
                world.step(
                    r.choice([d for d in world.deeds if d not in ("grant", "begin", "late")]),
                    r.randrange(2**32),
                )
            if found := writing.run(r, trouble=True):
                return found
        return writing.settled(r)
