"""What the journal knows of the tasks that we made: by our id the CRM's id, the record, the step, and what we wrote."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import DONE, OVERTAKEN, REMOVED, STATUS, TASK_KEYS, TASKS
from sales_consultant.sync.stores import ChangeState, State, changes, feedback, written

ABOUT, STEP, CRM_ID = "task_about", "task_step", "task_crm_id"
"""What else the journal keeps of a task: the record as "deals/123", the id of the step, the CRM's own id."""
LEFT = "left"
"""The status of a task that a person has taken over: it is not looked at any more."""
GONE = (OVERTAKEN, REMOVED)


@dataclass(frozen=True)
class KnownTask:
    """A task as the journal knows it."""

    id: str
    crm_id: str
    about: RecordRef
    step: str
    values: Mapping[str, Canonical]

    @property
    def status(self) -> str:
        """Open, done, overtaken, removed or left."""
        return self.values.get(STATUS) or ""


def record_of(text: str) -> RecordRef:
    """The record of a name that the journal keeps.

    >>> record_of(str(RecordRef("deals", "7")))
    RecordRef(object='deals', record_id='7')
    """
    object_, _, record_id = text.partition("/")
    return RecordRef(object_, record_id)


def task_id(org: str, record: RecordRef, step: str, number: int) -> str:
    """Our id of a task: the same for the same step of a record, so that not even a lost state makes it twice.

    `number` counts the tasks of a step that came back after its task was closed as overtaken or was removed.

    >>> task_id("o", RecordRef("deals", "7"), "call-1", 0) == task_id("o", RecordRef("deals", "7"), "call-1", 0)
    True
    """
    text = f"{org}|{record.object}|{record.record_id}|{step}|{number}"
    return f"sc-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def known(state: State, ids: Iterable[str] | None = None) -> dict[str, KnownTask]:
    """All tasks that were made, or those with some ids, by our id."""
    query = sa.select(written).where(written.c.object == TASKS).order_by(written.c.record_id)
    if ids is not None:
        query = query.where(written.c.record_id.in_(list(ids)))
    found: dict[str, dict[str, str]] = {}
    for r in state.rows(query):
        if r["value"] is not None:
            found.setdefault(str(r["record_id"]), {})[str(r["field"])] = str(r["value"])
    return {
        i: KnownTask(
            i,
            v.get(CRM_ID, ""),
            record_of(v[ABOUT]),
            v.get(STEP, ""),
            {k: v.get(k) for k in TASK_KEYS},
        )
        for i, v in found.items()
        if ABOUT in v
    }


def tasks_of(state: State, records: Iterable[str]) -> set[str]:
    """Our ids of the tasks of some records, of whatever object."""
    wanted = set(records)
    return {t.id for t in known(state).values() if t.about.record_id in wanted}


def tasks_about(state: State, record: RecordRef) -> set[str]:
    """Our ids of all tasks that were ever planned about a record."""
    query = sa.select(changes.c.record_id).where(
        changes.c.object == TASKS, changes.c.field == ABOUT, changes.c.new == str(record)
    )
    made = {t.id for t in known(state).values() if t.about == record}
    return made | {str(r["record_id"]) for r in state.rows(query)}


def remember(state: State, ids: Mapping[str, str], *, run_id: str, now: int) -> None:
    """Keep the CRM's ids of tasks, before their outcome is settled."""
    if ids:
        with state.begin() as c:
            _put(c, {i: {CRM_ID: crm_id} for i, crm_id in ids.items()}, run_id=run_id, now=now)


def end(state: State, statuses: Mapping[str, str], *, run_id: str, now: int) -> None:
    """Take over what people made of tasks: closed, deleted, or changed and kept."""
    if statuses:
        with state.begin() as c:
            _put(c, {i: {STATUS: s} for i, s in statuses.items()}, run_id=run_id, now=now)


def _put(c: Connection, values: Mapping[str, Mapping[str, str]], *, run_id: str, now: int) -> None:
    insert = sqlite_insert(written)
    c.execute(
        insert.on_conflict_do_update(
            index_elements=["object", "record_id", "field"],
            set_={n: insert.excluded[n] for n in ("value", "at", "run_id")},
        ),
        [
            {"object": TASKS, "record_id": i, "field": k, "value": v, "at": now, "run_id": run_id}
            for i, mine in values.items()
            for k, v in mine.items()
        ],
    )


def answered(state: State) -> set[tuple[RecordRef, str]]:
    """Record and id of the steps that reps have answered with "done"."""
    query = sa.select(feedback.c.object, feedback.c.record_id, feedback.c.step_id)
    rows = state.rows(query.where(feedback.c.value == DONE))
    return {(RecordRef(r["object"], r["record_id"]), str(r["step_id"])) for r in rows}


def on_their_way(state: State) -> set[str]:
    """Our ids of tasks whose outcome is not known: nothing is planned of them."""
    query = sa.select(changes.c.record_id).where(
        changes.c.object == TASKS, changes.c.state == ChangeState.IN_FLIGHT
    )
    return {str(r["record_id"]) for r in state.rows(query.distinct())}


def written_by(state: State, run_id: str) -> set[str]:
    """Our ids of the tasks that a run wrote, as the CRM acknowledged it."""
    query = sa.select(changes.c.record_id).where(
        changes.c.run_id == run_id, changes.c.object == TASKS, changes.c.state == ChangeState.DONE
    )
    return {str(r["record_id"]) for r in state.rows(query.distinct())}


def never_made(state: State) -> bool:
    """Whether this state has never made a task."""
    query = sa.select(written.c.record_id).where(written.c.object == TASKS, written.c.field == ABOUT)
    return not state.rows(query.limit(1))
