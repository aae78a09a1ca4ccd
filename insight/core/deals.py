"""Deals in time: what a company's deals were at any moment, and which stages each has passed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

DEAL_COLUMNS = (
    "deal_id", "name", "pipeline", "owner_id", "company_id", "currency", "stage", "cents", "close_date", "created_at",
    "closed_at", "is_closed", "is_won",
)  # fmt: skip
HISTORY_COLUMNS = ("deal_id", "changed_at", "stage", "cents", "close_date", "owner_id")
STAGE_COLUMNS = ("pipeline", "pipeline_label", "stage", "label", "place", "closed", "won", "gone")

OPEN, WON, LOST = "open", "won", "lost"
UNKNOWN = "unknown"
"""The status of a closed deal of which the CRM does not say whether it was won, and of one in a stage nobody knows."""


@dataclass(frozen=True)
class DealTables:
    """All deals of a company and what is known of their past.

    deals
        One row a deal, as it is now: DEAL_COLUMNS, and any further columns that deals are compared by (source, segment,
        tier, product). Times are milliseconds UTC, `cents` hundredths of the deal's currency (Int64); gaps are missing
        values. `is_closed` and `is_won` are nullable booleans.
    history
        One row a change: HISTORY_COLUMNS. A gap means that the change did not touch that column.
    stages
        One row a stage of a pipeline: STAGE_COLUMNS; `place` is its order, `gone` that the CRM has it no more.
    """

    deals: pd.DataFrame
    history: pd.DataFrame
    stages: pd.DataFrame

    def of(self, chosen: pd.Series[bool]) -> DealTables:
        """The same tables with some of the deals: a mask in the order of `deals`."""
        deals = self.deals[chosen.to_numpy(dtype=bool)]
        return DealTables(deals, self.history[among(self.history["deal_id"], deals["deal_id"])], self.stages)


def among(ids: pd.Series, others: pd.Series) -> npt.NDArray[np.bool_]:
    """Whether each id is one of the others.

    `Series.isin` makes a Python object of every text, which takes ten times as long for a million of them.
    """
    return np.asarray(pd.Index(others.unique()).get_indexer(pd.Index(ids)) >= 0, dtype=np.bool_)


def stage_kinds(stages: pd.DataFrame) -> pd.DataFrame:
    """One row a pipeline and stage: pipeline, stage, place and kind (open, won, lost, unknown)."""
    out = stages.drop_duplicates(["pipeline", "stage"])[["pipeline", "stage", "place", "closed", "won"]]
    closed, won = out["closed"].astype("boolean"), out["won"].astype("boolean")
    kind = np.select(
        [(~closed).fillna(False), (closed & won).fillna(False), (closed & ~won).fillna(False)],
        [OPEN, WON, LOST],
        UNKNOWN,
    )
    return out.assign(kind=kind)[["pipeline", "stage", "place", "kind"]].reset_index(drop=True)


def latest(history: pd.DataFrame, column: str, at: int) -> pd.Series:
    """The last value of a column that was set by a moment, by deal_id; deals without one are not in it."""
    known = history[history[column].notna() & (history["changed_at"] <= at)]
    known = known.sort_values("changed_at", kind="stable").drop_duplicates("deal_id", keep="last")
    return known.set_index("deal_id")[column]


def states(tables: DealTables, at: int) -> pd.DataFrame:
    """What each deal was at a moment (ms UTC): one row for every deal that was made by then.

    Columns: deal_id, pipeline, stage, status (open, won, lost, unknown), cents, currency, close_date, owner_id. Each comes
    from the last change by then. Where a column of a deal has no history at all, today's value stands; where its history
    begins later, it is a gap: nobody knows what it was.
    """
    deals = tables.deals[tables.deals["created_at"].notna() & (tables.deals["created_at"] <= at)]
    out = deals[["deal_id", "pipeline", "currency"]].copy()
    ids = deals["deal_id"]
    for column in ("stage", "cents", "close_date", "owner_id"):
        ever = among(ids, tables.history.loc[tables.history[column].notna(), "deal_id"])
        then, today = ids.map(latest(tables.history, column, at)), deals[column]
        if column in ("stage", "owner_id"):
            # Where no change is old enough, what was looked up is gaps alone, which are no texts to pandas.
            then, today = then.astype("object"), today.astype("object")
        out[column] = then.where(ever, today)
    kinds = stage_kinds(tables.stages)
    kind = out[["pipeline", "stage"]].merge(kinds, on=["pipeline", "stage"], how="left")["kind"].to_numpy()
    ended = (deals["closed_at"].notna() & (deals["closed_at"] <= at)).to_numpy()
    by_deal = np.select(
        [~ended, (deals["is_won"].astype("boolean").fillna(False)).to_numpy(dtype=bool)], [OPEN, WON], LOST
    )
    by_deal = np.where(ended & deals["is_won"].isna().to_numpy(), UNKNOWN, by_deal)
    staged = among(ids, tables.history.loc[tables.history["stage"].notna(), "deal_id"])
    known = pd.notna(kind) & (kind != UNKNOWN) & staged
    out["status"] = np.where(known, kind, by_deal)
    return out.reset_index(drop=True)


def visits(tables: DealTables, until: int) -> pd.DataFrame:
    """Each stay of a deal in a stage by a moment: one row from its entering to its leaving.

    Columns: deal_id, pipeline, stage, entered_at, left_at (a gap: it stands there), into (the stage it went to), kind and
    into_kind (open, won, lost, unknown), place and into_place (the stage's order; a gap where the CRM knows the stage no
    more), first (whether it is the deal's first stay that is known). A change that repeats the stage is no new stay. Of
    changes at the same millisecond the last row stands.
    """
    rows = tables.history[tables.history["stage"].notna() & (tables.history["changed_at"] <= until)]
    rows = rows[["deal_id", "changed_at", "stage"]].sort_values(["deal_id", "changed_at"], kind="stable")
    rows = rows.drop_duplicates(["deal_id", "changed_at"], keep="last")
    rows = rows.merge(tables.deals[["deal_id", "pipeline"]], on="deal_id", how="inner")
    deal, stage = rows["deal_id"].to_numpy(), rows["stage"].to_numpy()
    same = np.zeros(len(rows), dtype=bool)
    same[1:] = (deal[1:] == deal[:-1]) & (stage[1:] == stage[:-1])
    rows = rows[~same].reset_index(drop=True)
    deal = rows["deal_id"].to_numpy()
    goes_on = np.zeros(len(rows), dtype=bool)
    goes_on[:-1] = deal[1:] == deal[:-1]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = deal[1:] != deal[:-1]
    entered = rows["changed_at"].to_numpy(dtype="int64")
    left = np.where(goes_on, np.roll(entered, -1), 0)
    out = pd.DataFrame(
        {
            "deal_id": rows["deal_id"],
            "pipeline": rows["pipeline"],
            "stage": rows["stage"],
            "entered_at": entered,
            "left_at": pd.array(left, dtype="Int64"),
            "into": rows["stage"].shift(-1).where(goes_on),
            "first": first,
        }
    )
    out.loc[~goes_on, "left_at"] = pd.NA
    kinds = stage_kinds(tables.stages)
    out = out.merge(kinds, on=["pipeline", "stage"], how="left")
    to = kinds.rename(columns={"stage": "into", "place": "into_place", "kind": "into_kind"})
    out = out.merge(to, on=["pipeline", "into"], how="left")
    out["kind"] = out["kind"].where(out["kind"].notna(), UNKNOWN)
    out["into_kind"] = out["into_kind"].where(out["into_kind"].notna() | out["into"].isna(), UNKNOWN)
    return out


def as_known(tables: DealTables, at: int) -> DealTables:
    """The same tables as they stood at a moment (ms UTC): nothing that came later is in them.

    Deals that were made later are left out. A deal that was closed later is open, with the stage, amount, close date and
    owner that it had. What the CRM keeps no history of stands as it is today.
    """
    then = states(tables, at).set_index("deal_id")
    deals = tables.deals[tables.deals["deal_id"].isin(then.index)].copy()
    now = deals["deal_id"]
    for column in ("stage", "cents", "close_date", "owner_id"):
        deals[column] = now.map(then[column]).astype(deals[column].dtype)
    status = now.map(then["status"])
    ended = status.isin([WON, LOST]) | ((status == UNKNOWN) & (deals["closed_at"] <= at).fillna(False))
    deals["is_closed"] = ended.astype("boolean")
    deals["is_won"] = (status == WON).astype("boolean").mask(ended & (status == UNKNOWN))
    later = deals["closed_at"].isna() | (deals["closed_at"] > at)
    # A deal that was closed, reopened and closed again: by then its last entry into a closed stage counts.
    known = tables.history[tables.history["changed_at"] <= at]
    entered = known[known["stage"].notna()].groupby("deal_id")["changed_at"].max()
    deals["closed_at"] = deals["closed_at"].mask(later, now.map(entered)).mask(~ended).astype("Int64")
    return DealTables(deals, known, tables.stages)
