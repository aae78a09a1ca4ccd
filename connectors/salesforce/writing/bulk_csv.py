"""CSV as Bulk API 2.0 means it: an empty cell leaves a field alone, #N/A empties it, newlines live inside quotes."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence

# Bulk API 2.0 Developer Guide: an empty cell is ignored, this empties the field.
NULL = "#N/A"


def write(names: Sequence[str], rows: Sequence[Mapping[str, str | None]]) -> bytes:
    """UTF-8 with CRLF, every cell quoted, columns in the given order; None becomes #N/A, a missing key stays empty.

    >>> write(["Id", "A"], [{"Id": "1", "A": None}])
    b'"Id","A"\\r\\n"1","#N/A"\\r\\n'
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        cells = []
        for name in names:
            value = row.get(name, "")
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} of {row.get('Id')} is not a finite number")
            cells.append(NULL if value is None else value)
        writer.writerow(cells)
    return out.getvalue().encode("utf-8")


class CutError(ValueError):
    """A table that breaks off in the middle of a row, or is none."""


def read(body: bytes) -> Iterator[dict[str, str]]:
    """Rows by column name; the answer's charset header is often missing, the bytes are UTF-8. Raises CutError.

    >>> list(read(b'"sf__Id","sf__Error"\\n"1","x"\\n"2'))
    Traceback (most recent call last):
        ...
    sales_consultant.connectors.salesforce.writing.bulk_csv.CutError: the table breaks off
    """
    # A byte that is no text costs itself: what is read here are ids and reasons.
    text = body.decode("utf-8-sig", "replace").replace("\x00", "")
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(rows, None)
        if header is None:
            return
        if "sf__Id" not in header and "Id" not in header:
            raise CutError("no table")
        for row in rows:
            if row:
                yield dict(zip(header, row, strict=True))
    except (ValueError, csv.Error) as e:
        raise CutError("the table breaks off") from e
