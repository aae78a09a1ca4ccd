"""query, queryAll and their pages; and the run of a query that Bulk and Tooling share."""

import secrets
from dataclasses import dataclass
from typing import Any

from sales_consultant.sandbox.clock import DAY_MS
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import ApiError, Field, Org, ids
from sales_consultant.sandbox.salesforce.query import entity_limit, field_definition, finding, user_access
from sales_consultant.sandbox.salesforce.query.child_rows import fill
from sales_consultant.sandbox.salesforce.query.plan import Plan, aggregates, count, fetch, matching, plan
from sales_consultant.sandbox.salesforce.records import render
from sales_consultant.sandbox.salesforce.soql import (
    parse,
)

Json = dict[str, Any]
# REST API Developer Guide, Query Options Header: rows of a page, the least and the most that a client may ask for.
PAGE, LEAST, MOST = 2000, 200, 2000
# API Query Cursor Limits: two days, any number of cursors. That the oldest goes after a thousand only saves memory
# here.
CURSOR_MS = 2 * DAY_MS
CURSORS = 1000


def _batch(call: Call) -> int:
    for part in call.request.headers.get("sforce-query-options", "").split(","):
        name, _, number = part.partition("=")
        if name.strip().lower() == "batchsize" and number.strip().isdigit():
            return max(LEAST, min(MOST, int(number)))
    return PAGE


def run(call: Call, *, deleted: bool = False, tooling: bool = False) -> Result:
    """GET query and queryAll."""
    asked = parse(call.text("q"))
    # Objects without rows of their own.
    if asked.sobject.lower() == user_access.NAME.lower():
        return user_access.run(call, asked)
    if asked.sobject.lower() == field_definition.NAME.lower():
        return field_definition.run(call, asked)
    if tooling and asked.sobject.lower() == entity_limit.NAME.lower():
        return entity_limit.run(call, asked)
    made = plan(call.text("q"), call.access, tooling=tooling, deleted=deleted)
    if call.text("columns").lower() == "true":
        return 200, _columns(made)
    if made.query.counts:
        return 200, {"totalSize": count(made), "done": True, "records": []}
    if made.query.aggregated:
        found = aggregates(made)
        if len(found) > PAGE:
            raise ApiError(
                "EXCEEDED_ID_LIMIT", "Aggregate query has too many rows for direct assignment; use LIMIT"
            )
        return 200, {"totalSize": len(found), "done": True, "records": found}
    wanted = matching(made)
    if tooling and len(wanted) > 1 and any(i.path in ("Metadata", "FullName") for i in made.items):
        raise ApiError(
            "MALFORMED_QUERY",
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one "
            f"row for retrieval. Result size: {len(wanted)}",
        )
    if {"VIEW", "REFERENCE"} & set(asked.purpose):
        finding.looked_at(call, made.sobject, wanted[:PAGE])
    size = _batch(call)
    where = "tooling/query" if tooling else "query"
    return 200, _page(call, made, wanted, 0, size, "", where, tooling=tooling)


def _page(
    call: Call,
    made: Plan,
    wanted: list[str],
    start: int,
    size: int,
    cursor: str,
    where: str,
    *,
    tooling: bool = False,
) -> Json:
    records = fetch(made, wanted[start : start + size])
    done = start + size >= len(wanted)
    answer: Json = {"totalSize": len(wanted), "done": done}
    if not done:
        cursor = cursor or _keep(call, made, wanted, size, where)
        answer["nextRecordsUrl"] = call.next_url(f"{where}/{cursor}-{start + size}")
    answer["records"] = render.rows(call.org, made.shape, records, call.version, tooling=tooling)
    for below in made.below:
        fill(answer["records"], [r.id for r in records], below, call.access, call.version)
    return answer


@dataclass
class _Cursor:
    made: Plan
    wanted: list[str]
    size: int
    user: str
    where: str
    until: int


def _cursors(org: Org) -> dict[str, _Cursor]:
    found: dict[str, _Cursor] = org.memory.setdefault("cursors", {})
    return found


def _keep(call: Call, made: Plan, wanted: list[str], size: int, where: str) -> str:
    held = _cursors(call.org)
    while len(held) >= CURSORS:
        held.pop(next(iter(held)))
    number = call.org.new_ids("Query")
    name = ids.make("Query", number)[:15] + secrets.token_hex(2)
    held[name] = _Cursor(made, wanted, size, call.access.user_id, where, call.org.now() + CURSOR_MS)
    return name


def more(call: Call, *, tooling: bool = False) -> Result:
    """GET query/LOCATOR: the next page. Raises ApiError INVALID_QUERY_LOCATOR."""
    name, _, start = call.param("locator").partition("-")
    held = _cursors(call.org).get(name)
    if held is None or held.user != call.access.user_id or held.until < call.org.now() or not start.isdigit():
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
    return 200, _page(call, held.made, held.wanted, int(start), held.size, name, held.where, tooling=tooling)


def forget(org: Org) -> int:
    """Let all cursors lapse; how many there were."""
    held = _cursors(org)
    number = len(held)
    held.clear()
    return number


def _columns(made: Plan) -> Json:
    """What `columns=true` asks: names and kinds of the columns, nested as the paths are."""

    def column(name: str, f: Field | None, function: str = "", joined: list[Json] | None = None) -> Json:
        kind = f.type if f else "int"
        return {
            "aggregate": bool(function),
            "apexType": {"boolean": "Boolean", "id": "Id", "reference": "Id"}.get(kind, "String"),
            "booleanType": kind == "boolean",
            "columnName": name,
            "custom": bool(f and f.custom),
            "displayName": name,
            "foreignKeyName": None,
            "insertable": bool(f and f.createable),
            "joinColumns": [] if joined is None else joined,
            "numberType": kind in ("double", "currency", "percent", "int"),
            "textType": kind in ("string", "textarea", "picklist", "email", "phone", "url"),
            "updatable": bool(f and f.updateable),
        }

    columns: list[Json] = []
    joins: dict[str, list[Json]] = {}
    for item in made.items:
        f = made.compiler.column(item.path).field if item.path else None
        names = made.compiler.steps(item.path) if item.path else []
        if item.function or len(names) == 1:
            name = item.alias or (f.name if f and not item.function else f"expr{len(columns)}")
            columns.append(column(name, f, item.function))
            continue
        if names[0] not in joins:
            joins[names[0]] = []
            columns.append(
                {
                    **column(names[0], None, joined=joins[names[0]]),
                    "foreignKeyName": names[0],
                    "numberType": False,
                }
            )
        joins[names[0]].append(column(names[-1], f))
    return {
        "columnMetadata": columns,
        "entityName": made.sobject,
        "groupBy": bool(made.query.group),
        "idSelected": any(i.path == "Id" for i in made.items),
        "keyPrefix": ids.PREFIXES[made.sobject],
    }
