"""A drawing: rectangles, lines, areas and texts at their places, which both SVG and PNG are made of."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Role = Literal[
    "bar", "gain", "loss", "total", "wide", "narrow", "line1", "line2", "line3", "line4", "axis", "grid", "mark", "whisker",
]  # fmt: skip
Anchor = Literal["start", "middle", "end"]
FONT_PX = 12
LINE_PX = 16


@dataclass(frozen=True)
class Shape:
    """A path of points in pixels: an area where it is closed, else a line."""

    role: Role
    points: tuple[tuple[float, float], ...]
    closed: bool = False


@dataclass(frozen=True)
class Dot:
    """A point with a form of its own for each series, so that no colour is needed to tell them apart."""

    role: Role
    x: float
    y: float


@dataclass(frozen=True)
class Label:
    """A text at the left, middle or right of a place; its base line lies at `y`."""

    text: str
    x: float
    y: float
    anchor: Anchor = "start"
    strong: bool = False
    quiet: bool = False


@dataclass
class Drawing:
    """What is drawn, in the order in which it is drawn, on a sheet of a size in pixels."""

    title: str
    width: float
    height: float = 0
    shapes: list[Shape | Dot] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def area(self, role: Role, points: Sequence[tuple[float, float]]) -> None:
        """A filled area."""
        self.shapes.append(Shape(role, tuple(points), closed=True))

    def rect(self, role: Role, x: float, y: float, width: float, height: float) -> None:
        """A filled rectangle, also for a width or height below zero."""
        self.area(role, [(x, y), (x + width, y), (x + width, y + height), (x, y + height)])

    def line(self, role: Role, points: Sequence[tuple[float, float]]) -> None:
        """A line through points."""
        self.shapes.append(Shape(role, tuple(points)))


def text_width(text: str) -> float:
    """About how wide a text is (px): Chinese letters are as wide as high, others a little more than half of it.

    >>> round(text_width("客户")), round(text_width("Won"))
    (24, 21)
    """
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return FONT_PX * (wide + 0.58 * (len(text) - wide))


def shortened(text: str, width: float) -> str:
    """A text that fits into a width (px), with a mark where letters were left out.

    >>> shortened("Negotiation with legal", 60)
    'Negoti…'
    """
    if text_width(text) <= width:
        return text
    kept = text
    while kept and text_width(kept) + FONT_PX > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`: 1, 2 or 5 times a power of ten apart.

    >>> ticks(0, 87), ticks(-3, 4)
    ([0.0, 20.0, 40.0, 60.0, 80.0, 100.0], [-4.0, -2.0, 0.0, 2.0, 4.0])
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        high, span = low + 1.0, 1.0
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]
