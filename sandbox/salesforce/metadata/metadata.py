"""The Metadata API's core: custom fields and permission sets from XML, singly or as a zip that is deployed as a whole.

A field that is deployed is granted to nobody, as one made by the Tooling API: the permission set in the same zip grants it.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.metadata import tooling
from sales_consultant.sandbox.salesforce.org import (
    ACTIVITIES,
    BY_LOWER,
    OBJECTS,
    VENDOR,
    ApiError,
    Org,
    custom,
    ids,
    stamp,
)
from sales_consultant.sandbox.salesforce.records import writing

Json = dict[str, Any]
TYPES = ("CustomField", "PermissionSet")
_LISTS = frozenset({"value", "fields", "fieldPermissions", "objectPermissions", "userPermissions"})
_NUMBERS = frozenset({"precision", "scale", "length", "visibleLines"})
_OBJECT_RIGHTS = {
    "allowCreate": "PermissionsCreate", "allowRead": "PermissionsRead", "allowEdit": "PermissionsEdit",
    "allowDelete": "PermissionsDelete", "viewAllRecords": "PermissionsViewAllRecords",
    "modifyAllRecords": "PermissionsModifyAllRecords",
}  # fmt: skip


@dataclass(frozen=True)
class Component:
    """One piece of metadata, as a file of the zip holds it."""

    type: str
    full_name: str
    file: str
    meta: Json


class _HaltError(Exception):
    """One component failed, none is kept."""


def demand(access: Access) -> None:
    """Raises ApiError for a user who may not change metadata."""
    if not {"ModifyAllData", "ModifyMetadata"} & access.rights:
        raise ApiError(
            "INSUFFICIENT_ACCESS",
            "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions",
        )


# XML


def parse(text: bytes) -> ElementTree.Element:
    """The root of an XML text. Raises ApiError; entities of one's own are refused."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ApiError("INVALID_INPUT", "a document type is not allowed here")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as e:
        raise ApiError("INVALID_INPUT", f"Error parsing file: {e}") from None


def local(node: ElementTree.Element) -> str:
    """A tag without its namespace."""
    return node.tag.rpartition("}")[2]


def plain(node: ElementTree.Element) -> Any:
    """An element as JSON: texts, truth values, numbers where they are some, lists where they are meant."""
    children = list(node)
    if not children:
        text = (node.text or "").strip()
        if local(node) in _NUMBERS and text.isdigit():
            return int(text)
        return {"true": True, "false": False}.get(text, text)
    found: Json = {}
    for child in children:
        name = local(child)
        if name in _LISTS:
            found.setdefault(name, []).append(plain(child))
        else:
            found[name] = plain(child)
    return found


def components(data: bytes) -> list[Component]:
    """What a zip in the metadata format holds, fields before the sets that grant them. Raises ApiError."""
    parts: list[Component] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                part = name.rpartition("/")[2]
                if part.endswith(".object"):
                    table = part.removesuffix(".object")
                    body = plain(parse(archive.read(name)))
                    for meta in (body or {}).get("fields", []) if isinstance(body, dict) else []:
                        full = f"{table}.{meta.get('fullName')}"
                        parts.append(Component("CustomField", full, name, meta))
                elif part.endswith(".permissionset"):
                    meta = plain(parse(archive.read(name)))
                    parts.append(Component("PermissionSet", part.removesuffix(".permissionset"), name, meta))
                elif not name.endswith("/") and part != "package.xml":
                    raise ApiError(
                        "INVALID_INPUT", f"{name}: this kind of metadata is not known to the sandbox"
                    )
    except zipfile.BadZipFile:
        raise ApiError("INVALID_INPUT", "the zip file cannot be read") from None
    return sorted(parts, key=lambda c: TYPES.index(c.type))


# What is made of it


def save(access: Access, kind: str, full_name: str, meta: Json, *, replace: bool = True) -> bool:
    """Make or change a component; whether it is new. Raises ApiError."""
    if kind == "CustomField":
        return _field(access.org, full_name, meta, replace=replace)
    if kind == "PermissionSet":
        return _permission_set(access, full_name, meta, replace=replace)
    raise ApiError("INVALID_TYPE", f"{kind} is not known to the sandbox; it takes {', '.join(TYPES)}")


def _field(org: Org, full_name: str, meta: Json, *, replace: bool) -> bool:
    named, developer = custom.split(full_name)
    table = "Activity" if named in (*ACTIVITIES, "Activity") else BY_LOWER.get(named.lower(), "")
    body = {k: v for k, v in meta.items() if k != "fullName"}
    held = org.custom(table).get(f"{developer}__c") if table else None
    if held is None or not replace:
        tooling.make_field(org, full_name, body)
        return True
    record = org.record("CustomField", held["Id"])
    assert record is not None
    tooling.change_field(org, record, body)
    return False


def _permission_set(access: Access, name: str, meta: Json, *, replace: bool) -> bool:
    org = access.org
    sql = "SELECT id FROM records WHERE vendor = ? AND object = 'PermissionSet' AND json_extract(properties, '$.Name') = ?"
    held = org.store.rows(sql, (VENDOR, name))
    values: Json = {"Label": meta.get("label") or name, "Description": meta.get("description") or None}
    for right in meta.get("userPermissions", []):
        values[f"Permissions{right['name']}"] = bool(right.get("enabled"))
    sets = OBJECTS["PermissionSet"]
    if held and replace:
        set_id = str(held[0][0])
        writing.update(access, sets, set_id, values)
        for child in ("FieldPermissions", "ObjectPermissions"):
            for record in writing.pointing(org, child, "ParentId", set_id):
                writing.delete(access, OBJECTS[child], record.id)
    else:
        set_id = writing.insert(access, sets, {"Name": name, **values})
    for one in meta.get("objectPermissions", []):
        row = {"ParentId": set_id, "SobjectType": one.get("object")}
        row |= {ours: bool(one.get(theirs)) for theirs, ours in _OBJECT_RIGHTS.items()}
        writing.insert(access, OBJECTS["ObjectPermissions"], row)
    for one in meta.get("fieldPermissions", []):
        full = str(one.get("field"))
        row = {
            "ParentId": set_id,
            "SobjectType": full.partition(".")[0],
            "Field": full,
            "PermissionsRead": bool(one.get("readable")),
            "PermissionsEdit": bool(one.get("editable")),
        }
        if row["PermissionsRead"]:
            writing.insert(access, OBJECTS["FieldPermissions"], row)
    return not held


# Deployment


def deploy(access: Access, data: bytes, options: Json) -> Json:
    """Deploy a zip; the whole result, which is there at once. Raises ApiError for a user who may not, or a zip that is none."""
    demand(access)
    org = access.org
    found = components(data)
    results: list[Json] = []
    failed = False

    def attempt(component: Component, work: Callable[[], bool]) -> Json:
        told: Json = {
            "fullName": component.full_name, "componentType": component.type, "fileName": component.file, "deleted": False,
            "createdDate": stamp(org.now()), "warning": False,
        }  # fmt: skip
        try:
            with org.store.transaction():
                new = work()
        except ApiError as e:
            more = {
                "problem": e.message,
                "problemType": "Error",
                "success": False,
                "created": False,
                "changed": False,
            }
            return told | more
        return told | {"success": True, "created": new, "changed": True}

    try:
        with org.store.transaction():
            for one in found:
                results.append(attempt(one, lambda one=one: save(access, one.type, one.full_name, one.meta)))  # type: ignore[misc]  # mypy cannot infer a bound default
                failed = failed or not results[-1]["success"]
            if options.get("checkOnly") or (failed and options.get("rollbackOnError", True)):
                raise _HaltError
    except _HaltError:
        pass
    org.changed()
    id = ids.make("DeployRequest", org.new_ids("DeployRequest"))
    result = _result(access, id, results, options)
    org.memory.setdefault("deploys", {})[id] = result
    return result


def _result(access: Access, id: str, results: list[Json], options: Json) -> Json:
    bad = [r for r in results if not r["success"]]
    good = [r for r in results if r["success"]]
    now = stamp(access.org.now())
    tests: Json = {
        "codeCoverage": [], "codeCoverageWarnings": [], "failures": [], "flowCoverage": [], "flowCoverageWarnings": [],
        "successes": [], "numFailures": 0, "numTestsRun": 0, "totalTime": 0.0,
    }  # fmt: skip
    return {
        "id": id,
        "status": "Failed" if bad else "Succeeded",
        "success": not bad,
        "done": True,
        "checkOnly": bool(options.get("checkOnly")),
        "ignoreWarnings": bool(options.get("ignoreWarnings")),
        "rollbackOnError": bool(options.get("rollbackOnError", True)),
        "runTestsEnabled": False,
        "numberComponentsTotal": len(results),
        "numberComponentsDeployed": len(good),
        "numberComponentErrors": len(bad),
        "numberTestsTotal": 0,
        "numberTestsCompleted": 0,
        "numberTestErrors": 0,
        "createdBy": access.user_id,
        "createdByName": access.org.user(access.user_id).get("Name"),
        "createdDate": now,
        "startDate": now,
        "lastModifiedDate": now,
        "completedDate": now,
        "details": {"componentSuccesses": good, "componentFailures": bad, "runTestResult": tests},
    }


def status(org: Org, id: str) -> Json:
    """The result of a deployment. Raises ApiError."""
    found: Json | None = org.memory.get("deploys", {}).get(ids.full(id) or "")
    if found is None:
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", 404)
    return found
