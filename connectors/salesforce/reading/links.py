"""Salesforce's lookups as links between the neutral tables' records, as SQL."""

from functools import partial

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.neutral import Source, literal
from sales_consultant.connectors.tables import Raw


def _link(raw: Raw, table: str, column: str, to_object: str, prefixes: tuple[str, ...]) -> list[Source]:
    """Links of activities by one lookup column; the first three letters of an id tell what it points to."""
    if not raw.holds(table, column):
        return []
    pointer = raw.col(table, column)
    starts = " OR ".join(f"starts_with({pointer}, '{p}')" for p in prefixes)
    neutral = {"contact": "contacts", "company": "companies", "deal": "deals"}[to_object]
    join = f" LEFT JOIN merges m ON m.object = '{neutral}' AND m.old_id = {pointer}"
    columns = {
        "from_object": "'activity'",
        "from_id": "r.id",
        "to_object": literal(to_object),
        "to_id": f"coalesce(m.new_id, {pointer})",
        "known_at": "r._created",
    }
    return [Source(f"(SELECT * FROM raw_{table} r WHERE {starts}) r{join}", columns)]


def _before_conversion(raw: Raw) -> list[Source]:
    """Activities that were a lead's own: converting moves them to the contact, and the lead would look untouched.

    What the contact has from before the conversion is given back to the lead, beside the contact.
    """
    if not raw.holds("Lead", "ConvertedContactId") or not raw.holds("Lead", "ConvertedDate"):
        return []
    contact, day = raw.col("Lead", "ConvertedContactId", "l"), raw.col("Lead", "ConvertedDate", "l")
    sources = []
    for table in ("Task", "Event"):
        if not raw.holds(table, "WhoId"):
            continue
        # The conversion is dated by day only: the whole day counts as the lead's.
        source = (
            f"(SELECT t.id, t._created, l.id AS lead_id FROM raw_{table} t JOIN raw_Lead l "
            f"ON {contact} = {raw.col(table, 'WhoId', 't')} WHERE t._created < to_ms({day}) + {DAY_MS}) r"
        )
        columns = {
            "from_object": "'activity'",
            "from_id": "r.id",
            "to_object": "'contact'",
            "to_id": "r.lead_id",
            "known_at": "r._created",
        }
        sources.append(Source(source, columns))
    return sources


def associations(raw: Raw) -> list[Source]:
    """All links: of activities, of deals' contacts with their roles, of contacts' companies."""
    sources = []
    for table in ("Task", "Event"):
        sources += _link(raw, table, "WhoId", "contact", ("003", "00Q"))
        sources += _link(raw, table, "WhatId", "deal", ("006",))
        sources += _link(raw, table, "AccountId", "company", ("001",))
    sources += _before_conversion(raw)
    if raw.has("OpportunityContactRole"):
        c = partial(raw.col, "OpportunityContactRole")
        columns = {
            "from_object": "'deal'",
            "from_id": c("OpportunityId"),
            "to_object": "'contact'",
            "to_id": c("ContactId"),
            "label": f"CASE WHEN to_flag({c('IsPrimary')}) THEN 'primary' ELSE {c('Role')} END",
            "known_at": "r._created",
            "first_seen": "r._first_seen",
        }
        sources.append(Source("(SELECT * FROM raw_OpportunityContactRole WHERE NOT _archived) r", columns))
    if raw.holds("Contact", "AccountId"):
        account = raw.col("Contact", "AccountId")
        columns = {
            "from_object": "'contact'",
            "from_id": "r.id",
            "to_object": "'company'",
            "to_id": account,
            "label": "'primary'",
        }
        sources.append(Source(f"(SELECT * FROM raw_Contact r WHERE {account} IS NOT NULL) r", columns))
    return sources
