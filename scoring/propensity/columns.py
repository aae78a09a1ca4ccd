"""Columns of a data scientist's frame as what can be learnt from: numbers, times, texts and flags, or a reason why not."""

from __future__ import annotations

import datetime
import decimal
import numbers
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.propensity.kinds import (
    LOOKED_AT,
    InputError,
    cell_types,
    plain_text,
    replaced,
    strangers,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Table: TypeAlias = pd.DataFrame | ArrayLike

_DAY = pd.Timedelta(days=1)


def why_unused(X: pd.DataFrame) -> dict[str, str]:
    """The columns of a frame of which nothing can be learnt, each with the reason."""
    return {str(c): why for c in X.columns if (why := unusable(X[c]))}


def usable(X: pd.DataFrame) -> pd.DataFrame:
    """The table with durations as days, periods and dates as times, decimals and numbers among objects as numbers, and texts
    without halves of characters. Columns of which nothing can be learnt are empty (`unusable` says why)."""
    changed = {c: made for c in X.columns if (made := _readable(X[c])) is not None}
    return replaced(X, changed)


def _readable(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """The same; InputError that names the column where a cell is not what the others are, or is beyond what can be held."""
    try:
        return _usable(column)
    except (ValueError, TypeError, ArithmeticError, NotImplementedError) as e:
        raise InputError(
            f"column {plain_text(str(column.name))}: a cell cannot be read as the others are ({type(e).__name__}: "
            f"{plain_text(str(e))[:80]}); make it a gap, or the column a text"
        ) from e


def _usable(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """The column as it is learnt from, None where it is that already."""
    kind = column.dtype
    if unusable(column):
        return pd.Series(np.nan, index=column.index, name=column.name)
    if other := strangers(column):
        raise TypeError(f"a cell of {other} among others")
    if isinstance(kind, pd.ArrowDtype) and kind.kind == "m":
        return _days(pd.Series(pd.to_timedelta(column.astype(object))))
    if pd.api.types.is_timedelta64_dtype(kind):
        return _days(column)
    if isinstance(kind, pd.PeriodDtype):
        return pd.Series(column.dt.to_timestamp())
    if isinstance(kind, pd.CategoricalDtype) and any(type(v) is str for v in kind.categories):
        return _of_objects(column.astype(object))
    return _of_objects(column) if kind == object else None


def _days(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(column.dt.total_seconds() / _DAY.total_seconds())


def _of_objects(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """A column of objects by what all its cells are."""
    filled = column[column.notna()]
    kinds = cell_types(filled.iloc[:LOOKED_AT])
    if not kinds or bool in kinds or np.bool_ in kinds:
        return None
    if all(issubclass(k, datetime.timedelta | np.timedelta64) for k in kinds):
        return _days(pd.to_timedelta(column))
    if any(issubclass(k, pd.Period) for k in kinds):
        column = column.map(lambda p: p.to_timestamp() if isinstance(p, pd.Period) else p, na_action="ignore")
    if all(issubclass(k, datetime.date | np.datetime64 | pd.Period) for k in kinds):
        return pd.to_datetime(column, errors="coerce", utc=True)
    if all(issubclass(k, numbers.Number | decimal.Decimal) and not issubclass(k, complex) for k in kinds):
        return pd.to_numeric(column.map(float, na_action="ignore"), errors="coerce")
    if str in kinds:
        try:
            "".join(v for v in filled if type(v) is str).encode("utf-8")
        except UnicodeEncodeError:
            return column.map(lambda v: plain_text(v) if type(v) is str else v, na_action="ignore")
    return None


def named(X: Table, expected: Sequence[str] | None = None) -> pd.DataFrame:
    """A table with texts for column names: those of a frame as text, x0, x1, ... for an array.

    `expected` are the columns that a model has learnt: an array's columns are taken to be these in their order.
    InputError where a name is there twice, or an expected one is missing.
    """
    if not isinstance(X, pd.DataFrame):
        if hasattr(X, "toarray"):
            raise InputError("X is a sparse matrix: give a frame, or X.toarray()")
        values = np.asarray(X)
        if values.dtype.kind == "c":
            raise InputError("Complex data not supported: give the parts as columns of their own")
        if values.dtype.kind in "SV":
            values = values.astype(object)
        if values.ndim != 2 or (expected is not None and values.shape[1] != len(expected)):
            raise InputError(_shape(values, expected))
        names = expected if expected is not None else [f"x{i}" for i in range(values.shape[1])]
        return pd.DataFrame(values, columns=list(names)).infer_objects()
    if not all(type(c) is str and c.isascii() for c in X.columns):
        X = X.set_axis([plain_text(str(c)) for c in X.columns], axis=1)
    if not X.columns.is_unique:
        twice = sorted(set(X.columns[X.columns.duplicated()]))
        raise InputError(
            f"X has more than one column named {', '.join(twice[:5])}; give each a name of its own"
        )
    missing = [c for c in expected or () if c not in X.columns]
    if missing:
        raise InputError(f"X lacks {len(missing)} of the columns learnt from: {', '.join(missing[:5])}")
    return X


def _shape(values: NDArray[Any], expected: Sequence[str] | None) -> str:
    """What is wrong with an array's shape, in words that scikit-learn's tools look for."""
    if values.ndim == 1:
        return f"X must have two dimensions, it has the shape {values.shape}. Reshape your data: X.reshape(-1, 1)"
    if values.ndim != 2 or expected is None:
        return f"X must have two dimensions, it has the shape {values.shape}"
    return (
        f"X must have {len(expected)} columns, as fit saw: X has {values.shape[1]} features, but PropensityModel is expecting "
        f"{len(expected)} features as input"
    )


def strongest(X: pd.DataFrame, contributions: NDArray[np.float64], top: int | None) -> pd.DataFrame:
    """The strongest contributions of each row (shape of X) as a long table: row, feature, value, contribution."""
    if top is not None and (not isinstance(top, int | np.integer) or top < 0):
        raise InputError(f"top must be a number of columns from 0 on, or None for all; it is {top!r}")
    names = list(X.columns)
    keep = len(names) if top is None else min(top, len(names))
    order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :keep]
    row = np.repeat(np.arange(len(X)), keep)
    chosen = order.ravel()
    values = [X[names[j]].iloc[i] for i, j in zip(row, chosen, strict=True)]
    return pd.DataFrame(
        {
            "row": row,
            "feature": [names[j] for j in chosen],
            "value": pd.Series(values, dtype=object),
            "contribution": contributions[row, chosen],
        }
    )
