"""What changed since the last forecast and why: the difference of two, deal by deal, summing exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.insight.core import LOST, OPEN, WON
from sales_consultant.insight.forecast.deals import expected
from sales_consultant.insight.forecast.snapshots import NEVER, Endings, Snapshots, objects

BUCKETS = ("won", "lost", "created", "amount", "moved", "rest")
"""Deals won in the period, lost (or won elsewhere), made since, of another amount, of another close month; and the
rest: stages, ages, deals not made yet, the model."""


def contributions(
    snaps: Snapshots, ends: Endings, months: tuple[int, ...], horizon: int, use_close: bool = False
) -> pd.DataFrame:
    """What each deal adds to a period as of the snapshots' last origin: one row a deal that is known then.

    months
        Places of the period's months in `snaps.months.labels`.

    Columns: deal_id, status (open, won, lost, unknown), cents (at the moment, or when won), close_month (label, or a gap),
    expected (cents: what is booked in the period, or what the open deal is expected to bring in it).
    """
    place = len(snaps.months.origins) - 1
    rows = np.flatnonzero(snaps.origin == place)
    known = pd.Series(ends.status != "unknown") | pd.Series(np.isfinite(ends.ended_at))
    won = (ends.status == WON) & np.isin(snaps.months.of(ends.ended_at), months)
    cents, brings = ends.cents.copy(), np.where(won, np.nan_to_num(ends.cents), 0.0)
    ahead = [month - place for month in months if 0 <= month - place < horizon]
    deal = snaps.deal[rows]
    cents[deal] = snaps.cents[rows]
    brings[deal] = expected(snaps, rows, place, horizon, use_close)[:, ahead].sum(axis=1)
    due = np.clip(snaps.due[rows] + place, -1, len(snaps.months.labels) - 1)
    close = np.full(len(cents), None, dtype=object)
    close[deal] = np.array([*snaps.months.labels, "before"], dtype=object)[due]
    close[deal[snaps.due[rows] == -NEVER]] = None
    out = pd.DataFrame(
        {
            "deal_id": objects(snaps.tables.deals["deal_id"]),
            "status": ends.status,
            "cents": cents,
            "close_month": close,
            "expected": brings,
        }
    )
    return out[known.to_numpy()].reset_index(drop=True)


@dataclass(frozen=True)
class Changes:
    """The difference of two forecasts of a period.

    before, after
        What was said, in cents of the reporting currency.
    buckets
        By BUCKETS, cents; they add up to after - before exactly.
    deals
        deal_id, bucket, cents: each deal's part of a bucket (not of the rest), the largest first.
    """

    before: int
    after: int
    buckets: dict[str, int]
    deals: pd.DataFrame


def changes(before: pd.DataFrame, after: pd.DataFrame, before_total: int, after_total: int) -> Changes:
    """Why a forecast of a period differs from an earlier one.

    before, after
        `contributions` of the period as of the two moments. before_total, after_total: what was said at them, in cents.

    A deal that was won, lost or made since counts there with all its difference. Of one that stands open at both, the
    part in proportion to its amount is "amount"; what is left is "moved" where its close month is another, and else
    belongs to the rest.
    """
    both = before.merge(after, on="deal_id", how="outer", suffixes=("_0", "_1"), indicator=True)
    was, now = both["expected_0"].fillna(0.0).to_numpy(), both["expected_1"].fillna(0.0).to_numpy()
    status0, status1 = both["status_0"].to_numpy(dtype=object), both["status_1"].to_numpy(dtype=object)
    difference = now - was
    bucket = np.select(
        [
            (both["_merge"] == "right_only").to_numpy(),
            (status1 == WON) & (status0 != WON) & (now != 0),
            ((status1 == LOST) | (status1 == WON)) & (status0 == OPEN),
            (status0 == OPEN) & (status1 == OPEN),
        ],
        ["created", "won", "lost", "open"],
        "rest",
    )
    cents0, cents1 = both["cents_0"].to_numpy(dtype=np.float64), both["cents_1"].to_numpy(dtype=np.float64)
    some = (cents0 > 0) & (cents1 >= 0) & (bucket == "open")
    by_amount = np.where(
        some, was * (np.divide(cents1, cents0, out=np.ones_like(cents0), where=some) - 1), 0.0
    )
    month0, month1 = both["close_month_0"].fillna("").to_numpy(), both["close_month_1"].fillna("").to_numpy()
    moved = np.where((bucket == "open") & (month0 != month1), difference - by_amount, 0.0)
    parts = [(name, np.where(bucket == name, difference, 0.0)) for name in ("won", "lost", "created")]
    parts += [("amount", by_amount), ("moved", moved)]
    # Each deal's part is whole cents, so that a bucket is exactly the sum of its deals.
    found = pd.concat(
        [
            pd.DataFrame(
                {"deal_id": both["deal_id"], "bucket": name, "cents": np.round(part).astype(np.int64)}
            )
            for name, part in parts
        ],
        ignore_index=True,
    )
    found = found[found["cents"] != 0]
    found = found.loc[found["cents"].abs().sort_values(ascending=False, kind="stable").index].reset_index(
        drop=True
    )
    sums = found.groupby("bucket")["cents"].sum()
    buckets = {name: int(sums.get(name, 0)) for name in BUCKETS[:-1]}
    buckets["rest"] = after_total - before_total - sum(buckets.values())
    return Changes(before_total, after_total, buckets, found)
