"""HubSpot's object endpoints for single records: list, get, create, update, archive, search, merge, erase."""

from typing import Any

from sales_consultant.sandbox.hubspot.api import Call, Result
from sales_consultant.sandbox.hubspot.objects.linking import inline
from sales_consultant.sandbox.hubspot.portal import VENDOR, ApiError, Kind, Portal, bad, kind_of
from sales_consultant.sandbox.hubspot.records import Projection, Search, writing
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
# developers.hubspot.com, CRM objects: rows of a list, and of one with propertiesWithHistory.
PAGE, HISTORY_PAGE = 100, 50


def projection(call: Call, kind: Kind) -> Projection:
    """What the query asks to be shown."""
    return Projection(call.portal, kind, call.texts("properties"), call.texts("propertiesWithHistory"))


def associated(call: Call, kind: Kind, shown: list[Json]) -> list[Json]:
    """The records with their links inlined, where the query asks for them."""
    for name in call.texts("associations"):
        other = kind_of(name)
        if other is None:
            raise bad(f"Unable to infer object type from: {name}")
        inline(call, kind, other, shown)
    return shown


def list_page(call: Call) -> Result:
    """GET the objects in the order of their ids."""
    kind = call.kind()
    asked = projection(call, kind)
    limit = call.whole("limit", 10, HISTORY_PAGE if call.texts("propertiesWithHistory") else PAGE)
    after = call.text("after", "0")
    if not after.isdigit():
        raise bad(f"Invalid value for after: {after}")
    if call.flag("archived"):
        writing.forget_old(call.portal, kind)
    rows = call.portal.store.page(
        VENDOR, kind.name, after=int(after), limit=limit + 1, archived=call.flag("archived")
    )
    body: Json = {"results": associated(call, kind, asked.many(rows[:limit]))}
    if len(rows) > limit:
        body["paging"] = {"next": {"after": rows[limit].id, "link": call.link(rows[limit].id)}}
    return 200, body


def find(portal: Portal, kind: Kind, record_id: str, id_property: str, *, archived: bool = False) -> Record:
    """A record by id or by a unique property; an id that was merged away finds its heir. Raises ApiError 404."""
    if id_property and id_property != "hs_object_id":
        record_id = by_property(portal, kind, id_property, record_id) or record_id
    else:
        record_id = portal.store.merged(VENDOR, kind.name, (record_id,)).get(record_id, record_id)
    found = portal.store.get(VENDOR, kind.name, record_id)
    if found is None or bool(found.archived) != archived:
        raise ApiError(404, "OBJECT_NOT_FOUND", "Object not found.  objectId are usually numeric.")
    return found


def by_property(portal: Portal, kind: Kind, name: str, value: str) -> str | None:
    """The id of the record with a value of a unique property. Raises ApiError 400 for one that is not unique."""
    definition = portal.definitions(kind).get(name)
    if definition is None or not (definition["hasUniqueValue"] or name == "email"):
        raise bad(f"Property '{name}' is not a unique identifier of {kind.name}")
    return writing.taken(portal, kind, name, value)


def get(call: Call) -> Result:
    """GET one record."""
    kind = call.kind()
    found = find(call.portal, kind, call.param("id"), call.text("idProperty"), archived=call.flag("archived"))
    return 200, associated(call, kind, projection(call, kind).many([found]))[0]


def create(call: Call) -> Result:
    """POST one record."""
    kind = call.kind()
    record = writing.create(call.portal, kind, call.dict(), call.version)
    return 201, written(call.portal, kind, record)


def everything(portal: Portal, kind: Kind) -> list[str]:
    """The names of all properties: an answer to a write shows those that hold a value."""
    return list(portal.definitions(kind))


def written(portal: Portal, kind: Kind, record: Record) -> Json:
    """A record as the answer to a write shows it: without the properties that are empty."""
    shown = Projection(portal, kind, everything(portal, kind)).one(record)
    shown["properties"] = {k: v for k, v in shown["properties"].items() if v is not None}
    return shown


def patch(call: Call) -> Result:
    """PATCH one record; an id that was merged away writes to its heir."""
    kind = call.kind()
    found = find(call.portal, kind, call.param("id"), call.text("idProperty"))
    values = call.dict().get("properties")
    if not isinstance(values, dict):
        raise bad("Some required fields were not set: [properties]")
    record = writing.update(call.portal, kind, found, values, call.version)
    return 200, written(call.portal, kind, record)


def delete(call: Call) -> Result:
    """DELETE archives; it does not say whether there was anything."""
    writing.archive(call.portal, call.kind(), [call.param("id")])
    return 204, None


def search(call: Call) -> Result:
    """POST a search."""
    kind = call.kind()
    body = call.dict()
    asked = body.get("properties") or []
    if not isinstance(asked, list):
        raise bad("Invalid input JSON: properties must be a list")
    wanted = Search(call.portal, kind, body)
    total, rows = wanted.run()
    shown = Projection(call.portal, kind, [str(p) for p in asked])
    answer: Json = {"total": total, "results": [shown.one(r) for r in rows]}
    end = wanted.offset + wanted.limit
    if end < total and rows:
        answer["paging"] = {"next": {"after": str(end)}}
    return 200, answer


def merge(call: Call) -> Result:
    """POST a merge of two records into a new one."""
    kind = call.kind()
    body = call.dict()
    if kind.name not in ("contacts", "companies", "deals", "tickets"):
        raise bad(f"{kind.name} cannot be merged")
    primary, other = (str(body.get(k) or "") for k in ("primaryObjectId", "objectIdToMerge"))
    return 200, written(call.portal, kind, writing.merge(call.portal, kind, primary, other))


def erase(call: Call) -> Result:
    """POST a GDPR delete: the record is gone, without a trace in lists of archived ones."""
    kind = call.kind()
    body = call.dict()
    record_id = str(body.get("objectId") or "")
    if body.get("idProperty"):
        record_id = by_property(call.portal, kind, str(body["idProperty"]), record_id) or record_id
    call.portal.store.delete(VENDOR, kind.name, record_id)
    return 204, None
