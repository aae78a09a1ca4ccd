"""How Salesforce's tasks and events map onto activities, and what was written on them onto signals."""

from functools import partial

from sales_consultant.config.neutral import Source
from sales_consultant.connectors.tables import Raw, signals_of

# A Task's kind is in its subtype; older orgs only fill the free picklist Type.
_TASK = (
    "CASE WHEN {s} = 'ListEmail' THEN 'marketing_email' "
    "WHEN lower(coalesce({t}, '')) IN ('form', 'visit', 'marketing_email', 'chat', 'note', 'meeting') THEN lower({t}) "
    "WHEN lower(coalesce({s}, {t}, '')) LIKE '%call%' THEN 'call' "
    "WHEN lower(coalesce({s}, {t}, '')) LIKE '%email%' THEN 'email' ELSE 'task' END"
)


def rows(raw: Raw, task_id: str) -> list[Source]:
    """Tasks and events as activities; a task of ours, which has a `task_id`, is none."""
    return [*_tasks(raw, task_id), *_events(raw)]


def signals(raw: Raw, task_id: str) -> list[Source]:
    """What was written on activities, of the tables that were read with text on.

    Both can be edited: what they say counts from their last change on.
    """
    tasks = _tasks(raw, task_id) if raw.has_signals("Task") else []
    events = _events(raw) if raw.has_signals("Event") else []
    return [signals_of(a, "r._modified") for a in (*tasks, *events)]


def _tasks(raw: Raw, task_id: str) -> list[Source]:
    sources = []
    if raw.has("Task"):
        c = partial(raw.col, "Task")
        kind = _TASK.format(s=c("TaskSubtype"), t=c("Type"))
        # Whether an e-mail came in is said by the message that belongs to the task.
        join, incoming = "", "NULL"
        if raw.has("EmailMessage"):
            e = partial(raw.col, "EmailMessage", alias="e")
            join = (
                f" LEFT JOIN (SELECT {e('ActivityId')} AS task_id, bool_or(to_flag({e('Incoming')})) AS incoming "
                "FROM raw_EmailMessage e GROUP BY 1) m ON m.task_id = r.id"
            )
            incoming = "m.incoming"
        direction = (
            f"CASE WHEN {c('CallType')} IS NOT NULL THEN CASE lower({c('CallType')}) WHEN 'inbound' THEN 'inbound' "
            f"WHEN 'outbound' THEN 'outbound' END WHEN {incoming} IS NOT NULL THEN "
            f"CASE WHEN {incoming} THEN 'inbound' ELSE 'outbound' END "
            f"WHEN ({kind}) IN ('form', 'visit', 'chat') THEN 'inbound' WHEN ({kind}) = 'email' THEN 'outbound' END"
        )
        columns = {
            "id": "r.id",
            "type": kind,
            "direction": direction,
            "automated": f"coalesce({c('TaskSubtype')} = 'ListEmail', false)",
            "status": f"lower({c('Status')})",
            "occurred_at": f"coalesce(to_ms({c('CompletedDateTime')}), to_ms({c('ActivityDate')}), r._created)",
            "known_at": "r._created",
            "owner_id": c("OwnerId"),
            "outcome": c("CallDisposition"),
            "deleted": "coalesce(r._archived, false)",
        }
        sources.append(Source(f"raw_Task r{join}", columns, where=raw.without("Task", task_id)))
    return sources


def _events(raw: Raw) -> list[Source]:
    sources = []
    if raw.has("Event"):
        c = partial(raw.col, "Event")
        columns = {
            "id": "r.id",
            "type": "'meeting'",
            "automated": "false",
            "occurred_at": f"coalesce(to_ms({c('StartDateTime')}), r._created)",
            "known_at": "r._created",
            "owner_id": c("OwnerId"),
            "deleted": "coalesce(r._archived, false)",
        }
        sources.append(Source("raw_Event r", columns))
    return sources
