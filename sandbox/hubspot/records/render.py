"""Records as HubSpot's JSON."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.portal import VENDOR, Kind, Portal
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]


class Projection:
    """Which properties an answer shows: those asked for that are defined, else the type's own few."""

    def __init__(self, portal: Portal, kind: Kind, asked: Sequence[str], history: Sequence[str] = ()) -> None:
        self.portal = portal
        self.kind = kind
        defined = portal.definitions(kind)
        shown = asked or kind.defaults
        self.names = [
            n
            for n in dict.fromkeys(shown)
            if n in defined and not defined[n]["archived"] and n not in self._system()
        ]
        self.twice = kind.created == "createdate" and "hs_createdate" in shown
        self.history = [n for n in dict.fromkeys(history) if n in defined and not defined[n]["archived"]]

    def _system(self) -> tuple[str, ...]:
        return ("hs_object_id", self.kind.created, self.kind.modified, "hs_createdate")

    def one(self, record: Record) -> Json:
        """A record without history."""
        get = record.values().get
        created, modified = iso(record.created), iso(record.modified)
        values = {n: get(n) for n in self.names}
        values[self.kind.created] = created
        if self.twice:
            values["hs_createdate"] = created
        values["hs_object_id"] = record.id
        values[self.kind.modified] = modified
        shown: Json = {
            "id": record.id,
            "properties": values,
            "createdAt": created,
            "updatedAt": modified,
            "archived": bool(record.archived),
        }
        if record.archived:
            shown["archivedAt"] = iso(record.archived_at or record.modified)
        return shown

    def many(self, records: Sequence[Record]) -> list[Json]:
        """Records in their order, with the histories that were asked for."""
        shown = [self.one(r) for r in records]
        if self.history:
            held = histories(self.portal, self.kind, records, self.history)
            for record, one in zip(records, shown, strict=True):
                one["propertiesWithHistory"] = held[record.id]
        return shown


def histories(
    portal: Portal, kind: Kind, records: Sequence[Record], names: Iterable[str]
) -> Mapping[str, Mapping[str, list[Json]]]:
    """The histories of properties by record and name, newest first; what never changed holds since creation."""
    names = list(names)
    entries: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for change in portal.store.history(VENDOR, kind.name, (r.id for r in records), names):
        entries[change.id, change.property].append(_entry(change.value, change.at, change.source))
    by_record: dict[str, dict[str, list[Json]]] = {}
    for record in records:
        values = record.values()
        mine: dict[str, list[Json]] = {}
        for name in names:
            held = entries.get((record.id, name))
            if held is not None:
                mine[name] = held[::-1]
            elif values.get(name) is not None:
                mine[name] = [_entry(values[name], record.created, "IMPORT")]
            else:
                mine[name] = []
        by_record[record.id] = mine
    return by_record


def _entry(value: str | None, at: int, source: str) -> Json:
    return {"value": value or "", "timestamp": iso(at), "sourceType": source, "sourceId": "sandbox"}
