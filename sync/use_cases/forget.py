"""Erase a person from all that is kept here: the journal keeps that something changed, not whom or what (privacy laws)."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.config.errors import UsageError
from sales_consultant.config.records import RecordRef
from sales_consultant.connectors.base import TASKS
from sales_consultant.engine import erasure
from sales_consultant.engine.reads import records
from sales_consultant.sync.plan import salt
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.stores import (
    State,
    backups,
    changes,
    choices,
    dead_letters,
    experiment_units,
    exposures,
    feedback,
    forgotten,
    groups,
    merges,
    plan_files,
    plans,
    proposal_records,
    proposals_kept,
    runs,
    text_cache,
    waits,
    written,
)
from sales_consultant.sync.tasks import tasks_about
from sales_consultant.sync.use_cases.undone import Forgotten

CODE = "FORGOTTEN"
_OBJECTS = ("contacts", "leads", "companies", "deals")


def digest(state: State, object: str, record_id: str) -> str:
    """What stands for a record that was erased: nobody reads an id from it."""
    return hashlib.sha256(f"{salt(state)}:forget:{object}/{record_id}".encode()).hexdigest()


def find(ws: Workspace, record: str) -> RecordRef:
    """The object and id of "contacts/ID" or an id alone. Raises UsageError where it is not clear or nowhere known."""
    given, _, record_id = record.rpartition("/")
    if given and given not in _OBJECTS:
        raise UsageError(f'"{given}" is no object.', action=f"Write it as contacts/{record_id}.")
    objects = {
        o
        for o in ([given] if given else _OBJECTS)
        if _in_warehouse(ws, o, record_id) or _in_state(ws.state, o, record_id)
    }
    if ws.connection.of.leads_are_contacts and "contacts" in objects:
        objects.discard("leads")
    if len(objects) != 1:
        what = (
            "is not kept here"
            if not objects
            else f"is the id of several records: {', '.join(sorted(objects))}"
        )
        raise UsageError(
            f"{record} {what}.", action="Give it as contacts/ID, as the CRM shows it in its address."
        )
    return RecordRef(objects.pop(), record_id)


def _in_warehouse(ws: Workspace, object: str, record_id: str) -> bool:
    table, _ = ws.connector.raw(object)
    if "id" not in ws.warehouse.columns(table):
        return False
    return records.has_row(ws.warehouse.engine, table, record_id)


def _in_state(state: State, object: str, record_id: str) -> bool:
    return any(
        state.rows(sa.select(t.c.record_id).where(t.c.object == object, t.c.record_id == record_id).limit(1))
        for t in (changes, written, exposures, feedback, choices, dead_letters, proposal_records)
    )


def _merged_as(object: str) -> str:
    """The map of merges has leads among the contacts."""
    return "contacts" if object == "leads" else object


def all_ids(ws: Workspace, object: str, record_id: str) -> list[str]:
    """The id and all that merges joined to it, before and after: one person may have had several."""
    object = _merged_as(object)
    kept = ws.state.rows(sa.select(merges.c.old_id, merges.c.new_id).where(merges.c.object == object))
    pairs = {(str(m["old_id"]), str(m["new_id"])) for m in kept}
    pairs |= {(m["old_id"], m["new_id"]) for m in ws.warehouse.merged() if m["object"] == object}
    ids, look = [record_id], [record_id]
    while look:
        one = look.pop()
        # Sorted, so that the report names them in the same order each time.
        look += (new := sorted({x for p in pairs if one in p for x in p} - set(ids)))
        ids += new
    return ids


def forget(ws: Workspace, object: str, record_id: str) -> Forgotten:
    """Erase the record here; under the lease, with nothing of it on its way. Says what is left to do elsewhere.

    The records that were merged into it, or it into, are the same person and go with it. Models are not touched: they
    hold sums over many records, no record. A rollback cannot restore what was erased.
    """
    now = ws.clock()
    fields = ws.fields.get(object, ())
    ids = all_ids(ws, object, record_id)
    alive = any(h.found for h in ws.connector.read_back(object, ids, list(fields)[:1]))
    # The warehouse first: killed in between, the state still knows the record, and the command can be run again.
    rows = _from_warehouse(ws, object, ids)
    ws.text_cache.close()
    text_cache.remove(ws.folder)
    done: Counter[str] = Counter()
    files = []
    pages: list[str] = []
    for one in ids:
        # First: what is erased of the state below would no longer say that it is kept here.
        gone, written_pages = proposals_kept.erase(ws.state, object, one)
        done["proposals"] += gone
        pages += written_pages
        done.update(_from_state(ws.state, object, one, now))
        files += _from_plans(ws.state, object, one)
    _without_merges(ws.state, object, ids)
    copies = backups.listed(ws.folder, backups.known(ws.state))
    return Forgotten(
        object,
        record_id,
        tuple(ids[1:]),
        {**done, "warehouse_rows": rows, "plan_files": files, "proposal_pages": pages},
        tuple(c.file for c in copies),
        alive,
    )


def _from_state(state: State, object: str, record_id: str, now: int) -> dict[str, int]:
    def mine(t: sa.Table) -> Any:
        return (t.c.object == object) & (t.c.record_id == record_id)

    mark = digest(state, object, record_id)
    tasks = tasks_about(state, RecordRef(object, record_id))

    def theirs(t: sa.Table) -> Any:
        # What was written into tasks about the record is about the person too.
        return mine(t) | ((t.c.object == TASKS) & t.c.record_id.in_(tasks))

    with state.begin() as c:
        blank = {"old": None, "new": None, "message": None, "code": CODE}
        done = {
            "changes_blanked": c.execute(sa.update(changes).where(theirs(changes)).values(blank)).rowcount
        }
        for table in (written, exposures, feedback, choices, dead_letters, waits):
            done[table.name] = c.execute(sa.delete(table).where(theirs(table))).rowcount
        units = [record_id, f"{object}:{record_id}", f"{object}/{record_id}"]
        for drawn in (groups, experiment_units):
            c.execute(sa.delete(drawn).where(drawn.c.unit.in_(units)))
        # A run's error may name the record that it ended at.
        c.execute(sa.update(runs).where(runs.c.error.contains(record_id)).values(error="(erased)"))
        c.execute(
            sqlite_insert(forgotten).values(digest=mark, object=object, at=now).on_conflict_do_nothing()
        )
    _empty_log(state)
    return done


def _without_merges(state: State, object: str, ids: Sequence[str]) -> None:
    """Last of all: until then, whoever runs the command again after a kill finds the same ids."""
    with state.begin() as c:
        joined = merges.c.old_id.in_(ids) | merges.c.new_id.in_(ids)
        c.execute(sa.delete(merges).where(merges.c.object == _merged_as(object), joined))
    _empty_log(state)


def _empty_log(state: State) -> None:
    """The log still holds the pages as they were."""
    with state.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _from_plans(state: State, object: str, record_id: str) -> list[str]:
    gone = []
    for row in state.rows(sa.select(plan_files)):
        path = Path(row["path"])
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            holds = any(e["object"] == object and e["record_id"] == record_id for e in body["entries"])
            holds = holds or str(RecordRef(object, record_id)) in body.get("task_records", {}).values()
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if holds:
            path.unlink()
            gone.append(str(path))
            with state.begin() as c:
                c.execute(sa.delete(plans).where(plans.c.digest == row["digest"]))
                c.execute(sa.delete(plan_files).where(plan_files.c.path == row["path"]))
    return gone


def _from_warehouse(ws: Workspace, object: str, ids: Sequence[str]) -> int:
    """Remove the record by all its ids, its links and the activities with nobody else, and write the file anew without them."""
    house = ws.warehouse
    # What is on its way into the warehouse may hold the record too; the next pull reads it again.
    house.spool.clear()
    with house.transaction():
        count = erasure.erase(
            house.database,
            ids,
            mapped_as=_merged_as(object),
            own_tables={ws.connector.raw(o)[0] for o in _OBJECTS},
            table=ws.connector.raw(object)[0],
            linked=not house.empty and bool(house.columns("associations")),
        )
    ws.close_warehouse()
    erasure.write_anew(ws.folder / "warehouse.duckdb")
    return count


def after_pull(ws: Workspace) -> list[str]:
    """Remove what a pull brought of erased records that the CRM has no more; returns those it still has."""
    marks = ws.state.rows(sa.select(forgotten))
    back: list[str] = []
    if not marks:
        return back
    key = salt(ws.state)
    for object in sorted({str(m["object"]) for m in marks}):
        table, alive = ws.connector.raw(object)
        if "id" not in ws.warehouse.columns(table):
            continue
        mine = [str(m["digest"]) for m in marks if m["object"] == object]
        found = erasure.marked(ws.warehouse.database, table, alive, mine, f"{key}:forget:{object}/")
        back += [f"{object}/{i}" for i, live in found if live]
        for i, live in found:
            if not live:
                erasure.remove(ws.warehouse.database, table, i)
    return back
