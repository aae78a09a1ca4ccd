"""What a client draws pages from: layouts of an object, and tabs."""

from typing import Any

from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import CUSTOMIZABLE, VENDOR, ApiError, fields, ids

Json = dict[str, Any]
_MASTER = "012000000000000AAA"


def describe(call: Call) -> Result:
    """GET sobjects/T/describe/layouts, or one record type's: one section with all fields that this user sees."""
    sobject = call.sobject()
    if sobject.name not in CUSTOMIZABLE:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    access = call.access
    edits = sobject.writable and access.may(sobject, "Edit")
    rows: list[Json] = []
    for f in access.visible(sobject.name).values():
        may = edits and access.edits(sobject.name, f)
        details = fields.describe(f, createable=may, updateable=may)
        part = {"details": details, "displayLines": 1, "fieldType": f.type, "tabOrder": len(rows) + 1,
                "type": "Field", "value": f.name}  # fmt: skip
        item = {"editableForNew": may, "editableForUpdate": may, "label": f.label, "layoutComponents": [part],
                "placeholder": False, "required": f.required}  # fmt: skip
        rows.append({"layoutItems": [item], "numItems": 1})
    section = {"columns": 1, "heading": "Information", "layoutRows": rows, "rows": len(rows), "tabOrder": "leftToRight",
               "useCollapsibleSection": False, "useHeading": True}  # fmt: skip
    layout = {"id": ids.make("Layout", 1), "detailLayoutSections": [section], "editLayoutSections": [section],
              "relatedLists": [], "buttonLayoutSection": {"detailButtons": []}}  # fmt: skip
    if "id" in call.request.path_params:
        return 200, layout
    types = [(_MASTER, "Master", "Master")]
    if "RecordTypeId" in access.visible(sobject.name):
        types += [
            (r.id, v["DeveloperName"], v["Name"])
            for r in call.org.store.each(VENDOR, "RecordType")
            if (v := r.values())["SobjectType"] == sobject.name
        ]
    mapped = [
        {"available": True, "defaultRecordTypeMapping": n == 0, "developerName": developer, "layoutId": layout["id"],
         "master": id == _MASTER, "name": name, "picklistsForRecordType": [], "recordTypeId": id}
        for n, (id, developer, name) in enumerate(types)
    ]  # fmt: skip
    return 200, {
        "layouts": [layout],
        "recordTypeMappings": mapped,
        "recordTypeSelectorRequired": [len(types) > 1],
    }


def tabs(call: Call) -> Result:
    """GET tabs: one for each object that people work with and this user may read."""
    return 200, [
        {"colors": [], "custom": False, "icons": [], "label": o.plural, "name": f"standard-{o.name}",
         "sobjectName": o.name, "url": f"/lightning/o/{o.name}/home"}
        for o in call.org.sobjects()
        if o.name in CUSTOMIZABLE and call.access.may(o, "Read")
    ]  # fmt: skip
