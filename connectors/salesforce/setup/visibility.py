"""Which records this user may not see: sharing hides rows without a word, in every way of reading.

A row is surely seen where the org-wide default lets everybody read, or where the user may View All (or Modify All) records
of the object or of the org. All else may hide rows, also what roles, teams and sharing rules would add back: they give
rows, never the certainty of all of them.
"""

from collections.abc import Mapping

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.connectors.salesforce.api import SalesforceApi, quoted
from sales_consultant.connectors.salesforce.reading import STANDARD

SHARED = ("Account", "Contact", "Lead", "Opportunity", "Campaign")
# Defaults that let everybody read.
_OPEN = frozenset({"Read", "ReadWrite", "ReadWriteTransfer", "FullAccess"})
_PARENT: Mapping[str, tuple[str, ...]] = {"Contact": ("Account",)}
# What hangs on records is seen by who sees them.
_HANGS_ON: Mapping[str, tuple[str, ...]] = {
    "Task": ("Account", "Contact", "Lead", "Opportunity"),
    "Event": ("Account", "Contact", "Lead", "Opportunity"),
    "OpportunityHistory": ("Opportunity",),
    "OpportunityFieldHistory": ("Opportunity",),
    "OpportunityContactRole": ("Opportunity",),
    "OpportunityLineItem": ("Opportunity",),
    "CampaignMember": ("Campaign",),
    "AccountHistory": ("Account",),
    "ContactHistory": ("Contact",),
    "LeadHistory": ("Lead",),
}
_ACTION = "give the run-as user View All Records on {} (Setup > Permission Sets), or View All Data"


def hidden(api: SalesforceApi, user: str) -> dict[str, str]:
    """Salesforce's objects that are pulled and of which rows may be hidden, each with the reason and what to do."""
    try:
        everywhere, defaults = _rights(api, user), _defaults(api)
    except SalesConsultantError:
        why = "this user may not see its own permissions (View Setup), so rows may be hidden by sharing"
        return {o: why for o in STANDARD if o in SHARED or o in _HANGS_ON}
    if everywhere is None:
        return {}
    reasons: dict[str, str] = {}
    for name in SHARED:
        model = defaults.get(name, "")
        if name in everywhere or model in _OPEN:
            continue
        parents = _PARENT.get(name, ()) if model == "ControlledByParent" else ()
        if parents and not any(p in reasons for p in parents):
            continue
        reasons[name] = f"rows may be hidden by sharing: {_ACTION.format(name)}"
    for name, above in _HANGS_ON.items():
        first = next((p for p in above if p in reasons), None)
        if first:
            reasons[name] = f"rows may be hidden with their {first}: {_ACTION.format(first)}"
    return {n: why for n, why in reasons.items() if n in STANDARD}


def _rights(api: SalesforceApi, user: str) -> set[str] | None:
    """Objects whose every record the user may see; None where that is so of all objects."""
    rows = api.query(
        "SELECT PermissionSetId, PermissionSet.PermissionsViewAllData, PermissionSet.PermissionsModifyAllData "
        f"FROM PermissionSetAssignment WHERE AssigneeId = {quoted(user)}"
    )
    for row in rows:
        held = row.get("PermissionSet") or {}
        if held.get("PermissionsViewAllData") or held.get("PermissionsModifyAllData"):
            return None
    if not rows:
        return set()
    listed = ", ".join(quoted(str(r["PermissionSetId"])) for r in rows)
    grants = api.query(
        "SELECT SobjectType, PermissionsViewAllRecords, PermissionsModifyAllRecords FROM ObjectPermissions "
        f"WHERE ParentId IN ({listed})"
    )
    return {
        str(g["SobjectType"])
        for g in grants
        if g.get("PermissionsViewAllRecords") or g.get("PermissionsModifyAllRecords")
    }


def _defaults(api: SalesforceApi) -> dict[str, str]:
    """The org-wide default of each shared object, in the words of EntityDefinition."""
    listed = ", ".join(quoted(n) for n in SHARED)
    rows = api.query(
        f"SELECT QualifiedApiName, InternalSharingModel FROM EntityDefinition WHERE QualifiedApiName IN ({listed})"
    )
    return {str(r["QualifiedApiName"]): str(r.get("InternalSharingModel") or "") for r in rows}
