"""Spend by month and channel, from campaigns with dates and costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import Period, sieve


def spend_by_month(campaigns: pd.DataFrame, months: Sequence[Period]) -> tuple[pd.DataFrame, dict[str, int]]:
    """What each channel cost in each month: a campaign's cost lies evenly on its days.

    campaigns
        One row a campaign: channel, start_at, end_at (ms UTC; a gap or one before the start: it has one day), cost (in any
        one unit of money, a gap: not known).
    months
        Months without a gap between them.

    Returns a row a month (index: its label), a column a channel, in the unit of the costs; days outside of the months are not
    in it. And counts of campaigns left out: no_start, no_cost, negative.
    """
    start = pd.to_numeric(campaigns["start_at"], errors="coerce").astype("float64")
    end = pd.to_numeric(campaigns["end_at"], errors="coerce").astype("float64")
    cost = pd.to_numeric(campaigns["cost"], errors="coerce").astype("float64")
    keep, dropped = sieve(
        campaigns.index, {"no_start": start.isna(), "no_cost": cost.isna(), "negative": cost < 0}
    )
    # The last day counts whole.
    until = end.where(end >= start, start)[keep].to_numpy() + DAY_MS
    begin, money = start[keep].to_numpy(), cost[keep].to_numpy()
    channel = campaigns.loc[keep, "channel"].astype(str).to_numpy()
    starts, ends = (
        np.array([getattr(m, side) for m in months], dtype="float64") for side in ("start", "end")
    )
    shared = np.minimum(until[:, None], ends[None, :]) - np.maximum(begin[:, None], starts[None, :])
    part = np.maximum(shared, 0.0) / (until - begin)[:, None] * money[:, None]
    out = pd.DataFrame(part, columns=[m.label for m in months]).groupby(channel).sum().T
    out.index.name = None
    return out, dropped
