"""What a SOQL query is made of, before anything is known of the org's fields."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Literal:
    """A value as it was written: `kind` is string, number, datetime, date, span, true, false or null."""

    kind: str
    text: str = ""


@dataclass(frozen=True)
class Compare:
    """`path operator value`; the operators are those of SOQL, and like. `function`: of the aggregate, in HAVING."""

    path: str
    operator: str
    value: Literal
    function: str = ""


@dataclass(frozen=True)
class Within:
    """`path IN (...)`: values or a nested query; `chosen` INCLUDES and EXCLUDES of multi-select picklists."""

    path: str
    values: tuple[Literal, ...]
    negated: bool = False
    nested: "Query | None" = None
    chosen: bool = False


@dataclass(frozen=True)
class Logic:
    """AND, OR and NOT of conditions."""

    operator: str
    parts: tuple["Condition", ...]


Condition = Compare | Within | Logic


@dataclass(frozen=True)
class Item:
    """One item of SELECT: a field's path, an aggregate of one, a set of fields (FIELDS), the rows below (CHILD), or
    the fields that a lookup shows of each object that it may point to (TYPEOF)."""

    path: str
    function: str = ""
    alias: str = ""
    child: "Query | None" = None
    cases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """TYPEOF: object and paths; "" for ELSE."""


@dataclass(frozen=True)
class Sort:
    """One key of ORDER BY; nulls come first unless NULLS LAST is asked."""

    path: str
    descending: bool = False
    nulls_last: bool = False
    function: str = ""


@dataclass(frozen=True)
class Query:
    """A whole query. `alias` is the object's short name, which paths may begin with."""

    items: tuple[Item, ...]
    sobject: str
    alias: str = ""
    where: Condition | None = None
    group: tuple[str, ...] = ()
    having: Condition | None = None
    order: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
    mine: bool = False
    """USING SCOPE mine: records that the user owns."""
    purpose: tuple[str, ...] = ()
    """FOR VIEW, REFERENCE, UPDATE."""
    text: str = field(default="", compare=False)

    @property
    def aggregated(self) -> bool:
        """Whether the rows are AggregateResults."""
        return bool(self.group) or any(
            i.function not in ("", "FIELDS", "CHILD", "TYPEOF") for i in self.items
        )

    @property
    def counts(self) -> bool:
        """`SELECT COUNT() FROM T`: the answer is totalSize, without rows."""
        return len(self.items) == 1 and self.items[0].function == "COUNT" and not self.items[0].path


def terms(node: Condition | None) -> Iterator[Condition]:
    """The conditions that AND joins; none of nothing."""
    if isinstance(node, Logic) and node.operator == "AND":
        for part in node.parts:
            yield from terms(part)
    elif node is not None:
        yield node
