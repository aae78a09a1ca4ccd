"""A data folder as a Salesforce org: the order in which its tables are loaded, the org's own records and its profiles."""

from typing import Any

from sales_consultant.sandbox.data_folder import Folder
from sales_consultant.sandbox.salesforce.access import (
    ADMIN,
    MINIMUM,
    OWNED,
    PROFILES,
    RIGHTS,
    STANDARD,
    grantable,
)
from sales_consultant.sandbox.salesforce.loading.activities import load_activities, load_campaigns
from sales_consultant.sandbox.salesforce.loading.deals import load_deals, load_goods, load_stages
from sales_consultant.sandbox.salesforce.loading.goals import load_goals
from sales_consultant.sandbox.salesforce.loading.history import load_histories
from sales_consultant.sandbox.salesforce.loading.loading import Loader, Row
from sales_consultant.sandbox.salesforce.loading.people import load_companies, load_people
from sales_consultant.sandbox.salesforce.org import CUSTOMIZABLE, OBJECTS, VENDOR, Org, ids
from sales_consultant.sandbox.salesforce.records import dumps, task_words
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
_SYSTEM_RIGHTS = (
    "ApiEnabled", "ViewSetup", "CustomizeApplication", "ModifyMetadata", "ManageProfilesPermissionsets",
    "AssignPermissionSets", "ViewAllData", "ModifyAllData", "ViewAllForecasts",
)  # fmt: skip


def load(folder: Folder, org: Org) -> None:
    """Fill an empty org."""
    loader = Loader(folder, org)
    with org.store.transaction():
        _profiles(loader)
        _organization(loader)
        _currencies(loader)
        _users(loader)
        load_stages(loader)
        task_words.load(org, loader.epoch)
        load_companies(loader)
        load_people(loader)
        load_deals(loader)
        load_goods(loader)
        load_campaigns(loader)
        load_activities(loader)
        load_histories(loader)
        load_goals(loader)
        _grants(loader)
        _definitions(loader)
    org.changed()


def _profiles(loader: Loader) -> None:
    made = loader.add(
        "Profile", [(loader.epoch, loader.epoch, {"Name": n, "UserType": "Standard"}) for n in PROFILES]
    )
    loader.profiles = dict(zip(PROFILES, made, strict=True))
    sets = []
    for name, id in loader.profiles.items():
        rights = _SYSTEM_RIGHTS if name == ADMIN else ("ApiEnabled",) if name == MINIMUM else ()
        body: Json = {
            "Name": f"X{id[:15]}",
            "Label": f"X{id[:15]}",
            "IsOwnedByProfile": True,
            "IsCustom": False,
            "ProfileId": id,
        }
        sets.append((loader.epoch, loader.epoch, body | {f"Permissions{r}": True for r in rights}))
    owned = dict(zip(PROFILES, loader.add("PermissionSet", sets), strict=True))
    loader.org.set_details(profile_sets=owned)
    objects: list[tuple[int, int, Json]] = []
    for name in (ADMIN, STANDARD):
        for sobject in grantable():
            body = {"ParentId": owned[name], "SobjectType": sobject} | {
                f"Permissions{r}": True for r in RIGHTS
            }
            body |= {f"Permissions{r}AllRecords": name == ADMIN for r in ("View", "Modify")}
            objects.append((loader.epoch, loader.epoch, body))
    loader.add("ObjectPermissions", objects)


def _organization(loader: Loader) -> None:
    body = {
        "Name": "Sandbox Company",
        "OrganizationType": "Developer Edition",
        "InstanceName": "SBX1",
        "IsSandbox": False,
        "TimeZoneSidKey": "GMT",
        "LanguageLocaleKey": "en_US",
        "DefaultLocaleSidKey": "en_US",
        **{f"Default{o}Access": "Edit" for o in OWNED},
    }
    id = loader.org.details["id"]
    loader.org.store.insert(VENDOR, "Organization", [Record(id, 1, dumps(body), loader.epoch, loader.epoch)])


def _currencies(loader: Loader) -> None:
    """The corporate currency is the one whose rate is 1; without a file the org has one currency and no field for it."""
    listed = list(loader.folder["currencies"])
    if not listed:
        return
    corporate = next((r["code"] for r in listed if r["rate"] == 1), listed[0]["code"])
    bodies = [
        {
            "IsoCode": r["code"],
            "ConversionRate": float(r["rate"]),
            "DecimalPlaces": 2,
            "IsActive": True,
            "IsCorporate": r["code"] == corporate,
        }
        for r in listed
    ]
    loader.add("CurrencyType", [(loader.epoch, loader.epoch, b) for b in bodies])
    features = [*loader.org.details["features"], "currencies"]
    loader.org.set_details(features=features, currency=corporate)
    for sobject in ("Opportunity", "Campaign", "PricebookEntry", "OpportunityLineItem", "ForecastingQuota"):
        loader.org.add_options(sobject, "CurrencyIsoCode", [r["code"] for r in listed])


def _user(loader: Loader, row: Row, username: str, profile: str) -> Json:
    first, last = row.get("first_name"), row.get("last_name") or "User"
    return {
        "Username": username,
        "FirstName": first,
        "LastName": last,
        "Name": " ".join(n for n in (first, last) if n),
        "Email": row.get("email") or username,
        "Alias": (username.partition("@")[0])[:8],
        "IsActive": True,
        "UserType": "Standard",
        "ProfileId": loader.profiles[profile],
        "TimeZoneSidKey": "GMT",
        "Country": row.get("country"),
        **({"CountryCode": row.get("country_code")} if loader.org.feature("country_picklists") else {}),
        "external_id__c": row.get("id"),
    }


def _users(loader: Loader) -> None:
    """The integration user that unknown tokens stand for, a sample rep, and the folder's owners."""
    codes = sorted({r["country_code"] for r in loader.folder["owners"] if r.get("country_code")})
    if codes:
        # The org has state and country picklists where the folder tells codes.
        loader.org.set_details(features=[*loader.org.details["features"], "country_picklists"])
        loader.org.add_options("User", "CountryCode", codes)
    named = loader.define(loader.folder["owners"], "User")
    rows: list[tuple[Row, str, str]] = [
        ({"last_name": "Integration User"}, "integration@sandbox.example", ADMIN),
        ({"first_name": "Sample", "last_name": "Rep"}, "rep@sandbox.example", STANDARD),
    ]
    for row in loader.folder["owners"]:
        email = row.get("email") or f"{row['id']}@sandbox.example"
        rows.append((row, email if "@" in email else f"{email}@sandbox.example", STANDARD))
    bodies = [{**_user(loader, *r), **loader.custom(r[0], named)} for r in rows]
    made = loader.add("User", [(loader.epoch, loader.epoch, b) for b in bodies])
    # A profile's permissions are a set like any other, and assigned like one.
    owned = loader.org.details["profile_sets"]
    assigned = [
        {"AssigneeId": id, "PermissionSetId": owned[profile], "IsActive": True}
        for (_, _, profile), id in zip(rows, made, strict=True)
    ]
    loader.add("PermissionSetAssignment", [(loader.epoch, loader.epoch, b) for b in assigned])
    loader.admin = made[0]
    loader.owners = {r["id"]: id for (r, _, _), id in zip(rows[2:], made[2:], strict=True)}
    loader.org.set_details(integration_user=made[0], sample_rep=made[1])


def _grants(loader: Loader) -> None:
    """Fields that came with the data are granted as a long-standing admin would have: to both profiles."""
    owned = loader.org.details["profile_sets"]
    grants = []
    for table, names in loader.fields.items():
        for name in names:
            for profile in (ADMIN, STANDARD):
                body = {
                    "ParentId": owned[profile],
                    "SobjectType": table,
                    "Field": f"{table}.{name}",
                    "PermissionsRead": True,
                    "PermissionsEdit": profile == ADMIN,
                }
                grants.append((loader.epoch, loader.epoch, body))
    loader.add("FieldPermissions", grants)


def _definitions(loader: Loader) -> None:
    bodies = [
        {
            "DurableId": o.name,
            "QualifiedApiName": o.name,
            "DeveloperName": o.name,
            "Label": o.label,
            "PluralLabel": o.plural,
            "KeyPrefix": ids.PREFIXES[o.name],
            "IsCustomizable": o.name in CUSTOMIZABLE,
            "IsQueryable": True,
            "InternalSharingModel": "ReadWrite",
        }
        for o in OBJECTS.values()
        if not o.tooling
    ]
    loader.add("EntityDefinition", [(loader.epoch, loader.epoch, b) for b in bodies])
