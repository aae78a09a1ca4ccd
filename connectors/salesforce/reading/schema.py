"""What is read from Salesforce: streams, the fields selected on each object, and by which column a delta is found."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sales_consultant.config.crms import CRMS
from sales_consultant.config.neutral import TYPED, field_column
from sales_consultant.connectors.base import FieldInfo, Stream

STANDARD: dict[str, tuple[str, ...]] = {
    "Account": ("Name", "Website", "Industry", "OwnerId", "Type", "IsPersonAccount", "MasterRecordId"),
    "Contact": (
        "Email",
        "FirstName",
        "LastName",
        "Title",
        "AccountId",
        "OwnerId",
        "LeadSource",
        "HasOptedOutOfEmail",
        "DoNotCall",
        "EmailBouncedDate",
        "MasterRecordId",
    ),
    "Lead": (
        "Email",
        "FirstName",
        "LastName",
        "Title",
        "Company",
        "OwnerId",
        "LeadSource",
        "Status",
        "HasOptedOutOfEmail",
        "DoNotCall",
        "EmailBouncedDate",
        "IsConverted",
        "ConvertedDate",
        "ConvertedContactId",
        "ConvertedOpportunityId",
        "ConvertedAccountId",
        "MasterRecordId",
    ),
    "Opportunity": (
        "Name",
        "AccountId",
        "OwnerId",
        "StageName",
        "Type",
        "RecordTypeId",
        "Amount",
        "CurrencyIsoCode",
        "CloseDate",
        "IsClosed",
        "IsWon",
        "ForecastCategory",
    ),
    "OpportunityHistory": ("OpportunityId", "StageName", "Amount", "CloseDate", "Probability"),
    "OpportunityContactRole": ("OpportunityId", "ContactId", "Role", "IsPrimary"),
    "OpportunityLineItem": ("OpportunityId", "Product2Id", "Name", "Quantity", "TotalPrice"),
    "Product2": ("Name", "IsActive"),
    "Task": (
        "WhoId",
        "WhatId",
        "AccountId",
        "OwnerId",
        "Status",
        "TaskSubtype",
        "Type",
        "CallType",
        "CallDisposition",
        "ActivityDate",
        "CompletedDateTime",
    ),
    "Event": (
        "WhoId",
        "WhatId",
        "AccountId",
        "OwnerId",
        "StartDateTime",
        "EventSubtype",
        "Type",
    ),
    "EmailMessage": ("ActivityId", "Incoming", "MessageDate"),
    "Campaign": ("Name", "Type", "StartDate", "EndDate", "ActualCost", "CurrencyIsoCode"),
    "CampaignMember": ("CampaignId", "ContactId", "LeadId", "Status", "FirstRespondedDate"),
    # CountryCode is there only where the org has state and country picklists.
    "User": ("Email", "FirstName", "LastName", "Country", "CountryCode", "IsActive"),
    "ContactHistory": ("ContactId", "Field", "OldValue", "NewValue"),
    "LeadHistory": ("LeadId", "Field", "OldValue", "NewValue"),
    "AccountHistory": ("AccountId", "Field", "OldValue", "NewValue"),
    "OpportunityFieldHistory": ("OpportunityId", "Field", "OldValue", "NewValue"),
}
# What people wrote, the subject first; selected only where text is on. The Description of an e-mail's task is its text.
TEXTS: dict[str, tuple[str, ...]] = dict.fromkeys(("Task", "Event"), ("Subject", "Description"))
# Our word for what each is part of, for `--object`.
OBJECT = {
    "Account": "companies",
    "Contact": "contacts",
    "Lead": "leads",
    "Opportunity": "deals",
    "OpportunityHistory": "deals",
    "OpportunityContactRole": "associations",
    "OpportunityLineItem": "line_items",
    "Product2": "products",
    "Task": "activities",
    "Event": "activities",
    "EmailMessage": "activities",
    "Campaign": "campaigns",
    "CampaignMember": "campaigns",
    "User": "owners",
    "ContactHistory": "contacts",
    "LeadHistory": "leads",
    "AccountHistory": "companies",
    "OpportunityFieldHistory": "deals",
}
WRITTEN = CRMS["salesforce"].object_names
OBJECT_OF = {"Contact": "contacts", "Lead": "contacts", "Account": "companies", "Opportunity": "deals"}
# Set when a record is made, and left alone by custom: its value of today is taken for that of the past.
FIXED = ("LeadSource",)
# What Salesforce computes of a record from its activities, tasks among them (Object Reference): never read.
FROM_TASKS = frozenset(("LastActivityDate", "LastActivityInDays", "HasOpenActivity", "HasOverdueTask"))
# Standard fields under the neutral tables' names.
COLUMN = {
    "Email": "email",
    "FirstName": "first_name",
    "LastName": "last_name",
    "Title": "title",
    "LeadSource": "lead_source",
    "Status": "status",
    "OwnerId": "owner_id",
    "Industry": "industry",
    "Name": "name",
    "StageName": "stage",
    "Type": "type",
    "RecordTypeId": "record_type",
    "Amount": "amount",
    "CloseDate": "close_date",
    "CurrencyIsoCode": "currency",
}
# What Salesforce computes (formulas, rollups) is a stream beside its object's.
SLOW = "_computed"
# Bulk queries refuse compound and binary fields (Bulk API 2.0 Developer Guide), and their parts are fields of their
# own.
_SKIPPED = ("address", "location", "base64", "complexvalue", "anyType")
_TYPES = {
    "double": "number",
    "currency": "number",
    "percent": "number",
    "int": "number",
    "boolean": "bool",
    "date": "datetime",
    "datetime": "datetime",
    "picklist": "enumeration",
    "multipicklist": "enumeration",
}


def custom_column(name: str) -> str:
    """The neutral tables' column of a field that the customer added.

    >>> custom_column("Seats_Bought__c")
    'c_seats_bought'
    """
    return f"c_{name.removesuffix('__c').lower()}"


def streams(*, text: bool = False) -> tuple[Stream, ...]:
    """What is pulled, in order; `text`: with what people wrote."""
    return (
        Stream("fields", "fields", "full", ("object", "column_name")),
        Stream(
            "stages",
            "stages",
            "full",
            ("object", "pipeline", "stage"),
            keeps=("object", "pipeline", "stage"),
        ),
        Stream("currencies", "currencies", "full", ("code", "start_at"), optional=True, keeps=("code",)),
        Stream("goals", "goals", "full", optional=True),
        *(
            Stream(
                o,
                OBJECT[o],
                "delta",
                ("Id",),
                first_seen=o in ("OpportunityContactRole", "OpportunityLineItem"),
                texts=TEXTS.get(o, ()) if text else (),
            )
            for o in STANDARD
        ),
        *(Stream(o + SLOW, OBJECT_OF[o], "slow", of=o) for o in OBJECT_OF),
    )


def neutral_type(vendor: str) -> str:
    """Salesforce's field type in neutral words."""
    return _TYPES.get(vendor, "string")


@dataclass(frozen=True)
class Selection:
    """The fields read of one object and the column that a delta is found by; no fields where it cannot be seen."""

    fields: tuple[str, ...]
    cursor: str
    deleted: bool
    calculated: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Changes when what is selected changes."""
        return hashlib.sha256("\n".join((*self.fields, self.cursor)).encode()).hexdigest()[:16]


def select(
    name: str,
    described: list[FieldInfo],
    vendor_types: dict[str, str],
    own: frozenset[str],
    *,
    text: bool = False,
) -> Selection:
    """Standard fields that this user can see, all custom ones of the written objects, our own.

    `text`: also what people wrote on an activity.
    """
    seen = {f.name for f in described}
    if not seen:
        return Selection((), "", False)
    texts = TEXTS.get(name, ()) if text else ()
    chosen = ["Id", *(f for f in (*STANDARD[name], *texts) if f in seen)]
    if name in OBJECT_OF:
        chosen += sorted(
            f.name
            for f in described
            if (f.custom or f.name in own)
            and vendor_types.get(f.name) not in _SKIPPED
            and f.name not in chosen
        )
    else:
        # Our id of a task, by which it is known as none of the customer's activities.
        chosen += sorted(own & seen - set(chosen))
    # Peers' order of preference: not every object has the system's own stamp.
    cursor = next((c for c in ("SystemModstamp", "LastModifiedDate", "CreatedDate") if c in seen), "")
    for extra in ("CreatedDate", cursor, "IsDeleted"):
        if extra in seen and extra not in chosen:
            chosen.append(extra)
    computed = {f.name for f in described if f.calculated}
    types = {f: neutral_type(vendor_types.get(f, "")) for f in chosen if f != "Id"}
    # Of ours only what people tick is read for what it says.
    kinds = {field_column(f): t for f, t in types.items() if t in TYPED and (f not in own or t == "bool")}
    numbers = tuple(f for f in chosen if neutral_type(vendor_types.get(f, "")) == "number")
    return Selection(
        tuple(chosen), cursor, "IsDeleted" in seen, tuple(f for f in chosen if f in computed), numbers, kinds
    )
