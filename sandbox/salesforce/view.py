"""Salesforce's records as the web pages show them."""

from typing import Any

from sales_consultant.sandbox.cards import Card, CardLine, Event, Related, Value, role
from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.money import grouped, money, number
from sales_consultant.sandbox.salesforce.loading import EXTERNAL
from sales_consultant.sandbox.salesforce.org import BY_LOWER, OBJECTS, VENDOR, Field, Org, ids
from sales_consultant.sandbox.salesforce.records import writing
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
LISTED = ("Opportunity", "Lead", "Contact", "Account")
# Rows of a list, events of a record, records beside it: judgements of what a page holds.
LINES, EVENTS, RELATED = 100, 40, 12
# A page shows what its layout holds, and an admin puts there what the guide of `provision` names: all but these.
OFF_LAYOUT = ("next_step_id", "model")
_KEY = {
    "Account": ("Website", "Industry", "OwnerId"),
    "Contact": ("Email", "AccountId", "OwnerId"),
    "Lead": ("Email", "Company", "Status", "OwnerId"),
    "Opportunity": ("Amount", "StageName", "CloseDate", "OwnerId"),
    "Task": ("Status", "ActivityDate", "OwnerId"),
    "Event": ("StartDateTime", "OwnerId"),
    "OpportunityLineItem": ("Quantity", "TotalPrice"),
}
_LINK = {
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId")),
    "Opportunity": (("OpportunityLineItem", "OpportunityId"),),
}
# Salesforce's own book-keeping, which no page layout shows.
_UNSHOWN = frozenset({
    "Name", "IsEmailBounced", "LastModifiedById", "CreatedById", "ForecastCategory", "IsUnreadByOwner",
    "LastStageChangeDate", "ActivityDateTime", "EventSubtype", "IsHighPriority", EXTERNAL,
})  # fmt: skip


def title(sobject: str, values: Json, id: str) -> str:
    """What a record is called."""
    return str(values.get("Name") or values.get("Subject") or f"{OBJECTS[sobject].label} {id}")


class _Shower:
    """Values as people read them."""

    def __init__(self, org: Org, sobject: str) -> None:
        self.org = org
        self.sobject = sobject
        self.fields = org.fields(sobject)

    def text(self, f: Field, values: Json) -> str:
        value = values.get(f.name)
        if value is None or value == "":
            return ""
        match f.type:
            case "boolean":
                return "Yes" if value else "No"
            case "reference":
                return self._named(f, str(value))
            case "datetime":
                return str(value)[:16].replace("T", " ").removesuffix(" 00:00")
            case "currency" | "percent" | "double" | "int":
                return self._number(f, str(value), values)
            case "multipicklist":
                labels = dict(f.options)
                return "; ".join(labels.get(v, v) for v in str(value).split(";"))
        return dict(f.options).get(value, str(value))

    def _number(self, f: Field, value: str, values: Json) -> str:
        amount = number(value)
        if amount is None:
            return value
        if f.type == "currency":
            # An org of several currencies has the one of each record.
            return money(
                amount, str(values.get("CurrencyIsoCode") or self.org.details.get("currency", "USD"))
            )
        digits = f.scale if f.type != "int" else 0
        return f"{grouped(amount, digits)}{'%' if f.type == 'percent' else ''}"

    def _named(self, f: Field, id: str) -> str:
        for target in f.targets:
            found = self.org.record(target, id)
            if found is not None:
                return title(target, found.values(), id)
        return id

    def value(self, name: str, values: Json) -> Value:
        f = self.fields[name]
        label = f.label.removesuffix(" ID") if f.type == "reference" else f.label
        return Value(name, label, self.text(f, values))

    def own(self, f: Field, values: Json) -> Value:
        """A field of ours; what the guide leaves off the page layout is not on the page."""
        return Value(f.name, f.label.removeprefix("SC "), self.text(f, values), role(f.name) in OFF_LAYOUT)

    def ours(self) -> list[Field]:
        """Our fields that some permission set shows: one that none grants is on nobody's page."""
        sql = (
            "SELECT json_extract(properties, '$.Field') FROM records WHERE vendor = 'salesforce' AND "
            "object = 'FieldPermissions' AND archived = 0"
        )
        granted = {r[0] for r in self.org.store.rows(sql)}
        mine = [f for n, f in self.fields.items() if f.custom and n.lower().startswith("sc_")]
        return [f for f in mine if f"{self.sobject}.{f.name}" in granted]


def lines(org: Org) -> list[CardLine]:
    """The lines of the list page: the best hundred of each object."""
    card_lines = []
    for name in LISTED:
        shower = _Shower(org, name)
        mine = shower.ours()
        score = next((f.name for f in mine if role(f.name) == "score"), "")
        order = f"json_extract(properties, '$.{score}') DESC NULLS LAST, " if score else ""
        sql = (
            "SELECT id, seq, properties, created, modified, archived, archived_at FROM records "
            f"WHERE vendor = ? AND object = ? AND archived = 0 ORDER BY {order}seq LIMIT ?"
        )
        for row in org.store.rows(sql, (VENDOR, name, LINES)):
            record = Record(*row)
            values = record.values()
            note = " · ".join(t for t in (shower.value(n, values).text for n in _KEY[name][:3]) if t)
            ours = {role(f.name): shower.text(f, values) for f in mine}
            label = OBJECTS[name].label
            card_lines.append(
                CardLine(VENDOR, name, record.id, label, title(name, values, record.id), note, ours)
            )
    return card_lines


def card(org: Org, object: str, id: str) -> Card | None:
    """A record as a rep sees it; a merged one as the record that it became."""
    sobject, full = BY_LOWER.get(object.lower(), ""), ids.full(id)
    if not sobject or full is None or org.sobject(sobject) is None:
        return None
    record = org.record(sobject, full)
    while record is not None and record.archived and record.values().get("MasterRecordId"):
        record = org.record(sobject, record.values()["MasterRecordId"])
    if record is None or record.archived:
        return None
    values, shower = record.values(), _Shower(org, sobject)
    key = _KEY.get(sobject, ())
    ours = shower.ours()
    hidden = {*key, *_UNSHOWN, *(f.name for f in ours)}
    shown = [n for n in shower.fields if n in values and n not in hidden and not n.lower().startswith("sc_")]
    made = Value("CreatedDate", "Created Date", iso(record.created)[:16].replace("T", " "))
    who = " · ".join(t for t in (values.get("Title"), values.get("Company")) if t)
    return Card(
        vendor=VENDOR,
        object=sobject,
        id=record.id,
        kind=OBJECTS[sobject].label,
        title=title(sobject, values, record.id),
        subtitle=who,
        key=tuple(v for v in (shower.value(n, values) for n in key if n in shower.fields) if v.text),
        fields=(*(v for v in (shower.value(n, values) for n in shown) if v.text), made),
        ours=tuple(shower.own(f, values) for f in ours),
        events=_events(org, record.id),
        related=_related(org, sobject, record.id, values),
    )


def _events(org: Org, id: str) -> tuple[Event, ...]:
    column = {"003": "WhoId", "00Q": "WhoId", "006": "WhatId", "001": "AccountId"}.get(id[:3])
    if column is None:
        return ()
    events = []
    received = _received(org, id, column)
    for sobject in ("Task", "Event"):
        for record in writing.pointing(org, sobject, column, id):
            values = record.values()
            at = (
                values.get("StartDateTime")
                or values.get("CompletedDateTime")
                or values.get("ActivityDate")
                or ""
            )
            kind = "Meeting" if sobject == "Event" else values.get("TaskSubtype") or "Task"
            kind = values.get("Type") or kind if kind == "Task" else kind
            if values.get("CallType") == "Inbound" or record.id in received:
                kind = f"{kind} received"
            planned = at[:19] > iso(org.now())[:19] if sobject == "Event" else not values.get("IsClosed")
            when = at[:16].replace("T", " ") or iso(record.created)[:10]
            events.append(
                Event(
                    when,
                    str(kind),
                    str(values.get("Subject") or ""),
                    str(values.get("Description") or ""),
                    planned,
                )
            )
    events.sort(key=lambda e: e.at, reverse=True)
    return tuple(events[:EVENTS])


def _received(org: Org, id: str, column: str) -> set[str]:
    """The tasks whose e-mail came in."""
    sql = (
        "SELECT json_extract(m.properties, '$.ActivityId') FROM records m WHERE m.vendor = 'salesforce' AND "
        "m.object = 'EmailMessage' AND m.archived = 0 AND json_extract(m.properties, '$.Incoming') = 1 AND "
        "json_extract(m.properties, '$.ActivityId') IN (SELECT t.id FROM records t WHERE t.vendor = 'salesforce' AND "
        f"t.object = 'Task' AND t.archived = 0 AND json_extract(t.properties, '$.{column}') = ?)"
    )
    return {r[0] for r in org.store.rows(sql, (id,))}


def _related(org: Org, sobject: str, id: str, values: Json) -> tuple[Related, ...]:
    found: list[tuple[str, Record]] = []

    def add(name: str, other: str | None) -> None:
        held = org.record(name, other) if other else None
        if held is not None and not held.archived:
            found.append((name, held))

    for target, name in (
        ("Account", "AccountId"),
        ("Contact", "ConvertedContactId"),
        ("Account", "ConvertedAccountId"),
    ):
        add(target, values.get(name))
    add("Opportunity", values.get("ConvertedOpportunityId"))
    if sobject in ("Opportunity", "Contact"):
        mine, other, name = "OpportunityId", "ContactId", "Contact"
        if sobject == "Contact":
            mine, other, name = other, mine, "Opportunity"
        for link in writing.pointing(org, "OpportunityContactRole", mine, id)[:RELATED]:
            add(name, link.values().get(other))
    for child, name in _LINK.get(sobject, ()):
        found += [(child, r) for r in writing.pointing(org, child, name, id)[:RELATED]]
    shown = []
    for name, record in found:
        held, shower = record.values(), _Shower(org, name)
        note = " · ".join(t for t in (shower.value(n, held).text for n in _KEY.get(name, ())[:2]) if t)
        shown.append(Related(name, record.id, title(name, held, record.id), note))
    return tuple(shown)
