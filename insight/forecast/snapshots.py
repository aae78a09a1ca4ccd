"""The open deals as they stood at the same day of each past month, with what became of them: what hazards learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.insight.core import LOST, OPEN, UNKNOWN, WON, Calendar, DealTables, Rates, visits

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NEVER = 10**6
"""An offset in months that is never reached: the deal has not ended."""
LATEST = 4_000_000_000_000
"""Times after this (ms UTC, the year 2096) are typing errors and count as unknown."""


@dataclass(frozen=True)
class Months:
    """The months that a forecast looks at, and the moment in each that it is made at.

    starts
        (K + horizon + 1,) where each month begins (ms UTC), and where the last ends.
    origins
        (K,) the moments of the past forecasts, as far into their month as `as_of`; the last is `as_of`.
    labels
        (K + horizon,) as 2026-03.
    """

    starts: Ints
    origins: Ints
    labels: tuple[str, ...]

    def of(self, times: Floats) -> Ints:
        """The place of the month in which each moment lies; gaps and moments before the first month: negative."""
        known = np.isfinite(times)
        places = np.searchsorted(self.starts, np.where(known, times, -1.0), side="right") - 1
        return np.where(known, places, -NEVER).astype(np.int64)


def months_until(calendar: Calendar, as_of: int, past: int, horizon: int) -> Months:
    """`past` months before that of `as_of`, this one, and `horizon` - 1 after it."""
    here = calendar.period("month", as_of)
    span = [calendar.shift(here, -past)]
    while len(span) < past + horizon:
        span.append(calendar.shift(span[-1], 1))
    starts = [period.start for period in span] + [span[-1].end]
    into = as_of - here.start
    origins = [min(period.start + into, period.end - 1) for period in span[: past + 1]]
    return Months(
        np.array(starts, dtype=np.int64),
        np.array(origins, dtype=np.int64),
        tuple(period.label for period in span),
    )


@dataclass(frozen=True)
class Endings:
    """What became of every deal by a moment, in the order of `DealTables.deals`.

    status
        open, won, lost, unknown. ended_at: ms UTC; a gap (NaN) where it stands open.
    cents
        Of a won deal what it was worth when it was won, in the reporting currency; a gap where that is not known.
    """

    status: NDArray[np.object_]
    ended_at: Floats
    cents: Floats


def floats(column: pd.Series) -> Floats:
    """Numbers of a nullable column; gaps, and what is no number, are NaN."""
    made = pd.to_numeric(column, errors="coerce").astype("Float64")
    return np.array(made.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def objects(column: pd.Series) -> NDArray[np.object_]:
    """Values of any column; gaps are None."""
    out = np.array(column.astype("object"), dtype=object)
    out[np.asarray(column.isna(), dtype=bool)] = None
    return out


def times(column: pd.Series) -> Floats:
    """Moments (ms UTC) of a column; impossible ones are gaps."""
    out = floats(column)
    out[~((out > -LATEST) & (out < LATEST))] = np.nan
    return out


class Past:
    """What a column of each deal was at any moment, looked up many at once."""

    def __init__(self, tables: DealTables, column: str, until: int) -> None:
        rows = tables.history[tables.history[column].notna()]
        places = pd.Index(tables.deals["deal_id"]).get_indexer(rows["deal_id"])
        when = times(rows["changed_at"])
        self._ever = np.zeros(len(tables.deals), dtype=bool)
        self._ever[places[places >= 0]] = True
        keep = (places >= 0) & (when <= until)
        rows, places, when = rows[keep], places[keep], when[keep]
        order = np.lexsort((when, places))
        self._key = self._keyed(places[order], when[order])
        self._deal = places[order]
        self._value = objects(rows[column])[order]
        self._today = objects(tables.deals[column])

    @staticmethod
    def _keyed(deal: Ints, when: Floats) -> Floats | Ints:
        out: Ints = deal.astype(np.int64) * (1 << 42) + np.clip(when, 0, LATEST).astype(np.int64)
        return out

    def at(self, deals: Ints, when: Floats) -> NDArray[np.object_]:
        """The value of each deal (its place in `deals`) at its moment; None where nobody knows it.

        A deal of which no change of the column is known has today's value, as in `core.states`.
        """
        place = np.searchsorted(self._key, self._keyed(deals, when), side="right") - 1
        out = np.full(len(deals), None, dtype=object)
        if len(self._key):
            hit = (place >= 0) & (self._deal[np.maximum(place, 0)] == deals)
            out[hit] = self._value[place[hit]]
        never = ~self._ever[deals]
        out[never] = self._today[deals[never]]
        return out


def numbers(values: NDArray[np.object_]) -> Floats:
    """Numbers of looked up values; None is NaN."""
    made = pd.to_numeric(pd.Series(values, dtype="object"), errors="coerce")
    # Where all are numbers pandas gives its own memory, which nobody may write into.
    return np.array(made.to_numpy(dtype=np.float64, na_value=np.nan))


def in_reporting(rates: Rates, cents: Floats, deals: pd.DataFrame, at: Floats) -> Floats:
    """Cents of the deals' currencies in the reporting one at each moment; a gap where a rate is not known."""
    codes = deals["currency"].reset_index(drop=True)
    rate = rates.rate(codes, pd.Series(at, dtype="float64")).to_numpy(dtype=np.float64)
    return np.round(cents * rate)


def _stays(tables: DealTables, until: int) -> pd.DataFrame:
    """Every stay of every deal with the place of the deal; deals without stages have one, from making to closing."""
    index = pd.Index(tables.deals["deal_id"])
    stays = visits(tables, until)[["deal_id", "stage", "entered_at", "left_at", "kind"]]
    stays = stays.assign(deal=index.get_indexer(stays["deal_id"]), left_at=times(stays["left_at"]))
    stays["entered_at"] = stays["entered_at"].astype(np.float64)
    deals = tables.deals
    made, closed = times(deals["created_at"]), times(deals["closed_at"])
    won = deals["is_won"].astype("boolean")
    # Not isin, which is slow on strings of Arrow.
    told = index.get_indexer(tables.history.loc[tables.history["stage"].notna(), "deal_id"])
    staged = np.zeros(len(deals), dtype=bool)
    staged[told[told >= 0]] = True
    bare = np.flatnonzero(~staged & (made <= until))
    ended = closed <= until
    kind = np.where(won.isna(), UNKNOWN, np.where(won.fillna(False).astype(bool), WON, LOST))
    begun = pd.DataFrame(
        {
            "deal": bare,
            "stage": "",
            "entered_at": made[bare],
            "left_at": np.where(ended, closed, np.nan)[bare],
        }
    ).assign(kind=OPEN)
    over = bare[ended[bare]]
    closings = pd.DataFrame(
        {"deal": over, "stage": "", "entered_at": closed[over], "left_at": np.nan, "kind": kind[over]}
    )
    out = pd.concat([stays.drop(columns="deal_id"), begun, closings], ignore_index=True)
    # A deal that is made after the moment is not known at it, whatever its history says.
    out = out[(out["deal"] >= 0) & (made[out["deal"].to_numpy()] <= until)]
    ordered: pd.DataFrame = out.sort_values(["deal", "entered_at"], kind="stable").reset_index(drop=True)
    return ordered


def _last_kind(stays: pd.DataFrame, tables: DealTables, until: int) -> NDArray[np.object_]:
    """The kind of each stay; one in a stage that nobody knows is open, unless the deal is closed by the moment."""
    kind = stays["kind"].to_numpy(dtype=object).copy()
    closed = times(tables.deals["closed_at"])[stays["deal"].to_numpy()]
    won = objects(tables.deals["is_won"].astype("boolean"))[stays["deal"].to_numpy()]
    unknown = kind == UNKNOWN
    over = (
        unknown & (closed <= until) & stays["left_at"].isna().to_numpy() & (stays["stage"] != "").to_numpy()
    )
    by_deal = np.select([won == True, won == False], [WON, LOST], UNKNOWN)
    kind[over] = by_deal[over]
    kind[unknown & ~over & (stays["stage"] != "").to_numpy()] = OPEN
    return kind


def endings(tables: DealTables, rates: Rates, until: int, stays: pd.DataFrame | None = None) -> Endings:
    """What became of every deal by a moment: its last state, since when, and what a won deal was worth then."""
    stays = _stays(tables, until) if stays is None else stays
    kind = _last_kind(stays, tables, until)
    count = len(tables.deals)
    status = np.full(count, UNKNOWN, dtype=object)
    status[stays["deal"].to_numpy()] = kind
    ended = np.full(count, np.nan)
    ended[stays["deal"].to_numpy()] = np.where(kind == OPEN, np.nan, stays["entered_at"])
    places = np.arange(count)
    raw = numbers(Past(tables, "cents", until).at(places, np.where(np.isfinite(ended), ended, 0)))
    today = floats(tables.deals["cents"])
    raw = np.where(np.isfinite(raw), raw, today)
    cents = np.where(status == WON, in_reporting(rates, raw, tables.deals, ended), np.nan)
    return Endings(status, ended, cents)


@dataclass(frozen=True)
class Snapshots:
    """One row an origin and a deal that stood open at it; all arrays (rows,) unless told otherwise.

    months, tables
        What it was made of. origin: its place in `months.origins`. deal: its place in `tables.deals`.
    pipeline, stage
        Codes; -1 is unknown. pipelines, stages: what they stand for.
    age
        Whole months (30.4 days) in the stage. due: months from the origin's to the close date's; a gap is -NEVER.
    cents
        The amount at the origin in the reporting currency (a gap: not known). unrated: the amount is known, its rate is not.
    owner
        Who had it at the origin.
    won_in, lost_in
        Months from the origin's to the one in which it ended next; NEVER where it did not by the last origin.
    final
        What it was worth when it was won next.
    """

    months: Months
    tables: DealTables
    origin: Ints
    deal: Ints
    pipeline: Ints
    stage: Ints
    pipelines: NDArray[np.object_]
    stages: NDArray[np.object_]
    age: Ints
    due: Ints
    cents: Floats
    unrated: NDArray[np.bool_]
    owner: NDArray[np.object_]
    won_in: Ints
    lost_in: Ints
    final: Floats


def _next_closing(stays: pd.DataFrame, kind: NDArray[np.object_]) -> tuple[NDArray[np.object_], Floats]:
    """For each stay the kind and time of the deal's next closing; None and NaN where there is none."""
    deal = stays["deal"].to_numpy()
    count = len(stays)
    closing = np.where(kind != OPEN, np.arange(count), count)
    following = np.minimum.accumulate(closing[::-1])[::-1]
    inside = np.minimum(following, max(count - 1, 0))
    hit = (following < count) & (deal[inside] == deal) if count else np.zeros(0, dtype=bool)
    then = np.full(count, None, dtype=object)
    then[hit] = kind[inside][hit]
    return then, np.where(hit, stays["entered_at"].to_numpy(dtype=np.float64)[inside], np.nan)


def read_past(tables: DealTables, rates: Rates, months: Months) -> tuple[Snapshots, Endings]:
    """The open deals at every origin and what became of all deals, from nothing that happened after the last origin."""
    until = int(months.origins[-1])
    stays = _stays(tables, until)
    return _snapshots(tables, rates, months, stays), endings(tables, rates, until, stays)


def _snapshots(tables: DealTables, rates: Rates, months: Months, stays: pd.DataFrame) -> Snapshots:
    until = int(months.origins[-1])
    kind = _last_kind(stays, tables, until)
    then, ended = _next_closing(stays, kind)
    entered = stays["entered_at"].to_numpy(dtype=np.float64)
    left = np.where(stays["left_at"].isna(), np.inf, stays["left_at"].to_numpy(dtype=np.float64))
    first = np.searchsorted(months.origins, entered, side="left")
    last = np.searchsorted(months.origins, left, side="left")
    counts = np.where(kind == OPEN, np.maximum(last - first, 0), 0)
    row = np.repeat(np.arange(len(stays)), counts)
    origin = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + first[row]
    deal = stays["deal"].to_numpy()[row].astype(np.int64)
    at = months.origins[origin].astype(np.float64)
    subset = tables.deals.iloc[deal]
    pipeline, pipelines = pd.factorize(tables.deals["pipeline"])
    stage, stages = pd.factorize(stays["stage"])
    amounts = Past(tables, "cents", until)
    close = numbers(Past(tables, "close_date", until).at(deal, at))
    close[~(np.abs(close) < LATEST)] = np.nan
    here = months.of(at)
    won, lost = then[row] == WON, pd.notna(then[row]) & (then[row] != WON)
    offset = months.of(ended[row]) - here
    final = np.full(len(row), np.nan)
    worth = numbers(amounts.at(deal[won], ended[row][won]))
    worth = np.where(np.isfinite(worth), worth, floats(tables.deals["cents"])[deal[won]])
    final[won] = in_reporting(rates, worth, subset[won], ended[row][won])
    # Close dates before the months looked at are overdue, not unknown: they stand for the month before the first.
    due = np.where(np.isfinite(close), months.of(np.where(np.isfinite(close), close, 0.0)) - here, -NEVER)
    due = np.where(np.isfinite(close) & (close < months.starts[0]), -1 - here, due)
    amount = numbers(amounts.at(deal, at))
    cents = in_reporting(rates, amount, subset, at)
    return Snapshots(
        months, tables, origin.astype(np.int64), deal, pipeline[deal].astype(np.int64), stage[row].astype(np.int64),
        np.asarray(pipelines, dtype=object), np.asarray(stages, dtype=object),
        np.floor((at - entered[row]) / (86_400_000 * 30.4375)).astype(np.int64), due.astype(np.int64),
        cents, np.isfinite(amount) & ~np.isfinite(cents),
        Past(tables, "owner_id", until).at(deal, at),
        np.where(won, offset, NEVER), np.where(lost, offset, NEVER), final,
    )  # fmt: skip
