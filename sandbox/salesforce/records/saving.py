"""What runs when a record is saved and depends on how it is saved: duplicate rules and assignment rules.

REST tells by headers: `Sforce-Duplicate-Rule-Header: allowSave=true` lets pass what a rule only alerts of, and
`Sforce-Auto-Assign: FALSE` leaves owners alone, which are given by the active rule otherwise. Bulk API 2.0 has neither
header: an alert refuses there, and its jobs name a rule of assignment, or none runs.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sales_consultant.sandbox.salesforce.org import OBJECTS, VENDOR, ApiError, Org, ids
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
ASSIGNED = ("Lead", "Account")


@dataclass(frozen=True)
class Saving:
    """How records are saved now."""

    allow_save: bool = False
    assign: bool = False


BULK = Saving()
_NOW: ContextVar[Saving] = ContextVar("saving", default=BULK)


def asked(headers: Mapping[str, str]) -> Saving:
    """What a request's headers ask for."""
    told = str(headers.get("sforce-duplicate-rule-header") or "")
    allow = re.search(r"allowSave\s*=\s*true", told, re.IGNORECASE) is not None
    return Saving(allow, str(headers.get("sforce-auto-assign") or "TRUE").strip().upper() != "FALSE")


@contextmanager
def by(saving: Saving) -> Iterator[None]:
    """Save so, for a while."""
    token = _NOW.set(saving)
    try:
        yield
    finally:
        _NOW.reset(token)


# -- duplicate rules ------------------------------------------------------------------------------------------------


def duplicates(org: Org, body: Json) -> Json:
    """Control: {object, name, fields, does?, active?}: records that agree in all fields are duplicates; "alert" or
    "block". One of the same name is replaced."""
    sobject, name, action = str(body["object"]), str(body["name"]), str(body.get("does", "alert"))
    if action not in ("alert", "block"):
        raise ControlError("does is alert or block")
    if sobject not in OBJECTS:
        raise ControlError(f"there is no object {sobject!r}")
    known = org.fields(sobject)
    fields = [str(f) for f in body["fields"]]
    unknown = [f for f in fields if f not in known]
    if unknown or not fields:
        raise ControlError(f"fields are names of {sobject}'s; not {unknown or fields}")
    rule = {
        "object": sobject, "name": name, "fields": fields, "action": action, "active": bool(body.get("active", True)),
        "message": str(body.get("message") or "Use one of these records?"),
    }  # fmt: skip
    org.store.put(VENDOR, "duplicate_rule", "", name, rule)
    org.memory.pop("duplicate_rules", None)
    return rule


def _rules(org: Org) -> list[Json]:
    if "duplicate_rules" not in org.memory:
        found = org.store.documents(VENDOR, "duplicate_rule", "").values()
        org.memory["duplicate_rules"] = [r for r in found if r["active"]]
    held: list[Json] = org.memory["duplicate_rules"]
    return held


def enforce(org: Org, sobject: str, id: str) -> None:
    """Hold a record that was just saved against the duplicate rules. Raises ApiError DUPLICATES_DETECTED."""
    for rule in _rules(org):
        if rule["object"] != sobject or (rule["action"] == "alert" and _NOW.get().allow_save):
            continue
        record = org.record(sobject, id)
        values = record.values() if record is not None else {}
        given = {f: values.get(f) for f in rule["fields"]}
        if any(v in (None, "") for v in given.values()):
            continue
        where = " AND ".join(f"lower(json_extract(properties, '$.{f}')) = lower(?)" for f in given)
        sql = (
            f"SELECT id FROM records WHERE vendor = ? AND object = ? AND archived = 0 AND id <> ? AND {where}"
        )
        alike = [
            str(r[0]) for r in org.store.rows(sql, (VENDOR, sobject, id, *(str(v) for v in given.values())))
        ]
        if alike:
            raise _duplicates_error(rule, alike)


def _duplicates_error(rule: Json, alike: list[str]) -> ApiError:
    """The error in the vendor's shape: with what was found, and whether it may be saved all the same."""
    sobject = rule["object"]
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": {"type": sobject}, "Id": id},
        }
        for id in alike
    ]
    match = {
        "entityType": sobject, "errors": [], "matchEngine": "ExactMatchEngine", "matchRecords": records,
        "rule": f"{rule['name']}_Match", "size": len(records), "success": True,
    }  # fmt: skip
    result = {
        "allowSave": rule["action"] == "alert", "duplicateRule": rule["name"], "duplicateRuleEntityType": sobject,
        "errorMessage": rule["message"], "matchResults": [match],
    }  # fmt: skip
    return ApiError("DUPLICATES_DETECTED", rule["message"], fields=[], extra={"duplicateResult": result})


# -- assignment rules -----------------------------------------------------------------------------------------------


def assignment(org: Org, body: Json) -> Json:
    """Control: {object, owner}: the active assignment rule of an object gives its records to a user; no owner, no rule."""
    sobject, owner = str(body["object"]), body.get("owner")
    if sobject not in ASSIGNED:
        raise ControlError(f"assignment rules are of {', '.join(ASSIGNED)}")
    if owner is not None and org.record("User", ids.full(owner) or "") is None:
        raise ControlError(f"{owner!r} is no user's id")
    org.store.put(VENDOR, "assignment", "", sobject, {"owner": ids.full(owner) if owner else None})
    return {"object": sobject, "owner": owner}


def assign(org: Org, sobject: str, values: Json) -> None:
    """Give a record that is about to be saved to whom the object's active rule says."""
    if sobject not in ASSIGNED or not _NOW.get().assign:
        return
    rule = org.store.documents(VENDOR, "assignment", "").get(sobject)
    if rule and rule["owner"]:
        values["OwnerId"] = rule["owner"]
