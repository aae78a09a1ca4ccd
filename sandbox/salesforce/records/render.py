"""Records as the API shows them: JSON with attributes for REST, plain cells for Bulk."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.sandbox.salesforce.access import Access, sharing
from sales_consultant.sandbox.salesforce.org import VENDOR, Field, Org, ids, stamp
from sales_consultant.sandbox.salesforce.soql import ARCHIVED_AFTER_MS
from sales_consultant.sandbox.store import Record

Json = dict[str, Any]
Getter = Callable[[Record, Json], Any]


def getter(org: Org, sobject: str, f: Field) -> Getter:
    """What takes a field's value from a record and its values."""
    name = f.name
    match name:
        case "Id":
            return lambda r, v: r.id
        case "IsDeleted":
            return lambda r, v: bool(r.archived)
        case "CreatedDate":
            return lambda r, v: stamp(r.created)
        case "SystemModstamp" | "LastModifiedDate":
            return lambda r, v: stamp(r.modified)
        case "CreatedById" | "LastModifiedById":
            integration = org.details["integration_user"]
            return lambda r, v: v.get(name) or integration
        case "IsArchived":
            before = stamp(org.now() - ARCHIVED_AFTER_MS)
            if sobject == "Event":
                return lambda r, v: (v.get("EndDateTime") or v.get("ActivityDate") or "9") < before
            return lambda r, v: (
                bool(v.get("IsClosed")) and (v.get("ActivityDate") or stamp(r.created))[:10] < before[:10]
            )
    if f.type == "boolean":
        return lambda r, v: bool(v.get(name))
    return lambda r, v: v.get(name)


@dataclass
class Shape:
    """The fields of an object that an answer shows, and those of the records it points to."""

    sobject: str
    access: Access
    own: list[tuple[str, Getter]] = field(default_factory=list)
    parents: dict[str, tuple[Field, Getter, "Shape"]] = field(default_factory=dict)
    typed: dict[str, tuple[Field, Getter, dict[str, "Shape"]]] = field(default_factory=dict)
    """By relation: what is shown of a record of each object; of others only which it is."""


def shape(access: Access, sobject: str, names: Iterable[str]) -> Shape:
    """The shape of an object's own fields."""
    found = access.org.fields(sobject)
    return Shape(sobject, access, [(n, getter(access.org, sobject, found[n])) for n in names])


def url(version: str, sobject: str, id: str, *, tooling: bool = False) -> str:
    """Where a record is found."""
    return f"/services/data/{version}/{'tooling/' if tooling else ''}sobjects/{sobject}/{id}"


def rows(
    org: Org, made: Shape, records: Sequence[Record], version: str, *, tooling: bool = False
) -> list[Json]:
    """Records as JSON, with the records that they point to inside."""
    values = [r.values() for r in records]
    prefix = url(version, made.sobject, "", tooling=tooling)
    own, sobject = made.own, made.sobject
    found = [
        {"attributes": {"type": sobject, "url": prefix + r.id}, **{n: get(r, v) for n, get in own}}
        for r, v in zip(records, values, strict=True)
    ]
    for relation, (f, get, inner) in made.parents.items():
        pointed = [get(r, v) for r, v in zip(records, values, strict=True)]
        wanted = {i for i in pointed if i}
        parents: dict[str, Json] = {}
        if f.targets == ("EntityDefinition",):
            defined = [
                r for r in org.store.each(VENDOR, "EntityDefinition") if r.values()["DurableId"] in wanted
            ]
            at = Shape("EntityDefinition", inner.access, inner.own, inner.parents)
            shown = rows(org, at, defined, version, tooling=tooling)
            parents = {r.values()["DurableId"]: row for r, row in zip(defined, shown, strict=True)}
            wanted = set()
        for target in f.targets:
            own_kind = [i for i in wanted if i[:3] == ids.PREFIXES[target]]
            seen = sharing.visible(inner.access, target, own_kind)
            held = list(org.store.get_many(VENDOR, target, seen).values())
            at = Shape(target, inner.access, inner.own, inner.parents)
            parents |= {r.id: row for r, row in zip(held, rows(org, at, held, version), strict=True)}
        for row, id in zip(found, pointed, strict=True):
            row[relation] = parents.get(id or "")
    for relation, (f, get, shapes) in made.typed.items():
        pointed = [get(r, v) for r, v in zip(records, values, strict=True)]
        shown_as = {t: shapes.get(t) or Shape(t, made.access) for t in f.targets}
        by_id: dict[str, Json] = {}
        for target, at in shown_as.items():
            wanted_here = [i for i in set(filter(None, pointed)) if i[:3] == ids.PREFIXES[target]]
            seen = sharing.visible(made.access, target, wanted_here)
            held = list(org.store.get_many(VENDOR, target, seen).values())
            by_id |= {r.id: row for r, row in zip(held, rows(org, at, held, version), strict=True)}
        for row, id in zip(found, pointed, strict=True):
            row[relation] = by_id.get(id or "")
    return found


def cell(f_type: str, value: Any) -> str:
    """A value as Bulk writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if f_type == "datetime" and isinstance(value, str):
        return value.replace("+0000", "Z")
    if isinstance(value, float) and value.is_integer():
        return f"{value:.1f}"
    return str(value)
