"""Bodies of answers: the one place where bytes become JSON.

A body that is no whole JSON is an answer that never came (`UnreadableError`). A body that is legible but for some
values costs those values: bytes that are no text, half a surrogate, NaN or a number that no computer holds.
"""

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests

# Where the parsed body of an answer is kept: it is looked at when it comes, and again by who asked for it.
_KEPT = "_sales_consultant_body"
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
# What a header may name. Other codecs of Python are no character sets, or can be made to run wild.
_CHARSETS = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso8859-1", "cp1252", "ascii"})
# orjson makes a float of an integer above 64 bits: an id would come out as another one. The first has 19 digits.
_HUGE = re.compile(rb"[:\[,]\s*-?\d{19,}")
# The quick look before: many times faster than the pattern, on every page.
_DIGITS = bytes(ord("0") if chr(n).isdigit() and n < 128 else ord(" ") for n in range(256))
_RUN = b"0" * 19
_HALF = re.compile("[\ud800-\udfff]")
# Python refuses to read an integer of more than 4,300 digits (sys.set_int_max_str_digits): such a one stays text.
_LONGEST_INTEGER = 4000


class UnreadableError(ValueError):
    """A body that is no answer: cut off, empty, a page, or of another form than asked for."""


@dataclass
class _Body:
    value: Any
    repaired: int


@dataclass(frozen=True)
class Shape:
    """What an answer has at least: a list or an object, the keys of the object with their types, and what the elements
    of its lists have."""

    kind: type = dict
    keys: Mapping[str, type | tuple[type, ...]] = field(default_factory=dict)
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, value: Any) -> None:
        """Raise UnreadableError where a value is of another form."""
        fits = isinstance(value, self.kind)
        if not fits:
            raise UnreadableError(f"a JSON {_named(self.kind)} was expected, a {_named(type(value))} came")
        if self.kind is list:
            _check_rows(value, self.rows.get("", ()), "the list")
            return
        for key, kind in self.keys.items():
            if not isinstance(value.get(key), kind):
                raise UnreadableError(f'"{key}" is missing, or not what it should be')
        for key, names in self.rows.items():
            _check_rows(value.get(key), names, f'"{key}"')


def _check_rows(value: Any, names: tuple[str, ...], what: str) -> None:
    if not isinstance(value, list):
        raise UnreadableError(f"{what} is missing, or no list")
    for row in value:
        if not isinstance(row, dict) or any(row.get(n) is None for n in names):
            raise UnreadableError(f"an element of {what} is not whole")


def _named(kind: type) -> str:
    return "object" if kind is dict else kind.__name__


def parsed(response: requests.Response) -> Any:
    """The JSON of an answer, parsed once however often it is asked for. Raises UnreadableError."""
    return _body(response).value


def repaired(response: requests.Response) -> int:
    """How many values of the answer could not be taken as they came. Raises UnreadableError."""
    return _body(response).repaired


def error_body(response: requests.Response) -> Any:
    """The JSON of an error's body; an empty object for a page of a gateway, or for nothing."""
    try:
        return parsed(response)
    except UnreadableError:
        return {}


def _body(response: requests.Response) -> _Body:
    held: _Body | None = getattr(response, _KEPT, None)
    if held is None:
        held = _Body(*loads(response.content, str(response.headers.get("Content-Type") or "")))
        setattr(response, _KEPT, held)
    return held


def loads(content: bytes, content_type: str = "") -> tuple[Any, int]:
    """JSON and the number of its values that had to be repaired. Raises UnreadableError.

    >>> loads(b'{"a": 1e999, "b": "x\\xff"}')
    ({'a': '1e999', 'b': 'x\\ufffd'}, 2)
    """
    if not content.strip():
        raise UnreadableError("the body is empty")
    if not (_RUN in content.translate(_DIGITS) and _HUGE.search(content)):
        try:
            return orjson.loads(content), 0
        except orjson.JSONDecodeError:
            pass
    return _tolerant(_text(content, content_type))


def _text(content: bytes, content_type: str) -> str:
    """A body as text; bytes that are none become half surrogates, which are repaired value by value."""
    found = _CHARSET.search(content_type)
    name: str = json.detect_encoding(content)
    if found and not content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            said = codecs.lookup(found[1]).name
        except LookupError:
            said = ""
        # What the bytes show without doubt is surer than a label.
        if said in _CHARSETS and name.startswith("utf-8"):
            name = said
    try:
        return content.decode(
            name, "surrogatepass" if name.startswith(("utf-16", "utf-32")) else "surrogateescape"
        )
    except (UnicodeDecodeError, LookupError) as e:
        raise UnreadableError("the body is no text of a known character set") from e


def _tolerant(text: str) -> tuple[Any, int]:
    odd = 0

    def literal(found: str) -> str:
        nonlocal odd
        odd += 1
        return found

    def number(found: str) -> float | str:
        value = float(found)
        return value if value - value == 0 else literal(found)

    def integer(found: str) -> int | str:
        return int(found) if len(found) <= _LONGEST_INTEGER else literal(found)

    try:
        value = json.loads(
            text.lstrip("\ufeff"), strict=False, parse_constant=literal, parse_float=number, parse_int=integer
        )
        value, halves = _whole(value)
    except (ValueError, RecursionError) as e:
        raise UnreadableError("the body is no whole JSON") from e
    return value, odd + halves


def _whole(value: Any) -> tuple[Any, int]:
    """A value without half surrogates, and how many texts had one."""
    if isinstance(value, str):
        return (_HALF.sub("\ufffd", value), 1) if _HALF.search(value) else (value, 0)
    if isinstance(value, list):
        pairs = [_whole(v) for v in value]
        return [v for v, _ in pairs], sum(n for _, n in pairs)
    if isinstance(value, dict):
        keys = [_whole(k) for k in value]
        values = [_whole(v) for v in value.values()]
        made = {k: v for (k, _), (v, _) in zip(keys, values, strict=True)}
        return made, sum(n for _, n in keys) + sum(n for _, n in values)
    return value, 0
