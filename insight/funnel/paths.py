"""Deals followed from change to change between two moments: what `states` tells, at every moment at which it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sales_consultant.insight.core import LOST, OPEN, UNKNOWN, WON, DealTables, Rates, among, stage_kinds

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_MOST = 2.0**62


@dataclass(frozen=True)
class Paths:
    """One place a deal and moment, by deal and then by time: the start, each moment of a change, the end.

    deal_id, at (ms UTC), status, owner (None: not known), close_date (ms; NaN: not known)
        What the deal was then, after all that changed at that moment.
    exists
        Whether it had been made. A deal that is made later has a first place at which it does not exist.
    new
        Whether the deal was made after the start.
    first, last
        The places of the start and of the end.
    value, valued
        Cents of the reporting currency at the rate of that moment, 0 where `valued` says that amount or rate is not known.
    revalued
        The amount of the place before, at the rate of this one.
    amount_known
        Whether the deal's own amount is known, whatever the rate.
    unstaged
        Whether the deal's stage is told by its history, but not yet at this moment.
    """

    deal_id: Objects
    at: Ints
    status: Objects
    owner: Objects
    close_date: Floats
    exists: Bools
    new: Bools
    first: Bools
    last: Bools
    value: Ints
    valued: Bools
    revalued: Ints
    amount_known: Bools
    unstaged: Bools


def follow(tables: DealTables, since: int, until: int, rates: Rates) -> Paths:
    """All deals made by `until` (ms UTC), from `since` on."""
    deals = tables.deals[(tables.deals["created_at"] <= until).fillna(False).astype(bool)].drop_duplicates(
        "deal_id"
    )
    deals = deals.reset_index(drop=True)
    made = deals["created_at"].to_numpy(dtype=np.int64)
    closed = deals["closed_at"].to_numpy(dtype=float, na_value=np.nan)
    past = tables.history[(tables.history["changed_at"] <= until)]
    code = pd.Index(deals["deal_id"]).get_indexer(past["deal_id"])
    past, code = past[code >= 0], code[code >= 0]
    each = np.arange(len(deals), dtype=np.int64)
    ends = np.flatnonzero((closed > since) & (closed <= until))
    births = np.flatnonzero(made > since)
    deal = np.concatenate([code, each, births, ends, each])
    # A deal is followed from the start on, or from when it was made; its end at the latest.
    at = np.concatenate(
        [
            past["changed_at"].to_numpy(dtype=np.int64), np.full(each.size, since), made[births],
            closed[ends].astype(np.int64), np.full(each.size, until),
        ]
    )  # fmt: skip
    order = np.lexsort((at, deal))
    deal, at = deal[order], at[order]
    begins = np.r_[True, deal[1:] != deal[:-1]] if deal.size else np.zeros(0, dtype=bool)
    extra = deal.size - code.size
    told = {
        c: _carried(tables, deals, past, c, extra, order, begins, deal)
        for c in ("stage", "cents", "close_date", "owner_id")
    }
    # Of several changes at one moment, the last is what the deal was then.
    keep = (np.r_[(deal[1:] != deal[:-1]) | (at[1:] != at[:-1]), True] if deal.size else begins) & (
        at >= since
    )
    deal, at = deal[keep], at[keep]
    stage, cents, date, owner = (told[c][0][keep] for c in ("stage", "cents", "close_date", "owner_id"))
    exists = at >= made[deal]
    status = _status(tables, deals, stage, told["stage"][1], deal, at, closed)
    value, valued = _value(deals["currency"].to_numpy(dtype=object)[deal], cents, at, rates)
    old = np.r_[np.zeros(min(1, deal.size), dtype=np.int64), np.arange(deal.size - 1, dtype=np.int64)]
    revalued, _ = _value(deals["currency"].to_numpy(dtype=object)[deal], cents[old], at, rates)
    first = np.r_[True, deal[1:] != deal[:-1]] if deal.size else np.zeros(0, dtype=bool)
    last = np.r_[deal[1:] != deal[:-1], True] if deal.size else np.zeros(0, dtype=bool)
    dates = pd.Series(date, dtype="Float64").to_numpy(dtype=float, na_value=np.nan)
    return Paths(
        deals["deal_id"].to_numpy(dtype=object)[deal], at, status, owner, dates,
        exists, made[deal] > since, first, last, value, valued, revalued, pd.notna(cents),
        told["stage"][1][deal] & pd.isna(stage),
    )  # fmt: skip


def _carried(
    tables: DealTables,
    deals: pd.DataFrame,
    past: pd.DataFrame,
    column: str,
    extra: int,
    order: Ints,
    begins: Bools,
    deal: Ints,
) -> tuple[Objects, Bools]:
    """A column at each place, carried on from its last change; and by deal, whether it has a history at all."""
    values = np.concatenate([past[column].to_numpy(dtype=object), np.full(extra, None, dtype=object)])[order]
    known = pd.notna(values)
    start = np.maximum.accumulate(np.where(begins, np.arange(values.size), 0))
    at = np.maximum.accumulate(np.where(known, np.arange(values.size), -1))
    carried = np.where(at >= start, values[np.clip(at, 0, None)], None)
    ever = among(deals["deal_id"], tables.history.loc[tables.history[column].notna(), "deal_id"])
    today = deals[column].astype(object).where(deals[column].notna(), None).to_numpy(dtype=object)
    return np.where(ever[deal], carried, today[deal]), ever


def _status(
    tables: DealTables,
    deals: pd.DataFrame,
    stage: Objects,
    staged: Bools,
    deal: Ints,
    at: Ints,
    closed: Floats,
) -> Objects:
    """As `states` tells it: by the stage where a history tells the stage and the CRM knows it, else by the deal's end."""
    kinds = stage_kinds(tables.stages)
    pipelines = deals["pipeline"].to_numpy(dtype=object)[deal]
    asked = pd.DataFrame({"pipeline": pipelines, "stage": stage})
    kind = asked.merge(kinds, on=["pipeline", "stage"], how="left")["kind"].to_numpy(dtype=object)
    won = deals["is_won"].astype("boolean")
    by_deal = np.where(won.isna(), UNKNOWN, np.where(won.fillna(False), WON, LOST)).astype(object)
    with np.errstate(invalid="ignore"):
        ended = at >= closed[deal]
    plain = np.where(ended, by_deal[deal], OPEN)
    known = pd.notna(kind) & (kind != UNKNOWN) & staged[deal] & pd.notna(stage)
    return np.where(known, kind, plain).astype(object)


def _value(codes: Objects, cents: Objects, at: Ints, rates: Rates) -> tuple[Ints, Bools]:
    """Cents of the reporting currency, as `Rates.cents` rounds them, and where they are known.

    An amount that would be too large for 64 bits is not known.
    """
    amount = pd.Series(cents, dtype="Int64")
    known = amount.notna().to_numpy(dtype=bool)
    own = amount.fillna(0).to_numpy(dtype=np.int64)
    rate = rates.rate(pd.Series(codes), pd.Series(at)).to_numpy(dtype=float)
    with np.errstate(invalid="ignore", over="ignore"):
        made = np.rint(own * rate)
        fits = np.abs(made) < _MOST
    known = known & fits
    return np.where(known, np.where(rate == 1.0, own, np.where(fits, made, 0).astype(np.int64)), 0), known
