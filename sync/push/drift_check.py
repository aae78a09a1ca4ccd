"""What has moved in the CRM since a plan's values were read: read back before the first write, so that no edit is lost."""

from dataclasses import replace
from typing import Any

from sales_consultant.config.fields.catalogue import Field
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import Plan
from sales_consultant.sync.push.push import calls_for
from sales_consultant.sync.runtime import Reporter, Silent, Workspace, watched

# Older than this, a plan's old values are read once more before anything is written: people work meanwhile. Two
# minutes, a judgement: a scoring run of a usual CRM takes no longer, and is spared the calls.
FRESH_MS = 120_000
# As many records as HubSpot reads by a call: after each, who watches is told.
READ_EVERY = 100
LEAVE_ALONE = "do_not_score"
# A judgement: more are counted and not named, so that the run's document stays small.
LISTED = 1_000


def changed_since_pull(ws: Workspace, plan: Plan, reporter: Reporter = Silent()) -> list[dict[str, Any]]:
    """The entries that must not be written as planned: object, record, name, and the fields that differ.

    A field differs where the CRM does not hold the plan's old value any more; "do_not_score" is among them where a person
    ticked it and the plan would still give values, "(gone)" where there is no such record. One call reads 100 records
    (HubSpot) or 2,000 (Salesforce).
    """
    moved = []
    by_object: dict[str, list[Entry]] = {}
    for entry in plan.entries:
        by_object.setdefault(entry.object, []).append(entry)
    for obj, entries in by_object.items():
        chosen = _to_read(ws, obj, {k for e in entries for k, _, _ in e.fields})
        read = ws.connector.read_back(obj, [e.record_id for e in entries], chosen)
        now = {
            h.record_id: h
            for h in watched(read, reporter, f"reading {obj} once more", len(entries), every=READ_EVERY)
        }
        for e in entries:
            held = now[e.record_id]
            changed = [k for k, old, _ in e.fields if held.values.get(k) != old]
            if held.values.get(LEAVE_ALONE) == "true" and any(new is not None for _, _, new in e.fields):
                changed.append(LEAVE_ALONE)
            if not held.found or changed:
                fields = changed if held.found else ["(gone)"]
                moved.append({"object": obj, "record": e.record_id, "name": e.name, "fields": fields})
    return moved


def _to_read(ws: Workspace, obj: str, keys: set[str]) -> list[Field]:
    """The planned fields, and what people say of a record where the CRM has a field for it."""
    there = {i.name for i in ws.connector.describe(obj)}
    return [
        f
        for f in ws.every_field[obj]
        if f.key in keys or (f.key == LEAVE_ALONE and ws.connector.field_name(obj, f) in there)
    ]


def without_changed(ws: Workspace, plan: Plan, reporter: Reporter = Silent()) -> tuple[Plan, dict[str, Any]]:
    """The plan less what has moved since it was read, and what to tell of that: how many, and which."""
    gone = changed_since_pull(ws, plan, reporter)
    if not gone:
        return plan, {}
    out = {(m["object"], m["record"]) for m in gone}
    kept = replace(plan, entries=[e for e in plan.entries if (e.object, e.record_id) not in out])
    # A task says what the fields of its record say: it waits for the next run with them.
    kept.tasks = [e for e in plan.tasks if plan.task_records.get(e.record_id) not in out]
    kept.left_alone["conflict"] += len(gone)
    kept.calls = calls_for(ws.connector, [e.change() for e in (*kept.entries, *kept.tasks)])
    return kept, {"conflicts": len(gone), "moved": gone[:LISTED]}
