"""Reading from Salesforce so that no row is missed: queryAll, a closed window, keyset by stamp and id, Bulk 2.0.

Deleted rows and archived activities come only with queryAll. A delta pages by (stamp, Id) with LIMIT: many rows with
one stamp can neither loop nor hide each other, and a pull goes on where it was killed without a server-side cursor
that may have lapsed. A whole pull of many rows goes by Bulk, one job, resumable by page.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa

from sales_consultant.config.errors import AccessError
from sales_consultant.config.neutral import LAST_MS, field_column
from sales_consultant.connectors.base import Page
from sales_consultant.connectors.salesforce.api import (
    Prefetcher,
    Question,
    SalesforceApi,
    SalesforceRefusalError,
    moment,
)
from sales_consultant.connectors.salesforce.reading import rows
from sales_consultant.connectors.salesforce.reading.bulk_query import BulkQuery
from sales_consultant.connectors.salesforce.reading.schema import Selection

# A query longer than this does not fit into an address (peers report 414 near 16 KB), and goes by Bulk.
LONGEST_QUERY = 12_000
# Of a job's query, well below the 100,000 characters that SOQL allows.
LONGEST_BODY = 80_000
# 18 characters, two quotation marks of three each when encoded, a comma.
ID_LENGTH = 27
# Where fewer ids than this fit beside the fields into an address, rows are read by a job. A judgement: below it
# the queries would be many.
FEWEST_IDS = 50
# A judgement: Salesforce keeps a cursor for two days (API Query Cursor Limits), so that one is seldom lost, and not
# twice.
LOCATOR_TRIES = 3
# Rows asked for after Salesforce ran out of time again and again. A judgement: what does not come so will not come.
LEAST_ROWS = 100
# REST pages of a delta before its size is asked for: as many as one composite brings
# (docs/decisions/reading-large-deltas.md).
PAGES_BEFORE_BULK = 5
# Rows that Salesforce puts into an answer by itself (REST API Developer Guide, Query).
SERVER_PAGE = 2000
# As SOQL takes it (Salesforce's page on formats of dates and date literals).
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
# A judgement: by so much may the clocks of a vendor's machines differ, and Date has whole seconds only.
CLOCKS_DIFFER_MS = 60_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """Rows of a REST query; from how many rows on Bulk is used; rows of a part of its results, and parts that are
    on their way or being put away at one time.

    2,000 is Salesforce's page. The others are judgements: a job costs some seven calls and a wait in the org's queue,
    ten pages follow one another; larger parts, and more of them at once, cost memory, smaller ones calls
    (docs/decisions/reading-salesforce-composites.md).
    """

    rest: int = 2000
    bulk_from: int = 20_000
    part: int = 25_000
    parts: int = 2


class Puller:
    """Pages of Salesforce's objects."""

    def __init__(
        self,
        api: SalesforceApi,
        selection: Callable[[str], Selection],
        *,
        ahead: Prefetcher | None = None,
        sizes: Sizes = Sizes(),
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api = api
        self.selection = selection
        self.ahead = ahead or Prefetcher(api)
        self.sizes = sizes
        self.bulk = BulkQuery(api, part_rows=sizes.part, parts=sizes.parts, sleep=sleep, clock=clock)

    def records(self, name: str, *, since: int | None, until: int, resume: str | None) -> Iterator[Page]:
        """All rows, or those stamped in [since, until]; AccessError for an object that this user cannot see."""
        selection = self._visible(name)
        if resume and resume.startswith("bulk "):
            yield from self._bulk(name, selection, "", resume.removeprefix("bulk "))
            return
        long = _long(", ".join(selection.fields))
        whole = since is None and not resume
        total = self.count(name, selection) if whole and not long else None
        if whole and (total is None or total >= self.sizes.bulk_from):
            yield from self._bulk(name, selection, "")
        elif long:
            yield from self._bulk(name, selection, " WHERE " + _window(selection.cursor, since, until))
        elif since is not None and not resume and self.sizes.rest >= SERVER_PAGE:
            yield from self._delta(name, selection, since, until)
        else:
            yield from self._rest(name, selection, since, until, resume, total=total)

    def questions(self, name: str, selection: Selection, since: int, until: int) -> list[Question]:
        """What a delta asks first; nothing where it does not go by REST."""
        if self.sizes.rest < SERVER_PAGE or _long(", ".join(selection.fields)):
            return []
        cursor = selection.cursor
        soql = (
            f"SELECT {', '.join(selection.fields)} FROM {name} WHERE {_window(cursor, since, until)} "
            f"ORDER BY {cursor}, Id"
        )
        return [Question(_verb(selection), soql, SERVER_PAGE * len(selection.fields))]

    def _delta(self, name: str, selection: Selection, since: int, until: int) -> Iterator[Page]:
        """Changed rows, read with others' and five pages a call; where Salesforce balks at that, page by page."""
        place, limit, (asked,) = "", self.sizes.rest, self.questions(name, selection, since, until)
        cursor = selection.cursor
        try:
            first = self.ahead.query(asked.verb, asked.soql)
            pages, seen, read = [first.body], first.seen, 0
            total = first.body.get("totalSize")
            while True:
                for answer in pages:
                    records = answer["records"]
                    if records:
                        place = _place(records, cursor, place, seen)
                        yield _page(name, records, selection, seen, place or None, total)
                    read += len(records)
                last = pages[-1]
                if last["done"]:
                    return
                left = max(1, int(last["totalSize"]) - read)
                if left >= self.sizes.bulk_from:
                    # More has changed than was to be expected: a job for the rest of it.
                    bound = _window(cursor, None if place else since, until)
                    bound += f" AND {_after(cursor, place)}" if place else ""
                    yield from self._bulk(name, selection, f" WHERE {bound}", read=read)
                    return
                size = max(1, len(last["records"]))
                pages = self.ahead.more(last["nextRecordsUrl"], -(-left // size), asked.cells)
                seen = self._seen()
        except SalesforceRefusalError as e:
            if e.error_code not in ("QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR"):
                raise
            limit //= 2 if e.error_code == "QUERY_TIMEOUT" else 1
        yield from self._rest(name, selection, since, until, place, limit)

    def _visible(self, name: str) -> Selection:
        """The selection; AccessError where there is nothing to select: no rows would look like all rows gone."""
        selection = self.selection(name)
        if not selection.fields:
            raise invisible(name)
        return selection

    def count(self, name: str, selection: Selection, where: str = "") -> int:
        """Rows of an object, deleted and archived ones included; all, or those of a WHERE clause."""
        soql = f"SELECT COUNT() FROM {name} {where}".rstrip()
        return int(self.api.call(_verb(selection), params={"q": soql})["totalSize"])

    def _seen(self) -> int:
        return self.api.transport.server_ms or 0

    def _rest(
        self,
        name: str,
        selection: Selection,
        since: int | None,
        until: int,
        resume: str | None,
        limit: int = 0,
        total: int | None = None,
    ) -> Iterator[Page]:
        place, cursor = resume or "", selection.cursor
        if _ms(place) is None:
            place = ""  # what an earlier release kept of a stamp that is none
        limit, pages, read = limit or self.sizes.rest, 0, 0
        while True:
            # A whole reading has no upper bound: a row that is edited while we read moves behind it and would be taken
            # for gone.
            bounds = [] if since is None else [_window(cursor, None if place else since, until)]
            if place:
                bounds.append(_after(cursor, place))
            where = f"WHERE {' AND '.join(bounds)} " if bounds else ""
            soql = (
                f"SELECT {', '.join(selection.fields)} FROM {name} {where}ORDER BY {cursor}, Id LIMIT {limit}"
            )
            if pages == PAGES_BEFORE_BULK and self.count(name, selection, where) >= self.sizes.bulk_from:
                # More has changed than was to be expected: a job for the rest of it.
                yield from self._bulk(name, selection, f" {where.rstrip()}", read=read)
                return
            try:
                records = self._all(_verb(selection), soql)
            except SalesforceRefusalError as e:
                if e.error_code != "QUERY_TIMEOUT" or limit <= LEAST_ROWS:
                    raise
                limit = max(LEAST_ROWS, limit // 2)
                continue
            pages, read = pages + 1, read + len(records)
            if not records:
                return
            before, seen = place, self._seen()
            place = _place(records, cursor, before, seen)
            yield _page(name, records, selection, seen, place or None, total)
            if len(records) < limit:
                return
            if place == before:
                # No stamp of a whole page can be read, so that no question leads behind it: a job needs none.
                yield from self._bulk(
                    name, selection, f" {where.rstrip()}".rstrip(), read=read - len(records)
                )
                return

    def _all(self, verb: str, soql: str) -> list[Row]:
        """The rows of one query; Salesforce may give a page smaller than it was asked for, and forget where it was."""
        for attempt in range(LOCATOR_TRIES):
            answer = self.api.call(verb, params={"q": soql})
            records = list(answer["records"])
            try:
                while not answer["done"]:
                    answer = self.api.call(answer["nextRecordsUrl"])
                    records += answer["records"]
            except SalesforceRefusalError as e:
                if e.error_code != "INVALID_QUERY_LOCATOR" or attempt == LOCATOR_TRIES - 1:
                    raise
                continue
            return records
        raise AssertionError("unreachable")

    def _bulk(
        self, name: str, selection: Selection, where: str, resume: str = "", read: int = 0
    ) -> Iterator[Page]:
        """The rows of a job, after the `read` ones that were read in another way."""
        soql = f"SELECT {', '.join(selection.fields)} FROM {name}{where}"
        # The job's own rows are as of its start; what changes later is the next delta's.
        for batch, place, total, seen in self.bulk.read(
            soql, deleted=selection.deleted, what=name, resume=resume
        ):
            if batch.num_rows:
                odd: rows.Odd = Counter()
                table = rows.bulk(batch, selection, seen=seen, odd=odd)
                following = f"bulk {place}" if place else None
                # A job that is resumed tells how many rows it has, not how many are left.
                rest = None if resume or total is None else read + total
                yield Page(name, table, following, total=rest, kinds=selection.kinds, odd=odd)

    def inventory(self, name: str) -> Iterator[pa.Table]:
        """Id, stamp and deleted state of every row; AccessError for an object that this user cannot see."""
        selection = self._visible(name)
        for page in self._some(name, _brief(selection, ()), selection.deleted):
            yield page.select(["id", "_modified", "_archived"])

    def computed(self, name: str) -> Iterator[Page]:
        """Formulas and rollups of all live rows: they change without any stamp."""
        selection = self.selection(name)
        names = selection.calculated
        if names:
            for page in self._some(name, _brief(selection, names), False):
                yield Page(name, page.select(["id", *map(field_column, names)]), None, patch=True)

    def _some(self, name: str, selection: Selection, deleted: bool) -> Iterator[pa.Table]:
        """A few fields of all rows: by Bulk where they are many, else by keyset on the id."""
        selection = replace(selection, deleted=deleted)
        if _long(", ".join(selection.fields)) or self.count(name, selection) >= self.sizes.bulk_from:
            yield from (p.rows for p in self._bulk(name, selection, ""))
            return
        last = ""
        while True:
            where = f" WHERE Id > '{last}'" if last else ""
            soql = (
                f"SELECT {', '.join(selection.fields)} FROM {name}{where} ORDER BY Id LIMIT {self.sizes.rest}"
            )
            records = self._all(_verb(selection), soql)
            if not records:
                return
            yield rows.table(records, selection, seen=self._seen(), odd=Counter())
            last = str(records[-1]["Id"])
            if len(records) < self.sizes.rest:
                return

    def reread(self, name: str, ids: Sequence[str]) -> Iterator[Page]:
        """Rows by id, deleted ones too, whenever they changed."""
        selection = self._visible(name)
        head = f"SELECT {', '.join(selection.fields)} FROM {name}"
        by_bulk = _long(head + " " * FEWEST_IDS * ID_LENGTH)
        # A job's query stands in the body, not in the address.
        room = LONGEST_BODY - len(head) if by_bulk else LONGEST_QUERY - len(quote_plus(head))
        # In a job as many as a page has. An address holds fewer than 500: 12,000 letters are 444 ids.
        size = max(1, min(2000 if by_bulk else 500, room // ID_LENGTH))
        for start in range(0, len(ids), size):
            listed = ",".join(f"'{i}'" for i in ids[start : start + size])
            if by_bulk:
                yield from (
                    replace(p, resume=None) for p in self._bulk(name, selection, f" WHERE Id IN ({listed})")
                )
                continue
            found = self._all(_verb(selection), f"{head} WHERE Id IN ({listed})")
            if found:
                yield _page(name, found, selection, self._seen(), None)


def _page(
    name: str,
    found: Sequence[Row],
    selection: Selection,
    seen: int,
    resume: str | None,
    total: int | None = None,
) -> Page:
    odd: rows.Odd = Counter()
    table = rows.table(found, selection, seen=seen, odd=odd)
    return Page(name, table, resume, total=total, kinds=selection.kinds, odd=odd)


def invisible(name: str) -> AccessError:
    """The error for an object that describe does not show: it is not there, or Read on it was not granted."""
    return AccessError(
        f"{name} cannot be seen by this user: it is not in the org, or Read on it was taken away.",
        action=f"Give the run-as user Read on {name} (Setup > Permission Sets), then run again.",
        details={"invisible": name},
    )


def _long(text: str) -> bool:
    """Whether a query of so much text does not fit into an address; commas and blanks grow when they are encoded."""
    return len(quote_plus(text)) > LONGEST_QUERY


def _verb(selection: Selection) -> str:
    return "queryAll" if selection.deleted else "query"


def _window(cursor: str, since: int | None, until: int) -> str:
    upper = f"{cursor} <= {moment(until)}"
    return upper if since is None else f"{cursor} >= {moment(since)} AND {upper}"


def _place(records: Sequence[Row], cursor: str, before: str, seen: int) -> str:
    """Behind which stamp and id the next page begins: those of the last row whose stamp can be true, else `before`.

    It must be a time, none before the page began and none after the answer came (`seen`): one that is not would end the
    run, ask for the same rows again or pass over what lies between. Rows behind that one come once more.
    """
    first, last = _ms(before) or 0, seen + CLOCKS_DIFFER_MS if seen else LAST_MS
    for row in reversed(records):
        place = f"{rows.zulu(str(row.get(cursor)))} {row['Id']}"
        at = _ms(place)
        if at is not None and first <= at <= last:
            return place
    return before


def _ms(place: str) -> int | None:
    """The stamp of a place in milliseconds UTC; None where it is no time that SOQL takes."""
    stamp = place.partition(" ")[0]
    at: int | None = rows.to_ms([stamp])[0].as_py() if _STAMP.fullmatch(stamp) else None
    return at


def _after(cursor: str, place: str) -> str:
    """Behind a place: rows of one stamp follow each other by their ids."""
    stamp, _, last = place.partition(" ")
    return f"(({cursor} = {stamp} AND Id > '{last}') OR {cursor} > {stamp})"


def _brief(selection: Selection, names: Sequence[str]) -> Selection:
    """The least that tells which row it is and as of when, with a few more fields."""
    fields = dict.fromkeys(("Id", selection.cursor, *(("IsDeleted",) if selection.deleted else ()), *names))
    return replace(selection, fields=tuple(fields))
