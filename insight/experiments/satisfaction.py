"""What customers say: net promoter score and satisfaction, by segment and month."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.core import Calendar, Kind, sieve

LEAST_ANSWERS = 30
# Of the 0 to 10 scale (Reichheld, 2003).
_PROMOTER, _DETRACTOR = 9, 6
COLUMNS = ("segment", "period", "n", "value", "low", "high", "reason")


def _answers(
    answers: pd.DataFrame, calendar: Calendar, kind: Kind, as_of: int, lowest: float, highest: float
) -> tuple[pd.DataFrame, dict[str, int]]:
    score = pd.to_numeric(answers["score"], errors="coerce").astype("float64")
    at = pd.to_numeric(answers["at"], errors="coerce").astype("float64")
    reasons = {
        "no_score": ~np.isfinite(score),
        "off_scale": (score < lowest) | (score > highest),
        "no_time": at.isna(),
        "future": at > as_of,
    }
    keep, dropped = sieve(answers.index, reasons)
    moments = at[keep].astype("int64")
    segment = pd.Series("", index=answers.index, dtype="object")
    if "segment" in answers:
        segment = answers["segment"].astype("object").where(answers["segment"].notna(), "")
    frame = pd.DataFrame({"segment": segment[keep].astype(str), "score": score[keep], "at": moments})
    if not len(frame):
        return frame.assign(period=pd.Series(dtype="object")), dropped
    periods = list(calendar.between(kind, int(moments.min()), int(moments.max()) + 1))
    place = np.searchsorted([p.start for p in periods], frame["at"].to_numpy(), side="right") - 1
    return frame.assign(period=np.array([p.label for p in periods], dtype=object)[place]), dropped


def _groups(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of each segment and period, of a segment over all its periods, and of all ("*" stands for all)."""
    return pd.concat(
        [frame, frame.assign(period="*"), frame.assign(segment="*"), frame.assign(segment="*", period="*")],
        ignore_index=True,
    )


def nps(
    answers: pd.DataFrame,
    calendar: Calendar,
    *,
    as_of: int,
    kind: Kind = "month",
    least: int = LEAST_ANSWERS,
    level: float = 0.95,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The net promoter score by segment and period, -100 to 100.

    answers
        One row an answer: score (0 to 10), at (ms UTC), and segment (if there; a gap: "").

    Promoters (9, 10) less detractors (0 to 6), in percent. Variance: (p + d - (p - d)^2) / (n - 1), of a variable with the
    values 1, 0, -1; t interval, cut to the scale. Below `least` answers value and interval are gaps and `reason` is
    "too_few". Where all answers are of one kind the variance is that of one differing answer, not zero.

    Returns rows of segment, period ("*": all), n, value, low, high, reason; and counts of answers that were left out:
    no_score, off_scale, no_time, future.
    """
    from scipy.stats import t

    frame, dropped = _answers(answers, calendar, kind, as_of, 0, 10)
    kinds = np.where(frame["score"] >= _PROMOTER, 1.0, np.where(frame["score"] <= _DETRACTOR, -1.0, 0.0))
    grouped = _groups(frame.assign(kind=kinds)).groupby(["segment", "period"], sort=True)["kind"]
    out = grouped.agg(n="size", mean="mean", square=lambda k: float((k**2).mean())).reset_index()
    n = out["n"].to_numpy(dtype="float64")
    mean = out["mean"].to_numpy(dtype="float64")
    variance = np.maximum(out["square"].to_numpy(dtype="float64") - mean**2, 1 / n - 1 / n**2)
    half = t.isf((1 - level) / 2, np.maximum(n - 1, 1)) * np.sqrt(variance / np.maximum(n - 1, 1))
    out["value"] = mean * 100
    out["low"], out["high"] = np.maximum(mean - half, -1) * 100, np.minimum(mean + half, 1) * 100
    return _small(out, least), dropped


def csat(
    answers: pd.DataFrame,
    calendar: Calendar,
    *,
    as_of: int,
    satisfied: float,
    scale: tuple[float, float] = (1, 5),
    kind: Kind = "month",
    least: int = LEAST_ANSWERS,
    level: float = 0.95,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The share of satisfied customers by segment and period, 0 to 1, with Wilson's interval (1927).

    answers as in `nps`; a score of at least `satisfied` on the `scale` counts. Returns as `nps`. Raises UsageError where
    `satisfied` lies outside of the scale.
    """
    if not scale[0] < satisfied <= scale[1]:
        raise UsageError(
            f"Nobody or everybody would be satisfied: from {satisfied:g} on a scale of {scale[0]:g} to {scale[1]:g}.",
            action="Give a score inside of the scale, for example 4 of 1 to 5.",
        )
    frame, dropped = _answers(answers, calendar, kind, as_of, *scale)
    hit = _groups(frame.assign(hit=(frame["score"] >= satisfied).astype("float64")))
    out = hit.groupby(["segment", "period"], sort=True)["hit"].agg(n="size", value="mean").reset_index()
    low, high = wilson(out["value"].to_numpy(dtype="float64"), out["n"].to_numpy(dtype="float64"), level)
    return _small(out.assign(low=low, high=high), least), dropped


def wilson(share: np.ndarray, n: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval (1927, eq. 6) of shares out of n; gaps where n is 0."""
    from scipy.stats import norm

    z = float(norm.isf((1 - level) / 2))
    n = np.where(n > 0, n, math.nan)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _small(out: pd.DataFrame, least: int) -> pd.DataFrame:
    few = out["n"] < least
    for column in ("value", "low", "high"):
        out[column] = out[column].astype("float64").mask(few)
    return out.assign(reason=np.where(few, "too_few", ""))[list(COLUMNS)]
