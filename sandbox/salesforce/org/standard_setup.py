"""The objects that an org is made of: users, stages, permission sets, and what the Tooling API shows."""

from sales_consultant.sandbox.salesforce.org.sobject import KEPT, STAMP, Sobject, make

PEOPLE: tuple[Sobject, ...] = (
    make(
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
Country string(80)
CountryCode picklist
IsActive boolean
ForecastEnabled boolean
UserType picklist(Standard) ro
ProfileId reference(Profile)
ManagerId reference(User)
TimeZoneSidKey picklist
{KEPT}""",
        deletable=False,
    ),
    make(
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
DefaultAccountAccess picklist(None,Read,Edit) ro
DefaultContactAccess picklist(None,Read,Edit,ControlledByParent) ro
DefaultLeadAccess picklist(None,Read,Edit) ro
DefaultOpportunityAccess picklist(None,Read,Edit) ro
DefaultCampaignAccess picklist(None,Read,Edit) ro
{KEPT}""",
        plural="Organization",
        deletable=False,
    ),
    make(
        "Profile",
        "Profile",
        f"Name string(255) req\nUserType picklist(Standard) ro\n{KEPT}",
        deletable=False,
    ),
    make(
        "RecordType",
        "Record Type",
        f"""Name string(80) req
DeveloperName string(80) req
SobjectType picklist req once
IsActive boolean
Description string(255)
{KEPT}""",
        deletable=False,
    ),
    make(
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
{KEPT}""",
        writable=False,
    ),
    make(
        "TaskStatus",
        "Task Status Value",
        f"""MasterLabel string(255) ro
ApiName string(255) ro
SortOrder int(9,0) ro
IsDefault boolean ro
IsClosed boolean ro
{KEPT}""",
        writable=False,
    ),
    make(
        "TaskPriority",
        "Task Priority Value",
        f"""MasterLabel string(255) ro
ApiName string(255) ro
SortOrder int(9,0) ro
IsDefault boolean ro
IsHighPriority boolean ro
{KEPT}""",
        writable=False,
    ),
    make(
        "UserRecordAccess",
        "User Record Access",
        """UserId reference(User) ro
RecordId picklist ro
HasReadAccess boolean ro
HasEditAccess boolean ro
HasDeleteAccess boolean ro
HasTransferAccess boolean ro
HasAllAccess boolean ro
MaxAccessLevel picklist(None,Read,Edit,Delete,Transfer,All) ro""",
        plural="User Record Access",
        writable=False,
        deletable=False,
    ),
    make(
        "CurrencyType",
        "Currency Type",
        f"""IsoCode picklist req once
ConversionRate double(18,6) req
DecimalPlaces int(1,0) req
IsActive boolean
IsCorporate boolean ro
{KEPT}""",
    ),
)
DATED = make(
    "DatedConversionRate",
    "Dated Conversion Rate",
    f"IsoCode picklist req once\nConversionRate double(18,6) req\nStartDate date req once\nNextStartDate date ro\n{KEPT}",
)
_RIGHTS = "".join(f"\nPermissions{p} boolean" for p in ("Create", "Read", "Edit", "Delete"))
SETUP: tuple[Sobject, ...] = (
    make(
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
PermissionsViewAllForecasts boolean
{KEPT}""",
        setup=True,
    ),
    make(
        "PermissionSetAssignment",
        "Permission Set Assignment",
        f"AssigneeId reference(User) req once\nPermissionSetId reference(PermissionSet) req once\nIsActive boolean ro\n{STAMP}",
        setup=True,
    ),
    make(
        "FieldPermissions",
        "Field Permissions",
        "ParentId reference(PermissionSet) req once\nSobjectType picklist req once\nField picklist req once\n"
        f"PermissionsRead boolean\nPermissionsEdit boolean\n{STAMP}",
        setup=True,
    ),
    make(
        "ObjectPermissions",
        "Object Permissions",
        f"ParentId reference(PermissionSet) req once\nSobjectType picklist req once{_RIGHTS}\nPermissionsViewAllRecords boolean\n"
        f"PermissionsModifyAllRecords boolean\n{KEPT}",
        setup=True,
    ),
)
TOOLING: tuple[Sobject, ...] = (
    make(
        "CustomField",
        "Custom Field",
        f"""DeveloperName string(40) ro
FullName string(255)
NamespacePrefix string(15) ro
TableEnumOrId string(255) ro
EntityDefinitionId reference(EntityDefinition) ro
Metadata complexvalue
Description string(1000) ro
InlineHelpText string(510) ro
ManageableState picklist ro
Length int(8,0) ro
Precision int(8,0) ro
Scale int(8,0) ro
{KEPT}""",
        tooling=True,
        setup=True,
    ),
    make(
        "EntityDefinition",
        "Entity Definition",
        "DurableId string(255) ro\nQualifiedApiName string(70) ro\nDeveloperName string(40) ro\nLabel string(70) ro\n"
        "PluralLabel string(70) ro\nKeyPrefix string(3) ro\nIsCustomizable boolean ro\nIsQueryable boolean ro\n"
        "InternalSharingModel picklist(Private,Read,ReadWrite,ControlledByParent) ro",
        writable=False,
    ),
    make(
        "Flow",
        "Flow",
        f"MasterLabel string(255) ro\nStatus picklist ro\nProcessType picklist ro\nDefinitionId string(18) ro\n{KEPT}",
        tooling=True,
        setup=True,
        writable=False,
    ),
    make(
        "ApexTrigger",
        "Apex Trigger",
        f"""Name string(255) ro
NamespacePrefix string(15) ro
TableEnumOrId string(40) ro
EntityDefinitionId reference(EntityDefinition) ro
UsageBeforeInsert boolean ro
UsageAfterInsert boolean ro
UsageBeforeUpdate boolean ro
UsageAfterUpdate boolean ro
UsageBeforeDelete boolean ro
UsageAfterDelete boolean ro
ApiVersion double(18,1) ro
Status picklist(Inactive,Active,Deleted) ro
IsValid boolean ro
Body textarea ro nofilter
{KEPT}""",
        setup=True,
        writable=False,
    ),
    make(
        "FlowDefinitionView",
        "Flow Definition",
        """DurableId string(255) ro
ApiName string(255) ro
Label string(255) ro
Description string(1000) ro
NamespacePrefix string(15) ro
ProcessType picklist ro
TriggerType picklist(RecordBeforeSave,RecordAfterSave,RecordBeforeDelete,Scheduled,PlatformEvent) ro
RecordTriggerType picklist(Create,Update,CreateAndUpdate,Delete) ro
TriggerObjectOrEventId reference(EntityDefinition) ro
TriggerObjectOrEventLabel string(255) ro
IsActive boolean ro
IsTemplate boolean ro
ActiveVersionId string(255) ro
LatestVersionId string(255) ro
VersionNumber int(9,0) ro
ManageableState picklist ro
LastModifiedDate datetime ro""",
        setup=True,
        writable=False,
        deletable=False,
    ),
    make(
        "ValidationRule",
        "Validation Rule",
        f"""ValidationName string(40) ro
FullName string(255) ro
NamespacePrefix string(15) ro
ManageableState picklist ro
Active boolean ro
Description string(1000) ro
ErrorMessage string(255) ro
ErrorDisplayField string(40) ro
EntityDefinitionId reference(EntityDefinition) ro
Metadata complexvalue ro
{KEPT}""",
        tooling=True,
        setup=True,
        writable=False,
    ),
    make(
        "Report",
        "Report",
        f"Name string(40) ro\nDeveloperName string(80) ro\nDescription string(255) ro\nFolderName string(256) ro\nFormat picklist ro\n{KEPT}",
        writable=False,
    ),
    make("ConnectedApplication", "Connected App", f"Name string(80) ro\n{KEPT}", writable=False, setup=True),
    make(
        "SubscriberPackage",
        "Package",
        "Name string(80) ro\nNamespacePrefix string(15) ro",
        tooling=True,
        setup=True,
        writable=False,
    ),
    make(
        "InstalledSubscriberPackage",
        "Installed Package",
        "SubscriberPackageId reference(SubscriberPackage) ro",
        tooling=True,
        setup=True,
        writable=False,
    ),
    make(
        "MetadataComponentDependency",
        "Dependency",
        "MetadataComponentId string(18) ro\nMetadataComponentName string(255) ro\nMetadataComponentType string(80) ro\n"
        "RefMetadataComponentId string(18) ro\nRefMetadataComponentName string(255) ro\nRefMetadataComponentType string(80) ro",
        tooling=True,
        setup=True,
        writable=False,
    ),
    make(
        "WorkflowRule",
        "Workflow Rule",
        f"""Name string(80) ro
FullName string(255) ro
NamespacePrefix string(15) ro
ManageableState picklist ro
TableEnumOrId string(40) ro
Metadata complexvalue ro
{KEPT}""",
        tooling=True,
        setup=True,
        writable=False,
    ),
)
