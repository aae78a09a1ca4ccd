"""What happens to records outside the API: merges, conversions, purges, transactions that commit late."""

from typing import Any

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.org import OBJECTS, VENDOR, ApiError, Org, ids, stamp
from sales_consultant.sandbox.salesforce.records import effects, writing
from sales_consultant.sandbox.store import Record
from sales_consultant.sandbox.world import ControlError

Json = dict[str, Any]
MERGED = ("Lead", "Contact", "Account")


def _record(org: Org, sobject: str, id: Any) -> Record:
    found = org.record(sobject, ids.full(id) or "")
    if found is None or found.archived:
        raise ControlError(f"there is no live {sobject} {id!r}")
    return found


def kind(id: Any) -> str:
    """The object that an id is of. Raises ControlError."""
    for name in OBJECTS:
        if ids.PREFIXES[name] == str(id)[:3]:
            return name
    raise ControlError(f"{id!r} is no record's id")


def merge(org: Org, body: Json) -> Json:
    """{master, losers}: the losers go to the recycle bin under the master's id, what pointed to them points to it."""
    sobject = kind(body["master"])
    if sobject not in MERGED:
        raise ControlError(f"only {', '.join(MERGED)} can be merged")
    master = _record(org, sobject, body["master"])
    losers = [_record(org, sobject, i) for i in body["losers"]]
    if any(r.id == master.id for r in losers):
        raise ControlError("a record cannot be merged into itself")
    moved = 0
    with org.store.transaction():
        values = master.values()
        for loser in losers:
            # The master's empty fields are filled from the losers.
            values = {**loser.values(), **values, "external_id__c": values.get("external_id__c")}
            moved += _reparent(org, sobject, loser.id, master.id)
            writing.bin(org, sobject, loser, {"MasterRecordId": master.id})
        writing.save(org, sobject, master, values, org.details["integration_user"])
    return {"master": master.id, "losers": [r.id for r in losers], "moved": moved}


def _reparent(org: Org, sobject: str, old: str, new: str) -> int:
    moved = 0
    for child in org.sobjects():
        for f in child.fields.values():
            if (
                sobject not in f.targets
                or f.name == "MasterRecordId"
                or child.setup
                or f.name.startswith("Converted")
            ):
                continue
            history = child.name.endswith("History")
            for record in writing.pointing(org, child.name, f.name, old):
                values = {**record.values(), f.name: new}
                modified = record.modified if history else org.now()
                org.store.update(
                    VENDOR, child.name, record._replace(properties=writing.dumps(values), modified=modified)
                )
                moved += 1
    return moved


def convert(org: Org, body: Json) -> Json:
    """{lead, account?, contact?, opportunity?: name or false}: what is not named is made from the lead."""
    access = Access.of(org, org.details["integration_user"])
    lead = _record(org, "Lead", body["lead"])
    values = lead.values()
    if values.get("IsConverted"):
        raise ControlError("the lead is converted already")
    owner = {"OwnerId": values["OwnerId"]}
    try:
        with org.store.transaction():
            account = body.get("account") or writing.insert(
                access, OBJECTS["Account"], {"Name": values["Company"], **owner}
            )
            person = {
                n: values.get(n) for n in ("FirstName", "LastName", "Email", "Title", "LeadSource", "Phone")
            }
            contact = body.get("contact") or writing.insert(
                access, OBJECTS["Contact"], {**person, "AccountId": account, **owner}
            )
            deal = None
            if body.get("opportunity") is not False:
                name = body.get("opportunity") or f"{values['Company']}-"
                stage = next(n for n, s in org.stages().items() if not s["IsClosed"])
                # A guess of the sandbox's: a new deal needs a close date, and a conversion names none.
                close = stamp(org.now() + 90 * DAY_MS)[:10]
                deal = writing.insert(
                    access, OBJECTS["Opportunity"],
                    {"Name": name, "StageName": stage, "CloseDate": close, "AccountId": account, **owner},
                )  # fmt: skip
                role = {"OpportunityId": deal, "ContactId": contact, "IsPrimary": True}
                writing.insert(access, OBJECTS["OpportunityContactRole"], role)
            _reparent_activities(org, lead.id, contact)
            status = body.get("status") or "Closed - Converted"
            after = {
                **values, "IsConverted": True, "Status": status, "ConvertedDate": stamp(org.now())[:10],
                "ConvertedAccountId": account, "ConvertedContactId": contact, "ConvertedOpportunityId": deal,
            }  # fmt: skip
            writing.save(org, "Lead", lead, after, access.user_id)
            number = org.new_ids("LeadHistory")
            text = effects.change("Lead", lead.id, "leadConverted", None, None, access.user_id)
            made = Record(ids.make("LeadHistory", number), number, text, org.now(), org.now())
            org.store.insert(VENDOR, "LeadHistory", [made])
    except ApiError as e:
        raise ControlError(str(e)) from e
    return {"account": account, "contact": contact, "opportunity": deal}


def _reparent_activities(org: Org, lead: str, contact: str) -> None:
    for child in ("Task", "Event"):
        for record in writing.pointing(org, child, "WhoId", lead):
            values = {**record.values(), "WhoId": contact}
            values["AccountId"] = effects.account_of(org, values)
            org.store.update(
                VENDOR, child, record._replace(properties=writing.dumps(values), modified=org.now())
            )


def purge(org: Org, body: Json) -> Json:
    """{object?}: empty the recycle bin; the ids are left to `deleted` only. {ids}: remove these for good, deleted or not."""
    purged = 0
    with org.store.transaction():
        chosen = [ids.full(i) or "" for i in body.get("ids") or ()]
        for sobject in org.sobjects():
            if body.get("object") not in (None, sobject.name):
                continue
            if chosen:
                found = list(org.store.get_many(VENDOR, sobject.name, chosen).values())
            else:
                found = list(org.store.each(VENDOR, sobject.name, archived=True))
            for record in found:
                org.store.delete(VENDOR, sobject.name, record.id)
                org.store.put(
                    VENDOR, "purged", sobject.name, record.id, {"at": record.archived_at or org.now()}
                )
                purged += 1
    return {"purged": purged}


def late(org: Org, body: Json) -> Json:
    """{object, values, id?, seconds}: a transaction that began `seconds` ago commits now, stamped with its beginning."""
    sobject = OBJECTS.get(body["object"])
    if sobject is None:
        raise ControlError(f"there is no object {body['object']!r}")
    access = Access.of(org, org.details["integration_user"])
    at = org.now() - int(float(body.get("seconds", 300)) * 1000)
    try:
        with org.store.transaction():
            if body.get("id"):
                id = writing.update(access, sobject, body["id"], body["values"])
            else:
                id = writing.insert(access, sobject, body["values"])
            made = org.record(sobject.name, id)
            assert made is not None
            created = made.created if body.get("id") else at
            org.store.update(VENDOR, sobject.name, made._replace(created=created, modified=max(created, at)))
    except ApiError as e:
        raise ControlError(str(e)) from e
    return {"id": id, "SystemModstamp": stamp(at)}


def formula(org: Org, body: Json) -> Json:
    """{field: "Contact.X__c", values: {id: value}}: a formula's result changes, and no stamp with it."""
    table, _, name = str(body["field"]).partition(".")
    if table not in OBJECTS or name not in org.fields(table) or not org.fields(table)[name].formula:
        raise ControlError(f"{body['field']!r} is no formula field")
    with org.store.transaction():
        for id, value in body["values"].items():
            record = _record(org, table, id)
            values = {**record.values(), name: value}
            org.store.update(VENDOR, table, record._replace(properties=writing.dumps(values)))
    return {"changed": len(body["values"])}
