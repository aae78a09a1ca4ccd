"""From the grammar's tree to a query."""

from typing import Any

from lark import Token, Transformer, v_args

from sales_consultant.sandbox.salesforce.org import ApiError
from sales_consultant.sandbox.salesforce.soql.syntax import (
    Compare,
    Condition,
    Item,
    Literal,
    Logic,
    Query,
    Sort,
    Within,
)


class _Part:
    """A clause, by name."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value


@v_args(inline=True)
class Build(Transformer[Token, Any]):
    """Bottom up; each method takes its rule's children. Raises ApiError (inside lark's VisitError)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def path(self, *names: Token) -> str:
        return ".".join(names)

    def called(self, function: Token, path: str) -> str:
        return f"{function.upper()}({path})"

    def when(self, name: Token, *paths: str) -> tuple[str, tuple[str, ...]]:
        return str(name), paths

    def typeof(self, path: str, *cases: Any) -> Item:
        return Item(path, "TYPEOF", cases=cases)

    def alias(self, name: Token) -> str:
        return str(name)

    def column(self, path: str, alias: str = "") -> Item:
        return Item(path, "", alias)

    def count_rows(self, alias: str = "") -> Item:
        return Item("", "COUNT", alias)

    def aggregate(self, function: Token, path: str, alias: str = "") -> Item:
        return Item(path, function.upper(), alias)

    def all_fields(self, which: Token) -> Item:
        return Item(which.upper(), "FIELDS")

    def select(self, *items: Item) -> tuple[Item, ...]:
        return items

    def source(self, name: Token, alias: str = "") -> tuple[str, str]:
        return str(name), alias

    # Values

    def string(self, token: Token) -> Literal:
        return Literal("string", str(token))

    def datetime(self, token: Token) -> Literal:
        return Literal("datetime", str(token))

    def date(self, token: Token) -> Literal:
        return Literal("date", str(token))

    def span(self, token: Token) -> Literal:
        return Literal("span", token.upper())

    def number(self, token: Token) -> Literal:
        return Literal("number", str(token))

    def true(self) -> Literal:
        return Literal("true")

    def false(self) -> Literal:
        return Literal("false")

    def null(self) -> Literal:
        return Literal("null")

    def list(self, *values: Literal) -> tuple[Literal, ...]:
        return values

    # Conditions

    def compare(self, path: str, operator: Token, value: Literal) -> Condition:
        return Compare(path, "!=" if operator == "<>" else str(operator), value)

    def compare_aggregate(self, function: Token, path: str, operator: Token, value: Literal) -> Condition:
        return Compare(path, "!=" if operator == "<>" else str(operator), value, function.upper())

    def like(self, path: str, pattern: Token) -> Condition:
        return Compare(path, "like", Literal("string", str(pattern)))

    def within(self, path: str, values: tuple[Literal, ...]) -> Condition:
        return Within(path, values)

    def without(self, path: str, values: tuple[Literal, ...]) -> Condition:
        return Within(path, values, negated=True)

    def within_query(self, path: str, nested: Query) -> Condition:
        return Within(path, (), nested=nested)

    def without_query(self, path: str, nested: Query) -> Condition:
        return Within(path, (), negated=True, nested=nested)

    def includes(self, path: str, values: tuple[Literal, ...]) -> Condition:
        return Within(path, values, chosen=True)

    def excludes(self, path: str, values: tuple[Literal, ...]) -> Condition:
        return Within(path, values, negated=True, chosen=True)

    def both(self, *parts: Condition) -> Condition:
        return Logic("AND", parts)

    def either(self, *parts: Condition) -> Condition:
        return Logic("OR", parts)

    def negated(self, part: Condition) -> Condition:
        return Logic("NOT", (part,))

    def nested(self, path: str, source: tuple[str, str], where: _Part | None = None) -> Query:
        return Query((Item(path),), source[0], source[1], where.value if where else None, text=self.text)

    def child(self, items: tuple[Item, ...], source: tuple[str, str], *parts: _Part) -> Query:
        return Query(items, source[0], source[1], **{p.name: p.value for p in parts}, text=self.text)

    def below(self, query: Query) -> Item:
        if any(i.child for i in query.items):
            raise ApiError(
                "MALFORMED_QUERY",
                "SOQL statements cannot query more than one level of child relationships here",
            )
        return Item("", "CHILD", "", query)

    # Clauses

    def scope(self, name: Token) -> _Part:
        if name.lower() not in ("everything", "mine"):
            raise ApiError("MALFORMED_QUERY", f"Filter scope '{name}' is not supported")
        return _Part("mine", name.lower() == "mine")

    def where(self, condition: Condition) -> _Part:
        return _Part("where", condition)

    def having(self, condition: Condition) -> _Part:
        return _Part("having", condition)

    def group(self, *paths: str) -> _Part:
        return _Part("group", paths)

    def aggregate_key(self, function: Token, path: str) -> Item:
        return Item(path, function.upper())

    def nulls(self, place: Token) -> _Part:
        return _Part("nulls", place.upper())

    def sort(self, key: str | Item, *rest: Any) -> Sort:
        descending = any(isinstance(r, Token) and r.upper() == "DESC" for r in rest)
        places = [r.value for r in rest if isinstance(r, _Part)]
        item = key if isinstance(key, Item) else Item(key)
        return Sort(item.path, descending, bool(places and places[0] == "LAST"), item.function)

    def order(self, *keys: Sort) -> _Part:
        return _Part("order", keys)

    def limit(self, count: Token) -> _Part:
        return _Part("limit", int(count))

    def offset(self, count: Token) -> _Part:
        return _Part("offset", int(count))

    def view(self, *purpose: Token) -> _Part:
        return _Part("purpose", tuple(p.upper() for p in purpose))

    def all_rows(self) -> _Part:
        return _Part("all_rows", True)

    def start(self, items: tuple[Item, ...], source: tuple[str, str], *parts: _Part) -> Query:
        given = {p.name: p.value for p in parts}
        made = Query(items, source[0], source[1], **given, text=self.text)
        if "UPDATE" in made.purpose and (made.order or made.aggregated or any(i.child for i in items)):
            raise ApiError(
                "MALFORMED_QUERY", "FOR UPDATE cannot be used with ORDER BY, aggregates or subqueries"
            )
        return made


# A rule named by a word of the language.
setattr(Build, "else", v_args(inline=True)(lambda self, *paths: ("", paths)))
