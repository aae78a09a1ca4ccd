"""Series over time or days as drawings: lines with bands, steps, points."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from sales_consultant.insight.charts.chart import Line, LineChart
from sales_consultant.insight.charts.drawing import (
    LINE_PX,
    Anchor,
    Dot,
    Drawing,
    Label,
    Role,
    shortened,
    text_width,
    ticks,
)

Shown = Callable[[float], str]
_LINES: tuple[Role, ...] = ("line1", "line2", "line3", "line4")
_BANDS: tuple[Role, ...] = ("wide", "narrow")
# Of the width a golden rectangle would make, within what a page and a phone show at once.
_LEAST_PX, _MOST_PX, _SHARE = 150.0, 260.0, 0.42


def lines(chart: LineChart, width: float, shown: Shown) -> Drawing:
    """Lines with their bands, an axis of round numbers, the points' names below, and what each line is above."""
    out = Drawing(chart.title, width)
    numbers = [v for s in chart.lines for row in _rows(s) for v in row if v is not None]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    if chart.from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    marks = ticks(low, high, 4)
    left = max(text_width(shown(m)) for m in marks) + 10
    right = 10.0
    top = _legend(out, chart, width) + 8
    height = min(max(width * _SHARE, _LEAST_PX), _MOST_PX)
    at = chart.at or tuple(float(i) for i in range(len(chart.points)))
    span = (at[-1] - at[0]) if len(at) > 1 else 1.0

    def x(i: int) -> float:
        share = (at[i] - at[0]) / span if span else 0.5
        return left + (width - left - right) * (share if len(at) > 1 else 0.5)

    def y(value: float) -> float:
        return top + height - height * (value - marks[0]) / (marks[-1] - marks[0])

    for mark in marks:
        out.line("axis" if mark == 0 else "grid", [(left, y(mark)), (width - right, y(mark))])
        out.labels.append(Label(shown(mark), left - 6, y(mark) + 4, "end", quiet=True))
    for i, series in enumerate(chart.lines):
        for role, (_, lower, upper) in zip(_BANDS[-len(series.bands) :], series.bands, strict=False):
            for run in _runs(lower, upper):
                edge = [(x(j), y(float(upper[j] or 0))) for j in run]
                edge += [(x(j), y(float(lower[j] or 0))) for j in reversed(run)]
                out.area(role, edge)
        _draw(out, series, _LINES[i % len(_LINES)], x, y)
    _names(out, chart, x, top + height + LINE_PX, width)
    out.height = top + height + LINE_PX + 6
    return out


def _rows(series: Line) -> list[Sequence[float | None]]:
    return [series.values, *(b for _, low, high in series.bands for b in (low, high))]


def _runs(*rows: Sequence[float | None]) -> list[list[int]]:
    """Stretches of points at which all rows have a value."""
    out: list[list[int]] = []
    for i, values in enumerate(zip(*rows, strict=True)):
        if any(v is None for v in values):
            continue
        if out and out[-1][-1] == i - 1:
            out[-1].append(i)
        else:
            out.append([i])
    return out


def _draw(
    out: Drawing, series: Line, role: Role, x: Callable[[int], float], y: Callable[[float], float]
) -> None:
    for run in _runs(series.values):
        points = [(x(j), y(float(series.values[j] or 0))) for j in run]
        if series.step:
            points = [p for a, b in itertools.pairwise(points) for p in (a, (b[0], a[1]))] + points[-1:]
        if not series.marked and len(points) > 1:
            out.line(role, points)
        if series.marked or len(points) == 1:
            out.shapes += [Dot(role, *p) for p in points]


def _legend(out: Drawing, chart: LineChart, width: float) -> float:
    """What each line is, one below the other where they do not fit side by side; how high it is."""
    if len(chart.lines) < 2 and not any(s.bands for s in chart.lines):
        return 0.0
    x, y = 0.0, 12.0
    for i, series in enumerate(chart.lines):
        entries: list[tuple[Role, str]] = [(_LINES[i % len(_LINES)], series.name)]
        entries += list(zip(_BANDS[-len(series.bands) :], (n for n, _, _ in series.bands), strict=False))
        for role, name in entries:
            needed = 24 + text_width(name) + 16
            if x and x + needed > width:
                x, y = 0.0, y + LINE_PX
            if role in _BANDS:
                out.rect(role, x, y - 9, 18, 10)
            elif series.marked:
                out.shapes.append(Dot(role, x + 9, y - 4))
            else:
                out.line(role, [(x, y - 4), (x + 18, y - 4)])
            out.labels.append(Label(shortened(name, width - 24), x + 24, y))
            x += needed
    return y + 6


def _names(out: Drawing, chart: LineChart, x: Callable[[int], float], y: float, width: float) -> None:
    """As many of the points' names as fit, the last one always; a point may have none."""
    until = width + 20
    for i in reversed(range(len(chart.points))):
        name = chart.points[i]
        if not name:
            continue
        half = text_width(name) / 2
        place, anchor = x(i), "middle"
        if place + half > width:
            place, anchor = width, "end"
        elif place - half < 0:
            place, anchor = 0.0, "start"
        ends = place + (half if anchor == "middle" else 0 if anchor == "end" else 2 * half)
        begins = ends - 2 * half
        if ends + 10 > until:
            continue
        out.labels.append(Label(name, place, y, _anchor(anchor), quiet=True))
        until = begins


def _anchor(name: str) -> Anchor:
    return "start" if name == "start" else "end" if name == "end" else "middle"
