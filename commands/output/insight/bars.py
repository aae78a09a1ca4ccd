"""The bars of a chart as a column of letters, beside the rows that they belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sales_consultant.commands.output.writing.text import GLUE
from sales_consultant.insight.charts import BarChart, Chart, LineChart, WaterfallChart

LEAST, MOST = 12, 40
_FULL, _HALF = "█", "▌"


def beside(chart: Chart | None, labels: Sequence[str], width: int) -> list[str] | None:
    """A bar a row, at most `width` letters wide; None where the chart is not of these rows, or there is no room.

    >>> from sales_consultant.insight.charts import Bar
    >>> chart = BarChart("Open", "count", (Bar("A", 12), Bar("B", 3), Bar("C", None)))
    >>> beside(chart, ["A", "B", "C"], 12)
    ['████████████', '███', '']
    """
    width = min(width, MOST)
    if chart is None or isinstance(chart, LineChart) or width < LEAST or not labels:
        return None
    spans = _moves(chart) if isinstance(chart, WaterfallChart) else _bars(chart)
    if [name for name, *_ in spans] != list(labels):
        return None
    edges = [edge for _, begin, end in spans for edge in (begin, end) if math.isfinite(edge)]
    low, high = min([0.0, *edges]), max([0.0, *edges])
    if low == high:
        return None
    return [_bar(begin, end, low, (high - low) / width) for _, begin, end in spans]


def _bars(chart: BarChart) -> list[tuple[str, float, float]]:
    return [(bar.label, 0.0, math.nan if bar.value is None else bar.value) for bar in chart.bars]


def _moves(chart: WaterfallChart) -> list[tuple[str, float, float]]:
    """Each movement from where the ones before it led to."""
    out, at = [], 0.0
    for move in chart.moves:
        begin = 0.0 if move.total else at
        at = begin + move.value
        out.append((move.label, begin, at))
    return out


def _bar(begin: float, end: float, low: float, a_letter: float) -> str:
    if not math.isfinite(end) or begin == end:
        return ""
    first, last = sorted(((begin - low) / a_letter, (end - low) / a_letter))
    # In half letters: what there is shows, however small.
    place, size = int(first), max(round((last - int(first)) * 2), 1)
    return GLUE * place + _FULL * (size // 2) + _HALF * (size % 2)
