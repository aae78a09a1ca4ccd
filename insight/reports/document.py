"""What a report is made of, before it is shown: sections of figures, each with its table, its method and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sales_consultant.config.language.translation import Language
from sales_consultant.insight.charts import Chart

Kind = Literal["text", "count", "number", "share", "money", "days", "points", "date", "record"]
"""How a cell is written. Shares are 0 to 1, money hundredths of the report's currency, points percentage points."""

Cell = str | int | float | date | None


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in the report's language, and its key in files and JSON."""

    key: str
    name: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows of cells; None is a value that is not known. `more` rows were left out behind those shown.

    `strong` are the numbers of rows that are totals.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int = 0
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A table with a chart where looking is better than reading.

    `method` says in a sentence how the numbers came; `notes` what to beware of, and what is not known. A long list that
    only some readers look at is `folded`: a page opens it at a click, and on paper.
    """

    key: str
    title: str
    table: Table
    method: str
    chart: Chart | None = None
    notes: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a report: what was found in a few sentences, then the figures.

    `hidden` says why there are none, where there is too little to tell.
    """

    key: str
    title: str
    findings: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    hidden: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """A report: who it is about, as of when, and its sections. Times are milliseconds UTC."""

    kind: str
    language: Language
    title: str
    subtitle: str
    company: str
    as_of: int
    since: int
    currency: str
    basis: str
    zone: str
    sections: tuple[Section, ...]
    unknown: tuple[str, ...] = ()

    def figures(self) -> Iterator[Figure]:
        """All figures of all sections."""
        for section in self.sections:
            yield from section.figures

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` prints: numbers as they are, money in units of the currency."""
        return {
            "report": self.kind,
            "title": self.title,
            "company": self.company,
            "as_of": self.as_of,
            "since": self.since,
            "currency": self.currency,
            "basis": self.basis,
            "time_zone": self.zone,
            "language": self.language,
            "sections": [_section(s) for s in self.sections],
            "unknown": list(self.unknown),
        }


def _section(section: Section) -> dict[str, Any]:
    return {
        "section": section.key,
        "title": section.title,
        "findings": list(section.findings),
        "hidden": section.hidden or None,
        "figures": [
            {
                "figure": f.key,
                "title": f.title,
                "method": f.method,
                "notes": list(f.notes),
                "rows": [row_of(f.table, row) for row in f.table.rows],
                "rows_left_out": f.table.more,
            }
            for f in section.figures
        ],
        "unknown": list(section.unknown),
    }


def row_of(table: Table, row: tuple[Cell, ...]) -> Mapping[str, Any]:
    """A row by the keys of its columns, as plain values: money in units, dates as ISO text."""
    return {c.key: plain_value(v, c.kind) for c, v in zip(table.columns, row, strict=True)}


def plain_value(value: Cell, kind: Kind) -> Any:
    """A cell for a file or JSON.

    >>> plain_value(12345, "money"), plain_value(date(2026, 5, 1), "date"), plain_value(None, "share")
    (123.45, '2026-05-01', None)
    """
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    if kind == "money" and not isinstance(value, str):
        return round(value / 100, 2)
    return value
