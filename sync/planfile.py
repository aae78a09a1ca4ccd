"""A plan as a file: saved, looked at, applied later, refused where the CRM has moved since."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.config.canon import CanonError, canon
from sales_consultant.config.errors import AccessError, GuardError, MachineError, UsageError
from sales_consultant.sync.check import refuse_without_master
from sales_consultant.sync.guards import guard, override
from sales_consultant.sync.plan import Entry, Plan
from sales_consultant.sync.push import Fields, calls_for
from sales_consultant.sync.run import Reporter, Run, pushing, recovering, running
from sales_consultant.sync.state import State, holds, plan_files, plans
from sales_consultant.sync.workspace import Workspace

FORMAT = 1
TTL_MS = 24 * 3_600_000


def save(plan: Plan, path: Path, state: State, run_id: str, *, now: int) -> None:
    """Write the plan and note its digest in the state; only a plan noted there can be applied."""
    body = {
        "format": FORMAT,
        "digest": plan.digest,
        "identity": plan.identity,
        "as_of": plan.as_of,
        "looked_at": plan.looked_at,
        "graded": plan.graded,
        "expires_at": datetime.fromtimestamp((now + TTL_MS) / 1000, UTC).isoformat(),
        "entries": [asdict(e) for e in plan.entries],
    }
    try:
        # Whole or not at all: a disk may fill while this is written, and an earlier plan may lie there.
        part = path.with_name(f"{path.name}.part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
        part.replace(path)
    except OSError as e:
        raise MachineError(
            f"The plan cannot be written to {path}: {e.strerror}.", action="Choose another file."
        ) from e
    with state.begin() as c:
        place = {"path": str(path.absolute()), "digest": plan.digest, "made_at": now}
        c.execute(
            sqlite_insert(plan_files).values(place).on_conflict_do_update(index_elements=["path"], set_=place)
        )
        row = {"digest": plan.digest, "made_at": now, "expires_at": now + TTL_MS, "run_id": run_id}
        c.execute(sqlite_insert(plans).values(row).on_conflict_do_update(index_elements=["digest"], set_=row))


def load(path: Path, state: State, fields: Fields, *, now: int) -> Plan:
    """The plan of a file; UsageError where it is not ours, was changed, has expired or names what is not ours to write."""
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if body["format"] != FORMAT:
            raise UsageError(
                f"{path} is a plan of format {body['format']}.", action="Make it again with: plan --out"
            )
        entries = [
            Entry(**{**e, "fields": tuple((k, o, n) for k, o, n in e["fields"])}) for e in body["entries"]
        ]
        plan = Plan(int(body["as_of"]), str(body["identity"]), entries)
        # What the guards compare with; the plan of an earlier release has neither.
        plan.looked_at, plan.graded = int(body.get("looked_at", 0)), int(body.get("graded", 0))
    except OSError as e:
        raise UsageError(f"{path} cannot be read: {e.strerror}.", action="Check the path.") from e
    except (ValueError, KeyError, TypeError) as e:
        raise UsageError(
            f"{path} is not a plan.", action="Make one with: sales-consultant plan --out FILE"
        ) from e
    held = state.rows(sa.select(plans).where(plans.c.digest == plan.digest))
    if not held:
        raise UsageError(
            f"{path} is not a plan that this installation made, or it was changed.",
            action="Make it again with: sales-consultant plan --out FILE",
        )
    if held[0]["expires_at"] < now:
        raise UsageError(
            f"The plan {path} has expired.", action="Make it again with: sales-consultant plan --out FILE"
        )
    for entry in plan.entries:
        writable = {f.key: f for f in fields.get(entry.object, ()) if not f.people_write}
        for key, _, new in entry.fields:
            try:
                known = key in writable and canon(writable[key], new) == new
            except CanonError:
                known = False
            if not known:
                raise UsageError(
                    f"The plan would write {key} on {entry.object}, which is not a field of ours."
                )
    return plan


def refuse_if_moved(ws: Workspace, plan: Plan) -> None:
    """Raise GuardError naming the records whose values in the CRM are not the plan's old ones any more."""
    moved = []
    by_object: dict[str, list[Entry]] = {}
    for entry in plan.entries:
        by_object.setdefault(entry.object, []).append(entry)
    for obj, entries in by_object.items():
        keys = {k for e in entries for k, _, _ in e.fields}
        chosen = [f for f in ws.fields[obj] if f.key in keys]
        now = {h.record_id: h for h in ws.connector.read_back(obj, [e.record_id for e in entries], chosen)}
        for e in entries:
            held = now[e.record_id]
            changed = [k for k, old, _ in e.fields if held.values.get(k) != old]
            if not held.found or changed:
                moved.append(
                    {"object": obj, "record": e.record_id, "name": e.name, "fields": changed or ["(gone)"]}
                )
    if moved:
        some = ", ".join(f"{m['object']} {m['record']}" for m in moved[:5]) + (
            " ..." if len(moved) > 5 else ""
        )
        raise GuardError(
            f"The CRM has moved since the plan was made: {len(moved)} records differ ({some}). Nothing was written.",
            action="Make the plan again with: sales-consultant plan --out FILE",
            details={"moved": moved},
        )


def apply(
    ws: Workspace, reporter: Reporter, path: Path, *, yes: bool = False, guards: dict[str, Any] | None = None
) -> Run:
    """Write exactly what the file says, or nothing where the CRM has moved. `guards`: those of the command line."""
    _ = ws.identity
    made = load(path, ws.state, ws.fields, now=ws.clock())
    with running(ws, "push") as run:
        run.as_of = made.as_of
        ws.connector.now()
        recovering(ws, run)
        refuse_without_master(ws)
        _refuse_what_is_held(ws, made)
        refuse_if_moved(ws, made)
        made.calls = calls_for(ws.connector, [e.change() for e in made.entries])
        if not yes:
            # Who saved a plan and looked at it has confirmed a first write.
            guard(made, override(ws.settings.guards, guards or {}), first=False)
        pushing(ws, run, reporter, made)
    return run


def _refuse_what_is_held(ws: Workspace, plan: Plan) -> None:
    """Raise GuardError for fields that a rollback put on hold since, AccessError for those that cannot be written."""
    touched = {k for e in plan.entries for k, _, _ in e.fields}
    held = touched & {str(r["field"]) for r in ws.state.rows(sa.select(holds.c.field))}
    if held:
        raise GuardError(
            f"The plan writes fields that a rollback put on hold: {', '.join(sorted(held))}. Nothing was written.",
            action="Run: sales-consultant resume, then make the plan again.",
        )
    for obj in sorted({e.object for e in plan.entries}):
        mine = {k for e in plan.entries if e.object == obj for k, _, _ in e.fields}
        missing = ws.connector.unwritable(obj, [f for f in ws.fields[obj] if f.key in mine])
        if missing:
            raise AccessError(
                f"{len(missing)} fields of {obj} cannot be written: {', '.join(sorted(missing))}. Nothing was written.",
                action="Run: sales-consultant provision, then: sales-consultant check",
            )
