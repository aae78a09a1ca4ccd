"""How HubSpot's raw tables map onto the neutral ones, as data: a changed mapping needs no new pull."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sales_consultant.config.neutral import CASTS, Account, CustomField, Source, TableMapping, literal
from sales_consultant.connectors.hubspot.reading import goals
from sales_consultant.connectors.hubspot.reading.histories import deal_history, field_history, touches
from sales_consultant.connectors.hubspot.reading.schema import (
    ACTIVITIES,
    CORE,
    LINKS,
    SALES_LEADS,
    link_table,
)
from sales_consultant.connectors.tables import Raw, signals_of, small_mappings

Columns = Mapping[str, Sequence[str]]
# Association type ids of the primary company of a deal and of a contact.
PRIMARY = {("deals", "companies"): "5", ("contacts", "companies"): "1"}
_SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal"}
_ACTIVITY_TYPES = {
    "calls": "call",
    "emails": "email",
    "meetings": "meeting",
    "notes": "note",
    "tasks": "task",
}


def _merges(raw: Raw) -> list[Source]:
    selects = [
        f"SELECT {literal(o)} AS object, CAST(unnest(string_split({raw.col(o, 'hs_merged_object_ids')}, ';')) AS VARCHAR) "
        f"AS old_id, r.id AS new_id FROM raw_{o} r WHERE {raw.col(o, 'hs_merged_object_ids')} <> ''"
        for o in CORE
        if raw.holds(o, "hs_merged_object_ids")
    ]
    if not selects:
        return []
    # The primary record may keep its own id; the newest survivor wins where a record was merged twice.
    newest = (
        "SELECT object, old_id, max_by(new_id, TRY_CAST(new_id AS BIGINT)) AS new_id "
        f"FROM ({' UNION ALL '.join(selects)}) WHERE old_id <> new_id GROUP BY object, old_id"
    )
    return [Source(f"({newest}) r", {"object": "r.object", "old_id": "r.old_id", "new_id": "r.new_id"})]


def _gone(object_type: str) -> str:
    return f"coalesce(r._archived, false) OR r.id IN (SELECT old_id FROM merges WHERE object = {literal(object_type)})"


def _custom(raw: Raw, object_type: str, fields: Sequence[CustomField]) -> dict[str, str]:
    return {
        f"c_{f.name}": CASTS.get(f.type, "{}").format(raw.col(object_type, f.name))
        for f in fields
        if f.object == object_type and raw.holds(object_type, f.name)
    }


def _company_of(raw: Raw, from_type: str) -> tuple[str, str]:
    """Join and expression for the primary company, else any one (the lowest id, so that nights agree)."""
    table = link_table(from_type, "companies")
    if not raw.has(table):
        return "", "NULL"
    primary = PRIMARY[(from_type, "companies")]
    join = (
        f" LEFT JOIN (SELECT from_id, coalesce(min(to_id) FILTER (list_contains(string_split(type_ids, ','), '{primary}')), "
        f"min(to_id)) AS to_id FROM raw_{table} GROUP BY from_id) co ON co.from_id = r.id "
        "LEFT JOIN merges cm ON cm.object = 'companies' AND cm.old_id = co.to_id"
    )
    return join, "coalesce(cm.new_id, co.to_id)"


def _contacts(raw: Raw, fields: Sequence[CustomField], own: Mapping[str, str]) -> list[Source]:
    if not raw.has("contacts"):
        return []
    c = partial(raw.col, "contacts")
    join, company = _company_of(raw, "contacts")
    return [
        Source(
            f"raw_contacts r{join}",
            {
                "id": "r.id",
                "source_object": "'Contact'",
                "email": c("email"),
                "domain": f"lower(nullif(split_part({c('email')}, '@', 2), ''))",
                "first_name": c("firstname"),
                "last_name": c("lastname"),
                "title": c("jobtitle"),
                "company_id": company,
                "owner_id": c("hubspot_owner_id"),
                "lead_source": raw.first("contacts", "lead_source", "hs_analytics_source"),
                "lifecycle_stage": c("lifecyclestage"),
                "status": c("hs_lead_status"),
                "email_opt_out": f"to_flag({c('hs_email_optout')})",
                "do_not_call": f"to_flag({c('do_not_call')})",
                "bounced": f"{c('hs_email_hard_bounce_reason_enum')} <> ''",
                "is_converted": "false",
                "do_not_score": f"do_not_score({c(own['do_not_score'])})",
                "created_at": "r._created",
                "modified_at": "r._modified",
                "deleted": _gone("contacts"),
            },
            _custom(raw, "contacts", fields),
        )
    ]


def _companies(raw: Raw, fields: Sequence[CustomField], own: Mapping[str, str]) -> list[Source]:
    if not raw.has("companies"):
        return []
    c = partial(raw.col, "companies")
    columns = {
        "id": "r.id",
        "name": c("name"),
        "domain": f"lower({c('domain')})",
        "industry": c("industry"),
        "owner_id": c("hubspot_owner_id"),
        "do_not_score": f"do_not_score({c(own['do_not_score'])})",
        "created_at": "r._created",
        "modified_at": "r._modified",
        "deleted": _gone("companies"),
    }
    return [Source("raw_companies r", columns, _custom(raw, "companies", fields))]


@dataclass(frozen=True)
class _End:
    """Expressions of whether and how deals ended, in which pipeline and when, with the joins that they need."""

    join: str
    pipeline: str
    closed: str
    won: str
    entered: str


def _end_of_deals(raw: Raw, join: str) -> _End:
    c = partial(raw.col, "deals")
    # The stage says it, also one that was deleted since; else HubSpot's own flags on the deal; else nobody knows.
    closed, won, entered = f"to_flag({c('hs_is_closed')})", f"to_flag({c('hs_is_closed_won')})", "NULL"
    pipeline = c("pipeline")
    if raw.has("stages"):
        # A stage is of one pipeline, also where the deal's own word for it cannot be read.
        pipeline = f"coalesce(nullif({pipeline}, ''), a.pipeline)"
        join += (
            f" LEFT JOIN raw_stages s ON s.object = 'deals' AND s.stage = {c('dealstage')} "
            f"AND s.pipeline = {c('pipeline')} LEFT JOIN (SELECT stage, bool_and(to_flag(closed)) AS closed, "
            "bool_and(to_flag(won)) AS won, min(pipeline) AS pipeline FROM raw_stages WHERE object = 'deals' GROUP BY 1 "
            "HAVING count(DISTINCT (to_flag(closed), to_flag(won))) = 1) a "
            f"ON a.stage = {c('dealstage')}"
        )
        # Of a stage that is listed no more the last word may be the deal's own: over is what either says is over.
        known = ("coalesce(to_flag(s.closed), a.closed)", "coalesce(to_flag(s.won), a.won)")
        over = f"coalesce({known[0]} OR {closed}, {known[0]}, {closed})"
        win = f"CASE WHEN {closed} THEN coalesce({won}, {known[1]}) ELSE coalesce({known[1]}, {won}) END"
        listed = f"s.stage IS NOT NULL AND NOT {raw.gone('stages', 's')}"
        closed, won = (
            f"CASE WHEN {listed} THEN coalesce(to_flag(s.closed), {closed}) ELSE {over} END",
            f"CASE WHEN {listed} THEN coalesce(to_flag(s.won), {won}) ELSE {win} END",
        )
        if raw.has("deals_history"):
            # When the deal last entered the kind of stage it is in: the close date is a field that people edit.
            join += (
                " LEFT JOIN (SELECT h.record_id, max(h._changed) AS entered FROM raw_deals_history h "
                "JOIN raw_stages s ON s.object = 'deals' AND s.stage = h.value "
                "WHERE h.property = 'dealstage' AND to_flag(s.closed) GROUP BY 1) e ON e.record_id = r.id"
            )
            entered = "e.entered"
    return _End(join, pipeline, closed, won, entered)


def _deals(raw: Raw, fields: Sequence[CustomField]) -> list[Source]:
    if not raw.has("deals"):
        return []
    c = partial(raw.col, "deals")
    join, company = _company_of(raw, "deals")
    end = _end_of_deals(raw, join)
    return [
        Source(
            f"raw_deals r{end.join}",
            {
                "id": "r.id",
                "name": c("dealname"),
                "company_id": company,
                "owner_id": c("hubspot_owner_id"),
                "pipeline": end.pipeline,
                "stage": c("dealstage"),
                "type": c("dealtype"),
                "amount": f"to_money({c('amount')})",
                "amount_unread": f"{c('amount')} <> '' AND to_money({c('amount')}) IS NULL",
                "currency": f"coalesce({c('deal_currency_code')}, (SELECT min(currency) FROM org))",
                "close_date": f"to_ms({c('closedate')})",
                "forecast_category": c("hs_manual_forecast_category"),
                "loss_reason": c("closed_lost_reason"),
                "created_at": f"coalesce(to_ms({c('createdate')}), r._created)",
                # A close date to come is of no deal that is over: it was over by its last change.
                "closed_at": f"CASE WHEN {end.closed} THEN coalesce({end.entered}, "
                f"least(to_ms({c('closedate')}), r._modified)) END",
                "is_closed": end.closed,
                "is_won": end.won,
                "modified_at": "r._modified",
                "deleted": _gone("deals"),
            },
            _custom(raw, "deals", fields),
        )
    ]


# The property of each activity's status and outcome.
_STATUS = {
    "calls": "hs_call_status",
    "emails": "hs_email_status",
    "meetings": "hs_meeting_outcome",
    "tasks": "hs_task_status",
}
_OUTCOME = {"calls": "hs_call_disposition", "meetings": "hs_meeting_outcome"}


def _activities(raw: Raw, task_id: str) -> list[Source]:
    found = [_activity(raw, table, task_id) for table in ACTIVITIES if raw.has(table)]
    return found + touches(
        raw,
        {
            "id": "r.id",
            "type": "r.kind",
            "direction": "'inbound'",
            "automated": "false",
            "occurred_at": "to_ms(r.value)",
            "known_at": "r.known",
            "deleted": "false",
        },
    )


def _activity(raw: Raw, table: str, task_id: str) -> Source:
    """One object type of HubSpot's activities; a task of ours, which has a `task_id`, is none."""
    c = partial(raw.col, table)

    def of(properties: Mapping[str, str]) -> str:
        return c(properties[table]) if table in properties else "NULL"

    kind, direction = _kind_and_direction(c, table)
    occurred = f"to_ms({c('hs_timestamp')})"
    if table == "meetings":
        occurred = f"to_ms(coalesce({c('hs_meeting_start_time')}, {c('hs_timestamp')}))"
    columns = {
        "id": f"{literal(table + ':')} || r.id",
        "type": kind,
        "direction": direction,
        "automated": f"coalesce({c('hs_object_source')} LIKE 'AUTOMATION%', false)",
        "status": f"lower({of(_STATUS)})",
        "occurred_at": f"coalesce({occurred}, r._created)",
        "known_at": "r._created",
        "owner_id": c("hubspot_owner_id"),
        "outcome": of(_OUTCOME),
        "deleted": "coalesce(r._archived, false)",
    }
    return Source(f"raw_{table} r", columns, where=raw.without(table, task_id))


def _signals(raw: Raw, task_id: str) -> list[Source]:
    """What was written on activities, of the tables that were read with text on.

    An e-mail or a message stays as it was sent; what a rep wrote can be edited, and counts from its last change on.
    """
    sources = []
    for table in ACTIVITIES:
        if raw.has_signals(table):
            activity = _activity(raw, table, task_id)
            known = "r._created" if table in ("emails", "communications") else "r._modified"
            sources.append(signals_of(activity, known))
    return sources


def _kind_and_direction(c: Callable[[str], str], table: str) -> tuple[str, str]:
    """What kind of activity a row is, and whether it came in or went out."""
    kind, direction = literal(_ACTIVITY_TYPES.get(table, "chat")), "NULL"
    if table == "emails":
        d = c("hs_email_direction")
        direction = (
            f"CASE WHEN {d} = 'INCOMING_EMAIL' THEN 'inbound' "
            f"WHEN {d} IN ('EMAIL', 'FORWARDED_EMAIL') THEN 'outbound' END"
        )
    elif table == "calls":
        d = f"lower({c('hs_call_direction')})"
        direction = f"CASE WHEN {d} IN ('inbound', 'outbound') THEN {d} END"
    elif table == "communications":
        channel = f"lower(coalesce({c('hs_communication_channel_type')}, ''))"
        kind = f"CASE WHEN {channel} LIKE '%form%' THEN 'form' WHEN {channel} LIKE '%visit%' THEN 'visit' ELSE 'chat' END"
    return kind, direction


def _associations(raw: Raw) -> list[Source]:
    sources = []
    for from_type, to_type in LINKS:
        table = link_table(from_type, to_type)
        if not raw.has(table) or to_type not in _SINGULAR or from_type == SALES_LEADS:
            continue
        primary = PRIMARY.get((from_type, to_type))
        label = (
            f"CASE WHEN list_contains(string_split(r.type_ids, ','), '{primary}') THEN 'primary' ELSE r.labels END"
            if primary
            else "r.labels"
        )
        # Ids are unique within one type only: a call and an e-mail may share one.
        froms = "r.from_id" if from_type in CORE else f"{literal(from_type + ':')} || r.from_id"
        join = f" LEFT JOIN merges tm ON tm.object = {literal(to_type)} AND tm.old_id = r.to_id"
        columns = {
            "from_object": literal(_SINGULAR.get(from_type, "activity")),
            "from_id": froms,
            "to_object": literal(_SINGULAR[to_type]),
            "to_id": "coalesce(tm.new_id, r.to_id)",
            "label": label,
            "first_seen": "r._first_seen",
        }
        sources.append(Source(f"{_links(table, from_type)} r{join}", columns))
    columns = {
        "from_object": "'activity'",
        "from_id": "r.id",
        "to_object": "'contact'",
        "to_id": "r.contact",
        "known_at": "r.known",
    }
    return sources + touches(raw, columns)


def _links(table: str, from_type: str) -> str:
    """The links of a table but those of merged-away records: their heirs have links of their own."""
    merged = f"SELECT old_id FROM merges WHERE object = {literal(from_type)}"
    return f"(SELECT * FROM raw_{table} WHERE from_id NOT IN ({merged}))"


def _line_items(raw: Raw) -> list[Source]:
    table = link_table("deals", "line_items")
    if not raw.has("line_items") or not raw.has(table):
        return []
    c = partial(raw.col, "line_items")
    columns = {
        "id": "r.id",
        "deal_id": "l.from_id",
        "product_id": c("hs_product_id"),
        "name": c("name"),
        "quantity": f"to_number({c('quantity')})",
        "amount": f"coalesce(to_money({c('amount')}), to_money({c('price')}) * to_number({c('quantity')}))",
        "known_at": "r._created",
        "first_seen": "l._first_seen",
        "deleted": "coalesce(r._archived, false)",
    }
    return [Source(f"raw_line_items r JOIN {_links(table, 'deals')} l ON l.to_id = r.id", columns)]


def mapping(
    columns: Columns, fields: Sequence[CustomField], own: Mapping[str, str], account: Account
) -> TableMapping:
    """The rows of all neutral tables, of the raw tables and columns there are. `own` maps our field keys to the CRM\'s names."""
    raw = Raw(columns)
    campaign = {
        "id": "r.id",
        "name": "r.hs_name",
        "type": "r.hs_campaign_type",
        "start_at": "to_ms(r.hs_start_date)",
        "end_at": "to_ms(r.hs_end_date)",
        "cost": "to_money(r.hs_budget_items_sum_amount)",
        "currency": "r.hs_currency_code",
    }
    owner = {
        "id": "r.id",
        "email": "r.email",
        "first_name": "r.firstName",
        "last_name": "r.lastName",
        "active": f"NOT to_flag(r.archived) AND NOT {raw.gone('owners')}",
    }
    price = f"to_money({raw.col('products', 'price')})"
    product = {"id": "r.id", "name": raw.col("products", "name"), "price": price}
    return {
        "org": [Source("(SELECT 1)", small_mappings.org(account))],
        "merges_read": _merges(raw),
        "contacts": _contacts(raw, fields, own),
        "companies": _companies(raw, fields, own),
        "deals": _deals(raw, fields),
        "deal_history": deal_history(raw),
        "activities": _activities(raw, own["task_id"]),
        "signals": _signals(raw, own["task_id"]),
        "associations": _associations(raw),
        "products": raw.simple("products", product),
        "line_items": _line_items(raw),
        "owners": raw.simple("owners", owner),
        "stages": small_mappings.stages(raw),
        "campaigns": raw.simple("campaigns", campaign),
        "campaign_members": [],
        "goals": goals.rows_of(raw),
        "field_history": field_history(raw, fields),
        "fields": small_mappings.fields(raw),
        "currencies": small_mappings.currencies(raw),
    }
