"""Bars and waterfalls as drawings."""

from __future__ import annotations

from collections.abc import Callable

from sales_consultant.insight.charts.chart import BarChart, WaterfallChart
from sales_consultant.insight.charts.drawing import LINE_PX, Drawing, Label, Role, shortened, text_width

Shown = Callable[[float], str]
_BAR, _ROW, _TOP = 16, 28, 6
# Names take at most so much of the width: what is left must still tell lengths apart.
_NAMES = 0.38


def bars(chart: BarChart, width: float, shown: Shown) -> Drawing:
    """Bars with their names at the left and their values at the right; whiskers for intervals, a mark where there is one."""
    out = Drawing(chart.title, width)
    known = [b for b in chart.bars if b.value is not None]
    ends = [v for b in known for v in (b.value, b.low, b.high, b.mark, 0.0) if v is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if high == low:
        high = low + 1.0
    names = min(max((text_width(b.label) for b in chart.bars), default=0) + 8, width * _NAMES)
    values = max((text_width(shown(float(b.value or 0))) for b in known), default=0) + 16
    room = max(width - names - values, 40.0)

    def x(value: float) -> float:
        return names + room * (value - low) / (high - low)

    for i, bar in enumerate(chart.bars):
        top = _TOP + i * _ROW
        base = top + _BAR - 4
        out.labels.append(Label(shortened(bar.label, names - 8), 0, base))
        if bar.value is None:
            out.labels.append(Label("–", x(0) + 6, base, quiet=True))
            continue
        out.rect("bar", x(0), top, x(bar.value) - x(0), _BAR)
        middle = top + _BAR / 2
        if bar.low is not None and bar.high is not None:
            out.line("whisker", [(x(bar.low), middle), (x(bar.high), middle)])
            for end in (bar.low, bar.high):
                out.line("whisker", [(x(end), middle - 4), (x(end), middle + 4)])
        if bar.mark is not None:
            out.line("mark", [(x(bar.mark), top - 3), (x(bar.mark), top + _BAR + 3)])
        out.labels.append(Label(shown(bar.value), width, base, "end", strong=True))
    out.line("axis", [(x(0), 2), (x(0), _TOP + len(chart.bars) * _ROW - 6)])
    out.height = _TOP + len(chart.bars) * _ROW
    legend = (("├─┤", chart.interval_name), ("┃", chart.mark_name))
    for note in (f"{sign} {name}" for sign, name in legend if name):
        out.height += LINE_PX
        out.labels.append(Label(shortened(note, width), 0, out.height - 4, quiet=True))
    return out


def waterfall(chart: WaterfallChart, width: float, shown: Shown) -> Drawing:
    """Totals from zero, and between them what was gained or lost, each beginning where the last one ended."""
    out = Drawing(chart.title, width)
    at, spans = 0.0, []
    for move in chart.moves:
        begin, end = (0.0, move.value) if move.total else (at, at + move.value)
        spans.append((begin, end))
        at = end
    low = min([0.0, *(v for s in spans for v in s)])
    high = max([0.0, *(v for s in spans for v in s)])
    if high == low:
        high = low + 1.0
    names = min(max((text_width(m.label) for m in chart.moves), default=0) + 8, width * _NAMES)
    values = max((text_width(_signed(m.value, shown, m.total)) for m in chart.moves), default=0) + 10
    room = max(width - names - values, 40.0)

    def x(value: float) -> float:
        return names + room * (value - low) / (high - low)

    for i, (move, (begin, end)) in enumerate(zip(chart.moves, spans, strict=True)):
        top = _TOP + i * _ROW
        role: Role = "total" if move.total else "gain" if move.value >= 0 else "loss"
        # Nothing at all is still seen, as a hair.
        length = x(end) - x(begin)
        out.rect(role, x(begin), top, length if abs(length) >= 1 else 1, _BAR)
        if i + 1 < len(spans):
            out.line("grid", [(x(end), top + _BAR), (x(end), top + _ROW)])
        out.labels.append(Label(shortened(move.label, names - 8), 0, top + _BAR - 4, strong=move.total))
        out.labels.append(
            Label(_signed(move.value, shown, move.total), width, top + _BAR - 4, "end", strong=move.total)
        )
    out.line("axis", [(x(0), 2), (x(0), _TOP + len(chart.moves) * _ROW - 6)])
    out.height = _TOP + len(chart.moves) * _ROW
    return out


def _signed(value: float, shown: Shown, total: bool) -> str:
    return shown(value) if total or value <= 0 else f"+{shown(value)}"
