"""Activities and campaigns of a data folder.

A meeting is an event, everything else a task. Whether an e-mail came in is not on the task: Salesforce keeps it on the
EmailMessage that the task belongs to. Calls have their direction on the task.
"""

from typing import Any

from sales_consultant.sandbox.salesforce.loading.loading import Draft, Loader, Row, day
from sales_consultant.sandbox.salesforce.org import stamp

Json = dict[str, Any]
# The data folder knows no end of a meeting: half an hour is a guess.
_HALF_HOUR = 1_800_000
_DONE = ("completed", "done", "sent", "held", "connected", "")
_STATUS = {
    "notstarted": "Not Started", "planned": "Not Started", "scheduled": "Not Started", "open": "Not Started",
    "inprogress": "In Progress", "waiting": "Waiting on someone else", "deferred": "Deferred",
}  # fmt: skip
_TITLE = {"call": "Call", "email": "Email", "meeting": "Meeting"}
_EMAIL_SENT, _EMAIL_NEW = "3", "0"


def load_activities(loader: Loader) -> None:
    """Tasks, events and e-mail messages."""
    table = loader.folder["activities"]
    named = loader.define(table, "Task", "Event") if table.rows else {}
    events: list[Draft] = []
    tasks: list[Draft] = []
    mails: list[tuple[Draft, Row, int]] = []
    last: dict[str, str] = {}
    for row in table:
        occurred, created = row.get("occurred_at"), row.get("created_at")
        made = loader.time(created) if created is not None else loader.epoch
        if created is None and occurred is not None:
            made = min(loader.time(occurred), max(loader.now, loader.epoch))
        at = made if occurred is None else loader.time(occurred)
        values = {**_common(loader, row), **loader.custom(row, named)}
        values |= _event(at, row) if row["type"] == "meeting" else _task(loader, at, row)
        draft = Draft(row["id"], made, values)
        (events if row["type"] == "meeting" else tasks).append(draft)
        if row["type"] == "email":
            mails.append((draft, row, at))
        if at <= loader.now:
            for id in (values.get("WhoId"), values.get("WhatId"), values.get("AccountId")):
                if id:
                    last[id] = max(last.get(id, ""), day(at))
    for sobject, drafts in (("Event", events), ("Task", tasks)):
        loader.number(sobject, drafts)
        loader.write(sobject, drafts)
        loader.org.add_options(
            sobject, "Type", sorted({d.values["Type"] for d in drafts if d.values.get("Type")})
        )
    loader.add("EmailMessage", [_mail(*m) for m in mails])
    for name in ("companies", "contacts", "leads", "deals"):
        for draft in loader.drafts.get(name, {}).values():
            draft.values["LastActivityDate"] = last.get(draft.id)


def _common(loader: Loader, row: Row) -> Json:
    contact = loader.drafts["contacts"].get(row.get("contact_id") or "")
    lead = loader.drafts["leads"].get(row.get("lead_id") or "")
    # Converting a lead hands its activities over to the contact that it became.
    became = lead.values.get("ConvertedContactId") if lead else None
    deal = loader.drafts["deals"].get(row.get("deal_id") or "")
    company = loader.id("companies", row.get("company_id"))
    accounts = (
        company,
        deal.values.get("AccountId") if deal else None,
        contact.values.get("AccountId") if contact else None,
        lead.values.get("ConvertedAccountId") if lead else None,
    )
    return {
        "WhoId": contact.id if contact else became or (lead.id if lead else None),
        "WhatId": deal.id if deal else company,
        "AccountId": next((a for a in accounts if a), None),
        "OwnerId": loader.owner(row),
        "Subject": (
            row.get("subject") or _TITLE.get(row["type"]) or row["type"].replace("_", " ").capitalize()
        )[:255],
        "Description": row.get("body"),
        "external_id__c": row["id"],
    }


def _event(at: int, row: Row) -> Json:
    return {
        "StartDateTime": stamp(at),
        "ActivityDateTime": stamp(at),
        "EndDateTime": stamp(at + _HALF_HOUR),
        "ActivityDate": day(at),
        "DurationInMinutes": 30,
        "IsAllDayEvent": False,
        "EventSubtype": "Event",
        "Type": "Meeting",
        "ShowAs": "Busy",
    }


def _task(loader: Loader, at: int, row: Row) -> Json:
    kind = row["type"]
    word = (row.get("status") or "").lower().replace(" ", "").replace("_", "")
    done = word in _DONE and at <= loader.now
    subtype = {"call": "Call", "email": "Email", "marketing_email": "ListEmail"}.get(kind, "Task")
    if kind == "email" and row.get("automated"):
        subtype = "ListEmail"
    direction = {"inbound": "Inbound", "outbound": "Outbound"}.get(row.get("direction") or "")
    return {
        "ActivityDate": day(at),
        "Status": "Completed" if done else _STATUS.get(word, "Not Started"),
        "Priority": "Normal",
        "IsClosed": done,
        "CompletedDateTime": stamp(at) if done else None,
        "TaskSubtype": subtype,
        "Type": None if kind == "task" else _TITLE.get(kind, kind),
        "CallType": direction if kind == "call" else None,
        "CallDisposition": row.get("outcome") if kind == "call" else None,
    }


def _mail(draft: Draft, row: Row, at: int) -> tuple[int, int, Json]:
    incoming = row.get("direction") == "inbound"
    body = {
        "ActivityId": draft.id,
        "RelatedToId": draft.values.get("WhatId"),
        "Subject": draft.values["Subject"],
        "TextBody": row.get("body"),
        "Incoming": incoming,
        "Status": _EMAIL_NEW if incoming else _EMAIL_SENT,
        "MessageDate": stamp(at),
        "IsExternallyVisible": False,
        "CreatedById": draft.values["OwnerId"],
    }
    return draft.created, draft.created, body


def load_campaigns(loader: Loader) -> None:
    """Campaigns and their members."""
    table = loader.folder["campaigns"]
    named = loader.define(table, "Campaign")
    drafts = {}
    for row in table:
        start, end = row.get("start_at"), row.get("end_at")
        created = loader.epoch if start is None else min(loader.time(start), max(loader.now, loader.epoch))
        values = {
            "Name": (row.get("name") or row["id"])[:80],
            "Type": row.get("type"),
            "Status": "Completed" if end is not None and end <= loader.now else "In Progress",
            "StartDate": None if start is None else day(int(start)),
            "EndDate": None if end is None else day(int(end)),
            "ActualCost": None if row.get("cost") is None else round(float(row["cost"])),
            "IsActive": end is None or end > loader.now,
            "OwnerId": loader.admin,
            "external_id__c": row["id"],
            **loader.custom(row, named),
        }
        if loader.org.feature("currencies"):
            values["CurrencyIsoCode"] = row.get("currency") or loader.org.details["currency"]
        drafts[row["id"]] = Draft(row["id"], created, values)
    loader.drafts["campaigns"] = drafts
    loader.number("Campaign", list(drafts.values()))
    loader.write("Campaign", drafts.values())
    loader.org.add_options("Campaign", "Type", sorted({r["type"] for r in table if r.get("type")}))
    members = []
    for row in loader.folder["campaign_members"]:
        person = loader.drafts["contacts"].get(row.get("contact_id") or "") or loader.drafts["leads"].get(
            row.get("lead_id") or ""
        )
        if person is None:
            continue
        campaign = loader.drafts["campaigns"][row["campaign_id"]]
        responded = row.get("responded_at")
        # A member cannot be older than the person or the campaign.
        at = max(person.created, campaign.created) if responded is None else loader.time(responded)
        body = {
            "CampaignId": campaign.id,
            "ContactId": person.id if person.id.startswith("003") else None,
            "LeadId": person.id if person.id.startswith("00Q") else None,
            "Status": row.get("status") or ("Responded" if responded is not None else "Sent"),
            "HasResponded": responded is not None,
            "FirstRespondedDate": None if responded is None else day(int(responded)),
        }
        members.append((at, at, body))
    loader.add("CampaignMember", sorted(members, key=lambda m: m[0]))
    statuses = {str(b["Status"]) for _, _, b in members}
    loader.org.add_options(
        "CampaignMember", "Status", ["Sent", "Responded", *sorted(statuses - {"Sent", "Responded"})]
    )
