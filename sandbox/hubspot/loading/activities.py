"""Activities, campaigns, further links and histories of a data folder.

HubSpot keeps forms, visits and marketing e-mails as analytics of a contact, not as records; so that their time is not
lost they become `communications` with a channel type of their own, as chats do.
"""

import uuid
from collections import defaultdict
from html import escape

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.data_folder import field_name, infer
from sales_consultant.sandbox.data_folder.types import CustomField
from sales_consultant.sandbox.hubspot.loading.loading import KIND_OF_TABLE, Draft, Loader, Row, from_text
from sales_consultant.sandbox.hubspot.portal import ACTIVITIES, KINDS, VENDOR, Kind
from sales_consultant.sandbox.hubspot.records import dumps
from sales_consultant.sandbox.store import Link, Record

_KIND = {
    "call": "calls",
    "email": "emails",
    "meeting": "meetings",
    "note": "notes",
    "task": "tasks",
}
CHANNELS = {
    "chat": "CUSTOM_CHANNEL_CONVERSATION",
    "form": "FORM_SUBMISSION",
    "visit": "WEBSITE_VISIT",
    "marketing_email": "MARKETING_EMAIL",
}
# HubSpot's own ids of call outcomes, the same in every account (developers.hubspot.com, Calls).
_DISPOSITIONS = {
    "connected": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
    "busy": "9d9162e7-6cf3-4944-bf63-4dff82258764",
    "leftlivemessage": "a4c4c377-d246-4b32-a13b-75a56a4cd0ff",
    "leftvoicemail": "b2cf5968-551e-4856-9783-52b3da59a7d0",
    "voicemail": "b2cf5968-551e-4856-9783-52b3da59a7d0",
    "noanswer": "73a0d17f-1163-4015-bdd5-ec830791da20",
    "wrongnumber": "17b47fee-58de-441e-a44c-c6300d46f273",
}
# The data folder knows no end of a meeting: half an hour is a guess.
_HALF_HOUR = 1_800_000


def load_activities(loader: Loader) -> None:
    """Activities by the object type of their kind, linked to contact, deal and company."""
    table = loader.folder["activities"]
    custom = {name: loader.define(table, KINDS[name]) for name in ACTIVITIES} if table.custom else {}
    by_kind: dict[str, list[Draft]] = defaultdict(list)
    drafts: list[tuple[Draft, Row]] = []
    for row in table:
        kind = KINDS[_KIND.get(row["type"], "communications")]
        occurred, created = row.get("occurred_at"), row.get("created_at")
        if created is None:
            created = loader.epoch if occurred is None else min(occurred, max(loader.now, loader.epoch))
        occurred = created if occurred is None else occurred
        values = {
            "hs_timestamp": iso(occurred),
            "hubspot_owner_id": loader.owner(row),
            "hs_object_source": "AUTOMATION_PLATFORM" if row.get("automated") else "CRM_UI",
            **_values(loader, kind, row, occurred),
            **loader.custom(row, custom.get(kind.name, {})),
        }
        draft = Draft(kind, row["id"], created, values)
        by_kind[kind.name].append(draft)
        drafts.append((draft, row))
    for name, mine in by_kind.items():
        loader.save(name, mine)
    counts: dict[int, tuple[Draft, list[tuple[int, str]]]] = {}
    for draft, source in drafts:
        ends = {
            id(e): e
            for e in (
                loader.draft("contacts", source.get("contact_id")),
                loader.draft("leads", source.get("lead_id")),
                loader.draft("companies", source.get("company_id")),
                loader.draft("deals", source.get("deal_id")),
            )
            if e is not None
        }
        for end in ends.values():
            loader.link(draft, end, draft.created)
            occurred = source.get("occurred_at")
            when = draft.created if occurred is None else int(occurred)
            counts.setdefault(id(end), (end, []))[1].append((when, draft.kind.name))
    _rollups(loader, counts)
    for name, mine in by_kind.items():
        loader.write(name, mine)


def _rollups(loader: Loader, counts: dict[int, tuple[Draft, list[tuple[int, str]]]]) -> None:
    for end, times in counts.values():
        past = [at for at, _ in times if at <= loader.now]
        talks = [
            at
            for at, k in times
            if at <= loader.now and k in ("calls", "emails", "meetings", "communications")
        ]
        planned = [at for at, _ in times if at > loader.now]
        end.values["num_notes"] = str(len(times))
        end.values["notes_last_updated"] = iso(max(past)) if past else None
        end.values["notes_last_contacted"] = iso(max(talks)) if talks else None
        end.values["notes_next_activity_date"] = iso(min(planned)) if planned else None


def _option(kind: Kind, name: str, loader: Loader, text: str | None, default: str | None) -> str | None:
    """An option of a property for a word of the folder, spelt as HubSpot spells it; a new one where there is none."""
    if not text:
        return default
    word = text.strip().upper().replace(" ", "_").replace("-", "_")
    held = {o["value"] for o in loader.portal.definitions(kind)[name]["options"]}
    if word not in held:
        loader.options(kind, name, [word])
    return word


def _values(loader: Loader, kind: Kind, row: Row, occurred: int) -> dict[str, str | None]:
    subject, body = row.get("subject"), row.get("body")
    inbound = row.get("direction") == "inbound"
    done = occurred <= loader.now
    word = row.get("status") or row.get("outcome")
    match kind.name:
        case "calls":
            key = (row.get("outcome") or "").lower().replace(" ", "").replace("_", "").replace("-", "")
            disposition = _DISPOSITIONS.get(key)
            if key and disposition is None:
                loader.options(kind, "hs_call_disposition", [row["outcome"]])
                disposition = row["outcome"]
            return {
                "hs_call_title": subject,
                "hs_call_body": body,
                "hs_call_direction": "INBOUND" if inbound else "OUTBOUND",
                "hs_call_status": _option(
                    kind, "hs_call_status", loader, row.get("status"), "COMPLETED" if done else "QUEUED"
                ),
                "hs_call_disposition": disposition,
            }
        case "emails":
            return {
                "hs_email_subject": subject,
                "hs_email_text": body,
                "hs_email_html": _html(body),
                "hs_email_direction": "INCOMING_EMAIL" if inbound else "EMAIL",
                "hs_email_status": _option(
                    kind, "hs_email_status", loader, row.get("status"), "SENT" if done else "SCHEDULED"
                ),
            }
        case "meetings":
            return {
                "hs_meeting_title": subject,
                "hs_meeting_body": body,
                "hs_meeting_start_time": iso(occurred),
                "hs_meeting_end_time": iso(occurred + _HALF_HOUR),
                "hs_meeting_outcome": _option(
                    kind, "hs_meeting_outcome", loader, word, "COMPLETED" if done else "SCHEDULED"
                ),
            }
        case "notes":
            return {"hs_note_body": "\n".join(t for t in (subject, body) if t) or None}
        case "tasks":
            return {
                "hs_task_subject": subject,
                "hs_task_body": body,
                "hs_task_status": _option(
                    kind, "hs_task_status", loader, word, "COMPLETED" if done else "NOT_STARTED"
                ),
                "hs_task_type": "TODO",
            }
    return {
        "hs_communication_channel_type": CHANNELS[row["type"]],
        "hs_communication_logged_from": "CRM",
        "hs_communication_body": "\n".join(t for t in (subject, body) if t) or None,
    }


def _html(body: str | None) -> str | None:
    """The text of an e-mail as mail programs send it beside the plain one: a paragraph a block, markup escaped."""
    if not body:
        return None
    blocks = (escape(block, quote=False).replace("\n", "<br>") for block in body.split("\n\n"))
    return "".join(f"<p>{block}</p>" for block in blocks)


def load_campaigns(loader: Loader) -> None:
    """Campaigns and the contacts they touched: every member is influenced, its first and last campaign say so."""
    store, at = loader.portal.store, loader.epoch
    guids, records = {}, []
    for n, row in enumerate(loader.folder["campaigns"], start=1):
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"campaign:{row['id']}"))
        guids[row["id"]] = guid
        values = {
            "hs_name": row.get("name"),
            "hs_campaign_type": row.get("type"),
            "hs_start_date": iso(row["start_at"])[:10] if row.get("start_at") is not None else None,
            "hs_end_date": iso(row["end_at"])[:10] if row.get("end_at") is not None else None,
            "hs_budget_items_sum_amount": str(row["cost"]) if row.get("cost") is not None else None,
            "hs_currency_code": row.get("currency"),
            "external_id": row["id"],
        }
        created = row.get("start_at")
        created = at if created is None else min(created, max(loader.now, at))
        records.append(Record(guid, n, dumps(values), created, created))
    store.insert(VENDOR, "campaigns", records)
    touches: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in loader.folder["campaign_members"]:
        person = loader.draft("contacts", row.get("contact_id")) or loader.draft("leads", row.get("lead_id"))
        if person is not None:
            when = row.get("responded_at")
            touches[person.id].append((at if when is None else when, guids[row["campaign_id"]]))
    for contact, times in touches.items():
        times.sort()
        listed = [(t, g, "influencedContacts") for t, g in times]
        listed += [(*times[0], "contactFirstTouch"), (*times[-1], "contactLastTouch")]
        loader.links += [
            Link("campaigns", guid, "contacts", contact, touch, 0, touch, when)
            for when, guid, touch in listed
        ]


def load_links(loader: Loader) -> None:
    """The folder's further associations, of the default type."""
    for row in loader.folder["associations"]:
        ends = [loader.draft(row[f"{end}_object"], row[f"{end}_id"]) for end in ("from", "to")]
        at = row.get("created_at")
        made = max((e.created for e in ends if e is not None), default=loader.epoch)
        loader.link(ends[0], ends[1], made if at is None else at)


def load_histories(loader: Loader) -> None:
    """Histories of single columns; the file shows values as of now, so the last entry is where they come from."""
    grouped: dict[tuple[str, str, str], list[tuple[int, str | None]]] = defaultdict(list)
    for row in loader.folder["field_history"]:
        grouped[row["object"], row["field"], row["record_id"]].append((row["changed_at"], row.get("value")))
    unknown: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for (table, column, _), entries in grouped.items():
        if column not in loader.columns.get(table, {}) and table in KIND_OF_TABLE:
            unknown[table, column] += [v for _, v in entries]
    for (table, column), values in unknown.items():
        type, options, _ = infer(values)
        custom = CustomField(column, field_name(column), type, options)
        loader.columns.setdefault(table, {})[column] = loader.property_for(
            KINDS[KIND_OF_TABLE[table]], custom
        )
    # A contact that was a lead has both rows' histories: the lead's up to the conversion, then its own.
    of_draft: dict[tuple[int, str], tuple[Draft, list[tuple[int, str | None]]]] = {}
    for (table, column, external), entries in grouped.items():
        draft = loader.draft(table, external)
        if draft is not None:
            name = loader.columns[table][column]
            of_draft.setdefault((id(draft), name), (draft, []))[1].extend(entries)
    for (_, name), (draft, entries) in of_draft.items():
        definition = loader.portal.definitions(draft.kind)[name]
        texts = [
            (
                at,
                loader.owners.get(v or "")
                if name == "hubspot_owner_id"
                else from_text(definition["type"], v),
            )
            for at, v in entries
        ]
        loader.options(draft.kind, name, [v for _, v in texts if v is not None])
        current = draft.values.get(name)
        begins = min(at for at, _ in texts)
        draft.since(name, [*(e for e in draft.history.get(name, ()) if e[0] < begins), *texts])
        if current is not None and draft.values[name] != current:
            last = draft.history[name][-1][0]
            draft.history[name].append((last, current))
            draft.values[name] = current
