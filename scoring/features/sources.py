"""Dated rows that features are counted from: each with its key, when it happened, when the CRM learnt it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_consultant.engine import Engine, alive, as_ms, neutral, of_known_state, query

if TYPE_CHECKING:
    from sales_consultant.scoring.features.declarations import Entity

SINGULAR = {"deals": "deal", "contacts": "contact", "companies": "company"}


def activities(engine: Engine, entity: Entity) -> Any:
    """Activities linked to a record. A link counts as known when its activity was."""
    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "activity") & (links.to_object == SINGULAR[entity]))
    links = links.select(activity_id=links.from_id, key=links.to_id).distinct()
    rows = alive(neutral(engine, "activities"))
    rows = rows.filter(rows.occurred_at.notnull())
    joined = links.inner_join(rows, links.activity_id == rows.id)
    return joined.select(
        key=joined.key,
        type=joined.type,
        direction=joined.direction,
        automated=joined.automated.fill_null(False),
        occurred_at=joined.occurred_at,
        known_at=joined.known_at.fill_null(joined.occurred_at),
    )


def written(engine: Engine, entity: Entity) -> Any:
    """What people wrote, and what a rep noted of a talk, on activities linked to a record.

    A link counts as known when its activity was, or from the later moment that the CRM gives it.
    """
    import ibis

    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "activity") & (links.to_object == SINGULAR[entity]))
    links = links.group_by(linked=links.from_id, key=links.to_id).aggregate(
        since=links.known_at.fill_null(0).min()
    )
    rows = alive(neutral(engine, "signals"))
    theirs = (rows.direction == "inbound").fill_null(False) | rows.type.isin(("note", "call", "meeting"))
    rows = rows.filter(rows.occurred_at.notnull() & theirs)
    joined = links.inner_join(rows, links.linked == rows.activity_id)
    return joined.select(
        key=joined.key,
        intent=joined.intent,
        occurred_at=joined.occurred_at,
        known_at=ibis.greatest(joined.known_at.fill_null(joined.occurred_at), joined.since),
    )


def has_written(engine: Engine) -> bool:
    """Whether anything that people wrote was read: not where text is off."""
    t = neutral(engine, "signals")
    return bool(len(query(engine, t.select("activity_id").limit(1))))


def deal_contacts(engine: Engine) -> Any:
    """Contacts on a deal, with the time from which the CRM is sure to have had the link.

    Where neither the CRM nor we know when the link was made, it is taken as old as the younger of the two
    records; where we saw it first on a later pull, it counts from then.
    """
    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "deal") & (links.to_object == "contact"))
    links = links.group_by([links.from_id, links.to_id]).aggregate(
        known_at=links.known_at.min(),
        first_seen=links.first_seen.min(),
        primary=(links.label == "primary").fill_null(False).cast("int64").max(),
    )
    deals = alive(neutral(engine, "deals"))
    contacts = alive(neutral(engine, "contacts"))
    deals = deals.select(deal_id=deals.id, deal_created=deals.created_at)
    contacts = contacts.select(contact_id=contacts.id, contact_created=contacts.created_at)
    joined = links.inner_join(deals, links.from_id == deals.deal_id)
    joined = joined.inner_join(contacts, joined.to_id == contacts.contact_id)
    import ibis

    both = ibis.cases(
        (joined.contact_created.fill_null(0) > joined.deal_created, joined.contact_created),
        else_=joined.deal_created,
    )
    since = joined.known_at.fill_null(joined.first_seen).fill_null(both)
    return joined.select(
        deal_id=joined.deal_id,
        contact_id=joined.contact_id,
        primary=joined.primary,
        deal_created=joined.deal_created,
        since=since,
    ).filter(lambda t: t.since.notnull())


def _closed_deals(engine: Engine) -> Any:
    deals = of_known_state(alive(neutral(engine, "deals")))
    deals = deals.filter(
        deals.is_closed.fill_null(False) & deals.closed_at.notnull() & deals.company_id.notnull()
    )
    return deals.select(
        key=deals.company_id,
        won=deals.is_won.fill_null(False),
        occurred_at=deals.closed_at,
        known_at=deals.closed_at,
    )


def _changes(engine: Engine, column: str) -> Any:
    import ibis

    rows = neutral(engine, "deal_history")
    rows = rows.filter(rows[column].notnull() & rows.changed_at.notnull())
    value = as_ms(rows[column]) if column == "close_date" else rows[column]
    rows = rows.select(key=rows.deal_id, changed_at=rows.changed_at, value=value)
    order = ibis.window(group_by=rows.key, order_by=[rows.changed_at, rows.value])
    rows = rows.mutate(before=rows.value.lag().over(order))
    rows = rows.filter(rows.before.notnull() & (rows.before != rows.value))
    # As a case and not bare: where the comparison is put into another one it would lose its brackets.
    up = ibis.cases((rows.value > rows.before, True), else_=False)
    return rows.select(key=rows.key, up=up, occurred_at=rows.changed_at, known_at=rows.changed_at)


def _later(one: Any, other: Any) -> Any:
    """The later of two times; a gap in either is a gap."""
    import ibis

    return ibis.cases((one >= other, one), (other > one, other))


def _campaigns(engine: Engine, entity: Entity, *, responses: bool) -> Any:
    """Campaigns that reached, or were answered by, a contact, the contacts on a deal, or a company's contacts."""
    rows = neutral(engine, "campaign_members")
    if not responses:
        # Who is on a campaign only because they answered was not touched before that.
        rows = rows.filter(rows.responded_at.isnull() | (rows.known_at < rows.responded_at))
    known = rows.known_at.fill_null(rows.responded_at)
    happened = rows.responded_at if responses else known
    rows = rows.select(key=rows.contact_id, occurred_at=happened, known_at=known)
    rows = rows.filter(rows.occurred_at.notnull() & rows.known_at.notnull())
    if entity == "contacts":
        return rows
    if entity == "deals":
        links = deal_contacts(engine).select("contact_id", "since", to="deal_id")
    else:
        people = alive(neutral(engine, "contacts"))
        people = people.filter(people.company_id.notnull())
        links = people.select(contact_id=people.id, since=people.created_at, to=people.company_id)
    joined = rows.inner_join(links, rows.key == links.contact_id)
    return joined.select(
        key=joined.to,
        occurred_at=joined.occurred_at,
        known_at=_later(joined.known_at, joined.since),
    )


def key_of(source: str, entity: Entity) -> str:
    """The member's column that the `key` of a source's rows is compared with."""
    return "company_id" if source == "company_deals" and entity != "companies" else "record_id"


def dated_rows(engine: Engine, source: str, entity: Entity) -> Any:
    """The rows of a source: key (see `key_of`), occurred_at, known_at and what its features ask for."""
    if source == "activities":
        return activities(engine, entity)
    if source == "written":
        return written(engine, entity)
    if source == "company_deals":
        return _closed_deals(engine)
    if source in ("amount_changes", "close_date_changes"):
        return _changes(engine, source.removesuffix("_changes"))
    if source == "deal_contacts":
        rows = deal_contacts(engine)
        return rows.select(key=rows.deal_id, occurred_at=rows.since, known_at=rows.since)
    if source in ("campaign_responses", "campaign_touches"):
        return _campaigns(engine, entity, responses=source == "campaign_responses")
    raise KeyError(source)
