"""Why deals are lost, what a handover costs, and deals whose close date is pushed again and again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import LOST, OPEN, WON, DealTables, among
from sales_consultant.insight.funnel.endings import numbers
from sales_consultant.insight.funnel.intervals import LEVEL, Estimate, share_difference, wilson
from sales_consultant.insight.funnel.survival import kaplan_meier, quantile

NO_REASON = ""
"""The reason of a lost deal that has none."""


def loss_reasons(
    ends: pd.DataFrame,
    past: pd.DataFrame,
    reasons: pd.DataFrame,
    since: int | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Deals lost in a window by reason and the stage they were lost from.

    `ends` is what `endings` gave, `past` what `visits` gave, `reasons` has rows of deal_id and reason (NO_REASON or a gap:
    none was given). Columns: pipeline, stage (the open stage before; "" where history does not tell it), reason, deals,
    cents (of those whose amount is known), without_amount, share, low, high (of the pipeline's lost deals; Wilson). Most
    cents first.
    """
    start = -math.inf if since is None else since
    when = ends["ended_at"].to_numpy(dtype=float, na_value=np.nan)
    lost = ends[
        (ends["status"] == LOST).to_numpy() & ((when >= start) | (np.isnan(when) & math.isinf(start)))
    ]
    told = reasons.drop_duplicates("deal_id").set_index("deal_id")["reason"]
    text = lost["deal_id"].map(told)
    text = text.where(text.notna(), NO_REASON).astype(str).str.strip()
    into = (
        past[past["into_kind"] == LOST].drop_duplicates("deal_id", keep="last").set_index("deal_id")["stage"]
    )
    stage = lost["deal_id"].map(into)
    rows = lost.assign(reason=text, stage=stage.where(stage.notna(), "").astype(str))
    table: pd.DataFrame = rows.groupby(["pipeline", "stage", "reason"], dropna=False).agg(
        deals=("deal_id", "size"),
        cents=("value", "sum"),
        without_amount=("value", lambda v: int(v.isna().sum())),
    )
    table = table.reset_index()
    n = numbers(table["pipeline"], rows["pipeline"].value_counts())
    low, high = wilson(table["deals"].to_numpy(dtype=float), n, level)
    table = table.assign(share=table["deals"].to_numpy(dtype=float) / n, low=low, high=high)
    return table.sort_values(["cents", "deals"], ascending=False, kind="stable").reset_index(drop=True)


@dataclass(frozen=True)
class Handovers:
    """What changes of owner cost; days with intervals.

    changes, deals
        Changes of owner of deals that were open then, and on how many deals.
    days_after
        Median days from the change to the next touch (an activity or a change of stage), by Kaplan-Meier: what has had none
        is censored at the deal's end or the as-of moment.
    days_before
        The same from the last touch before the change to the change, were the deal left with its owner: median days between
        touches of the same deals while no change of owner lay between.
    win_rate_with, win_rate_without, difference
        Among deals that ended, by whether they ever changed owner; the difference with Newcombe's interval. An association:
        deals that last longer have more time to change hands.
    rows
        One row a change: deal_id, at (ms), before, after (owners), days (to the next touch), touched (whether one came).
    """

    changes: int
    deals: int
    days_after: Estimate
    days_before: Estimate
    win_rate_with: float
    win_rate_without: float
    difference: Estimate
    rows: pd.DataFrame


def owner_changes(tables: DealTables, as_of: int, since: int | None = None) -> pd.DataFrame:
    """One row a change from one known owner to another: deal_id, at (ms), before, after."""
    rows = tables.history[tables.history["owner_id"].notna() & (tables.history["changed_at"] <= as_of)]
    rows = rows.sort_values(["deal_id", "changed_at"], kind="stable").drop_duplicates(
        ["deal_id", "changed_at"], keep="last"
    )
    before = rows.groupby("deal_id", sort=False)["owner_id"].shift()
    hit = before.notna() & (before != rows["owner_id"])
    out = pd.DataFrame(
        {"deal_id": rows["deal_id"], "at": rows["changed_at"], "before": before, "after": rows["owner_id"]}
    )[hit]
    return out[out["at"] >= (-math.inf if since is None else since)].reset_index(drop=True)


def handovers(
    tables: DealTables,
    ends: pd.DataFrame,
    past: pd.DataFrame,
    touches: pd.DataFrame,
    as_of: int,
    since: int | None = None,
    level: float = LEVEL,
) -> Handovers:
    """The cost of changes of owner between two moments (ms UTC).

    `ends` is what `endings` gave, `past` what `visits` gave, `touches` has rows of deal_id and at (ms): activities.
    """
    changes = owner_changes(tables, as_of, since)
    end = ends.set_index("deal_id")["ended_at"]
    until = numbers(changes["deal_id"], end)
    known = among(changes["deal_id"], ends["deal_id"])
    changes = changes[known & ~(until <= changes["at"].to_numpy(dtype=float))].reset_index(drop=True)
    until = np.nan_to_num(numbers(changes["deal_id"], end), nan=float(as_of))
    moves = past[["deal_id", "entered_at"]].rename(columns={"entered_at": "at"})
    touched = pd.concat([touches.loc[touches["at"] <= as_of, ["deal_id", "at"]], moves], ignore_index=True)
    # Texts of several kinds (the engine's, pandas' own, none at all) are not joined by `merge_asof`.
    touched = (
        touched.astype({"at": "int64", "deal_id": "object"})
        .drop_duplicates()
        .sort_values("at", kind="stable")
    )
    asked = changes.reset_index(names="row").astype({"at": "int64", "deal_id": "object"})
    asked = asked.sort_values("at", kind="stable")
    nxt = pd.merge_asof(
        asked, touched.assign(touch=touched["at"]), on="at", by="deal_id", direction="forward", allow_exact_matches=False
    ).sort_values("row")["touch"].to_numpy(dtype=float, na_value=np.nan)  # fmt: skip
    came = nxt <= until
    days = (np.where(came, nxt, until) - changes["at"].to_numpy(dtype=float)) / DAY_MS
    ever = owner_changes(tables, as_of)["deal_id"]
    ended = ends[ends["status"].isin([WON, LOST])]
    with_it = among(ended["deal_id"], ever)
    won = (ended["status"] == WON).to_numpy()
    hits, n = (
        (float(won[with_it].sum()), float(won[~with_it].sum())),
        (float(with_it.sum()), float((~with_it).sum())),
    )
    return Handovers(
        changes=len(changes), deals=int(changes["deal_id"].nunique()),
        days_after=quantile(kaplan_meier(days, came, None, level)),
        days_before=_usual_gap(changes, touched, level),
        win_rate_with=hits[0] / n[0] if n[0] else math.nan, win_rate_without=hits[1] / n[1] if n[1] else math.nan,
        difference=share_difference(hits, n, level), rows=changes.assign(days=days, touched=came),
    )  # fmt: skip


def _usual_gap(changes: pd.DataFrame, touched: pd.DataFrame, level: float) -> Estimate:
    """Median days between touches before a deal's first change of owner in the window; a gap that the change cut is censored."""
    first = changes.groupby("deal_id")["at"].min()
    rows = touched[among(touched["deal_id"], changes["deal_id"])].sort_values(
        ["deal_id", "at"], kind="stable"
    )
    cut = numbers(rows["deal_id"], first)
    at = rows["at"].to_numpy(dtype=float)
    nxt = rows.groupby("deal_id", sort=False)["at"].shift(-1).to_numpy(dtype=float, na_value=np.inf)
    before = at < cut
    return quantile(
        kaplan_meier((np.minimum(nxt, cut) - at)[before] / DAY_MS, (nxt < cut)[before], None, level)
    )


def pushed(
    tables: DealTables,
    ends: pd.DataFrame,
    as_of: int,
    since: int | None = None,
    least: int = 2,
    only_open: bool = True,
) -> pd.DataFrame:
    """Deals whose close date moved later at least `least` times between two moments (ms UTC).

    Columns: deal_id, pipeline, owner_id, status, times, days (in all, of the moves that went later), close_date (ms), value
    (cents of the reporting currency). The largest value first; deals without one last. Moves of a closed deal count no more.
    """
    rows = tables.history[tables.history["close_date"].notna() & (tables.history["changed_at"] <= as_of)]
    rows = rows.sort_values(["deal_id", "changed_at"], kind="stable").drop_duplicates(
        ["deal_id", "changed_at"], keep="last"
    )
    date = rows["close_date"].to_numpy(dtype=float)
    before = rows.groupby("deal_id", sort=False)["close_date"].shift().to_numpy(dtype=float, na_value=np.nan)
    at = rows["changed_at"].to_numpy(dtype=float)
    end = np.nan_to_num(numbers(rows["deal_id"], ends.set_index("deal_id")["ended_at"]), nan=np.inf)
    later = (date > before) & (at >= (-math.inf if since is None else since)) & (at < end)
    moves = rows.assign(days=(date - before) / DAY_MS)[later]
    sums = moves.groupby("deal_id")["days"].agg(times="size", days="sum").reset_index()
    sums = sums[sums["times"] >= least]
    out = ends.drop(columns="days").merge(sums, on="deal_id")
    if only_open:
        out = out[out["status"] == OPEN]
    out = out[["deal_id", "pipeline", "owner_id", "status", "times", "days", "close_date", "value"]]
    return out.sort_values("value", ascending=False, kind="stable", na_position="last").reset_index(drop=True)
