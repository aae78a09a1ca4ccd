"""HubSpot's batch endpoints, with what they do to a batch of which a part is wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sales_consultant.sandbox.hubspot.api import Call, Result, answer
from sales_consultant.sandbox.hubspot.objects.objects import HISTORY_PAGE, PAGE, by_property, written
from sales_consultant.sandbox.hubspot.portal import VENDOR, ApiError, InvalidValuesError, Kind, bad
from sales_consultant.sandbox.hubspot.records import Projection, writing
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
# developers.hubspot.com, CRM objects: inputs of a batch.
MAX = 100


def not_found(kind: Kind, ids: Iterable[str]) -> list[Json]:
    """One error for all ids that are not there; none where all are."""
    gone = list(ids)
    if not gone:
        return []
    message = (
        f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid."
    )
    return [{"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": gone}}]


def _ids(inputs: Sequence[Json]) -> list[str]:
    found = [str(i["id"]) if i.get("id") is not None else "" for i in inputs]
    if not all(found):
        raise bad("Some required fields were not set: [id]")
    return found


def _no_twins(ids: Sequence[str]) -> None:
    twins = sorted(i for i, n in Counter(ids).items() if n > 1)
    if twins:
        raise bad(f"Duplicate IDs found in batch input: [{', '.join(twins)}]. IDs must be unique")


def read(call: Call) -> Result:
    """POST ids, get the records that are there; ids that were merged away give their heirs."""
    kind, body = call.kind(), call.dict()
    history = [str(n) for n in body.get("propertiesWithHistory") or ()]
    asked = _ids(call.inputs(HISTORY_PAGE if history else PAGE))
    started = call.portal.clock.now_ms()
    shown = Projection(call.portal, kind, [str(n) for n in body.get("properties") or ()], history)
    wanted = list(dict.fromkeys(asked))
    name = str(body.get("idProperty") or "")
    if name and name != "hs_object_id":
        keys = {i: by_property(call.portal, kind, name, i) or "" for i in wanted}
    else:
        merged = call.portal.store.merged(VENDOR, kind.name, wanted)
        keys = {i: merged.get(i, i) for i in wanted}
    archived = call.flag("archived")
    held = {
        i: r
        for i, r in call.portal.store.get_many(VENDOR, kind.name, keys.values()).items()
        if bool(r.archived) == archived
    }
    rows = [held[k] for k in dict.fromkeys(keys.values()) if k in held]
    return answer(
        call, shown.many(rows), not_found(kind, (i for i, k in keys.items() if k not in held)), started
    )


def _refused(call: Call, one: Json, error: InvalidValuesError | ApiError, traced: bool) -> Json:
    """A record's error inside a 207, where every input can be told apart; else the whole batch is refused."""
    if not traced:
        raise error
    trace = str(one["objectWriteTraceId"])
    context: Json = {"objectWriteTraceId": [trace]}
    if one.get("id") is not None:
        context["ids"] = [str(one["id"])]
    if isinstance(error, ApiError):
        return {"status": "error", "category": error.category, "message": error.message, "context": context}
    return {"status": "error", "category": "VALIDATION_ERROR", "message": str(error), "context": context}


def _traced(call: Call, inputs: Sequence[Json], *, creating: bool) -> bool:
    traces = [str(i.get("objectWriteTraceId") or "") for i in inputs]
    return (
        (creating or bool(call.portal.options["trace_ids"]))
        and all(traces)
        and len(set(traces)) == len(traces)
    )


def update(call: Call) -> Result:
    """POST changes by id. A merged-away id is left out of the answer without a word."""
    kind = call.kind()
    inputs = call.inputs(MAX)
    started = call.portal.clock.now_ms()
    name = next((str(i["idProperty"]) for i in inputs if i.get("idProperty")), "")
    ids = _ids(inputs)
    _no_twins(ids)
    if name and name != "hs_object_id":
        ids = [by_property(call.portal, kind, name, i) or i for i in ids]
    records = {i: r for i, r in call.portal.store.get_many(VENDOR, kind.name, ids).items() if not r.archived}
    merged = call.portal.store.merged(VENDOR, kind.name, ids)
    traced = _traced(call, inputs, creating=False)
    results: list[Json] = []
    errors: list[Json] = []
    with call.portal.store.transaction():
        for record_id, one in zip(ids, inputs, strict=True):
            if record_id not in records:
                continue
            try:
                new = writing.update(
                    call.portal, kind, records[record_id], one.get("properties") or {}, call.version
                )
                results.append(written(call.portal, kind, new))
            except (InvalidValuesError, ApiError) as e:
                errors.append(_refused(call, one, e, traced))
    errors += not_found(kind, (i for i in ids if i not in records and i not in merged))
    return answer(call, results, errors, started)


def create(call: Call) -> Result:
    """POST new records."""
    kind = call.kind()
    inputs = call.inputs(MAX)
    started = call.portal.clock.now_ms()
    traced = _traced(call, inputs, creating=True)
    results: list[Json] = []
    errors: list[Json] = []
    with call.portal.store.transaction():
        for one in inputs:
            try:
                shown = written(call.portal, kind, writing.create(call.portal, kind, one, call.version))
                if "objectWriteTraceId" in one:
                    shown["objectWriteTraceId"] = str(one["objectWriteTraceId"])
                results.append(shown)
            except (InvalidValuesError, ApiError) as e:
                errors.append(_refused(call, one, e, traced))
    return answer(call, results, errors, started, 201)


def upsert(call: Call) -> Result:
    """POST records by a unique property: those that are there are changed, the others made."""
    kind = call.kind()
    inputs = call.inputs(MAX)
    started = call.portal.clock.now_ms()
    _no_twins(_ids(inputs))
    traced = _traced(call, inputs, creating=False)
    results: list[Json] = []
    errors: list[Json] = []
    with call.portal.store.transaction():
        for one in inputs:
            try:
                record, new = _upsert(call, kind, one)
                results.append({**written(call.portal, kind, record), "new": new})
            except (InvalidValuesError, ApiError) as e:
                errors.append(_refused(call, one, e, traced))
    return answer(call, results, errors, started)


def _upsert(call: Call, kind: Kind, one: Json) -> tuple[Record, bool]:
    name = str(one.get("idProperty") or "hs_object_id")
    value, values = str(one["id"]), dict(one.get("properties") or {})
    found = value if name == "hs_object_id" else by_property(call.portal, kind, name, value)
    record = call.portal.store.get(VENDOR, kind.name, found) if found else None
    if record is not None and not record.archived:
        return writing.update(call.portal, kind, record, values, call.version), False
    if name == "hs_object_id":
        raise ApiError(404, "OBJECT_NOT_FOUND", f"{kind.label} with id {value} does not exist")
    return writing.create(call.portal, kind, {"properties": {name: value, **values}}, call.version), True


def archive(call: Call) -> Result:
    """POST ids to archive."""
    writing.archive(call.portal, call.kind(), _ids(call.inputs(MAX)))
    return 204, None
