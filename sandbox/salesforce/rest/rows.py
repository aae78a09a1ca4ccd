"""Single records: POST sobjects/T, and GET, PATCH, DELETE of sobjects/T/ID."""

from typing import Any

from sales_consultant.sandbox.salesforce.access import sharing
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import VENDOR, ApiError, Sobject, ids
from sales_consultant.sandbox.salesforce.records import render, writing

Json = dict[str, Any]


def create(call: Call) -> Result:
    """POST sobjects/T."""
    sobject = call.sobject()
    return 201, {"id": writing.insert(call.access, sobject, call.object()), "success": True, "errors": []}


def names(call: Call, sobject: Sobject, given: str) -> list[str]:
    """The visible fields of a comma-separated list, or all. Raises ApiError INVALID_FIELD."""
    seen = call.access.visible(sobject.name)
    if not given:
        return list(seen)
    found = []
    for name in dict.fromkeys(n.strip() for n in given.split(",") if n.strip()):
        f = next((n for n in seen if n.lower() == name.lower()), None)
        if f is None:
            raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
        found.append(f)
    return found


def read(call: Call) -> Result:
    """GET sobjects/T/ID, with all visible fields or those of `fields`."""
    sobject = call.sobject()
    record = call.org.record(sobject.name, ids.full(call.param("id")) or "")
    if record is None or record.archived or not sharing.allowed(call.access, sobject.name, record.id):
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    made = render.shape(call.access, sobject.name, names(call, sobject, call.text("fields")))
    return 200, render.rows(call.org, made, [record], call.version)[0]


def change(call: Call) -> Result:
    """PATCH sobjects/T/ID."""
    writing.update(call.access, call.sobject(), call.param("id"), call.object(), status=404)
    return 204, None


def remove(call: Call) -> Result:
    """DELETE sobjects/T/ID."""
    writing.delete(call.access, call.sobject(), call.param("id"), status=404)
    return 204, None


def _external(call: Call, sobject: Sobject) -> tuple[str, list[str]]:
    name = next(
        (n for n in call.access.visible(sobject.name) if n.lower() == call.param("field").lower()), ""
    )
    if not name or not call.org.fields(sobject.name)[name].external:
        raise ApiError(
            "NOT_FOUND",
            f"Provided external ID field does not exist or is not accessible: {call.param('field')}",
            404,
        )
    return name, matching(call.org.store, sobject.name, name, call.param("value"))


def matching(store: Any, sobject: str, name: str, value: Any) -> list[str]:
    """Ids of live records whose external id has a value."""
    sql = (
        "SELECT id FROM records WHERE vendor = ? AND object = ? AND archived = 0 AND "
        f"json_extract(properties, '$.{name}') = ? LIMIT 3"
    )
    return [r[0] for r in store.rows(sql, (VENDOR, sobject, value))]


def read_external(call: Call) -> Result:
    """GET sobjects/T/FIELD/VALUE."""
    sobject = call.sobject()
    _, found = _external(call, sobject)
    found = sharing.visible(call.access, sobject.name, found)
    if not found:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    if len(found) > 1:
        return 300, [render.url(call.version, sobject.name, i) for i in found]
    record = call.org.record(sobject.name, found[0])
    made = render.shape(call.access, sobject.name, names(call, sobject, call.text("fields")))
    return 200, render.rows(call.org, made, [record] if record else [], call.version)[0]


def upsert(call: Call) -> Result:
    """PATCH sobjects/T/FIELD/VALUE: change the record of an external id, or make it."""
    sobject = call.sobject()
    name, found = _external(call, sobject)
    if len(found) > 1:
        return 300, [render.url(call.version, sobject.name, i) for i in found]
    if found:
        writing.update(call.access, sobject, found[0], call.object())
        return 200, {"id": found[0], "success": True, "errors": [], "created": False}
    id = writing.insert(call.access, sobject, {**call.object(), name: call.param("value")})
    return 201, {"id": id, "success": True, "errors": [], "created": True}
