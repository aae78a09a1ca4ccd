"""What the cells of a column are: numbers, times, durations, flags or texts, or a reason why nothing is learnt from them."""

from __future__ import annotations

import datetime
import decimal
import numbers
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sales_consultant.scoring.core import ScoringError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# "" is a column of gaps, which may be any.
Kind = Literal["number", "time", "duration", "flag", "text", ""]

# What decides a column's kind: a text among a million numbers is found where it is read.
LOOKED_AT = 10_000
_FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_LEVELS = {"text", "number", "flag"}
_LEARNT = {
    "number": "a number",
    "time": "a time",
    "duration": "a duration",
    "flag": "a flag",
    "text": "a text",
}


class InputError(ScoringError, ValueError):
    """A table, labels or weights that cannot be meant; the text says what to change."""


@cache
def not_fitted() -> type[ScoringError]:
    """The error of a model that has learnt nothing, which scikit-learn's tools know as theirs."""
    from sklearn.exceptions import NotFittedError

    return type("NotLearntError", (ScoringError, NotFittedError), {})


def plain_text(text: str) -> str:
    """A text without halves of characters (lone surrogates), which no file can hold: each is spelt out.

    >>> plain_text("café"), plain_text("a" + chr(0xD800))
    ('café', 'a\\\\ud800')
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@lru_cache(maxsize=1000)
def _of_type(cell: type) -> Kind:
    """What a cell of a type is; "" for what nothing is learnt from."""
    if issubclass(cell, str):
        return "text"
    if issubclass(cell, bool | np.bool_):
        return "flag"
    if issubclass(cell, datetime.timedelta | np.timedelta64):
        return "duration"
    if issubclass(cell, datetime.date | np.datetime64 | pd.Period):
        return "time"
    real = issubclass(cell, numbers.Number | decimal.Decimal) and not issubclass(
        cell, complex | np.complexfloating
    )
    return "number" if real else ""


def objects(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """The first cells, or a category's levels, where the column's type does not say what they are; without gaps."""
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        levels = pd.Series(kind.categories)
        return None if isinstance(levels.dtype, pd.IntervalDtype) else levels.astype(object)
    if (
        isinstance(kind, pd.ArrowDtype)
        and kind.kind not in "biufmM"
        and not pd.api.types.is_string_dtype(kind)
    ):
        column = column.astype(object)
    if column.dtype != object:
        return None
    first = column.iloc[:LOOKED_AT].dropna()
    return first if len(first) else column.dropna().iloc[:LOOKED_AT]


def cell_types(cells: pd.Series[Any]) -> set[type]:
    """The types of cells."""
    return set(map(type, cells))


def unusable(column: pd.Series[Any]) -> str:
    """Why nothing can be learnt from a column, "" where something can."""
    if column.dtype.kind == "c":
        return "complex numbers: give the parts as columns of their own"
    cells = objects(column)
    if cells is None:
        return ""
    types = cell_types(cells)
    strange = sorted(t.__name__ for t in types if not _of_type(t))
    if strange:
        advice = {
            "complex": "the parts as columns of their own",
            "complex128": "the parts as columns of their own",
        }
        parts = ("list", "tuple", "dict", "set", "frozenset", "ndarray", "Series", "DataFrame")
        how = "each part a column of its own" if strange[0] in parts else "a number, a time or a text instead"
        return f"cells of {strange[0]}: give {advice.get(strange[0], how)}"
    kinds = {_of_type(t) for t in types}
    if len(kinds) > 1 and not kinds <= _LEVELS:
        return (
            f"cells of {' and '.join(sorted(f'{k}s' for k in kinds))} in one column: give cells of one kind"
        )
    return ""


def kind_of(column: pd.Series[Any]) -> Kind:
    """What a column's cells are; "" for gaps alone. Of a column of which nothing can be learnt it says nothing."""
    if not column.notna().any():
        return ""
    code = column.dtype.kind
    if isinstance(column.dtype, pd.CategoricalDtype | pd.IntervalDtype):
        return "text"
    if isinstance(column.dtype, pd.PeriodDtype) or code == "M":
        return "time"
    if code == "m":
        return "duration"
    if code in "iufb":
        return "flag" if code == "b" else "number"
    cells = objects(column)
    kinds = {_of_type(t) for t in cell_types(cells)} if cells is not None else {"text"}
    (kind,) = kinds if len(kinds) == 1 else ("text",)
    return kind  # type: ignore[return-value]


def kinds_of(X: pd.DataFrame) -> dict[str, str]:
    """The kind of each column of a frame with texts for names, but those of which nothing can be learnt."""
    return {str(c): kind_of(X[c]) for c in X.columns if not unusable(X[c])}


def strangers(column: pd.Series[Any]) -> str:
    """What stands far down a column of objects that is not what its first cells are, "" for nothing."""
    cells = objects(column)
    if cells is None or column.dtype != object or len(column) <= LOOKED_AT:
        return ""
    first = {_of_type(t) for t in cell_types(cells)}
    allowed = first | (_LEVELS if first & {"text", "flag"} else {"flag"} if "number" in first else set())
    if all(_of_type(t) in allowed for t in cell_types(column) if t is not type(None)):
        return ""
    # A gap may be of any type.
    return min((t.__name__ for t in cell_types(column.dropna()) if _of_type(t) not in allowed), default="")


def as_learnt(X: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """A table to predict whose columns are of the kind that was learnt from; InputError names one that is not."""
    made = {c: _as_learnt(X[c], kinds[c]) for c in X.columns if kinds.get(c)}
    return replaced(X, {c: column for c, column in made.items() if column is not X[c]})


def replaced(X: pd.DataFrame, columns: Mapping[str, pd.Series[Any]]) -> pd.DataFrame:
    """The table with other values in some columns, whatever these are called."""
    return pd.DataFrame({c: columns.get(c, X[c]) for c in X.columns}, index=X.index) if columns else X


def _as_learnt(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    why = unusable(column)
    if why:
        raise InputError(f"{column.name} was learnt from as {_LEARNT[kind]}, and holds {why}")
    here = kind_of(column)
    if not here:
        return column if kind in ("text", "flag") else pd.Series(np.nan, index=column.index, name=column.name)
    if here == "text" and kind in ("time", "duration", "flag"):
        return _read(column, kind)
    if kind == "flag" and here == "number":
        values = pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
        if np.isin(values[~np.isnan(values)], (0, 1)).all():
            flags = pd.Series(values, index=column.index, name=column.name)
            return flags.map({0.0: False, 1.0: True}).astype(object)
    fits = {
        "number": ("number", "flag", "text"),
        "flag": ("flag", "text"),
        "text": ("text", "number", "flag"),
    }
    if here not in fits.get(kind, (kind,)):
        cell = column[column.notna()].iloc[0]
        raise InputError(
            f"{column.name} was learnt from as {_LEARNT[kind]}, and holds {_LEARNT[here]} ({str(cell)[:40]!r})"
        )
    return column


def _read(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Texts as the times (ISO 8601), durations or flags that were learnt from."""
    texts = column.astype(object)
    spelt = texts.map(str, na_action="ignore").str.strip()
    made: pd.Series[Any]
    if kind == "flag":
        made = spelt.str.lower().map(_FLAGS).astype(object)
    elif kind == "time":
        # pandas reads "now" as well.
        dated = texts.where(spelt.str.match(r"\d{4}").fillna(False).astype(bool), "")
        made = pd.to_datetime(dated, utc=True, format="ISO8601", errors="coerce")
    else:
        # A number alone has no unit.
        made = pd.to_timedelta(
            texts.where(spelt.str.contains("[a-zA-Z:]").fillna(False).astype(bool), ""), errors="coerce"
        )
    lost = column.notna().to_numpy() & made.isna().to_numpy()
    if lost.any():
        shown = plain_text(str(column[lost].iloc[0]))[:40]
        raise InputError(f"{column.name} was learnt from as {_LEARNT[kind]}, and holds the text {shown!r}")
    return made


def why_left(X: pd.DataFrame, coded: Collection[str], known: Collection[str]) -> dict[str, str]:
    """The columns that can be learnt from and have no code, with why; but those of which that is known."""
    return {c: _why_left(X[c]) for c in X.columns if c not in coded and c not in known}


def _why_left(column: pd.Series[Any]) -> str:
    """It does not tell rows apart, or each row from all others."""
    filled = column[column.notna()]
    if pd.api.types.is_float_dtype(filled):
        filled = filled[np.isfinite(filled.to_numpy(dtype=float))]
    if filled.empty:
        return "no row has a value"
    if filled.astype("string").nunique() == 1:
        return "one value in all rows that have any"
    return "it names single records, as an id does: hardly two rows share a value"
