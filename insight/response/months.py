"""The monthly series that the sales-return model reads, without gaps in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.config.errors import UsageError


@dataclass(frozen=True)
class Months:
    """Every month from the first to the last, and which of them can be used.

    frame
        Index 0..T-1 without a missing month: month ("2026-03"), revenue, leads, quality (gaps where not known), and the
        spend of each channel (filled).
    usable
        Months with a revenue above 0 and, where they are given, leads above 0 and a quality.
    dropped
        Counts: no_month, repeated, month_missing, no_revenue, no_leads, no_quality (months not used), spend_missing and
        spend_negative (cells, filled with the channel's median).
    """

    frame: pd.DataFrame
    usable: np.ndarray
    dropped: dict[str, int]


def read_months(monthly: pd.DataFrame, channels: Sequence[str]) -> Months:
    """The months of a table with month ("2026-03"), revenue, spend by channel, and, if there, leads and quality.

    Raises UsageError where a named channel is no column.
    """
    if lacking := [c for c in ("month", "revenue", *channels) if c not in monthly]:
        raise UsageError(
            f"The monthly table has no column {lacking[0]}.",
            action="Give month, revenue and one column a channel.",
        )
    dropped: dict[str, int] = {}
    when = pd.to_datetime(monthly["month"].astype("string"), format="%Y-%m", errors="coerce")
    dropped["no_month"] = int(when.isna().sum())
    known = monthly.assign(when=when)[when.notna()]
    again = known["when"].duplicated()
    dropped["repeated"] = int(again.sum())
    known = known[~again].set_index("when").sort_index()
    if not len(known):
        return Months(pd.DataFrame(columns=["month", "revenue", *channels]), np.zeros(0, dtype=bool), dropped)
    every = pd.date_range(known.index[0], known.index[-1], freq="MS")
    dropped["month_missing"] = len(every) - len(known)
    full = known.reindex(every)
    out = pd.DataFrame({"month": every.strftime("%Y-%m")})
    usable = np.ones(len(out), dtype=bool)
    for column, code in (("revenue", "no_revenue"), ("leads", "no_leads"), ("quality", "no_quality")):
        if column not in full:
            continue
        value = pd.to_numeric(full[column], errors="coerce").to_numpy(dtype="float64")
        fine = np.isfinite(value) & ((value > 0) | (column == "quality"))
        dropped[code] = int((usable & ~fine).sum())
        usable &= fine
        out[column] = np.where(fine, value, np.nan)
    dropped["spend_missing"] = dropped["spend_negative"] = 0
    for channel in channels:
        spend = pd.to_numeric(full[channel], errors="coerce").to_numpy(dtype="float64")
        dropped["spend_missing"] += int((~np.isfinite(spend)).sum())
        dropped["spend_negative"] += int((spend < 0).sum())
        fine = np.isfinite(spend) & (spend >= 0)
        out[channel] = np.where(fine, spend, np.median(spend[fine]) if fine.any() else 0.0)
    return Months(out, usable, dropped)
