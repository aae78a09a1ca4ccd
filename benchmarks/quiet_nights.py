"""Nights in which nothing changes in the CRM: how many records the product writes all the same, trainings among them.

`NIGHTS=n` for another number than 30, `CRM=name` for one CRM, `TRAIN=0` for a schedule without training. The as-of time
moves a day a night; the CRM stands still. Every seventh night there is a training before the sync, as the schedule has it
every week: what it publishes goes through the gate like any other.
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
from sales_consultant.sync.runtime.run_context import running
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup import provisioning
from sales_consultant.sync.use_cases import init
from sales_consultant.sync.use_cases.pulling import pulling
from sales_consultant.sync.use_cases.scoring import training
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

A_NIGHT, ALL_NIGHTS = 0.03, 0.3
WEEK = 7


@dataclass
class Night:
    """What one night wrote, and what a training in it published ("deals: yes, as good on ...")."""

    number: int
    written: set[tuple[str, str]]
    fields: Counter[str] = field(default_factory=Counter)
    trained: list[str] = field(default_factory=list)


def train(ws: Workspace, as_of: int) -> list[str]:
    """A training as the schedule does it, as of a time; a line a model."""
    with running(ws, "train") as run:
        run.as_of = as_of
        pulling(ws, run, Silent())
        done = training(ws, run, Silent())
    return [
        f"{t.name}: {'published' if t.published else 'not published'}, {t.why or t.verdict}" for t in done
    ]


def nights(crm: str, url: str, folder: Path, count: int, *, every: int = WEEK) -> tuple[int, list[Night]]:
    """How many records are looked at, and each night after the first sync; `every` so many there is a training (0: none)."""
    environ = {"SALES_CONSULTANT_DEMO_TOKEN": TOKEN}
    file, data, quiet = folder / "sales-consultant.toml", folder / "data", Silent()
    data.mkdir()
    init.initialise(crm, "demo", {"url": url}, file, data, quiet, keyring=None, environ=environ)
    settings = load(file)
    name, connection = settings.connection("demo")
    with Workspace(settings, name, connection, data, environ=environ) as ws:
        provisioning.provision(ws, dry=False)
        first, plan = sync(ws, quiet, SyncOptions(yes=True))
        looked_at, found = plan.looked_at, []
        for night in range(1, count + 1):
            as_of = first.as_of + night * DAY_MS
            trained = train(ws, as_of) if every and night % every == 0 else []
            _, plan = sync(ws, quiet, SyncOptions(as_of=as_of, yes=True))
            told = Counter(k for e in plan.entries for k, _, _ in e.fields)
            found.append(Night(night, {(e.object, e.record_id) for e in plan.entries}, told, trained))
    return looked_at, found


def run() -> None:
    """Print the trainings, the busiest night and the whole, as shares of the records that are looked at."""
    count = int(os.environ.get("NIGHTS", "30"))
    every = WEEK if os.environ.get("TRAIN", "1") != "0" else 0
    for crm in os.environ.get("CRM", "hubspot").split():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            world = company("saas", folder / "tables")
            with beside(world, crm) as url:
                looked_at, found = nights(crm, url, folder, count, every=every)
        shares = [len(n.written) / looked_at for n in found]
        print(f"quiet_nights {crm}: a night " + " ".join(f"{s:.2%}" for s in shares))
        for n in found:
            if n.trained:
                print(f"quiet_nights {crm}: night {n.number}, {len(n.written):,} records, {dict(n.fields)}")
            for line in n.trained:
                print(f"quiet_nights {crm}: night {n.number}, {line}")
        worst, whole = max(shares), len(set().union(*(n.written for n in found))) / looked_at
        kept = worst <= A_NIGHT and whole <= ALL_NIGHTS
        print(
            f"quiet_nights {crm}: {count} nights with {sum(bool(n.trained) for n in found)} trainings, {looked_at:,} records "
            f"looked at; busiest night {worst:.2%} of 3 %, mean {sum(shares) / count:.2%}, all nights {whole:.1%} of 30 %: "
            f"{'held' if kept else 'MISSED'}",
            flush=True,
        )
