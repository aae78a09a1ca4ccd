"""Endpoints of HubSpot's older APIs that connectors still ask: definitions of properties, and pipelines."""

from typing import Any

from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sandbox.hubspot.api import Call, Result
from sales_consultant.sandbox.hubspot.portal import missing

Json = dict[str, Any]


def properties(call: Call) -> Result:
    """GET properties/v2/OBJECT/properties and its kin: a bare list, the object in the singular or plural."""
    kind = call.kind()
    return 200, [
        {
            "name": d["name"],
            "label": d["label"],
            "description": d["description"],
            "groupName": d["groupName"],
            "type": d["type"],
            "fieldType": d["fieldType"],
            "options": d["options"],
            "displayOrder": d.get("displayOrder", -1),
            "formField": d.get("formField", False),
            "hidden": d.get("hidden", False),
            "calculated": d["calculated"],
            "hubspotDefined": d["hubspotDefined"],
            "readOnlyValue": d["modificationMetadata"]["readOnlyValue"],
            "deleted": False,
        }
        for d in call.portal.definitions(kind).values()
        if not d["archived"]
    ]


def one_property(call: Call) -> Result:
    """GET one of them."""
    found = properties(call)
    assert isinstance(found, tuple)
    for body in found[1]:
        if body["name"] == call.param("name"):
            return 200, body
    raise missing(f'Property "{call.param("name")}" does not exist')


def pipelines(call: Call) -> Result:
    """GET crm-pipelines/v1/pipelines/OBJECT: times in milliseconds, other names for ids."""

    def shared(body: Json) -> Json:
        return {
            "label": body["label"],
            "displayOrder": body["displayOrder"],
            "active": not body["archived"],
            "createdAt": parse_iso(body["createdAt"]),
            "updatedAt": parse_iso(body["updatedAt"]),
        }

    kind = call.kind()
    return 200, {
        "results": [
            {
                **shared(p),
                "pipelineId": p["id"],
                "objectType": kind.singular.upper(),
                "objectTypeId": kind.type_id,
                "default": p["id"] == "default",
                "stages": [{**shared(s), "stageId": s["id"], "metadata": s["metadata"]} for s in p["stages"]],
            }
            for p in call.portal.pipelines(kind)
        ]
    }
