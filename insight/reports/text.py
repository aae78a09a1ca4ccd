"""A report as plain text: for the part of a mail that every reader shows, and for a chat."""

from __future__ import annotations

import unicodedata

from sales_consultant.insight.reports.document import Figure, Report, Section
from sales_consultant.insight.reports.page import NUMERIC
from sales_consultant.insight.reports.words import Words

# Rows of a table in a mail: a judgement, the page that is attached has all.
_ROWS = 8
# As wide as readers of plain mail show without a second line.
WIDTH = 76


def text(report: Report, words: Words) -> str:
    """The whole report: findings, tables, methods."""
    lines = [report.title, "=" * _width(report.title), report.subtitle, ""]
    for section in report.sections:
        lines += [section.title, "-" * _width(section.title), *_section(section, words), ""]
    return "\n".join([*lines, *report.unknown]) + "\n"


def findings(report: Report) -> str:
    """Only what was found, for a chat."""
    lines = [report.title, report.subtitle]
    for section in report.sections:
        said = [*section.findings, *([section.hidden] if section.hidden else [])]
        lines += ["", section.title, *(f"- {s}" for s in said)] if said else []
    return "\n".join(lines)


def _section(section: Section, words: Words) -> list[str]:
    lines = [f"* {f}" for f in section.findings]
    lines += [section.hidden] if section.hidden else []
    for figure in section.figures:
        lines += ["", *_figure(figure, words)]
    return lines + [f"? {u}" for u in section.unknown]


def _figure(figure: Figure, words: Words) -> list[str]:
    columns = figure.table.columns
    rows = [[c.name for c in columns]]
    rows += [
        [words.cell(v, c.kind) for v, c in zip(row, columns, strict=True)]
        for row in figure.table.rows[:_ROWS]
    ]
    widths = [max(_width(r[i]) for r in rows) for i in range(len(columns))]
    lines = [figure.title]
    if sum(widths) + 2 * len(widths) <= WIDTH:
        for row in rows:
            cells = [
                " " * (w - _width(v)) + v if c.kind in NUMERIC else v + " " * (w - _width(v))
                for v, w, c in zip(row, widths, columns, strict=True)
            ]
            lines.append("  " + "  ".join(cells).rstrip())
    else:
        # Too wide for a line: each row becomes a line of its own values with their names.
        lines += [
            "  "
            + "; ".join(f"{n}: {v}" if i else v for i, (n, v) in enumerate(zip(rows[0], row, strict=True)))
            for row in rows[1:]
        ]
    more = figure.table.more + max(len(figure.table.rows) - _ROWS, 0)
    lines += [f"  {words('and {more} more', more=more)}"] if more else []
    return [*lines, *(f"  ! {n}" for n in figure.notes), f"  {figure.method}"]


def _width(value: str) -> int:
    """How many columns a text takes: Chinese letters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in value)
