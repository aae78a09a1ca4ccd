"""From a frame of numbers, texts, flags, dates and gaps to a matrix of numbers, and back to the column.

Every encoded column belongs to exactly one input column, so that an additive model's margin splits into the
inputs' contributions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# A judgement: a level of its own for what people choose from a list; docs/decisions/scoring-text-levels.md has the
# limit.
MAX_LEVELS = 25
# Levels of all texts together beyond those 25 a text: what a matrix of them costs grows with the square.
_MORE_LEVELS = 400
# Two rows are enough: the ridge penalty holds back what they say (docs/decisions/scoring-text-levels.md).
_MIN_LEVEL_ROWS = 2
# Where most rows have a value that fewer share, it names the record or its company.
_SHARED = 5
# Judgements: a list that people choose from is shorter than this; an exponential distribution has a skew of 2, and what
# is more skewed is better looked at by its logarithm.
_LEVELS_ARE_IDS = 200
# The sum of a million cubes of it is still a float.
_LARGEST = 1e100
_SKEW = 2.0


@dataclass(frozen=True, slots=True)
class NumberCode:
    """A number: clipped to its 1 % and 99 % quantiles, logarithm where it is skewed, scaled, hinges, gap."""

    name: str
    low: float
    high: float
    log: bool
    mean: float
    scale: float
    knots: tuple[float, ...] = ()
    gaps: bool = False

    @property
    def width(self) -> int:
        """Encoded columns."""
        return 1 + len(self.knots) + self.gaps

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shape (rows, width); a gap is the mean and, where gaps were seen in training, a mark."""
        missing = ~np.isfinite(values)
        v = np.clip(np.where(missing, self.low, values), self.low, self.high)
        if self.log:
            v = np.log1p(v)
        v = np.where(missing, 0.0, (v - self.mean) / self.scale)
        out = [v, *(np.where(missing, 0.0, np.maximum(v - k, 0.0)) for k in self.knots)]
        if self.gaps:
            out.append(missing.astype(float))
        return np.column_stack(out)


@dataclass(frozen=True, slots=True)
class LevelCode:
    """A text or flag: one column a common level, one for the rare ones together, one for gaps."""

    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...] = ()
    gaps: bool = False
    shares: tuple[float, ...] = field(default=())

    @property
    def width(self) -> int:
        """Encoded columns."""
        return len(self.levels) + bool(self.rare) + self.gaps

    def places(self, column: pd.Series[Any]) -> NDArray[np.float64]:
        """The encoded column that each value belongs to; nan for a level never seen or a first gap."""
        text = levels_of(column)
        codes = {level: i for i, level in enumerate(self.levels)}
        codes.update(dict.fromkeys(self.rare, len(self.levels)))
        # A column of 1 and 2 that was read as 1.0 and 2.0 elsewhere has the same levels.
        codes = {_twin(level): i for level, i in codes.items()} | codes
        place: NDArray[np.float64] = np.array(
            text.map(codes).to_numpy(dtype=float, na_value=np.nan), dtype=np.float64
        )
        if self.gaps:
            place[text.isna().to_numpy()] = self.width - 1
        return place

    def encode(self, column: pd.Series[Any]) -> NDArray[np.float64]:
        """Shape (rows, width). A level never seen, or a first gap, counts as the average row."""
        place = self.places(column)
        out: NDArray[np.float64] = np.tile(np.asarray(self.shares, dtype=np.float64), (len(place), 1))
        known = np.isfinite(place)
        out[known] = np.eye(self.width)[place[known].astype(int)]
        return out


Code = NumberCode | LevelCode


def levels_of(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column as text with None for gaps; flags become "true" and "false"."""
    if isinstance(column.dtype, pd.BooleanDtype) or column.dtype == bool:
        column = column.astype(object)
    text = column.map(lambda v: v if type(v) is str else _spelt(v), na_action="ignore")
    return text.astype(object).where(text.notna(), None)


def _spelt(value: object) -> str:
    """A value as a level; 1.0 is the level 1, true is "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    whole = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if whole else str(value)


def _twin(level: str) -> str:
    """How a level that is a whole number or a flag is written otherwise, "" for any other.

    >>> _twin("1"), _twin("1.0"), _twin("True"), _twin("true"), _twin("a")
    ('1.0', '1', 'true', 'True', '')
    """
    if level in ("true", "false", "True", "False"):
        return level.swapcase()[0] + level[1:]
    if level.endswith(".0") and level[:-2].lstrip("-").isdigit():
        return level[:-2]
    return f"{level}.0" if level.lstrip("-").isdigit() else ""


def is_number(column: pd.Series[Any]) -> bool:
    """Whether a column is encoded as a number: numbers and times, but not flags."""
    kinds = pd.api.types
    if kinds.is_bool_dtype(column):
        return False
    return kinds.is_numeric_dtype(column) or kinds.is_datetime64_any_dtype(column)


def numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """A column of numbers as floats; a time becomes days since 1970."""
    if pd.api.types.is_datetime64_any_dtype(column):
        # Milliseconds, because a CRM's "never" (the year 9999) does not fit into nanoseconds.
        utc = pd.to_datetime(column, utc=True).dt.as_unit("ms")
        return np.where(utc.isna(), np.nan, utc.astype("int64") / DAY_MS)
    try:
        values = column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        values = None
    if values is None:
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        lost = column.notna().to_numpy() & np.isnan(values)
        if lost.any():
            shown = str(column[lost].iloc[0])[:40]
            raise ValueError(f"{column.name} was learnt from as a number, and holds the text {shown!r}")
    # Squares and cubes of larger numbers are no numbers any more; infinity is a gap where it is encoded.
    return np.where(np.isfinite(values), np.clip(values, -_LARGEST, _LARGEST), values)


def _learn_number(name: str, values: NDArray[np.float64], hinges: int) -> NumberCode | None:
    missing = ~np.isfinite(values)
    seen = values[~missing]
    if not len(seen):
        return None
    # The outer hundredths are held at its edge: one slip of the keys must not set the scale.
    low, high = (float(q) for q in np.quantile(seen, [0.01, 0.99]))
    if high <= low:
        low, high = float(seen.min()), float(seen.max())
    clipped = np.clip(seen, low, high)
    spread = float(clipped.std())
    if spread == 0 and not (missing.any() and not missing.all()):
        return None
    skew = float(((clipped - clipped.mean()) ** 3).mean() / spread**3) if spread else 0.0
    log = low >= 0 and skew > _SKEW
    if log:
        clipped = np.log1p(clipped)
    mean, scale = float(clipped.mean()), float(clipped.std()) or 1.0
    z = (clipped - mean) / scale
    knots: tuple[float, ...] = ()
    # A judgement: fewer values than this have hardly room for a bend between the knots.
    if hinges and len(np.unique(z)) > 10:
        inner = np.quantile(z, np.linspace(0, 1, hinges + 2)[1:-1])
        knots = tuple(float(k) for k in np.unique(inner) if z.min() < k < z.max())
    return NumberCode(name, low, high, log, mean, scale, knots, bool(missing.any()))


def _learn_levels(
    name: str, column: pd.Series[Any], most: int = MAX_LEVELS, without: Collection[str] = ()
) -> LevelCode | None:
    text = levels_of(column)
    if without:
        text = text[~text.isin(list(without)).to_numpy(dtype=bool)]
    counts = text.value_counts()
    # Ids and free text say nothing that carries over to another record.
    again = counts[counts >= _SHARED].sum()
    # Judgements: not even the most frequent level is common, and most rows have one that few others share.
    if len(counts) > _LEVELS_ARE_IDS and counts.iloc[0] < 0.02 * len(text) and again < 0.5 * len(text):
        return None
    order = sorted(counts.items(), key=lambda kv: (-int(kv[1]), str(kv[0])))
    common = [str(k) for k, n in order if n >= _MIN_LEVEL_ROWS][:most]
    rare = tuple(str(k) for k, _ in order if str(k) not in set(common))
    gaps = bool(text.isna().any())
    if len(common) + bool(rare) + gaps < 2:
        return None
    total = len(text)
    shares = [counts[k] / total for k in common]
    if rare:
        shares.append(sum(counts[k] for k in rare) / total)
    if gaps:
        shares.append(float(text.isna().mean()))
    return LevelCode(name, tuple(common), rare, gaps, tuple(float(s) for s in shares))


class Encoder:
    """The codes of the columns that vary, in the order of the frame."""

    def __init__(self, codes: list[Code]) -> None:
        self.codes = codes
        self.columns = [c.name for c in codes]

    @classmethod
    def learn(cls, X: pd.DataFrame, *, hinges: int, without: Mapping[str, set[str]] | None = None) -> Encoder:
        """Codes from the training rows; a column without any variation has none.

        `without` are levels by column that are learnt from as the average row, as one that was never seen is.
        """
        codes: list[Code] = []
        many = [c for c in X.columns if not is_number(X[c]) and X[c].astype("string").nunique() > MAX_LEVELS]
        most = MAX_LEVELS + _MORE_LEVELS // max(len(many), 1)
        for name in X.columns:
            column = X[name]
            code: Code | None
            if is_number(column):
                code = _learn_number(str(name), numbers(column), hinges)
            else:
                code = _learn_levels(str(name), column, most, (without or {}).get(str(name), set()))
            if code is not None:
                codes.append(code)
        return cls(codes)

    def starts(self) -> NDArray[np.int64]:
        """Where each column's encoded block begins."""
        widths = [c.width for c in self.codes]
        return np.asarray(np.cumsum([0, *widths[:-1]]) if widths else [], dtype=np.int64)

    def plain(self) -> NDArray[np.bool_]:
        """Which encoded columns are no hinges: to trees, which find bends themselves, hinges say nothing more."""
        marks = [
            [True, *([False] * len(c.knots)), *([True] * c.gaps)]
            if isinstance(c, NumberCode)
            else [True] * c.width
            for c in self.codes
        ]
        return np.array([m for of_one in marks for m in of_one], dtype=bool)

    def encode(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, sum of widths)."""
        parts = [
            c.encode(numbers(X[c.name])) if isinstance(c, NumberCode) else c.encode(X[c.name])
            for c in self.codes
        ]
        return np.hstack(parts) if parts else np.zeros((len(X), 0))

    def to_list(self) -> list[dict[str, Any]]:
        """A form that JSON can hold."""
        return [{"kind": "number" if isinstance(c, NumberCode) else "level", **asdict(c)} for c in self.codes]

    @classmethod
    def from_list(cls, data: list[dict[str, Any]]) -> Encoder:
        """The inverse of `to_list`."""
        codes: list[Code] = []
        for entry in data:
            values: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in entry.items() if k != "kind"
            }
            codes.append(NumberCode(**values) if entry["kind"] == "number" else LevelCode(**values))
        return cls(codes)
