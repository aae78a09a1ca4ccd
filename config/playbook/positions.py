"""Where in a playbook's text a rule's key stands, so that an admin finds the line of a mistake."""

import re
from dataclasses import dataclass

_TABLE = re.compile(r"^\s*\[\[\s*rules\s*\]\]")
_OTHER = re.compile(r"^\s*\[")
_INNER = re.compile(r"^\s*\[\s*rules\s*\.\s*([\w-]+)")
_QUOTES = ('"""', "'''")


@dataclass(frozen=True, slots=True)
class Position:
    """A line and a column, both counted from 1."""

    line: int
    column: int


def find(text: str, rule: int | None, key: str = "", offset: int = 0) -> Position | None:
    """Where the key of a rule stands (rules are counted from 0), or the rule itself where the key is not written.

    With an `offset` the position is that many letters behind the beginning of the key's value, where that is on one line.

    >>> find('[[rules]]\\nid = "a"\\nwhen = "scor > 1"', 0, "when", 0)
    Position(line=3, column=9)
    """
    number, head, within, quote = -1, None, "", ""
    for index, line in enumerate(text.splitlines(), start=1):
        if not quote and line.lstrip().startswith("#"):
            continue
        if quote:
            quote = "" if line.count(quote) % 2 else quote
            continue
        if _TABLE.match(line):
            number, within = number + 1, ""
            if number == rule:
                head = Position(index, 1)
            continue
        if _OTHER.match(line):
            inner = _INNER.match(line)
            within = inner.group(1) if inner else "another table"
        if number == rule and key and (within == key or (not within and _holds(line, key))):
            return _value(line, index, key, offset)
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
