"""Fills the portal from a data folder: what all object types share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.sandbox.clock import iso, parse_iso
from sales_consultant.sandbox.data_folder import Folder, Table
from sales_consultant.sandbox.data_folder.tables import CustomField
from sales_consultant.sandbox.hubspot.portal import KINDS, VENDOR, Kind, Portal, definition, group_of, number
from sales_consultant.sandbox.hubspot.records import DEFINED, default_type, dumps, new_id, pair
from sales_consultant.sandbox.store import Change, Link, Record

_FIELD_TYPES = {
    "number": "number",
    "bool": "booleancheckbox",
    "datetime": "date",
    "enumeration": "select",
    "string": "text",
}
Row = Mapping[str, Any]
# The kind whose records a table's rows become.
KIND_OF_TABLE = {
    "companies": "companies",
    "contacts": "contacts",
    "leads": "contacts",
    "deals": "deals",
    "products": "products",
    "line_items": "line_items",
}


@dataclass
class Draft:
    """A record before it has an id. `history` holds (ms, value) by property, oldest first, where it is known."""

    kind: Kind
    external: str
    created: int
    values: dict[str, str | None]
    history: dict[str, list[tuple[int, str | None]]] = field(default_factory=dict)
    modified: int = 0
    id: str = ""

    def since(self, name: str, entries: Iterable[tuple[int, str | None]]) -> None:
        """Give a property a history: sorted, without repeats; its last value becomes the current one."""
        kept: list[tuple[int, str | None]] = []
        for at, value in sorted(entries, key=lambda e: e[0]):
            if not kept or kept[-1][1] != value:
                kept.append((at, value))
        if kept:
            self.history[name] = kept
            self.values[name] = kept[-1][1]


@dataclass
class Loader:
    """What is gathered on the way from the folder to the store."""

    portal: Portal
    folder: Folder
    now: int
    epoch: int
    drafts: dict[str, dict[str, Draft]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)

    def draft(self, table: str, external: str | None) -> Draft | None:
        """The record that a row of a table became."""
        return self.drafts.get(table, {}).get(external) if external is not None else None

    def owner(self, row: Row) -> str | None:
        """The id of a row's owner."""
        return self.owners.get(row.get("owner_id") or "")

    def link(self, one: Draft | None, other: Draft | None, at: int, *types: tuple[int, str | None]) -> None:
        """Link two records, with the default type and those given."""
        if one is None or other is None:
            return
        kinds = one.kind.name, other.kind.name
        for number_, label in ((default_type(*kinds), None), *types):
            self.links += pair(kinds[0], one.id, kinds[1], other.id, DEFINED, number_, label, at)

    def define(self, table: Table, kind: Kind) -> dict[str, CustomField]:
        """Definitions for a table's custom fields; the fields by the property they became."""
        named = {}
        for custom in table.custom:
            name = self.property_for(kind, custom)
            self.columns.setdefault(table.name, {})[custom.column] = name
            named[name] = custom
        return named

    def property_for(self, kind: Kind, custom: CustomField) -> str:
        """The property of a custom field: HubSpot's own of that name where the type fits, else a new one."""
        existing = self.portal.definitions(kind).get(custom.name)
        name = custom.name
        if existing is not None:
            if existing["type"] == custom.type and existing["hubspotDefined"] is False:
                self.options(kind, name, custom.options)
                return name
            if existing["type"] == "string" or existing["type"] == custom.type != "enumeration":
                return name
            name = f"{name}_custom"
        options = "|".join(f"{o}={o}" for o in custom.options if "|" not in o and "=" not in o)
        body = definition(
            name, custom.column.replace("_", " ").capitalize(), custom.type, _FIELD_TYPES[custom.type],
            group_of(kind)[0], iso(self.epoch), options=options, own=False,
        )  # fmt: skip
        self.portal.put_definition(kind, body)
        self.options(kind, name, custom.options)
        return name

    def options(self, kind: Kind, name: str, values: Iterable[str]) -> None:
        """Add options that a property does not have yet."""
        held = self.portal.definitions(kind)[name]
        known = {o["value"] for o in held["options"]}
        extra = [v for v in dict.fromkeys(values) if v not in known]
        if held["type"] != "enumeration" or not extra:
            return
        added = [
            {"label": v, "value": v, "displayOrder": len(known) + n, "hidden": False, "description": ""}
            for n, v in enumerate(extra)
        ]
        self.portal.put_definition(kind, {**held, "options": [*held["options"], *added]})

    def custom(self, row: Row, named: Mapping[str, CustomField]) -> dict[str, str | None]:
        """The values of a row's custom fields."""
        return {name: text(custom.type, row.get(custom.column)) for name, custom in named.items()}

    def save(self, kind_name: str, drafts: Sequence[Draft]) -> None:
        """Give ids in the order of creation and remember the drafts' histories; `write` stores them."""
        drafts = sorted(drafts, key=lambda d: d.created)
        first = new_id(self.portal, KINDS[kind_name], len(drafts))
        for n, draft in enumerate(drafts):
            draft.id = str(first + n)

    def write(self, kind_name: str, drafts: Sequence[Draft]) -> None:
        """Store records, with the histories that say more than "so since it was made"."""
        records, changes = [], []
        for draft in sorted(drafts, key=lambda d: int(d.id)):
            latest = max([draft.created, draft.modified, *(h[-1][0] for h in draft.history.values())])
            draft.values.setdefault("external_id", draft.external)
            records.append(
                Record(
                    draft.id,
                    int(draft.id),
                    dumps(draft.values),
                    draft.created,
                    min(latest, max(self.now, draft.created)),
                )
            )
            for name, entries in draft.history.items():
                if len(entries) > 1 or entries[0] != (draft.created, draft.values.get(name)):
                    changes += [Change(draft.id, name, v, at, "CRM_UI") for at, v in entries]
        self.portal.store.insert(VENDOR, kind_name, records)
        self.portal.store.add_history(VENDOR, kind_name, changes)


def text(type: str, value: Any) -> str | None:
    """A typed cell as HubSpot's text."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if type == "datetime":
        return iso(int(value))
    return number(value) if isinstance(value, int | float) else str(value)


def from_text(type: str, value: str | None) -> str | None:
    """A value of the history file, which is text whatever its column's type is."""
    if value is None:
        return None
    if type in ("datetime", "date"):
        return iso(parse_iso(value)) if type == "datetime" else value[:10]
    if type == "number":
        return number(float(value))
    return value.lower() if type == "bool" else value
