"""HubSpot's association endpoints: batch read, create and archive, labels, single links."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson

from sales_consultant.sandbox.hubspot.api import Call, Result, answer
from sales_consultant.sandbox.hubspot.portal import VENDOR, Kind, bad
from sales_consultant.sandbox.hubspot.records import links
from sales_consultant.sandbox.store import Link

Json = dict[str, Any]
# developers.hubspot.com, Associations: inputs of a batch that reads, and of one that makes links.
MAX_READ, MAX_CREATE = 1_000, 2_000
# How many links of one record stand in an answer before it is paged: of a list of links, and inside a record. The
# second is a judgement: HubSpot documents that there is a next page, and not from where on.
PAGE, INLINE_PAGE = 500, 100


def _ends(call: Call) -> tuple[Kind, Kind]:
    return call.kind("from_object"), call.kind("to_object")


def grouped(
    call: Call, from_kind: Kind, ids: Sequence[str], to_kind: Kind
) -> dict[str, dict[str, list[Link]]]:
    """Links to live records, by the record they come from and the one they lead to."""
    store = call.portal.store
    links_found = store.links(VENDOR, from_kind.name, ids, to_kind.name)
    sql = (
        "SELECT id FROM records WHERE vendor = ? AND object = ? AND archived = 1 "
        "AND id IN (SELECT DISTINCT value FROM json_each(?))"
    )

    ends = orjson.dumps(list({link.to_id for link in links_found})).decode()
    gone = {r[0] for r in store.rows(sql, (VENDOR, to_kind.name, ends))}
    held: dict[str, dict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for link in links_found:
        if link.to_id not in gone:
            held[link.from_id][link.to_id].append(link)
    return held


def _targets(found: dict[str, list[Link]]) -> list[Json]:
    return [
        {
            "toObjectId": to_id,
            "associationTypes": [
                {"category": t.category, "typeId": t.type_id, "label": t.label} for t in types
            ],
        }
        for to_id, types in found.items()
    ]


def inline(call: Call, kind: Kind, other: Kind, shown: list[Json]) -> None:
    """Add the first page of each record's links to another object, as a list does that asks for associations."""
    found = grouped(call, kind, [s["id"] for s in shown], other)
    for one in shown:
        ends = found.get(one["id"], {})
        rows = [
            {"id": to_id, "type": f"{kind.singular}_to_{other.singular}"}
            for to_id in list(ends)[:INLINE_PAGE]
        ]
        if rows:
            body: Json = {"results": rows}
            if len(ends) > INLINE_PAGE:
                after = list(ends)[INLINE_PAGE]
                path = f"/crm/v4/objects/{kind.singular}/{one['id']}/associations/{other.singular}"
                base = str(call.request.base_url).rstrip("/")
                link = call.portal.world.link(f"{base}{path}?after={after}")
                body["paging"] = {"next": {"after": after, "link": link}}
            one.setdefault("associations", {})[other.name.replace("_", " ")] = body


def batch_read(call: Call) -> Result:
    """POST ids, get their links; a record without links is absent from the answer."""
    from_kind, to_kind = _ends(call)
    inputs = call.inputs(MAX_READ)
    started = call.portal.clock.now_ms()
    after = {str(i.get("id")): str(i.get("after") or "") for i in inputs}
    found = grouped(call, from_kind, list(after), to_kind)
    results: list[Json] = []
    for record_id, begin in after.items():
        ends = found.get(record_id)
        if not ends:
            continue
        order = list(ends)
        at = next((n for n, i in enumerate(order) if i == begin), 0) if begin else 0
        part = {i: ends[i] for i in order[at : at + PAGE]}
        row: Json = {"from": {"id": record_id}, "to": _targets(part)}
        if at + PAGE < len(order):
            row["paging"] = {"next": {"after": order[at + PAGE]}}
        results.append(row)
    return answer(call, results, [], started)


def single_list(call: Call) -> Result:
    """GET the links of one record."""
    kind, other = call.kind(), call.kind("to_object")
    limit = call.whole("limit", PAGE, PAGE)
    ends = grouped(call, kind, [call.param("id")], other).get(call.param("id"), {})
    order = list(ends)
    begin = call.text("after")
    at = order.index(begin) if begin in order else 0
    body: Json = {"results": _targets({i: ends[i] for i in order[at : at + limit]})}
    if at + limit < len(order):
        body["paging"] = {"next": {"after": order[at + limit], "link": call.link(order[at + limit])}}
    return 200, body


def record_ends(call: Call, one: Json, from_kind: Kind, to_kind: Kind) -> tuple[str, str]:
    """The ids of both ends of a link that a client names. Raises ApiError 400 for a record that is not there."""
    ends = str((one.get("from") or {}).get("id")), str((one.get("to") or {}).get("id"))
    for kind, record_id in zip((from_kind, to_kind), ends, strict=True):
        if call.portal.store.get(VENDOR, kind.name, record_id) is None:
            raise bad(f"{kind.label} with id {record_id} does not exist")
    return ends


def _made(from_kind: Kind, from_id: str, to_kind: Kind, to_id: str, types: list[Json]) -> Json:
    return {
        "fromObjectTypeId": from_kind.type_id,
        "fromObjectId": from_id,
        "toObjectTypeId": to_kind.type_id,
        "toObjectId": to_id,
        "labels": [t["label"] for t in types if t["label"]],
    }


def batch_create(call: Call) -> Result:
    """POST links with their types."""
    from_kind, to_kind = _ends(call)
    inputs = call.inputs(MAX_CREATE)
    started = call.portal.clock.now_ms()
    results = []
    with call.portal.store.transaction():
        for one in inputs:
            from_id, to_id = record_ends(call, one, from_kind, to_kind)
            types = links.make(call.portal, from_kind, from_id, to_kind, to_id, one.get("types"))
            results.append(_made(from_kind, from_id, to_kind, to_id, types))
    return answer(call, results, [], started, 201)


def batch_default(call: Call) -> Result:
    """POST links of the default type."""
    from_kind, to_kind = _ends(call)
    inputs = call.inputs(MAX_CREATE)
    started = call.portal.clock.now_ms()
    results = []
    with call.portal.store.transaction():
        for one in inputs:
            from_id, to_id = record_ends(call, one, from_kind, to_kind)
            links.make(call.portal, from_kind, from_id, to_kind, to_id, None)
            results.append(_default(from_kind, from_id, to_kind, to_id))
    return answer(call, results, [], started)


def _default(from_kind: Kind, from_id: str, to_kind: Kind, to_id: str) -> Json:
    type_id = links.default_type(from_kind.name, to_kind.name)
    spec = {"associationCategory": links.DEFINED, "associationTypeId": type_id}
    return {"from": {"id": from_id}, "to": {"id": to_id}, "associationSpec": spec}


def batch_archive(call: Call) -> Result:
    """POST links to remove: {from, to: [{id}]}."""
    from_kind, to_kind = _ends(call)
    with call.portal.store.transaction():
        for one in call.inputs(MAX_CREATE):
            targets = one.get("to") or []
            for target in targets if isinstance(targets, list) else [targets]:
                unlink(
                    call, from_kind, str((one.get("from") or {}).get("id")), to_kind, str(target.get("id"))
                )
    return 204, None


def unlink(call: Call, from_kind: Kind, from_id: str, to_kind: Kind, to_id: str) -> None:
    """Remove every link between two records."""
    call.portal.store.unlink(VENDOR, from_kind.name, from_id, to_kind.name, to_id)
    links.recount(call.portal, from_kind, from_id)
    links.recount(call.portal, to_kind, to_id)


def put_default(call: Call) -> Result:
    """PUT a link of the default type between two records."""
    from_kind, to_kind = call.kind("object"), call.kind("to_object")
    ends = {"from": {"id": call.param("id")}, "to": {"id": call.param("to_id")}}
    from_id, to_id = record_ends(call, ends, from_kind, to_kind)
    with call.portal.store.transaction():
        links.make(call.portal, from_kind, from_id, to_kind, to_id, None)
    started = call.portal.clock.now_ms()
    return answer(call, [_default(from_kind, from_id, to_kind, to_id)], [], started)


def put(call: Call) -> Result:
    """PUT a link with the types in the body."""
    from_kind, to_kind = call.kind("object"), call.kind("to_object")
    if not isinstance(call.body, list):
        raise bad("Invalid input JSON: a list of association types is expected")
    ends = {"from": {"id": call.param("id")}, "to": {"id": call.param("to_id")}}
    from_id, to_id = record_ends(call, ends, from_kind, to_kind)
    with call.portal.store.transaction():
        types = links.make(call.portal, from_kind, from_id, to_kind, to_id, call.body)
    return 201, _made(from_kind, from_id, to_kind, to_id, types)


def delete(call: Call) -> Result:
    """DELETE all links between two records."""
    with call.portal.store.transaction():
        unlink(call, call.kind("object"), call.param("id"), call.kind("to_object"), call.param("to_id"))
    return 204, None


def list_labels(call: Call) -> Result:
    """GET the association types between two objects."""
    from_kind, to_kind = _ends(call)
    return 200, {"results": links.labels(call.portal, from_kind.name, to_kind.name)}


def rename_label(call: Call) -> Result:
    """PUT another text for a label of the portal's own."""
    from_kind, to_kind = _ends(call)
    body = call.dict()
    if not body.get("label") or not str(body.get("associationTypeId") or "").isdigit():
        raise bad("Some required fields were not set: [label, associationTypeId]")
    with call.portal.store.transaction():
        links.rename_label(
            call.portal, from_kind.name, to_kind.name, int(body["associationTypeId"]), str(body["label"]),
            body.get("inverseLabel"),
        )  # fmt: skip
    return 204, None


def remove_label(call: Call) -> Result:
    """DELETE a label of the portal's own."""
    from_kind, to_kind = _ends(call)
    if not call.param("type").isdigit():
        raise bad(f"Invalid association type id: {call.param('type')}")
    with call.portal.store.transaction():
        links.drop_label(call.portal, from_kind.name, to_kind.name, int(call.param("type")))
    return 204, None


def create_label(call: Call) -> Result:
    """POST a label of the portal's own."""
    from_kind, to_kind = _ends(call)
    body = call.dict()
    if not body.get("label"):
        raise bad("Some required fields were not set: [label]")
    made = links.add_label(
        call.portal, from_kind.name, to_kind.name, str(body["label"]), body.get("inverseLabel")
    )
    return 200, {"results": [made]}
