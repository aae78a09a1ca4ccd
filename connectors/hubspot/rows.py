"""HubSpot's JSON as Arrow pages: every value stays the text it came as, only our own columns are typed."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sales_consultant.connectors.columns import flags, same, strings
from sales_consultant.connectors.neutral import field_column

Json = dict[str, Any]


def to_ms(texts: Iterable[str | None]) -> "pa.Array[Any]":
    """ISO 8601 texts as milliseconds UTC."""
    column = strings(texts)
    return column.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())


def records(results: Sequence[Json], properties: Sequence[str], *, seen: int) -> pa.Table:
    """A page of records: id, the properties, and when they were made, changed and archived."""
    held = [r["properties"] for r in results]
    columns: dict[str, Any] = {"id": strings(r["id"] for r in results)}
    for name in properties:
        columns[field_column(name)] = strings(h.get(name) for h in held)
    columns["_created"] = to_ms([r.get("createdAt") for r in results])
    columns["_modified"] = to_ms([r.get("updatedAt") for r in results])
    columns["_archived"] = flags(bool(r.get("archived")) for r in results)
    columns["_seen"] = same(seen, len(results))
    return pa.table(columns)


def stamps(results: Sequence[Json]) -> pa.Table:
    """Which records there are: id, when each changed, whether it is archived."""
    return pa.table(
        {
            "id": strings(r["id"] for r in results),
            "_modified": to_ms([r.get("updatedAt") for r in results]),
            "_archived": flags(bool(r.get("archived")) for r in results),
        }
    )


def values(results: Sequence[Json], properties: Sequence[str]) -> pa.Table:
    """Some properties of records, by id."""
    columns: dict[str, Any] = {"id": strings(r["id"] for r in results)}
    for name in properties:
        columns[field_column(name)] = strings(r["properties"].get(name) for r in results)
    return pa.table(columns)


def history(results: Sequence[Json], *, seen: int) -> pa.Table:
    """All past values of the properties that were asked with history."""
    rows = [
        (r["id"], name, v.get("value"), v.get("timestamp"))
        for r in results
        for name, versions in (r.get("propertiesWithHistory") or {}).items()
        for v in versions or ()
    ]
    return pa.table(
        {
            "record_id": strings(r[0] for r in rows),
            "property": strings(r[1] for r in rows),
            "value": strings(r[2] for r in rows),
            "_changed": to_ms([r[3] for r in rows]),
            "_seen": same(seen, len(rows)),
        }
    )


def texts(rows: Sequence[Json], names: Sequence[str], *, seen: int) -> pa.Table:
    """Plain rows of text, for the small tables that are read whole."""
    columns: dict[str, Any] = {n: strings(_text(r.get(n)) for r in rows) for n in names}
    columns["_seen"] = same(seen, len(rows))
    return pa.table(columns)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def links(found: Sequence[Json], *, seen: int) -> pa.Table:
    """Association rows: one a pair, with the type ids and labels it carries."""
    rows = [
        (
            str(r["from"]["id"]),
            str(to["toObjectId"]),
            ",".join(sorted(str(t.get("typeId")) for t in to.get("associationTypes", ()))),
            ",".join(sorted(str(t["label"]) for t in to.get("associationTypes", ()) if t.get("label")))
            or None,
        )
        for r in found
        for to in r.get("to", ())
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
