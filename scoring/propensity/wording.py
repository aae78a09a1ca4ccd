"""What was seen, in words that stay the same from night to night: bands, never a count of days."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.features import Feature, Group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Judgements: two values fit into a line; what was counted over a year is no news; the bands are the words that people
# use.
MAX_VALUE = 40
_TOLD = 90
_SINCE = (
    (1, "in the last day"),
    (7, "in the last week"),
    (14, "in the last 2 weeks"),
    (30, "in the last month"),
    (90, "in the last 3 months"),
)
_RATES = ((0.02, "never"), (0.25, "rarely"), (0.5, "sometimes"), (0.8, "often"))
_RATIOS = ((0.5, "less than half"), (0.8, "less"), (1.25, "about the same"), (2.0, "more"))
# Judgements: shorter and longer is within what is usual.
_LONG_STAY, _QUICK_WAY = 1.5, 0.5
# Judgements: a second thing is worth naming where it brings half as much as the first, and both fit into a line.
_SECOND = 0.5
_TWO_FIT = 72
_PROGRESS = "progress"


_LENGTHS = (
    (7, "less than a week"),
    (14, "1 to 2 weeks"),
    (30, "2 to 4 weeks"),
    (91, "1 to 3 months"),
    (182, "3 to 6 months"),
    (365, "6 to 12 months"),
)


def clean(text: str) -> str:
    """Text of the CRM on one line, without control characters, at most 40 characters."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= MAX_VALUE else plain[: MAX_VALUE - 1] + "…"


def since(days: float) -> str:
    """
    >>> since(10)
    'in the last 2 weeks'
    """
    return next((text for limit, text in _SINCE if days < limit), "more than 3 months ago")


def length(days: float) -> str:
    """
    >>> length(20)
    '2 to 4 weeks'
    """
    return next((text for limit, text in _LENGTHS if days < limit), "more than a year")


def band(value: float) -> str:
    """The step of the series 1, 2, 5, 10, 20 ... that a number lies in; whole numbers to 9 as they are.

    >>> band(3), band(23), band(7_300), band(-23)
    ('3', '20 to 50', '5,000 to 10,000', '-50 to -20')
    """
    if value < 0:
        low, dash, high = band(-value).partition(" to ")
        return f"-{high} to -{low}" if dash else f"-{low}"
    if value < 10:
        return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
    power = 10.0 ** math.floor(math.log10(value))
    steps = [1, 2, 5, 10]
    low_step = max(s for s in steps if s * power <= value)
    return f"{low_step * power:,.0f} to {steps[steps.index(low_step) + 1] * power:,.0f}"


def _gap(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _number(value: object) -> float:
    return float(str(value)) if not isinstance(value, (int, float)) else float(value)


def _count(group: Group, features: Sequence[Feature], row: Mapping[str, object]) -> str:
    """The shortest window in which anything was counted."""
    told = [f for f in features if f.aggregate == "count" and f.window is not None and f.window <= _TOLD]
    windows = sorted(told, key=lambda f: f.window or 0)
    for feature in windows:
        value = row[feature.name]
        if not _gap(value) and _number(value) > 0:
            n, days = _number(value), feature.window or 0
            noun = group.words.label if n == 1 else group.words.plural or group.words.label
            return f"{n:.0f} {noun} {since(days - 1)}"
    last = next((f for f in features if f.aggregate == "days_since_last"), None)
    if last is not None and not _gap(row[last.name]):
        return f"last {group.words.label} more than 3 months ago"
    return group.words.none


def _until(group: Group, value: object) -> str:
    if _gap(value):
        return group.words.none
    days = _number(value)
    if days < 0:
        return f"{group.words.label} passed {length(-days)} ago"
    return f"{group.words.label} in {length(days)}"


def say(group: Group, features: Sequence[Feature], row: Mapping[str, object]) -> str:
    """One line on what was seen of a group in a row of the feature frame."""
    words = group.words
    if words.kind == "count":
        return _count(group, features, row)
    value = row[features[0].name]
    if words.kind == "flag":
        return words.label if not _gap(value) and _number(value) > 0 else words.none
    if words.kind == "until":
        return _until(group, value)
    if _gap(value):
        return words.none or f"{clean(words.label)} unknown"
    if words.kind == "category":
        text = str(value)
        return f"{clean(words.label)}: {clean(words.names.get(text, text))}"
    days = _number(value)
    if words.kind in ("rate", "ratio"):
        steps, top = (_RATES, "mostly") if words.kind == "rate" else (_RATIOS, "more than double")
        return f"{words.label}: {next((text for limit, text in steps if days < limit), top)}"
    if words.kind == "duration":
        return f"{words.label} {length(days)}"
    if days == 0 and words.none:
        return words.none
    return f"{clean(words.label)}: {band(days)}"


def progress(stage: Group, row: Mapping[str, object]) -> str:
    """How far a deal is and how it came there: "in Negotiation, faster than usual"; empty where its stage is not known.

    Longer than usual: half as long again as the pipeline's deals stay in that stage. Faster: it has moved on in less than half
    of the time that its won deals take in all.
    """
    value = row.get("stage")
    if _gap(value):
        return ""

    def number(name: str) -> float:
        found = row.get(name)
        return math.nan if _gap(found) else _number(found)

    text = f"in {clean(stage.words.names.get(str(value), str(value)))}"
    moved = number("stages_passed") + (
        0.0 if math.isnan(number("stages_skipped")) else number("stages_skipped")
    )
    if number("stage_slowness") >= _LONG_STAY:
        text += ", longer than usual"
    elif moved >= 1 and number("age_slowness") <= _QUICK_WAY:
        text += ", faster than usual"
    return f"{text}, after a step back" if number("moved_back") > 0 else text


@dataclass
class Spoken:
    """What is said of the rows: texts are made once for each set of values."""

    groups: Sequence[Group]
    features: Sequence[Feature]
    X: pd.DataFrame
    known: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.of_group = {g.name: [f for f in self.features if f.group == g.name] for g in self.groups}
        self.columns: dict[str, list[Any]] = {}

    def theme(
        self, theme: str, groups: NDArray[np.int64], exact: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> dict[int, str]:
        """The text of a theme on some rows."""
        mine = exact[np.ix_(rows, groups)]
        helps = mine * np.sign(mine.sum(axis=1))[:, None]
        best = np.argsort(-helps, axis=1, kind="stable")[:, :2]
        texts: dict[int, str] = {}
        for n, i in enumerate(rows.tolist()):
            text = self._progress(i) if theme == _PROGRESS else ""
            if not text:
                first, *others = best[n]
                text = self._said(self.groups[groups[first]], i)
                for other in others:
                    if helps[n, other] > _SECOND * helps[n, first] and helps[n, other] > 0:
                        second = self._said(self.groups[groups[other]], i)
                        text = f"{text}, {second}" if len(text) + len(second) < _TWO_FIT else text
            texts[i] = text
        return texts

    def _said(self, group: Group, row: int) -> str:
        features = self.of_group[group.name]
        return self._once(group.name, features, row, lambda values: say(group, features, values))

    def _progress(self, row: int) -> str:
        names = {"stage", "stage_slowness", "age_slowness", "stages_passed", "stages_skipped", "moved_back"}
        features = [f for f in self.features if f.name in names]
        stage = next((g for g in self.groups if g.name == "stage"), None)
        if stage is None:
            return ""
        return self._once(_PROGRESS, features, row, lambda values: progress(stage, values))

    def _once(self, name: str, features: Sequence[Feature], row: int, make: Any) -> str:
        values = tuple(self._column(f.name)[row] for f in features)
        key = (name, *values)
        if key not in self.known:
            self.known[key] = str(make(dict(zip([f.name for f in features], values, strict=True))))
        return self.known[key]

    def _column(self, name: str) -> list[Any]:
        if name not in self.columns:
            column = self.X[name]
            # A gap is None: two of them are equal, and one text does for both.
            self.columns[name] = column.astype(object).where(column.notna(), None).tolist()
        return self.columns[name]
