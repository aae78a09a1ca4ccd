"""Which task a record shall have: its next step, as the record's own fields show it once the plan is written.

A task says what the fields say and when they say it, so that nights are as quiet with tasks as without, and a record that a
pilot, the control group or a hold leaves alone gets none.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import BODY, DONE, DUE, OPEN, OWNER, PRIORITY, STATUS, SUBJECT
from sales_consultant.scoring.next_steps import rule_of
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import CurrentValues, Desired, Limits, Plan

DEFAULT_PRIORITY = "medium"
# The subject of a task has room for 255 letters on Salesforce (Object Reference, Task).
SUBJECT_LENGTH = 250


@dataclass(frozen=True)
class WantedTask:
    """A step and the values of its task."""

    about: RecordRef
    name: str
    step: str
    values: Mapping[str, Canonical]


@dataclass
class Wanted:
    """The tasks by record, the step that each record will show, and steps that get no task, by reason.

    `done` are steps that a rep has answered so, whether or not they are shown any more. `left_alone` are records of which
    nothing is written, tasks included. `objects` have any record at all: of others nobody knows what became of their records.
    """

    tasks: dict[RecordRef, WantedTask] = field(default_factory=dict)
    steps: dict[RecordRef, str] = field(default_factory=dict)
    done: set[tuple[RecordRef, str]] = field(default_factory=set)
    left_alone: set[RecordRef] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    without: Counter[str] = field(default_factory=Counter)


def wanted(
    desired: Desired,
    held: CurrentValues,
    plan: Plan,
    limits: Limits,
    *,
    inactive: frozenset[str],
    may_own: Callable[[str], bool],
) -> Wanted:
    """The task of each record that has a step with a due date and an owner who is still there.

    A step that says to wait is no task: there is nothing to do.
    """
    found = Wanted(objects={k.object for k in held.values})
    planned = {RecordRef(e.object, e.record_id): e for e in plan.entries}
    for key, shown in _shown(held, planned):
        before = held.values[key]
        if before.get("next_step_feedback") == DONE and before.get("next_step_id"):
            found.done.add((key, str(before["next_step_id"])))
        step, text, due = (shown.get(k) for k in ("next_step_id", "next_step", "next_step_due"))
        if _left_alone(key, limits):
            found.left_alone.add(key)
            continue
        if key in limits.control:
            # It shows nothing of ours: a task that is still open is closed as overtaken.
            continue
        if not step or not text or not due:
            continue
        if rule_of(step) in desired.waiting:
            found.without["nothing to do but wait"] += 1
            continue
        found.steps[key] = step
        owner = desired.owner(key)
        if not may_own(owner) or owner in inactive:
            why = "the owner has left" if owner in inactive else "no owner"
            found.without[why] += 1
            continue
        record = desired.records.get(key)
        draft = record.task_draft if record else ""
        body = "\n\n".join(t for t in (shown.get("next_step_reason") or "", draft) if t)
        values: dict[str, Canonical] = {
            SUBJECT: text[:SUBJECT_LENGTH],
            BODY: body or None,
            DUE: due,
            PRIORITY: shown.get("next_step_priority") or DEFAULT_PRIORITY,
            OWNER: owner,
            STATUS: OPEN,
        }
        found.tasks[key] = WantedTask(key, desired.name(key), step, values)
    return found


def _shown(
    held: CurrentValues, planned: Mapping[RecordRef, Entry]
) -> Iterator[tuple[RecordRef, Mapping[str, Canonical]]]:
    """What each record will show: what it holds, with what the plan changes laid over it."""
    for key, values in held.values.items():
        entry = planned.get(key)
        yield key, values if entry is None else {**values, **{k: new for k, _, new in entry.fields}}


def _left_alone(key: RecordRef, limits: Limits) -> bool:
    outside = limits.allowed is not None and key not in limits.allowed and key not in limits.emptied
    return outside and key not in limits.control
