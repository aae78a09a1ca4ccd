"""The Tooling API: custom fields, and queries on what the org is made of."""

from typing import Any

from sales_consultant.sandbox.salesforce.access import permission_sets
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import (
    ACTIVITIES,
    BY_LOWER,
    CUSTOMIZABLE,
    VENDOR,
    ApiError,
    Org,
    custom,
    ids,
)
from sales_consultant.sandbox.salesforce.records import dumps, render
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]


def add_field(org: Org, table: str, developer: str, meta: Json, at: int) -> str:
    """Keep a custom field; its id. It is granted to nobody."""
    number = org.new_ids("CustomField")
    id = ids.make("CustomField", number)
    values = custom.summary(table, developer, meta)
    org.store.insert(VENDOR, "CustomField", [Record(id, number, dumps(values), at, at)])
    org.changed()
    return id


def create(call: Call) -> Result:
    """POST tooling/sobjects/CustomField."""
    org = call.org
    sobject = call.sobject("Create", tooling=True)
    if sobject.name != "CustomField":
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    body = call.object()
    id = make_field(org, body.get("FullName"), body.get("Metadata"))
    return 201, {"id": id, "success": True, "errors": [], "warnings": [], "infos": []}


def make_field(org: Org, full_name: Any, metadata: Any) -> str:
    """A new custom field; its id. Raises ApiError."""
    named, developer = custom.split(full_name)
    table = "Activity" if named in (*ACTIVITIES, "Activity") else BY_LOWER.get(named.lower(), "")
    if table != "Activity" and table not in CUSTOMIZABLE:
        raise ApiError(
            "INVALID_CROSS_REFERENCE_KEY", f"Entity {named} cannot have custom fields", fields=["FullName"]
        )
    meta = custom.check(metadata)
    held = org.custom(table)
    if any(n.lower() == f"{developer}__c".lower() for n in held):
        raise ApiError(
            "DUPLICATE_DEVELOPER_NAME",
            f"There is already a field named {developer} on {'Activity' if table == 'Activity' else table}.",
            fields=["FullName"],
        )
    if len(held) >= int(org.options["custom_fields"]):
        raise ApiError(
            "CUSTOM_ENTITY_OR_FIELD_LIMIT", f"You have reached the maximum number of custom fields on {table}"
        )
    return add_field(org, table, developer, meta, org.now())


def _field_of(call: Call) -> tuple[Record, Json]:
    sobject = call.sobject(tooling=True)
    found = call.org.record(sobject.name, ids.full(call.param("id")) or "")
    if found is None or sobject.name != "CustomField":
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    return found, found.values()


def read(call: Call) -> Result:
    """GET tooling/sobjects/CustomField/ID, with its Metadata."""
    record, _ = _field_of(call)
    made = render.shape(call.access, "CustomField", call.access.visible("CustomField"))
    return 200, render.rows(call.org, made, [record], call.version, tooling=True)[0]


def change(call: Call) -> Result:
    """PATCH tooling/sobjects/CustomField/ID."""
    call.sobject("Edit", tooling=True)
    record, values = _field_of(call)
    body = call.object()
    if body.get("FullName") and body["FullName"] != values["FullName"]:
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION", "The name of a field cannot be changed here", fields=["FullName"]
        )
    change_field(call.org, record, body["Metadata"] if "Metadata" in body else values["Metadata"])
    return 204, None


def change_field(org: Org, record: Record, metadata: Any) -> None:
    """Give a custom field other metadata of the same type. Raises ApiError."""
    values = record.values()
    meta = custom.check(metadata)
    if meta["type"] != values["Metadata"]["type"]:
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION", "The type of this field cannot be changed here", fields=["type"]
        )
    made = custom.summary(values["TableEnumOrId"], values["DeveloperName"], meta)
    org.store.update(VENDOR, "CustomField", record._replace(properties=dumps(made), modified=org.now()))
    org.changed()


def remove(call: Call) -> Result:
    """DELETE tooling/sobjects/CustomField/ID: the field, its values and its grants."""
    call.sobject("Delete", tooling=True)
    record, values = _field_of(call)
    org, name = call.org, values["DeveloperName"] + "__c"
    tables = ACTIVITIES if values["TableEnumOrId"] == "Activity" else (values["TableEnumOrId"],)
    org.store.delete(VENDOR, "CustomField", record.id)
    for table in tables:
        org.store.write(
            "UPDATE records SET properties = json_remove(properties, ?) WHERE vendor = 'salesforce' AND object = ? AND "
            "json_type(properties, ?) IS NOT NULL",
            (f"$.{name}", table, f"$.{name}"),
        )
    org.store.write(
        "DELETE FROM records WHERE vendor = 'salesforce' AND object = 'FieldPermissions' AND "
        "json_extract(properties, '$.Field') = ?",
        (values["FullName"],),
    )
    permission_sets.after(org, "CustomField")
    return 204, None
