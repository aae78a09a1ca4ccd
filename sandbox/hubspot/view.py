"""HubSpot's records as the web pages show them."""

from dataclasses import replace
from typing import Any

from sales_consultant.sandbox.cards import Card, CardLine, Event, Related, Value, role
from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.portal import (
    ACTIVITIES,
    KINDS,
    VENDOR,
    Kind,
    Portal,
    display,
    kind_of,
    to_ms,
)
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
GROUP = "sales_consultant"
LISTED = ("deals", "contacts", "companies")
# Rows of a list, events of a record, records beside it: judgements of what a page holds.
LINES, EVENTS, RELATED = 100, 40, 12
_KEY = {
    "contacts": ("email", "lifecyclestage", "hs_lead_status", "hubspot_owner_id"),
    "companies": ("domain", "industry", "lifecyclestage", "hubspot_owner_id"),
    "deals": ("amount", "dealstage", "closedate", "hubspot_owner_id"),
}
_TITLES = {
    "calls": ("hs_call_title", "hs_call_body"),
    "emails": ("hs_email_subject", "hs_email_text"),
    "meetings": ("hs_meeting_title", "hs_meeting_body"),
    "notes": ("hs_note_body", ""),
    "tasks": ("hs_task_subject", "hs_task_body"),
    "communications": ("hs_communication_body", ""),
    "postal_mail": ("hs_postal_mail_body", ""),
}


def title(kind: Kind, values: Json, id: str) -> str:
    """What a record is called."""
    if kind.name == "contacts":
        name = " ".join(values[n] for n in ("firstname", "lastname") if values.get(n))
        return name or values.get("email") or f"Contact {id}"
    return next((str(values[n]) for n in kind.title if values.get(n)), f"{kind.label} {id}")


class _Shower:
    """Values as people read them."""

    def __init__(self, portal: Portal, kind: Kind) -> None:
        self.portal = portal
        self.kind = kind
        self.definitions = portal.definitions(kind)

    def text(self, name: str, values: Json) -> str:
        value = values.get(name)
        if value is None:
            return ""
        definition = self.definitions.get(name)
        if definition is None:
            return str(value)
        if name == "hubspot_owner_id":
            owner = self.portal.store.get(VENDOR, "owners", value)
            held = owner.values() if owner else {}
            return (
                " ".join(held[n] for n in ("firstName", "lastName") if held.get(n))
                or held.get("email")
                or value
            )
        if self.kind.name == "deals" and name in ("dealstage", "pipeline"):
            held = self.portal.stages(self.kind) if name == "dealstage" else self._pipelines()
            return str(held[value]["label"]) if value in held else str(value)
        return display.text(definition, str(value), values, str(self.portal.account["companyCurrency"]))

    def _pipelines(self) -> dict[str, Json]:
        return {p["id"]: p for p in self.portal.pipelines(self.kind)}

    def value(self, name: str, values: Json) -> Value:
        definition = self.definitions.get(name)
        if definition is None:
            return Value(name, name, self.text(name, values))
        return Value(name, str(definition["label"]), self.text(name, values), bool(definition.get("hidden")))

    def ours(self, values: Json) -> tuple[Value, ...]:
        mine = [d for d in self.definitions.values() if d["groupName"] == GROUP and not d["archived"]]
        # Those without a place of their own come last.
        mine.sort(key=lambda d: (d["displayOrder"] < 0, d["displayOrder"]))
        found = (self.value(d["name"], values) for d in mine)
        return tuple(replace(v, label=v.label.removeprefix("Sales Consultant: ")) for v in found)


def _moment(value: str) -> str:
    return value[:16].replace("T", " ").removesuffix(" 00:00")


def lines(portal: Portal) -> list[CardLine]:
    """The lines of the list page: the best hundred of each object."""
    card_lines = []
    for name in LISTED:
        kind = KINDS[name]
        shower = _Shower(portal, kind)
        mine = [
            d["name"] for d in shower.definitions.values() if d["groupName"] == GROUP and not d["archived"]
        ]
        score = next((n for n in mine if role(n) == "score"), "")
        order = f"CAST(json_extract(properties, '$.\"{score}\"') AS REAL) DESC NULLS LAST, " if score else ""
        sql = (
            "SELECT id, seq, properties, created, modified, archived, archived_at FROM records "
            f"WHERE vendor = ? AND object = ? AND archived = 0 ORDER BY {order}seq LIMIT ?"
        )
        for row in portal.store.rows(sql, (VENDOR, name, LINES)):
            record = Record(*row)
            values = record.values()
            key = [shower.text(n, values) for n in _KEY[name][:3]]
            note = " · ".join(k for k in key if k)
            ours = {role(n): shower.text(n, values) for n in mine}
            card_lines.append(
                CardLine(VENDOR, name, record.id, kind.label, title(kind, values, record.id), note, ours)
            )
    return card_lines


def card(portal: Portal, object: str, id: str) -> Card | None:
    """A record as a rep sees it."""
    kind = kind_of(object)
    if kind is None:
        return None
    id = portal.store.merged(VENDOR, kind.name, (id,)).get(id, id)
    record = portal.store.get(VENDOR, kind.name, id)
    if record is None or record.archived:
        return None
    values = record.values()
    shower = _Shower(portal, kind)
    key = _KEY.get(kind.name, ("hs_timestamp", "hubspot_owner_id"))
    shown = sorted(
        n for n in values if n not in key and n in shower.definitions and _shown(shower.definitions[n])
    )
    fields = (
        *(shower.value(n, values) for n in shown),
        Value("createdate", "Create date", _moment(iso(record.created))),
    )
    subtitle = " · ".join(t for t in (values.get("jobtitle"), values.get("company")) if t)
    return Card(
        vendor=VENDOR,
        object=kind.name,
        id=id,
        kind=kind.label,
        title=title(kind, values, id),
        subtitle=subtitle,
        key=tuple(v for v in (shower.value(n, values) for n in key) if v.text),
        fields=fields,
        ours=shower.ours(values),
        events=_events(portal, kind, id),
        related=_related(portal, kind, id),
    )


def _shown(definition: Json) -> bool:
    """A rep's view has the fields that people fill in, not HubSpot's own book-keeping."""
    computed = definition["modificationMetadata"]["readOnlyValue"] and definition["name"].startswith("hs_")
    return definition["groupName"] != GROUP and not computed


def _events(portal: Portal, kind: Kind, id: str) -> tuple[Event, ...]:
    now, events = portal.clock.now_ms(), []
    for name in ACTIVITIES:
        ids = [link.to_id for link in portal.store.links(VENDOR, kind.name, (id,), name)]
        shower = _Shower(portal, KINDS[name])
        for record in portal.store.get_many(VENDOR, name, ids).values():
            values = record.values()
            at = to_ms(
                values.get("hs_meeting_start_time") or values.get("hs_timestamp") or str(record.created)
            )
            head, body = (values.get(n) or "" for n in _TITLES[name])
            word = shower.text("hs_communication_channel_type", values)
            if (
                values.get("hs_email_direction") == "INCOMING_EMAIL"
                or values.get("hs_call_direction") == "INBOUND"
            ):
                word = f"{KINDS[name].label} received"
            events.append(
                (at, Event(iso(at)[:16].replace("T", " "), word or KINDS[name].label, head, body, at > now))
            )
    events.sort(key=lambda pair: -pair[0])
    return tuple(event for _, event in events[:EVENTS])


def _related(portal: Portal, kind: Kind, id: str) -> tuple[Related, ...]:
    related = []
    for name in ("companies", "contacts", "deals", "line_items"):
        if (kind.name, name) == ("line_items", "line_items"):
            continue
        ids = list(dict.fromkeys(link.to_id for link in portal.store.links(VENDOR, kind.name, (id,), name)))
        shower = _Shower(portal, KINDS[name])
        for record in list(portal.store.get_many(VENDOR, name, ids[:RELATED]).values()):
            if not record.archived:
                values = record.values()
                keys = _KEY.get(name, ("quantity", "amount"))[:2]
                texts = {n: shower.text(n, values) for n in keys}
                # A bare number would not say that it counts pieces.
                if texts.get("quantity"):
                    texts["quantity"] += " pieces" if texts["quantity"] != "1" else " piece"
                note = " · ".join(t for t in texts.values() if t)
                related.append(Related(name, record.id, title(KINDS[name], values, record.id), note))
    return tuple(related)
