"""How Salesforce's raw tables map onto the neutral ones, as data: expressions of the engine's SQL."""

from collections.abc import Mapping, Sequence
from functools import partial

from sales_consultant.config.neutral import (
    CASTS,
    FREE_MAIL_TABLE,
    Account,
    CustomField,
    Source,
    TableMapping,
    literal,
)
from sales_consultant.connectors.salesforce.reading import activities, quotas
from sales_consultant.connectors.salesforce.reading.links import associations
from sales_consultant.connectors.salesforce.reading.schema import OBJECT_OF, custom_column
from sales_consultant.connectors.tables import Raw, small_mappings

Columns = Mapping[str, Sequence[str]]
Fields = Sequence[CustomField]
_HISTORIES = {
    "ContactHistory": ("Contact", "ContactId"),
    "LeadHistory": ("Lead", "LeadId"),
    "AccountHistory": ("Account", "AccountId"),
    "OpportunityFieldHistory": ("Opportunity", "OpportunityId"),
}
_STANDARD = {"LeadSource": "lead_source", "Status": "status", "Industry": "industry", "Title": "title"}


def _custom(raw: Raw, sobject: str, fields: Fields) -> dict[str, str]:
    return {
        custom_column(f.name): CASTS.get(f.type, "{}").format(raw.col(sobject, f.name))
        for f in fields
        if f.object == OBJECT_OF[sobject] and raw.holds(sobject, f.name)
    }


def _gone(raw: Raw, sobject: str) -> str:
    return "coalesce(r._archived, false)"


def _merges(raw: Raw) -> list[Source]:
    return [
        Source(
            f"raw_{o} r WHERE {raw.col(o, 'MasterRecordId')} IS NOT NULL",
            {"object": literal(OBJECT_OF[o]), "old_id": "r.id", "new_id": raw.col(o, "MasterRecordId")},
        )
        for o in ("Account", "Contact", "Lead")
        if raw.holds(o, "MasterRecordId")
    ]


def _merges_undone(raw: Raw) -> list[Source]:
    """Records that are alive and were merged away once: somebody took them out of the recycle bin."""
    return [
        Source(
            f"raw_{o} r WHERE {raw.col(o, 'MasterRecordId')} IS NULL AND NOT r._archived",
            {"object": literal(OBJECT_OF[o]), "old_id": "r.id"},
        )
        for o in ("Account", "Contact", "Lead")
        if raw.holds(o, "MasterRecordId")
    ]


def _people(raw: Raw, sobject: str, fields: Fields, own: Mapping[str, str]) -> list[Source]:
    if not raw.has(sobject):
        return []
    c = partial(raw.col, sobject)
    lead = sobject == "Lead"
    columns = {
        "id": "r.id",
        "source_object": literal(sobject),
        "email": c("Email"),
        "domain": f"lower(nullif(split_part({c('Email')}, '@', 2), ''))",
        "first_name": c("FirstName"),
        "last_name": c("LastName"),
        "title": c("Title"),
        "company_id": "k.id" if lead else c("AccountId"),
        "owner_id": c("OwnerId"),
        "lead_source": c("LeadSource"),
        "lifecycle_stage": "NULL",
        "status": c("Status") if lead else "NULL",
        "email_opt_out": f"to_flag({c('HasOptedOutOfEmail')})",
        "do_not_call": f"to_flag({c('DoNotCall')})",
        "bounced": f"to_ms({c('EmailBouncedDate')}) IS NOT NULL",
        "is_converted": f"coalesce(to_flag({c('IsConverted')}), false)" if lead else "false",
        "converted_at": f"to_ms({c('ConvertedDate')})" if lead else "NULL",
        "converted_contact_id": c("ConvertedContactId") if lead else "NULL",
        "converted_deal_id": c("ConvertedOpportunityId") if lead else "NULL",
        "do_not_score": f"do_not_score({c(own['do_not_score'])})",
        "created_at": "r._created",
        "modified_at": "r._modified",
        "deleted": _gone(raw, sobject),
    }
    source = f"raw_{sobject} r"
    if lead:
        source += _company_by_domain(raw)
    return [Source(source, columns, _custom(raw, sobject, fields))]


def _website_domain(raw: Raw, alias: str) -> str:
    site = raw.col("Account", "Website", alias)
    return f"nullif(split_part(lower(regexp_replace({site}, '^(https?://)?(www\\.)?', '')), '/', 1), '')"


def _company_by_domain(raw: Raw) -> str:
    """A lead's company by the domain of its address, never a free-mail one, from accounts older than the lead.

    The account that a lead was converted into says nothing of the lead before: it would tell the outcome.
    """
    if not raw.has("Account") or not raw.holds("Lead", "Email"):
        return (
            " LEFT JOIN (SELECT CAST(NULL AS VARCHAR) AS id, '' AS lead_id WHERE false) k ON k.lead_id = r.id"
        )
    host = f"lower(nullif(split_part({raw.col('Lead', 'Email', 'l')}, '@', 2), ''))"
    return (
        " LEFT JOIN (SELECT l.id AS lead_id, arg_min(a.id, (a._created, a.id)) AS id FROM raw_Lead l JOIN raw_Account a "
        f"ON {_website_domain(raw, 'a')} = {host} AND a._created <= l._created "
        f"AND NOT coalesce(a._archived, false) WHERE {host} NOT IN (SELECT domain FROM {FREE_MAIL_TABLE}) GROUP BY 1) k "
        "ON k.lead_id = r.id"
    )


def _accounts(raw: Raw, fields: Fields, own: Mapping[str, str]) -> list[Source]:
    if not raw.has("Account"):
        return []
    c = partial(raw.col, "Account")
    columns = {
        "id": "r.id",
        "name": c("Name"),
        "domain": _website_domain(raw, "r"),
        "industry": c("Industry"),
        "owner_id": c("OwnerId"),
        "do_not_score": f"do_not_score({c(own['do_not_score'])})",
        "created_at": "r._created",
        "modified_at": "r._modified",
        "deleted": _gone(raw, "Account"),
    }
    person = f"coalesce(to_flag({c('IsPersonAccount')}), false)"
    source = f"(SELECT * FROM raw_Account r WHERE NOT {person}) r"
    return [Source(source, columns, _custom(raw, "Account", fields))]


def _deals(raw: Raw, fields: Fields) -> list[Source]:
    if not raw.has("Opportunity"):
        return []
    c = partial(raw.col, "Opportunity")
    join, entered = "", "NULL"
    if raw.has("OpportunityHistory") and raw.has("stages"):
        # The close date is a field that people edit; the stage's own history says when the deal closed.
        h, o = (
            partial(raw.col, "OpportunityHistory", alias="h"),
            partial(raw.col, "OpportunityHistory", alias="o"),
        )
        join = (
            f" LEFT JOIN (SELECT {h('OpportunityId')} AS deal_id, min(h._created) AS entered FROM raw_OpportunityHistory h "
            f"JOIN raw_stages s ON s.stage = {h('StageName')} WHERE to_flag(s.closed) AND h._created > coalesce("
            f"(SELECT max(o._created) FROM raw_OpportunityHistory o JOIN raw_stages p ON p.stage = {o('StageName')} "
            f"WHERE NOT to_flag(p.closed) AND {o('OpportunityId')} = {h('OpportunityId')}), -1) GROUP BY 1) e "
            "ON e.deal_id = r.id"
        )
        entered = "e.entered"
    pipeline = f"coalesce({c('RecordTypeId')}, 'default')"
    closed, won = f"to_flag({c('IsClosed')})", f"to_flag({c('IsWon')})"
    if raw.has("stages"):
        # A stage is closed and won alike in every pipeline.
        join += (
            " LEFT JOIN (SELECT stage, bool_and(to_flag(closed)) AS closed, bool_and(to_flag(won)) AS won "
            f"FROM raw_stages GROUP BY 1) s ON s.stage = {c('StageName')}"
        )
        closed, won = f"coalesce({closed}, s.closed)", f"coalesce({won}, s.won)"
    columns = {
        "id": "r.id",
        "name": c("Name"),
        "company_id": c("AccountId"),
        "owner_id": c("OwnerId"),
        "pipeline": pipeline,
        "stage": c("StageName"),
        "type": c("Type"),
        "record_type": c("RecordTypeId"),
        "amount": f"to_money({c('Amount')})",
        "amount_unread": f"{c('Amount')} <> '' AND to_money({c('Amount')}) IS NULL",
        "currency": f"coalesce({c('CurrencyIsoCode')}, (SELECT min(currency) FROM org))",
        "close_date": f"to_ms({c('CloseDate')})",
        "forecast_category": c("ForecastCategory"),
        "created_at": "r._created",
        # A close date to come is of no deal that is over: it was over by its last change.
        "closed_at": f"CASE WHEN {closed} THEN coalesce({entered}, least(to_ms({c('CloseDate')}), r._modified)) END",
        "is_closed": closed,
        "is_won": won,
        "modified_at": "r._modified",
        "deleted": _gone(raw, "Opportunity"),
    }
    return [Source(f"raw_Opportunity r{join}", columns, _custom(raw, "Opportunity", fields))]


def _members(raw: Raw) -> list[Source]:
    """Campaign members; one that was converted is a member as the lead it was and as the contact it is."""
    if not raw.has("CampaignMember"):
        return []
    m = partial(raw.col, "CampaignMember")
    sources = []
    for column in ("ContactId", "LeadId"):
        if not raw.holds("CampaignMember", column):
            continue
        columns = {
            "id": f"r.id || ':{column}'",
            "campaign_id": m("CampaignId"),
            "contact_id": m(column),
            "status": m("Status"),
            "responded_at": f"to_ms({m('FirstRespondedDate')})",
            "known_at": "r._created",
        }
        sources.append(
            Source(f"(SELECT * FROM raw_CampaignMember r WHERE {m(column)} IS NOT NULL) r", columns)
        )
    return sources


def _field_history(raw: Raw, fields: Fields) -> list[Source]:
    """Changes of tracked fields, and the value each had at first: the first change's old value, else today's.

    A field is taken as tracked when at least one change of it was ever recorded.
    """
    sources = []
    for table, (sobject, parent) in _HISTORIES.items():
        if not raw.has(table) or not raw.has(sobject):
            continue
        neutral = OBJECT_OF[sobject]
        added = [f.name for f in fields if f.object == neutral and raw.holds(sobject, f.name)]
        names = {n: custom_column(n) for n in added}
        names |= {n: c for n, c in _STANDARD.items() if raw.holds(sobject, n)}
        h = partial(raw.col, table)
        for name, column in sorted(names.items()):
            named = f"{h('Field')} = {literal(name)}"
            changes = f"(SELECT * FROM raw_{table} r WHERE {named}) r"
            base = {"object": literal(neutral), "field": literal(column)}
            sources.append(
                Source(
                    changes,
                    {**base, "record_id": h(parent), "value": h("NewValue"), "changed_at": "r._created"},
                )
            )
            first = (
                "(SELECT o.id, o._created, coalesce(h.old_value, CASE WHEN h.parent IS NULL "
                f"THEN {raw.col(sobject, name, 'o')} END) AS value FROM raw_{sobject} o "
                f"LEFT JOIN (SELECT {h(parent)} AS parent, arg_min({h('OldValue')}, r._created) AS old_value "
                f"FROM raw_{table} r WHERE {named} GROUP BY 1) h ON h.parent = o.id "
                f"WHERE EXISTS (SELECT 1 FROM raw_{table} r WHERE {named})) r"
            )
            sources.append(
                Source(first, {**base, "record_id": "r.id", "value": "r.value", "changed_at": "r._created"})
            )
    return sources


def _simple(raw: Raw) -> dict[str, list[Source]]:
    """The tables that are one of Salesforce's as it is."""
    h = partial(raw.col, "OpportunityHistory")
    i = partial(raw.col, "OpportunityLineItem")
    k = partial(raw.col, "Campaign")
    history = {
        "deal_id": h("OpportunityId"),
        "changed_at": "r._created",
        "stage": h("StageName"),
        "amount": f"to_money({h('Amount')})",
        "close_date": f"to_ms({h('CloseDate')})",
        "probability": f"to_number({h('Probability')}) / 100",
    }
    items = {
        "id": "r.id",
        "deal_id": i("OpportunityId"),
        "product_id": i("Product2Id"),
        "name": i("Name"),
        "quantity": f"to_number({i('Quantity')})",
        "amount": f"to_money({i('TotalPrice')})",
        "known_at": "r._created",
        "first_seen": "r._first_seen",
        "deleted": "r._archived",
    }
    campaign = {
        "id": "r.id",
        "name": k("Name"),
        "type": k("Type"),
        "start_at": f"to_ms({k('StartDate')})",
        "end_at": f"to_ms({k('EndDate')})",
        "cost": f"to_money({k('ActualCost')})",
        "currency": k("CurrencyIsoCode"),
    }
    u = partial(raw.col, "User")
    owner = {
        "id": "r.id",
        "email": u("Email"),
        "first_name": u("FirstName"),
        "last_name": u("LastName"),
        "country": f"coalesce(nullif(trim({u('CountryCode')}), ''), nullif(trim({u('Country')}), ''))",
        "active": f"to_flag({u('IsActive')})",
    }
    product = {"id": "r.id", "name": raw.col("Product2", "Name")}
    return {
        "deal_history": raw.simple("OpportunityHistory", history),
        "products": raw.simple("Product2", product),
        "line_items": raw.simple("OpportunityLineItem", items),
        "owners": raw.simple("User", owner),
        "campaigns": raw.simple("Campaign", campaign),
    }


def _known(raw: Raw) -> str:
    """How a field is known: one that is tracked has a history."""
    tracked = " UNION ALL ".join(
        f"SELECT {literal(OBJECT_OF[s])} AS o, {raw.col(t, 'Field')} AS f FROM raw_{t} r"
        for t, (s, _) in _HISTORIES.items()
        if raw.has(t)
    )
    known = "r.known"
    if tracked:
        known = (
            f"CASE WHEN r.known = 'current' AND (r.object, r.name) IN (SELECT o, f FROM ({tracked})) THEN 'history' "
            "ELSE r.known END"
        )
    return known


def mapping(columns: Columns, fields: Fields, own: Mapping[str, str], account: Account) -> TableMapping:
    """The rows of all neutral tables, of the raw tables and columns there are. `own` maps our field keys to the CRM\'s names."""
    raw = Raw(columns)
    simple = _simple(raw)
    return {
        "org": [Source("(SELECT 1)", small_mappings.org(account))],
        "merges_read": _merges(raw),
        "merges_undone": _merges_undone(raw),
        "contacts": [*_people(raw, "Contact", fields, own), *_people(raw, "Lead", fields, own)],
        "companies": _accounts(raw, fields, own),
        "deals": _deals(raw, fields),
        "deal_history": simple["deal_history"],
        "activities": activities.rows(raw, own["task_id"]),
        "signals": activities.signals(raw, own["task_id"]),
        "associations": associations(raw),
        "products": simple["products"],
        "line_items": simple["line_items"],
        "owners": simple["owners"],
        "stages": small_mappings.stages(raw),
        "campaigns": simple["campaigns"],
        "campaign_members": _members(raw),
        "goals": quotas.rows_of(raw),
        "field_history": _field_history(raw, fields),
        "fields": small_mappings.fields(raw, _known(raw)),
        "currencies": small_mappings.currencies(raw),
    }
