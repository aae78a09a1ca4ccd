"""HubSpot's errors (developers.hubspot.com: error handling, usage guidelines, OAuth): categories, policies, statuses.

HubSpot promises few codes and says that each field of an error may be missing: an error without a category is told by
its status, and one of 403 by what it says.
"""

from sales_consultant.connectors.http import Rule, Table, group

_KEY = "HubSpot: Development > Keys > Service keys (or the app's Auth tab)"
SCOPE = "MISSING_SCOPES"
FIREWALL = "FIREWALL"
_LATER = "Run the command again later; HubSpot's state is at status.hubspot.com."
_LOGIN = "Make a new token and store it with: sales-consultant login"
_REPORT = "Please report it with this message."
_RECORD = (
    "Open the record in HubSpot and mend what the reason names; it is tried again by: sales-consultant retry"
)
_VALUE = (
    "Look at the property in HubSpot (Settings > Properties): its type and rules must be as provision made them, or "
    "run: sales-consultant provision"
)

# Pauses before a retry: the length of the window for the limits of ten seconds and of one (API usage guidelines and
# limits); for a lock the two seconds that HubSpot asks for with a 423 (Error handling); 0.0 leaves it to the growing
# pauses.
_CODES = (
    # -- who we are
    *group("admin", _LOGIN, "INVALID_AUTHENTICATION EXPIRED_AUTHENTICATION REVOKED_AUTHENTICATION", run=True,
           what="the token is wrong, expired or was revoked"),
    *group("admin", "Sign in again with: sales-consultant login",
           "BAD_REFRESH_TOKEN BAD_AUTH_CODE EXPIRED_AUTH_CODE BAD_GRANT_TYPE invalid_grant access_denied", run=True,
           what="the sign-in does not hold any more"),
    *group("admin", "Check the app's client id, secret and redirect address (HubSpot: Development > app > Auth).",
           "BAD_CLIENT_ID BAD_CLIENT_SECRET BAD_REDIRECT_URI MISMATCH_REDIRECT_URI_AUTH_CODE invalid_client "
           "unauthorized_client", run=True, what="the app's own data are wrong"),
    # -- what we may
    Rule(SCOPE, "admin", f"Add the scope to the service key or app in HubSpot ({_KEY}), then run again.",
         "a scope is missing", run=True),
    Rule("USER_DOES_NOT_HAVE_PERMISSIONS", "admin",
         "Give the user who made the token the permission (HubSpot: Settings > Users & Teams).",
         "the user behind the token lacks a permission", run=True),
    Rule("BANNED", "admin", "Ask HubSpot's support why the account or the app is blocked.",
         "HubSpot has blocked the account or the app", run=True),
    Rule(FIREWALL, "admin",
         "Ask whoever runs the network, or HubSpot's support, why this machine's address is refused; no scope helps.",
         "a firewall refuses this machine, before HubSpot looks at the token", run=True),
    # -- limits
    Rule("DAILY", "time", "The allowance is renewed at midnight of the account's time zone.",
         "the day's calls of the account are spent", state="retry", run=True, day=True),
    Rule("TEN_SECONDLY_ROLLING", "time", "Run again in a minute.", "the limit of ten seconds is spent",
         state="retry", pause=10.0, run=True),
    Rule("SECONDLY", "time", "Run again in a minute.", "the limit of a second is spent",
         state="retry", pause=1.0, run=True),
    *group("time", "Run again in a minute.", "RATE_LIMIT RATE_LIMITS", what="a limit of calls is spent",
           state="retry", pause=1.0, run=True),
    # -- passes by itself
    Rule("LOCKED", "time", _LATER, "many writes of this kind are going on", state="retry", pause=2.0, run=True),
    Rule("MIGRATION_IN_PROGRESS", "time", "Run the command again when HubSpot has moved the account (up to a day).",
         "HubSpot moves the account to another data centre", state="retry", pause=0.0, run=True),
    *group("time", _LATER, "INTERNAL_ERROR SERVICE_UNAVAILABLE TIMEOUT API_ERROR",
           what="HubSpot had an error of its own", state="retry", pause=0.0),
    # -- a record
    *group("record", _RECORD, "OBJECT_NOT_FOUND MERGED", what="the record is not there any more", content=True),
    *group("record", _RECORD, "CONFLICT OBJECT_ALREADY_EXISTS CONTACT_EXISTS DUPLICATE_VALUE UNIQUE_VALUE_CONFLICT",
           what="another record has that value", content=True),
    Rule("VALIDATION_ERROR", "record", _RECORD, "a value, or another property of the record, is refused", content=True),
    *group("record", _RECORD, "REQUIRED REQUIRED_PROPERTY REQUIRED_FIELD INVALID_EMAIL",
           what="another property of the record is empty or wrong", content=True),
    *group("admin", _VALUE, "PROPERTY_DOESNT_EXIST READ_ONLY_VALUE", content=True, every=True,
           what="our property is gone, or may not be written"),
    *group("admin", _VALUE,
           "INVALID_OPTION INVALID_NUMBER INVALID_INTEGER INVALID_LONG INVALID_DATE INVALID_DATETIME INVALID_BOOLEAN "
           "INVALID_STRING INVALID_ENUMERATION VALUE_TOO_LONG", content=True,
           what="our property has another type or other options than provision gave it"),
    *group("us", _REPORT, "INVALID_PARAMS INVALID_JSON", what="HubSpot does not take the request as we make it"),
)  # fmt: skip

_OVER = r"not active|no longer active|inactive|expired|blocked|disabled|closed|cancell?ed"
_ACCOUNT = r"account|portal|hub|subscription|trial|app"
# Of a request that is blocked, or a token that has expired, the account is not the reason.
_SUSPENDED = (
    rf"suspend|deactivat|terminat|past due|unpaid|\b({_ACCOUNT})\b.{{0,60}}\b({_OVER})\b"
    rf"|\b({_OVER}) (\w+ )?({_ACCOUNT})\b"
)
_STATUSES = (
    Rule("", "us", _REPORT, "HubSpot does not take the request", status=400, content=True),
    Rule("", "admin", _LOGIN, "the token is wrong, expired or was revoked", status=401, run=True),
    Rule("", "admin", "Look at the account's subscription in HubSpot (Account & Billing).",
         "the account's subscription does not allow it", status=402, run=True),
    Rule("", "admin", "Let this machine's address in, in the account's security settings, or run elsewhere.",
         "this machine's address is not let in", status=403, run=True, words=r"\bip\b|ip[ -]address|allow ?list|whitelist"),
    Rule("", "admin",
         "Ask whoever runs the network, or HubSpot's support, why this machine's requests are refused; no scope helps.",
         "a firewall refuses the request", status=403, run=True, words=r"\bwaf\b|firewall|request (is |was |has been )?blocked"),
    Rule("", "admin", "Look at the account in HubSpot (Account & Billing), or ask HubSpot's support.",
         "the account is suspended, expired or blocked", status=403, run=True, words=_SUSPENDED),
    Rule("", "admin", f"Add the scope to the service key or app in HubSpot ({_KEY}), then run again.",
         "a scope is missing", status=403, run=True, words=r"scope"),
    Rule("", "admin", "Look at the token, the user who made it and the account in HubSpot; its support knows the reason.",
         "HubSpot refuses the call and does not say which permission is missing", status=403, run=True),
    Rule("", "record", _RECORD, "it is not there", status=404, content=False),
    Rule("", "us", _REPORT, "HubSpot does not know the call", status=405),
    Rule("", "time", _LATER, "HubSpot did not wait for the request", status=408, pause=0.0, run=True),
    Rule("", "record", _RECORD, "it is there already", status=409, content=True),
    Rule("", "us", _REPORT, "HubSpot takes less at once", status=413, content=True),
    Rule("", "record", "Open the record in HubSpot: it is merged of too many to be merged or written by the API.",
         "the record has more than 250 identities", status=414, words="250 identities", content=True),
    Rule("", "us", _REPORT, "the address is too long for HubSpot", status=414, content=True),
    Rule("", "us", _REPORT, "HubSpot does not take this kind of body", status=415),
    Rule("", "record", _RECORD, "HubSpot does not take the values", status=422, content=True),
    Rule("", "time", _LATER, "many writes of this kind are going on", status=423, state="retry", pause=2.0, run=True),
    Rule("", "time", "Run again in a minute.", "a limit of calls is spent", status=429, state="retry", pause=1.0, run=True),
    Rule("", "time", "Run the command again when HubSpot has moved the account (up to a day).",
         "HubSpot moves the account to another data centre", status=477, state="retry", pause=0.0, run=True),
    *(Rule("", "time", _LATER, what, status=status, state="retry", pause=0.0, run=True)
      for status, what in ((500, "HubSpot had an error of its own"), (502, "HubSpot's gateway gave up"),
                           (503, "HubSpot is not there for the moment"), (504, "HubSpot took too long"),
                           (520, "HubSpot's gateway got no sense of the answer"), (521, "HubSpot's server is down"),
                           (522, "the connection inside HubSpot timed out"), (523, "HubSpot's server is unreachable"),
                           (524, "HubSpot took too long"))),
    *(Rule("", "time", "Ask HubSpot's support; its state is at status.hubspot.com.", "HubSpot's own certificate is wrong",
           status=status, state="retry", run=True) for status in (525, 526)),
    Rule("", "admin", _LOGIN, "the token is not of the form of one", status=530, run=True),
)  # fmt: skip

TABLE = Table(_CODES, _STATUSES, Rule("", "us", _REPORT, "an error that this release does not know"))
