"""What an admin set up around writes: validation rules, triggers, flows, workflow rules, and records locked for approval.

A validation rule or a trigger that refuses has its condition in SOQL: the words after WHERE that are true for a record that it
refuses, as it would be after the write.
"""

from typing import Any

import orjson

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.org import (
    CUSTOMIZABLE,
    OBJECTS,
    VENDOR,
    ApiError,
    Field,
    Org,
    ids,
    stamp,
)
from sales_consultant.sandbox.salesforce.soql import Compiler, parse
from sales_consultant.sandbox.store import Record
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
KINDS = ("validation", "trigger", "flow", "workflow")
_TOOL = {
    "validation": "ValidationRule", "trigger": "ApexTrigger", "flow": "FlowDefinitionView", "workflow": "WorkflowRule",
}  # fmt: skip


class _System(Access):
    """Who evaluates rules: it sees every field and record."""

    def __init__(self, org: Org) -> None:
        super().__init__(org, str(org.details["integration_user"]))
        self.rights |= {"ModifyAllData", "ViewSetup"}

    def _sees(self, sobject: str, f: Field) -> bool:
        return True


def _system(org: Org) -> Access:
    held: Access | None = org.memory.get("system")
    if held is None or held.version != org.version:
        held = org.memory["system"] = _System(org)
    return held


def _rules(org: Org) -> dict[str, list[Json]]:
    """Active rules that may refuse, by object."""
    if "rules" not in org.memory:
        found: dict[str, list[Json]] = {}
        for body in org.store.documents(VENDOR, "rule", "").values():
            if body["active"] and body.get("error_if"):
                found.setdefault(body["object"], []).append(body)
        org.memory["rules"] = found
    held: dict[str, list[Json]] = org.memory["rules"]
    return held


def _compiler(org: Org, rule: Json, id: str) -> Compiler:
    text = f"SELECT Id FROM {rule['object']} WHERE Id = '{id}' AND ({rule['error_if']})"
    return Compiler(parse(text), _system(org))


def enforce(org: Org, sobject: str, id: str) -> None:
    """Hold a record that was just written against the rules. Raises ApiError: the caller's transaction takes it back."""
    for rule in _rules(org).get(sobject, ()):
        made = _compiler(org, rule, id).statement()
        sql = f"SELECT 1 FROM records r0 WHERE {made.where}"
        if not org.store.rows(sql, made.parameters):
            continue
        if rule["kind"] == "validation":
            fields = [rule["field"]] if rule.get("field") else []
            raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["message"], fields=fields)
        raise ApiError(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            f"{rule['name']}: execution of BeforeUpdate\n\ncaused by: {rule['message']}",
            fields=[],
        )


def add(org: Org, body: Json) -> Json:
    """Control: {kind, object, name, active?, error_if?, message?, field?, when?}; one of the same name is replaced."""
    kind, sobject, name = body.get("kind", "validation"), str(body["object"]), str(body["name"])
    if kind not in KINDS:
        raise ControlError(f"kind is one of {', '.join(KINDS)}")
    if sobject not in CUSTOMIZABLE:
        raise ControlError(f"rules are set for {', '.join(CUSTOMIZABLE)}; not {sobject!r}")
    rule = {
        "kind": kind,
        "object": sobject,
        "name": name,
        "active": bool(body.get("active", True)),
        "error_if": str(body.get("error_if") or ""),
        "message": str(body.get("message") or "The record does not meet the rule."),
        "field": body.get("field"),
        "when": str(body.get("when", "after")),
    }
    if kind == "validation" and not rule["error_if"]:
        raise ControlError(
            "a validation rule needs error_if: what SOQL says after WHERE of a record that it refuses"
        )
    if rule["error_if"]:
        try:
            _compiler(org, rule, ids.make(sobject, 1)).statement()
        except ApiError as e:
            raise ControlError(f"error_if: {e.message.strip()}") from e
    with org.store.transaction():
        org.store.put(VENDOR, "rule", "", f"{kind}:{name}", rule)
        _show(org, rule)
    org.memory.pop("rules", None)
    return {"rules": [r["name"] for r in org.store.documents(VENDOR, "rule", "").values()]}


def _show(org: Org, rule: Json) -> None:
    """The record by which an admin's query finds the rule."""
    tool, name = _TOOL[rule["kind"]], rule["name"]
    key = {"ValidationRule": "ValidationName", "FlowDefinitionView": "ApiName"}.get(tool, "Name")
    values = {key: name, "NamespacePrefix": None, "ManageableState": "unmanaged", **_values(rule)}
    text = orjson.dumps({k: v for k, v in values.items() if v is not None}).decode()
    for record in org.store.each(VENDOR, tool):
        if record.values().get(key) == name:
            org.store.update(VENDOR, tool, record._replace(properties=text, modified=org.now()))
            return
    number = org.new_ids(tool)
    record = Record(ids.make(tool, number), number, text, org.now(), org.now())
    org.store.insert(VENDOR, tool, [record])


def _values(rule: Json) -> Json:
    sobject, name, active = rule["object"], rule["name"], rule["active"]
    match rule["kind"]:
        case "validation":
            meta = {
                "active": active,
                "errorConditionFormula": rule["error_if"],
                "errorMessage": rule["message"],
                "errorDisplayField": rule["field"],
            }
            return {
                "Active": active,
                "ErrorMessage": rule["message"],
                "ErrorDisplayField": rule["field"] or "Top of Page",
                "EntityDefinitionId": sobject,
                "FullName": f"{sobject}.{name}",
                "Metadata": meta,
            }
        case "trigger":
            before = rule["when"] == "before"
            return {
                "TableEnumOrId": sobject,
                "EntityDefinitionId": sobject,
                "Status": "Active" if active else "Inactive",
                "IsValid": True,
                "ApiVersion": 62.0,
                "UsageBeforeInsert": before,
                "UsageBeforeUpdate": before,
                "UsageAfterInsert": not before,
                "UsageAfterUpdate": not before,
                "Body": f"trigger {name} on {sobject} ({rule['when']} insert, {rule['when']} update) {{ }}",
            }
        case "flow":
            return {
                "Label": name.replace("_", " "),
                "DurableId": name,
                "ProcessType": "AutoLaunchedFlow",
                "TriggerType": "RecordBeforeSave" if rule["when"] == "before" else "RecordAfterSave",
                "RecordTriggerType": "CreateAndUpdate",
                "TriggerObjectOrEventId": sobject,
                "TriggerObjectOrEventLabel": OBJECTS[sobject].label,
                "IsActive": active,
                "ActiveVersionId": f"{name}-1" if active else None,
                "LatestVersionId": f"{name}-1",
                "VersionNumber": 1,
                "IsTemplate": False,
            }
    return {
        "TableEnumOrId": sobject,
        "FullName": f"{sobject}.{name}",
        "Metadata": {"active": active, "triggerType": "onCreateOrTriggeringUpdate"},
    }


# Approval


def _locks(org: Org) -> dict[str, Json]:
    if "locks" not in org.memory:
        org.memory["locks"] = org.store.documents(VENDOR, "lock", "")
    held: dict[str, Json] = org.memory["locks"]
    return held


def lock(org: Org, body: Json) -> Json:
    """Control: {ids, locked?, even_admins?}: records wait for approval; who may modify all of an object still writes them."""
    for given in body["ids"]:
        id = ids.full(given)
        if id is None:
            raise ControlError(f"{given!r} is no record's id")
        if body.get("locked", True):
            org.store.put(VENDOR, "lock", "", id, {"even_admins": bool(body.get("even_admins", False))})
        else:
            org.store.drop(VENDOR, "lock", "", id)
    org.memory.pop("locks", None)
    return {"locked": sorted(_locks(org))}


def demand_unlocked(access: Access, sobject: str, id: str) -> None:
    """Raises ApiError ENTITY_IS_LOCKED for a record that waits for approval."""
    held = _locks(access.org).get(id)
    if held is None:
        return
    above = "ModifyAllData" in access.rights or "ModifyAllRecords" in access.everywhere.get(sobject, set())
    if held["even_admins"] or not above:
        raise ApiError("ENTITY_IS_LOCKED", "the entity is locked for editing", fields=[])


# Users and money


def deactivate(org: Org, body: Json) -> Json:
    """Control: {ids, active?}: users leave; their records keep them as owners, and nobody else's can be given to them."""
    for given in body["ids"]:
        record = org.record("User", ids.full(given) or "")
        if record is None:
            raise ControlError(f"{given!r} is no user's id")
        text = orjson.dumps({**record.values(), "IsActive": bool(body.get("active", False))}).decode()
        org.store.update(VENDOR, "User", record._replace(properties=text, modified=org.now()))
    org.changed()
    return {"users": list(body["ids"])}


def dated_rates(org: Org, body: Json) -> Json:
    """Control: {rates: [{code, rate, start}]}: switches dated exchange rates on; `start` is a day as 2024-01-31."""
    if not org.feature("currencies"):
        raise ControlError("the org has one currency; a data folder with currencies has several")

    rates = sorted(body["rates"], key=lambda r: (r["code"], r["start"]))
    rows = []
    for n, rate in enumerate(rates):
        after = rates[n + 1] if n + 1 < len(rates) and rates[n + 1]["code"] == rate["code"] else None
        values = {
            "IsoCode": rate["code"],
            "ConversionRate": float(rate["rate"]),
            "StartDate": str(rate["start"]),
            "NextStartDate": str(after["start"]) if after else "9999-12-31",
        }
        number = org.new_ids("DatedConversionRate")
        text = orjson.dumps(values).decode()
        rows.append(Record(ids.make("DatedConversionRate", number), number, text, org.now(), org.now()))
    org.store.insert(VENDOR, "DatedConversionRate", rows)
    if not org.feature("dated_currencies"):
        org.set_details(features=[*org.details["features"], "dated_currencies"])
    return {"rates": len(rows), "at": stamp(org.now())}
