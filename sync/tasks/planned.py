"""The lines of a plan about tasks: made, updated, closed; the difference between the steps and the tasks that we made."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.language.translation import LANGUAGES, Language, translate
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import (
    CLOSED,
    DONE,
    OPEN,
    OVERTAKEN,
    STATUS,
    SUBJECT,
    TASK_KEYS,
    TASKS,
    Task,
    TaskBook,
    same,
)
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import NEW_TASK, CurrentValues, Desired, Limits, Plan
from sales_consultant.sync.stores import State
from sales_consultant.sync.tasks.ledger import (
    ABOUT,
    GONE,
    LEFT,
    STEP,
    KnownTask,
    answered,
    known,
    on_their_way,
    task_id,
)
from sales_consultant.sync.tasks.wanted import SUBJECT_LENGTH, WantedTask, wanted

UPDATED, ENDED = "task updated", "task closed"
NO_LONGER = "No longer needed: "
# Fields without which a task has nothing to say, and the name of a hold on tasks themselves.
_HELD = frozenset({TASKS, "next_step", "next_step_id", "next_step_due"})


@dataclass
class TaskLines:
    """What a plan does to tasks, and what it takes note of.

    `records`: the record of each task that has a line, by our id. `ends`: the status to note of tasks that people closed,
    deleted or took over. `left`: steps and tasks that are left alone, by reason.
    """

    entries: list[Entry] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    records: dict[str, RecordRef] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)


def planned(
    state: State,
    book: TaskBook,
    desired: Desired,
    held: CurrentValues,
    plan: Plan,
    limits: Limits,
    *,
    inactive: frozenset[str],
) -> TaskLines:
    """The lines about tasks; deterministic: by record. Reads the tasks that differ, as they are now.

    `inactive` are the ids of owners who have left: they get no task.
    """
    lines = TaskLines()
    if limits.fields_on_hold & _HELD:
        lines.left["on hold"] += 1
        return lines
    target = wanted(desired, held, plan, limits, inactive=inactive, may_own=book.may_own)
    lines.left.update(target.without)
    made = known(state)
    busy, done = on_their_way(state), target.done | answered(state)
    by_record: dict[RecordRef, list[KnownTask]] = {}
    for one in made.values():
        by_record.setdefault(one.about, []).append(one)
    differ: list[tuple[KnownTask, dict[str, Canonical], str]] = []
    for key in sorted(by_record.keys() | target.tasks.keys()):
        if key in target.left_alone or key.object not in target.objects:
            continue
        mine, want = by_record.get(key, []), target.tasks.get(key)
        differ += _changes(mine, want, target.steps.get(key), done, desired.language)
        if want is not None and (key, want.step) not in done:
            _new(plan.identity, mine, want, limits, busy, lines)
    _differing([d for d in differ if d[0].id not in busy], book, desired, limits, lines)
    return lines


def _changes(
    mine: Iterable[KnownTask],
    want: WantedTask | None,
    step: str | None,
    done: Collection[tuple[RecordRef, str]],
    language: Language,
) -> list[tuple[KnownTask, dict[str, Canonical], str]]:
    """What is to change of tasks that are open as far as we know, and why; `step` is the one that the record will show."""
    found: list[tuple[KnownTask, dict[str, Canonical], str]] = []
    for task in mine:
        if task.status != OPEN:
            continue
        if (task.about, task.step) in done:
            found.append((task, {STATUS: DONE}, f"{ENDED}: done"))
        elif want is not None and task.step == want.step:
            values = {k: v for k, v in want.values.items() if task.values.get(k) != v}
            if values:
                found.append((task, values, UPDATED))
        elif task.step != step:
            subject = no_longer(task.values.get(SUBJECT) or "", language)
            found.append((task, {SUBJECT: subject, STATUS: OVERTAKEN}, f"{ENDED}: overtaken"))
    return found


def no_longer(subject: str, language: Language) -> str:
    """The subject of a task that was overtaken, in the reader's language; marked once, in whatever language it was marked.

    >>> no_longer("Call Ana", "zh"), no_longer("No longer needed: Call Ana", "zh")
    ('不再需要：Call Ana', '不再需要：Call Ana')
    """
    for one in LANGUAGES:
        subject = subject.removeprefix(translate(NO_LONGER, one))
    return f"{translate(NO_LONGER, language)}{subject}"[:SUBJECT_LENGTH]


def _new(
    org: str,
    mine: Iterable[KnownTask],
    want: WantedTask,
    limits: Limits,
    busy: set[str],
    lines: TaskLines,
) -> None:
    of_step = [t for t in mine if t.step == want.step]
    if any(t.status not in GONE for t in of_step):
        return
    new_id = task_id(org, want.about, want.step, len(of_step))
    if new_id in busy:
        lines.left["on its way"] += 1
    elif RecordRef(TASKS, new_id) in limits.waiting:
        lines.left["dead letter, waiting"] += 1
    else:
        values = {ABOUT: str(want.about), STEP: want.step, **want.values}
        fields = tuple((k, None, v) for k, v in values.items() if v is not None)
        lines.records[new_id] = want.about
        lines.entries.append(Entry(TASKS, new_id, want.name, NEW_TASK, fields))


def _differing(
    differ: list[tuple[KnownTask, dict[str, Canonical], str]],
    book: TaskBook,
    desired: Desired,
    limits: Limits,
    lines: TaskLines,
) -> None:
    """Each field of a task belongs to who changed it last: only what the CRM holds as we wrote it is changed."""
    now = {t.crm_id: t for t in book.read(sorted(t.crm_id for t, _, _ in differ))} if differ else {}
    for task, values, why in differ:
        if RecordRef(TASKS, task.id) in limits.waiting:
            lines.left["dead letter, waiting"] += 1
            continue
        held = now.get(task.crm_id)
        free = untouched(task, held)
        if STATUS not in free:
            # Closed, deleted or being worked on: it is the owner's, whatever becomes of the step.
            lines.ends[task.id] = _end(held)
            continue
        change = {k: v for k, v in values.items() if k in free}
        if change:
            fields = tuple((k, task.values.get(k), v) for k, v in change.items())
            lines.records[task.id] = task.about
            lines.entries.append(Entry(TASKS, task.id, desired.name(task.about), why, fields))


def _end(held: Task | None) -> str:
    """A task that its owner deleted is not made again either."""
    return DONE if held is not None and held.values.get(STATUS) == CLOSED else LEFT


def untouched(task: KnownTask, held: Task | None) -> set[str]:
    """The fields of a task that the CRM holds as we wrote them; none of a task that is not there."""
    if held is None:
        return set()
    return {k for k in TASK_KEYS if same(k, task.values.get(k), held.values.get(k))}
