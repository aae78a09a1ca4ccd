"""A report as one self-contained page: no script, no address of another host, readable on paper and without colour."""

from __future__ import annotations

from functools import partial

from sales_consultant.config.pages import page
from sales_consultant.insight.charts import NARROW_PX, WIDE_PX, Chart, svg
from sales_consultant.insight.reports.document import Kind, Report
from sales_consultant.insight.reports.words import Words

TEMPLATE = "report.html"
NUMERIC: frozenset[Kind] = frozenset({"count", "number", "share", "money", "days", "points"})
# Reports that are printed on one sheet, with so many rows of a list of deals; the rest is counted.
_ON_ONE_SHEET = {"week": 4}


def html(report: Report, words: Words) -> str:
    """The page of a report."""
    return page(
        TEMPLATE,
        report=report,
        words=words,
        numeric=NUMERIC,
        printed=_ON_ONE_SHEET.get(report.kind),
        wide=partial(_chart, words=words, width=WIDE_PX),
        narrow=partial(_chart, words=words, width=NARROW_PX),
    )


def _chart(chart: Chart, *, words: Words, width: float) -> str:
    return svg(chart, width, lambda value: words.shown(value, chart.unit, short=True))
