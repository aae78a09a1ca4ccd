"""Arrow columns of Python values, made of buffers.

`pa.array` of a list looks whether the list is one of pandas', and imports pandas to see: .4 s of CPU in every process, which
is more than a quiet night's whole pull.
"""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa


def strings(values: Iterable[str | None]) -> "pa.Array[Any]":
    """A column of texts; TypeError for what is neither a text nor None."""
    held = list(values)
    try:
        parts = [b"" if v is None else v.encode() for v in held]
    except AttributeError:
        odd = next(v for v in held if v is not None and not isinstance(v, str))
        raise TypeError(f"a text was expected, not {type(odd).__name__}") from None
    offsets = np.fromiter(accumulate(map(len, parts), initial=0), np.int64, len(parts) + 1)
    if offsets[-1] > 2**31 - 1:
        raise ValueError("a column of one page holds more than two gigabytes")
    empty = held.count(None)
    valid = None
    if empty:
        bits = np.fromiter((v is not None for v in held), np.bool_, len(held))
        valid = pa.py_buffer(np.packbits(bits, bitorder="little").tobytes())
    buffers = [valid, pa.py_buffer(offsets.astype(np.int32).tobytes()), pa.py_buffer(b"".join(parts))]
    return pa.Array.from_buffers(pa.string(), len(held), buffers, empty)


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
