"""Taking tasks back: only those that nobody touched, the rest is listed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.connectors.base import (
    DONE,
    OPEN,
    OVERTAKEN,
    REMOVED,
    STATUS,
    TASK_KEYS,
    TASKS,
    Outcome,
    Task,
    TaskBook,
)
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.results import Conflict
from sales_consultant.sync.stores import State
from sales_consultant.sync.tasks.ledger import ABOUT, KnownTask, known
from sales_consultant.sync.tasks.planned import untouched

ROLLBACK = "rollback"
GONE = "(the task is gone)"


@dataclass
class Taken:
    """What is taken back of tasks, and what is left because somebody touched it since."""

    entries: list[Entry] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def taken_back(state: State, book: TaskBook, origins: Mapping[str, Mapping[str, Canonical]]) -> Taken:
    """A rollback of task changes: `origins` are, by our id, the values before the undone runs, by key (None: not there).

    A task that these runs made is deleted where the CRM holds all of it as we wrote it; one that they changed gets back, field
    by field, what it held before.
    """
    taken = Taken()
    made = {i: t for i, t in known(state, origins).items() if t.status != REMOVED}
    now = _now(book, made.values())
    for task_id, before in sorted(origins.items()):
        task = made.get(task_id)
        if task is None:
            continue
        held = now.get(task_id)
        free = untouched(task, held)
        if ABOUT in before:
            _delete(task, held, free, taken)
        else:
            _restore(task, before, held, free, taken)
    return taken


def _delete(task: KnownTask, held: Task | None, free: set[str], taken: Taken) -> None:
    if held is None:
        return
    if touched := [k for k in TASK_KEYS if k not in free]:
        key = touched[0]
        taken.conflicts.append(_conflict(task, key, held.values.get(key)))
        return
    fields = ((STATUS, task.status, REMOVED),)
    taken.entries.append(Entry(TASKS, task.id, str(task.about), ROLLBACK, fields))


def _restore(
    task: KnownTask, before: Mapping[str, Canonical], held: Task | None, free: set[str], taken: Taken
) -> None:
    fields = []
    for key, old in before.items():
        if task.values.get(key) == old:
            continue
        if key in free:
            fields.append((key, task.values.get(key), old))
        else:
            taken.conflicts.append(_conflict(task, key, held.values.get(key) if held else GONE))
    if fields:
        taken.entries.append(Entry(TASKS, task.id, str(task.about), ROLLBACK, tuple(fields)))


def _conflict(task: KnownTask, key: str, holds: Canonical) -> Conflict:
    return Conflict(TASKS, task.crm_id or task.id, key, task.values.get(key), holds)


def _now(book: TaskBook, tasks: Iterable[KnownTask]) -> dict[str, Task]:
    ids = sorted(t.crm_id for t in tasks if t.crm_id)
    return {t.id: t for t in book.read(ids)} if ids else {}


def to_remove(state: State, book: TaskBook) -> tuple[list[KnownTask], list[tuple[KnownTask, str]]]:
    """All tasks that are there: those to take away, and those that are left, with why.

    One that its owner answered as done is part of what happened, and stays.
    """
    made = {i: t for i, t in known(state).items() if t.crm_id and t.status != REMOVED}
    now = _now(book, made.values())
    away: list[KnownTask] = []
    left: list[tuple[KnownTask, str]] = []
    for task_id, task in sorted(made.items()):
        held = now.get(task_id)
        if held is None:
            continue
        if task.status == DONE:
            left.append((task, "it was done"))
        elif task.status not in (OPEN, OVERTAKEN) or len(untouched(task, held)) < len(TASK_KEYS):
            left.append((task, "somebody changed it"))
        else:
            away.append(task)
    return away, left


def remove(book: TaskBook, tasks: Iterable[KnownTask]) -> Iterator[tuple[KnownTask, Outcome]]:
    """Delete tasks; the outcome of each."""
    by_id = {t.id: t for t in tasks}
    wanted = [Task(t.id, t.crm_id, t.about) for t in by_id.values()]
    for outcome in book.archive(wanted) if wanted else ():
        yield by_id[outcome.record_id], outcome
