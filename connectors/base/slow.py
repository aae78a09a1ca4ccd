"""What a reader can do for every CRM by reading a stream whole: correct, and as slow as that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from sales_consultant.config.conditions import Condition
from sales_consultant.config.errors import UsageError
from sales_consultant.config.neutral import field_column
from sales_consultant.connectors.base.records import Calls, Estimate, FieldInfo, Page

FIND_PAGE = 1_000
"""Ids of a page of `find`. A judgement: after a kill at most one page is found again, and a page is small."""


class Reads(Protocol):
    """What of a reader is needed here."""

    calls: Calls

    def now(self) -> int:
        """The CRM's clock (ms UTC)."""
        ...

    def describe(self, object: str) -> list[FieldInfo]:
        """The fields of an object."""
        ...

    def pull(
        self, stream: str, *, since: int | None, until: int, resume: str | None, known: Any
    ) -> Iterator[Page]:
        """The stream's rows."""
        ...


class _NothingKnown:
    """A warehouse that was never filled: every record is new."""

    def ids(
        self, stream: str, *, read_since: int | None = None, changed_since: int | None = None
    ) -> Sequence[str]:
        return ()

    def open_deals(self) -> Sequence[str]:
        return ()

    def archived(self, stream: str) -> int:
        return 0

    def dangling_links(self, stream: str, object: str) -> Sequence[str]:
        return ()


def pages(reader: Reads, stream: str) -> Iterator[Page]:
    """The stream read whole, but for pages of other streams that come with it."""
    until = reader.now()
    for page in reader.pull(stream, since=None, until=until, resume=None, known=_NothingKnown()):
        if page.stream == stream and not page.patch:
            yield page


def inventory(reader: Reads, stream: str) -> Iterator[pa.Table]:
    """Ids, stamps and marks of deletion of all rows."""
    for page in pages(reader, stream):
        yield page.rows.select(["id", "_modified", "_archived"])


def reread(reader: Reads, stream: str, ids: Sequence[str]) -> Iterator[Page]:
    """The pages of the stream, with those rows only that were asked for."""
    wanted = pa.array(sorted(ids), pa.string())
    for page in pages(reader, stream):
        rows = page.rows.filter(pc.is_in(page.rows["id"], wanted))
        if rows.num_rows:
            yield Page(stream, rows, None, kinds=page.kinds)


def find(
    reader: Reads, stream: str, where: Sequence[Condition], *, since: int | None, until: int, after: str
) -> Iterator[tuple[Sequence[str], int]]:
    """Ids of the live rows that fulfil all conditions, by order of id, each page with how many are left."""
    named = {f.name for f in reader.describe(stream)}
    for condition in where:
        if condition.field not in named:
            raise UsageError(
                f'--where: {stream} has no field "{condition.field}".',
                action="Give the name that the CRM's API uses.",
            )
    ids = []
    for page in pages(reader, stream):
        for row in page.rows.to_pylist():
            at = row["_modified"]
            inside = at is not None and (since is None or at >= since) and at <= until
            if (
                inside
                and not row["_archived"]
                and all(_holds(c, row.get(field_column(c.field))) for c in where)
            ):
                ids.append(str(row["id"]))
    left = sorted(i for i in ids if i > after)
    for start in range(0, len(left), FIND_PAGE):
        yield left[start : start + FIND_PAGE], len(left) - start


def estimate(reader: Reads, stream: str) -> Estimate:
    """The stream's rows, counted by reading them, and the calls that took."""
    before = dict(reader.calls.by_kind)
    rows = sum(page.rows.num_rows for page in pages(reader, stream))
    calls = {k: n - before.get(k, 0) for k, n in reader.calls.by_kind.items() if n > before.get(k, 0)}
    return Estimate(stream, rows, calls)


def _holds(condition: Condition, value: str | None) -> bool:
    """Whether a value, as text, fulfils a condition; one that is missing is only unequal."""
    if value is None or value == "":
        return condition.operator == "!="
    if condition.operator in ("=", "in"):
        return any(_same(value, v) for v in condition.values)
    if condition.operator == "!=":
        return not _same(value, condition.value)
    mine, other = _number(value), _number(condition.value)
    if mine is not None and other is not None:
        order = (mine > other) - (mine < other)
    else:
        order = (value > condition.value) - (value < condition.value)
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[condition.operator]


def _same(value: str, other: str) -> bool:
    mine, its = _number(value), _number(other)
    if mine is not None and its is not None:
        return mine == its
    return value.casefold() == other.casefold()


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
