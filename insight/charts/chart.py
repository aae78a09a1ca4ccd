"""What a chart shows: numbers with names, before anybody draws them. Each chart gives the table of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "number", "share", "money", "days", "points"]
"""What a number is: it decides how it is written. Shares are 0 to 1, money is in hundredths of a currency."""


@dataclass(frozen=True)
class Bar:
    """A value with its name; the interval and the mark (a peer, a target) where there is one."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    mark: float | None = None


@dataclass(frozen=True)
class BarChart:
    """Horizontal bars from zero, in their order. `mark_name` says what the mark is."""

    title: str
    unit: Unit
    bars: tuple[Bar, ...]
    mark_name: str = ""
    interval_name: str = ""


@dataclass(frozen=True)
class Line:
    """A series over the chart's points (None: no value), and its bands from the widest to the narrowest.

    A band is two tuples as long as `values`. `step` draws it as steps; `marked` as points alone.
    """

    name: str
    values: tuple[float | None, ...]
    bands: tuple[tuple[str, tuple[float | None, ...], tuple[float | None, ...]], ...] = ()
    step: bool = False
    marked: bool = False


@dataclass(frozen=True)
class LineChart:
    """Series over the same points. `points` are their names in order; `at` where they lie (default: evenly)."""

    title: str
    unit: Unit
    points: tuple[str, ...]
    lines: tuple[Line, ...]
    at: tuple[float, ...] | None = None
    from_zero: bool = True


@dataclass(frozen=True)
class Move:
    """What a total gained or lost; `total` marks a total itself."""

    label: str
    value: float
    total: bool = False


@dataclass(frozen=True)
class WaterfallChart:
    """From one total to another by what came between."""

    title: str
    unit: Unit
    moves: tuple[Move, ...]


Chart = BarChart | LineChart | WaterfallChart
