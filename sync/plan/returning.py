"""What comes back after a rollback: values that an admin let go again with `resume` are no change that nobody agreed to.

A rollback empties what we wrote. After `resume` the next run writes it again, on every record: measured against the
emptied fields that is the largest change there is, and the guard would stop every run until somebody says yes. It is
measured against what we had written before the rollback instead: what only comes back counts as nothing, what is really
another value counts as always. That holds for a field of a record only where all of this is true:

- the last thing that was written there is a rollback's, so the journal knows what it took away;
- a person said `resume` after that rollback, and no later rollback put the field on hold again;
- the CRM still holds what the rollback left: nobody edited it since.
"""

import json
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.records import RecordRef
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan.plan import Plan, Values
from sales_consultant.sync.plan.quiet import quiet
from sales_consultant.sync.stores import ChangeState, State, changes, holds, runs

_KEY = "resumed"


def fields_on_hold(state: State) -> frozenset[str]:
    """The fields that no run writes until somebody says `resume`."""
    return frozenset(str(r["field"]) for r in state.rows(sa.select(holds.c.field)))


def release(state: State, *, now: int) -> list[str]:
    """End all holds and remember that a person agreed to it; returns the fields that were on hold."""
    fields = sorted(fields_on_hold(state))
    if fields:
        state.put(_KEY, json.dumps({**_resumed(state), **dict.fromkeys(fields, now)}))
    with state.begin() as c:
        c.execute(sa.delete(holds))
    return fields


def _resumed(state: State) -> dict[str, int]:
    """When each field was last let go, by field key."""
    return {str(k): int(v) for k, v in json.loads(state.get(_KEY) or "{}").items()}


def before_rollback(state: State, plan: Plan) -> dict[RecordRef, Values]:
    """What we had written, by record and field, where the plan writes to what a rollback emptied and a person let go."""
    resumed = _resumed(state)
    if not resumed or not plan.entries:
        return {}
    newest = (
        sa.select(sa.func.max(changes.c.id))
        .where(changes.c.state == ChangeState.DONE, changes.c.field.in_(resumed))
        .group_by(changes.c.object, changes.c.record_id, changes.c.field)
    )
    query = (
        sa.select(changes)
        .join(runs, runs.c.id == changes.c.run_id)
        .where(changes.c.id.in_(newest), runs.c.job == "rollback")
    )
    planned = {RecordRef(e.object, e.record_id): {k: old for k, old, _ in e.fields} for e in plan.entries}
    values: dict[RecordRef, Values] = {}
    for r in state.rows(query):
        key, name = RecordRef(str(r["object"]), str(r["record_id"])), str(r["field"])
        at, now = r["settled_at"], planned.get(key, {})
        # A rollback's change leads from what we had written (old) to what was there before us (new).
        if name in now and now[name] == r["new"] and at is not None and at <= resumed[name]:
            values.setdefault(key, {})[name] = r["old"]
    return values


def measured(entries: Iterable[Entry], before: Mapping[RecordRef, Values]) -> tuple[int, int, int]:
    """Records that change, grades that change, and records that had a grade and hold none now, all against `before`."""
    records = grades = graded = 0
    for e in entries:
        mine = before.get(RecordRef(e.object, e.record_id), {})
        told = [(k, mine.get(k, old), old, new) for k, old, new in e.fields]
        records += not mine or _is_news({k: new for k, *_, new in told}, {k: was for k, was, *_ in told})
        grades += any(k == "grade" and None not in (was, new) and was != new for k, was, _, new in told)
        graded += any(k == "grade" and old is None and was is not None for k, was, old, _ in told)
    return records, grades, graded


def _is_news(wanted: Mapping[str, Canonical], was: Mapping[str, Canonical]) -> bool:
    """Whether a night would have written this over what we had written."""
    return bool(quiet(dict(wanted), dict(was), set()))


def over(state: State) -> None:
    """Forget what was let go: a run went through in which none of it came back any more."""
    if state.get(_KEY):
        state.put(_KEY, "")
