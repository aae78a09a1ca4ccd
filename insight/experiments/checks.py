"""Whether an experiment may be believed: the ratio of its groups, and their balance at assignment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.insight.experiments.cuped import difference

STRICT = 0.001
# How sure the mixture is of the planned share: about the spread of 1,000 draws.
_PRIOR = 1_000.0


@dataclass(frozen=True)
class Ratio:
    """Whether the groups have the sizes that were drawn.

    expected is the planned share of control, found the one that is there, p the chi-square p-value of today's counts,
    p_always the one that may be looked at every day; mismatch where p_always is at most `level`.
    """

    n_treated: int
    n_control: int
    expected: float
    found: float
    p: float
    p_always: float
    level: float
    mismatch: bool


def sample_ratio(
    treated: Sequence[int] | np.ndarray,
    control: Sequence[int] | np.ndarray,
    share: float,
    *,
    level: float = STRICT,
) -> Ratio:
    """The sample-ratio check of an experiment.

    treated, control
        Cumulated counts at each look (the last: today's), of what was drawn: units, or clusters where clustered.
    share
        The planned share of control.

    The chi-square test with one degree of freedom is valid for one look. For daily looks the binomial likelihood ratio
    is mixed over a beta distribution around the planned share: (B(a + n1, b + n0) / B(a, b)) / (p^n1 (1 - p)^n0); its
    inverse, running over looks, is an always-valid p-value (Lindon and Malek, 2022, for the multinomial case).
    """
    from scipy.special import betaln
    from scipy.stats import chi2

    n1 = np.atleast_1d(np.asarray(treated, dtype="float64"))
    n0 = np.atleast_1d(np.asarray(control, dtype="float64"))
    if not len(n1):
        n1, n0 = np.zeros(1), np.zeros(1)
    a, b = _PRIOR * (1 - share), _PRIOR * share
    ratio = betaln(a + n1, b + n0) - betaln(a, b) - n1 * math.log(1 - share) - n0 * math.log(share)
    always = float(np.exp(-max(float(ratio.max()), 0.0)))
    total, control_now = float(n1[-1] + n0[-1]), float(n0[-1])
    p = 1.0
    if total:
        p = float(chi2.sf((control_now - total * share) ** 2 / (total * share * (1 - share)), 1))
    found = control_now / total if total else math.nan
    return Ratio(int(total - control_now), int(control_now), share, found, p, always, level, always <= level)


def balance(
    units: pd.DataFrame, columns: Sequence[str], *, clustered: bool = False, level: float = 0.05
) -> pd.DataFrame:
    """Whether the groups were alike at assignment, by covariate.

    units
        One row a unit: treated (bool), cluster (where `clustered`) and the named columns as they were at assignment.
        Numbers are compared by mean, everything else by the share of each of its values (the ten most frequent).

    Columns of the result: column, value (a gap for numbers), n, missing (share, treated and control), treated, control
    (means), standardised (difference in pooled standard deviations; below 0.1 is usual: Austin, 2009), p, p_holm
    (Holm, 1979, over all rows), unbalanced (p_holm <= level).
    """
    rows = []
    for column in columns:
        values = units[column]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            rows.append(_balanced(units, column, None, values.astype("float64"), clustered))
            continue
        words = values.astype("object")
        for value in words.value_counts().index[:10]:
            hit = (words == value).astype("float64").where(words.notna())
            rows.append(_balanced(units, column, str(value), hit, clustered))
    named = (
        "column", "value", "n", "missing_treated", "missing_control", "treated", "control", "standardised", "p",
    )  # fmt: skip
    out = pd.DataFrame(rows, columns=list(named))
    out["p_holm"] = holm(out["p"].to_numpy(dtype="float64"))
    return out.assign(unbalanced=out["p_holm"] <= level)


def _balanced(
    units: pd.DataFrame, column: str, value: str | None, values: pd.Series[float], clustered: bool
) -> tuple[object, ...]:
    from scipy.stats import t

    treated = units["treated"].to_numpy(dtype=bool)
    y = values.to_numpy(dtype="float64")
    there = np.isfinite(y)
    missing = [float((~there[g]).mean()) if g.any() else math.nan for g in (treated, ~treated)]
    cluster = units["cluster"].to_numpy()[there] if clustered else None
    found = difference(y[there], treated[there], None, cluster)
    spread = math.nan
    if min(found.n_treated, found.n_control) > 1:
        spread = math.sqrt((y[there & treated].var(ddof=1) + y[there & ~treated].var(ddof=1)) / 2)
    p = math.nan
    if found.se > 0 and found.freedom > 0:
        p = float(2 * t.sf(abs(found.effect) / found.se, found.freedom))
    standardised = found.effect / spread if spread > 0 else math.nan
    return (
        column, value, int(there.sum()), *missing, found.treated, found.control, standardised, p,
    )  # fmt: skip


def holm(p: np.ndarray) -> np.ndarray:
    """P-values adjusted for their number (Holm, 1979); gaps stay gaps and are not counted.

    >>> [float(x) for x in holm(np.array([0.01, 0.04, 0.03]))]
    [0.03, 0.06, 0.06]
    """
    out = np.full(len(p), np.nan)
    told = np.flatnonzero(np.isfinite(p))
    order = told[np.argsort(p[told], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return out
