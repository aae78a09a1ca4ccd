"""Columns made of others: a span of two dates of the record, or what a marked column and the row's own time determine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.leakage.univariate import floats

# Days in the units that a span is counted in.
_UNITS = {"days": 1.0, "hours": 1 / 24, "weeks": 7.0, "minutes": 1 / 1440, "months": 30.4375}
# A judgement: more dates than a record has, and the number of spans grows with the square.
_MOST_DATES = 12


def _dates(X: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """The dates of the records as days, by column."""
    names = [str(c) for c in X.columns if pd.api.types.is_datetime64_any_dtype(X[c])]
    return {c: days for c in names[:_MOST_DATES] if (days := floats(X[c])) is not None}


def date_spans(X: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The days from each date of a record to each later one, and which date each span ends with."""
    spans, later = {}, {}
    dates = _dates(X)
    for first, begun in dates.items():
        for second, ended in dates.items():
            span = ended - begun
            seen = span[np.isfinite(span)]
            # A date that follows another on nearly every record follows it by nature.
            if first != second and len(seen) and (seen >= 0).mean() > POLICY.follows and seen.std() > 0:
                name = f"from {first} to {second}"
                spans[name], later[name] = span, second
    return pd.DataFrame(spans, index=X.index), later


def spans_of_dates(X: pd.DataFrame, spans: pd.DataFrame) -> dict[str, str]:
    """The numbers of `X` that are one of the spans in some unit, and which."""
    out = {}
    for c in X.columns:
        values = floats(X[c])
        if values is None or pd.api.types.is_datetime64_any_dtype(X[c]):
            continue
        for name in spans.columns:
            span = spans[name].to_numpy()
            both = np.isfinite(values) & np.isfinite(span)
            if both.sum() < POLICY.fewest_pure or not (values[both].std() and span[both].std()):
                continue
            # What is counted in whole units is off by up to one.
            if any(
                (np.abs(values - span / days)[both] <= 1).mean() > POLICY.follows for days in _UNITS.values()
            ) and (abs(np.corrcoef(values[both], span[both])[0, 1]) > POLICY.follows):
                out[str(c)] = str(name)
                break
    return out


def grown(X: pd.DataFrame, as_of: NDArray[Any] | None) -> list[str]:
    """Counts that are the larger the older their row is: they go on after the row's own time, to this day."""
    if as_of is None or np.asarray(as_of).dtype.kind in "iufbOUS":
        return []
    age = -pd.Series(as_of).rank().to_numpy()
    out = []
    for c in X.columns:
        values = floats(X[c])
        if values is None or pd.api.types.is_datetime64_any_dtype(X[c]):
            continue
        seen = np.isfinite(values)
        v = values[seen]
        if len(v) < POLICY.fewest_to_sum or (v < 0).any() or (v != np.round(v)).any() or np.ptp(v) == 0:
            continue
        if np.corrcoef(pd.Series(v).rank(), age[seen])[0, 1] > POLICY.grows:
            out.append(str(c))
    return out


def determined(
    X: pd.DataFrame, as_of: NDArray[Any] | None, *, marked: list[str], asked: list[str]
) -> dict[str, str]:
    """Numbers among `asked` that a marked column and a time of the record's determine, and how.

    The share of a column's variance that two others explain follows from their three correlations.
    """
    times = {c: days for c, days in _dates(X).items() if c not in set(marked)}
    if as_of is not None and (own := floats(pd.Series(as_of))) is not None:
        times["the row's own time"] = own
    leaks = {c: known for c in marked if c in X and (known := floats(X[c])) is not None}
    out = {}
    for c in asked:
        values = floats(X[c])
        if values is None:
            continue
        for leak, known in leaks.items():
            for time, at in times.items():
                if time != c and _explained(values, known, at):
                    out[c] = f"{leak} and {time} determine it"
                    break
            if c in out:
                break
    return out


def _explained(values: NDArray[np.float64], leak: NDArray[np.float64], time: NDArray[np.float64]) -> bool:
    """Whether the two determine the values, and the time alone does not nearly."""
    seen = np.isfinite(values) & np.isfinite(leak) & np.isfinite(time)
    if seen.sum() < POLICY.fewest_to_sum:
        return False
    with np.errstate(invalid="ignore", divide="ignore"):
        together = np.corrcoef(np.column_stack([values, leak, time])[seen], rowvar=False)
    own, alone, between = np.nan_to_num(np.asarray(together)[[0, 0, 1], [1, 2, 2]])
    if between**2 > 1 - 1e-9:
        return False
    both = (own**2 + alone**2 - 2 * own * alone * between) / (1 - between**2)
    return bool(both > POLICY.determined and both - alone**2 > POLICY.determined_by_leak)
