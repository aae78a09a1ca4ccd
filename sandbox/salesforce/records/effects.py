"""What follows from the values of a record: derived fields, and the history that the org keeps."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from sales_consultant.sandbox.salesforce.org import HISTORY_OF, VENDOR, Org, ids, stamp
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
FORECAST_LABEL = {"BestCase": "Best Case", "Forecast": "Commit"}
_SNAPSHOT = ("StageName", "Amount", "Probability", "CloseDate")
# A history names some lookups without their `Id`.
_HISTORY_NAME = {"OwnerId": "Owner", "AccountId": "Account"}
_MISSING: frozenset[str] = frozenset()


def derive(
    org: Org, sobject: str, values: Json, before: Json | None = None, given: Collection[str] = _MISSING
) -> None:
    """Fill in what Salesforce computes; `given` are the fields that an update names."""
    match sobject:
        case "Contact" | "Lead" | "User":
            values["Name"] = " ".join(v for v in (values.get("FirstName"), values.get("LastName")) if v)[:121]
            values["IsEmailBounced"] = bool(values.get("EmailBouncedDate"))
        case "Opportunity":
            _opportunity(org, values, before, given)
        case "Task":
            _task(org, values, before)
        case "Event":
            start = values.get("StartDateTime") or values.get("ActivityDateTime")
            if start:
                values["StartDateTime"] = values["ActivityDateTime"] = start
                values["ActivityDate"] = start[:10]
            values.setdefault("EventSubtype", "Event")
    if sobject in ("Task", "Event"):
        values["AccountId"] = account_of(org, values)
    if sobject == "CampaignMember":
        values["HasResponded"] = values.get("HasResponded") or values.get("Status") == "Responded"


def _opportunity(org: Org, values: Json, before: Json | None, given: Collection[str]) -> None:
    stage = org.stages().get(values.get("StageName") or "")
    if stage is None:
        return
    if before is not None and before.get("Amount") == values.get("Amount") and "Amount" not in given:
        _convert(org, values, before)
    moved = before is None or before.get("StageName") != values["StageName"]
    values["IsClosed"], values["IsWon"] = stage["IsClosed"], stage["IsWon"]
    if moved and "Probability" not in given and (before is not None or values.get("Probability") is None):
        values["Probability"] = stage["DefaultProbability"]
    if moved and (before is not None or values.get("ForecastCategoryName") is None):
        values["ForecastCategory"] = stage["ForecastCategory"]
        values["ForecastCategoryName"] = stage["ForecastCategoryName"]
    expected(values)
    if before is not None and moved:
        values["LastStageChangeDate"] = stamp(org.now())


def _convert(org: Org, values: Json, before: Json) -> None:
    """A new currency converts the amount, as the API does it."""
    old, new, amount = before.get("CurrencyIsoCode"), values.get("CurrencyIsoCode"), values.get("Amount")
    if not old or not new or old == new or amount is None:
        return
    bodies = [r.values() for r in org.store.each(VENDOR, "CurrencyType")]
    rates = {b["IsoCode"]: b["ConversionRate"] for b in bodies}
    if rates.get(old) and rates.get(new):
        values["Amount"] = round(amount / rates[old] * rates[new], 2)


def expected(values: Json) -> None:
    """ExpectedRevenue is the amount times the probability."""
    amount, likely = values.get("Amount"), values.get("Probability")
    values["ExpectedRevenue"] = None if amount is None or likely is None else round(amount * likely / 100, 2)


def _task(org: Org, values: Json, before: Json | None) -> None:
    statuses, priorities = org.listed("TaskStatus"), org.listed("TaskPriority")
    values.setdefault("Status", _default(statuses, "Not Started"))
    values.setdefault("Priority", _default(priorities, "Normal"))
    values.setdefault("TaskSubtype", "Task")
    # The picklist is not restricted: a value that the org does not list is taken, and is open.
    closed = bool(statuses.get(values["Status"], {}).get("IsClosed"))
    values["IsHighPriority"] = bool(priorities.get(values["Priority"], {}).get("IsHighPriority"))
    if closed and not values.get("IsClosed") and not values.get("CompletedDateTime"):
        values["CompletedDateTime"] = stamp(org.now())
    if not closed:
        values["CompletedDateTime"] = None
    values["IsClosed"] = closed


def _default(listed: Mapping[str, Json], otherwise: str) -> str:
    return next((name for name, body in listed.items() if body.get("IsDefault")), otherwise)


def account_of(org: Org, values: Json) -> str | None:
    """The account of an activity: of what it is about, else of the contact."""
    for name in ("WhatId", "WhoId"):
        id = values.get(name)
        if not id:
            continue
        if id.startswith("001"):
            return str(id)
        for sobject in ("Opportunity", "Contact"):
            if id.startswith(ids.PREFIXES[sobject]):
                found = org.record(sobject, id)
                account = found.values().get("AccountId") if found else None
                if account:
                    return str(account)
    return None


def after(org: Org, sobject: str, id: str, before: Json | None, values: Json, now: int, user_id: str) -> None:
    """Write the histories of a change that was made."""
    if sobject == "Opportunity" and (
        before is None or any(before.get(n) != values.get(n) for n in _SNAPSHOT)
    ):
        _snapshot(org, id, values, now, user_id)
    history = HISTORY_OF.get(sobject)
    if history is None or before is None:
        return
    changed = [n for n in org.tracked(sobject) if before.get(n) != values.get(n)]
    rows = [change(sobject, id, n, before.get(n), values.get(n), user_id) for n in sorted(changed)]
    if rows:
        first = org.new_ids(history, len(rows))
        records = [
            Record(ids.make(history, first + n), first + n, text, now, now) for n, text in enumerate(rows)
        ]
        org.store.insert(VENDOR, history, records)


def change(sobject: str, id: str, name: str, old: Any, new: Any, user_id: str) -> str:
    """The values of one row of a field history, as JSON."""
    kind = "Double" if isinstance(new if new is not None else old, float | int) else "Text"
    body = {
        f"{sobject}Id": id,
        "Field": _HISTORY_NAME.get(name, name),
        "DataType": "Boolean" if isinstance(new, bool) else kind,
        "OldValue": old,
        "NewValue": new,
        "CreatedById": user_id,
    }
    return orjson.dumps({k: v for k, v in body.items() if v is not None}).decode()


def snapshot(id: str, values: Json, user_id: str) -> str:
    """The values of one row of the stage history, as JSON."""
    names = (*_SNAPSHOT, "ExpectedRevenue", "ForecastCategory", "CurrencyIsoCode")
    body = {"OpportunityId": id, **{n: values.get(n) for n in names}, "CreatedById": user_id}
    return orjson.dumps({k: v for k, v in body.items() if v is not None}).decode()


def _snapshot(org: Org, id: str, values: Json, now: int, user_id: str) -> None:
    sql = (
        "SELECT id FROM records WHERE vendor = 'salesforce' AND object = 'OpportunityHistory' AND "
        "json_extract(properties, '$.OpportunityId') = ? ORDER BY seq DESC LIMIT 1"
    )
    for (last,) in org.store.rows(sql, (id,)):
        # The row that is no longer the latest is stamped anew: it has learnt until when it held.
        held = org.record("OpportunityHistory", last)
        if held is not None:
            org.store.update(VENDOR, "OpportunityHistory", held._replace(modified=now))
    number = org.new_ids("OpportunityHistory")
    made = Record(ids.make("OpportunityHistory", number), number, snapshot(id, values, user_id), now, now)
    org.store.insert(VENDOR, "OpportunityHistory", [made])
