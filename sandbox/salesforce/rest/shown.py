"""What people look at and what was installed: list views (UI API), reports (Analytics API), packages, dependencies.

List views and reports are kept and given back; what they would show is not worked out.
"""

from typing import Any

from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import OBJECTS, VENDOR, ApiError, Org, ids
from sales_consultant.sandbox.salesforce.records import dumps
from sales_consultant.sandbox.store import Record
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
SCOPES = ("everything", "mine", "mineAndMyGroups", "queue", "salesTeam", "team", "entity")
OPERATORS = (
    "Equals",
    "NotEqual",
    "LessThan",
    "GreaterThan",
    "LessOrEqual",
    "GreaterOrEqual",
    "Contains",
    "NotContain",
    "StartsWith",
    "Includes",
    "Excludes",
    "Within",
)
REPORT_TYPES = {
    "ContactList": "Contact",
    "LeadList": "Lead",
    "AccountList": "Account",
    "Opportunity": "Opportunity",
}
# What may be planted by the control endpoint, because no API makes it.
PLANTED = (
    "InstalledSubscriberPackage",
    "SubscriberPackage",
    "MetadataComponentDependency",
    "ConnectedApplication",
)


def _version(call: Call) -> None:
    # List views can be made by the UI API from 61.0 on (User Interface API Developer Guide).
    if float(call.version[1:]) < 61:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)


def _known(call: Call, sobject: str, name: str) -> None:
    """Raises ApiError for a column or filter on a field that the user does not see; one step over a lookup is followed."""
    first, _, rest = name.partition(".")
    seen = call.access.visible(sobject)
    if rest:
        lookup = seen.get(f"{first}Id")
        if lookup is not None and rest in call.access.visible(first if first in OBJECTS else sobject):
            return
    elif first in seen:
        return
    raise ApiError("INVALID_INPUT", f"The field {name} is not available for list views of {sobject}", 400)


def make_list(call: Call) -> Result:
    """POST ui-api/list-info/OBJECT."""
    _version(call)
    sobject = call.sobject().name
    body = call.object()
    name = str(body.get("listViewApiName") or "")
    if not name or not name.replace("_", "").isalnum():
        raise ApiError("INVALID_INPUT", f"listViewApiName is not valid: {name}", 400)
    if call.org.store.documents(VENDOR, "list_view", sobject).get(name):
        raise ApiError("DUPLICATE_DEVELOPER_NAME", f"This API name is already in use: {name}", 400)
    if (body.get("scope") or {}).get("apiName", "everything") not in SCOPES:
        raise ApiError("INVALID_INPUT", f"scope is one of {', '.join(SCOPES)}", 400)
    if body.get("visibility", "Private") not in ("Private", "Public", "Shared"):
        raise ApiError("INVALID_INPUT", "visibility is Private, Public or Shared", 400)
    for column in body.get("displayColumns") or ():
        _known(call, sobject, str(column))
    for one in body.get("filteredByInfo") or ():
        if one.get("operator") not in OPERATORS:
            raise ApiError("INVALID_INPUT", f"operator is one of {', '.join(OPERATORS)}", 400)
        _known(call, sobject, str(one.get("fieldApiName")))
    list_view = {
        "listViewApiName": name,
        "label": str(body.get("label") or name),
        "displayColumns": list(body.get("displayColumns") or ()),
        "filteredByInfo": list(body.get("filteredByInfo") or ()),
        "scope": body.get("scope") or {"apiName": "everything"},
        "visibility": body.get("visibility", "Private"),
    }
    call.org.store.put(VENDOR, "list_view", sobject, name, list_view)
    return 201, list_view


def _list(call: Call) -> tuple[str, str, Json]:
    _version(call)
    sobject, name = call.sobject().name, call.param("name")
    held: Json | None = call.org.store.documents(VENDOR, "list_view", sobject).get(name)
    if held is None:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    return sobject, name, held


def read_list(call: Call) -> Result:
    """GET ui-api/list-info/OBJECT/NAME."""
    return 200, _list(call)[2]


def drop_list(call: Call) -> Result:
    """DELETE ui-api/list-info/OBJECT/NAME."""
    sobject, name, _ = _list(call)
    call.org.store.drop(VENDOR, "list_view", sobject, name)
    return 204, None


def make_report(call: Call) -> Result:
    """POST analytics/reports with reportMetadata."""
    meta = call.object().get("reportMetadata") or {}
    kind = str((meta.get("reportType") or {}).get("type") or "")
    sobject = REPORT_TYPES.get(kind)
    if sobject is None or not meta.get("name"):
        raise ApiError("BAD_REQUEST", f"The report type {kind} or the name is not valid", 400)
    seen = call.access.visible(sobject)
    for column in meta.get("detailColumns") or ():
        table, _, name = str(column).partition(".")
        if name.endswith("__c") and (table != sobject or name not in seen):
            raise ApiError("BAD_REQUEST", f"The column {column} is not in the report type {kind}", 400)
    number, now = call.org.new_ids("Report"), call.org.now()
    id = ids.make("Report", number)
    values = {"Name": meta["name"], "DeveloperName": meta.get("developerName"), "Format": "Tabular"}
    call.org.store.insert(VENDOR, "Report", [Record(id, number, dumps(values), now, now)])
    return 200, {"reportMetadata": {**meta, "id": id}, "reportExtendedMetadata": {}}


def drop_report(call: Call) -> Result:
    """DELETE analytics/reports/ID."""
    id = ids.full(call.param("id")) or ""
    if call.org.record("Report", id) is None:
        raise ApiError("NOT_FOUND", "The data you're trying to access is unavailable.", 404)
    call.org.store.delete(VENDOR, "Report", id)
    return 204, None


def plant(org: Org, body: Json) -> Json:
    """Control: {sobject, values}: a setup row that no API makes, as an installed package or a dependency."""
    sobject, values = str(body["sobject"]), dict(body["values"])
    if sobject not in PLANTED:
        raise ControlError(f"sobject is one of {', '.join(PLANTED)}")
    unknown = sorted(set(values) - set(OBJECTS[sobject].fields))
    if unknown:
        raise ControlError(f"{sobject} has no field {unknown[0]}")
    number = org.new_ids(sobject)
    id = ids.make(sobject, number)
    org.store.insert(VENDOR, sobject, [Record(id, number, dumps(values), org.now(), org.now())])
    return {"id": id}
