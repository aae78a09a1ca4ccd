"""A chart as SVG for a page: text stays text, and the page's style sheet gives the colours."""

from __future__ import annotations

from collections.abc import Callable

from sales_consultant.config.pages import page
from sales_consultant.insight.charts.bars import bars, waterfall
from sales_consultant.insight.charts.chart import BarChart, Chart, WaterfallChart
from sales_consultant.insight.charts.drawing import Drawing, Shape
from sales_consultant.insight.charts.lines import lines

TEMPLATE = "chart.svg"
# As wide as the text of a page, and as a phone held upright.
WIDE_PX, NARROW_PX = 680.0, 310.0


def drawn(chart: Chart, width: float, shown: Callable[[float], str]) -> Drawing:
    """A chart as a drawing of a width in pixels; `shown` writes its numbers."""
    if isinstance(chart, BarChart):
        return bars(chart, width, shown)
    if isinstance(chart, WaterfallChart):
        return waterfall(chart, width, shown)
    return lines(chart, width, shown)


def svg(chart: Chart, width: float, shown: Callable[[float], str]) -> str:
    """A chart as an SVG element of a width in pixels.

    It has no colours, scripts or addresses of its own: classes name what each part is (`report.html` has their style).
    """
    return page(TEMPLATE, drawing=drawn(chart, width, shown), path=_path)


def _path(shape: Shape) -> str:
    points = " L".join(f"{x:.1f} {y:.1f}" for x, y in shape.points)
    return f"M{points}{' Z' if shape.closed else ''}"
