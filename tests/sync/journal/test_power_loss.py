"""The power goes at any moment: what was on disk when a batch was sent is enough to find out what became of it."""

import copy
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.fake_crm import FakeCrm

from sales_consultant.config.fields.catalogue import fields
from sales_consultant.connectors.base import Change, Outcome
from sales_consultant.sync.journal.changes import Entry
from sales_consultant.sync.journal.journal import Journal, last_written
from sales_consultant.sync.push import push
from sales_consultant.sync.push.push import recover
from sales_consultant.sync.runtime.lease import hold
from sales_consultant.sync.stores.state import State, changes

FIELDS = fields("all", ["deals"])
FILES = ("state.db", "state.db-wal")


class Watched(FakeCrm):
    """Keeps what lies on the disk at the moment a batch arrives, and what it holds before and after it."""

    def __init__(self, ids: Sequence[str], disk: Path) -> None:
        super().__init__(ids)
        self.disk = disk
        self.moments: list[tuple[Path, FakeCrm, FakeCrm]] = []

    def _as_now(self) -> FakeCrm:
        other = FakeCrm([])
        other.held, other.time = copy.deepcopy(self.held), self.time
        return other

    def push(self, changes: Sequence[Change], *, remember: Callable[[str], None]) -> Iterator[Outcome]:
        kept = self.disk.parent / f"at-{len(self.moments)}"
        kept.mkdir()
        for name in FILES:
            shutil.copy(self.disk / name, kept / name)
        before = self._as_now()
        outcomes = list(super().push(changes, remember=remember))
        self.moments.append((kept, before, self._as_now()))
        yield from outcomes


def written(crm: FakeCrm, folder: Path, name: str) -> None:
    """A run to its end: what earlier ones left is found out first."""
    state = State(folder / "state.db")
    with hold(state, folder / "lock", job="sync", now=crm.now()) as lease:
        recover(crm, state, FIELDS, clock=crm.now)
        journal = Journal(state, name)
        journal.plan(
            [
                Entry(o, i, i, "", (("score", v.get("score"), "60"),))
                for (o, i), v in crm.held.items()
                if v.get("score") != "60"
            ]
        )
        push(crm, journal, lease, FIELDS, clock=crm.now)
    assert last_written(state) == {k: {"score": "60"} for k in crm.held}
    assert all(v == {"score": "60"} for v in crm.held.values())
    state.close()


@pytest.mark.parametrize("seed", range(3))
def test_the_power_goes_while_a_batch_is_on_its_way(tmp_path: Path, seed: int) -> None:
    """The end of the log may be torn; nothing is lost, nothing is written twice, whether the batch arrived or not."""
    draw = random.Random(seed)
    disk = tmp_path / "disk"
    disk.mkdir()
    crm = Watched([str(n) for n in range(45)], disk)
    written(crm, disk, "one")
    assert len(crm.moments) == 5
    for number, (kept, before, after) in enumerate(crm.moments):
        for arrived in (before, after):
            place = tmp_path / f"again-{number}-{arrived is after}"
            shutil.copytree(kept, place)
            with (place / "state.db-wal").open("ab") as log:
                # What was being written when the light went out: some of it, and rubbish.
                log.write(draw.randbytes(draw.randrange(1, 9_000)))
            state = State(place / "state.db")
            flying = state.rows(sa.select(changes).where(changes.c.state == "inflight"))
            state.close()
            assert len({r["record_id"] for r in flying}) == min(10, 45 - 10 * number), (
                "known before it was sent"
            )
            written(arrived, place, "two")
            assert arrived.redundant == 0


def test_a_commit_is_on_disk_when_it_ends(tmp_path: Path) -> None:
    """SQLite's own promise holds in this mode only: with NORMAL the last commits may be lost with the power."""
    state = State(tmp_path / "state.db")
    for _ in range(3):
        with state.engine.connect() as c:
            assert c.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert c.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    state.close()
