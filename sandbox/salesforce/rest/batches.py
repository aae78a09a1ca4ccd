"""Collections: up to 200 records in a call, each with a result of its own, in the order of the request."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from sales_consultant.sandbox.salesforce.access import sharing
from sales_consultant.sandbox.salesforce.api import Call, Result, named
from sales_consultant.sandbox.salesforce.org import OBJECTS, VENDOR, ApiError, Sobject, ids
from sales_consultant.sandbox.salesforce.records import render, writing
from sales_consultant.sandbox.salesforce.rest import rows

Json = dict[str, Any]
# REST API Developer Guide, sObject Collections: records of a call, and changes of their type within it.
MOST = 200
CHUNKS = 10


class _HaltError(Exception):
    """allOrNone: one record failed, none is kept."""


def _records(call: Call, right: str) -> tuple[bool, list[tuple[Sobject, Json]]]:
    body = call.object()
    given = body.get("records")
    if not isinstance(given, list) or not all(isinstance(r, dict) for r in given):
        raise ApiError("JSON_PARSER_ERROR", "records must be a list of objects")
    if not given:
        raise ApiError("INVALID_INPUT", "The 'records' list must not be empty")
    if len(given) > MOST:
        raise ApiError(
            "EXCEEDED_MAX_SIZE_REQUEST",
            f"record limit reached. cannot submit more than {MOST} records in this call",
        )
    records = []
    for record in given:
        kind = (record.get("attributes") or {}).get("type")
        if not kind:
            raise ApiError("INVALID_INPUT", "The value must contain attributes with the type of the sObject")
        sobject = named(call.org, call.access, kind)
        # Names are looked at before anything is done: one that is unknown fails the whole call.
        writing.resolve(call.org, sobject.name, record)
        records.append((sobject, record))
    if len([k for k, _ in groupby(records, key=lambda f: f[0].name)]) > CHUNKS:
        raise ApiError(
            "INVALID_INPUT", f"The request holds more than {CHUNKS} chunks of records of different types"
        )
    return bool(body.get("allOrNone")), records


def _each(call: Call, all_or_none: bool, work: Sequence[Callable[[], Json]]) -> list[Json]:
    results: list[Json] = []
    failed = False

    def attempt(one: Callable[[], Json]) -> Json:
        try:
            with call.org.store.transaction():
                return {**one(), "success": True, "errors": []}
        except ApiError as e:
            return {"success": False, "errors": [e.saved()]}

    try:
        with call.org.store.transaction():
            for one in work:
                results.append(attempt(one))
                failed = failed or not results[-1]["success"]
            if failed and all_or_none:
                raise _HaltError
    except _HaltError:
        undone = ApiError(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using AllOrNone header",
        )
        results = [r if not r["success"] else {"success": False, "errors": [undone.saved()]} for r in results]
        call.org.changed()
    return results


def _insert(call: Call, sobject: Sobject, record: Json) -> Json:
    return {"id": writing.insert(call.access, sobject, record)}


def create(call: Call) -> Result:
    """POST composite/sobjects."""
    every, records = _records(call, "Create")
    work = [partial(_insert, call, s, r) for s, r in records]
    return 200, _each(call, every, work)


def _id(record: Json) -> Any:
    return next((v for k, v in record.items() if k.lower() == "id"), None)


def change(call: Call) -> Result:
    """PATCH composite/sobjects."""
    every, records = _records(call, "Edit")
    seen: set[str] = set()

    def one(sobject: Sobject, record: Json) -> Json:
        id = _id(record)
        if not id:
            raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call", fields=[])
        key = ids.full(id) or str(id)
        if key in seen:
            raise ApiError("DUPLICATE_VALUE", f"duplicate id in list: {key}", fields=[])
        seen.add(key)
        return {"id": writing.update(call.access, sobject, id, record)}

    return 200, _each(call, every, [partial(one, s, r) for s, r in records])


def upsert(call: Call) -> Result:
    """PATCH composite/sobjects/T/FIELD: by an external id."""
    every, records = _records(call, "Edit")
    name = call.param("field")

    def one(sobject: Sobject, record: Json) -> Json:
        value = next((v for k, v in record.items() if k.lower() == name.lower()), None)
        f = next((f for n, f in call.access.visible(sobject.name).items() if n.lower() == name.lower()), None)
        if f is None or not f.external or value is None:
            raise ApiError("MISSING_ARGUMENT", f"{name} not specified", fields=[name])
        found = rows.matching(call.org.store, sobject.name, f.name, value)
        if len(found) > 1:
            raise ApiError(
                "DUPLICATE_EXTERNAL_ID",
                f"{f.label}: more than one record found for external id field",
                fields=[name],
            )
        if found:
            return {"id": writing.update(call.access, sobject, found[0], record), "created": False}
        return {"id": writing.insert(call.access, sobject, record), "created": True}

    return 200, _each(call, every, [partial(one, s, r) for s, r in records])


def remove(call: Call) -> Result:
    """DELETE composite/sobjects?ids=..."""
    wanted = [i for i in call.text("ids").split(",") if i]
    if not 1 <= len(wanted) <= MOST:
        raise ApiError("INVALID_INPUT", f"ids must name 1 to {MOST} records")

    def one(id: str) -> Json:
        name = next((n for n, p in ids.PREFIXES.items() if p == id[:3] and n in OBJECTS), "")
        return {"id": writing.delete(call.access, named(call.org, call.access, name), id)}

    return 200, _each(call, call.text("allOrNone").lower() == "true", [partial(one, i) for i in wanted])


def read(call: Call) -> Result:
    """GET composite/sobjects/T?ids=...&fields=..., or POST with {ids, fields}: null where there is none."""
    sobject = call.sobject()
    if call.request.method == "POST":
        body = call.object()
        wanted, names = body.get("ids") or [], body.get("fields") or []
    else:
        wanted, names = call.text("ids").split(","), call.text("fields").split(",")
    if not names or not all(names):
        raise ApiError("MISSING_ARGUMENT", "fields must be named")
    # The same guide: a call that reads takes more ids than one that writes.
    if len(wanted) > 2000:
        raise ApiError("INVALID_INPUT", "ids must name 2000 records at most")
    chosen = rows.names(call, sobject, ",".join(names))
    keys = [ids.full(i) or str(i) for i in wanted]
    held = {k: r for k, r in call.org.store.get_many(VENDOR, sobject.name, keys).items() if not r.archived}
    made = render.shape(call.access, sobject.name, chosen)
    seen = set(sharing.visible(call.access, sobject.name, list(held)))
    found = [r for r in held.values() if r.id in seen]
    shown = dict(zip([r.id for r in found], render.rows(call.org, made, found, call.version), strict=True))
    return 200, [shown.get(k) for k in keys]
