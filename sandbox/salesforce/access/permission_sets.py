"""Permission sets and what they grant: the rules on their records."""

import re
from typing import Any

from sales_consultant.sandbox.salesforce.access.access import Access, grantable
from sales_consultant.sandbox.salesforce.org import OBJECTS, ApiError, Org

Json = dict[str, Any]
# These have no recycle bin.
KEPT_NOWHERE = frozenset(
    {"PermissionSet", "PermissionSetAssignment", "FieldPermissions", "ObjectPermissions", "CustomField"}
)
_WATCHED = KEPT_NOWHERE | {"User", "Profile", "OpportunityStage", "TaskStatus", "TaskPriority", "RecordType"}
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*\Z")


def before(access: Access, sobject: str, old: Json | None, values: Json) -> None:
    """Check a setup record before it is kept. Raises ApiError."""
    match sobject:
        case "PermissionSet":
            _permission_set(access.org, old, values)
        case "PermissionSetAssignment":
            pair = {"AssigneeId": values.get("AssigneeId"), "PermissionSetId": values.get("PermissionSetId")}
            if _there(access.org, sobject, pair):
                raise ApiError("DUPLICATE_VALUE", "Duplicate PermissionSetAssignment", fields=["AssigneeId"])
            values["IsActive"] = True
        case "FieldPermissions":
            _field(access.org, old, values)
        case "ObjectPermissions":
            _object(access.org, old, values)


def before_delete(access: Access, sobject: str, values: Json) -> None:
    """Check that a setup record may go. Raises ApiError for a profile's own permissions."""
    owned = access.org.details.get("profile_sets", {}).values()
    if sobject == "PermissionSetAssignment" and values.get("PermissionSetId") in owned:
        raise ApiError(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "a profile's permission set is assigned with the profile",
            fields=[],
        )


def after(org: Org, sobject: str) -> None:
    """Let everybody's rights be read again where they may have changed."""
    if sobject in _WATCHED:
        org.changed()


def _there(org: Org, sobject: str, values: Json) -> bool:
    where = " AND ".join(f"json_extract(properties, '$.{n}') = ?" for n in values)
    sql = f"SELECT 1 FROM records WHERE vendor = 'salesforce' AND object = ? AND archived = 0 AND {where} LIMIT 1"
    return bool(org.store.rows(sql, (sobject, *values.values())))


def _permission_set(org: Org, old: Json | None, values: Json) -> None:
    name = values.get("Name") or ""
    if old is None or old.get("Name") != name:
        if not _NAME.match(name):
            raise ApiError(
                "INVALID_FIELD",
                "API Name: can only contain underscores and alphanumeric characters; it must begin with a letter",
                fields=["Name"],
            )
        if _there(org, "PermissionSet", {"Name": name}):
            raise ApiError(
                "DUPLICATE_DEVELOPER_NAME", f"This API Name is already in use: {name}", fields=["Name"]
            )
    if old is None:
        values |= {"IsOwnedByProfile": False, "IsCustom": True}


def _field(org: Org, old: Json | None, values: Json) -> None:
    table, _, name = str(values.get("Field") or "").partition(".")
    field = org.fields(table).get(name) if table in OBJECTS else None
    if field is None and table == "Activity":
        field = org.fields("Task").get(name)
    if field is None or values.get("SobjectType") not in (
        table,
        "Activity" if table in ("Task", "Event") else table,
    ):
        raise ApiError(
            "INVALID_CROSS_REFERENCE_KEY", f"Field Name: bad value for restricted picklist field: {values.get('Field')}",
            fields=["Field"],
        )  # fmt: skip
    if not field.permissionable:
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"You cannot set field permissions for {values['Field']}",
            fields=["Field"],
        )
    if values.get("PermissionsEdit") and not values.get("PermissionsRead"):
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION", "Field permission Edit requires Read", fields=["PermissionsEdit"]
        )
    if values.get("PermissionsEdit") and field.formula:
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION", "A formula field may only be read", fields=["PermissionsEdit"]
        )
    if old is None and _there(
        org, "FieldPermissions", {"ParentId": values.get("ParentId"), "Field": values["Field"]}
    ):
        raise ApiError(
            "DUPLICATE_VALUE",
            "Field permissions of this parent and field are there already",
            fields=["Field"],
        )


def _object(org: Org, old: Json | None, values: Json) -> None:
    kind = values.get("SobjectType")
    if kind not in grantable():
        raise ApiError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"SObject Type Name: bad value for restricted picklist field: {kind}",
            fields=["SobjectType"],
        )
    if any(values.get(f"Permissions{r}") for r in ("Create", "Edit", "Delete")) and not values.get(
        "PermissionsRead"
    ):
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION",
            "Permission depends on permission(s): Read",
            fields=["PermissionsRead"],
        )
    needs = {"ViewAllRecords": ("Read",), "ModifyAllRecords": ("Read", "Edit", "Delete", "ViewAllRecords")}
    for right, below in needs.items():
        lacking = [b for b in below if not values.get(f"Permissions{b}")]
        if values.get(f"Permissions{right}") and lacking:
            raise ApiError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Permission {right} depends on permission(s): {', '.join(lacking)}",
                fields=[f"Permissions{right}"],
            )
    if old is None and _there(
        org, "ObjectPermissions", {"ParentId": values.get("ParentId"), "SobjectType": kind}
    ):
        raise ApiError(
            "DUPLICATE_VALUE",
            "Object permissions of this parent and object are there already",
            fields=["SobjectType"],
        )
