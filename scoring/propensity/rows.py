"""The rows that a model is fitted to: labels of two kinds, weights, groups and times, each checked."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.propensity.columns import Table, named, usable, why_unused
from sales_consultant.scoring.propensity.kinds import InputError, kind_of, kinds_of, plain_text, unusable


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a weight above 0: columns, outcome (0 or 1), weight, group code, and time where it is known.

    `classes` are the two labels, the event second; `grouped` says whether groups were given; `unused` tells of which columns
    nothing can be learnt, `kinds` what the cells of the others are.
    """

    X: pd.DataFrame
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    codes: NDArray[np.int64]
    as_of: NDArray[Any] | None
    classes: NDArray[Any]
    unused: dict[str, str]
    kinds: dict[str, str]
    grouped: bool

    def must_be_judged(self, *, tier: str, chosen: bool) -> None:
        """InputError where a tier that was `chosen` lacks a label, or a model has no second group to be judged by."""
        if chosen and not 0 < self.y.sum() < len(self.y):
            raise InputError(
                "this tier needs rows of both labels, there is one class only; leave the tier to the data with tier='auto'"
            )
        if self.grouped and tier != "rules" and len(self.y) > 1 and self.codes.max() < 1:
            raise InputError(
                "all rows are of one group, so that none is left to judge by: leave groups out, or give several"
            )


def rows_of(
    X: Table,
    y: ArrayLike,
    *,
    as_of: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> Rows:
    """What `fit` was given, checked; InputError says what cannot be meant."""
    rows = X.shape[0] if hasattr(X, "shape") else len(np.asarray(X))
    for name, values in (("as_of", as_of), ("groups", groups)):
        if values is not None and np.shape(values)[:1] != (rows,):
            raise InputError(f"{name} must hold one value for each of the {rows} rows of X")
    weight = weights(sample_weight, rows) if rows else np.ones(0)
    kept = weight > 0
    if not kept.all() and y is not None and np.shape(y)[:1] == (rows,):
        # As if left out: what such a row holds, and its label, are not looked at.
        X = X[kept] if isinstance(X, pd.DataFrame) else np.asarray(X)[kept]
        weight = weight[kept]
        labelled = isinstance(y, pd.Series | pd.Index | pd.api.extensions.ExtensionArray)
        y = y[kept] if labelled else np.asarray(y)[kept]  # type: ignore[index]
    given = named(X)
    if not len(given):
        raise InputError("X has no rows: 0 sample(s) while a minimum of 1 is required")
    classes, target = classes_of(y, len(given))
    return Rows(
        usable(given),
        target,
        weight,
        _codes(groups, kept),
        _times(as_of, kept),
        classes,
        why_unused(given),
        kinds_of(given),
        groups is not None,
    )


def _codes(groups: ArrayLike | None, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number for each group; a row without one is its own, for what is not known is not known to be the same."""
    if groups is None:
        return np.arange(int(kept.sum()))
    values = np.asarray(groups)
    if values.ndim != 1:
        raise InputError(f"groups must hold one value for each row of X, it has the shape {values.shape}")
    try:
        codes, found = pd.factorize(pd.Series(values[kept]))
    except TypeError:
        raise InputError(
            "groups must hold texts or numbers: a list or the like cannot name a group"
        ) from None
    if not len(found):
        raise InputError("groups holds gaps alone: leave it out, or give the group of each row")
    alone = codes < 0
    codes = codes.astype(np.int64)
    codes[alone] = len(found) + np.arange(int(alone.sum()))
    return codes


def _times(as_of: ArrayLike | None, kept: NDArray[np.bool_]) -> NDArray[Any] | None:
    """One number or time a row, in the order of time; texts are read as ISO 8601. InputError where one is missing."""
    if as_of is None:
        return None
    if np.ndim(as_of) != 1:
        raise InputError(f"as_of must hold one time for each row of X, it has the shape {np.shape(as_of)}")
    values = pd.Series(np.asarray(as_of)[kept]).infer_objects()
    if values.isna().any():
        row = int(np.flatnonzero(kept)[np.argmax(values.isna().to_numpy())])
        raise InputError(f"as_of must hold a time for each row of X: row {row} has none")
    if values.dtype.kind in "iufM" and not isinstance(values.dtype, pd.DatetimeTZDtype):
        return np.asarray(values)
    kind = "" if unusable(values) else kind_of(values)
    try:
        if kind not in ("time", "text"):
            raise TypeError(unusable(values) or f"it holds {values.dtype}")
        made = pd.to_datetime(values, utc=True, format="ISO8601" if kind == "text" else None)
    except (ValueError, TypeError) as e:
        why = plain_text(str(e).splitlines()[0])[:90]
        raise InputError(
            f"as_of must hold times, as ISO 8601 where they are texts, or numbers ({why})"
        ) from e
    return np.asarray(made.dt.tz_localize(None))


def classes_of(y: ArrayLike, rows: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The two labels and each row's as 0 and 1: 1 is the second in their order, which is that of an ordered category, else
    the sorted one (False and True, 0 and 1, "lost" and "won").

    InputError where there are gaps, more than two labels, or not one a row. One label alone must be 0 or 1, or a flag.
    """
    values = _plain(_flat(y, rows))
    try:
        found = np.unique(values)
    except TypeError:
        raise InputError("y must hold labels of one kind: numbers, flags or texts") from None
    if values.dtype.kind == "f" and (found != np.round(found)).any():
        raise InputError("Unknown label type: continuous. y must hold two labels, as 0 and 1")
    if len(found) > 2:
        text = f"y must hold two labels, it holds {len(found)}. Only binary classification is supported."
        raise InputError(text)
    if len(found) < 2:
        if found.dtype.kind not in "biuf" or not np.isin(found, (0, 1)).all():
            raise InputError("y must hold two labels, it holds one class only")
        found = np.array([0, 1]).astype(found.dtype)
    kind = y.dtype if isinstance(y, pd.Series | pd.Categorical) else None
    if isinstance(kind, pd.CategoricalDtype) and kind.ordered:
        found = np.array([c for c in kind.categories if c in set(found)], dtype=found.dtype)
    return found, (values == found[1]).astype(np.float64)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Labels of which a model's file can hold two: numbers, flags or texts. InputError for any other."""
    kinds = {type(v) for v in values} if values.dtype == object else set()
    if kinds and all(issubclass(k, bool | np.bool_) for k in kinds):
        return values.astype(bool)
    if kinds and all(
        issubclass(k, int | np.integer) and not issubclass(k, bool | np.timedelta64) for k in kinds
    ):
        values = pd.Series(values).infer_objects().to_numpy()
    elif kinds and all(issubclass(k, float | np.floating | int | np.integer) for k in kinds):
        values = values.astype(np.float64)
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        values = values.astype(np.float64)
    text = bool(kinds) and all(issubclass(k, str) for k in kinds)
    if len(kinds) > 1 and not text and values.dtype == object:
        raise InputError("y must hold labels of one kind: numbers, flags or texts")
    if values.dtype.kind not in "biufU" and not text:
        seen = min((k.__name__ for k in kinds), default=str(values.dtype))
        raise InputError(
            f"y must hold labels that a file can hold (numbers, flags or texts), it holds {seen}"
        )
    if (text or values.dtype.kind == "U") and any(str(v) != plain_text(str(v)) for v in set(values)):
        raise InputError("y holds a label with half a character (a lone surrogate), which no file can hold")
    return values


def _flat(y: ArrayLike, rows: int) -> NDArray[Any]:
    """One label a row; InputError where that is not what there is."""
    if y is None:
        raise InputError("fit requires y to be passed, but the target y is None")
    values = np.asarray(y)
    if values.ndim == 2 and values.shape == (rows, 1):
        from sklearn.exceptions import DataConversionWarning

        text = "A column-vector y was passed when a 1d array was expected; it was taken as y.ravel()"
        warnings.warn(text, DataConversionWarning, stacklevel=5)
        values = values[:, 0]
    if values.shape != (rows,):
        raise InputError(f"y must hold one label for each row of X, it has the shape {values.shape}")
    if pd.isna(values).any():
        raise InputError("y must hold a label for each row of X: it has gaps (NaN)")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError("y must hold a label for each row of X: it holds infinity (inf)")
    return values


def weights(sample_weight: ArrayLike | None, rows: int) -> NDArray[np.float64]:
    """The weights of the rows, 1 where none are given; InputError where one is negative, no number, or all are 0."""
    if sample_weight is None:
        return np.ones(rows)
    try:
        given = np.asarray(sample_weight)
        if given.dtype.kind in "mMc":
            raise TypeError
        weight = given.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError("sample_weight must hold numbers") from None
    if weight.shape != (rows,):
        raise InputError(f"sample_weight must hold one value for each of the {rows} rows of X")
    if not np.isfinite(weight).all():
        raise InputError("sample_weight must hold a number for each row: it has gaps or infinity")
    if (weight < 0).any():
        raise InputError("sample_weight must not be negative")
    if not weight.sum() > 0:
        raise InputError("sample_weight must not be 0 for all rows: every weight is zero")
    return weight
