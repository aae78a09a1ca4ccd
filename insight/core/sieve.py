"""Rows that cannot be believed are left out, each counted once under its first reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def sieve(index: pd.Index, reasons: Mapping[str, Any]) -> tuple[pd.Series[bool], dict[str, int]]:
    """Which rows stay, and how many were left out by code.

    reasons
        By code, in order: a boolean per row of `index`, true (or a gap) where the row must go.

    >>> keep, counts = sieve(pd.RangeIndex(3), {"a": [True, False, False], "b": [True, True, False]})
    >>> list(keep), counts
    ([False, False, True], {'a': 1, 'b': 1})
    """
    keep = np.ones(len(index), dtype=bool)
    counts: dict[str, int] = {}
    for code, given in reasons.items():
        hit = pd.Series(given, index=index).astype("boolean").fillna(True).to_numpy(dtype=bool)
        counts[code] = int((keep & hit).sum())
        keep &= ~hit
    return pd.Series(keep, index=index, dtype="bool"), counts
