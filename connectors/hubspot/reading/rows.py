"""HubSpot's JSON as Arrow pages: every value stays the text it came as, only our own columns are typed.

One odd value costs that value and is counted, never the page.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.neutral import field_column
from sales_consultant.connectors.tables import flags, moments, same, strings, text, tolerant

Json = dict[str, Any]


Odd = Counter[str]
"""How many values of each field could not be taken as they came."""


def record_id(record: Json) -> str:
    """A record's id; CrmUnavailableError where there is none: what cannot be named is not left out in silence."""
    found = record.get("id") if isinstance(record, dict) else None
    if not isinstance(found, (str, int)) or isinstance(found, bool) or found == "":
        raise CrmUnavailableError(
            "HubSpot's answer holds a record without an id.", action="Run the command again later."
        )
    return str(found)


def _properties(record: Json, key: str = "properties") -> Json:
    held = record.get(key)
    return held if isinstance(held, dict) else {}


def records(results: Sequence[Json], properties: Sequence[str], *, seen: int, odd: Odd) -> pa.Table:
    """A page of records: id, the properties, and when they were made, changed and archived."""
    held = [_properties(r) for r in results]
    columns: dict[str, Any] = {"id": strings(record_id(r) for r in results)}
    for name in properties:
        columns[field_column(name)] = tolerant((h.get(name) for h in held), odd, name)
    columns["_created"] = moments([r.get("createdAt") for r in results], odd, "createdAt")
    columns["_modified"] = moments([r.get("updatedAt") for r in results], odd, "updatedAt")
    columns["_archived"] = flags(r.get("archived") is True for r in results)
    columns["_seen"] = same(seen, len(results))
    return pa.table(columns)


def stamps(results: Sequence[Json]) -> pa.Table:
    """Which records there are: id, when each changed, whether it is archived."""
    return pa.table(
        {
            "id": strings(record_id(r) for r in results),
            "_modified": moments([r.get("updatedAt") for r in results], Counter(), ""),
            "_archived": flags(r.get("archived") is True for r in results),
        }
    )


def values(results: Sequence[Json], properties: Sequence[str], *, odd: Odd) -> pa.Table:
    """Some properties of records, by id."""
    columns: dict[str, Any] = {"id": strings(record_id(r) for r in results)}
    for name in properties:
        columns[field_column(name)] = tolerant((_properties(r).get(name) for r in results), odd, name)
    return pa.table(columns)


def history(results: Sequence[Json], *, seen: int, odd: Odd) -> pa.Table:
    """All past values of the properties that were asked with history."""
    rows = [
        (record_id(r), name, v.get("value"), v.get("timestamp"))
        for r in results
        for name, versions in _properties(r, "propertiesWithHistory").items()
        for v in (versions if isinstance(versions, list) else ())
        if isinstance(v, dict)
    ]
    return pa.table(
        {
            "record_id": strings(r[0] for r in rows),
            "property": strings(r[1] for r in rows),
            "value": tolerant((r[2] for r in rows), odd, "history"),
            "_changed": moments([r[3] for r in rows], odd, "history"),
            "_seen": same(seen, len(rows)),
        }
    )


def texts(rows: Sequence[Json], names: Sequence[str], *, seen: int) -> pa.Table:
    """Plain rows of text, for the small tables that are read whole."""
    columns: dict[str, Any] = {n: strings(text(r.get(n)) for r in rows) for n in names}
    columns["_seen"] = same(seen, len(rows))
    return pa.table(columns)


def _types(to: Json) -> list[Json]:
    held = to.get("associationTypes")
    return [t for t in held if isinstance(t, dict)] if isinstance(held, list) else []


def unreadable_links(found: Sequence[Json]) -> set[str]:
    """Records of whose links one cannot be read: which ones they have is not known, so what was known stays."""
    return {
        record_id(r["from"])
        for r in found
        if not isinstance(r.get("to") or [], list)
        or not all(isinstance(to, dict) and _named(to) for to in r.get("to") or ())
    }


def _named(to: Json) -> bool:
    given = to.get("toObjectId")
    return isinstance(given, (str, int)) and not isinstance(given, bool) and given != ""


def links(found: Sequence[Json], *, seen: int) -> pa.Table:
    """Association rows: one a pair, with the type ids and labels it carries."""
    rows = [
        (
            record_id(r["from"]),
            record_id({"id": to["toObjectId"]}),
            ",".join(sorted(str(t.get("typeId")) for t in _types(to))),
            text(",".join(sorted(str(t["label"]) for t in _types(to) if t.get("label")))) or None,
        )
        for r in found
        for to in r.get("to") or ()
    ]
    table = pa.table(
        {
            "from_id": strings(r[0] for r in rows),
            "to_id": strings(r[1] for r in rows),
            "type_ids": strings(r[2] for r in rows),
            "labels": strings(r[3] for r in rows),
            "_seen": same(seen, len(rows)),
        }
    )
    # A link that is given twice (two pages of one record) is one link.
    return (
        table.group_by(["from_id", "to_id"])
        .aggregate([("type_ids", "max"), ("labels", "max"), ("_seen", "max")])
        .rename_columns(["from_id", "to_id", "type_ids", "labels", "_seen"])
        if table.num_rows
        else table
    )


def ids(values: Iterable[str]) -> "pa.Array[Any]":
    """Ids as an Arrow column, each once."""
    return pc.unique(strings(values))
