"""What has moved in the CRM since a plan's values were read: read back before the first write, so that no edit is lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sales_consultant.config.fields.canon import Canonical
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
STEP, ANSWER = "next_step_id", "next_step_feedback"
# A judgement: more are counted and not named, so that the run's document stays small.
LISTED = 1_000


def changed_since_pull(ws: Workspace, plan: Plan, reporter: Reporter = Silent()) -> list[dict[str, Any]]:
    """The entries that must not be written as planned: object, record, name, and the fields that differ.

    A field differs where the CRM does not hold the plan's old value any more; "do_not_score" is among them where a person
    ticked it and the plan would still give values, the answer to a step where somebody gave one that the plan, which ends the
    step, has not seen, "(gone)" where there is no such record. One call reads 100 records (HubSpot) or 2,000 (Salesforce).
    """
    return _moved(ws, plan.entries, reporter, of_answers=False)


def _answered_since_pull(ws: Workspace, plan: Plan, reporter: Reporter) -> list[dict[str, Any]]:
    """Of the entries that end a step, those whose step somebody answered since: read however short the time was.

    Next to nothing is read where few steps end: one call for 100 or 2,000 of them.
    """
    return _moved(ws, [e for e in plan.entries if _ends_step(e)], reporter, of_answers=True)


def _moved(
    ws: Workspace, found: Sequence[Entry], reporter: Reporter, *, of_answers: bool
) -> list[dict[str, Any]]:
    moved = []
    by_object: dict[str, list[Entry]] = {}
    for entry in found:
        by_object.setdefault(entry.object, []).append(entry)
    for obj, entries in by_object.items():
        planned = set() if of_answers else {k for e in entries for k, _, _ in e.fields}
        chosen = _to_read(ws, obj, planned, people=(ANSWER,) if of_answers else (LEAVE_ALONE, ANSWER))
        if not chosen:
            continue
        keys = {f.key for f in chosen}
        read = ws.connector.read_back(obj, [e.record_id for e in entries], chosen)
        now = {
            h.record_id: h
            for h in watched(read, reporter, f"reading {obj} once more", len(entries), every=READ_EVERY)
        }
        for e in entries:
            held = now[e.record_id]
            changed = [k for k, old, _ in e.fields if k in keys and held.values.get(k) != old]
            if ANSWER in keys and ANSWER not in changed and _ends_step(e) and _unseen(e, held.values):
                changed.append(ANSWER)
            if held.values.get(LEAVE_ALONE) == "true" and any(new is not None for _, _, new in e.fields):
                changed.append(LEAVE_ALONE)
            if not held.found or changed:
                fields = changed if held.found else ["(gone)"]
                moved.append({"object": obj, "record": e.record_id, "name": e.name, "fields": fields})
    return moved


def _ends_step(entry: Entry) -> bool:
    """Whether a record shows a step that it will not show any more: an answer to it counts before it goes."""
    return any(k == STEP and old is not None for k, old, _ in entry.fields)


def _unseen(entry: Entry, held: Mapping[str, Canonical]) -> bool:
    """Whether the answer that the CRM holds is not the one that the plan was made with."""
    seen = next((old for k, old, _ in entry.fields if k == ANSWER), None)
    return held.get(ANSWER) is not None and held.get(ANSWER) != seen


def _to_read(ws: Workspace, obj: str, keys: set[str], *, people: Collection[str]) -> list[Field]:
    """The planned fields, and of what people say of a record the fields of `people` that the CRM has."""
    there = {i.name for i in ws.connector.describe(obj)}
    return [
        f
        for f in ws.every_field[obj]
        if f.key in keys or (f.key in people and ws.connector.field_name(obj, f) in there)
    ]


def without_changed(
    ws: Workspace, plan: Plan, reporter: Reporter = Silent(), *, fresh: bool = False
) -> tuple[Plan, dict[str, Any]]:
    """The plan less what has moved since it was read, and what to tell of that: how many, and which.

    Where the plan is `fresh` only the steps that it ends are looked at, and whether somebody answered them meanwhile: the plan
    would empty that answer, or leave it beside the next step. Such a record waits for the next run, where the answer counts.
    """
    gone = _answered_since_pull(ws, plan, reporter) if fresh else changed_since_pull(ws, plan, reporter)
    if not gone:
        return plan, {}
    out = {(m["object"], m["record"]) for m in gone}
    kept = replace(plan, entries=[e for e in plan.entries if (e.object, e.record_id) not in out])
    # A task says what the fields of its record say: it waits for the next run with them.
    kept.tasks = [e for e in plan.tasks if plan.task_records.get(e.record_id) not in out]
    kept.left_alone["conflict"] += len(gone)
    kept.calls = calls_for(ws.connector, [e.change() for e in (*kept.entries, *kept.tasks)])
    return kept, {"conflicts": len(gone), "moved": gone[:LISTED]}
