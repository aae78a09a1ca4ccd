"""Activities, campaigns and the history of fields of the saas company."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sales_consultant.demo.company import Columns, Row, iso
from sales_consultant.demo.saas.people import CONVERTED, STATUS, Contact
from sales_consultant.demo.saas.story import Story
from sales_consultant.demo.saas.texts import Text

ACTIVITIES: Columns = {
    "id": "text",
    "type": "text",
    "direction": "text",
    "status": "text",
    "occurred_at": "text",
    "created_at": "text",
    "contact_id": "text",
    "lead_id": "text",
    "deal_id": "text",
    "company_id": "text",
    "owner_id": "text",
    "subject": "text",
    "body": "text",
    "outcome": "text",
}
CAMPAIGNS = ("id", "name", "type", "start_at", "end_at")
MEMBERS: Columns = {
    "id": "text",
    "campaign_id": "text",
    "contact_id": "text",
    "lead_id": "text",
    "status": "text",
    "responded_at": "text",
}
FIELD_HISTORY: Columns = {
    "object": "text",
    "record_id": "text",
    "field": "text",
    "value": "text",
    "changed_at": "text",
}

_KINDS = {
    "call": ("call", "Call"),
    "email": ("email", "E-mail"),
    "meeting": ("meeting", "Meeting"),
    "demo": ("meeting", "Product demo"),
}
_CAMPAIGNS = {"webinar": ("Webinar", "Attended"), "content_download": ("Download", "Downloaded")}


def _target(story: Story, at: int) -> dict[str, str | None]:
    """What an activity hung on: the lead until it converted, from then on the contact, its company and the deal."""
    if story.deal is None or at < story.deal.begun:
        return {"lead_id": story.id}
    return {
        "contact_id": story.lead["contact_id"],
        "deal_id": story.deal.id,
        "company_id": story.lead["account_id"],
    }


def activity_rows(stories: list[Story], said: Mapping[str, Text]) -> list[Row]:
    """Calls, e-mails and meetings, oldest first; a demo is a meeting. All were logged when they happened.

    `said` has the invented subject and body of each activity by its id; an empty subject leaves the CRM's word for the kind.
    """
    dated: list[tuple[int, str, Row]] = []
    for story in stories:
        for at, row in story.activities:
            kind, subject = _KINDS[row["activity_type"]]
            dated.append(
                (
                    at,
                    row["activity_id"],
                    {
                        "type": kind,
                        "direction": None if kind == "meeting" else "outbound",
                        "owner_id": row["rep_id"],
                        "subject": subject,
                        "outcome": row["activity_outcome"],
                        **_target(story, at),
                    },
                )
            )
        for at, row in story.touches:
            if row["touch_type"] in ("call", "email"):
                kind, subject = _KINDS[row["touch_type"]]
                dated.append(
                    (
                        at,
                        row["touch_id"],
                        {
                            "type": kind,
                            "direction": row["touch_direction"],
                            "owner_id": story.lead["owner_rep_id"],
                            "subject": f"{row['touch_direction'].capitalize()} {subject.lower()}",
                            **_target(story, at),
                        },
                    )
                )
    return [
        {
            "id": id,
            "status": "completed",
            "occurred_at": iso(at),
            "created_at": iso(at),
            **row,
            **_said(said[id]),
        }
        for at, id, row in sorted(dated, key=lambda item: item[:2])
    ]


def _said(text: Text) -> Row:
    subject, body = text
    return {"subject": subject, "body": body} if subject else {"body": body}


def campaign_rows(stories: list[Story], clock: int) -> tuple[list[Row], list[Row]]:
    """(campaigns, members): one campaign a week and kind; a person who came twice in a week is one member.

    The simulation names no campaign: the week says nothing but when.
    """
    campaigns: dict[str, Row] = {}
    members: dict[tuple[str, str], Row] = {}
    touches = sorted(
        (
            (at, row["touch_id"], story, row["touch_type"])
            for story in stories
            for at, row in story.touches
            if row["touch_type"] in _CAMPAIGNS
        ),
        key=lambda item: item[:2],
    )
    for at, id, story, kind in touches:
        moment = datetime.fromtimestamp(at, UTC)
        monday = moment.replace(hour=0, minute=0, second=0) - timedelta(days=moment.weekday())
        campaign = f"{kind}_{monday:%Y%m%d}"
        name, status = _CAMPAIGNS[kind]
        start = int(monday.timestamp())
        campaigns.setdefault(
            campaign,
            {
                "id": campaign,
                "name": f"{name}, week of {monday:%d %B %Y}",
                "type": name,
                "start_at": iso(start),
                "end_at": iso(end) if (end := start + 7 * 86400 - 1) <= clock else None,
            },
        )
        target = _target(story, at)
        members.setdefault(
            (campaign, story.lead["contact_id"]),
            {
                "id": id,
                "campaign_id": campaign,
                "contact_id": target.get("contact_id"),
                "lead_id": target.get("lead_id"),
                "status": status,
                "responded_at": iso(at),
            },
        )
    return [campaigns[id] for id in sorted(campaigns)], list(members.values())


class Views:
    """Page views of each person, over all of their visits, as a tracker on the web site counts them."""

    def __init__(self, people: dict[str, list[Story]]) -> None:
        self._at: dict[str, list[int]] = {}
        self._sums: dict[str, list[tuple[int, int]]] = {}
        for person, stories in people.items():
            visits = sorted(
                ((at, row) for story in stories for at, row in story.sessions),
                key=lambda visit: (visit[0], visit[1]["session_id"]),
            )
            pages = pricing = 0
            sums = [(0, 0)]
            for _, row in visits:
                pages, pricing = pages + row["page_views"], pricing + row["pricing_page_views"]
                sums.append((pages, pricing))
            self._at[person], self._sums[person] = [at for at, _ in visits], sums

    def until(self, person: str, at: int) -> tuple[int, int]:
        """(page views, pricing page views) up to and with a moment."""
        return self._sums[person][bisect_right(self._at[person], at)]

    def changes(self, person: str, since: int, until: int) -> list[tuple[int, tuple[int, int]]]:
        """The counts at `since` and after every visit up to `until`."""
        later = sorted({at for at in self._at[person] if since < at <= until})
        return [(at, self.until(person, at)) for at in [since, *later]]


def history_rows(stories: list[Story], contacts: dict[str, Contact], views: Views, clock: int) -> list[Row]:
    """History of page views, status and lifecycle stage, from each record's first value on."""
    rows: list[Row] = []

    def add(object: str, id: str, field: str, changes: list[tuple[int, str]]) -> None:
        last = None
        for at, value in changes:
            if value != last:
                rows.append(
                    {
                        "object": object,
                        "record_id": id,
                        "field": field,
                        "value": value,
                        "changed_at": iso(at),
                    }
                )
            last = value

    def add_views(object: str, id: str, person: str, since: int, until: int) -> None:
        changes = views.changes(person, since, until)
        for place, field in enumerate(("page_views", "pricing_page_views")):
            add(object, id, field, [(at, str(counts[place])) for at, counts in changes])

    for story in stories:
        status = [(at, STATUS[stage]) for at, stage in story.stages]
        if story.deal:
            status.append((story.deal.begun, CONVERTED))
        add("leads", story.id, "status", status)
        add_views("leads", story.id, story.lead["contact_id"], story.created, story.converted or clock)
    for id, contact in contacts.items():
        stage = [(contact.since, "opportunity")]
        if contact.customer is not None:
            stage.append((contact.customer, "customer"))
        add("contacts", id, "lifecycle_stage", stage)
        add_views("contacts", id, id, contact.since, clock)
    return rows
