"""The same drawing as a PNG file, for mails and slides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sales_consultant.insight.charts.chart import Chart
from sales_consultant.insight.charts.drawing import FONT_PX, Dot, Drawing, Role, Shape
from sales_consultant.insight.charts.svg import WIDE_PX, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FILL: Mapping[Role, str] = {
    "bar": "#3f78b5", "gain": "#2e8b6f", "loss": "#b9553f", "total": "#41505f", "wide": "#dbe6f2", "narrow": "#b4cde6",
}  # fmt: skip
_STROKE: Mapping[Role, tuple[str, float, str]] = {
    "line1": ("#1f5fa8", 2.0, "-"), "line2": ("#8a4f00", 2.0, "--"), "line3": ("#2e6b4f", 2.0, ":"),
    "line4": ("#6b3f8f", 2.0, "-."), "axis": ("#6b7885", 1.0, "-"), "grid": ("#d8dee6", 1.0, "-"),
    "mark": ("#1c2733", 2.5, "-"), "whisker": ("#1c2733", 1.2, "-"),
}  # fmt: skip
_MARKER: Mapping[Role, str] = {"line1": "o", "line2": "s", "line3": "^", "line4": "D"}
# Drawn with so many dots a pixel, so that it is sharp on today's screens.
_SCALE = 2
# Families that have Chinese letters, as systems ship them.
CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Droid Sans Fallback", "AR PL UMing CN", "Noto Serif CJK SC",
)  # fmt: skip


def chinese_font() -> str | None:
    """A font of this machine that has Chinese letters; None: PNG files would show boxes in their place."""
    from matplotlib import font_manager

    there = set(font_manager.fontManager.get_font_names())
    return next((name for name in CHINESE_FONTS if name in there), None)


def png(chart: Chart, shown: Callable[[float], str], width: float = WIDE_PX) -> bytes:
    """A chart as a PNG file, on white, twice as sharp as its width in pixels.

    Letters that no font of this machine has are boxes: ask `chinese_font` before, and say so.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = drawn(chart, width, shown)
    margin = 12.0
    across, down = drawing.width + 2 * margin, drawing.height + 2 * margin
    figure = Figure(figsize=(across / 100, down / 100), dpi=100 * _SCALE, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-margin, drawing.width + margin)
    axes.set_ylim(drawing.height + margin, -margin)
    axes.set_axis_off()
    _paint(axes, drawing)
    held = BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return held.getvalue()


def _paint(axes: Axes, drawing: Drawing) -> None:
    from matplotlib.patches import Polygon

    for shape in drawing.shapes:
        if isinstance(shape, Dot):
            colour = _STROKE[shape.role][0]
            axes.plot([shape.x], [shape.y], _MARKER.get(shape.role, "o"), color=colour, markersize=4)
        elif shape.closed:
            axes.add_patch(Polygon(shape.points, closed=True, facecolor=_FILL[shape.role], linewidth=0))
        else:
            _line(axes, shape)
    families = [f for f in (chinese_font(), "DejaVu Sans") if f]
    for label in drawing.labels:
        how: dict[str, Any] = {"fontweight": "bold" if label.strong else "normal", "family": families}
        axes.text(
            label.x,
            label.y,
            label.text.replace("$", r"\$"),
            ha={"start": "left", "middle": "center", "end": "right"}[label.anchor],
            va="baseline",
            # Points are 1/72 of an inch, pixels here 1/100.
            fontsize=FONT_PX * 0.72 * 0.92,
            color="#51606f" if label.quiet else "#1c2733",
            **how,
        )


def _line(axes: Axes, shape: Shape) -> None:
    colour, width, dashes = _STROKE[shape.role]
    axes.plot(
        [x for x, _ in shape.points],
        [y for _, y in shape.points],
        color=colour,
        linewidth=width * 0.72,
        linestyle=dashes,
        solid_capstyle="butt",
    )
