"""What was seen, in words that stay the same from night to night: bands, never a count of days."""

from __future__ import annotations

import math
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
    value += 0.0  # -0.0 is 0
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


def _counted(features: Sequence[Feature]) -> tuple[list[Feature], Feature | None]:
    """The counts that are told, shortest window first, and the days since the last one."""
    told = [f for f in features if f.aggregate == "count" and f.window is not None and f.window <= _TOLD]
    last = next((f for f in features if f.aggregate == "days_since_last"), None)
    return sorted(told, key=lambda f: f.window or 0), last


def _count(group: Group, features: Sequence[Feature], row: Mapping[str, object]) -> str:
    """The shortest window in which anything was counted."""
    windows, last = _counted(features)
    for feature in windows:
        value = row[feature.name]
        if not _gap(value) and _number(value) > 0:
            n, days = _number(value), feature.window or 0
            noun = group.words.label if n == 1 else group.words.plural or group.words.label
            return f"{n:.0f} {noun} {since(days - 1)}"
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


def say_all(
    group: Group, features: Sequence[Feature], X: pd.DataFrame
) -> tuple[list[str], NDArray[np.int64]]:
    """Texts, and which of them `say` says of each row.

    Rows of one band have one text, so it is asked once a band: there are dozens of texts in a million rows.
    """
    names = [f.name for f in features]
    if not len(X):
        return [], np.empty(0, dtype=np.int64)
    keys = _keys(group, features, X)
    codes = pd.factorize(keys[0])[0].astype(np.int64)
    for more in keys[1:]:
        other = pd.factorize(more)[0].astype(np.int64)
        codes = pd.factorize(codes * (int(other.max()) + 2) + other)[0].astype(np.int64)
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    some = X[list(dict.fromkeys(names))].iloc[first].to_dict("records")
    texts = [say(group, features, {str(k): v for k, v in row.items()}) for row in some]
    return texts, np.asarray(which, dtype=np.int64)


def _keys(group: Group, features: Sequence[Feature], X: pd.DataFrame) -> list[NDArray[Any]]:
    """Labels of the rows, of which those that are alike in all of them have one text."""
    kind = group.words.kind
    shown = [features[0]]
    if kind == "count":
        windows, last = _counted(features)
        shown = [*windows, *([last] if last is not None else [])]
    columns = [X[f.name] for f in shown]
    if not columns:
        return [np.zeros(len(X))]
    if not all(pd.api.types.is_float_dtype(c.dtype) and isinstance(c.dtype, np.dtype) for c in columns):
        # Of other types each value is one of its own, and 1 is not True.
        return [k for c in columns for k in (c.map(type).astype(str).to_numpy(), c.astype(str).to_numpy())]
    values = [c.to_numpy(dtype=np.float64) for c in columns]
    if kind == "count":
        counts = values if last is None else values[:-1]
        place, number = np.full(len(X), -1), np.zeros(len(X))
        for i, count in enumerate(counts):
            new = (place < 0) & (count > 0)
            place[new], number[new] = i, count[new]
        rest = np.isnan(values[-1]) if last is not None else np.zeros(len(X), dtype=bool)
        return [place, number, (place < 0) & rest]
    return [*_bands(kind, values[0])]


def _bands(kind: str, value: NDArray[np.float64]) -> list[NDArray[Any]]:
    """Labels of numbers of which those with one text may share one: their step, their sign, whether there is one."""
    gap = np.isnan(value)
    if kind == "flag":
        return [value > 0]
    if kind in ("rate", "ratio"):
        steps = [s for s, _ in (_RATES if kind == "rate" else _RATIOS)]
        return [np.searchsorted(steps, value, side="right"), gap]
    if kind in ("until", "duration"):
        size = np.abs(value) if kind == "until" else value
        return [np.searchsorted([s for s, _ in _LENGTHS], size, side="right"), gap, value < 0]
    # Small numbers are said as they are, large ones by their step; these exist from 10 on.
    size = np.abs(value)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = 10.0 ** np.floor(np.log10(np.where(size >= 10, size, 10.0)))
    step = np.searchsorted([2.0, 5.0], size / power, side="right")
    large = size >= 10
    return [
        np.where(large, power, 0.0),
        np.where(large, step, 0),
        np.where(large, 0.0, value),
        gap,
        value < 0,
    ]


def progress(stage: Group, row: Mapping[str, object], *, speaks_for: bool) -> str:
    """How far a deal is and how it came there: "in Negotiation, faster than usual"; empty where its stage is not known.

    Longer than usual: half as long again as the pipeline's deals stay in that stage. Faster: it has moved on in less than half
    of the time that its won deals take in all, and has not stayed for long where it is now. What counts against a deal is no
    part of a reason that speaks for it: a step may say "twice as long as usual" of a deal whose stage speaks for it.
    """
    value = row.get("stage")
    if _gap(value):
        return ""

    def number(name: str) -> float:
        found = row.get(name)
        return math.nan if _gap(found) else _number(found)

    text = f"in {clean(stage.words.names.get(str(value), str(value)))}"
    skipped = number("stages_skipped")
    moved = number("stages_passed") + (0.0 if math.isnan(skipped) else skipped)
    if speaks_for:
        stuck = number("stage_slowness") >= _LONG_STAY
        quick = moved >= 1 and number("age_slowness") <= _QUICK_WAY and not stuck
        return f"{text}, faster than usual" if quick else text
    slow = f"{text}, longer than usual" if number("stage_slowness") >= _LONG_STAY else text
    return f"{slow}, after a step back" if number("moved_back") > 0 else slow


def progress_all(
    stage: Group, X: pd.DataFrame, speaks_for: NDArray[np.bool_]
) -> tuple[list[str], NDArray[np.int64]]:
    """Texts, and which of them `progress` says of each row."""
    if not len(X):
        return [], np.empty(0, dtype=np.int64)

    def number(name: str) -> NDArray[np.float64]:
        return X[name].to_numpy(dtype=np.float64) if name in X else np.full(len(X), np.nan)

    moved = np.nan_to_num(number("stages_skipped")) + number("stages_passed")
    codes = pd.factorize(X["stage"])[0].astype(np.int64)
    for mark in (
        number("stage_slowness") >= _LONG_STAY,
        (moved >= 1) & (number("age_slowness") <= _QUICK_WAY),
        number("moved_back") > 0,
        speaks_for,
    ):
        codes = 2 * codes + mark
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    some = X.iloc[first].to_dict("records")
    texts = [
        progress(stage, {str(k): v for k, v in row.items()}, speaks_for=bool(good))
        for row, good in zip(some, speaks_for[first], strict=True)
    ]
    return texts, np.asarray(which, dtype=np.int64)
