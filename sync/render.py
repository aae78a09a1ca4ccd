"""Results as readable tables, progress as bars: what `cli` prints. CRM text never reaches a terminal as it came."""

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sales_consultant.config.errors import ConfigError

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(value: object) -> str:
    """A value in one safe line: no control characters, no direction overrides, no markup.

    >>> plain(chr(27) + "[31mred")
    '[31mred'
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return _UNSAFE.sub("", str(value)).replace("\n", " / ")


def _title(key: str) -> str:
    return key.replace("_", " ")


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)")
# Values of the CRM stay as they are compared and written.
_VALUES = ("entries", "holds")


def in_zone(value: Any, zone: ZoneInfo) -> Any:
    """A document with every moment in it told in a time zone, as ISO 8601 with its offset.

    >>> in_zone({"at": "2026-11-21T05:00:00Z", "entries": ["2026-11-21T05:00:00Z"]}, ZoneInfo("Europe/Berlin"))
    {'at': '2026-11-21T06:00:00+01:00', 'entries': ['2026-11-21T05:00:00Z']}
    """
    if isinstance(value, Mapping):
        return {k: v if k in _VALUES else in_zone(v, zone) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [in_zone(v, zone) for v in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value


def known_zone(name: str, source: str) -> ZoneInfo:
    """The time zone of a name; ConfigError where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise ConfigError(f'{source} "{name}" is not known.', action="Use a name as Europe/Berlin.") from e


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


class Terminal:
    """A reporter: one bar a thing with rate and estimate on a terminal, lines otherwise, nothing when quiet."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bars = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bars away, before results are printed."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._tasks.clear()

    def say(self, text: str) -> None:
        """One line about what begins."""
        if self.quiet:
            return
        if self._bars is not None:
            self._bars.console.print(plain(text), style="dim")
        else:
            print(plain(text), file=sys.stderr)

    def progress(self, what: str, done: int, total: int | None) -> None:
        """How far something is."""
        if self._bars is None:
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)
