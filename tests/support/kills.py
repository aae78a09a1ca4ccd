"""SIGKILL at random moments of every command that reads or writes, on a CRM that loses answers and refuses calls.

`python tests/support/kills.py [KILLS]` kills half of them on each CRM, a fifth of Salesforce's where it is written by
Bulk jobs; the closing line says `N kills, N lost, N redundant`. What is lost or redundant is counted at the CRM itself:
a trigger in the sandbox's store notes every write. What is written are scores of a model that was trained, too, and tasks
for next steps: lost is also a task that is there twice, or a step without one when all is calm.
"""

import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.both_sides import SLOW, Company, Tally, company
from support.warm import Child, Nursery

CRMS = ("hubspot", "salesforce")
# As many that Salesforce is written by Bulk jobs, which go on without us.
BULK_PEOPLE, BULK_SHARE = 2_100, 0.2
WRITING = ("sync", "push", "rollback")
CALM_AFTER = 40
SEED = 20240607


class Killer:
    """Starts commands on a company and kills them: anywhere, while records or tasks are on their way, or are settled."""

    def __init__(self, made: Company) -> None:
        self.made = made
        self.draw = made.draw
        self.plan = made.cli.folder / "plan.json"
        self.took: dict[str, float] = {}

    def command(self) -> tuple[str, ...]:
        """What runs next: mostly what writes."""
        kind = self.draw.choices(("sync", "rollback", "plan", "push", "pull"), (5, 5, 2, 3, 2))[0]
        if kind == "push" and not self.plan.exists():
            self.made.cli.done("plan", "--out", str(self.plan))
        return {
            "sync": ("sync", "--yes"),
            "rollback": ("rollback", *self._undone(), "--yes"),
            "plan": ("plan", "--out", str(self.plan)),
            "push": ("push", str(self.plan)),
            "pull": ("pull",),
        }[kind]

    def _undone(self) -> Sequence[str]:
        """The newest runs that wrote, one or some."""
        newest = self.made.query(
            "SELECT id, started_at FROM runs WHERE id IN (SELECT run_id FROM changes WHERE state = 'done') "
            "ORDER BY started_at DESC LIMIT 5"
        )
        if self.draw.random() < 0.5:
            return (str(newest[0][0]),)
        at = time.gmtime(newest[-1][1] // 1000)
        return ("--since", time.strftime("%Y-%m-%dT%H:%M:%SZ", at))

    def _wait(self, kind: str, process: Child, began: float) -> str:
        """Until the moment to kill; what goes on then."""
        made = self.made
        chosen = self.draw.random()
        tasks = 0.5 <= chosen < 0.75
        if kind not in WRITING or chosen < 0.3:
            time.sleep(self.draw.uniform(0.02, self.took.get(kind, 5.0)))
            return "writing" if kind in WRITING and made.in_flight() else ""
        end = began + 20
        while time.monotonic() < end and process.poll() is None and not made.in_flight(tasks=tasks):
            time.sleep(0.003)
        if tasks:
            # Before it is made, while it is, or while its answer is put down.
            time.sleep(self.draw.uniform(0.0, 1.5 * SLOW))
            return "making tasks" if made.in_flight(tasks=True) else ""
        if chosen < 0.5:
            time.sleep(self.draw.uniform(0.0, 0.4))
            return "writing" if made.in_flight() else ""
        # The CRM has done it, its answer is on the way or being put down.
        before = made.writes()
        while time.monotonic() < end and process.poll() is None and made.writes() == before:
            time.sleep(0.001)
        time.sleep(self.draw.uniform(0.0, 0.03))
        return "settling"

    def one(self) -> None:
        """One command, killed unless it ended before; then both sides are compared."""
        made, words = self.made, self.command()
        began = time.monotonic()
        process = made.cli.begin(*words)
        phase = self._wait(words[0], process, began)
        alive = process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if alive:
            made.tally.kills += 1
            made.tally.during[f"{words[0]}, {phase}" if phase else words[0]] += 1
        else:
            self.took[words[0]] = time.monotonic() - began
        if words[0] == "push":
            # Begun, it is refused from now on: the CRM has moved.
            self.plan.unlink(missing_ok=True)
        made.settle()
        made.tally.lost += made.explained()
        made.tally.redundant += made.redundant()
        if words[0] == "rollback" or self.draw.random() < 0.2:
            made.cli.done("resume")


def play(folder: Path, crm: str, kills: int, seed: int, nursery: Nursery, *, people: int = 230) -> Tally:
    """So many kills on one CRM, with a calm check after some."""
    with company(folder, crm, seed, nursery, people=people) as made:
        killer, next_calm = Killer(made), CALM_AFTER
        made.disturb()
        while made.tally.kills < kills:
            killer.one()
            if made.tally.kills >= next_calm and made.tally.kills < kills:
                made.calm()
                made.disturb()
                next_calm += CALM_AFTER
        made.calm()
        return made.tally


def part(crm: str, kills: int, seed: int, people: int) -> Tally:
    """A company of its own, in a process of its own."""
    # The sandbox would tell of every client that died while it was read from.
    logging.disable(logging.ERROR)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder, Nursery() as nursery:
        found = play(Path(folder), crm, kills, seed, nursery, people=people)
    name = f"{crm}, by Bulk" if people == BULK_PEOPLE else crm
    print(
        f"{name}: {found} in {time.monotonic() - begun:.0f} s; {dict(sorted(found.during.items()))}",
        flush=True,
    )
    return found


def main(kills: int) -> int:
    """Half of the kills on each CRM; 1 where anything was lost or written twice."""
    on_hubspot = kills - kills // 2
    by_bulk = int(kills // 2 * BULK_SHARE)
    parts = [
        ("hubspot", on_hubspot, SEED, 230),
        ("salesforce", kills // 2 - by_bulk, SEED + 1, 230),
        ("salesforce", by_bulk, SEED + 2, BULK_PEOPLE),
    ]
    total = Tally()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for found in [pool.submit(part, *p) for p in parts if p[1]]:
            total.add(found.result())
    for note in total.notes[:20]:
        print(f"  {note}")
    print(total)
    return int(bool(total.lost or total.redundant))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else 200))
