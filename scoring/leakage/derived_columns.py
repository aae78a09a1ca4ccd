"""Values that are made of later events: sums of them, and dates a constant time from one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.leakage.policy import POLICY

if TYPE_CHECKING:
    from sales_consultant.scoring.leakage.event_counts import Past

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

KIND = "after_cut_off"
# As in cross-validation. The share of a number's variance below which later events hardly count: a judgement.
FOLDS = 5
_WEIGHT = 0.001
# The median of a chi-square of one degree of freedom.
_MEDIAN = 0.4549
# Steps of the robust fit, by which its weights have settled.
_ROUNDS = 12


def _summed(past: Past, number: Floats, fold: Codes) -> tuple[Floats, NDArray[np.bool_], Floats] | None:
    """A number as a weighted sum of events: how near each row is to it, which rows had any later one, and the weights.

    Least squares over earlier events (in all their forms) and later counts, made robust against values that are none of it
    (Tukey's bisquare), judged on the folds not learnt from. The distance of a row is in variances of Poisson that its
    weighted later events would have: for an honest number it is at best a chi-square of one degree. None where later
    events hardly count.
    """
    seen = np.isfinite(number)
    if seen.sum() < POLICY.fewest_to_sum or not past.kinds:
        return None
    low, high = np.quantile(number[seen], [0.05, 0.95])
    if low == high:
        return None
    k = len(past.kinds)
    X = np.column_stack([past.after, np.ones(len(number)), past.features])
    rest, w = np.full(len(number), np.nan), np.zeros(k)
    for part in range(FOLDS):
        learn, judged = seen & (fold != part), seen & (fold == part)
        coef = _robust(X[learn], number[learn])
        rest[judged] = number[judged] - X[judged] @ coef
        w += coef[:k] / FOLDS
    # What happens once can be foreseen well by an honest number; only counts keep their chance.
    counted = (past.after > 1).sum(axis=0) >= POLICY.often * (past.after > 0).sum(axis=0)
    chance = past.after @ (w**2 * counted)
    # From the 5 % to the 95 % quantile of a normal number it is 3.3 standard deviations.
    if float(chance[seen].mean()) < _WEIGHT * ((high - low) / 3.3) ** 2:
        return None
    # Only kinds with a weight that counts make a row one that later events could be seen in.
    later = seen & (past.after @ (counted & (w**2 * past.after.mean(axis=0) > 0.01 * chance.mean())) > 0)
    return np.where(later, rest**2 / np.maximum(chance, 1e-12), np.inf), later, w


def _robust(X: Floats, y: Floats) -> Floats:
    """Coefficients by iterated least squares, rows far off left out little by little."""
    size = np.abs(X).max(axis=0) + 1e-9
    Z, weight = X / size, np.ones(len(y))
    coef = np.zeros(X.shape[1])
    for _ in range(_ROUNDS):
        gram = (Z * weight[:, None]).T @ Z + 1e-8 * np.eye(Z.shape[1])
        coef = np.linalg.solve(gram, (Z * weight[:, None]).T @ y)
        rest = np.abs(y - Z @ coef)
        # The median of absolute errors times 1.4826 is a standard deviation; 4.685 of these is Tukey's usual limit.
        scale = max(float(np.median(rest)) * 1.4826, 1e-3 * float(y.std()) + 1e-12)
        weight = np.clip(1 - (rest / (4.685 * scale)) ** 2, 0, None) ** 2
    return np.asarray(coef / size)


def sum_of(name: str, number: Floats, past: Past, fold: Codes, weights: Floats) -> Finding | None:
    """A finding where most values are nearer to a sum over later events too than anybody could foretell them."""
    made = _summed(past, number, fold)
    if made is None:
        return None
    distance, later, w = made
    if later.sum() < POLICY.fewest_later:
        return None
    near = distance <= POLICY.open * _MEDIAN
    share = (weights @ near) / np.maximum(weights @ later, 1e-9)
    if float(np.quantile(share, 1 - POLICY.confidence)) < POLICY.near:
        return None
    # For the words only: a weight of about 1 is a count, and kinds of a tenth of the greatest weight are named.
    total = np.abs(w - np.round(w)) < 0.05
    big = np.argsort(-np.abs(w) * past.after.std(axis=0))
    kinds = [past.kinds[i] for i in big[:3] if np.abs(w[i]) > 0.1 * np.abs(w[big[0]])]
    plainly = "count" if total[big[0]] and round(float(np.abs(w[big[0]]))) == 1 else "add up"
    return Finding(
        name,
        KIND,
        f"{int(near.sum()):,} of {int(later.sum()):,} values {plainly} events that happened after the cut-off "
        f"({', '.join(kinds)}{' and more' if len(kinds) < int((np.abs(w) > 0.1 * np.abs(w[big[0]])).sum()) else ''})",
    )


def dates_of(column: pd.Series[Any]) -> pd.Series[Any] | None:
    """A column of dates as milliseconds; None where it holds something else."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return None
    text = column.astype("string").str.strip() if not pd.api.types.is_datetime64_any_dtype(column) else column
    filled = text.notna() & (text != "") if text.dtype == "string" else text.notna()
    if not filled.any():
        return None
    if text.dtype == "string" and not text[filled].head(200).str.match(r"\d{4}-\d\d-\d\d").all():
        return None
    times = pd.to_datetime(
        text.where(filled), errors="coerce", utc=True, format="ISO8601" if text.dtype == "string" else None
    )
    # A judgement: a slip of the keys in twenty; more, and it is no column of dates.
    if times.notna().sum() < 0.95 * filled.sum():
        return None
    ms = times.dt.as_unit("ms").astype("int64").astype("float64")
    return ms.where(times.notna())


def date_copy(
    name: str, dates: pd.Series[Any], ids: pd.Series[Any], cut: Floats, events: pd.DataFrame
) -> Finding | None:
    """A finding where dates after the cut-off lie a constant time from the first or last later event of a kind."""
    values = dates.to_numpy(dtype=float)
    row = pd.Index(ids).get_indexer(pd.Index(events["record_id"]))
    at = events["at"].to_numpy(dtype=float)
    later = (row >= 0) & (at > cut[np.maximum(row, 0)])
    frame = pd.DataFrame({"row": row[later], "at": at[later], "kind": events["kind"].to_numpy()[later]})
    for kind, rows in frame.groupby("kind"):
        ends = rows.groupby("row")["at"].agg(["min", "max"])
        for which in ("min", "max"):
            event = ends[which].reindex(np.arange(len(values))).to_numpy()
            lag = (values - event) / DAY_MS
            seen = lag[np.isfinite(lag)]
            if len(seen) < POLICY.fewest_later:
                continue
            usual = float(np.median(np.round(seen)))
            close = np.abs(lag - usual) <= 1.0
            # Dates that all lie within a few days would be near any event.
            spread = float(np.subtract(*np.quantile(values[np.isfinite(lag)], [0.9, 0.1]))) / DAY_MS
            if int(close.sum()) > POLICY.same_lag * len(seen) and spread > 10:
                return Finding(
                    name,
                    KIND,
                    f"{int(close.sum()):,} of {len(seen):,} dates lie {usual:+.0f} days from the "
                    f"{'first' if which == 'min' else 'last'} "
                    f"of {kind} after the cut-off, to within a day",
                )
    return None
