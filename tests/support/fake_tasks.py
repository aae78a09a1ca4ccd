"""Tasks of a CRM in memory: people, lost answers, requests that arrive late, refusals, and death at any call."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from support.fake_crm import FakeCrm

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import (
    CLOSED,
    OPEN,
    STATUS,
    Finding,
    ProvisionStep,
    Task,
    TaskBook,
    TaskOutcome,
    told,
)

LATE_MS = 60_000


@dataclass
class Held:
    """A task as the CRM holds it."""

    task: Task
    archived: bool = False


class FakeTasks(TaskBook):
    """`unique`: the CRM refuses a double. Else a request whose answer was lost may arrive up to a minute later."""

    def __init__(self, crm: FakeCrm, *, unique: bool, seed: int = 0) -> None:
        self.crm = crm
        self.unique = unique
        self.held: dict[str, Held] = {}
        self.late: list[tuple[int, Task]] = []
        self.refuse: set[str] = set()
        self.lose = 0.0
        self.why_not = ""
        self.random = random.Random(seed)
        self.made = 0

    # -- what the CRM does -------------------------------------------------------------------------------------------

    def step(self) -> None:
        """A call: the process may die here, and what was on its way arrives."""
        self.crm._step()
        for at, task in [x for x in self.late if x[0] <= self.crm.time]:
            self.late.remove((at, task))
            self._put(task)

    def _put(self, task: Task) -> str:
        if self.unique:
            double = next((i for i, h in self.held.items() if h.task.id == task.id and not h.archived), "")
            if double:
                return double
        self.made += 1
        crm_id = f"t{self.made}"
        status = task.values.get(STATUS)
        values = {**task.values, STATUS: OPEN if status == OPEN else CLOSED}
        self.held[crm_id] = Held(replace(task, crm_id=crm_id, values=values))
        return crm_id

    def edit(self, crm_id: str, **values: Canonical) -> None:
        """Somebody changes a task."""
        held = self.held[crm_id]
        held.task = replace(held.task, values={**held.task.values, **values})

    def live(self) -> list[Task]:
        """All tasks that are there."""
        return [h.task for h in self.held.values() if not h.archived]

    # -- the protocol ------------------------------------------------------------------------------------------------

    def missing(self) -> str:
        return self.why_not

    def create(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        for task in tasks:
            self.step()
            if task.id in self.refuse or (task.about and task.about.record_id in self.refuse):
                yield told(task, "dead", "no such owner", "REFUSED")
                continue
            lost = self.random.random() < self.lose
            if lost and not self.unique and self.random.random() < 0.5:
                self.late.append((self.crm.time + self.random.randrange(LATE_MS), task))
                yield told(task, "unknown", "no answer came")
                continue
            crm_id = "" if lost and self.random.random() < 0.3 else self._put(task)
            # Made, and dead before the answer came.
            self.step()
            yield told(task, "unknown", "lost") if lost else told(task, "done", crm_id=crm_id)

    def change(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        for task in tasks:
            self.step()
            held = self.held.get(task.crm_id)
            if held is None or held.archived:
                yield told(task, "left", "gone")
                continue
            values = dict(task.values)
            if STATUS in values:
                values[STATUS] = OPEN if values[STATUS] == OPEN else CLOSED
            self.edit(task.crm_id, **values)
            self.step()
            lost = self.random.random() < self.lose
            yield told(task, "unknown", "lost") if lost else told(task, "done")

    def archive(self, tasks: Sequence[Task]) -> Iterator[TaskOutcome]:
        for task in tasks:
            self.step()
            if task.crm_id in self.held:
                self.held[task.crm_id].archived = True
            self.step()
            yield told(task, "done")

    def of(self, records: Sequence[RecordRef]) -> Iterator[Task]:
        self.step()
        yield from [t for t in self.live() if t.about in records]

    def read(self, crm_ids: Sequence[str]) -> Iterator[Task]:
        self.step()
        yield from [replace(t, about=None) for t in self.live() if t.crm_id in crm_ids]

    def shows_since(self, sent_at: int) -> bool:
        return self.unique or self.crm.time > sent_at + LATE_MS

    def provision(self, *, dry: bool) -> list[ProvisionStep]:
        return []

    def remove(self, *, dry: bool, keep: bool) -> list[ProvisionStep]:
        return []

    def findings(self) -> list[Finding]:
        return []
