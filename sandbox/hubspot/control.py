"""HubSpot's part of the control endpoint, and its words for faults."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.responses import HTMLResponse, Response

from sales_consultant.sandbox import oauth
from sales_consultant.sandbox.clock import iso, parse_iso
from sales_consultant.sandbox.faults import Fault
from sales_consultant.sandbox.hubspot.marketing import forms
from sales_consultant.sandbox.hubspot.portal import (
    KINDS,
    OPTIONS,
    SCOPES,
    VENDOR,
    ApiError,
    InvalidValuesError,
    Kind,
    Portal,
    error_response,
    kind_of,
    limited,
)
from sales_consultant.sandbox.hubspot.records import DEFAULT, DEFINED, writing
from sales_consultant.sandbox.hubspot.settings import oauth as signin
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
_WORDS = {
    400: ("VALIDATION_ERROR", "Invalid input JSON"),
    401: ("EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 1 second(s) ago."),
    403: ("MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
    404: (None, "The requested resource was not found"),
    405: (None, "HTTP 405 Method Not Allowed"),
    423: ("LOCKED", "The object is locked by a high volume of writes; try again in 2 seconds."),
    477: ("MIGRATION_IN_PROGRESS", "The account is being migrated to another data centre; try again later."),
}


def refuse(fault: Fault) -> Response:
    """The answer of a fault: a gateway's HTML for 502 to 504, JSON for the others."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.status == 429:
        policy = fault.policy or "TEN_SECONDLY_ROLLING"
        words = policy.lower().replace("_rolling", "").replace("_", " ")
        return error_response(limited(policy, f"You have reached your {words} limit.", fault.retry_after))
    if fault.status in (502, 503, 504, 521, 523, 524):
        text = f"<html><head><title>{fault.status}</title></head><body><h1>Error {fault.status}</h1></body></html>"
        return HTMLResponse(text, fault.status, headers=headers)
    category, message = _WORDS.get(fault.status, ("INTERNAL_ERROR", "internal error"))
    return error_response(
        ApiError(fault.status, fault.policy or category, fault.message or message, headers=headers)
    )


def _kind(body: Json) -> Kind:
    found = kind_of(str(body["object"]))
    if found is None:
        raise ControlError(f"unknown object {body['object']!r}")
    return found


def _users(portal: Portal, body: Json) -> Json:
    """A token that is weaker than a super admin's: `scopes`, `without` (all but these), `expired`."""
    without = set(body.get("without") or ())
    scopes = list(body["scopes"]) if "scopes" in body else [s for s in SCOPES if s not in without]
    made = {"scopes": scopes, "expired": bool(body.get("expired", False))}
    portal.put_user(str(body["token"]), made)
    return {"token": body["token"], **made}


def _merge(portal: Portal, body: Json) -> Json:
    try:
        record = writing.merge(portal, _kind(body), str(body["primary"]), str(body["other"]))
    except ApiError as e:
        raise ControlError(e.message) from e
    return {"id": record.id}


def _purge(portal: Portal, body: Json) -> Json:
    """Gone without a trace, as after a GDPR delete."""
    portal.store.delete(VENDOR, _kind(body).name, str(body["id"]))
    return {"purged": str(body["id"])}


def _visit(portal: Portal, body: Json) -> Json:
    """A contact was on the website, now or `at` (ISO 8601)."""
    record = portal.store.get(VENDOR, "contacts", str(body["contact"]))
    if record is None:
        raise ControlError(f"there is no contact {body['contact']!r}")
    at = parse_iso(str(body["at"])) if body.get("at") else portal.clock.now_ms()
    forms.visited(portal, record, at, int(body.get("pages", 1)))
    return {"contact": record.id}


def _feedback(portal: Portal, body: Json) -> Json:
    """A contact answered a survey, which no API can do: `contact`, and `properties` of the submission."""
    contact = portal.store.get(VENDOR, "contacts", str(body["contact"]))
    if contact is None:
        raise ControlError(f"there is no contact {body['contact']!r}")
    kind = KINDS["feedback_submissions"]
    unknown = sorted(set(body.get("properties", {})) - set(portal.definitions(kind)))
    if unknown:
        raise ControlError(f"there is no property {unknown[0]!r} of {kind.name}")
    at = iso(portal.clock.now_ms())
    type = {"associationCategory": DEFINED, "associationTypeId": DEFAULT[kind.name, "contacts"]}
    linked = [{"to": {"id": contact.id}, "types": [type]}]
    record = writing.create(portal, kind, {"properties": {}, "associations": linked})
    told = {k: str(v) for k, v in body.get("properties", {}).items()}
    writing.computed(portal, kind, record, {"hs_submission_timestamp": at, **told})
    return {"id": record.id}


def _restore(portal: Portal, body: Json) -> Json:
    writing.archive(portal, _kind(body), [str(body["id"])], archived=False)
    return {"restored": str(body["id"])}


def _rules(portal: Portal, body: Json) -> Json:
    """The admin's validation rules, which bind API writes of version 2026-09 on; they replace those of before.

    `required`: properties. `conditional`: [{"when": {property: value}, "require": [properties]}]. `values`: {property: {"min",
    "max", "min_length", "max_length", "pattern"}}.
    """
    kind = _kind(body)
    named = {*body.get("required", ()), *body.get("values", {})}
    named |= {n for c in body.get("conditional", ()) for n in (*c["when"], *c["require"])}
    unknown = sorted(named - set(portal.definitions(kind)))
    if unknown:
        raise ControlError(f"there is no property {unknown[0]!r} of {kind.name}")
    held = {k: body.get(k) or ({} if k == "values" else []) for k in ("required", "conditional", "values")}
    portal.store.put(VENDOR, "rule", kind.name, "rules", held)
    return {"object": kind.name, **held}


def _options(portal: Portal, body: Json) -> Json:
    unknown = sorted(set(body) - set(OPTIONS))
    if unknown:
        raise ControlError(f"unknown option {unknown[0]!r}; one of {', '.join(OPTIONS)}")
    portal.options |= body
    return portal.options


def _touch(portal: Portal, body: Json) -> Json:
    """Give records one time of change, as a bulk job does: `ids`, or all; `at` in milliseconds."""
    kind, at = _kind(body), int(body.get("at", portal.clock.now_ms()))
    sql = "UPDATE records SET modified = ? WHERE vendor = ? AND object = ?"
    parameters: list[Any] = [at, VENDOR, kind.name]
    if "ids" in body:
        sql += f" AND id IN ({', '.join('?' * len(body['ids']))})"
        parameters += [str(i) for i in body["ids"]]
    return {"touched": portal.store.write(sql, parameters), "at": at}


def _late(portal: Portal, body: Json) -> Json:
    """A change that took `seconds` to be stored: stamped with its beginning; searches see it `lag` seconds from now."""
    kind, now = _kind(body), portal.clock.now_ms()
    at = now - round(float(body.get("seconds", 60)) * 1000)
    before = portal.store.get(VENDOR, kind.name, str(body["id"])) if "id" in body else None
    try:
        if before is not None:
            record = writing.update(portal, kind, before, body["properties"], "2026-03", at=at)
        elif "id" in body:
            raise ControlError(f"there is no {kind.singular} {body['id']!r}")
        else:
            record = writing.create(portal, kind, {"properties": body["properties"]}, at=at)
    except (ApiError, InvalidValuesError) as e:
        raise ControlError(str(e)) from e
    if body.get("lag"):
        portal.store.lag(VENDOR, kind.name, record.id, before, now + round(float(body["lag"]) * 1000))
    return {"id": record.id, "at": record.modified}


def _archive_owner(portal: Portal, body: Json) -> Json:
    """An owner's user is deactivated or removed: `id`; `archived` false brings it back."""
    record = portal.store.get(VENDOR, "owners", str(body["id"]))
    if record is None:
        raise ControlError(f"there is no owner {body['id']!r}")
    gone = bool(body.get("archived", True))
    now = portal.clock.now_ms()
    new = record._replace(archived=int(gone), archived_at=now if gone else None, modified=now)
    portal.store.update(VENDOR, "owners", new)
    return {"id": record.id, "archived": gone}


def _usage(portal: Portal, body: Json) -> Json:
    """Calls of today, as if so many had been made already."""
    portal.meter.spend_today(int(body["used"]))
    return {"used": portal.meter.used}


def actions(portal: Portal) -> Mapping[str, Callable[[Json], Any]]:
    """What can be done to the portal from outside HubSpot's API."""
    return {
        "apps": lambda body: oauth.register(portal.world, VENDOR, body, signin.APP_KEYS),
        "consent": lambda body: oauth.set_consent(portal.world, VENDOR, body),
        "expire": lambda body: signin.expire(portal, body),
        "usage": partial(_usage, portal),
        "late": partial(_late, portal),
        "archive_owner": partial(_archive_owner, portal),
        "users": partial(_users, portal),
        "merge": partial(_merge, portal),
        "purge": partial(_purge, portal),
        "restore": partial(_restore, portal),
        "visit": partial(_visit, portal),
        "feedback": partial(_feedback, portal),
        "rules": partial(_rules, portal),
        "options": partial(_options, portal),
        "touch": partial(_touch, portal),
    }
