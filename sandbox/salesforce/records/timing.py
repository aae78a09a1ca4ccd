"""What time does to records: transactions that stay open, equal stamps, the recycle bin and the log of deletions."""

from typing import Any

from sales_consultant.sandbox.clock import DAY_MS, HOUR_MS, parse_iso
from sales_consultant.sandbox.salesforce.access import permission_sets
from sales_consultant.sandbox.salesforce.org import OBJECTS, VENDOR, Org, ids, stamp
from sales_consultant.sandbox.salesforce.records import lifecycle, writing
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
# Salesforce Help, Recycle Bin: 15 days. REST API Developer Guide, sObject Get Deleted: no further back than 30 days.
BIN_MS = 15 * DAY_MS
LOG_MS = 30 * DAY_MS


def _object(body: Json) -> str:
    name = str(body["object"])
    if name not in OBJECTS:
        raise ControlError(f"there is no object {name!r}")
    return name


# Transactions


def _open(org: Org) -> dict[str, Json]:
    found: dict[str, Json] = org.memory.setdefault("open", {})
    return found


def begin(org: Org, body: Json) -> Json:
    """{object, values, id?}: a change that is made now and seen only when its transaction commits; its number."""
    _object(body)
    name = str(org.memory.get("transactions", 0) + 1)
    org.memory["transactions"] = int(name)
    _open(org)[name] = {
        "at": org.now(),
        "body": {k: body[k] for k in ("object", "values", "id") if k in body},
    }
    return {"transaction": name, "SystemModstamp": stamp(org.now())}


def commit(org: Org, body: Json) -> Json:
    """{transaction}: the change shows now, with the stamp of the transaction's beginning."""
    held = _open(org).get(str(body["transaction"]))
    if held is None:
        raise ControlError(f"there is no open transaction {body['transaction']!r}")
    made = lifecycle.late(org, {**held["body"], "seconds": (org.now() - held["at"]) / 1000})
    _open(org).pop(str(body["transaction"]))
    return made


def covered(org: Org, end: int) -> int:
    """Until when `updated` and `deleted` are complete: no further than the oldest transaction that is still open."""
    oldest = min((t["at"] for t in _open(org).values()), default=org.now())
    return min(end, org.now() // 60_000 * 60_000, oldest // 1000 * 1000)


def touch(org: Org, body: Json) -> Json:
    """{object, ids?, at?}: give records one stamp, as a bulk job does; `at` is ISO 8601 or milliseconds, default now."""
    name, at = _object(body), body.get("at", org.now())
    ms = (parse_iso(at) if isinstance(at, str) else int(at)) // 1000 * 1000
    sql = "UPDATE records SET modified = ?, created = min(created, ?) WHERE vendor = ? AND object = ?"
    parameters: list[Any] = [ms, ms, VENDOR, name]
    if "ids" in body:
        chosen = [ids.full(i) or "" for i in body["ids"]]
        sql += f" AND id IN ({', '.join('?' * len(chosen))})"
        parameters += chosen
    return {"touched": org.store.write(sql, parameters), "SystemModstamp": stamp(ms)}


# The recycle bin and the log


def undelete(org: Org, body: Json) -> Json:
    """{ids}: out of the recycle bin, with what was deleted along with it. Merged records come back on their own."""
    restored: list[str] = []
    with org.store.transaction():
        for given in body["ids"]:
            id = ids.full(given) or ""
            name = lifecycle.kind(id)
            record = org.record(name, id)
            if record is None or not record.archived:
                raise ControlError(f"{given!r} is not in the recycle bin")
            restored += _restore(org, name, id, record.archived_at)
    return {"restored": restored}


def _restore(org: Org, name: str, id: str, at: int | None) -> list[str]:
    record = org.record(name, id)
    assert record is not None
    values = {k: v for k, v in record.values().items() if k != "MasterRecordId"}
    new = record._replace(properties=writing.dumps(values), modified=org.now(), archived=0, archived_at=None)
    org.store.update(VENDOR, name, new)
    permission_sets.after(org, name)
    restored = [id]
    for child, field in writing.CHILDREN.get(name, ()):
        sql = (
            "SELECT id FROM records WHERE vendor = 'salesforce' AND object = ? AND archived = 1 AND archived_at IS ? "
            f"AND json_extract(properties, '$.{field}') = ?"
        )
        for (below,) in org.store.rows(sql, (child, at, id)):
            restored += _restore(org, child, str(below), at)
    return restored


def empty_bin(org: Org) -> None:
    """Purge what has been in the recycle bin for 15 days; looks once an hour of the org's time."""
    if org.now() < org.memory.get("bin_at", 0):
        return
    org.memory["bin_at"] = org.now() + HOUR_MS
    sql = "SELECT object, id, archived_at FROM records WHERE vendor = ? AND archived = 1 AND archived_at < ?"
    with org.store.transaction():
        for sobject, id, at in org.store.rows(sql, (VENDOR, org.now() - BIN_MS)):
            org.store.delete(VENDOR, sobject, id)
            org.store.put(VENDOR, "purged", sobject, id, {"at": at})


def purge_log(org: Org, body: Json) -> Json:
    """{object?, until?}: the log of deletions forgets what is older than `until` (default now), for one object or all."""
    until = parse_iso(body["until"]) if body.get("until") else org.now()
    for name in [_object(body)] if body.get("object") else [o.name for o in org.sobjects()]:
        org.store.put(VENDOR, "log", name, "", {"since": until})
    return {"earliestDateAvailable": stamp(until)}


def log_since(org: Org, sobject: str) -> int:
    """From when on the log of deletions is there."""
    held = org.store.documents(VENDOR, "log", sobject).get("", {})
    return max(int(held.get("since", 0)), org.now() - LOG_MS)
