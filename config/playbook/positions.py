"""Where in a playbook's text a rule's key stands, so that an admin finds the line of a mistake."""

import re
from dataclasses import dataclass

_TABLE = re.compile(r"^\s*\[\[?\s*([\w-]+)\s*(?:\.\s*([\w-]+))?")
_ARRAY = re.compile(r"^\s*\[\[\s*[\w-]+\s*\]\]")
_QUOTES = ('"""', "'''")


@dataclass(frozen=True, slots=True)
class Position:
    """A line and a column, both counted from 1."""

    line: int
    column: int


def find(text: str, table: str, number: int | None = None, key: str = "", offset: int = 0) -> Position | None:
    """Where a key of a table stands, or the table itself where the key is not written; None where neither is.

    Of an array of tables, as `[[rules]]`, `number` is the table's, from 0. With an `offset` the position is that many letters
    behind the beginning of the key's value, where that is on one line. Of tables that are written on one line with their
    array, the array is found.

    >>> find('[[rules]]\\nid = "a"\\nwhen = "scor > 1"', "rules", 0, "when")
    Position(line=3, column=9)
    >>> find('[planned]\\nstep = "{knd}"', "planned", None, "step"), find('rules = [{ id = "a" }]', "rules", 0, "id")
    (Position(line=2, column=9), Position(line=1, column=1))
    """
    count, head, name, inner, quote = -1, None, "", "", ""
    for index, line in enumerate(text.splitlines(), start=1):
        if not quote and line.lstrip().startswith("#"):
            continue
        if quote:
            quote = "" if line.count(quote) % 2 else quote
            continue
        if found := _TABLE.match(line):
            name, inner = found[1], found[2] or ""
            count += name == table and _ARRAY.match(line) is not None
        here = name == table and number in (None, count)
        if here and key and not found and not inner and _holds(line, key):
            return _value(line, index, key, offset)
        if here and key and found and inner == key:
            return Position(index, 1)
        if (here and found and not inner) or (not name and not head and _holds(line, table)):
            head = Position(index, 1)
        quote = next((q for q in _QUOTES if line.count(q) % 2), "")
    return head


def _holds(line: str, key: str) -> bool:
    return re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line) is not None


def _value(line: str, index: int, key: str, offset: int) -> Position:
    found = re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=\s*", line)
    if found is None:
        return Position(index, len(line) - len(line.lstrip()) + 1)
    start = found.end()
    if line[start : start + 1] in ('"', "'") and line[start : start + 3] not in _QUOTES:
        # Quotes within the value are written with a sign before them.
        shown, at = 0, start + 1
        while shown < offset and at < len(line):
            at += 2 if line[at] == "\\" and line[start] == '"' else 1
            shown += 1
        return Position(index, at + 1)
    return Position(index, start + 1)
