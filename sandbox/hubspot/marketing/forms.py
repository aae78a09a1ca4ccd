"""Forms and what is left of them on a contact: conversions and visits are analytics of the contact, with a history."""

import uuid
from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.api import Call, Result
from sales_consultant.sandbox.hubspot.portal import KINDS, VENDOR, ApiError, Portal, bad, missing
from sales_consultant.sandbox.hubspot.records import writing
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]


def _forms(portal: Portal) -> dict[str, Json]:
    return portal.store.documents(VENDOR, "form", "")


def list_all(call: Call) -> Result:
    """GET forms."""
    limit = call.whole("limit", 20, 500)
    found = sorted(_forms(call.portal).values(), key=lambda f: str(f["createdAt"]))
    start = int(call.text("after", "0")) if call.text("after", "0").isdigit() else 0
    body: Json = {"results": found[start : start + limit]}
    if len(found) > start + limit:
        end = str(start + limit)
        body["paging"] = {"next": {"after": end, "link": call.link(end)}}
    return 200, body


def get(call: Call) -> Result:
    """GET one form."""
    found = _forms(call.portal).get(call.param("form"))
    if found is None:
        raise missing(f"form {call.param('form')} does not exist")
    return 200, found


def create(call: Call) -> Result:
    """POST a form."""
    body = call.dict()
    if not body.get("name"):
        raise bad("Some required fields were not set: [name]")
    at = iso(call.portal.clock.now_ms())
    made = {
        **body, "id": str(uuid.uuid4()), "formType": body.get("formType") or "hubspot", "createdAt": at, "updatedAt": at,
        "archived": False, "fieldGroups": body.get("fieldGroups") or [],
    }  # fmt: skip
    call.portal.store.put(VENDOR, "form", "", made["id"], made)
    return 201, made


def submit(call: Call) -> Result:
    """POST a submission: the contact of its e-mail address is made or changed, and has converted."""
    portal, body = call.portal, call.dict()
    form = _forms(portal).get(call.param("form"))
    if form is None or call.param("portal") != str(portal.account["portalId"]):
        raise ApiError(404, None, f"No form with GUID {call.param('form')}", errorType="FORM_NOT_FOUND")
    fields = {str(f.get("name")): str(f.get("value") or "") for f in body.get("fields") or []}
    if "@" not in fields.get("email", ""):
        raise bad("Error in 'fields.email'. Invalid email address")
    kind, now = KINDS["contacts"], portal.clock.now_ms()
    known = portal.definitions(kind)
    values = {
        n: v
        for n, v in fields.items()
        if n in known and not known[n]["modificationMetadata"]["readOnlyValue"]
    }
    holder = writing.taken(portal, kind, "email", fields["email"])
    record = portal.store.get(VENDOR, kind.name, holder) if holder else None
    if record is None:
        record = writing.create(portal, kind, {"properties": values})
    elif values:
        record = writing.update(portal, kind, record, values, "2026-03")
    at = int(body.get("submittedAt") or now)
    converted(portal, record, str(form["name"]), form["id"], at)
    sent = {"submittedAt": at, "values": [{"name": n, "value": v} for n, v in fields.items()],
            "pageUrl": (body.get("context") or {}).get("pageUri")}  # fmt: skip
    number = portal.store.next_seq(VENDOR, "submissions", start=1)
    portal.store.put(VENDOR, "submission", form["id"], str(number), sent)
    return 200, {"inlineMessage": "Thanks for submitting the form."}


def submissions(call: Call) -> Result:
    """GET what was sent in by a form, the latest first."""
    limit = call.whole("limit", 20, 50)
    held = call.portal.store.documents(VENDOR, "submission", call.param("form"))
    found = sorted(held.values(), key=lambda s: -int(s["submittedAt"]))
    start = int(call.text("after", "0")) if call.text("after", "0").isdigit() else 0
    body: Json = {"results": found[start : start + limit]}
    if len(found) > start + limit:
        body["paging"] = {"next": {"after": str(start + limit)}}
    return 200, body


def converted(portal: Portal, record: Record, name: str, form: str, at: int) -> None:
    """A form was sent in by a contact."""
    held = record.values()
    seen = {f for f in str(held.get("_forms") or "").split(";") if f} | {form}
    values = {
        "recent_conversion_date": iso(at),
        "recent_conversion_event_name": name,
        "first_conversion_date": held.get("first_conversion_date") or iso(at),
        "first_conversion_event_name": held.get("first_conversion_event_name") or name,
        "num_conversion_events": str(int(held.get("num_conversion_events") or 0) + 1),
        "num_unique_conversion_events": str(len(seen)),
        "_forms": ";".join(sorted(seen)),
    }
    writing.computed(portal, KINDS["contacts"], record, values)


def visited(portal: Portal, record: Record, at: int, pages: int = 1) -> None:
    """A contact was on the website."""
    held = record.values()
    values = {
        "hs_analytics_first_visit_timestamp": held.get("hs_analytics_first_visit_timestamp") or iso(at),
        "hs_analytics_last_visit_timestamp": iso(at),
        "hs_analytics_last_timestamp": iso(at),
        "hs_analytics_num_visits": str(int(held.get("hs_analytics_num_visits") or 0) + 1),
        "hs_analytics_num_page_views": str(int(held.get("hs_analytics_num_page_views") or 0) + pages),
    }
    writing.computed(portal, KINDS["contacts"], record, values)
