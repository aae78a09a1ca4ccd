"""How each deal stands at a moment, and when and for how much it ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import LOST, OPEN, WON, Calendar, DealTables, Kind, Rates, states, visits
from sales_consultant.insight.funnel.intervals import Floats

ALL = "all"
"""The group of a table that is not divided."""


def numbers(ids: pd.Series, by_id: pd.Series) -> Floats:
    """The number of each deal, NaN where it has none; `by_id` has one row a deal_id, its index.

    `Series.map` would take over the type of the ids where none is found.
    """
    return by_id.reindex(ids.to_numpy()).to_numpy(dtype=float, na_value=np.nan)


def _whole(values: Floats, index: pd.Index) -> pd.Series:
    return pd.Series(values, index=index).astype("Int64")


def endings(
    tables: DealTables, as_of: int, rates: Rates | None = None, stays: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row a deal made by a moment (ms UTC): the columns of `states`, and how it ended.

    Further columns: created_at, ended_at (ms; a gap while it is open), days (from its making to its end or to `as_of`; a gap
    where it ended before it was made), times_won, reopened (how often it left a closed stage for an open one), and value:
    hundredths of the reporting currency at the rate of its end (of `as_of` while open; its own currency without `rates`), a
    gap where the amount or the rate is not known. A deal won twice is one won deal; its last end counts. The end is when the
    deal came into the closed stage it stands in; where stages do not tell, `closed_at`. `stays` is what `visits` gave.
    """
    now = states(tables, as_of)
    past = visits(tables, as_of) if stays is None else stays
    ids = now["deal_id"]
    made = tables.deals.drop_duplicates("deal_id").set_index("deal_id")
    standing = past[past["left_at"].isna() & past["kind"].isin([WON, LOST])].set_index("deal_id")[
        "entered_at"
    ]
    closed = numbers(ids, made["closed_at"])
    by_stage = numbers(ids, standing)
    ended = _whole(
        np.where(np.isnan(by_stage), np.where(closed <= as_of, closed, np.nan), by_stage), now.index
    )
    now["created_at"] = _whole(numbers(ids, made["created_at"]), now.index)
    now["ended_at"] = ended.mask(now["status"] == OPEN)
    days = (now["ended_at"].fillna(as_of) - now["created_at"]).astype("Float64") / DAY_MS
    # A deal that is known to be closed, but not when, has no length.
    unknown = (now["status"] != OPEN) & now["ended_at"].isna()
    now["days"] = days.mask((days < 0) | unknown)
    won = past.loc[past["kind"] == WON, "deal_id"].value_counts()
    again = past.loc[past["kind"].isin([WON, LOST]) & (past["into_kind"] == OPEN), "deal_id"].value_counts()
    now["times_won"] = np.nan_to_num(numbers(ids, won)).astype("int64")
    now["times_won"] = np.maximum(now["times_won"], (now["status"] == WON).astype("int64"))
    now["reopened"] = np.nan_to_num(numbers(ids, again)).astype("int64")
    amounts = now["cents"].astype("Int64")
    if rates is not None:
        amounts = rates.cents(amounts, now["currency"], now["ended_at"].fillna(as_of))
    now["value"] = amounts
    return now


def groups(tables: DealTables, ids: pd.Series, by: str | None) -> npt.NDArray[np.object_]:
    """The group of each deal by a column of `deals`: "all" without one, "" where the deal has no value."""
    if by is None:
        return np.full(len(ids), ALL, dtype=object)
    column = tables.deals.drop_duplicates("deal_id").set_index("deal_id")[by]
    found = ids.map(column).astype("object")
    return found.where(found.notna(), "").astype(str).to_numpy(dtype=object)


def period_labels(times: pd.Series, calendar: Calendar, kind: Kind) -> npt.NDArray[np.object_]:
    """The label of the period of each moment (ms UTC); "" for a gap."""
    known = times.notna().to_numpy()
    out = np.full(len(times), "", dtype=object)
    if known.any():
        at = times[known].to_numpy(dtype="int64")
        periods = list(calendar.between(kind, int(at.min()), int(at.max()) + 1))
        starts = np.array([p.start for p in periods])
        labels = np.array([p.label for p in periods], dtype=object)
        out[known] = labels[np.searchsorted(starts, at, side="right") - 1]
    return out


def slices(
    frame: pd.DataFrame, keys: Sequence[str]
) -> list[tuple[tuple[object, ...], npt.NDArray[np.int64]]]:
    """The rows of each combination of values, as places, in the order of the values."""
    found = frame.groupby(list(keys), sort=True, dropna=False).indices
    return [(k if isinstance(k, tuple) else (k,), np.asarray(v)) for k, v in found.items()]
