"""Arrow columns of Python values, made of buffers.

`pa.array` of a list looks whether the list is one of pandas', and imports pandas to see: .4 s of CPU in every process, which
is more than a quiet night's whole pull.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

from sales_consultant.config.clock import from_iso
from sales_consultant.config.neutral import FIRST_MS, LAST_MS, MOST


def strings(values: Iterable[str | None]) -> "pa.Array[Any]":
    """A column of texts; TypeError for what is neither a text nor None."""
    texts = list(values)
    try:
        parts = [b"" if v is None else v.encode() for v in texts]
    except AttributeError:
        odd = next(v for v in texts if v is not None and not isinstance(v, str))
        raise TypeError(f"a text was expected, not {type(odd).__name__}") from None
    offsets = np.fromiter(accumulate(map(len, parts), initial=0), np.int64, len(parts) + 1)
    # Arrow's type string counts its bytes with 32 bits.
    if offsets[-1] > 2**31 - 1:
        raise ValueError("a column of one page holds more than two gigabytes")
    empty = texts.count(None)
    valid = None
    if empty:
        bits = np.fromiter((v is not None for v in texts), np.bool_, len(texts))
        valid = pa.py_buffer(np.packbits(bits, bitorder="little").tobytes())
    buffers = [valid, pa.py_buffer(offsets.astype(np.int32).tobytes()), pa.py_buffer(b"".join(parts))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers, empty)


_LOST = "\ufffd".encode()


def tolerant(values: Iterable[Any], odd: "Counter[str]", name: str) -> "pa.Array[Any]":
    """A column of what a CRM gave as texts: one odd value costs that value, and counts in `odd` under `name`.

    A number or a flag is spelt out, half a surrogate becomes U+FFFD (as a byte that was no text has become where the answer
    was read), a NUL is left out; a list, an object or no number is empty.
    """
    given = list(values)
    try:
        made = strings(given)
    except (TypeError, UnicodeEncodeError):
        pass
    else:
        data = made.buffers()[2]
        plain = b"" if data is None else data.to_pybytes()
        if b"\x00" not in plain:
            if _LOST in plain:
                odd[name] += sum(isinstance(v, str) and "\ufffd" in v for v in given)
            return made
    mended = [None if v is None else text(v) for v in given]
    odd[name] += sum(m != v for m, v in zip(mended, given, strict=True))
    return strings(mended)


def text(value: Any) -> str | None:
    """A JSON value as text, whole numbers without a point; None for what is no single value.

    >>> text(12.0), text(True), text("a\\x00b"), text([1]), text(float("nan"))
    ('12', 'true', 'ab', None, None)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        # Up to 2**53 a float holds every whole number exactly.
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        return None
    plain = value.replace("\x00", "")
    try:
        plain.encode()
    except UnicodeEncodeError:
        plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return plain


_GROUPED = re.compile(r"\s*-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\s*")


def number(value: Any) -> float | None:
    """A number that came as one or as text, its thousands set apart by commas or not; None for what is none.

    >>> number("1,234.50"), number(3), number(True), number("1e309"), number("soon")
    (1234.5, 3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and _GROUPED.fullmatch(value):
        value = value.replace(",", "")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < MOST else None


def moment(value: Any) -> int | None:
    """A moment as milliseconds UTC: ISO 8601, or digits of milli-, micro- or nanoseconds, told by their size.

    >>> moment("2024-01-01T01:00:00+01:00"), moment(1704067200000), moment("1704067200000000"), moment("soon")
    (1704067200000, 1704067200000, 1704067200000, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value) if isinstance(value, (int, float)) else float(str(value))
    except (ValueError, OverflowError):
        return _iso(str(value))
    for _ in range(3):
        if FIRST_MS <= number <= LAST_MS:
            return math.floor(number)
        number /= 1000
    return None


def _iso(given: str) -> int | None:
    try:
        return from_iso(given)
    except (ValueError, OverflowError):
        return None


def moments(values: Sequence[Any], odd: "Counter[str]", name: str) -> "pa.Array[Any]":
    """A column of moments (ms UTC, int64); what cannot be read is empty and counts in `odd` under `name`."""
    try:
        column = strings(None if v is None else v.replace("+0000", "Z") for v in values)
        return column.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    except (AttributeError, TypeError, UnicodeEncodeError, pa.ArrowInvalid):
        times = [moment(v) for v in values]
        odd[name] += sum(
            not isinstance(v, str) or f is None
            for v, f in zip(values, times, strict=True)
            if v is not None and v != ""
        )
        valid = [f is not None for f in times]
        bits = np.packbits(np.array(valid, np.bool_), bitorder="little")
        held = np.fromiter((f or 0 for f in times), np.int64, len(times))
        buffers: list[pa.Buffer | None] = [pa.py_buffer(bits.tobytes()), pa.py_buffer(held.tobytes())]
        return pa.Array.from_buffers(pa.int64(), len(times), buffers, valid.count(False))


def same(value: int, count: int) -> "pa.Array[Any]":
    """A column of one number (int64)."""
    return pa.Array.from_buffers(
        pa.int64(), count, [None, pa.py_buffer(np.full(count, value, np.int64).tobytes())], 0
    )


def flags(values: Iterable[bool]) -> "pa.Array[Any]":
    """A column of truth values."""
    bits = np.array(list(values), np.bool_)
    packed = pa.py_buffer(np.packbits(bits, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.bool_(), len(bits), [None, packed], 0)
