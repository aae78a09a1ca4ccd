"""query, queryAll and their pages; and the run of a query that Bulk and Tooling share."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import VENDOR, ApiError, Field, Org, ids, stamp
from sales_consultant.sandbox.salesforce.query.children import Below, fill, prepare
from sales_consultant.sandbox.salesforce.records import Getter, Shape, getter, render
from sales_consultant.sandbox.salesforce.soql import (
    Compiler,
    Item,
    Query,
    Showing,
    called,
    grouped_only,
    parse,
    show,
)
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
PAGE, LEAST, MOST = 2000, 200, 2000
CURSOR_MS = 2 * 86_400_000
CURSORS = 1000
MAX_OFFSET = 2000


@dataclass
class Plan:
    """A query that has been checked: what it shows and which rows."""

    query: Query
    compiler: Compiler
    items: tuple[Item, ...]
    shape: Shape
    below: tuple[Below, ...] = ()

    @property
    def sobject(self) -> str:
        """The object's name."""
        return self.compiler.sobject.name


def plan(text: str, access: Access, *, tooling: bool = False, deleted: bool = False) -> Plan:
    """Check a query for a user. Raises ApiError with the vendor's complaint."""
    if deleted:
        from sales_consultant.sandbox.salesforce.records import timing

        timing.empty_bin(access.org)
    return plan_of(parse(text), access, tooling=tooling, deleted=deleted)


def plan_of(query: Query, access: Access, *, tooling: bool = False, deleted: bool = False) -> Plan:
    """The same for a query that has been parsed."""
    compiler = Compiler(query, access, tooling=tooling, deleted=deleted)
    items: list[Item] = []
    below = tuple(prepare(i.child, compiler.sobject, access) for i in query.items if i.child)
    if below and query.aggregated:
        raise ApiError("MALFORMED_QUERY", "A query with GROUP BY or aggregates cannot have subqueries")
    for item in query.items:
        if item.child:
            continue
        if item.function == "FIELDS":
            items += [
                Item(n) for n, f in access.visible(compiler.sobject.name).items() if _chosen(item.path, f)
            ]
            if item.path != "STANDARD" and (query.limit is None or query.limit > 200):
                raise ApiError("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
        else:
            items.append(item)
    made = Shape(compiler.sobject.name, access)
    if query.aggregated:
        _check_groups(query, compiler)
    else:
        paths = [i.alias or i.path.lower() for i in items]
        twice = next((p for n, p in enumerate(paths) if p in paths[:n]), None)
        if twice:
            raise ApiError("INVALID_FIELD", f"duplicate field selected: {twice}")
        for item in items:
            functions, path = called(item.path)
            if item.alias and not functions:
                raise ApiError("MALFORMED_QUERY", "only aggregate expressions use field aliasing")
            if grouped_only(item.path):
                raise ApiError("MALFORMED_QUERY", f"{functions[0]} in SELECT needs the same in GROUP BY")
            if item.function == "TYPEOF":
                _typed(compiler, made, item)
            else:
                _show(compiler, made, compiler.steps(path), functions, item.alias)
    if query.offset > MAX_OFFSET:
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
    return Plan(query, compiler, tuple(items), made, below)


def _chosen(which: str, f: Field) -> bool:
    return which == "ALL" or f.custom == (which == "CUSTOM")


def _check_groups(query: Query, compiler: Compiler) -> None:
    grouped = {p.lower() for p in query.group}
    for item in query.items:
        if item.function == "FIELDS":
            raise ApiError("MALFORMED_QUERY", "FIELDS may not be used with aggregates")
        if not item.function and item.path.lower() not in grouped:
            raise ApiError("MALFORMED_QUERY", f"Field must be grouped or aggregated: {item.path}")
        if item.path:
            compiler.column(item.path)
    if query.counts and query.group:
        raise ApiError(
            "MALFORMED_QUERY", "Grouped query must have at least one field or aggregate expression"
        )


def _show(
    compiler: Compiler, made: Shape, names: list[str], functions: Sequence[str] = (), alias: str = ""
) -> None:
    """Add a path to a shape, level by level."""
    org, sobject = compiler.org, made.sobject
    if len(names) == 1:
        f = compiler.field(sobject, names[0])
        get = getter(org, sobject, f)
        for function in reversed(functions):
            get = _wrapped(get, show(org, function, f))
        made.own.append((alias or f.name, get))
        return
    f = compiler.reference(sobject, names[0])
    inner = made.parents.setdefault(
        f.relation, (f, getter(org, sobject, f), Shape(f.targets[0], compiler.access))
    )[2]
    _show(compiler, inner, names[1:], functions, alias)


def _wrapped(get: Getter, made: Showing) -> Getter:
    return lambda record, values: made(get(record, values), values)


def _typed(compiler: Compiler, made: Shape, item: Item) -> None:
    """What a lookup shows of each object that it may point to."""
    f = compiler.reference(made.sobject, item.path)
    shapes: dict[str, Shape] = {}
    rest: tuple[str, ...] = ()
    for name, paths in item.cases:
        if not name:
            rest = paths
            continue
        target = next((t for t in f.targets if t.lower() == name.lower()), None)
        if target is None:
            raise ApiError("INVALID_FIELD", f"{item.path} cannot point to {name}, which TYPEOF names")
        shapes[target] = _shape(compiler, target, paths)
    if rest:
        shapes |= {t: _shape(compiler, t, rest) for t in f.targets if t not in shapes}
    made.typed[f.relation] = (f, getter(compiler.org, made.sobject, f), shapes)


def _shape(compiler: Compiler, target: str, paths: Sequence[str]) -> Shape:
    inner = Shape(target, compiler.access)
    for path in paths:
        _show(compiler, inner, path.split("."))
    return inner


def matching(made: Plan) -> list[str]:
    """The ids of a plan's rows, in order."""
    statement = made.compiler.statement()
    row = made.compiler.row
    sql = f"SELECT {row}.id FROM records {row} WHERE {statement.where}{statement.order}"
    parameters = [*statement.parameters]
    if made.query.limit is not None or made.query.offset:
        sql += " LIMIT ? OFFSET ?"
        parameters += [-1 if made.query.limit is None else made.query.limit, made.query.offset]
    return [r[0] for r in made.compiler.org.store.rows(sql, parameters)]


def count(made: Plan) -> int:
    """The number of a plan's rows."""
    statement = replace(made.compiler.statement(), order="")
    row = made.compiler.row
    sql = f"SELECT count(*) FROM records {row} WHERE {statement.where}"
    found = int(made.compiler.org.store.rows(sql, statement.parameters)[0][0])
    return found if made.query.limit is None else min(found, made.query.limit)


def aggregates(made: Plan) -> list[Json]:
    """The AggregateResults of a plan with groups or aggregates."""
    compiler = made.compiler
    statement = compiler.statement()
    columns: list[tuple[str, str, Field | None]] = []
    for item in made.items:
        if item.function:
            name = item.alias or f"expr{sum(1 for n, _, _ in columns if n.startswith('expr'))}"
            whole = item.function in ("COUNT", "COUNT_DISTINCT")
            shown = None if whole or item.function == "AVG" else compiler.column(item.path).field
            columns.append((name, compiler.aggregate(item.function, item.path), shown))
        else:
            found = compiler.column(item.path)
            # A function without a name is called as an aggregate would be.
            name = f"expr{sum(1 for n, _, _ in columns if n.startswith('expr'))}" if "(" in item.path else ""
            columns.append((item.alias or name or item.path.rpartition(".")[2], found.sql, found.field))
    sql = f"SELECT {', '.join(c[1] for c in columns)} FROM records {compiler.row} WHERE {statement.where}"
    if made.query.group:
        sql += " GROUP BY " + ", ".join(compiler.column(p).sql for p in made.query.group)
    parameters = [*statement.parameters]
    if made.query.having is not None:
        compiler.grouped = True
        sql += " HAVING " + compiler.condition(made.query.having, parameters)
        compiler.grouped = False
    sql += statement.order
    if made.query.limit is not None:
        sql += f" LIMIT {made.query.limit} OFFSET {made.query.offset}"
    return [
        {
            "attributes": {"type": "AggregateResult"},
            **{n: _plain(v, f) for (n, _, f), v in zip(columns, row, strict=True)},
        }
        for row in compiler.org.store.rows(sql, parameters)
    ]


def _plain(value: Any, f: Field | None) -> Any:
    if value is None or f is None:
        return value
    if f.type == "boolean":
        return bool(value)
    if f.type == "datetime" and isinstance(value, int):
        return stamp(value)
    return value


def fetch(made: Plan, wanted: list[str]) -> list[Record]:
    """Records by id in the order of the ids; those that are gone meanwhile are left out."""
    held = made.compiler.org.store.get_many(VENDOR, made.sobject, wanted)
    return [held[i] for i in wanted if i in held]


def _batch(call: Call) -> int:
    for part in call.request.headers.get("sforce-query-options", "").split(","):
        name, _, number = part.partition("=")
        if name.strip().lower() == "batchsize" and number.strip().isdigit():
            return max(LEAST, min(MOST, int(number)))
    return PAGE


def run(call: Call, *, deleted: bool = False, tooling: bool = False) -> Result:
    """GET query and queryAll."""
    from sales_consultant.sandbox.salesforce.query import entity_limit, field_definition, finding, user_access

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

    found: list[Json] = []
    joins: dict[str, list[Json]] = {}
    for item in made.items:
        f = made.compiler.column(item.path).field if item.path else None
        names = made.compiler.steps(item.path) if item.path else []
        if item.function or len(names) == 1:
            name = item.alias or (f.name if f and not item.function else f"expr{len(found)}")
            found.append(column(name, f, item.function))
            continue
        if names[0] not in joins:
            joins[names[0]] = []
            found.append(
                {
                    **column(names[0], None, joined=joins[names[0]]),
                    "foreignKeyName": names[0],
                    "numberType": False,
                }
            )
        joins[names[0]].append(column(names[-1], f))
    return {
        "columnMetadata": found,
        "entityName": made.sobject,
        "groupBy": bool(made.query.group),
        "idSelected": any(i.path == "Id" for i in made.items),
        "keyPrefix": ids.PREFIXES[made.sobject],
    }
