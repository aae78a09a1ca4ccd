"""Weaker users for a rehearsal: a token, a user record, and what the user may do."""

from typing import Any

from sales_consultant.sandbox.salesforce.access import (
    ALL_RIGHTS,
    MINIMUM,
    PROFILES,
    RIGHTS,
    STANDARD,
    grantable,
    sessions,
)
from sales_consultant.sandbox.salesforce.org import OBJECTS, VENDOR, Org, ids
from sales_consultant.sandbox.salesforce.records import dumps
from sales_consultant.sandbox.store import Record
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
_KEYS = (
    "token", "client_id", "refresh_token", "username", "profile", "permission_sets", "objects", "fields", "rights",
    "hidden", "expired", "rep",
)  # fmt: skip


def make(org: Org, body: Json) -> Json:
    """POST /_sandbox/users.

    `token`, `client_id` or `refresh_token` sign in as the user. `rep` takes the sample rep. `profile`: one of PROFILES.
    `permission_sets`: names of sets to assign. `objects`: {"Contact": ["Read", "Edit"]}. `fields`: {"Contact.X__c": "read" or
    "edit"}. `rights`: system permissions as ViewSetup. `hidden`: standard fields that the user does not see.
    """
    unknown = sorted(set(body) - set(_KEYS))
    if unknown:
        raise ControlError(f"unknown key {unknown[0]!r}; a user takes {', '.join(_KEYS)}")
    if not any(body.get(k) for k in ("token", "client_id", "refresh_token", "username")):
        raise ControlError("a user needs a token, a client_id, a refresh_token or a username to sign in with")
    with org.store.transaction():
        user_id = str(org.details["sample_rep"]) if body.get("rep") else _user(org, body)
        _own_set(org, user_id, body)
        for name in body.get("permission_sets") or ():
            _assign(org, user_id, _set_named(org, str(name)))
        if body.get("hidden"):
            org.store.put(VENDOR, "hidden", user_id, "fields", {"names": _fields(org, body["hidden"])})
        expired = bool(body.get("expired"))
        if body.get("token"):
            sessions.assign(org, str(body["token"]), user_id, expired=expired)
        for kind, key in (("client", "client_id"), ("refresh", "refresh_token")):
            if body.get(key):
                org.store.put(VENDOR, kind, "", str(body[key]), {"user": user_id, "expired": expired})
    org.changed()
    return {"user_id": user_id}


def _user(org: Org, body: Json) -> str:
    profile = str(body.get("profile") or (MINIMUM if body.get("objects") is not None else STANDARD))
    if profile not in PROFILES:
        raise ControlError(f"profile is one of {', '.join(PROFILES)}")
    sql = "SELECT id FROM records WHERE vendor = ? AND object = 'Profile' AND json_extract(properties, '$.Name') = ?"
    profile_id = org.store.rows(sql, (VENDOR, profile))[0][0]
    number = org.new_ids("User")
    username = str(body.get("username") or f"user{number}@sandbox.example")
    values = {
        "Username": username, "LastName": username.partition("@")[0], "Name": username.partition("@")[0],
        "Email": username, "Alias": username[:8], "IsActive": True, "UserType": "Standard", "ProfileId": profile_id,
        "TimeZoneSidKey": "GMT",
    }  # fmt: skip
    made = _add(org, "User", values, number)
    _assign(org, made, str(org.details["profile_sets"][profile]))
    return made


def _add(org: Org, sobject: str, values: Json, number: int | None = None) -> str:
    number = org.new_ids(sobject) if number is None else number
    id, now = ids.make(sobject, number), org.now()
    org.store.insert(VENDOR, sobject, [Record(id, number, dumps(values), now, now)])
    return id


def _set_named(org: Org, name: str) -> str:
    sql = "SELECT id FROM records WHERE vendor = ? AND object = 'PermissionSet' AND json_extract(properties, '$.Name') = ?"
    found = org.store.rows(sql, (VENDOR, name))
    if not found:
        raise ControlError(f"there is no permission set {name!r}")
    return str(found[0][0])


def _assign(org: Org, user_id: str, set_id: str) -> None:
    _add(org, "PermissionSetAssignment", {"AssigneeId": user_id, "PermissionSetId": set_id, "IsActive": True})


def _fields(org: Org, names: Any) -> list[str]:
    for full in names:
        table, _, name = str(full).partition(".")
        if table not in OBJECTS or name not in org.fields(table):
            raise ControlError(f"there is no field {full!r}; write Object.Field")
    return [str(n) for n in names]


def _own_set(org: Org, user_id: str, body: Json) -> None:
    """A permission set of the user's own for what the rehearsal grants it."""
    objects, fields, rights = body.get("objects") or {}, body.get("fields") or {}, body.get("rights") or ()
    if not (objects or fields or rights):
        return
    name = f"Sandbox_{user_id[:15]}"
    set_id = _add(org, "PermissionSet", {
        "Name": name, "Label": name, "IsOwnedByProfile": False, "IsCustom": True,
        **{f"Permissions{r}": True for r in rights},
    })  # fmt: skip
    every = (*RIGHTS, *ALL_RIGHTS)
    for sobject, given in objects.items():
        if sobject not in grantable():
            raise ControlError(f"objects take {', '.join(grantable())}; not {sobject!r}")
        unknown = sorted(set(given) - set(every))
        if unknown:
            raise ControlError(f"the rights on an object are {', '.join(every)}; not {unknown[0]!r}")
        row = {"ParentId": set_id, "SobjectType": sobject} | {f"Permissions{r}": r in given for r in every}
        _add(org, "ObjectPermissions", row)
    for full, how in zip(_fields(org, fields), fields.values(), strict=True):
        row = {"ParentId": set_id, "SobjectType": full.partition(".")[0], "Field": full}
        _add(org, "FieldPermissions", row | {"PermissionsRead": True, "PermissionsEdit": how == "edit"})
    _assign(org, user_id, set_id)
