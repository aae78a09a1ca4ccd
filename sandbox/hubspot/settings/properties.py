"""HubSpot's property and group endpoints."""

from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.api import Call, Result, answer
from sales_consultant.sandbox.hubspot.portal import (
    VENDOR,
    ApiError,
    Kind,
    Portal,
    bad,
    definition,
    display,
    missing,
)

Json = dict[str, Any]
TYPES = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
FIELD_TYPES = (
    "booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number", "phonenumber", "radio",
    "select", "text", "textarea",
)  # fmt: skip
_EDITABLE = (
    "label",
    "description",
    "groupName",
    "options",
    "displayOrder",
    "formField",
    "hidden",
    "fieldType",
    "type",
)
# developers.hubspot.com, Properties: properties with unique values of an object.
MAX_UNIQUE = 10


def _shown(call: Call, kind: Kind) -> list[Json]:
    wanted = call.flag("archived")
    return [d for d in call.portal.definitions(kind).values() if d["archived"] == wanted]


def list_all(call: Call) -> Result:
    """GET all definitions of an object type; there are no pages."""
    return 200, {"results": _shown(call, call.kind())}


def _property_of(call: Call, kind: Kind, *, archived: bool = False) -> Json:
    found = call.portal.definitions(kind).get(call.param("name"))
    if found is None or found["archived"] != archived:
        raise missing(f'Property "{call.param("name")}" does not exist')
    return found


def get(call: Call) -> Result:
    """GET one definition."""
    return 200, _property_of(call, call.kind(), archived=call.flag("archived"))


def create(call: Call) -> Result:
    """POST a definition."""
    return 201, make(call.portal, call.kind(), call.dict())


def make(portal: Portal, kind: Kind, body: Json) -> Json:
    """Add a definition. Raises ApiError 400 for a wrong one, 409 for a name that exists, 429 none."""
    needed = [k for k in ("name", "label", "type", "fieldType", "groupName") if not body.get(k)]
    if needed:
        raise bad(f"Some required fields were not set: {needed}")
    name = str(body["name"])
    if (
        not name[0].isalpha()
        or name != name.lower()
        or not name.replace("_", "").isalnum()
        or not name.isascii()
    ):
        raise bad(
            f'Property name "{name}" is not valid: use lower-case letters, digits and _, a letter first'
        )
    if body["type"] not in TYPES or body["fieldType"] not in FIELD_TYPES:
        raise bad(f"Invalid type or fieldType: {body['type']}, {body['fieldType']}")
    if body["groupName"] not in portal.groups(kind):
        raise bad(f'The group "{body["groupName"]}" does not exist on {kind.name}')
    if body["type"] == "enumeration" and not body.get("options") and not body.get("externalOptions"):
        raise bad("An enumeration needs options")
    existing = portal.definitions(kind)
    if name in existing and not existing[name]["archived"]:
        raise ApiError(
            409,
            "OBJECT_ALREADY_EXISTS",
            f"A property named '{name}' already exists.",
            subCategory="Properties.PROPERTY_EXISTS",
        )
    custom = [d for d in existing.values() if not d["hubspotDefined"] and not d["archived"]]
    if len(custom) >= int(portal.options["custom_property_limit"]):
        raise bad(f"Property limit reached: {len(custom)} custom properties on {kind.name}")
    if body.get("hasUniqueValue") and sum(d["hasUniqueValue"] for d in custom) >= MAX_UNIQUE:
        raise bad(f"Only {MAX_UNIQUE} properties with unique values are allowed on {kind.name}")
    at = iso(portal.clock.now_ms())
    made = definition(
        name, str(body["label"]), body["type"], body["fieldType"], body["groupName"], at, own=False,
        unique=bool(body.get("hasUniqueValue")),
    )  # fmt: skip
    made |= {k: body[k] for k in _EDITABLE if body.get(k) is not None and k not in ("options",)}
    made |= display.taken(body, {})
    if body.get("options") or body["type"] == "bool":
        made["options"] = display.checked_options(body["type"], _options(body.get("options") or []))
    if body["fieldType"] == "calculation_equation":
        if not body.get("calculationFormula"):
            raise bad("A calculated property needs a calculationFormula")
        made |= {"calculated": True, "calculationFormula": str(body["calculationFormula"])}
        made["modificationMetadata"] = {**made["modificationMetadata"], "readOnlyValue": True}
    portal.put_definition(kind, made)
    return made


def _options(options: Any) -> list[Json]:
    if not isinstance(options, list) or not all(isinstance(o, dict) and "value" in o for o in options):
        raise bad("Invalid input JSON: options must be a list of objects with label and value")
    values = [str(o["value"]) for o in options]
    if len(set(values)) < len(values):
        raise bad("Property option values must be unique")
    return [
        {
            "label": str(o.get("label") or o["value"]),
            "value": str(o["value"]),
            "displayOrder": o.get("displayOrder", n),
            "hidden": bool(o.get("hidden", False)),
            "description": o.get("description") or "",
        }
        for n, o in enumerate(options)
    ]


def patch(call: Call) -> Result:
    """PATCH a definition. The type of one that HubSpot made stays as it is."""
    kind, body = call.kind(), call.dict()
    held = _property_of(call, kind)
    if held["modificationMetadata"]["readOnlyDefinition"] and not set(body) <= {
        "options",
        "label",
        "description",
    }:
        raise bad(f'Property "{held["name"]}" is defined by HubSpot and cannot be changed')
    if "groupName" in body and body["groupName"] not in call.portal.groups(kind):
        raise bad(f'The group "{body["groupName"]}" does not exist on {kind.name}')
    changed = {
        **held,
        **{k: body[k] for k in _EDITABLE if body.get(k) is not None},
        **display.taken(body, held),
    }
    if body.get("options") is not None:
        changed["options"] = display.checked_options(changed["type"], _options(body["options"]))
    changed["updatedAt"] = iso(call.portal.clock.now_ms())
    call.portal.put_definition(kind, changed)
    return 200, changed


def archive(call: Call) -> Result:
    """DELETE archives a definition; its values come back with it."""
    kind = call.kind()
    held = _property_of(call, kind)
    if not held["modificationMetadata"]["archivable"]:
        raise bad(f'Property "{held["name"]}" cannot be archived')
    call.portal.put_definition(
        kind, {**held, "archived": True, "archivedAt": iso(call.portal.clock.now_ms())}
    )
    return 204, None


def batch_read(call: Call) -> Result:
    """POST names, get definitions."""
    kind = call.kind()
    started = call.portal.clock.now_ms()
    held = call.portal.definitions(kind)
    asked = [str(i.get("name")) for i in call.inputs(100)]
    results = [held[n] for n in asked if n in held and not held[n]["archived"]]
    gone = [n for n in asked if n not in held or held[n]["archived"]]
    message = "Some properties do not exist"
    errors = [
        {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"name": gone}}
    ]
    return answer(call, results, errors if gone else [], started)


def batch_create(call: Call) -> Result:
    """POST definitions."""
    kind = call.kind()
    started = call.portal.clock.now_ms()
    results: list[Json] = []
    errors: list[Json] = []
    for one in call.inputs(100):
        try:
            results.append(make(call.portal, kind, one))
        except ApiError as e:
            context = {"name": [str(one.get("name"))]}
            errors.append(
                {"status": "error", "category": e.category, "message": e.message, "context": context}
            )
    return answer(call, results, errors, started, 201)


def batch_archive(call: Call) -> Result:
    """POST names to archive; one that is not there is passed over."""
    kind = call.kind()
    held = call.portal.definitions(kind)
    at = iso(call.portal.clock.now_ms())
    for one in call.inputs(100):
        found = held.get(str(one.get("name")))
        if found is None or found["archived"]:
            continue
        if not found["modificationMetadata"]["archivable"]:
            raise bad(f'Property "{found["name"]}" cannot be archived')
        call.portal.put_definition(kind, {**found, "archived": True, "archivedAt": at})
    return 204, None


# Groups


def list_groups(call: Call) -> Result:
    """GET all groups of an object type."""
    return 200, {"results": list(call.portal.groups(call.kind()).values())}


def get_group(call: Call) -> Result:
    """GET one group."""
    found = call.portal.groups(call.kind()).get(call.param("name"))
    if found is None:
        raise missing(f'Property group "{call.param("name")}" does not exist')
    return 200, found


def create_group(call: Call) -> Result:
    """POST a group."""
    kind, body = call.kind(), call.dict()
    if not body.get("name") or not body.get("label"):
        raise bad("Some required fields were not set: [name, label]")
    if body["name"] in call.portal.groups(kind):
        raise ApiError(
            409, "OBJECT_ALREADY_EXISTS", f"A property group named '{body['name']}' already exists."
        )
    made = {
        "name": str(body["name"]),
        "label": str(body["label"]),
        "displayOrder": int(body.get("displayOrder", -1)),
        "archived": False,
    }
    call.portal.put_group(kind, made)
    return 201, made


def patch_group(call: Call) -> Result:
    """PATCH a group's label or place."""
    kind, body = call.kind(), call.dict()
    held = get_group(call)
    assert isinstance(held, tuple)
    changed = {**held[1], **{k: body[k] for k in ("label", "displayOrder") if k in body}}
    call.portal.put_group(kind, changed)
    return 200, changed


def archive_group(call: Call) -> Result:
    """DELETE a group that no property is in."""
    kind = call.kind()
    name = call.param("name")
    if any(d["groupName"] == name and not d["archived"] for d in call.portal.definitions(kind).values()):
        raise bad(f'The group "{name}" still has properties')
    call.portal.store.drop(VENDOR, "group", kind.name, name)
    return 204, None
