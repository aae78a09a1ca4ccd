"""Which records a user sees and may change: the org-wide default of each object, the owners, and who is above both.

A default of Private shows a record to its owner only, Read to everybody; ReadWrite lets everybody change it too. Only the owner
deletes, once an object has a default. "View All" and "Modify All" on an object, and "View All Data" and "Modify All Data", stand
above the defaults. What hangs on a record (its history, its products, its activities) is seen by who sees the record, and
whoever owns a contact or an opportunity may read its account. A quota is seen by its owner and by who views all forecasts.
There are no roles, teams, territories or sharing rules.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import orjson

from sales_consultant.sandbox.salesforce.org import VENDOR, Org, ids
from sales_consultant.sandbox.world import ControlError

if TYPE_CHECKING:
    from sales_consultant.sandbox.salesforce.access.access import Access

Json = dict[str, Any]
Level = Literal["Read", "Edit", "Delete"]
OWNED = ("Account", "Contact", "Lead", "Opportunity", "Campaign")
DEFAULTS = ("Private", "Read", "ReadWrite", "ControlledByParent")
# The word for a default in the Organization's own fields.
_ORGANIZATION = {
    "Private": "None",
    "Read": "Read",
    "ReadWrite": "Edit",
    "ControlledByParent": "ControlledByParent",
}
_CHILDREN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "OpportunityHistory": (("OpportunityId", "Opportunity"),),
    "OpportunityFieldHistory": (("OpportunityId", "Opportunity"),),
    "OpportunityContactRole": (("OpportunityId", "Opportunity"),),
    "OpportunityLineItem": (("OpportunityId", "Opportunity"),),
    "AccountHistory": (("AccountId", "Account"),),
    "ContactHistory": (("ContactId", "Contact"),),
    "LeadHistory": (("LeadId", "Lead"),),
    "CampaignMember": (("CampaignId", "Campaign"),),
    "Task": (
        ("WhoId", "Contact"), ("WhoId", "Lead"), ("WhatId", "Account"), ("WhatId", "Opportunity"), ("WhatId", "Campaign"),
    ),
    "Event": (
        ("WhoId", "Contact"), ("WhoId", "Lead"), ("WhatId", "Account"), ("WhatId", "Opportunity"), ("WhatId", "Campaign"),
    ),
    "EmailMessage": (("RelatedToId", "Account"), ("RelatedToId", "Opportunity"), ("ActivityId", "Task")),
}  # fmt: skip


def defaults(org: Org) -> dict[str, str]:
    """The org-wide defaults that were set; an object that is not named is open to everybody."""
    found: dict[str, str] = org.details.get("sharing", {})
    return found


def set_defaults(org: Org, body: Json) -> Json:
    """Control: {"Contact": "Private", ...}; all defaults as they are then."""
    for name, value in body.items():
        if name not in (*OWNED, "Activity"):
            raise ControlError(
                f"an org-wide default is set for {', '.join((*OWNED, 'Activity'))}; not {name!r}"
            )
        if value not in DEFAULTS or (value == "ControlledByParent" and name not in ("Contact", "Activity")):
            raise ControlError(
                f"a default is one of {', '.join(DEFAULTS)} (the last for Contact and Activity only)"
            )
        if name == "Activity" and value in ("Read", "ReadWrite"):
            raise ControlError("the default of Activity is Private or ControlledByParent")
    org.set_details(sharing={**defaults(org), **body})
    with org.store.transaction():
        for name, value in body.items():
            _store_default(org, "Organization", "1", {f"Default{name}Access": _ORGANIZATION[value]}, name)
            _store_default(org, "EntityDefinition", "QualifiedApiName", {"InternalSharingModel": value}, name)
    return defaults(org)


def _store_default(org: Org, sobject: str, where: str, values: Json, name: str) -> None:
    """Write a default where an admin's query finds it."""
    if sobject == "Organization" and name not in OWNED:
        return
    for record in list(org.store.each(VENDOR, sobject)):
        held = record.values()
        if where == "1" or held.get(where) == name:
            org.store.update(
                VENDOR, sobject, record._replace(properties=orjson.dumps({**held, **values}).decode())
            )


def condition(access: "Access", sobject: str, row: str, level: Level = "Read") -> str:
    """SQL that is true for the rows that a user may Read, Edit or Delete; empty where that is all of them.

    `row` is the alias of the table of records in the statement.
    """
    if sobject == "ForecastingQuota":
        every = "ViewAllForecasts" in access.rights
        return "" if every else f"({_value(row, 'QuotaOwnerId')} = '{access.user_id}')"
    if not defaults(access.org) or "ModifyAllData" in access.rights:
        return ""
    if level == "Read" and "ViewAllData" in access.rights:
        return ""
    if sobject in OWNED:
        return _owned(access, sobject, row, level)
    if sobject in _CHILDREN:
        return _child(access, sobject, row, level)
    return ""


def _value(row: str, name: str) -> str:
    return f"json_extract({row}.properties, '$.{name}')"


def _owned(access: "Access", sobject: str, row: str, level: Level) -> str:
    every = access.everywhere.get(sobject, set())
    if "ModifyAllRecords" in every or (level == "Read" and "ViewAllRecords" in every):
        return ""
    default = defaults(access.org).get(sobject)
    if (
        default is None
        or (default == "ReadWrite" and level != "Delete")
        or (default == "Read" and level == "Read")
    ):
        return ""
    own = f"{_value(row, 'OwnerId')} = '{access.user_id}'"
    if default == "ControlledByParent":
        parent = _among(access, "AccountId", "Account", row, level)
        return f"({parent} OR ({_value(row, 'AccountId')} IS NULL AND {own}))" if parent else ""
    if sobject == "Account" and level == "Read":
        below = (
            f"SELECT {_value('own', 'AccountId')} FROM records own WHERE own.vendor = 'salesforce' AND own.archived = 0 AND "
            f"own.object IN ('Contact', 'Opportunity') AND {_value('own', 'OwnerId')} = '{access.user_id}'"
        )
        return f"({own} OR {row}.id IN ({below}))"
    return f"({own})"


def _among(access: "Access", field: str, parent: str, row: str, level: Level) -> str:
    """SQL: the lookup names a record of the parent object that the user may Read or Edit; empty where it may all of them."""
    inner = f"{row}x"
    # To delete a child one must be able to change its parent.
    rule = condition(access, parent, inner, "Read" if level == "Read" else "Edit")
    if not rule:
        return ""
    return (
        f"{_value(row, field)} IN (SELECT {inner}.id FROM records {inner} WHERE {inner}.vendor = 'salesforce' AND "
        f"{inner}.object = '{parent}' AND {rule})"
    )


def _child(access: "Access", sobject: str, row: str, level: Level) -> str:
    parents = [
        (field, parent, _among(access, field, parent, row, level)) for field, parent in _CHILDREN[sobject]
    ]
    activity = sobject in ("Task", "Event", "EmailMessage")
    private = activity and "Activity" in defaults(access.org)
    if not any(rule for _, _, rule in parents) and not private:
        return ""
    # A lookup to an object that is open needs no look at its records: the id's prefix tells.
    rules = [
        rule or f"substr({_value(row, field)}, 1, 3) = '{ids.PREFIXES[parent]}'"
        for field, parent, rule in parents
    ]
    if activity:
        owner = "CreatedById" if sobject == "EmailMessage" else "OwnerId"
        own = f"{_value(row, owner)} = '{access.user_id}'"
        if level != "Read" and defaults(access.org).get("Activity") != "ControlledByParent":
            return f"coalesce({own}, 0)"
        rules.append(own)
    return f"coalesce({' OR '.join(f'({r})' for r in rules)}, 0)"


def allowed(access: "Access", sobject: str, id: str, level: Level = "Read") -> bool:
    """Whether a user may Read, Edit or Delete one record, deleted or not."""
    rule = condition(access, sobject, "r0", level)
    if not rule:
        return True
    sql = (
        f"SELECT 1 FROM records r0 WHERE r0.vendor = 'salesforce' AND r0.object = ? AND r0.id = ? AND {rule}"
    )
    return bool(access.org.store.rows(sql, (sobject, id)))


def visible(access: "Access", sobject: str, wanted: list[str]) -> list[str]:
    """Those of the ids whose records a user may read."""
    rule = condition(access, sobject, "r0")
    if not rule or not wanted:
        return wanted
    marks = ", ".join("?" * len(wanted))
    sql = f"SELECT r0.id FROM records r0 WHERE r0.vendor = 'salesforce' AND r0.object = ? AND r0.id IN ({marks}) AND {rule}"
    held = {r[0] for r in access.org.store.rows(sql, (sobject, *wanted))}
    return [i for i in wanted if i in held]
