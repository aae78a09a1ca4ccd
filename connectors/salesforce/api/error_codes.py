"""Salesforce's errors (developer.salesforce.com: StatusCode and ExceptionCode of the SOAP API's core data types, status
codes of the REST API, errors of Bulk API 2.0, OAuth): every code has one rule, also those of features that we do not use.

Those come from the org's own triggers and flows, which run when a record is written, or not at all.
"""

from sales_consultant.connectors.http import Rule, Table, group
from sales_consultant.connectors.salesforce.api.other_codes import OTHERS

DUPLICATES = "DUPLICATES_DETECTED"
LOCKED_ROW = "UNABLE_TO_LOCK_ROW"
LIMIT = "REQUEST_LIMIT_EXCEEDED"
FIREWALL = "FIREWALL"

_LATER = "Run the command again later; Salesforce's state is at status.salesforce.com."
_REPORT = "Please report it with this message."
_PERMISSION = "Give the run-as user the permission (Setup > Permission Sets)."
_API = (
    "Give the run-as user API Enabled (Setup > Permission Sets > System Permissions) and see that the org's edition has "
    "the API; if both are so, look at status.salesforce.com."
)
_LOGIN = (
    "Check the External Client App: consumer key, secret or certificate, its policies and its run-as user."
)
_FIELD = "Next: sales-consultant provision, or give the run-as user the field (Setup > Permission Sets)."
_RULE = (
    "Change the rule, trigger or flow that the reason names (Setup > Object Manager), or mend the record; it is tried "
    "again by: sales-consultant retry"
)
_RECORD = "Open the record in Salesforce and mend what the reason names; it is tried again by: sales-consultant retry"
_GONE = "Nothing: the next pull sees that the record is gone."
_ORG = "Ask Salesforce, or whoever holds the contract, about the state of the org."

_CODES = (
    # -- limits
    Rule(LIMIT, "time", "The first calls come free when they are a day old; run again then.",
         "the day's calls of the whole org are spent", state="retry", run=True, words="TotalRequests", day=True),
    Rule(LIMIT, "time", "Run again in some minutes: another program has too many long calls open in this org.",
         "too many calls run at once in this org", state="retry", pause=10.0, run=True),
    *group("time", _LATER, "TXN_SECURITY_METERING_ERROR REQUEST_RUNNING_TOO_LONG TOO_MANY_APEX_REQUESTS TOO_MANY_JOBS "
           "REALTIME_PROCESSING_TIME_EXCEEDED_LIMIT", state="retry", run=True, pause=10.0,
           what="the org is busy"),
    Rule("ExceededQuota", "time", "Run again tomorrow, or look who makes so many Bulk jobs (Setup > Bulk Data Load Jobs).",
         "the day's Bulk jobs are spent", state="retry", run=False),
    *group("admin", "Free storage (Setup > Storage Usage), or buy more.", "STORAGE_LIMIT_EXCEEDED EXCEEDED_QUOTA",
           what="the org's storage is full"),
    # -- passes by itself
    *group("time", _LATER, "SERVER_UNAVAILABLE FUNCTIONALITY_TEMPORARILY_UNAVAILABLE ORG_IN_MAINTENANCE "
           "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE SSO_SERVICE_DOWN server_error temporarily_unavailable "
           "rate_limit_exceeded", state="retry", run=True, pause=5.0, what="Salesforce is not there for the moment"),
    *group("time", _LATER, "UNKNOWN_EXCEPTION INTERNAL_ERROR", state="retry", pause=5.0,
           what="Salesforce had an error of its own"),
    Rule(LOCKED_ROW, "time", "Nothing: it is tried again by itself, at the latest by the next run.",
         "somebody else writes the record or its parent", state="retry", pause=5.0),
    *group("time", "Nothing: it is tried again by the next run.", "RECORD_IN_USE_BY_WORKFLOW TERRITORY_REALIGN_IN_PROGRESS "
           "MATCH_SERVICE_ERROR MATCH_SERVICE_TIMED_OUT MATCH_SERVICE_UNAVAILABLE_ERROR", state="retry",
           what="the record is busy, or what looks for duplicates is"),
    # -- who we are
    *group("admin", "Sign in again with: sales-consultant login", "INVALID_SESSION_ID InvalidSessionId INVALID_AUTH_HEADER "
           "INVALID_ACCESS_TOKEN INVALID_REFRESH_TOKEN invalid_grant access_denied", run=True,
           what="the session or the sign-in does not hold any more"),
    Rule("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "admin",
         "Sign in to Salesforce as the run-as user, set a new password, or give it a profile whose passwords do not expire.",
         "the password of the run-as user has expired", run=True),
    *group("admin", _LOGIN, "INVALID_LOGIN PASSWORD_LOCKOUT LOGIN_CHALLENGE_ISSUED LOGIN_CHALLENGE_PENDING "
           "LOGIN_DURING_RESTRICTED_DOMAIN LOGIN_DURING_RESTRICTED_TIME LOGIN_MUST_USE_SECURITY_TOKEN INVALID_SSO_GATEWAY_URL "
           "MUTUAL_AUTHENTICATION_FAILED invalid_client invalid_client_id invalid_client_credentials invalid_app_access "
           "unauthorized_client unsupported_grant_type inactive_user inactive_org invalid_assertion_type "
           "OAUTH_APPROVAL_ERROR_GENERIC OAUTH_APP_ACCESS_DENIED OAUTH_APP_BLOCKED invalid_request invalid_scope",
           run=True, what="the sign-in is refused"),
    # -- what we may
    *group("admin", _API, "API_CURRENTLY_DISABLED API_DISABLED_FOR_ORG", run=True, what="the API is switched off"),
    *group("admin", _PERMISSION, "INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY FORBIDDEN PORTAL_NO_ACCESS",
           what="the run-as user lacks a permission"),
    *group("admin", "Let the app in (Setup > Connected Apps or External Client Apps > Policies) for the run-as user.",
           "CLIENT_NOT_ACCESSIBLE_FOR_USER CLIENT_REQUIRE_UPDATE_FOR_USER INVALID_CLIENT UNSUPPORTED_CLIENT", run=True,
           what="the org does not let this app in"),
    *group("admin", "Let the run-as user out of the policy (Setup > Transaction Security Policies).",
           "TXN_SECURITY_NO_ACCESS TXN_SECURITY_END_A_SESSION TXN_SECURITY_FAIL_CLOSE TXN_SECURITY_TWO_FA_REQUIRED "
           "TXN_SECURITY_RUNTIME_ERROR TXN_SECURITY_APEX_ERROR", run=True, what="a security policy of the org stops it"),
    *group("admin", _ORG, "ORG_LOCKED TRIAL_EXPIRED ORG_IS_SIGNING_UP ORG_NOT_OWNED_BY_INSTANCE ORG_IS_DOT_ORG "
           "INACTIVE_PORTAL", run=True, what="the org is locked, has ended or was moved"),
    Rule("IP_RANGE_LIMIT_EXCEEDED", "admin", "Let this machine's address in (Setup > Network Access, or the profile).",
         "this machine's address is not let in", run=True),
    Rule(FIREWALL, "admin", "Ask whoever runs the network why this machine's address is refused; no permission helps.",
         "a firewall refuses this machine, before Salesforce looks at the session", run=True),
    *group("admin", "Switch it on in Setup, or leave it: what needs it is left out.",
           "FUNCTIONALITY_NOT_ENABLED REQUIRED_FEATURE_MISSING APEX_REST_SERVICES_DISABLED", run=None,
           what="the org does not have this feature"),
    *group("admin", "Give the run-as user Bulk API access (API Enabled), or leave it: slower calls are used instead.",
           "FeatureNotEnabled InvalidUser", run=False, what="this user may make no Bulk jobs"),
    *group("admin", "Give the run-as user a licence for it (Setup > Users).",
           "LICENSE_LIMIT_EXCEEDED PACKAGE_LICENSE_REQUIRED INVALID_PACKAGE_LICENSE PACKAGE_DISABLED",
           what="a licence is missing"),
    Rule("OPERATION_TOO_LARGE", "admin", "Give the run-as user View All on the object, so that sharing need not be calculated.",
         "the question is too large for this user's sharing", run=False),
    # -- reading
    Rule("QUERY_TIMEOUT", "time", "Run again later; if it stays so, ask Salesforce for an index on the object's stamp.",
         "the query took too long", state="retry", run=False),
    *group("time", "Run again: what was read is kept.", "INVALID_QUERY_LOCATOR INVALID_LOCATOR INVALID_REPLICATION_DATE "
           "QUERY_LOCATOR_EXPIRED", run=False, what="Salesforce has forgotten the place in a list"),
    *group("admin", _FIELD, "INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE FIELD_NOT_UPDATABLE", content=True,
           what="a field is not there, or this user may not use it"),
    *group("admin", "Give the run-as user Read on the object (Setup > Permission Sets > Object Settings).",
           "INVALID_TYPE INVALID_TYPE_FOR_OPERATION ENTITY_NOT_QUERYABLE", run=False,
           what="an object is not there, or this user may not see it"),
    *group("us", _REPORT, "MALFORMED_QUERY QUERY_TOO_COMPLICATED MALFORMED_SEARCH INVALID_SEARCH INVALID_SEARCH_SCOPE "
           "INVALID_QUERY_FILTER_OPERATOR INVALID_QUERY_SCOPE INVALID_QUERY_KEY INVALID_QUERY_VALUE INVALID_FILTER_VALUE "
           "INVALID_FILTER_LANGUAGE INVALID_SORT_OPTION INVALID_PAGING_OPTION ILLEGAL_QUERY_PARAMETER_VALUE "
           "EXCEEDED_ID_LIMIT EXCEEDED_MAX_FILTER_ENTITIES EXCEEDED_MAX_SEMIJOIN_SUBSELECTS "
           "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS_WRITE EXCEEDED_MAX_SIZE_REQUEST EXCEEDED_MAX_SOBJECTS EXCEEDED_MAX_TYPES_LIMIT "
           "INVALID_BATCH_SIZE INVALID_BATCH_REQUEST INVALID_BATCH_OPERATION LIMIT_EXCEEDED MAX_LIMIT_EXCEEDED "
           "TOO_MANY_RECORDS DUPLICATE_ARGUMENT_VALUE MISSING_ARGUMENT INVALID_ARGUMENT_TYPE ARGUMENT_OBJECT_PARSE_ERROR "
           "INVALID_INPUT INVALID_INPUT_COMBINATION INVALID_INPUT_FORMAT INVALID_API_INPUT INVALID_DATE_FORMAT "
           "INVALID_MULTIPART_REQUEST INVALID_CONTENT_TYPE JSON_PARSER_ERROR XML_PARSER_ERROR POST_BODY_PARSE_ERROR "
           "INVALID_SOAP_HEADER UNSUPPORTED_MEDIA_TYPE NOT_ACCEPTABLE METHOD_NOT_ALLOWED URI_TOO_LONG PROCESSING_HALTED "
           "BATCH_PROCESSING_HALTED CIRCULAR_OBJECT_GRAPH ASYNC_QUERY_UNSUPPORTED_QUERY INVALID_OPERATION INVALID_OPERATOR "
           "INVALID_ASSIGNMENT_RULE ID_REQUIRED MISMATCHING_VERSIONS ALL_OR_NONE_OPERATION_ROLLED_BACK InvalidBatch "
           "ClientInputError InvalidJob InvalidJobState InvalidOperation InvalidUrl InvalidXML MethodNotAllowed "
           "InvalidVersion InvalidEntity", what="Salesforce does not take the request as we make it", content=True),
    *group("time", _LATER, "Timeout TooManyLockFailure Unknown BatchLockFailure", state="retry", run=False,
           what="the Bulk job did not come to its end"),
    *group("operator", "Set read_version or write_version in the settings to a version that the org offers.",
           "UNSUPPORTED_API_VERSION", run=True, what="the org does not offer this version of the API"),
    # -- a record
    *group("record", _GONE, "ENTITY_IS_DELETED ENTITY_IS_ARCHIVED INVALID_CROSS_REFERENCE_KEY NOT_FOUND ITEM_NOT_FOUND "
           "RECORD_NOT_FOUND MISSING_RECORD INVALID_ID_FIELD MALFORMED_ID", run=False, what="the record is not there any more"),
    *group("record", "Nothing: it is written when the approval has ended.", "ENTITY_IS_LOCKED ALREADY_IN_PROCESS",
           state="wait", what="an approval holds the record"),
    Rule("CANNOT_UPDATE_CONVERTED_LEAD", "record", "Nothing: a converted lead is left as it is.", "the lead was converted",
         state="left"),
    Rule(DUPLICATES, "admin",
         "Merge the records, or let the rule alert instead of block (Setup > Duplicate Rules); tried again by: "
         "sales-consultant retry", "a duplicate rule of the org blocks the record", content=True),
    *group("admin", _RULE, "FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_FILTER_VALIDATION_EXCEPTION "
           "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER FLOW_EXCEPTION CUSTOM_APEX_ERROR APEX_ERROR "
           "ENTITY_SAVE_ERROR ENTITY_SAVE_VALIDATION_ERROR SELF_REFERENCE_FROM_TRIGGER MAX_DEPTH_IN_FLOW_EXECUTION "
           "MIXED_DML_OPERATION APEX_TRIGGER_COUPLING_LIMIT CIRCULAR_DEPENDENCY FIELD_MODERATION_RULE_BLOCK "
           "FIELD_KEYWORD_LIST_MATCH_LIMIT", content=True, what="a rule, a trigger or a flow of the org refuses the record"),
    *group("record", _RECORD, "REQUIRED_FIELD_MISSING FIELD_INTEGRITY_EXCEPTION INVALID_EMAIL_ADDRESS "
           "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD DUPLICATE_VALUE DUPLICATE_EXTERNAL_ID INVALID_STATUS INVALID_CURRENCY_ISO "
           "STANDARD_PRICE_NOT_DEFINED NOT_MODIFIED MODIFIED COLLISION_DETECTED ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE "
           "MULTIPLE_RECORDS_FOUND INVALID_PERSON_ACCOUNT_OPERATION INVALID_TEXT_REPRESENTATION "
           "TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET TOO_MANY_ENUM_VALUE", content=True,
           what="another field of the record is empty or wrong"),
    *group("admin", "Give the record an owner who is active (Setup > Users), or give the run-as user \"Update Records with "
           "Inactive Owners\"; tried again by: sales-consultant retry", "INACTIVE_OWNER_OR_USER INVALID_OWNER",
           content=True, what="the record's owner has left"),
    *group("admin", _PERMISSION, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY TRANSFER_REQUIRES_READ "
           "UNAVAILABLE_RECORDTYPE_EXCEPTION INVALID_READ_ONLY_USER_DML OP_WITH_INVALID_USER_TYPE_EXCEPTION "
           "LIGHT_PORTAL_USER_EXCEPTION", content=True, what="the run-as user may not write this record, or one it names"),
    *group("admin", "Our field has another type or size than provision gave it: change it back, or run: sales-consultant "
           "provision", "STRING_TOO_LONG NUMBER_OUTSIDE_VALID_RANGE INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST "
           "INVALID_TYPE_ON_FIELD_IN_RECORD", content=True, what="a field of ours does not take the value"),
    # -- making fields
    *group("admin", "Delete custom fields nobody uses, or choose [write] set = \"minimal\".",
           "CUSTOM_ENTITY_OR_FIELD_LIMIT CUSTOM_CLOB_FIELD_LIMIT_EXCEEDED CUSTOM_FIELD_INDEX_LIMIT_EXCEEDED "
           "CUSTOM_METADATA_LIMIT_EXCEEDED CUSTOM_SETTINGS_LIMIT_EXCEEDED NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED",
           what="the org's fields of this kind are used up"),
    *group("admin", "Rename what is in the way, or choose another name in the settings ([naming]).",
           "DUPLICATE_DEVELOPER_NAME DUPLICATE_MASTER_LABEL DUPLICATE_CUSTOM_ENTITY_DEFINITION INVALID_NAMESPACE_PREFIX",
           what="something of that name is there already"),
    *group("admin", "Take it out of what uses it first (Setup > Object Manager > the field > Where is this used?).",
           "DEPENDENCY_EXISTS DELETE_FAILED DELETE_NOT_ALLOWED DELETE_REQUIRED_ON_CASCADE DELETE_OPERATION_TOO_LARGE "
           "CANNOT_DELETE_MANAGED_OBJECT CANNOT_MODIFY_MANAGED_OBJECT CANNOT_DELETE_ENTITY "
           "CANNOT_CHANGE_FIELD_TYPE_OF_APEX_REFERENCED_FIELD CANNOT_RENAME_APEX_REFERENCED_FIELD "
           "CANNOT_RENAME_APEX_REFERENCED_OBJECT HAS_PUBLIC_REFERENCES", what="something in the org uses it"),
    *group("admin", "Look at the org's own triggers and flows on the object: the error is of a feature that only they use.",
           OTHERS, what="a feature of the org that only its own automation uses"),
)  # fmt: skip

_STATUSES = (
    *(Rule("", "us", _REPORT, what, status=status, run=False)
      for status, what in ((300, "more than one record has that id"),
                           (400, "Salesforce does not take the request"), (405, "Salesforce does not know the call"),
                           (412, "something has changed meanwhile"), (413, "Salesforce takes less at once"),
                           (414, "the address is too long for Salesforce"),
                           (415, "Salesforce does not take this kind of body"), (428, "a condition is missing"),
                           (431, "the address and headers are too long for Salesforce"))),
    Rule("", "admin", "Sign in again with: sales-consultant login", "the session does not hold any more", status=401, run=True),
    Rule("", "admin", "Look at the run-as user's permissions (Setup > Permission Sets) and the app's policies; the code "
         "says which.", "Salesforce refuses the call", status=403, run=True),
    Rule("", "record", _GONE, "it is not there", status=404, run=False),
    Rule("", "time", _LATER, "Salesforce's gateway does not take the call for the moment", status=406, state="retry",
         pause=2.0, run=True),
    Rule("", "time", _LATER, "Salesforce did not wait for the request", status=408, state="retry", pause=0.0, run=True),
    Rule("", "us", _REPORT, "it is in conflict with what is there", status=409, run=False),
    Rule("", "operator", "Set read_version or write_version in the settings to a version that the org offers.",
         "the org does not offer this version of the API", status=410, run=True),
    Rule("", "time", _LATER, "Salesforce's gateway is busy", status=420, state="retry", pause=2.0, run=True),
    Rule("", "time", "Run again in a minute.", "too many calls at once", status=429, state="retry", pause=2.0, run=True),
    *(Rule("", "time", _LATER, what, status=status, state="retry", pause=0.0, run=True)
      for status, what in ((500, "Salesforce had an error of its own"), (502, "Salesforce's gateway gave up"),
                           (503, "Salesforce is not there for the moment"), (504, "Salesforce took too long"),
                           (520, "Salesforce's gateway got no sense of the answer"), (521, "Salesforce's server is down"),
                           (522, "the connection inside Salesforce timed out"),
                           (523, "Salesforce's server is unreachable"), (524, "Salesforce took too long"))),
)  # fmt: skip

TABLE = Table(
    _CODES, _STATUSES, Rule("", "us", _REPORT, "an error that this release does not know", run=False)
)
