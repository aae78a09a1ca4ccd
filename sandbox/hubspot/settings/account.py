"""HubSpot's endpoints about the account, owners, tokens and limits."""

from typing import Any

from sales_consultant.sandbox.clock import DAY_MS, iso
from sales_consultant.sandbox.hubspot.api import Call, Result
from sales_consultant.sandbox.hubspot.portal import KINDS, OFF, VENDOR, Kind, bad, group_of, missing
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
# developers.hubspot.com, Owners: rows of a list. How many records an account may hold differs by subscription (Limits
# tracking).
MAX_OWNERS = 500
MAX_RECORDS = 15_000_000


def details(call: Call) -> Result:
    """GET what the account is."""
    return 200, call.portal.account


def usage(call: Call) -> Result:
    """GET the calls of today."""
    now = call.portal.clock.now_ms()
    plan = call.portal.meter.plan or OFF
    daily: list[Json] = [
        {
            "name": "private-apps-api-calls-daily",
            "usageLimit": plan.daily,
            "currentUsage": call.portal.meter.used,
            "collectedAt": iso(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso((now // DAY_MS + 1) * DAY_MS),
        }
    ]
    return 200, {"results": daily}


def _usage(kind: Kind, used: int, most: int) -> Json:
    return {
        "objectTypeId": kind.type_id,
        "singularLabel": kind.label,
        "pluralLabel": kind.name.replace("_", " ").capitalize(),
        "usage": used,
        "limit": most,
        "percentage": round(100 * used / most, 2) if most else 100.0,
    }


def record_limits(call: Call) -> Result:
    """GET how many records there may be."""
    totals = call.portal.store.totals(VENDOR)
    found = [
        _usage(KINDS[n], totals.get(n, 0), MAX_RECORDS) for n in ("contacts", "companies", "deals", "tickets")
    ]
    custom = {"byObjectType": [], "overallLimit": 0, "overallPercentage": 0.0, "overallUsage": 0}
    return 200, {"hubspotDefinedObjectTypes": found, "customObjectTypes": custom}


def property_limits(call: Call) -> Result:
    """GET how many custom properties there may be."""
    most = int(call.portal.options["custom_property_limit"])
    found = []
    for kind in KINDS.values():
        mine = call.portal.definitions(kind).values()
        found.append(_usage(kind, sum(not d["hubspotDefined"] and not d["archived"] for d in mine), most))
    used, total = sum(f["usage"] for f in found), most * len(KINDS)
    return 200, {
        "byObjectType": found,
        "overallLimit": total,
        "overallUsage": used,
        "overallPercentage": round(100 * used / total, 2) if total else 100.0,
    }


def schemas(call: Call) -> Result:
    """GET the custom object types: none."""
    return 200, {"results": []}


def schema(call: Call) -> Result:
    """GET one of HubSpot's own object types."""
    kind = call.kind()
    return 200, {
        "id": kind.type_id,
        "objectTypeId": kind.type_id,
        "name": kind.singular.upper(),
        "fullyQualifiedName": kind.singular.upper(),
        "labels": {"singular": kind.label, "plural": kind.name.replace("_", " ").capitalize()},
        "primaryDisplayProperty": kind.title[0],
        "requiredProperties": [],
        "searchableProperties": list(kind.searched),
        "secondaryDisplayProperties": [],
        "properties": list(call.portal.definitions(kind).values()),
        "associations": [],
        "archived": False,
        "metaType": "HUBSPOT",
        "propertyGroups": group_of(kind)[0],
    }


# Owners


def _owner(record: Record) -> Json:
    values = record.values()
    shown: Json = {
        "id": record.id,
        "email": values.get("email"),
        "type": "PERSON",
        "firstName": values.get("firstName") or "",
        "lastName": values.get("lastName") or "",
        "userId": None if record.archived else int(values["userId"]),
        "userIdIncludingInactive": int(values["userId"]),
        "createdAt": iso(record.created),
        "updatedAt": iso(record.modified),
        "archived": bool(record.archived),
        "teams": [],
    }
    return shown


def owners(call: Call) -> Result:
    """GET owners, the archived ones apart."""
    limit = call.whole("limit", 100, MAX_OWNERS)
    after = call.text("after", "0")
    if not after.isdigit():
        raise bad(f"Invalid value for after: {after}")
    email = call.text("email")
    rows = call.portal.store.page(
        VENDOR, "owners", after=int(after), limit=limit + 1, archived=call.flag("archived")
    )
    shown = [_owner(r) for r in rows[:limit]]
    if email:
        shown = [o for o in shown if o["email"] == email]
    body: Json = {"results": shown}
    if len(rows) > limit:
        body["paging"] = {"next": {"after": rows[limit].id, "link": call.link(rows[limit].id)}}
    return 200, body


def owner(call: Call) -> Result:
    """GET one owner, by id or by user id."""
    wanted = call.param("id")
    found = call.portal.store.get(VENDOR, "owners", wanted)
    if call.text("idProperty") == "userId":
        found = next(
            (r for r in call.portal.store.each(VENDOR, "owners") if r.values()["userId"] == wanted), None
        )
    if found is None or bool(found.archived) != call.flag("archived"):
        raise missing(f"owner {wanted} does not exist")
    return 200, _owner(found)
