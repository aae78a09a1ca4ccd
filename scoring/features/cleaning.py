"""What is done to values before a model sees them, each kind counted: impossible ones, outliers, rare levels, gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.additive import Encoder, NumberCode, is_number, levels_of, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sales_consultant.scoring.features.declarations import Feature

# A date a century away is a "never" or a slip of the keys; no money or count beyond this is one.
CENTURY = 36_525.0
# Above it a double does not tell whole numbers with a digit after the point apart.
MOST = 1e15
_NOT_NEGATIVE = frozenset({"amount", "age_days", "company_age_days", "days_in_stage"})


@dataclass(frozen=True)
class FeatureTable:
    """Features of members: one row a member and cut-off, one column a feature, with what was made a gap in it.

    `impossible`: values a column that could not be. `unlogged`: where activities are unknown rather than none (see
    `coverage.masked`): owner, cut, why ("low" or "sudden"), records, since (ms or None). `silent` marks the rows, shape
    (rows,), whose owner logged too little.
    """

    values: pd.DataFrame
    impossible: Mapping[str, int] = field(default_factory=dict)
    unlogged: Sequence[Mapping[str, Any]] = ()
    silent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


def possible(X: pd.DataFrame, features: Sequence[Feature]) -> tuple[pd.DataFrame, dict[str, int]]:
    """The frame with impossible values as gaps, and how many there were by column.

    Impossible are infinities, numbers beyond 1e15, dates a century or more away, negative amounts and ages.
    """
    counts: dict[str, int] = {}
    dates = {f.name for f in features if f.dtype == "datetime"} | {"days_to_close_date"}
    for name in X.columns:
        if not is_number(X[name]):
            continue
        values = numbers(X[name])
        with np.errstate(invalid="ignore"):
            wrong = np.isinf(values) | (np.abs(values) > (CENTURY if name in dates else MOST))
            if name in _NOT_NEGATIVE:
                wrong |= values < 0
        if wrong.any():
            counts[str(name)] = int(wrong.sum())
            X[name] = X[name].mask(wrong)
    return X, counts


def counted(table: FeatureTable) -> dict[str, dict[str, int]]:
    """How many values of the training frame are cleaned, and in how many columns, by kind.

    impossible: made gaps by `possible`; outliers: moved to the 1 % or 99 % quantile; rare: told as one level with other
    rare ones; gaps: marked as such and otherwise the average. Columns that never vary are not used and not counted.
    """
    X = table.values
    counts: dict[str, list[int]] = {"outliers": [], "rare": [], "gaps": []}
    for code in Encoder.learn(X, hinges=0).codes:
        column = X[code.name]
        if isinstance(code, NumberCode):
            values = numbers(column)
            with np.errstate(invalid="ignore"):
                counts["outliers"].append(int(((values < code.low) | (values > code.high)).sum()))
            counts["gaps"].append(int((~np.isfinite(values)).sum()))
        else:
            text = levels_of(column)
            counts["rare"].append(int(text.isin(code.rare).sum()))
            counts["gaps"].append(int(text.isna().sum()))
    counts["impossible"] = list(table.impossible.values())
    return {kind: {"values": sum(n), "columns": sum(v > 0 for v in n)} for kind, n in counts.items()}
