"""HubSpot's marketing campaigns: GUIDs, no filter by date, contacts by the way a campaign touched them."""

from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.api import Call, Result, answer, missing_scopes
from sales_consultant.sandbox.hubspot.objects import not_found
from sales_consultant.sandbox.hubspot.portal import VENDOR, Kind, bad, missing
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
OBJECT = "campaigns"
TOUCHES = ("contactFirstTouch", "contactLastTouch", "influencedContacts")
# developers.hubspot.com, Campaigns: inputs of a batch.
MAX_BATCH = 50
_KIND = Kind(OBJECT, "campaign", "0-35", "Campaign", ("hs_name",), (), "campaigns")


def _marketing(call: Call) -> None:
    if not call.portal.options["marketing"]:
        raise missing_scopes(["marketing.campaigns.read"])


def _shown(record: Record, names: list[str]) -> Json:
    values = record.values()
    return {
        "id": record.id,
        "businessUnits": [],
        "createdAt": iso(record.created),
        "updatedAt": iso(record.modified),
        "properties": {n: values[n] for n in names or ["hs_name"] if n in values},
    }


def list_page(call: Call) -> Result:
    """GET campaigns."""
    _marketing(call)
    limit = call.whole("limit", 50, 100)
    after = call.text("after", "0")
    if not after.isdigit():
        raise bad(f"Invalid value for after: {after}")
    rows = call.portal.store.page(VENDOR, OBJECT, after=int(after), limit=limit + 1)
    wanted = call.text("name").lower()
    shown = [
        _shown(r, call.texts("properties"))
        for r in rows[:limit]
        if wanted in (r.values().get("hs_name") or "").lower()
    ]
    total = call.portal.store.count(VENDOR, OBJECT)
    body: Json = {"total": total, "results": shown}
    if len(rows) > limit:
        body["paging"] = {"next": {"after": str(rows[limit].seq), "link": call.link(str(rows[limit].seq))}}
    return 200, body


def _campaign_of(call: Call) -> Record:
    _marketing(call)
    found = call.portal.store.get(VENDOR, OBJECT, call.param("campaign"))
    if found is None:
        raise missing(f"campaign {call.param('campaign')} does not exist")
    return found


def get(call: Call) -> Result:
    """GET one campaign."""
    return 200, _shown(_campaign_of(call), call.texts("properties"))


def batch_read(call: Call) -> Result:
    """POST GUIDs; the same one twice is read once."""
    _marketing(call)
    started = call.portal.clock.now_ms()
    ids = list(dict.fromkeys(str(i.get("id")) for i in call.inputs(MAX_BATCH)))
    held = call.portal.store.get_many(VENDOR, OBJECT, ids)
    results = [{**_shown(r, call.texts("properties")), "assets": {}} for r in held.values()]
    return answer(call, results, not_found(_KIND, (i for i in ids if i not in held)), started)


def contacts(call: Call) -> Result:
    """GET the ids of the contacts that a campaign touched in one of three ways."""
    campaign = _campaign_of(call)
    touch = call.param("touch")
    if touch not in TOUCHES:
        raise bad(f"contact type {touch} is not one of {', '.join(TOUCHES)}")
    limit = call.whole("limit", 100, 100)
    sql = (
        "SELECT to_id FROM associations WHERE vendor = ? AND from_object = ? AND from_id = ? "
        "AND to_object = 'contacts' AND label = ? ORDER BY CAST(to_id AS INTEGER) LIMIT ? OFFSET ?"
    )
    after = call.text("after", "0")
    if not after.isdigit():
        raise bad(f"Invalid value for after: {after}")
    rows = call.portal.store.rows(sql, (VENDOR, OBJECT, campaign.id, touch, limit + 1, int(after)))
    body: Json = {"results": [{"id": r[0]} for r in rows[:limit]]}
    if len(rows) > limit:
        end = str(int(after) + limit)
        body["paging"] = {"next": {"after": end, "link": call.link(end)}}
    return 200, body
