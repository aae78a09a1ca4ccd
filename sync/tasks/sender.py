"""Sending changes of tasks: listed before anything is made, the CRM's id kept before the outcome is settled."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import (
    REMOVED,
    STATUS,
    TASK_KEYS,
    TASKS,
    Change,
    Outcome,
    Task,
    TaskBook,
    same,
    told,
)
from sales_consultant.sync.journal import UNANSWERED, Batch, Journal
from sales_consultant.sync.stores import ChangeState, batches, changes
from sales_consultant.sync.tasks.ledger import ABOUT, KnownTask, known, record_of, remember

_HOLDS_UP = "the next step itself was not written"


class TaskSender:
    """Sends and settles the task changes of one run."""

    def __init__(self, book: TaskBook, journal: Journal, *, clock: Callable[[], int]) -> None:
        self.book = book
        self.journal = journal
        self.clock = clock

    def push(self, part: Sequence[Change]) -> Iterator[Outcome]:
        """One outcome a change.

        A task is made only after its record's own tasks were listed, and not where the record's fields were refused in this
        run: a task must not say what the record does not.
        """
        made = known(self.journal.state, [c.record_id for c in part])
        new, old = [], []
        for change in part:
            task = made.get(change.record_id)
            if task is not None and task.crm_id:
                old.append((task, change))
            else:
                new.append(change)
        if new:
            yield from self._create(new)
        yield from self._kept(self.book.archive([_task(t, c) for t, c in old if _removes(c)]))
        yield from self._kept(self.book.change([_task(t, c) for t, c in old if not _removes(c)]))

    def _create(self, new: Sequence[Change]) -> Iterator[Outcome]:
        refused = self._not_written()
        wanted = {}
        for change in new:
            task = _new(change)
            if task.about is None or task.about in refused:
                yield told(task, "left", _HOLDS_UP)
            else:
                wanted[task.id] = task
        there = self._listed(wanted)
        for task_id, crm_id in there.items():
            yield told(wanted[task_id], "done", "it was there already", crm_id=crm_id)
        for outcome in self._kept(self.book.create([t for i, t in wanted.items() if i not in there])):
            about = wanted[outcome.record_id].about
            # Nobody knows a task by our id: who looks at a refusal looks for the record.
            dead = outcome.state == "dead"
            yield replace(outcome, message=f"task for {about}: {outcome.message}") if dead else outcome

    def _kept(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            crm_id = getattr(outcome, "crm_id", "")
            if outcome.state == "done" and crm_id:
                self._remember({outcome.record_id: crm_id})
            yield outcome

    def _remember(self, ids: Mapping[str, str]) -> None:
        remember(self.journal.state, ids, run_id=self.journal.run_id, now=self.clock())

    def _listed(self, wanted: Mapping[str, Task]) -> dict[str, str]:
        """The CRM's ids of those that are there already, kept."""
        records = sorted({t.about for t in wanted.values() if t.about is not None})
        if not records:
            return {}
        found = {t.id: t.crm_id for t in self.book.of(records) if t.id in wanted}
        self._remember(found)
        return found

    def _not_written(self) -> set[RecordRef]:
        """Records whose own changes of this run did not arrive."""
        query = sa.select(changes.c.object, changes.c.record_id).where(
            changes.c.run_id == self.journal.run_id,
            changes.c.object != TASKS,
            changes.c.state != ChangeState.DONE,
        )
        return {RecordRef(r["object"], r["record_id"]) for r in self.journal.state.rows(query.distinct())}

    # -- after a lost answer ----------------------------------------------------------------------------------------

    def find_out(self, batch: Batch) -> Counter[str]:
        """Settle a batch of unknown outcome by what the records' own tasks are now.

        What is not listed is planned anew, but only once nothing that was sent before can still arrive.
        """
        made = known(self.journal.state, [c.record_id for c in batch.changes])
        new = [c for c in batch.changes if ABOUT in c.values]
        old = [c for c in batch.changes if ABOUT not in c.values]
        wanted = {c.record_id: _new(c) for c in new}
        there = self._listed(wanted)
        absent = "retry" if self.book.shows_since(self._sent_at(batch)) else "unknown"
        outcomes: list[Outcome] = [
            told(t, "done", "listed", crm_id=there[i])
            if i in there
            else told(t, absent, "listed: it is not there", UNANSWERED)
            for i, t in wanted.items()
        ]
        mine = {i: t for i, t in made.items() if t.crm_id}
        held = {t.id: t for t in self.book.read(sorted(t.crm_id for t in mine.values()))} if old else {}
        outcomes += [_as_it_is(c, held.get(c.record_id)) for c in old]
        return self.journal.settle(batch, outcomes, now=self.clock())

    def _sent_at(self, batch: Batch) -> int:
        rows = self.journal.state.rows(sa.select(batches.c.sent_at).where(batches.c.id == batch.id))
        return int(rows[0]["sent_at"])


def _removes(change: Change) -> bool:
    return change.values.get(STATUS) == REMOVED


def _new(change: Change) -> Task:
    values = {k: v for k, v in change.values.items() if k in TASK_KEYS}
    about = change.values.get(ABOUT)
    return Task(change.record_id, "", record_of(about) if about else None, values)


def _task(task: KnownTask, change: Change) -> Task:
    values = {k: v for k, v in change.values.items() if k in TASK_KEYS}
    return Task(task.id, task.crm_id, task.about, values)


def _as_it_is(change: Change, held: Task | None) -> Outcome:
    mine = Task(change.record_id)
    if held is None:
        return told(mine, "done" if _removes(change) else "left", "the task is not there any more")
    if all(same(k, v, held.values.get(k)) for k, v in change.values.items()):
        return told(mine, "done", "read back")
    return told(mine, "retry", "read back: not applied", UNANSWERED)
