"""Markdown that generated pages share."""

import re
from collections.abc import Iterable, Sequence

_TAG = re.compile(r"<(?=[A-Za-z/!])")


def cell(text: str) -> str:
    """Text as it may stand in a cell of a table; what looks like HTML is shown as it is.

    >>> print(cell("a|b <name> `<code>`"))
    a\\|b &lt;name> `<code>`
    """
    parts = text.replace("|", "\\|").replace("\n", " ").split("`")
    return "`".join(part if n % 2 else _TAG.sub("&lt;", part) for n, part in enumerate(parts))


def code(text: str) -> str:
    """Text as code, or nothing where there is none.

    >>> code("x"), code("")
    ('`x`', '')
    """
    return f"`{text}`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are escaped here.

    >>> print(table(["a", "b"], [["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell(c) for c in row)} |" for row in rows]
    return "\n".join(lines)
