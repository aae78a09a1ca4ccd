"""Undo: a plan in reverse, from the journal, applied only where the CRM still holds what we wrote."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.config.errors import SalesConsultantError, StoppedError, UsageError
from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import FIELDS, by_key
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import TASKS, ReadBack
from sales_consultant.engine.reads.records import names
from sales_consultant.sync.journal import Entry, Journal
from sales_consultant.sync.plan import Plan, release
from sales_consultant.sync.push import READ_EVERY, calls_for
from sales_consultant.sync.runtime import Reporter, Run, Silent, Workspace, running, watched
from sales_consultant.sync.stores import (
    UNSETTLED,
    ChangeState,
    State,
    changes,
    holds,
    run_names,
    runs,
    texts_language,
)
from sales_consultant.sync.tasks import taken_back, tasks_of
from sales_consultant.sync.use_cases.forget import CODE as FORGOTTEN
from sales_consultant.sync.use_cases.planning import name_currencies
from sales_consultant.sync.use_cases.pushing import pushing, recovering
from sales_consultant.sync.use_cases.undone import Conflict

AGAIN = "sales-consultant retry"
# Dead letters, and what an approval or a lock keeps.
_REFUSED = (ChangeState.DEAD, ChangeState.WAITING)
_WROTE = (ChangeState.DONE,)
GONE = "(the record is gone)"


@dataclass
class Undo:
    """A rollback: what is restored, and what somebody touched since and is therefore left."""

    plan: Plan
    conflicts: list[Conflict] = field(default_factory=list)


@dataclass
class _Origin:
    """One field of one record: what it held before the undone runs, and what the last one left there.

    Where a person changed it between two of the runs, `old` is that person's value, and `apart` is what the older runs
    found and left: theirs is not undone, for the value that they left was replaced by somebody else.
    """

    old: Canonical
    new: Canonical
    apart: tuple[Canonical, Canonical] | None = None


def _origins(
    state: State, run_ids: Sequence[str], fields: Sequence[str], records: Sequence[str]
) -> dict[RecordRef, dict[str, _Origin]]:
    query = (
        sa.select(changes)
        .where(changes.c.run_id.in_(run_ids), changes.c.state.in_(_WROTE))
        # What was erased has no old value any more: emptying the field would be wrong.
        .where(sa.func.coalesce(changes.c.code, "") != FORGOTTEN)
        .order_by(changes.c.id)
    )
    if fields:
        query = query.where(changes.c.field.in_(fields) | changes.c.object.in_(fields))
    if records:
        # With a record go the tasks that are about it.
        query = query.where(changes.c.record_id.in_({*records, *tasks_of(state, records)}))
    origins: dict[RecordRef, dict[str, _Origin]] = {}
    for r in state.rows(query):
        mine = origins.setdefault(RecordRef(r["object"], r["record_id"]), {})
        before = mine.get(r["field"])
        if before is None:
            mine[r["field"]] = _Origin(r["old"], r["new"])
        elif before.new == r["old"]:
            before.new = r["new"]
        else:
            mine[r["field"]] = _Origin(r["old"], r["new"], apart=(before.old, before.new))
    return origins


def chosen_runs(state: State, run_id: str | None, since: int | None) -> list[str]:
    """The runs to undo, oldest first; UsageError for an unknown one, and where none of several wrote anything."""
    query = sa.select(runs.c.id).order_by(runs.c.started_at)
    if run_id is not None:
        query = query.where(runs.c.id == run_names.named(state, run_id))
    elif since is not None:
        query = query.where(runs.c.started_at >= since)
    else:
        raise UsageError("Say what to undo.", action="Give a run (sales-consultant runs list) or --since.")
    chosen = [r["id"] for r in state.rows(query)]
    if not chosen:
        raise UsageError(
            "No run started since then.",
            action="Next: sales-consultant runs list",
        )
    if run_id is None:
        chosen = touching(state, chosen, (*_WROTE, *UNSETTLED))
        if not chosen:
            raise UsageError(
                "No run that started since then wrote anything.", action="Next: sales-consultant runs list"
            )
    return chosen


def touching(
    state: State,
    run_ids: Sequence[str],
    states: Sequence[str],
    *,
    fields: Sequence[str] = (),
    records: Sequence[str] = (),
) -> list[str]:
    """Those of the runs that have changes in one of the states, in their order: a run that only read has none."""
    query = sa.select(changes.c.run_id).where(changes.c.run_id.in_(run_ids), changes.c.state.in_(states))
    if fields:
        query = query.where(changes.c.field.in_(fields) | changes.c.object.in_(fields))
    if records:
        query = query.where(changes.c.record_id.in_(records))
    wrote = {str(r["run_id"]) for r in state.rows(query.distinct())}
    return [i for i in run_ids if i in wrote]


def prepare(
    ws: Workspace,
    run_ids: Sequence[str],
    *,
    fields: Sequence[str] = (),
    records: Sequence[str] = (),
    reporter: Reporter = Silent(),
) -> Undo:
    """What a rollback would do: the journal's old values, where the CRM's value now still equals what we wrote."""
    known = [*(f.key for f in FIELDS if not f.people_write), TASKS]
    for name in fields:
        if name not in known:
            raise UsageError(f'There is no field "{name}" to roll back.', action=did_you_mean(name, known))
    undo = Undo(Plan(ws.connector.now(), str(ws.identity)))
    by_object: dict[str, dict[str, dict[str, _Origin]]] = {}
    for (obj, record_id), mine in _origins(ws.state, run_ids, fields, records).items():
        by_object.setdefault(obj, {})[record_id] = mine
    _prepare_tasks(ws, undo, by_object.pop(TASKS, {}))
    for obj, by_record in sorted(by_object.items()):
        keys = {k for mine in by_record.values() for k in mine}
        # The journal's own fields: what was written must be undone whatever the settings say now.
        chosen = [by_key(k) for k in sorted(keys)]
        answers = ws.connector.read_back(obj, sorted(by_record), chosen)
        for read in watched(answers, reporter, f"reading {obj} back", len(by_record), every=READ_EVERY):
            restore = []
            for key, origin in by_record[read.record_id].items():
                now = read.values.get(key)
                if read.found and now == origin.new and now != origin.old:
                    restore.append((key, now, origin.old))
                if not read.found or now not in (origin.new, origin.old):
                    now = now if read.found else GONE
                    undo.conflicts.append(_conflict(read, key, origin.new, now))
                elif origin.apart and origin.apart[0] != origin.old:
                    undo.conflicts.append(_conflict(read, key, origin.apart[1], origin.old))
            undo.plan.looked_at += 1
            if restore:
                undo.plan.entries.append(
                    Entry(obj, read.record_id, read.record_id, "rollback", tuple(restore))
                )
    undo.plan.calls = calls_for(ws.connector, [e.change() for e in (*undo.plan.entries, *undo.plan.tasks)])
    # For who looks at it: what is restored is the journal's word alone, whether or not the warehouse can be read now.
    with contextlib.suppress(SalesConsultantError):
        _name_records(ws, undo.plan)
    return undo


def _prepare_tasks(ws: Workspace, undo: Undo, origins: dict[str, dict[str, _Origin]]) -> None:
    if origins and ws.connector.tasks is not None:
        before = {i: {k: o.old for k, o in mine.items()} for i, mine in origins.items()}
        taken = taken_back(ws.state, ws.connector.tasks, before)
        undo.plan.tasks = taken.entries
        undo.conflicts += taken.conflicts


def _name_records(ws: Workspace, plan: Plan) -> None:
    """Give a plan's records the names that people know them by, and its money a currency."""
    if ws.warehouse.empty:
        return
    ws.warehouse.make_views(ws.connector)
    known = names(ws.warehouse.engine, [e.record_id for e in plan.entries])
    plan.entries = [
        replace(e, name=known.get(RecordRef(e.object, e.record_id), e.name)) for e in plan.entries
    ]
    name_currencies(ws.warehouse.engine, plan)


def _conflict(record: ReadBack, field: str, wrote: Canonical, holds: Canonical) -> Conflict:
    return Conflict(record.object, record.record_id, field, wrote, holds)


def rollback(
    ws: Workspace,
    reporter: Reporter,
    run_ids: Sequence[str],
    *,
    fields: Sequence[str] = (),
    records: Sequence[str] = (),
) -> tuple[Run, Undo]:
    """Undo the runs and put the fields that were touched on hold, so that the next schedule does not redo them."""
    with running(ws, "rollback") as run:
        ws.connector.now()
        recovering(ws, run)
        undo = prepare(ws, run_ids, fields=fields, records=records, reporter=reporter)
        touched = {k for e in undo.plan.entries for k, _, _ in e.fields} | set(fields)
        # What somebody touched is left by this undo, and must be by the next run too.
        touched |= {c.field for c in undo.conflicts if c.holds != GONE and c.object != TASKS}
        if undo.plan.tasks or any(c.object == TASKS for c in undo.conflicts):
            touched.add(TASKS)
        with ws.state.begin() as c:
            if touched:
                c.execute(
                    sqlite_insert(holds).on_conflict_do_nothing(),
                    [{"field": k, "since": ws.connector.latest(), "run_id": run.id} for k in sorted(touched)],
                )
        # What only pulled or trained has nothing to undo, and is not said to be undone.
        run.counts["undone"] = touching(ws.state, run_ids, _WROTE, fields=fields, records=records)
        run.counts["conflicts"] = len(undo.conflicts)
        run.counts["on_hold"] = sorted(touched)
        texts_language.restored(ws.state)
        try:
            pushing(ws, run, reporter, undo.plan)
        except StoppedError:
            raise
        except SalesConsultantError:
            _only_what_was_restored(ws.state, run, run_ids)
            raise
        if run.counts["dead"] or run.counts.get("waiting_records"):
            run.counts["tried_again_by"] = AGAIN
    return run, undo


def _only_what_was_restored(state: State, run: Run, run_ids: Sequence[str]) -> None:
    """What a rollback that failed says of itself: no run is undone of which it restored nothing.

    A hold keeps the next schedule from redoing what was restored. Where nothing was, it would keep in place the very
    values that somebody wanted away, and the schedule from mending them: it goes. What may have been restored, or is
    tried again by `retry`, counts as restored.
    """
    mine, theirs = changes.alias("mine"), changes.alias("theirs")
    query = (
        sa.select(theirs.c.run_id)
        .join(
            mine,
            (mine.c.object == theirs.c.object)
            & (mine.c.record_id == theirs.c.record_id)
            & (mine.c.field == theirs.c.field),
        )
        .where(
            mine.c.run_id == run.id, mine.c.state.in_((ChangeState.DONE, ChangeState.IN_FLIGHT, *_REFUSED))
        )
        .where(theirs.c.run_id.in_(run_ids), theirs.c.state.in_(_WROTE))
    )
    found = {str(r["run_id"]) for r in state.rows(query.distinct())}
    run.counts["undone"] = [i for i in run_ids if i in found]
    if not found:
        with state.begin() as c:
            c.execute(sa.delete(holds).where(holds.c.run_id == run.id))
        run.counts["on_hold"] = []


@dataclass(frozen=True)
class Refused:
    """What a rollback could not restore in one record, for the CRM refused it: the value is in the journal alone."""

    run_id: str
    undone: tuple[str, ...]
    object: str
    record_id: str
    fields: tuple[str, ...]


def unrestored(state: State) -> list[Refused]:
    """The records that the CRM would not let a rollback restore, where nothing was written to the field since."""
    later = changes.alias("later")
    since = sa.exists().where(
        later.c.object == changes.c.object,
        later.c.record_id == changes.c.record_id,
        later.c.field == changes.c.field,
        later.c.id > changes.c.id,
        later.c.state == ChangeState.DONE,
    )
    query = (
        sa.select(changes.c.run_id, changes.c.object, changes.c.record_id, changes.c.field, runs.c.counts)
        .join(runs, runs.c.id == changes.c.run_id)
        .where(runs.c.job == "rollback", changes.c.state.in_(_REFUSED), ~since)
        .where(sa.func.coalesce(changes.c.code, "") != FORGOTTEN)
        .order_by(changes.c.id)
    )
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for r in state.rows(query):
        found.setdefault((r["run_id"], r["counts"], r["object"], r["record_id"]), []).append(r["field"])
    return [
        Refused(run, tuple(json.loads(counts).get("undone", ())), obj, record_id, tuple(fields))
        for (run, counts, obj, record_id), fields in found.items()
    ]


def again(ws: Workspace, reporter: Reporter) -> list[tuple[Run, Undo]]:
    """Restore what the CRM refused to let earlier rollbacks restore, by rollbacks of the same runs; oldest first."""
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Refused]] = {}
    for one in unrestored(ws.state):
        # A rollback that was killed does not say what it undid; it is listed, and can be given again.
        if one.undone:
            groups.setdefault((one.run_id, one.undone, one.fields), []).append(one)
    done = []
    for (run_id, undone, fields), refused in groups.items():
        # A task is taken back whole, by its id.
        chosen = () if refused[0].object == TASKS else fields
        done.append(rollback(ws, reporter, undone, fields=chosen, records=[one.record_id for one in refused]))
        # Refused once more, it is the new run's to be tried again.
        with ws.state.begin() as c:
            for one in refused:
                c.execute(
                    sa.update(changes)
                    .where(changes.c.run_id == run_id, changes.c.state.in_(_REFUSED))
                    .where(changes.c.object == one.object, changes.c.record_id == one.record_id)
                    .values(state=ChangeState.SKIPPED, message=f"tried again by {done[-1][0].id}")
                )
    return done


def lift(ws: Workspace) -> list[str]:
    """End all holds; returns the fields that were on hold. Their return is agreed to: see `returning`."""
    _ = ws.identity
    return release(ws.state, now=ws.connector.latest())


__all__ = ["Journal", "Undo", "again", "chosen_runs", "lift", "prepare", "rollback", "unrestored"]
