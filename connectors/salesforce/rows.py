"""Salesforce's answers as Arrow pages: every value stays the text it came as, only our own columns are typed."""

import io
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from sales_consultant.connectors.columns import flags, same, strings
from sales_consultant.connectors.neutral import field_column
from sales_consultant.connectors.salesforce.schema import Selection

Row = dict[str, Any]
_OFFSET = re.compile(r"\+0000$")


def zulu(stamp: str) -> str:
    """REST's spelling of a moment (+0000) as Bulk and SOQL have it (Z)."""
    return _OFFSET.sub("Z", stamp)


def to_ms(texts: Sequence[str | None]) -> "pa.Array[Any]":
    """Salesforce's datetimes (+0000 by REST, Z by Bulk) as milliseconds UTC."""
    fixed = [None if not t else zulu(t) for t in texts]
    return strings(fixed).cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())


def text(value: Any) -> str | None:
    """A JSON value as text; whole numbers without a point."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\x00", "")


def parse(body: bytes) -> pa.Table:
    """A Bulk answer as columns of text: an empty cell is null, and nothing else is ("NA" is a name in Namibia)."""
    import pyarrow.csv as pc

    body = body.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"")
    if not body.strip():
        return pa.table({})
    header = pc.open_csv(
        io.BytesIO(body), parse_options=pc.ParseOptions(newlines_in_values=True)
    ).schema.names
    convert = pc.ConvertOptions(
        column_types={n: pa.string() for n in header},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    return pc.read_csv(
        io.BytesIO(body), parse_options=pc.ParseOptions(newlines_in_values=True), convert_options=convert
    )


def _spelt(column: Any) -> Any:
    """Numbers as REST spells them: whole ones without a point, however Bulk writes them."""
    import pyarrow.compute as pc

    whole = pc.match_substring_regex(column, r"^-?\d+\.0+$")
    if not pc.any(whole).as_py():
        return column
    return pc.replace_substring_regex(column, r"^(-?\d+)\.0+$", r"\1")


def bulk(found: pa.Table, selection: Selection, *, seen: int) -> pa.Table:
    """A Bulk page as REST's rows would be."""
    numeric = set(selection.numbers)

    def column(name: str) -> Any:
        if name not in found.column_names:
            return pa.chunked_array([pa.nulls(found.num_rows, pa.string())])
        return _spelt(found[name]) if name in numeric else found[name]

    return _page(
        {name: column(name) for name in selection.fields},
        column(selection.cursor),
        found.num_rows,
        selection,
        seen,
    )


def table(rows: Sequence[Row], selection: Selection, *, seen: int) -> pa.Table:
    """REST's rows as an Arrow page: fields as text, and when they were made, changed and deleted."""
    columns = {n: _texts([r.get(n) for r in rows]) for n in selection.fields}
    return _page(columns, columns[selection.cursor], len(rows), selection, seen)


def _texts(values: Sequence[Any]) -> "pa.Array[Any]":
    """Values of a field as texts; most fields are texts already."""
    if set(map(type, values)) <= {str, type(None)}:
        plain = [v or None for v in values]
        if not any("\x00" in v for v in plain if v):
            return strings(plain)
    return strings(text(v) for v in values)


def _page(fields: dict[str, Any], stamps: Any, count: int, selection: Selection, seen: int) -> pa.Table:
    import pyarrow.compute as pc

    columns = {"id": fields["Id"], **{field_column(n): c for n, c in fields.items() if n != "Id"}}
    columns["_created"] = moments(fields.get("CreatedDate", stamps))
    columns["_modified"] = moments(stamps)
    deleted = fields.get("IsDeleted")
    columns["_archived"] = (
        flags([False] * count)
        if deleted is None
        else pc.fill_null(pc.equal(deleted, strings(["true"])[0]), flags([False])[0])
    )
    columns["_seen"] = same(seen, count)
    return pa.table(columns)


def moments(stamps: Any) -> Any:
    """A column of datetimes as milliseconds UTC."""
    import pyarrow.compute as pc

    return pc.replace_substring(stamps, "+0000", "Z").cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
