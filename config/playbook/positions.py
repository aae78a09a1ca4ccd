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
    behind the beginning of the key's value, where that is on one line.

    >>> find('[[rules]]\\nid = "a"\\nwhen = "scor > 1"', "rules", 0, "when")
    Position(line=3, column=9)
    >>> find('[planned]\\nstep = "{knd}"', "planned", None, "step"), find('rules = [{ id = "a" }]', "rules", 0, "id")
    (Position(line=2, column=9), Position(line=1, column=18))
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
            if not found and number is not None:
                return _inline(text, index, number, key, offset) or head
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


_SIGN = re.compile(
    r'''(?P<text>"""(?:\\.|[^\\])*?"""|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')|#[^\n]*|(?P<sign>[\[\]{}])''',
    re.DOTALL,
)


def _inline(text: str, line: int, number: int, key: str, offset: int) -> Position | None:
    """Where the table of a number is in an array of inline tables that begins on a line, or a key of it."""
    begin = sum(map(len, text.splitlines(keepends=True)[: line - 1]))
    found = _table(text, begin, number)
    if found is None:
        return None
    start, end = found
    at = start
    if key:
        # Texts and inner tables are blanked, so that only the table's own keys are left.
        own = re.search(rf"[{{,\s][\"']?{re.escape(key)}[\"']?\s*(?:=\s*|\.)", _blanked(text[start:end], key))
        if own is None:
            return _at(text, start)
        at = start + own.end()
        if text[at] in "\"'" and text[at : at + 3] not in _QUOTES:
            at += 1 + offset
    return _at(text, at)


def _table(text: str, begin: int, number: int) -> tuple[int, int] | None:
    """Where a table of an array begins and ends; None where the array has fewer."""
    depth, count, start = 0, -1, -1
    for found in _SIGN.finditer(text, begin):
        sign = found["sign"]
        if not sign:
            continue
        if sign in "[{":
            depth += 1
            if sign == "{" and depth == 2:
                count += 1
                start = found.start()
        else:
            depth -= 1
            if sign == "}" and depth == 1 and count == number:
                return start, found.end()
            if depth <= 0:
                return None
    return None


def _blanked(table: str, key: str) -> str:
    """A table's text with its texts as blanks, but for the key itself where it is quoted, and its inner tables too."""
    flat = _SIGN.sub(lambda m: m[0] if m["sign"] or m[0][1:-1] == key else "_" * len(m[0]), table)
    shown, depth = [], 0
    for sign in flat:
        depth += sign in "[{"
        shown.append(sign if depth <= 1 else "_")
        depth -= sign in "]}"
    return "".join(shown)


def _at(text: str, place: int) -> Position:
    lines = text[:place].split("\n")
    return Position(len(lines), len(lines[-1]) + 1)
