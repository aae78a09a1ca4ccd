"""Charts as SVG and PNG of the same drawing, in the words and numbers that they are given."""

from sales_consultant.insight.charts.chart import (
    Bar,
    BarChart,
    Chart,
    Line,
    LineChart,
    Move,
    Unit,
    WaterfallChart,
)
from sales_consultant.insight.charts.png import chinese_font, png
from sales_consultant.insight.charts.svg import NARROW_PX, WIDE_PX, svg

__all__ = [
    "NARROW_PX",
    "WIDE_PX",
    "Bar",
    "BarChart",
    "Chart",
    "Line",
    "LineChart",
    "Move",
    "Unit",
    "WaterfallChart",
    "chinese_font",
    "png",
    "svg",
]
