"""Salesforce's part of the control endpoint, and its words for faults."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.responses import Response

from sales_consultant.sandbox import oauth
from sales_consultant.sandbox.faults import Fault
from sales_consultant.sandbox.salesforce.access import sessions, sharing
from sales_consultant.sandbox.salesforce.auth import grants, users
from sales_consultant.sandbox.salesforce.org import (
    OPTIONS,
    REQUESTS,
    VENDOR,
    ApiError,
    Meter,
    Org,
    refused,
    unavailable,
)
from sales_consultant.sandbox.salesforce.query import query
from sales_consultant.sandbox.salesforce.records import lifecycle, rules, saving, task_words, timing
from sales_consultant.sandbox.salesforce.rest import shown
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
_WORDS = {
    400: ("QUERY_TIMEOUT", "Your query request was running for too long."),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    405: ("METHOD_NOT_ALLOWED", "HTTP Method not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE"),
    500: (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support",
    ),
}


def refuse(fault: Fault) -> Response:
    """The answer of a fault: HTML where the API is not reached, else the vendor's list; `policy` is another error code."""
    if fault.status in (420, 429, 406):
        response = Response(b"", fault.status)
    elif fault.status in (502, 503, 504) and not fault.policy:
        response = unavailable(fault.status)
    else:
        code, text = _WORDS.get(fault.status, _WORDS[500])
        response = refused(ApiError(fault.policy or code, fault.message or text, fault.status))
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _options(org: Org, body: Json) -> Json:
    for name, value in body.items():
        if name not in OPTIONS:
            raise ControlError(f"unknown option {name!r}; one of {', '.join(OPTIONS)}")
        org.options[name] = type(OPTIONS[name])(value)
    return dict(org.options)


def _expire(org: Org, body: Json) -> Json:
    return {"expired": sessions.lapse(org, body.get("token"))}


def _usage(org: Org, body: Json) -> Json:
    meter, name = Meter.of(org), str(body.get("limit", REQUESTS))
    try:
        meter.most(name)
    except KeyError:
        raise ControlError(f"the limit {name!r} is not counted here") from None
    meter.add(int(body["used"]) - meter.used(name), name)
    return {"used": meter.used(name), "limit": meter.most(name)}


def _job_fault(org: Org, body: Json) -> Json:
    """The next ingest job fails once it has worked on `after` rows; the others stay unprocessed."""
    org.memory["job_fault"] = {
        "after": int(body.get("after", 0)),
        "message": str(body.get("message", "InternalServerError : Unable to process the batch")),
    }
    return dict(org.memory["job_fault"])


def _row_errors(org: Org, body: Json) -> Json:
    code = str(body.get("code", "UNABLE_TO_LOCK_ROW"))
    text = str(body.get("message", "unable to obtain exclusive access to this record"))
    rules = org.memory.setdefault("row_errors", {})
    for id in body["ids"]:
        rules[str(id)] = {"code": code, "message": text, "times": int(body.get("times", 1))}
    return {"row_errors": len(rules)}


def actions(org: Org) -> Mapping[str, Callable[[Json], Any]]:
    """Actions under /_sandbox by name; those that HubSpot's side has too need `"crm": "salesforce"`."""
    return {
        "sharing": lambda body: sharing.set_defaults(org, body),
        "users": lambda body: users.make(org, body),
        "options": partial(_options, org),
        "expire": partial(_expire, org),
        "usage": partial(_usage, org),
        "row_errors": partial(_row_errors, org),
        "job_fault": partial(_job_fault, org),
        "expire_locators": lambda body: {"expired": query.forget(org)},
        "merge": lambda body: lifecycle.merge(org, body),
        "convert": lambda body: lifecycle.convert(org, body),
        "purge": lambda body: lifecycle.purge(org, body),
        "late": lambda body: lifecycle.late(org, body),
        "setup": lambda body: shown.plant(org, body),
        "rule": lambda body: rules.add(org, body),
        "duplicates": lambda body: saving.duplicates(org, body),
        "assignment": lambda body: saving.assignment(org, body),
        "task_words": lambda body: task_words.replace(org, body),
        "lock": lambda body: rules.lock(org, body),
        "deactivate": lambda body: rules.deactivate(org, body),
        "dated_rates": lambda body: rules.dated_rates(org, body),
        "apps": lambda body: grants.register(org, body),
        "consent": lambda body: oauth.set_consent(org.world, VENDOR, body),
        "begin": lambda body: timing.begin(org, body),
        "commit": lambda body: timing.commit(org, body),
        "touch": lambda body: timing.touch(org, body),
        "undelete": lambda body: timing.undelete(org, body),
        "purge_log": lambda body: timing.purge_log(org, body),
        "formula": lambda body: lifecycle.formula(org, body),
    }
