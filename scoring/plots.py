"""Plots where people would rather look than read: PNG files, and bars for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sales_consultant.config.language.numbers import percent
from sales_consultant.scoring.metrics import auc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

# Tenths, as people read them; a judgement: of a hundred rows each still has ten.
BINS = 10
_BLUE, _GREY, _RED = "#1f5fa8", "#9aa5b1", "#b3332b"


def calibration_table(
    y: NDArray[np.float64], p: NDArray[np.float64], bins: int = BINS
) -> list[dict[str, float]]:
    """Rows of equal size in the order of p: how many, the mean promised, the share that happened, its 95 % interval.

    The interval is Wilson's (1927): it stays inside 0 to 1 for a bin without an event.
    """
    bands = []
    for part in np.array_split(np.argsort(p, kind="stable"), bins):
        if not len(part):
            continue
        n, k = len(part), float(y[part].sum())
        # Of a normal distribution, 95 % lie within so many standard deviations.
        z = 1.96
        middle = (k + z**2 / 2) / (n + z**2)
        half = z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
        bands.append(
            {
                "n": n,
                "promised": float(p[part].mean()),
                "happened": k / n,
                "low": float(max(middle - half, 0.0)),
                "high": float(min(middle + half, 1.0)),
            }
        )
    return bands


def terminal(y: NDArray[np.float64], p: NDArray[np.float64], *, width: int = 40) -> list[dict[str, str]]:
    """Calibration for a terminal, best records first: a bar for what happened, a mark where the promise stood."""
    table = calibration_table(y, p)
    top = max([r["happened"] for r in table] + [r["promised"] for r in table] + [1e-9])
    rows = []
    for r in reversed(table):
        line = list(("#" * round(width * r["happened"] / top)).ljust(width + 1))
        line[round(width * r["promised"] / top)] = "|"
        rows.append(
            {
                "records": f"{r['n']:,}",
                "promised": percent(r["promised"], 1),
                "happened": percent(r["happened"], 1),
                "# happened, | promised": "".join(line).rstrip(),
            }
        )
    return rows


def draw(
    folder: Path,
    name: str,
    y: NDArray[np.float64],
    p: NDArray[np.float64],
    effects: Sequence[tuple[str, float]] = (),
) -> list[Path]:
    """Calibration, lift, ROC, precision and recall, and what the reasons weigh, as one PNG file each.

    `y` and `p` are the forward test's rows; `effects` are names of reasons with their mean absolute points. Raises
    OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    for kind, paint in (
        ("calibration", _calibration),
        ("lift", _lift),
        ("roc", _roc),
        ("precision_recall", _pr),
    ):
        done.append(_save(folder / f"{name}-{kind}.png", lambda ax, paint=paint: paint(ax, y, p), name))
    if effects:
        done.append(_save(folder / f"{name}-reasons.png", lambda ax: _effects(ax, effects), name))
    return done


def _save(path: Path, paint: Any, title: str) -> Path:
    # The figure's own canvas, never pyplot: no window, no global state, no backend to choose.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    ax = figure.subplots()
    paint(ax)
    ax.set_title(f"{title}: {ax.get_title()}", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    return path


def _calibration(ax: Axes, y: NDArray[np.float64], p: NDArray[np.float64]) -> None:
    table = calibration_table(y, p)
    x, seen = [r["promised"] for r in table], [r["happened"] for r in table]
    low = [r["happened"] - r["low"] for r in table]
    high = [r["high"] - r["happened"] for r in table]
    top = min(1.0, 1.05 * max([*x, *(r["high"] for r in table)]))
    ax.plot([0, top], [0, top], color=_GREY, linewidth=1)
    ax.errorbar(x, seen, yerr=[low, high], fmt="o", color=_BLUE, capsize=3)
    ax.set(
        title="calibration in the forward test", xlabel="promised probability", ylabel="share that happened"
    )


def _lift(ax: Axes, y: NDArray[np.float64], p: NDArray[np.float64]) -> None:
    order = np.argsort(-p, kind="stable")
    share = np.arange(1, len(y) + 1) / len(y)
    ax.plot(share, np.cumsum(y[order]) / max(y.sum(), 1), color=_BLUE)
    ax.plot([0, 1], [0, 1], color=_GREY, linewidth=1)
    ax.set(
        title="how soon the events are found",
        xlabel="share of the records worked, best first",
        ylabel="share of the events among them",
    )


def _roc(ax: Axes, y: NDArray[np.float64], p: NDArray[np.float64]) -> None:
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(y, p)
    ax.plot(false, true, color=_BLUE)
    ax.plot([0, 1], [0, 1], color=_GREY, linewidth=1)
    ax.set(title=f"ROC, AUC {auc(y, p):.3f}", xlabel="false alarms", ylabel="events found")


def _pr(ax: Axes, y: NDArray[np.float64], p: NDArray[np.float64]) -> None:
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(y, p)
    ax.plot(recall[:-1], precision[:-1], color=_BLUE)
    ax.axhline(float(y.mean()), color=_GREY, linewidth=1)
    ax.set(
        title="precision and recall", xlabel="events found", ylabel="of the records called, with the event"
    )


def _effects(ax: Axes, effects: Sequence[tuple[str, float]]) -> None:
    # A judgement: what a figure of this size has room for.
    shown = sorted(effects, key=lambda e: e[1])[-15:]
    ax.barh([n for n, _ in shown], [v for _, v in shown], color=_BLUE)
    ax.set(title="what the reasons weigh", xlabel="mean points, up or down, on today's open records")


def segments(path: Path, counts: Sequence[tuple[str, int, float]]) -> Path:
    """Segments with their customers and value, as a PNG file; `counts` are name, customers, value in 12 months."""

    def paint(ax: Axes) -> None:
        names = [n for n, _, _ in counts]
        ax.barh(names, [c for _, c, _ in counts], color=_BLUE)
        for i, (_, c, v) in enumerate(counts):
            ax.annotate(f" {v:,.0f}", (c, i), va="center", fontsize=8, color=_RED)
        ax.set(title="customers, and their value in 12 months in red", xlabel="customers")

    return _save(path, paint, "segments")
