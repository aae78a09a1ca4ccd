"""HubSpot's endpoints about the account, owners, tokens and limits."""

from typing import Any

from sales_consultant.sandbox.clock import DAY_MS, iso
from sales_consultant.sandbox.hubspot.call import Call, Result
from sales_consultant.sandbox.hubspot.errors import ApiError, bad, missing
from sales_consultant.sandbox.hubspot.kinds import KINDS, VENDOR, Kind
from sales_consultant.sandbox.hubspot.limits import PLANS
from sales_consultant.sandbox.hubspot.schema import group_of
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
SCOPES = (
    "oauth",
    *(f"crm.objects.{o}.{m}" for o in ("contacts", "companies", "deals", "line_items", "products", "leads") for m in ("read", "write")),
    *(f"crm.schemas.{o}.{m}" for o in ("contacts", "companies", "deals", "line_items") for m in ("read", "write")),
    "crm.objects.owners.read",
    "marketing.campaigns.read",
    "marketing.campaigns.revenue.read",
    "tickets",
)  # fmt: skip
TOKEN_SECONDS = 1_800
MAX_OWNERS = 500
MAX_RECORDS = 15_000_000


def details(call: Call) -> Result:
    """GET what the account is."""
    return 200, call.portal.account


def usage(call: Call) -> Result:
    """GET the calls of today."""
    now = call.portal.clock.now_ms()
    plan = call.portal.meter.plan or PLANS["enterprise"]
    daily: list[Json] = [
        {
            "name": "private-apps-api-calls-daily",
            "usageLimit": plan.daily,
            "currentUsage": call.portal.meter.used,
            "collectedAt": iso(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso((now // DAY_MS + 1) * DAY_MS),
        }
    ]
    return 200, {"results": daily}


def _usage(kind: Kind, used: int, most: int) -> Json:
    return {
        "objectTypeId": kind.type_id,
        "singularLabel": kind.label,
        "pluralLabel": kind.name.replace("_", " ").capitalize(),
        "usage": used,
        "limit": most,
        "percentage": round(100 * used / most, 2) if most else 100.0,
    }


def record_limits(call: Call) -> Result:
    """GET how many records there may be."""
    totals = call.portal.store.totals(VENDOR)
    found = [
        _usage(KINDS[n], totals.get(n, 0), MAX_RECORDS) for n in ("contacts", "companies", "deals", "tickets")
    ]
    custom = {"byObjectType": [], "overallLimit": 0, "overallPercentage": 0.0, "overallUsage": 0}
    return 200, {"hubspotDefinedObjectTypes": found, "customObjectTypes": custom}


def property_limits(call: Call) -> Result:
    """GET how many custom properties there may be."""
    most = int(call.portal.options["custom_property_limit"])
    found = []
    for kind in KINDS.values():
        mine = call.portal.definitions(kind).values()
        found.append(_usage(kind, sum(not d["hubspotDefined"] and not d["archived"] for d in mine), most))
    used, total = sum(f["usage"] for f in found), most * len(KINDS)
    return 200, {
        "byObjectType": found,
        "overallLimit": total,
        "overallUsage": used,
        "overallPercentage": round(100 * used / total, 2) if total else 100.0,
    }


def schemas(call: Call) -> Result:
    """GET the custom object types: none."""
    return 200, {"results": []}


def schema(call: Call) -> Result:
    """GET one of HubSpot's own object types."""
    kind = call.kind()
    return 200, {
        "id": kind.type_id,
        "objectTypeId": kind.type_id,
        "name": kind.singular.upper(),
        "fullyQualifiedName": kind.singular.upper(),
        "labels": {"singular": kind.label, "plural": kind.name.replace("_", " ").capitalize()},
        "primaryDisplayProperty": kind.title[0],
        "requiredProperties": [],
        "searchableProperties": list(kind.searched),
        "secondaryDisplayProperties": [],
        "properties": list(call.portal.definitions(kind).values()),
        "associations": [],
        "archived": False,
        "metaType": "HUBSPOT",
        "propertyGroups": group_of(kind)[0],
    }


# Owners


def _owner(record: Record) -> Json:
    values = record.values()
    shown: Json = {
        "id": record.id,
        "email": values.get("email"),
        "type": "PERSON",
        "firstName": values.get("firstName") or "",
        "lastName": values.get("lastName") or "",
        "userId": None if record.archived else int(values["userId"]),
        "userIdIncludingInactive": int(values["userId"]),
        "createdAt": iso(record.created),
        "updatedAt": iso(record.modified),
        "archived": bool(record.archived),
        "teams": [],
    }
    return shown


def owners(call: Call) -> Result:
    """GET owners, the archived ones apart."""
    limit = call.whole("limit", 100, MAX_OWNERS)
    after = call.text("after", "0")
    if not after.isdigit():
        raise bad(f"Invalid value for after: {after}")
    email = call.text("email")
    rows = call.portal.store.page(
        VENDOR, "owners", after=int(after), limit=limit + 1, archived=call.flag("archived")
    )
    shown = [_owner(r) for r in rows[:limit]]
    if email:
        shown = [o for o in shown if o["email"] == email]
    body: Json = {"results": shown}
    if len(rows) > limit:
        body["paging"] = {"next": {"after": rows[limit].id, "link": call.link(rows[limit].id)}}
    return 200, body


def owner(call: Call) -> Result:
    """GET one owner, by id or by user id."""
    wanted = call.param("id")
    found = call.portal.store.get(VENDOR, "owners", wanted)
    if call.text("idProperty") == "userId":
        found = next(
            (r for r in call.portal.store.each(VENDOR, "owners") if r.values()["userId"] == wanted), None
        )
    if found is None or bool(found.archived) != call.flag("archived"):
        raise missing(f"owner {wanted} does not exist")
    return 200, _owner(found)


# Tokens


def token(call: Call) -> Result:
    """POST for an access token. A refresh token stays as it is."""
    form = call.body if isinstance(call.body, dict) else {}
    grant = form.get("grant_type")
    if grant not in ("refresh_token", "authorization_code", "client_credentials"):
        raise ApiError(400, None, f"missing or unknown grant_type: {grant}", error="unsupported_grant_type")
    if not form.get("client_id") or not form.get("client_secret"):
        raise ApiError(400, None, "missing or invalid client id", error="invalid_client")
    given = str(form.get("refresh_token") or form.get("code") or form["client_id"])
    if given.startswith("revoked"):
        raise ApiError(400, None, "missing or unknown refresh token", error="invalid_grant")
    number = call.portal.store.next_seq(VENDOR, "tokens")
    made = f"CKSandbox{number:08d}"
    user = call.portal.users().get(given)
    if user:
        call.portal.put_user(made, user)
    return 200, {
        "token_type": "bearer",
        "token_use": "access_token",
        "refresh_token": given,
        "access_token": made,
        "expires_in": TOKEN_SECONDS,
        "hub_id": call.portal.account["portalId"],
        "scopes": user["scopes"] if user else list(SCOPES),
    }


def _told(call: Call, token: str) -> Json:
    user = call.portal.users().get(token)
    return {
        "token": token,
        "user": "admin@sandbox.example",
        "hub_domain": "sandbox.example",
        "scopes": user["scopes"] if user else list(SCOPES),
        "hub_id": call.portal.account["portalId"],
        "app_id": 1,
        "expires_in": 0 if user and user.get("expired") else TOKEN_SECONDS,
        "user_id": 1,
        "token_type": "access",
    }


def access_token(call: Call) -> Result:
    """GET what a token may do."""
    return 200, _told(call, call.param("token"))


def introspect(call: Call) -> Result:
    """POST a token, get what it may do."""
    form = call.body if isinstance(call.body, dict) else {}
    if not form.get("token"):
        raise bad("Some required fields were not set: [token]")
    told = _told(call, str(form["token"]))
    common = {
        "userId": told["user_id"],
        "hubId": told["hub_id"],
        "appId": told["app_id"],
        "isPrivateDistribution": True,
    }
    signed = {
        **common,
        "expiresAt": call.portal.clock.now_ms() + told["expires_in"] * 1000,
        "hublet": "na1",
        "installingUserId": told["user_id"],
        "isServiceAccount": False,
        "isUserLevel": False,
        **dict.fromkeys(
            (
                "newSignature",
                "scopes",
                "scopeToScopeGroupPks",
                "signature",
                "trialScopes",
                "trialScopeToScopeGroupPks",
            ),
            "",
        ),
    }
    return 200, {
        **told,
        "active": told["expires_in"] > 0,
        "client_id": str(form.get("client_id") or ""),
        "is_private_distribution": True,
        "token_use": "access_token",
        "signed_access_token": signed,
    }


def revoke(call: Call) -> Result:
    """POST a token that shall end."""
    return 204, None
