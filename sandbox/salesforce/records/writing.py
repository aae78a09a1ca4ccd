"""Making, changing and deleting records, with Salesforce's checks and what follows from a change."""

from collections.abc import Mapping
from typing import Any

import orjson

from sales_consultant.sandbox.salesforce.access import Access, permission_sets, sharing
from sales_consultant.sandbox.salesforce.org import VENDOR, ApiError, Field, Org, Sobject, ids
from sales_consultant.sandbox.salesforce.records import effects, rules, saving
from sales_consultant.sandbox.salesforce.records.values import accept
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
_IGNORED = ("attributes", "id")
# What goes along when a record is deleted.
CHILDREN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId")),
    "Opportunity": (
        ("OpportunityContactRole", "OpportunityId"),
        ("OpportunityLineItem", "OpportunityId"),
        ("OpportunityHistory", "OpportunityId"),
    ),
    "Campaign": (("CampaignMember", "CampaignId"),),
}


def dumps(values: Mapping[str, Any]) -> str:
    """Values as they are stored; empty ones take no room."""
    return orjson.dumps({k: v for k, v in values.items() if v is not None}).decode()


def resolve(org: Org, sobject: str, body: Mapping[str, Any]) -> dict[str, tuple[Field, Any]]:
    """Fields by name with the values given. Raises ApiError INVALID_FIELD for a name that the object does not have."""
    known = org.fields(sobject)
    by_field: dict[str, tuple[Field, Any]] = {}
    for name, value in body.items():
        if name.lower() in _IGNORED:
            continue
        f = known.get(name) or next((k for n, k in known.items() if n.lower() == name.lower()), None)
        if f is None:
            raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")
        by_field[f.name] = (f, value)
    return by_field


def _checked(access: Access, sobject: Sobject, body: Mapping[str, Any], *, create: bool) -> Json:
    given = resolve(access.org, sobject.name, body)
    closed = [n for n, (f, _) in given.items() if not access.edits(sobject.name, f, create=create)]
    if closed:
        raise ApiError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this field and verify "
            "that it is read/write for your profile or permission set.",
            fields=closed,
        )
    values = {name: accept(access.org, f, value) for name, (f, value) in given.items()}
    for name, (f, _) in given.items():
        if f.type == "reference" and values[name]:
            _demand_target(access, f, values[name])
    owner = values.get("OwnerId")
    if owner and not access.org.user(owner).get("IsActive"):
        raise ApiError(
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{owner}] as owner of {sobject.name.lower()}",
            fields=[],
        )
    return values


def _demand_target(access: Access, f: Field, id: str) -> None:
    """Raises ApiError for a lookup to a record that the user does not see."""
    for target in f.targets:
        if ids.PREFIXES[target] == id[:3] and not sharing.allowed(access, target, id):
            raise ApiError(
                "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                f"insufficient access rights on cross-reference id: {id}",
                fields=[],
            )


def _demand_share(access: Access, sobject: Sobject, record: Record, level: sharing.Level) -> None:
    """Raises ApiError for a record that is somebody else's: one that is not even seen has another code."""
    if sharing.allowed(access, sobject.name, record.id, level):
        return
    if sharing.allowed(access, sobject.name, record.id):
        raise ApiError(
            "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", fields=[]
        )
    raise ApiError(
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        f"insufficient access rights on cross-reference id: {record.id}",
        fields=[],
    )


def _demand_complete(org: Org, sobject: Sobject, values: Json, names: Mapping[str, Any]) -> None:
    lacking = [
        n
        for n, f in org.fields(sobject.name).items()
        if f.required
        and n in names
        and (values.get(n) is None)
        and n not in ("OwnerId", "Name" if "LastName" in names else "")
    ]
    if lacking:
        raise ApiError(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(lacking)}]", fields=lacking
        )


def _demand_unique(org: Org, sobject: Sobject, values: Json, own: str | None) -> None:
    """Custom fields that are unique, on tasks as on any object; what is in the recycle bin holds no value. Raises ApiError."""
    for name, field in org.fields(sobject.name).items():
        value = values.get(name)
        if not (field.unique and name.endswith("__c")) or value is None:
            continue
        found = next((r for r in pointing(org, sobject.name, name, value) if r.id != own), None)
        if found is not None:
            message = f"duplicate value found: {name} duplicates value on record with id: {found.id}"
            raise ApiError("DUPLICATE_VALUE", message, fields=[name])


def insert(access: Access, sobject: Sobject, body: Mapping[str, Any]) -> str:
    """Make a record; its id. Raises ApiError."""
    org = access.org
    access.demand(sobject, "Create")
    if not sobject.writable:
        raise ApiError("INVALID_TYPE_FOR_OPERATION", f"entity type {sobject.name} does not support create")
    values = _checked(access, sobject, body, create=True)
    if "OwnerId" in sobject.fields:
        values.setdefault("OwnerId", access.user_id)
    saving.assign(org, sobject.name, values)
    permission_sets.before(access, sobject.name, None, values)
    effects.derive(org, sobject.name, values)
    _demand_complete(org, sobject, values, org.fields(sobject.name))
    _demand_unique(org, sobject, values, None)
    number, now = org.new_ids(sobject.name), org.now()
    id = ids.make(sobject.name, number)
    values |= {"CreatedById": access.user_id, "LastModifiedById": access.user_id}
    with org.store.transaction():
        org.store.insert(VENDOR, sobject.name, [Record(id, number, dumps(values), now, now)])
        effects.after(org, sobject.name, id, None, values, now, access.user_id)
        rules.enforce(org, sobject.name, id)
        saving.enforce(org, sobject.name, id)
    permission_sets.after(org, sobject.name)
    return id


def record_of(org: Org, sobject: Sobject, id: Any, *, status: int = 400) -> Record:
    """The record of an id. Raises ApiError: malformed, of another object, deleted or not there."""
    found = ids.full(id)
    if found is None or found[:3] != ids.PREFIXES[sobject.name]:
        raise ApiError("MALFORMED_ID", f"{sobject.label} ID: id value of incorrect type: {id}", fields=["Id"])
    record = org.record(sobject.name, found)
    if record is None:
        if status == 404:
            raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])
    if record.archived:
        raise ApiError("ENTITY_IS_DELETED", "entity is deleted", status, fields=[])
    return record


def update(access: Access, sobject: Sobject, id: Any, body: Mapping[str, Any], *, status: int = 400) -> str:
    """Change a record; its id of 18 letters. Raises ApiError."""
    org = access.org
    access.demand(sobject, "Edit")
    if not sobject.writable:
        raise ApiError("INVALID_TYPE_FOR_OPERATION", f"entity type {sobject.name} does not support update")
    record = record_of(org, sobject, id, status=status)
    _demand_share(access, sobject, record, "Edit")
    rules.demand_unlocked(access, sobject.name, record.id)
    _row_error(org, record)
    before = record.values()
    changes = _checked(access, sobject, body, create=False)
    if before.get("IsConverted"):
        raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=[])
    values = {**before, **changes}
    saving.assign(org, sobject.name, values)
    permission_sets.before(access, sobject.name, before, values)
    effects.derive(org, sobject.name, values, before, frozenset(changes))
    _demand_complete(org, sobject, values, changes)
    _demand_unique(org, sobject, changes, record.id)
    with org.store.transaction():
        save(org, sobject.name, record, values, access.user_id)
        rules.enforce(org, sobject.name, record.id)
        saving.enforce(org, sobject.name, record.id)
        if sobject.name == "FieldPermissions" and not (
            values["PermissionsRead"] or values["PermissionsEdit"]
        ):
            # A grant of nothing is none.
            org.store.delete(VENDOR, sobject.name, record.id)
    permission_sets.after(org, sobject.name)
    return record.id


def save(
    org: Org, sobject: str, record: Record, values: Json, user_id: str, *, at: int | None = None
) -> None:
    """Replace a record's values and move its stamps, with what follows from the change."""
    now = org.now() if at is None else at
    before = record.values()
    values = {**values, "LastModifiedById": user_id}
    with org.store.transaction():
        org.store.update(VENDOR, sobject, record._replace(properties=dumps(values), modified=now))
        effects.after(org, sobject, record.id, before, values, now, user_id)


def delete(access: Access, sobject: Sobject, id: Any, *, status: int = 400) -> str:
    """Move a record to the recycle bin, with what belongs to it. Raises ApiError."""
    org = access.org
    access.demand(sobject, "Delete")
    record = record_of(org, sobject, id, status=status)
    _demand_share(access, sobject, record, "Delete")
    rules.demand_unlocked(access, sobject.name, record.id)
    permission_sets.before_delete(access, sobject.name, record.values())
    if not (sobject.writable and sobject.deletable):
        raise ApiError(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            f"entity type {sobject.name} does not support delete",
            fields=[],
        )
    _row_error(org, record)
    bin(org, sobject.name, record)
    permission_sets.after(org, sobject.name)
    return record.id


def bin(org: Org, sobject: str, record: Record, extra: Mapping[str, Any] | None = None) -> None:
    """Mark a record and its children as deleted."""
    now = org.now()
    with org.store.transaction():
        if sobject in permission_sets.KEPT_NOWHERE:
            org.store.delete(VENDOR, sobject, record.id)
            return
        text = dumps({**record.values(), **(extra or {})})
        org.store.update(
            VENDOR, sobject, record._replace(properties=text, modified=now, archived=1, archived_at=now)
        )
        if extra:
            return
        for child, field in CHILDREN.get(sobject, ()):
            for found in pointing(org, child, field, record.id):
                bin(org, child, found)


def pointing(org: Org, sobject: str, field: str, id: str) -> list[Record]:
    """The live records of an object whose lookup names an id."""
    sql = (
        "SELECT id FROM records WHERE vendor = 'salesforce' AND object = ? AND archived = 0 AND "
        f"json_extract(properties, '$.{field}') = ?"
    )
    found = [r[0] for r in org.store.rows(sql, (sobject, id))]
    return list(org.store.get_many(VENDOR, sobject, found).values())


def _row_error(org: Org, record: Record) -> None:
    """What a rehearsal set for single records, or for all that hang on one: locks, triggers that refuse."""
    rules: dict[str, Json] = org.memory.setdefault("row_errors", {})
    if not rules:
        return
    values = record.values()
    # To write a child, Salesforce locks its account too.
    named = [record.id, *(str(values.get(n)) for n in ("AccountId", "OpportunityId", "CampaignId"))]
    id = next((i for i in named if i in rules), None)
    if id is None:
        return
    rule = rules[id]
    rule["times"] -= 1
    if rule["times"] <= 0:
        rules.pop(id)
    raise ApiError(rule["code"], rule["message"], fields=[])
