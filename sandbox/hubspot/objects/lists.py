"""HubSpot's lists of records (segments): those that people fill by hand. One that fills itself by filters is refused."""

from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.api import Call, Result, bounded
from sales_consultant.sandbox.hubspot.portal import VENDOR, ApiError, bad, kind_of, missing

Json = dict[str, Any]
MANUAL = ("MANUAL", "SNAPSHOT")
# developers.hubspot.com, Lists: records of a change, and of a page of members.
MOST = 100_000
PAGE = 250


def _list_of(call: Call, *, deleted: bool = False) -> Json:
    found = call.portal.store.documents(VENDOR, "list", "").get(call.param("list"))
    if found is None or (found["deletedAt"] is not None) != deleted:
        raise missing(f"List does not exist with ID {call.param('list')}.")
    return found


def _put(call: Call, held: Json, **changes: Any) -> Json:
    made: Json = {**held, **changes, "updatedAt": iso(call.portal.clock.now_ms())}
    call.portal.store.put(VENDOR, "list", "", made["listId"], made)
    return made


def _members(call: Call, list_id: str) -> dict[str, Json]:
    """Records of a list, those that are gone left out."""
    held = call.portal.store.documents(VENDOR, "member", list_id)
    kind = kind_of(str(call.portal.store.documents(VENDOR, "list", "")[list_id]["objectTypeId"]))
    assert kind is not None
    alive = call.portal.store.get_many(VENDOR, kind.name, held)
    return {i: m for i, m in held.items() if i in alive and not alive[i].archived}


def _shown(call: Call, held: Json) -> Json:
    size = {"hs_list_size": str(len(_members(call, held["listId"])))}
    return {**held, "additionalProperties": {**size, "hs_list_reference_count": "0"}}


def create(call: Call) -> Result:
    """POST a list."""
    body = call.dict()
    needed = [n for n in ("name", "objectTypeId", "processingType") if not body.get(n)]
    if needed:
        raise bad(f"Some required fields were not set: {needed}")
    kind = kind_of(str(body["objectTypeId"]))
    if kind is None:
        raise bad(f"Unable to infer object type from: {body['objectTypeId']}")
    if body["processingType"] not in MANUAL:
        raise bad(f"processingType {body['processingType']} is not one of {', '.join(MANUAL)}")
    held = call.portal.store.documents(VENDOR, "list", "").values()
    if any(
        x["name"] == body["name"] and x["objectTypeId"] == kind.type_id and x["deletedAt"] is None
        for x in held
    ):
        raise ApiError(409, "OBJECT_ALREADY_EXISTS", f"A list named '{body['name']}' already exists.")
    at = iso(call.portal.clock.now_ms())
    number = str(call.portal.store.next_seq(VENDOR, "lists", start=1))
    made = _put(
        call,
        {
            "listId": number, "listVersion": 1, "name": str(body["name"]), "objectTypeId": kind.type_id,
            "processingStatus": "COMPLETE", "processingType": body["processingType"], "createdAt": at,
            "createdById": "1", "updatedById": "1", "deletedAt": None, "size": 0,
        },
    )  # fmt: skip
    return 200, {"list": made}


def get(call: Call) -> Result:
    """GET one list by its id."""
    return 200, {"list": _list_of(call)}


def several(call: Call) -> Result:
    """GET lists by their ids."""
    held = call.portal.store.documents(VENDOR, "list", "")
    found = [held[i] for i in call.texts("listIds") if i in held and held[i]["deletedAt"] is None]
    return 200, {"lists": found}


def by_name(call: Call) -> Result:
    """GET one list by its name."""
    kind = call.kind("object")
    for one in call.portal.store.documents(VENDOR, "list", "").values():
        if (one["objectTypeId"], one["name"], one["deletedAt"]) == (kind.type_id, call.param("name"), None):
            return 200, {"list": one}
    raise missing(f"List does not exist with name {call.param('name')}.")


def search(call: Call) -> Result:
    """POST what lists to find: words of the name, kinds, ids."""
    body = call.dict()
    words = str(body.get("query") or "").lower()
    kinds, ids = body.get("processingTypes") or [], [str(i) for i in body.get("listIds") or []]
    matching = [
        x
        for x in call.portal.store.documents(VENDOR, "list", "").values()
        if x["deletedAt"] is None
        and words in x["name"].lower()
        and (not kinds or x["processingType"] in kinds)
        and (not ids or x["listId"] in ids)
        and (not body.get("objectTypeId") or x["objectTypeId"] == body["objectTypeId"])
    ]
    matching.sort(key=lambda x: int(x["listId"]))
    start = int(body.get("offset") or 0)
    count = bounded(body.get("count") or 20, "count", 500)
    shown = [_shown(call, x) for x in matching[start : start + count]]
    end = start + len(shown)
    return 200, {"lists": shown, "total": len(matching), "offset": end, "hasMore": end < len(matching)}


def rename(call: Call) -> Result:
    """PUT another name."""
    name = call.text("listName")
    if not name:
        raise bad("Some required fields were not set: [listName]")
    return 200, {"updatedList": _put(call, _list_of(call), name=name)}


def archive(call: Call) -> Result:
    """DELETE a list; for 90 days it can be restored."""
    _put(call, _list_of(call), deletedAt=iso(call.portal.clock.now_ms()))
    return 204, None


def restore(call: Call) -> Result:
    """PUT a list back."""
    _put(call, _list_of(call, deleted=True), deletedAt=None)
    return 204, None


def members(call: Call) -> Result:
    """GET the records of a list, by order of id."""
    held = _list_of(call)
    limit, after = call.whole("limit", 100, PAGE), call.text("after", "0")
    found = sorted(_members(call, held["listId"]).items(), key=lambda m: int(m[0]))
    shown = [(i, m) for i, m in found if after.isdigit() and int(i) > int(after)]
    rows = [{"recordId": i, "membershipTimestamp": m["at"]} for i, m in shown[:limit]]
    body: Json = {"results": rows, "total": len(found)}
    if len(shown) > limit:
        place = rows[-1]["recordId"]
        body["paging"] = {"next": {"after": place, "link": call.link(place)}}
    return 200, body


def change_members(call: Call) -> Result:
    """PUT records into a list or out of it: a bare list of ids, or recordIdsToAdd and recordIdsToRemove."""
    crm_list, path = _list_of(call), call.request.url.path
    if isinstance(call.body, list):
        ids = [str(i) for i in call.body]
        adding, removing = ([], ids) if path.endswith("/remove") else (ids, [])
    else:
        body = call.dict()
        adding = [str(i) for i in body.get("recordIdsToAdd") or []]
        removing = [str(i) for i in body.get("recordIdsToRemove") or []]
    if len(adding) + len(removing) > MOST:
        raise bad(f"at most {MOST} records at once")
    kind = kind_of(crm_list["objectTypeId"])
    assert kind is not None
    store, before = call.portal.store, _members(call, crm_list["listId"])
    alive = store.get_many(VENDOR, kind.name, adding)
    added = [i for i in adding if i in alive and not alive[i].archived and i not in before]
    removed = [i for i in removing if i in before]
    with store.transaction():
        for i in added:
            store.put(VENDOR, "member", crm_list["listId"], i, {"at": iso(call.portal.clock.now_ms())})
        for i in removed:
            store.drop(VENDOR, "member", crm_list["listId"], i)
        _put(call, crm_list, size=len(before) + len(added) - len(removed))
    gone = [i for i in adding if i not in alive or alive[i].archived]
    return 200, {"recordIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": gone,
                 "recordsIdsAdded": added}  # fmt: skip


def clear(call: Call) -> Result:
    """DELETE all records out of a list."""
    held = _list_of(call)
    with call.portal.store.transaction():
        for i in call.portal.store.documents(VENDOR, "member", held["listId"]):
            call.portal.store.drop(VENDOR, "member", held["listId"], i)
        _put(call, held, size=0)
    return 204, None


def of_record(call: Call) -> Result:
    """GET the lists that a record is in."""
    kind = call.kind("object")
    memberships = []
    for one in call.portal.store.documents(VENDOR, "list", "").values():
        if one["objectTypeId"] != kind.type_id or one["deletedAt"] is not None:
            continue
        mine = _members(call, one["listId"]).get(call.param("id"))
        if mine is not None:
            memberships.append({"listId": one["listId"], "listVersion": 1, "firstAddedTimestamp": mine["at"],
                          "lastAddedTimestamp": mine["at"]})  # fmt: skip
    return 200, {"results": memberships, "total": len(memberships)}
