"""A document as tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from sales_consultant.commands.output.text import plain


def _title(key: str) -> str:
    return key.replace("_", " ")


def show(document: Mapping[str, Any]) -> None:
    """Print a document: scalars as lines, lists of rows as tables, small mappings in one line."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=False)
    for key, value in document.items():
        if isinstance(value, Mapping):
            _mapping(console, key, value)
        elif (
            isinstance(value, Sequence)
            and not isinstance(value, str)
            and value
            and isinstance(value[0], Mapping)
        ):
            _table(console, key, value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if value:
                _line(console, f"{_title(key)}: {', '.join(plain(v) for v in value)}")
        elif value not in (None, ""):
            _line(console, f"{_title(key)}: {plain(value)}")


def _line(console: Any, text: str) -> None:
    from rich.text import Text

    console.print(Text(text))


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        # What there is none of is not worth a word; JSON has it.
        return ", ".join(
            f"{_title(str(k))} {_flat(v)}" for k, v in value.items() if v not in (0, "", None, {}, [])
        )
    if isinstance(value, list | tuple):
        return ", ".join(_flat(v) for v in value)
    return plain(value)


def _mapping(console: Any, key: str, value: Mapping[str, Any]) -> None:
    text = _flat(value)
    if text:
        _line(console, f"{_title(key)}: {text}")


def _table(console: Any, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    names = list(dict.fromkeys(k for r in rows for k in r))
    names = [n for n in names if any(r.get(n) not in (None, "", [], {}) for r in rows)]
    table = Table(title=_title(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(_title(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_flat(row.get(n)), style=_style(n, row.get(n))) for n in names))
    console.print(table)


def _style(name: str, value: Any) -> str:
    if name == "state":
        return {"ok": "green", "missing": "red", "refused": "red", "warning": "yellow"}.get(str(value), "")
    return ""
