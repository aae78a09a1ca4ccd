"""Changes to HubSpot records: checked, stamped, with history, and seen late by searches where the index lags."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.hubspot.portal import (
    KINDS,
    VENDOR,
    ApiError,
    InvalidValuesError,
    Kind,
    Portal,
    bad,
    check,
    derive,
    dumps,
    refusal,
)
from sales_consultant.sandbox.hubspot.records.links import link_new
from sales_consultant.sandbox.lengths import length
from sales_consultant.sandbox.store import Change, Record

Json = dict[str, Any]
# Ids begin just below a new digit, so that whoever compares them as text is found out.
FIRST_ID = 9_999_999_950
# Archived records can be restored for 90 days, and are gone afterwards (developers.hubspot.com, CRM objects).
KEPT_MS = 90 * DAY_MS


def new_id(portal: Portal, kind: Kind, count: int = 1) -> int:
    """The first of `count` new ids."""
    start = FIRST_ID + 1_000 * list(KINDS).index(kind.name)
    return portal.store.next_seq(VENDOR, kind.name, count, start=start)


def checked(portal: Portal, kind: Kind, values: Mapping[str, Any]) -> dict[str, str | None]:
    """The values to keep. Raises InvalidValuesError with every reason."""
    definitions = portal.definitions(kind)
    values_checked: dict[str, str | None] = {}
    reasons: list[Json] = []
    for name, value in values.items():
        definition = definitions.get(name)
        if definition is None or definition["archived"]:
            message = f'Property "{name}" does not exist'
            reasons.append(
                {"isValid": False, "message": message, "error": "PROPERTY_DOESNT_EXIST", "name": name}
            )
        elif definition["calculated"] or definition["modificationMetadata"]["readOnlyValue"]:
            message = f'"{name}" is a read only property; its value cannot be set.'
            reasons.append({"isValid": False, "message": message, "error": "READ_ONLY_VALUE", "name": name})
        else:
            try:
                values_checked[name] = check(definition, value, portal.allowed(kind, definition))
            except ValueError as e:
                reasons.append(refusal(name, e))
    if reasons:
        raise InvalidValuesError(reasons)
    return values_checked


def taken(portal: Portal, kind: Kind, name: str, value: str | None) -> str | None:
    """The id of the live record that holds a value of a unique property."""
    if value is None:
        return None
    # Spelt out, not bound: only so does SQLite see that its index of addresses fits. Both names come from our tables.
    index = "INDEXED BY records_email" if (kind.name, name) == ("contacts", "email") else ""
    sql = (
        f"SELECT id FROM records {index} WHERE vendor = ? AND object = '{kind.name}' AND archived = 0 "
        f"AND lower(json_extract(properties, '$.\"{name}\"')) = lower(?) LIMIT 1"
    )
    held = portal.store.rows(sql, (VENDOR, value))
    return str(held[0][0]) if held else None


def _unique(portal: Portal, kind: Kind, values: Mapping[str, str | None], own: str | None) -> None:
    definitions = portal.definitions(kind)
    for name, value in values.items():
        if definitions[name]["hasUniqueValue"] and value is not None:
            holder = taken(portal, kind, name, value)
            if holder is not None and holder != own:
                raise ApiError(409, "CONFLICT", f"{kind.label} already exists. Existing ID: {holder}")


def create(
    portal: Portal, kind: Kind, body: Json, version: str = "2026-03", *, at: int | None = None
) -> Record:
    """A new record with its associations. Raises InvalidValuesError, ApiError 409 for a unique value that is taken."""
    now = portal.clock.now_ms() if at is None else at
    values = checked(portal, kind, body.get("properties") or {})
    _unique(portal, kind, values, None)
    required(portal, kind, values, version)
    with portal.store.transaction():
        number = new_id(portal, kind)
        values["hs_object_source"] = "INTEGRATION"
        if kind.name == "contacts":
            values.setdefault("lifecyclestage", "lead")
        derive(portal, kind, values, now, now)
        record = Record(str(number), number, dumps(values), now, now)
        portal.store.insert(VENDOR, kind.name, [record])
        _lag(portal, kind, record.id, None)
        link_new(portal, kind, record.id, body.get("associations") or [])
    return record


def update(
    portal: Portal,
    kind: Kind,
    record: Record,
    values: Mapping[str, Any],
    version: str,
    *,
    at: int | None = None,
) -> Record:
    """Set values of a live record; its modified date moves even where nothing differs."""
    changes = checked(portal, kind, values)
    _unique(portal, kind, changes, record.id)
    held = record.values()
    required(portal, kind, {**held, **changes}, version)
    now = portal.clock.now_ms() if at is None else at
    after: dict[str, str | None] = {**held, **changes}
    derive(portal, kind, after, record.created, now)
    with portal.store.transaction():
        remember(portal, kind, record, after, now, "INTEGRATION")
        new = record._replace(properties=dumps(after), modified=max(now, record.modified))
        portal.store.update(VENDOR, kind.name, new)
        _lag(portal, kind, record.id, record)
    return new


def computed(portal: Portal, kind: Kind, record: Record, values: Mapping[str, str | None]) -> Record:
    """Set what HubSpot itself finds out about a record, read-only values too; its history says so."""
    now = portal.clock.now_ms()
    after = {**record.values(), **values}
    with portal.store.transaction():
        remember(
            portal, kind, record, {n: v for n, v in after.items() if not n.startswith("_")}, now, "ANALYTICS"
        )
        new = record._replace(properties=dumps(after), modified=max(now, record.modified))
        portal.store.update(VENDOR, kind.name, new)
        _lag(portal, kind, record.id, record)
    return new


def required(portal: Portal, kind: Kind, values: Mapping[str, Any], version: str) -> None:
    """The admin's validation rules, which bind API writes from 2026-09 on. Raises InvalidValuesError."""
    if version < "2026-09" or not version.startswith("20"):
        return
    rules = portal.store.documents(VENDOR, "rule", kind.name).get("rules")
    if rules is None:
        return
    wanted = list(rules["required"])
    for one in rules["conditional"]:
        if all(values.get(n) == v for n, v in one["when"].items()):
            wanted += one["require"]
    reasons: list[Json] = [
        {
            "isValid": False,
            "message": f'"{name}" is required',
            "error": "REQUIRED_PROPERTY_MISSING",
            "name": name,
        }
        for name in dict.fromkeys(wanted)
        if values.get(name) is None
    ]
    for name, limits in rules["values"].items():
        message = _beyond(values.get(name), limits)
        if message:
            text = f'"{name}" {message}'
            reasons.append(
                {"isValid": False, "message": text, "error": "VALIDATION_RULE_VIOLATION", "name": name}
            )
    if reasons:
        raise InvalidValuesError(reasons)


def _beyond(value: Any, limits: Json) -> str:
    """What a rule on a value says against it; "" for nothing."""
    if value is None:
        return ""
    if "min" in limits and float(value) < limits["min"]:
        return f"must be at least {limits['min']}"
    if "max" in limits and float(value) > limits["max"]:
        return f"must be at most {limits['max']}"
    if length(value) < limits.get("min_length", 0):
        return f"must have at least {limits['min_length']} characters"
    if length(value) > limits.get("max_length", length(value)):
        return f"must have at most {limits['max_length']} characters"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        return "does not have the required format"
    return ""


def remember(
    portal: Portal, kind: Kind, record: Record, after: Mapping[str, str | None], now: int, source: str
) -> None:
    """Write the history of what differs; the value before it, too, where it is the first change."""
    before = record.values()
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    if not names:
        return
    known = {c.property for c in portal.store.history(VENDOR, kind.name, (record.id,), names)}
    entries = []
    for name in names:
        if name not in known and before.get(name) is not None:
            entries.append(Change(record.id, name, before[name], record.created, "IMPORT"))
        entries.append(Change(record.id, name, after.get(name), now, source))
    portal.store.add_history(VENDOR, kind.name, entries)


def archive(portal: Portal, kind: Kind, ids: Iterable[str], *, archived: bool = True) -> None:
    """Archive or restore records; ids that are not there are passed over."""
    now = portal.clock.now_ms()
    with portal.store.transaction():
        for record in portal.store.get_many(VENDOR, kind.name, ids).values():
            if bool(record.archived) != archived:
                new = record._replace(
                    archived=int(archived), archived_at=now if archived else None, modified=now
                )
                portal.store.update(VENDOR, kind.name, new)


def forget_old(portal: Portal, kind: Kind) -> None:
    """An archived record can be restored for 90 days; then it is gone for good."""
    sql = "SELECT id FROM records WHERE vendor = ? AND object = ? AND archived = 1 AND archived_at < ?"
    for (old,) in portal.store.rows(sql, (VENDOR, kind.name, portal.clock.now_ms() - KEPT_MS)):
        portal.store.delete(VENDOR, kind.name, str(old))


def merge(portal: Portal, kind: Kind, primary_id: str, other_id: str) -> Record:
    """Two records become a new one with a new id; the primary's values win. Both old ones vanish without a trace."""
    found = portal.store.get_many(VENDOR, kind.name, (primary_id, other_id))
    live = {i: r for i, r in found.items() if not r.archived}
    if primary_id == other_id:
        raise bad("A record cannot be merged with itself")
    for record_id in (primary_id, other_id):
        if record_id not in live:
            raise ApiError(404, "OBJECT_NOT_FOUND", f"{kind.label} with id {record_id} does not exist")
    primary, other = live[primary_id], live[other_id]
    now = portal.clock.now_ms()
    before, extra = primary.values(), other.values()
    values = {**extra, **before}
    old = [primary_id, other_id]
    ancestors = [*(before.get("hs_merged_object_ids") or "").split(";"), *old]
    ancestors += (extra.get("hs_merged_object_ids") or "").split(";")
    values["hs_merged_object_ids"] = ";".join(sorted({a for a in ancestors if a}, key=int))
    if kind.name == "contacts":
        values["hs_calculated_merged_vids"] = ";".join(
            f"{a}:{now}" for a in values["hs_merged_object_ids"].split(";")
        )
    with portal.store.transaction():
        number = new_id(portal, kind)
        new = Record(str(number), number, dumps(values), min(primary.created, other.created), now)
        portal.store.insert(VENDOR, kind.name, [new])
        _move(portal, kind, old, new.id)
        for record_id in old:
            portal.store.delete(VENDOR, kind.name, record_id)
            portal.store.add_merge(VENDOR, kind.name, record_id, new.id, now)
        _lag(portal, kind, new.id, None)
    return new


def _move(portal: Portal, kind: Kind, old: list[str], new: str) -> None:
    """The associations and the primary's history go over to the new record."""
    store = portal.store
    for record_id in old:
        for end in ("from", "to"):
            store.write(
                f"UPDATE OR IGNORE associations SET {end}_id = ? WHERE vendor = ? AND {end}_object = ? AND {end}_id = ?",
                (new, VENDOR, kind.name, record_id),
            )
    store.write(
        "UPDATE history SET id = ? WHERE vendor = ? AND object = ? AND id = ?",
        (new, VENDOR, kind.name, old[0]),
    )


def _lag(portal: Portal, kind: Kind, record_id: str, old: Record | None) -> None:
    if portal.world.lag > 0:
        until = portal.clock.now_ms() + round(portal.world.lag * 1000)
        portal.store.lag(VENDOR, kind.name, record_id, old, until)
