"""The objects that sales works with: people, deals and what was done with them."""

from sales_consultant.sandbox.salesforce.org.sobject import GONE, KEPT, MADE, OWNED, STAMP, Sobject, make

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
    lines = f"{GONE}\n{parent}Id reference({parent}) ro\n{MADE}{_CHANGED}"
    return make(name, f"{parent} History", lines, plural=f"{parent} History", writable=False, deletable=False)


FORECASTS: tuple[Sobject, ...] = (
    make(
        "ForecastingQuota",
        "Forecasting Quota",
        f"""ForecastingTypeId reference(ForecastingType) req
IsAmount boolean ro
IsQuantity boolean ro
PeriodId reference(Period) ro
ProductFamily picklist
QuotaAmount currency(18,2)
QuotaQuantity double(18,2)
QuotaOwnerId reference(User) req
StartDate date req
CurrencyIsoCode picklist
{KEPT}""",
        writable=False,
    ),
    make(
        "ForecastingType",
        "Forecasting Type",
        f"""DeveloperName string(80) ro
MasterLabel string(80) ro
IsActive boolean ro
IsAmount boolean ro
IsQuantity boolean ro
{KEPT}""",
        writable=False,
    ),
    make(
        "Period",
        "Period",
        f"""Type picklist(Month,Quarter,Week,Year) ro
StartDate date ro
EndDate date ro
Number int(9,0) ro
IsForecastPeriod boolean ro
FullyQualifiedLabel string(80) ro nofilter
{STAMP}""",
        writable=False,
    ),
)
SALES: tuple[Sobject, ...] = (
    make(
        "Account",
        "Account",
        f"""{GONE}
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
{OWNED}
{KEPT}""",
    ),
    make(
        "Contact",
        "Contact",
        f"{GONE}\nAccountId reference(Account)\nDepartment string(80)\nMailingCity string(40)\nMailingCountry string(80)\n"
        f"ReportsToId reference(Contact)\nIsEmailBounced boolean ro{_PERSON.format(self='Contact')}{OWNED}\n{KEPT}",
    ),
    make(
        "Lead",
        "Lead",
        f"""{GONE}
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
ConvertedOpportunityId reference(Opportunity) ro{_PERSON.format(self="Lead")}{OWNED}
{KEPT}""",
    ),
    make(
        "Opportunity",
        "Opportunity",
        f"""{GONE}
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
{OWNED}
{KEPT}""",
        plural="Opportunities",
    ),
    make(
        "OpportunityHistory",
        "Opportunity: Stage History",
        f"""{GONE}
OpportunityId reference(Opportunity) ro
{MADE}
StageName picklist ro
Amount currency(18,2) ro
ExpectedRevenue currency(18,2) ro
CloseDate date ro
Probability percent(3,0) ro
ForecastCategory picklist ro
CurrencyIsoCode picklist ro
{STAMP}""",
        plural="Opportunity: Stage History",
        writable=False,
        deletable=False,
    ),
    make(
        "OpportunityContactRole",
        "Opportunity Contact Role",
        f"""{GONE}
OpportunityId reference(Opportunity) req once
ContactId reference(Contact) req
Role picklist
IsPrimary boolean
{KEPT}""",
    ),
    make(
        "OpportunityLineItem",
        "Opportunity Product",
        f"""{GONE}
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
{KEPT}""",
    ),
    make(
        "Product2",
        "Product",
        f"{GONE}\nName string(255) req\nProductCode string(255)\nDescription textarea nofilter\nFamily picklist\n"
        f"IsActive boolean\n{KEPT}",
    ),
    make(
        "Pricebook2",
        "Price Book",
        f"{GONE}\nName string(255) req\nIsActive boolean\nIsStandard boolean ro\n{KEPT}",
    ),
    make(
        "PricebookEntry",
        "Price Book Entry",
        f"""{GONE}
Name string(255) ro
Pricebook2Id reference(Pricebook2) req once
Product2Id reference(Product2) req once
UnitPrice currency(18,2) req
IsActive boolean
CurrencyIsoCode picklist once
{KEPT}""",
        plural="Price Book Entries",
    ),
    make(
        "Campaign",
        "Campaign",
        f"""{GONE}
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
{OWNED}
{KEPT}""",
    ),
    make(
        "CampaignMember",
        "Campaign Member",
        f"""{GONE}
CampaignId reference(Campaign) req once
LeadId reference(Lead) once
ContactId reference(Contact) once
Status picklist
HasResponded boolean ro
FirstRespondedDate date ro
{KEPT}""",
    ),
    make(
        "Task",
        "Task",
        f"""{GONE}{_ACTIVITY}Status picklist(Not Started,In Progress,Completed,Waiting on someone else,Deferred) req
Priority picklist(High,Normal,Low) req
IsHighPriority boolean ro
IsClosed boolean ro
TaskSubtype picklist(Task,Email,ListEmail,Cadence,Call,LinkedIn) once restricted
CallType picklist(Internal,Inbound,Outbound)
CallDurationInSeconds int(8,0)
CallDisposition string(255)
CompletedDateTime datetime ro
{OWNED}
{KEPT}""",
    ),
    make(
        "Event",
        "Event",
        f"""{GONE}{_ACTIVITY}ActivityDateTime datetime
StartDateTime datetime
EndDateTime datetime
DurationInMinutes int(8,0)
IsAllDayEvent boolean
Location string(255)
EventSubtype picklist(Event) once restricted
ShowAs picklist(Busy,OutOfOffice,Free)
{OWNED}
{KEPT}""",
    ),
    make(
        "EmailMessage",
        "Email Message",
        f"""{GONE}
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
{KEPT}""",
    ),
    _history("AccountHistory", "Account"),
    _history("ContactHistory", "Contact"),
    _history("LeadHistory", "Lead"),
    _history("OpportunityFieldHistory", "Opportunity"),
)
