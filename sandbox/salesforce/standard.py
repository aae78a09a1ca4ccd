"""The standard objects and their fields, one line a field (see `fields.field`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sales_consultant.sandbox.salesforce.fields import Field, field

_MADE = "CreatedDate datetime ro\nCreatedById reference(User) ro"
_KEPT = (
    f"{_MADE}\nLastModifiedDate datetime ro\nLastModifiedById reference(User) ro\nSystemModstamp datetime ro"
)
_GONE = "IsDeleted boolean ro"
_OWNED = "OwnerId reference(User) req"
_STAMP = "SystemModstamp datetime ro"


@dataclass(frozen=True)
class Sobject:
    """A standard object. `kept` false: rows without a change of their own. `setup`: needs View Setup to be read."""

    name: str
    label: str
    plural: str
    fields: Mapping[str, Field]
    writable: bool = True
    setup: bool = False
    tooling: bool = False
    deletable: bool = True


def _object(
    name: str,
    label: str,
    lines: str,
    *,
    plural: str = "",
    writable: bool = True,
    setup: bool = False,
    tooling: bool = False,
    deletable: bool = True,
) -> Sobject:
    listed = [field("Id id ro"), *(field(x) for x in lines.strip().splitlines())]
    if name in ("Account", "Contact", "Lead", "Opportunity", "User"):
        listed = [
            replace(f, label="Full Name") if f.name == "Name" and "First" in lines else f for f in listed
        ]
    return Sobject(
        name, label, plural or f"{label}s", {f.name: f for f in listed}, writable, setup, tooling, deletable
    )


_PERSON = """
Salutation picklist(Mr.,Ms.,Mrs.,Dr.,Prof.)
FirstName string(40)
LastName string(80) req
Name string(121) ro
Title string(128)
Email email
Phone phone
MobilePhone phone
LeadSource picklist
Description textarea
HasOptedOutOfEmail boolean
DoNotCall boolean
EmailBouncedDate datetime
EmailBouncedReason string(255)
LastActivityDate date ro
MasterRecordId reference({self}) ro
"""
_ACTIVITY = """
WhoId reference(Contact,Lead)
WhatId reference(Account,Opportunity,Campaign)
AccountId reference(Account) ro
Subject combobox
Description textarea nofilter
Type picklist
ActivityDate date
IsArchived boolean ro
"""
_CHANGED = """
Field picklist ro
DataType picklist ro
OldValue anyType ro
NewValue anyType ro
"""


def _history(name: str, parent: str) -> Sobject:
    lines = f"{_GONE}\n{parent}Id reference({parent}) ro\n{_MADE}{_CHANGED}"
    return _object(
        name, f"{parent} History", lines, plural=f"{parent} History", writable=False, deletable=False
    )


_SALES = (
    _object(
        "Account",
        "Account",
        f"""{_GONE}
Name string(255) req
Type picklist(Prospect,Customer - Direct,Customer - Channel,Partner,Other)
Industry picklist
Website url
Phone phone
AnnualRevenue currency(18,0)
NumberOfEmployees int(8,0)
Description textarea nofilter
ParentId reference(Account)
BillingCity string(40)
BillingCountry string(80)
LastActivityDate date ro
MasterRecordId reference(Account) ro
{_OWNED}
{_KEPT}""",
    ),
    _object(
        "Contact",
        "Contact",
        f"{_GONE}\nAccountId reference(Account)\nDepartment string(80)\nMailingCity string(40)\nMailingCountry string(80)\n"
        f"ReportsToId reference(Contact)\nIsEmailBounced boolean ro{_PERSON.format(self='Contact')}{_OWNED}\n{_KEPT}",
    ),
    _object(
        "Lead",
        "Lead",
        f"""{_GONE}
Company string(255) req
Status picklist req
Rating picklist(Hot,Warm,Cold)
Industry picklist
Website url
NumberOfEmployees int(8,0)
Country string(80)
IsUnreadByOwner boolean
IsConverted boolean ro
ConvertedDate date ro
ConvertedAccountId reference(Account) ro
ConvertedContactId reference(Contact) ro
ConvertedOpportunityId reference(Opportunity) ro{_PERSON.format(self="Lead")}{_OWNED}
{_KEPT}""",
    ),
    _object(
        "Opportunity",
        "Opportunity",
        f"""{_GONE}
AccountId reference(Account)
RecordTypeId reference(RecordType)
Name string(120) req
Description textarea nofilter
StageName picklist req
Amount currency(18,2)
Probability percent(3,0)
ExpectedRevenue currency(18,2) ro
CloseDate date req
Type picklist
NextStep string(255)
LeadSource picklist
IsClosed boolean ro
IsWon boolean ro
ForecastCategory picklist(Omitted,Pipeline,BestCase,Forecast,Closed) ro
ForecastCategoryName picklist(Omitted,Pipeline,Best Case,Commit,Closed)
CurrencyIsoCode picklist
CampaignId reference(Campaign)
HasOpportunityLineItem boolean ro
LastActivityDate date ro
LastStageChangeDate datetime ro
{_OWNED}
{_KEPT}""",
        plural="Opportunities",
    ),
    _object(
        "OpportunityHistory",
        "Opportunity: Stage History",
        f"""{_GONE}
OpportunityId reference(Opportunity) ro
{_MADE}
StageName picklist ro
Amount currency(18,2) ro
ExpectedRevenue currency(18,2) ro
CloseDate date ro
Probability percent(3,0) ro
ForecastCategory picklist ro
CurrencyIsoCode picklist ro
{_STAMP}""",
        plural="Opportunity: Stage History",
        writable=False,
        deletable=False,
    ),
    _object(
        "OpportunityContactRole",
        "Opportunity Contact Role",
        f"""{_GONE}
OpportunityId reference(Opportunity) req once
ContactId reference(Contact) req
Role picklist
IsPrimary boolean
{_KEPT}""",
    ),
    _object(
        "OpportunityLineItem",
        "Opportunity Product",
        f"""{_GONE}
OpportunityId reference(Opportunity) req once
PricebookEntryId reference(PricebookEntry) once
Product2Id reference(Product2) once
ProductCode string(255) ro
Name string(376) ro
Quantity double(12,2) req
UnitPrice currency(18,2)
ListPrice currency(18,2) ro
TotalPrice currency(18,2)
ServiceDate date
Description string(255)
CurrencyIsoCode picklist ro
{_KEPT}""",
    ),
    _object(
        "Product2",
        "Product",
        f"{_GONE}\nName string(255) req\nProductCode string(255)\nDescription textarea nofilter\nFamily picklist\n"
        f"IsActive boolean\n{_KEPT}",
    ),
    _object(
        "Pricebook2",
        "Price Book",
        f"{_GONE}\nName string(255) req\nIsActive boolean\nIsStandard boolean ro\n{_KEPT}",
    ),
    _object(
        "PricebookEntry",
        "Price Book Entry",
        f"""{_GONE}
Name string(255) ro
Pricebook2Id reference(Pricebook2) req once
Product2Id reference(Product2) req once
UnitPrice currency(18,2) req
IsActive boolean
CurrencyIsoCode picklist once
{_KEPT}""",
        plural="Price Book Entries",
    ),
    _object(
        "Campaign",
        "Campaign",
        f"""{_GONE}
Name string(80) req
Type picklist
Status picklist(Planned,In Progress,Completed,Aborted)
StartDate date
EndDate date
ActualCost currency(18,0)
BudgetedCost currency(18,0)
IsActive boolean
Description textarea nofilter
CurrencyIsoCode picklist
{_OWNED}
{_KEPT}""",
    ),
    _object(
        "CampaignMember",
        "Campaign Member",
        f"""{_GONE}
CampaignId reference(Campaign) req once
LeadId reference(Lead) once
ContactId reference(Contact) once
Status picklist
HasResponded boolean ro
FirstRespondedDate date ro
{_KEPT}""",
    ),
    _object(
        "Task",
        "Task",
        f"""{_GONE}{_ACTIVITY}Status picklist(Not Started,In Progress,Completed,Waiting on someone else,Deferred) req
Priority picklist(High,Normal,Low) req
IsHighPriority boolean ro
IsClosed boolean ro
TaskSubtype picklist(Task,Email,ListEmail,Cadence,Call,LinkedIn) once restricted
CallType picklist(Internal,Inbound,Outbound)
CallDurationInSeconds int(8,0)
CallDisposition string(255)
CompletedDateTime datetime ro
{_OWNED}
{_KEPT}""",
    ),
    _object(
        "Event",
        "Event",
        f"""{_GONE}{_ACTIVITY}ActivityDateTime datetime
StartDateTime datetime
EndDateTime datetime
DurationInMinutes int(8,0)
IsAllDayEvent boolean
Location string(255)
EventSubtype picklist(Event) once restricted
ShowAs picklist(Busy,OutOfOffice,Free)
{_OWNED}
{_KEPT}""",
    ),
    _object(
        "EmailMessage",
        "Email Message",
        f"""{_GONE}
ActivityId reference(Task) once
RelatedToId reference(Account,Opportunity)
Subject string(3000)
TextBody textarea nofilter
FromAddress string(1000)
ToAddress string(4000)
Incoming boolean
Status picklist(0,1,2,3,4,5) once
MessageDate datetime
IsExternallyVisible boolean
{_KEPT}""",
    ),
    _history("AccountHistory", "Account"),
    _history("ContactHistory", "Contact"),
    _history("LeadHistory", "Lead"),
    _history("OpportunityFieldHistory", "Opportunity"),
)
_PEOPLE = (
    _object(
        "User",
        "User",
        f"""Username string(80) req
FirstName string(40)
LastName string(80) req
Name string(121) ro
Email email(128) req
Alias string(8)
Title string(80)
Department string(80)
IsActive boolean
UserType picklist(Standard) ro
ProfileId reference(Profile)
ManagerId reference(User)
TimeZoneSidKey picklist
{_KEPT}""",
        deletable=False,
    ),
    _object(
        "Organization",
        "Organization",
        f"""Name string(80) req
OrganizationType picklist ro
InstanceName string(5) ro
IsSandbox boolean ro
NamespacePrefix string(15) ro
TrialExpirationDate datetime ro
TimeZoneSidKey picklist
LanguageLocaleKey picklist
DefaultLocaleSidKey picklist
{_KEPT}""",
        plural="Organization",
        deletable=False,
    ),
    _object(
        "Profile",
        "Profile",
        f"Name string(255) req\nUserType picklist(Standard) ro\n{_KEPT}",
        deletable=False,
    ),
    _object(
        "RecordType",
        "Record Type",
        f"""Name string(80) req
DeveloperName string(80) req
SobjectType picklist req once
IsActive boolean
Description string(255)
{_KEPT}""",
        deletable=False,
    ),
    _object(
        "OpportunityStage",
        "Opportunity Stage",
        f"""MasterLabel string(255) ro
ApiName string(255) ro
IsActive boolean ro
SortOrder int(9,0) ro
IsClosed boolean ro
IsWon boolean ro
ForecastCategory picklist(Omitted,Pipeline,BestCase,Forecast,Closed) ro
ForecastCategoryName picklist(Omitted,Pipeline,Best Case,Commit,Closed) ro
DefaultProbability percent(3,0) ro
Description string(255) ro
{_KEPT}""",
        writable=False,
    ),
    _object(
        "CurrencyType",
        "Currency Type",
        f"""IsoCode picklist req once
ConversionRate double(18,6) req
DecimalPlaces int(1,0) req
IsActive boolean
IsCorporate boolean ro
{_KEPT}""",
    ),
)
_RIGHTS = "".join(f"\nPermissions{p} boolean" for p in ("Create", "Read", "Edit", "Delete"))
_SETUP = (
    _object(
        "PermissionSet",
        "Permission Set",
        f"""Name string(80) req unique
Label string(80) req
Description string(255)
IsOwnedByProfile boolean ro
IsCustom boolean ro
ProfileId reference(Profile) ro
PermissionsApiEnabled boolean
PermissionsViewSetup boolean
PermissionsCustomizeApplication boolean
PermissionsModifyMetadata boolean
PermissionsManageProfilesPermissionsets boolean
PermissionsAssignPermissionSets boolean
PermissionsViewAllData boolean
PermissionsModifyAllData boolean
{_KEPT}""",
        setup=True,
    ),
    _object(
        "PermissionSetAssignment",
        "Permission Set Assignment",
        f"AssigneeId reference(User) req once\nPermissionSetId reference(PermissionSet) req once\nIsActive boolean ro\n{_STAMP}",
        setup=True,
    ),
    _object(
        "FieldPermissions",
        "Field Permissions",
        "ParentId reference(PermissionSet) req once\nSobjectType picklist req once\nField picklist req once\n"
        f"PermissionsRead boolean\nPermissionsEdit boolean\n{_STAMP}",
        setup=True,
    ),
    _object(
        "ObjectPermissions",
        "Object Permissions",
        f"ParentId reference(PermissionSet) req once\nSobjectType picklist req once{_RIGHTS}\nPermissionsViewAllRecords boolean\n"
        f"PermissionsModifyAllRecords boolean\n{_KEPT}",
        setup=True,
    ),
)
_TOOLING = (
    _object(
        "CustomField",
        "Custom Field",
        f"""DeveloperName string(40) ro
FullName string(255)
NamespacePrefix string(15) ro
TableEnumOrId string(255) ro
EntityDefinitionId string(18) ro
Metadata complexvalue
Description string(1000) ro
InlineHelpText string(510) ro
ManageableState picklist ro
Length int(8,0) ro
Precision int(8,0) ro
Scale int(8,0) ro
{_KEPT}""",
        tooling=True,
        setup=True,
    ),
    _object(
        "EntityDefinition",
        "Entity Definition",
        "DurableId string(255) ro\nQualifiedApiName string(70) ro\nDeveloperName string(40) ro\nLabel string(70) ro\n"
        "PluralLabel string(70) ro\nKeyPrefix string(3) ro\nIsCustomizable boolean ro\nIsQueryable boolean ro",
        writable=False,
        tooling=True,
    ),
    _object(
        "Flow",
        "Flow",
        f"MasterLabel string(255) ro\nStatus picklist ro\nProcessType picklist ro\nDefinitionId string(18) ro\n{_KEPT}",
        tooling=True,
        setup=True,
        writable=False,
    ),
    _object(
        "ApexTrigger",
        "Apex Trigger",
        f"Name string(255) ro\nTableEnumOrId string(40) ro\nStatus picklist ro\nBody textarea ro nofilter\n{_KEPT}",
        tooling=True,
        setup=True,
        writable=False,
    ),
)
OBJECTS: Mapping[str, Sobject] = {o.name: o for o in (*_SALES, *_PEOPLE, *_SETUP, *_TOOLING)}
BY_LOWER: Mapping[str, str] = {n.lower(): n for n in OBJECTS}
# Tasks and events share one set of custom fields.
ACTIVITIES = ("Task", "Event")
CUSTOMIZABLE = (
    "Account", "Contact", "Lead", "Opportunity", "Task", "Event", "Product2", "OpportunityLineItem", "Campaign",
    "CampaignMember", "User", "OpportunityContactRole",
)  # fmt: skip
HISTORY_OF = {
    "Account": "AccountHistory",
    "Contact": "ContactHistory",
    "Lead": "LeadHistory",
    "Opportunity": "OpportunityFieldHistory",
}
