"""Salesforce's answers as Arrow pages: every value stays the text it came as, only our own columns are typed."""

import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.config.neutral import field_column
from sales_consultant.connectors.salesforce.reading.schema import Selection
from sales_consultant.connectors.tables import columns as made
from sales_consultant.connectors.tables import flags, moments, same, strings, tolerant

Row = dict[str, Any]
Odd = Counter[str]
"""How many values of each field could not be taken as they came."""
_OFFSET = re.compile(r"\+0000$")


def zulu(stamp: str) -> str:
    """REST's spelling of a moment (+0000) as Bulk and SOQL have it (Z)."""
    return _OFFSET.sub("Z", stamp)


def to_ms(given: Sequence[Any]) -> "pa.Array[Any]":
    """Salesforce's datetimes (+0000 by REST, Z by Bulk) as milliseconds UTC; what cannot be read is empty."""
    return moments([v or None for v in given], Counter(), "")


def text(value: Any) -> str | None:
    """A JSON value as text; an empty text is none."""
    return made.text(value) or None


def parse(body: bytes) -> pa.Table:
    """A Bulk answer as columns of text: an empty cell is null, and nothing else is ("NA" is a name in Namibia).

    Bytes that are no UTF-8 become U+FFFD.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"")
    if not body.isascii():
        body = body.decode("utf-8", "replace").encode()
    if not body.strip():
        return pa.table({})
    header = pacsv.open_csv(
        io.BytesIO(body), parse_options=pacsv.ParseOptions(newlines_in_values=True)
    ).schema.names
    convert = pacsv.ConvertOptions(
        column_types={n: pa.string() for n in header},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    return pacsv.read_csv(
        io.BytesIO(body), parse_options=pacsv.ParseOptions(newlines_in_values=True), convert_options=convert
    )


def _spelt(column: Any) -> Any:
    """Numbers as REST spells them: whole ones without a point, however Bulk writes them."""
    whole = pc.match_substring_regex(column, r"^-?\d+\.0+$")
    if not pc.any(whole).as_py():
        return column
    return pc.replace_substring_regex(column, r"^(-?\d+)\.0+$", r"\1")


def bulk(found: pa.Table, selection: Selection, *, seen: int, odd: Odd) -> pa.Table:
    """A Bulk page as REST's rows would be."""
    numeric = set(selection.numbers)

    def column(name: str) -> Any:
        if name not in found.column_names:
            return pa.chunked_array([pa.nulls(found.num_rows, pa.string())])
        return _spelt(found[name]) if name in numeric else found[name]

    columns = {name: column(name) for name in selection.fields}
    for name, values in columns.items():
        if lost := pc.sum(pc.match_substring(values, "\ufffd")).as_py():
            odd[name] += lost
    return _page(columns, column(selection.cursor), found.num_rows, selection, seen, odd)


def table(rows: Sequence[Row], selection: Selection, *, seen: int, odd: Odd) -> pa.Table:
    """REST's rows as an Arrow page: fields as text, and when they were made, changed and deleted."""
    columns = {n: _texts([r.get(n) for r in rows], odd, n) for n in selection.fields}
    return _page(columns, columns[selection.cursor], len(rows), selection, seen, odd)


def _texts(values: Sequence[Any], odd: Odd, name: str) -> "pa.Array[Any]":
    """Values of a field as texts, numbers and flags spelt out as REST means them; an empty text is none."""
    if set(map(type, values)) <= {str, type(None)}:
        return tolerant((v or None for v in values), odd, name)
    plain = [v if isinstance(v, str) or v is None else text(v) for v in values]
    odd[name] += sum(p is None and v is not None for p, v in zip(plain, values, strict=True))
    return tolerant((v or None for v in plain), odd, name)


def _page(
    fields: dict[str, Any], stamps: Any, count: int, selection: Selection, seen: int, odd: Odd
) -> pa.Table:
    if fields["Id"].null_count:
        raise CrmUnavailableError(
            "Salesforce's answer holds a record without an id.", action="Run the command again later."
        )
    columns = {"id": fields["Id"], **{field_column(n): c for n, c in fields.items() if n != "Id"}}
    columns["_created"] = _moments(fields.get("CreatedDate", stamps), odd, "CreatedDate")
    columns["_modified"] = _moments(stamps, odd, selection.cursor)
    deleted = fields.get("IsDeleted")
    columns["_archived"] = (
        flags([False] * count)
        if deleted is None
        else pc.fill_null(pc.equal(deleted, strings(["true"])[0]), flags([False])[0])
    )
    columns["_seen"] = same(seen, count)
    return pa.table(columns)


def _moments(stamps: Any, odd: Odd, name: str) -> Any:
    """A column of datetimes as milliseconds UTC."""
    try:
        return pc.replace_substring(stamps, "+0000", "Z").cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    except pa.ArrowInvalid:
        return moments(stamps.to_pylist(), odd, name)
