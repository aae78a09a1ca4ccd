"""HubSpot's associations API of version 3: a link has the name of its type, and no labels."""

from typing import Any

from sales_consultant.sandbox.hubspot.api import Call, Result, answer
from sales_consultant.sandbox.hubspot.objects.linking import MAX_READ, PAGE, grouped, record_ends, unlink
from sales_consultant.sandbox.hubspot.portal import Kind, bad
from sales_consultant.sandbox.hubspot.records import links
from sales_consultant.sandbox.store import Link

Json = dict[str, Any]


def _types(from_kind: Kind, to_kind: Kind) -> dict[str, int]:
    """The names of the types between two objects, with their numbers."""
    name = f"{from_kind.singular}_to_{to_kind.singular}"
    plain = links.default_type(from_kind.name, to_kind.name)
    primary = links.primary_type(from_kind.name, to_kind.name)
    return {name: plain} if primary is None else {name: primary, f"{name}_unlabeled": plain}


def _targets(found: dict[str, list[Link]], from_kind: Kind, to_kind: Kind) -> list[Json]:
    names = {number: name for name, number in _types(from_kind, to_kind).items()}
    return [
        {"id": to_id, "type": names[link.type_id]}
        for to_id, held in found.items()
        for link in held
        if link.category == links.DEFINED and link.type_id in names
    ]


def single_list(call: Call) -> Result:
    """GET the links of one record."""
    kind, other = call.kind(), call.kind("to_object")
    limit = call.whole("limit", PAGE, PAGE)
    ends = grouped(call, kind, [call.param("id")], other).get(call.param("id"), {})
    order = list(ends)
    begin = call.text("after")
    at = order.index(begin) if begin in order else 0
    body: Json = {"results": _targets({i: ends[i] for i in order[at : at + limit]}, kind, other)}
    if at + limit < len(order):
        body["paging"] = {"next": {"after": order[at + limit], "link": call.link(order[at + limit])}}
    return 200, body


def _named(from_kind: Kind, to_kind: Kind, given: Any) -> list[Json]:
    """The type of a name or number, as the newer API writes it. Raises ApiError 400."""
    known = _types(from_kind, to_kind)
    number = known.get(str(given)) or next((n for n in known.values() if str(n) == str(given)), None)
    if number is None:
        raise bad(f"invalid association type: {given}; one of {', '.join(known)}")
    return [{"associationCategory": links.DEFINED, "associationTypeId": number}]


def put(call: Call) -> Result:
    """PUT a link of a named type between two records."""
    kind, other = call.kind(), call.kind("to_object")
    ends = {"from": {"id": call.param("id")}, "to": {"id": call.param("to_id")}}
    from_id, to_id = record_ends(call, ends, kind, other)
    with call.portal.store.transaction():
        links.make(call.portal, kind, from_id, other, to_id, _named(kind, other, call.param("type")))
    return 200, {
        "id": from_id,
        "associations": {other.name: {"results": [{"id": to_id, "type": call.param("type")}]}},
    }


def delete(call: Call) -> Result:
    """DELETE the links between two records."""
    with call.portal.store.transaction():
        unlink(call, call.kind(), call.param("id"), call.kind("to_object"), call.param("to_id"))
    return 204, None


def batch_read(call: Call) -> Result:
    """POST ids, get their links; a record without any is named among the errors."""
    kind, other = call.kind("from_object"), call.kind("to_object")
    wanted = [str(i.get("id")) for i in call.inputs(MAX_READ)]
    started = call.portal.clock.now_ms()
    links_found = grouped(call, kind, wanted, other)
    results = [
        {"from": {"id": i}, "to": _targets(links_found[i], kind, other)} for i in wanted if i in links_found
    ]
    errors = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": f"No {other.singular} is associated with {kind.singular} {i}.",
            "context": {
                "fromObjectId": [i],
                "fromObjectType": [kind.singular],
                "toObjectType": [other.singular],
            },
        }
        for i in wanted
        if i not in links_found
    ]
    return answer(call, results, errors, started)


def batch_create(call: Call) -> Result:
    """POST links: {from, to, type}."""
    kind, other = call.kind("from_object"), call.kind("to_object")
    started = call.portal.clock.now_ms()
    results = []
    with call.portal.store.transaction():
        for one in call.inputs(MAX_READ):
            from_id, to_id = record_ends(call, one, kind, other)
            links.make(call.portal, kind, from_id, other, to_id, _named(kind, other, one.get("type")))
            results.append({"from": {"id": from_id}, "to": {"id": to_id}, "type": one.get("type")})
    return answer(call, results, [], started, 201)


def batch_archive(call: Call) -> Result:
    """POST links to remove."""
    kind, other = call.kind("from_object"), call.kind("to_object")
    with call.portal.store.transaction():
        for one in call.inputs(MAX_READ):
            unlink(call, kind, str(one["from"]["id"]), other, str(one["to"]["id"]))
    return 204, None


def types(call: Call) -> Result:
    """GET the names of the types between two objects."""
    known = _types(call.kind("from_object"), call.kind("to_object"))
    return 200, {"results": [{"id": str(n), "name": name} for name, n in known.items()]}
