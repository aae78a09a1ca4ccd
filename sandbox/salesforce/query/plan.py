"""A query against the org's fields: what is read, in which order, and the shape of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sales_consultant.sandbox.salesforce.access import Access
from sales_consultant.sandbox.salesforce.org import VENDOR, ApiError, Field, stamp
from sales_consultant.sandbox.salesforce.query.children import Below, prepare
from sales_consultant.sandbox.salesforce.records import Getter, Shape, getter, timing
from sales_consultant.sandbox.salesforce.soql import (
    Compiler,
    Item,
    Literal,
    Logic,
    Query,
    Showing,
    Within,
    called,
    grouped_only,
    parse,
    show,
)
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
# SOQL and SOSL Reference, OFFSET.
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
        timing.empty_bin(access.org)
    return plan_of(parse(text), access, tooling=tooling, deleted=deleted)


def plan_of(query: Query, access: Access, *, tooling: bool = False, deleted: bool = False) -> Plan:
    """The same for a query that has been parsed."""
    compiler = Compiler(query, access, tooling=tooling, deleted=deleted)
    below = tuple(prepare(i.child, compiler.sobject, access) for i in query.items if i.child)
    for b in below:
        # What cannot be asked of the children is refused before the first row is read.
        plan_children(b, access, [])
    if below and query.aggregated:
        raise ApiError("MALFORMED_QUERY", "A query with GROUP BY or aggregates cannot have subqueries")
    items = _items(query, compiler, access)
    made = Shape(compiler.sobject.name, access)
    if query.aggregated:
        _check_groups(query, compiler)
    else:
        _select(compiler, made, items)
    if query.offset > MAX_OFFSET:
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
    return Plan(query, compiler, tuple(items), made, below)


def _items(query: Query, compiler: Compiler, access: Access) -> list[Item]:
    """What is selected, with FIELDS(...) written out."""
    items: list[Item] = []
    for item in query.items:
        if item.child:
            continue
        if item.function == "FIELDS":
            items += [
                Item(n) for n, f in access.visible(compiler.sobject.name).items() if _chosen(item.path, f)
            ]
            # SOQL and SOSL Reference, FIELDS(): 200 rows where custom fields are among them.
            if item.path != "STANDARD" and (query.limit is None or query.limit > 200):
                raise ApiError("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
        else:
            items.append(item)
    return items


def _select(compiler: Compiler, made: Shape, items: Sequence[Item]) -> None:
    """Put what is selected into the shape of a row. Raises ApiError for what cannot be selected."""
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


def plan_children(below: Below, access: Access, parents: Sequence[str]) -> Plan:
    """The plan of a subquery, for the parents with these ids."""
    among = Within(below.field.name, tuple(Literal("string", f"'{p}'") for p in parents))
    where = among if below.query.where is None else Logic("AND", (below.query.where, among))
    # The limit is one for each parent: it is kept to when the rows are dealt out.
    return plan_of(replace(below.query, where=where, limit=None, offset=0), access)


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
