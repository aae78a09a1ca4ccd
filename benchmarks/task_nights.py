"""Nights with tasks on, in which nothing changes in the CRM: what the tasks of the first night do to the nights after it.

Two figures for each CRM. Thirty nights as of one day: how many further tasks are made, and how many steps and scores change;
the bar is 0. Thirty nights that each move a day, with tasks and without, on two copies of the same company: in how many nights
what is written to records differs; the bar is 0, for a task of ours is nothing that a score may see. `NIGHTS=n`, `CRM=name`,
`MOVING=0` for the first figure alone.
"""

import os
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.settings import load
from sales_consultant.demo.run import TOKEN
from sales_consultant.demo.serving import beside, company
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup import provisioning
from sales_consultant.sync.use_cases import init
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

STEPS = ("next_step", "next_step_id", "next_step_due")
SCORES = ("score", "grade", "probability")


@dataclass
class Nights:
    """What the first night made, and each night after it: tasks by what was done, and record fields that were written."""

    first: dict[str, int]
    as_of: int
    tasks: list[dict[str, int]] = field(default_factory=list)
    written: list[dict[tuple[str, str], dict[str, str | None]]] = field(default_factory=list)

    def changed(self, keys: tuple[str, ...]) -> int:
        """How often a field of these was written after the first night."""
        return sum(k in values for night in self.written for values in night.values() for k in keys)

    def further(self) -> int:
        """Tasks that were made after the first night."""
        return sum(n for night in self.tasks for why, n in night.items() if why == "new task")


def nights(
    crm: str, url: str, folder: Path, count: int, *, tasks: bool, moving: bool, as_of: int | None = None
) -> Nights:
    """A first sync as of a moment (ms; without one the CRM's now), then so many nights."""
    environ = {"SALES_CONSULTANT_DEMO_TOKEN": TOKEN}
    file, data, quiet = folder / "sales-consultant.toml", folder / "data", Silent()
    data.mkdir(parents=True)
    init.initialise(crm, "demo", {"url": url}, file, data, quiet, keyring=None, environ=environ)
    if tasks:
        text = file.read_text(encoding="utf-8")
        file.write_text(f"{text}\n[tasks]\ncreate = true\n", encoding="utf-8")
    settings = load(file)
    name, connection = settings.connection("demo")
    with Workspace(settings, name, connection, data, environ=environ) as ws:
        provisioning.provision(ws, dry=False)
        first, plan = sync(ws, quiet, SyncOptions(as_of=as_of, yes=True))
        assert first.as_of is not None
        found = Nights(plan.by_task(), first.as_of)
        for night in range(1, count + 1):
            at = first.as_of + night * DAY_MS if moving else first.as_of
            _, plan = sync(ws, quiet, SyncOptions(as_of=at, yes=True))
            found.tasks.append(plan.by_task())
            found.written.append(
                {(e.object, e.record_id): {k: v for k, _, v in e.fields} for e in plan.entries}
            )
    return found


def run() -> None:
    """Print both figures."""
    count = int(os.environ.get("NIGHTS", "30"))
    for crm in os.environ.get("CRM", "hubspot salesforce").split():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            world = company("saas", folder / "tables")
            with beside(world, crm) as url:
                still = nights(crm, url, folder / "still", count, tasks=True, moving=False)
            further, steps, scores = still.further(), still.changed(STEPS), still.changed(SCORES)
            held = "held" if not (further or steps or scores) else "MISSED"
            print(
                f"task_nights {crm}: {still.first.get('new task', 0):,} tasks in the first night, then {count} nights: "
                f"{further} further tasks, {steps} steps and {scores} scores changed of 0: {held}",
                flush=True,
            )
            if os.environ.get("MOVING") == "0":
                continue
            with beside(world, crm) as url:
                mine = nights(crm, url, folder / "with", count, tasks=True, moving=True)
            # As of the same millisecond: a deal that is seconds older is worth a cent more or less.
            with beside(world, crm) as url:
                other = nights(
                    crm, url, folder / "without", count, tasks=False, moving=True, as_of=mine.as_of
                )
        differ = sum(a != b for a, b in zip(mine.written, other.written, strict=True))
        told = dict(sum((Counter(n) for n in mine.tasks), Counter()))
        print(
            f"task_nights {crm}: {count} nights that move a day, with tasks {told}: in {differ} nights other values "
            f"are written than without tasks, of 0: {'held' if not differ else 'MISSED'}",
            flush=True,
        )
