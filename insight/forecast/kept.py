"""A forecast that was shown, as a record that never changes, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sales_consultant.insight.forecast.series import LEVELS

VERSION = 1


@dataclass(frozen=True)
class Kept:
    """One figure that was shown: a period of one group, as of a moment.

    as_of
        ms UTC. period: label. period_end: ms UTC, when it is over.
    level, group
        As in `Draws`.
    basis
        booked or invoiced. currency: the reporting currency then. method: of which the quantiles are.
    expected, quantiles
        Whole cents: the mean, and the quantiles of `levels`.
    commit, weighted_pipeline
        The baselines at that moment; None where there was none.
    """

    as_of: int
    period: str
    period_end: int
    level: str
    group: str
    basis: str
    currency: str
    method: str
    expected: int
    quantiles: tuple[int, ...]
    commit: int | None = None
    weighted_pipeline: int | None = None
    levels: tuple[float, ...] = LEVELS
    version: int = VERSION

    def record(self) -> dict[str, Any]:
        """The record that is stored: JSON's own types alone."""
        out = asdict(self)
        out["quantiles"], out["levels"] = list(self.quantiles), list(self.levels)
        return out


_FIELDS = tuple(Kept.__dataclass_fields__)


def from_record(record: Mapping[str, Any]) -> Kept | None:
    """What a stored record says; None where it is of a version that is not known, or incomplete."""
    if record.get("version") != VERSION or any(name not in record for name in _FIELDS):
        return None
    values = {name: record[name] for name in _FIELDS}
    quantiles, levels = tuple(values["quantiles"]), tuple(values["levels"])
    if len(quantiles) != len(levels):
        return None
    return Kept(**(values | {"quantiles": quantiles, "levels": levels}))


@dataclass(frozen=True)
class Outcome:
    """Said, commit and came for one period.

    said
        The first forecast that was kept of the period at or after its start; where there is none, the last before.
    came
        Cents booked in the period; None where that is not known. inside: whether it lay in the 80 % interval.
    """

    said: Kept
    came: int | None
    inside: bool | None


def _edge(kept: Kept, level: float) -> int | None:
    near = [q for q, one in zip(kept.quantiles, kept.levels, strict=True) if abs(one - level) < 1e-9]
    return near[0] if near else None


def as_given(
    kept: Iterable[Kept],
    came: Mapping[tuple[str, str, str], int],
    now: int,
    starts: Mapping[str, int],
    level: str = "total",
    group: str = "total",
    last: int = 8,
) -> list[Outcome]:
    """Said, commit and came for the last periods that are over, the newest first.

    came
        Cents by (level, group, period). now: ms UTC; periods that end after it are left out.
    starts
        When each period began (ms UTC); of a period that is not in it, the last forecast kept stands.
    """
    found: dict[str, list[Kept]] = {}
    for one in kept:
        if one.level == level and one.group == group and one.period_end <= now and one.as_of < one.period_end:
            found.setdefault(one.period, []).append(one)
    newest = sorted(found, key=lambda period: found[period][0].period_end, reverse=True)[:last]
    out = []
    for period in newest:
        said = _said(found[period], starts.get(period))
        actual = came.get((level, group, period))
        low, high = _edge(said, 0.1), _edge(said, 0.9)
        known = actual is not None and low is not None and high is not None
        inside = low <= actual <= high if known else None  # type: ignore[operator]
        out.append(Outcome(said, actual, inside))
    return out


def _said(records: list[Kept], start: int | None) -> Kept:
    ordered = sorted(records, key=lambda one: one.as_of)
    within = [one for one in ordered if start is not None and one.as_of >= start]
    return within[0] if within else ordered[-1]
