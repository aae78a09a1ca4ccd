"""composite/tree: records with the records below them, made in one call or not at all."""

from typing import Any

from sales_consultant.sandbox.salesforce.api import Call, Result, named
from sales_consultant.sandbox.salesforce.org import ApiError, Sobject
from sales_consultant.sandbox.salesforce.query import children as soql_children
from sales_consultant.sandbox.salesforce.records import writing

Json = dict[str, Any]
# REST API Developer Guide, sObject Tree: records of a request, and levels of it.
MOST = 200
DEPTH = 5


class _HaltError(Exception):
    """A record failed, none is kept."""


def create(call: Call) -> Result:
    """POST composite/tree/T."""
    sobject = call.sobject("Create")
    given = call.object().get("records")
    if not isinstance(given, list) or not given:
        raise ApiError("INVALID_INPUT", "The 'records' list must not be empty")
    if _count(given) > MOST:
        raise ApiError("INVALID_INPUT", f"The request holds more than {MOST} records")
    made: list[Json] = []
    failed: list[Json] = []
    try:
        with call.org.store.transaction():
            for record in given:
                _make(call, sobject, record, {}, made, failed, 1)
            if failed:
                raise _HaltError
    except _HaltError:
        call.org.changed()
        return 400, {"hasErrors": True, "results": failed}
    return 201, {"hasErrors": False, "results": made}


def _below(record: Json) -> dict[str, list[Json]]:
    return {
        k: v["records"]
        for k, v in record.items()
        if isinstance(v, dict) and isinstance(v.get("records"), list)
    }


def _count(records: list[Json]) -> int:
    return sum(1 + sum(_count(part) for part in _below(r).values()) for r in records)


def _make(
    call: Call, sobject: Sobject, record: Json, link: Json, made: list[Json], failed: list[Json], depth: int
) -> None:
    about = record.get("attributes") or {}
    reference = about.get("referenceId")
    if not reference or named(call.org, call.access, about.get("type")).name != sobject.name:
        raise ApiError(
            "INVALID_INPUT", f"every record needs attributes with the type {sobject.name} and a referenceId"
        )
    if depth > DEPTH:
        raise ApiError("INVALID_INPUT", f"The request is nested deeper than {DEPTH} levels")
    below = _below(record)
    body = {k: v for k, v in record.items() if k not in below}
    try:
        id = writing.insert(call.access, sobject, {**body, **link})
    except ApiError as e:
        failed.append({"referenceId": reference, "errors": [e.saved()]})
        return
    made.append({"referenceId": reference, "id": id})
    ways = soql_children.ways(call.org, sobject.name)
    for relation, children in below.items():
        way = next((w for w in ways if w[2] == relation), None)
        if way is None:
            raise ApiError(
                "INVALID_FIELD", f"No such relation '{relation}' on sobject of type {sobject.name}"
            )
        for child in children:
            _make(call, way[0], child, {way[1].name: id}, made, failed, depth + 1)
