"""What a user may see and do: profile, permission sets and field-level security.

A field made through an API belongs to no permission set: nobody sees it, administrators neither, until a set that grants
it is assigned to them. Profiles hold their grants in a permission set of their own, as Salesforce does.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import orjson

from sales_consultant.sandbox.salesforce.org import OBJECTS, QUOTAS, VENDOR, ApiError, Field, Org, Sobject

Json = dict[str, Any]
RIGHTS = ("Create", "Read", "Edit", "Delete")
ALL_RIGHTS = ("ViewAllRecords", "ModifyAllRecords")
ADMIN, STANDARD, MINIMUM = "System Administrator", "Standard User", "Minimum Access - API Only Integrations"
PROFILES = (ADMIN, STANDARD, MINIMUM)


class Access:
    """One user's rights, as of one version of the org."""

    def __init__(self, org: Org, user_id: str) -> None:
        self.org = org
        self.version = org.version
        self.user_id = user_id
        user = org.user(user_id)
        rows = _rows(org, "PermissionSetAssignment", "AssigneeId", user_id)
        sets = {r["PermissionSetId"] for r in rows}
        profile = user.get("ProfileId")
        self.forecasts = user.get("ForecastEnabled") is True
        held = [
            r
            for r in _all(org, "PermissionSet")
            if r["Id"] in sets or (profile and r.get("ProfileId") == profile)
        ]
        self.sets = frozenset(str(r["Id"]) for r in held)
        self.rights = frozenset(
            k.removeprefix("Permissions")
            for r in held
            for k, v in r.items()
            if k.startswith("Permissions") and v is True
        )
        self.hidden = frozenset(
            org.store.documents(VENDOR, "hidden", user_id).get("fields", {}).get("names", ())
        )
        self._objects: dict[str, set[str]] = defaultdict(set)
        self.everywhere: dict[str, set[str]] = defaultdict(set)
        """By object: ViewAllRecords and ModifyAllRecords, which stand above ownership."""
        self._fields: dict[tuple[str, str], bool] = {}
        for id in self.sets:
            for row in _rows(org, "ObjectPermissions", "ParentId", id):
                self._objects[row["SobjectType"]] |= {r for r in RIGHTS if row.get(f"Permissions{r}")}
                self.everywhere[row["SobjectType"]] |= {r for r in ALL_RIGHTS if row.get(f"Permissions{r}")}
            for row in _rows(org, "FieldPermissions", "ParentId", id):
                key = (row["SobjectType"], row["Field"].partition(".")[2])
                self._fields[key] = self._fields.get(key, False) or bool(row.get("PermissionsEdit"))
        self._visible: dict[str, Mapping[str, Field]] = {}

    @staticmethod
    def of(org: Org, user_id: str) -> "Access":
        """The rights of a user, read again when something changed."""
        cache: dict[str, Access] = org.memory.setdefault("access", {})
        held = cache.get(user_id)
        if held is None or held.version != org.version:
            held = cache[user_id] = Access(org, user_id)
        return held

    def may(self, sobject: Sobject, right: str) -> bool:
        """Whether the user may Read, Create, Edit or Delete records of an object."""
        if sobject.setup:
            if right == "Read":
                return "ViewSetup" in self.rights
            needed = (
                "AssignPermissionSets"
                if sobject.name == "PermissionSetAssignment"
                else "ManageProfilesPermissionsets"
            )
            needed = "CustomizeApplication" if sobject.name == "CustomField" else needed
            return needed in self.rights
        if sobject.name in _OPEN and right == "Read":
            return True
        if sobject.name in QUOTAS:
            # Who only may forecast sees the quotas of their own.
            return right == "Read" and ("ViewAllForecasts" in self.rights or self.forecasts)
        if "ModifyAllData" in self.rights or (right == "Read" and "ViewAllData" in self.rights):
            return True
        ruler = _RULED_BY.get(sobject.name, sobject.name)
        # Activities have no permissions of their own: who works with a record works with what was done on it.
        return any(right in self._objects[r] for r in (_PARENTS if ruler == "Activity" else (ruler,)))

    def visible(self, sobject: str) -> Mapping[str, Field]:
        """The fields of an object that the user may read, by name."""
        if sobject not in self._visible:
            self._visible[sobject] = {
                n: f for n, f in self.org.fields(sobject).items() if self._sees(sobject, f)
            }
        return self._visible[sobject]

    def _sees(self, sobject: str, f: Field) -> bool:
        if not f.custom or f.required:
            return f"{sobject}.{f.name}" not in self.hidden
        return self._granted(sobject, f.name) is not None

    def _granted(self, sobject: str, name: str) -> bool | None:
        """None: no grant; else whether it may be edited."""
        found = self._fields.get((sobject, name))
        if found is None and sobject in ("Task", "Event"):
            found = self._fields.get(("Activity", name))
        return found

    def edits(self, sobject: str, f: Field, *, create: bool = False) -> bool:
        """Whether the user may write a field."""
        if not (f.createable if create else f.updateable) or f.formula:
            return False
        if f.custom and not f.required:
            return bool(self._granted(sobject, f.name))
        return f.name in self.visible(sobject)

    def demand(self, sobject: Sobject, right: str) -> None:
        """Raises ApiError where the user lacks a right on an object; one that may not be read is as if not there."""
        if self.may(sobject, right):
            return
        if right == "Read":
            raise unsupported(sobject.name)
        code = (
            "INSUFFICIENT_ACCESS_OR_READONLY" if right == "Edit" else "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        )
        if right == "Delete" or sobject.setup:
            code = "INSUFFICIENT_ACCESS_OR_READONLY"
        raise ApiError(code, f"insufficient access rights on object id: {sobject.name}", fields=[])


_OPEN = frozenset(
    {
        "User",
        "Organization",
        "Profile",
        "RecordType",
        "OpportunityStage",
        "TaskStatus",
        "TaskPriority",
        "CurrencyType",
        "DatedConversionRate",
        "EntityDefinition",
        "Pricebook2",
        "UserRecordAccess",
        "Report",
        "Period",
    }
)
# Objects without permissions of their own obey those of the object that they belong to.
_RULED_BY = {
    "OpportunityHistory": "Opportunity", "OpportunityFieldHistory": "Opportunity", "OpportunityContactRole": "Opportunity",
    "OpportunityLineItem": "Opportunity", "AccountHistory": "Account", "ContactHistory": "Contact", "LeadHistory": "Lead",
    "PricebookEntry": "Product2", "CampaignMember": "Campaign", "Task": "Activity", "Event": "Activity",
    "EmailMessage": "Activity",
}  # fmt: skip
_PARENTS = ("Account", "Contact", "Lead", "Opportunity")


def unsupported(name: str) -> ApiError:
    """The error of a query on an object that is not there, or not for this user."""
    return ApiError(
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
        "after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    )


def grantable() -> list[str]:
    """The objects that ObjectPermissions may name."""
    return [n for n, o in OBJECTS.items() if not (o.setup or o.tooling or n in (*_OPEN, *_RULED_BY, *QUOTAS))]


def _all(org: Org, sobject: str) -> list[Json]:
    return [{"Id": r.id, **r.values()} for r in org.store.each(VENDOR, sobject)]


def _rows(org: Org, sobject: str, name: str, value: str) -> list[Json]:
    sql = (
        "SELECT properties FROM records WHERE vendor = 'salesforce' AND object = ? AND archived = 0 "
        f"AND json_extract(properties, '$.{name}') = ?"
    )
    return [orjson.loads(r[0]) for r in org.store.rows(sql, (sobject, value))]
