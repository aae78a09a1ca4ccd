"""HubSpot's search: its grammar of filters, its caps, and its oddities (case, tokens, an index that lags)."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sales_consultant.sandbox.hubspot.portal import VENDOR, Kind, Portal, bad, to_ms
from sales_consultant.sandbox.hubspot.records.filters import Condition, compile_group
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
# developers.hubspot.com, Search the CRM: rows of an answer and of a query; groups, filters of a group and filters in
# all; characters (the page says of the body, the API's description of the query: the latter is held here).
MAX_LIMIT = 200
MAX_ROWS = 10_000
MAX_GROUPS, MAX_FILTERS, MAX_ALL_FILTERS = 5, 6, 18
MAX_QUERY = 3_000
_TOKEN = re.compile(r"\w+")
_COLUMNS = "id, seq, properties, created, modified, archived, archived_at"


class Search:
    """A search that has been parsed. Raises ApiError 400 for what HubSpot refuses."""

    def __init__(self, portal: Portal, kind: Kind, body: Json) -> None:
        self.portal = portal
        self.kind = kind
        self.limit = _limit(body.get("limit"))
        self.offset = _offset(body.get("after"))
        if self.offset + self.limit > MAX_ROWS:
            raise bad(
                f"There was a problem with the request. The total number of results cannot exceed {MAX_ROWS}"
            )
        self.groups = [compile_group(portal, kind, g) for g in _groups(body)]
        self.query = str(body.get("query") or "")
        if len(self.query) > MAX_QUERY:
            raise bad(f"The query may have {MAX_QUERY} characters; it has {len(self.query)}")
        self.sort, self.descending = self._sorting(body.get("sorts") or [])

    def _sorting(self, sorts: Any) -> tuple[str, bool]:
        if not isinstance(sorts, list) or len(sorts) > 1:
            raise bad("Only one sort rule is supported")
        if not sorts:
            return "hs_object_id", False
        rule = sorts[0]
        if isinstance(rule, str):
            name, descending = rule.lstrip("-"), rule.startswith("-")
        else:
            name = str(rule.get("propertyName") or rule.get("property") or "")
            descending = str(rule.get("direction", "ASCENDING")).upper().startswith("DESC")
        if name not in self.portal.definitions(self.kind):
            raise bad(f"Property '{name}' does not exist and cannot be sorted by")
        return name, descending

    def run(self) -> tuple[int, list[Record]]:
        """The number of all records found, and those of the page."""
        lagging = self.portal.store.lagging(VENDOR, self.kind.name, self.portal.clock.now_ms())
        simple = all(c.sql for g in self.groups for c in g) and not self.query
        if simple and not lagging and self._sort_column():
            return self._in_sql()
        return self._in_python(lagging)

    def _sort_column(self) -> str | None:
        return {"hs_object_id": "seq", self.kind.modified: "modified", self.kind.created: "created"}.get(
            self.sort
        )

    def _where(self, groups: Sequence[Sequence[Condition]]) -> tuple[str, list[Any]]:
        """What of the filters SQL can tell; a group that it cannot narrow makes it all records."""
        parameters: list[Any] = [VENDOR, self.kind.name]
        parts = []
        for group in groups:
            known = [c for c in group if c.sql]
            parts.append(" AND ".join(c.sql for c in known) or "1")
            parameters += [v for c in known for v in c.parameters]
        found = "vendor = ? AND object = ? AND archived = 0"
        return (found + f" AND ({' OR '.join(f'({p})' for p in parts)})" if parts else found), parameters

    def _in_sql(self) -> tuple[int, list[Record]]:
        if len(self.groups) <= 1 and self.sort == "hs_object_id" and not self.descending:
            return self._by_id(self.groups[0] if self.groups else [])
        where, parameters = self._where(self.groups)
        # Counting and choosing read an index only; whole rows are fetched for one page.
        total = self.portal.store.rows(f"SELECT count(*) FROM records WHERE {where}", parameters)[0][0]
        order = f"{self._sort_column()} {'DESC' if self.descending else 'ASC'}, seq"
        chosen = f"SELECT rowid FROM records WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
        sql = f"SELECT {_COLUMNS} FROM records WHERE rowid IN ({chosen}) ORDER BY {order}"
        rows = self.portal.store.rows(sql, [*parameters, self.limit, self.offset])
        return int(total), [Record(*r) for r in rows]

    def _by_id(self, group: Sequence[Condition]) -> tuple[int, list[Record]]:
        """A walk by id through one window: the window's ids are found once, until something is written."""
        past = [c for c in group if c.sql == "seq > ?"]
        where, parameters = self._where([[c for c in group if c not in past]])
        seqs_found = self.portal.window(where, parameters)
        low = max([bisect_right(seqs_found, c.parameters[0]) for c in past], default=0)
        seqs = seqs_found[low + self.offset : low + self.offset + self.limit]
        sql = (
            f"SELECT {_COLUMNS} FROM records WHERE vendor = ? AND object = ? AND archived = 0 "
            "AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq"
        )
        rows = self.portal.store.rows(sql, (VENDOR, self.kind.name, f"[{','.join(map(str, seqs))}]"))
        return len(seqs_found) - low, [Record(*r) for r in rows]

    def _in_python(self, lagging: Mapping[str, Record | None]) -> tuple[int, list[Record]]:
        where, parameters = self._where(self.groups)
        rows = self.portal.store.rows(
            f"SELECT {_COLUMNS} FROM records WHERE {where} ORDER BY seq", parameters
        )
        candidates = [r for r in map(Record._make, rows) if r.id not in lagging]
        candidates += [r for r in lagging.values() if r is not None and not r.archived]
        words = [w.lower() for w in _TOKEN.findall(self.query)]
        matching = []
        for record in candidates:
            values = self.values(record)
            if self._matches(values, record) and self._mentions(values, words):
                matching.append((record, values))
        key = self._key()
        matching.sort(key=lambda pair: pair[0].seq)
        filled = [p for p in matching if p[1].get(self.sort) is not None]
        empty = [p for p in matching if p[1].get(self.sort) is None]
        filled.sort(key=lambda pair: key(str(pair[1][self.sort])), reverse=self.descending)
        page = [*filled, *empty][self.offset : self.offset + self.limit]
        return len(matching), [record for record, _ in page]

    def values(self, record: Record) -> Json:
        """A record's values with those that are columns of the store."""
        values = record.values()
        values["hs_object_id"] = record.id
        values[self.kind.created] = values["hs_createdate"] = str(record.created)
        values[self.kind.modified] = str(record.modified)
        return values

    def _matches(self, values: Json, record: Record) -> bool:
        return not self.groups or any(all(c.test(values, record.id) for c in g) for g in self.groups)

    def _mentions(self, values: Json, words: Sequence[str]) -> bool:
        if not words:
            return True
        held = [t for n in self.kind.searched for t in _TOKEN.findall(str(values.get(n) or "").lower())]
        return all(any(t.startswith(w) for t in held) for w in words)

    def _key(self) -> Callable[[str], Any]:
        kind = self.portal.definitions(self.kind)[self.sort]["type"]
        if kind == "number":
            return float
        return to_ms if kind in ("datetime", "date") else str.lower


def _limit(value: Any) -> int:
    try:
        number = 10 if value is None else int(value)
    except (TypeError, ValueError):
        raise bad(f"limit is not a number: {value}") from None
    if not 0 <= number <= MAX_LIMIT:
        raise bad(f"The limit must be between 0 and {MAX_LIMIT}; it is {number}")
    return number


def _offset(value: Any) -> int:
    if value in (None, ""):
        return 0
    if not str(value).isdigit():
        raise bad(f"after is not a number: {value}")
    return int(value)


def _groups(body: Json) -> list[list[Json]]:
    groups = body.get("filterGroups") or []
    if not isinstance(groups, list) or not all(isinstance(g, dict) for g in groups):
        raise bad("Invalid input JSON: filterGroups must be a list of objects")
    filters = [list(g.get("filters") or []) for g in groups]
    if body.get("filters"):
        filters.append(list(body["filters"]))
    filters = [f for f in filters if f]
    if len(filters) > MAX_GROUPS:
        raise bad(f"Too many filter groups: the maximum is {MAX_GROUPS}")
    if any(len(f) > MAX_FILTERS for f in filters) or sum(map(len, filters)) > MAX_ALL_FILTERS:
        raise bad(f"Too many filters: the maximum is {MAX_FILTERS} in a group and {MAX_ALL_FILTERS} in all")
    return filters
