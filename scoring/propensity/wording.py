"""What was seen, in words that stay the same from night to night: bands, never a count of days."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

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
