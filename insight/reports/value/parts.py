"""What a part of the section says, and how intervals are written in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sales_consultant.insight.reports.document import Cell, Column, Figure, Kind
from sales_consultant.insight.reports.words import Words


@dataclass
class Part:
    """Findings, figures and what is not known of one part."""

    findings: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def known(value: float | None) -> float | None:
    """A number, or None where it is a gap.

    >>> known(float("nan")), known(0.5), known(None)
    (None, 0.5, None)
    """
    return None if value is None or not math.isfinite(value) else float(value)


def between(words: Words, value: float, low: float, high: float, kind: Kind) -> str:
    """A number with its interval, in words."""
    told = {k: words.shown(v, kind) for k, v in (("value", value), ("low", low), ("high", high))}
    return words("{value} ({low} to {high})", **told)


def interval_columns(words: Words, key: str, name: str, kind: Kind) -> tuple[Column, Column, Column]:
    """A number and the ends of its interval."""
    return (
        Column(key, name, kind),
        Column(f"{key}_low", words("from"), kind),
        Column(f"{key}_high", words("to"), kind),
    )


def cells(*values: float | None) -> tuple[Cell, ...]:
    """Numbers as cells, gaps as None."""
    return tuple(known(v) for v in values)
