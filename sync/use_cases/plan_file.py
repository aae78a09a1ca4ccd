"""A plan as a file: saved, looked at, applied later, refused where the CRM has moved since."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import AccessError, GuardError, MachineError, UsageError
from sales_consultant.config.fields.canon import CanonError, written
from sales_consultant.connectors.base import TASKS
from sales_consultant.sync.journal import Entry, waiting
from sales_consultant.sync.plan import (
    NEW_TASK,
    Plan,
    before_rollback,
    described,
    fields_on_hold,
    guard,
    override,
)
from sales_consultant.sync.push import calls_for, changed_since_pull
from sales_consultant.sync.runtime import Reporter, Run, Workspace, running
from sales_consultant.sync.setup import refuse_without_master
from sales_consultant.sync.stores import plan_files, plans
from sales_consultant.sync.tasks import known, never_made, record_of
from sales_consultant.sync.use_cases.pushing import pushing, recovering

# 2: the digest is of all that the file says.
FORMAT = 2
AGAIN = "Make the plan again with: sales-consultant plan --out FILE"
# A judgement: a plan is looked at within a working day; older ones compare with a CRM that has moved.
TTL_MS = DAY_MS


def save(ws: Workspace, plan: Plan, path: Path, run_id: str) -> None:
    """Write the plan and note its digest in the state; only a plan noted there can be applied."""
    now = ws.clock()
    body: dict[str, Any] = {
        "format": FORMAT,
        "identity": plan.identity,
        "as_of": plan.as_of,
        "looked_at": plan.looked_at,
        "graded": plan.graded,
        "pilot": described(ws.settings.write),
        "expires_at": datetime.fromtimestamp((now + TTL_MS) / 1000, UTC).isoformat(),
        "entries": [asdict(e) for e in plan.entries],
        "tasks": [asdict(e) for e in plan.tasks],
        "task_records": {i: str(r) for i, r in plan.task_records.items()},
    }
    digest = _digest(body)
    try:
        # Whole or not at all: a disk may fill while this is written, and an earlier plan may lie there.
        part = path.with_name(f"{path.name}.part")
        part.touch(mode=0o600)
        part.write_text(
            json.dumps({**body, "digest": digest}, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        part.replace(path)
    except OSError as e:
        raise MachineError(
            f"The plan cannot be written to {path}: {e.strerror}.", action="Choose another file."
        ) from e
    with ws.state.begin() as c:
        place = {"path": str(path.absolute()), "digest": digest, "made_at": now}
        c.execute(
            sqlite_insert(plan_files).values(place).on_conflict_do_update(index_elements=["path"], set_=place)
        )
        row = {"digest": digest, "made_at": now, "expires_at": now + TTL_MS, "run_id": run_id}
        c.execute(sqlite_insert(plans).values(row).on_conflict_do_update(index_elements=["digest"], set_=row))


def _digest(body: Mapping[str, Any]) -> str:
    """Names all that a file says, what its guards compare with included."""
    text = json.dumps({k: v for k, v in body.items() if k != "digest"}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def load(ws: Workspace, path: Path) -> Plan:
    """The plan of a file; UsageError where it is not ours, was changed, has expired or names what is not ours to write.

    GuardError where the pilot was changed since: the plan was made for another one.
    """
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if body["format"] != FORMAT:
            raise UsageError(
                f"{path} is a plan of format {body['format']}.", action="Make it again with: plan --out"
            )
        entries, tasks = (
            [Entry(**{**e, "fields": tuple((k, o, n) for k, o, n in e["fields"])}) for e in part]
            for part in (body["entries"], body.get("tasks", ()))
        )
        plan = Plan(int(body["as_of"]), str(body["identity"]), entries, tasks=tasks)
        plan.task_records = {i: record_of(r) for i, r in body.get("task_records", {}).items()}
        # What the guards compare with.
        plan.looked_at, plan.graded = int(body["looked_at"]), int(body["graded"])
        digest, pilot = _digest(body), body["pilot"]
    except OSError as e:
        raise UsageError(f"{path} cannot be read: {e.strerror}.", action="Check the path.") from e
    except (ValueError, KeyError, TypeError) as e:
        raise UsageError(
            f"{path} is not a plan.", action="Make one with: sales-consultant plan --out FILE"
        ) from e
    noted = ws.state.rows(sa.select(plans).where(plans.c.digest == digest))
    if not noted:
        raise UsageError(
            f"{path} is not a plan that this installation made, or it was changed.",
            action="Make it again with: sales-consultant plan --out FILE",
        )
    if noted[0]["expires_at"] < ws.clock():
        raise UsageError(
            f"The plan {path} has expired.", action="Make it again with: sales-consultant plan --out FILE"
        )
    if pilot != described(ws.settings.write):
        raise GuardError(
            f"[write] where, first or teams were changed since the plan {path} was made. Nothing was written.",
            action=AGAIN,
        )
    for entry in plan.entries:
        writable = {f.key: f for f in ws.every_field.get(entry.object, ())}
        for key, _, new in entry.fields:
            try:
                known = key in writable and written(writable[key], new) == new
                known = known and (new is None or not (writable[key].people_write or writable[key].retired))
            except CanonError:
                known = False
            if not known:
                raise UsageError(
                    f"The plan would write {key} on {entry.object}, which is not a field of ours."
                )
    return plan


def refuse_if_moved(ws: Workspace, plan: Plan, reporter: Reporter) -> None:
    """Raise GuardError naming the records whose values in the CRM are not the plan's old ones any more.

    Those that a person set to be left alone since are among them.
    """
    found = changed_since_pull(ws, plan, reporter)
    if found:
        raise GuardError(
            f"The CRM has moved since the plan was made: {_named(found)}. Nothing was written.",
            action=AGAIN,
            details={"moved": found},
        )


def _named(found: Sequence[Mapping[str, Any]]) -> str:
    some = ", ".join(f"{m['object']} {m['record']}" for m in found[:5])
    return f"{len(found)} records ({some}{' ...' if len(found) > 5 else ''})"


def apply(
    ws: Workspace, reporter: Reporter, path: Path, *, yes: bool = False, guards: dict[str, Any] | None = None
) -> Run:
    """Write exactly what the file says, or nothing where the CRM has moved. `guards`: those of the command line."""
    _ = ws.identity
    made = load(ws, path)
    with running(ws, "push") as run:
        run.as_of = made.as_of
        ws.connector.now()
        recovering(ws, run)
        refuse_without_master(ws)
        _refuse_what_is_held(ws, made)
        refuse_if_moved(ws, made, reporter)
        made.calls = calls_for(ws.connector, [e.change() for e in (*made.entries, *made.tasks)])
        _refuse_tasks_that_moved(ws, made)
        if not yes:
            # Who saved a plan and looked at it has confirmed a first write.
            before = before_rollback(ws.state, made)
            guard(
                made,
                override(ws.settings.guards, guards or {}),
                first=False,
                first_tasks=never_made(ws.state),
                before=before,
            )
        pushing(ws, run, reporter, made)
    return run


def _refuse_tasks_that_moved(ws: Workspace, plan: Plan) -> None:
    """Raise GuardError where tasks are switched off now, on hold, or not any more as they were when the plan was made."""
    if not plan.tasks:
        return
    if not ws.settings.tasks.create or TASKS in fields_on_hold(ws.state):
        raise GuardError(
            "The plan writes tasks, which are switched off or on hold now. Nothing was written.", action=AGAIN
        )
    made = known(ws.state, [e.record_id for e in plan.tasks])
    moved = [
        e.record_id
        for e in plan.tasks
        if any(
            (made[e.record_id].values.get(k) if e.record_id in made else None) != old
            for k, old, _ in e.fields
        )
        or (e.why == NEW_TASK and e.record_id in made)
    ]
    if moved:
        raise GuardError(
            f"{len(moved)} tasks were written since the plan was made. Nothing was written.",
            action=AGAIN,
            details={"moved": [{"object": TASKS, "record": i} for i in moved]},
        )


def _refuse_what_is_held(ws: Workspace, plan: Plan) -> None:
    """Raise GuardError for fields that a rollback put on hold since and for records whose next try is not due.

    AccessError for fields that cannot be written.
    """
    later = waiting(ws.state, now=ws.connector.latest()) & {(e.object, e.record_id) for e in plan.entries}
    if later:
        found = [{"object": o, "record": i} for o, i in sorted(later)]
        raise GuardError(
            f"The CRM refused records of this plan, and their next try is not due: {_named(found)}. Nothing was written.",
            action="Next: sales-consultant retry, then push again; or make the plan again without them.",
            details={"waiting": found},
        )
    touched = {k for e in plan.entries for k, _, _ in e.fields}
    held = touched & fields_on_hold(ws.state)
    if held:
        raise GuardError(
            f"The plan writes fields that a rollback put on hold: {', '.join(sorted(held))}. Nothing was written.",
            action="Next: sales-consultant resume, then make the plan again.",
        )
    for obj in sorted({e.object for e in plan.entries}):
        mine = {k for e in plan.entries if e.object == obj for k, _, _ in e.fields}
        missing = ws.connector.unwritable(obj, [f for f in ws.every_field[obj] if f.key in mine])
        if missing:
            raise AccessError(
                f"{len(missing)} fields of {obj} cannot be written: {', '.join(sorted(missing))}. Nothing was written.",
                action="Next: sales-consultant provision, then: sales-consultant check",
            )
