"""The funnel: what became of each stay of a deal in a stage, how often, and how long it took.

Definitions:

- A stay is one entering of an open stage up to its leaving. A deal that comes back has a second stay.
- advanced: it left for a later open stage of the pipeline, or was won. lost: it left for a lost stage. returned: it left for
  an earlier open stage, or one of the same place. moved: it left for a stage of which nobody knows the place: of another
  pipeline, or one that the CRM has deleted. still: it stood there at the as-of moment.
- jumped: it advanced past at least one open stage that lies between. skipped, told of the stage passed over: a deal went from
  before it to beyond it (or was won) and had no stay in it until then; once a deal. Who began beyond it has not skipped it.
- came_back: stays that are not the deal's first in this stage.
- An entering is seen where a change tells it. A deal's first known stay that begins more than an hour after the deal was
  made was not seen to begin: history was switched on later. In the first open stage of its pipeline it is taken to have
  begun with the deal, and counts from its first seen date on (left truncation). In another stage nobody knows when it began:
  it is left out of times and shares, and counted as unseen. Neither is among the entered, since what left earlier is not
  there to be counted with it.
- A window (`since`) counts stays that were entered in it. Times and estimated shares use all that was under observation in
  it: a stay that began earlier is in the risk set from `since` on (period analysis: Brenner and Gefeller 1996, Cancer 78).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import (
    LOST,
    OPEN,
    UNKNOWN,
    WON,
    Calendar,
    DealTables,
    Kind,
    among,
    stage_kinds,
    visits,
)
from sales_consultant.insight.funnel.endings import groups, numbers, period_labels, slices
from sales_consultant.insight.funnel.intervals import LEVEL, wilson
from sales_consultant.insight.funnel.survival import (
    Curve,
    aalen_johansen,
    incidence_of,
    kaplan_meier,
    quantile,
    risk_table,
    survival_of,
)

ADVANCED, LEFT_LOST, RETURNED, MOVED, STILL = "advanced", "lost", "returned", "moved", "still"
CAUSES = (ADVANCED, LEFT_LOST, RETURNED, MOVED)
"""The ways to leave a stage, in the order of their causes 1 to 4."""
SETTLED_MS = 3_600_000
"""A first stay that begins this long after the deal was made (an hour) was not seen to begin."""
STAY_COLUMNS = (
    "deal_id", "pipeline", "stage", "place", "entered_at", "left_at", "into", "outcome", "jumped", "came_back", "seen",
    "counted", "days", "delay",
)  # fmt: skip


@dataclass(frozen=True)
class Funnel:
    """What became of the deals, by stage.

    stages
        One row a group, period, pipeline and stage. Counts of stays: entered, advanced, jumped, lost, returned, moved, still,
        came_back, unseen; deals (distinct) and skipped (deals). Shares in 0 to 1: conversion (advanced of those that left)
        with Wilson's interval, share_advanced and share_lost (Aalen-Johansen) with theirs, by `horizon` days. Days: median
        and p90 of the time in stage (Kaplan-Meier) with intervals; infinite where not reached. A figure without rows is NaN.
    deals, without_history, unknown_stage
        Deals made by then; those without any stage in their history; stays in stages that the CRM does not know.
    """

    stages: pd.DataFrame
    deals: int
    without_history: int
    unknown_stage: int


def _home(past: pd.DataFrame, kinds: pd.DataFrame) -> pd.DataFrame:
    """Stays in a stage of another pipeline are that pipeline's, where only one has this stage."""
    only = kinds.drop_duplicates("stage", keep=False).set_index("stage")
    strange = past["place"].isna() & among(past["stage"], only.index.to_series())
    if not strange.any():
        return past
    for column in ("pipeline", "place", "kind"):
        past.loc[strange, column] = past.loc[strange, "stage"].map(only[column])
    # The stay before, if any, was in another pipeline than this one: where it led to has no place in its own order.
    goes_on = past["into"].notna().to_numpy()
    there = past["pipeline"].shift(-1)
    past.loc[goes_on & (there != past["pipeline"]).to_numpy(), "into_place"] = np.nan
    to = past["into"].map(only["kind"])
    past["into_kind"] = past["into_kind"].mask(to.notna() & (past["into_kind"] == UNKNOWN), to)
    here = goes_on & (there == past["pipeline"]).to_numpy() & past["into_place"].isna().to_numpy()
    past.loc[here, "into_place"] = past.loc[here, "into"].map(only["place"])
    return past


def _outcome(past: pd.DataFrame) -> npt.NDArray[np.object_]:
    here, there = (
        past["place"].to_numpy(dtype=float, na_value=np.nan),
        past["into_place"].to_numpy(dtype=float, na_value=np.nan),
    )
    kind, stands = past["into_kind"].to_numpy(), past["left_at"].isna().to_numpy()
    onward = (kind == OPEN) & (there > here)
    back = (kind == OPEN) & (there <= here)
    return np.select(
        [stands, kind == WON, kind == LOST, onward, back],
        [STILL, ADVANCED, LEFT_LOST, ADVANCED, RETURNED],
        MOVED,
    ).astype(object)


def _jumped(past: pd.DataFrame, open_stages: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether an open stage that the CRM still has lies between the stage left and the one entered."""
    out = np.zeros(len(past), dtype=bool)
    here, there = (
        past["place"].to_numpy(dtype=float, na_value=np.nan),
        past["into_place"].to_numpy(dtype=float, na_value=np.nan),
    )
    there = np.where((past["into_kind"] == WON).to_numpy(), np.inf, there)
    for pipeline, rows in past.groupby("pipeline", sort=False).indices.items():
        places = np.sort(open_stages.loc[open_stages["pipeline"] == pipeline, "place"].to_numpy(dtype=float))
        after = np.searchsorted(places, here[rows], side="right")
        before = np.searchsorted(places, there[rows], side="left")
        out[rows] = before > after
    return out & (past["outcome"] == ADVANCED).to_numpy()


def stays(
    tables: DealTables, as_of: int, since: int | None = None, past: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row a stay in an open or unknown stage that was under observation between two moments (ms UTC): STAY_COLUMNS.

    Times in milliseconds, `days` from entering to leaving or to `as_of`, `delay` the days from entering to the moment from
    which the stay was under observation. `days` is a gap where nobody knows when the stay began. `counted` tells stays that
    were seen to be entered in the window. `past` is what `visits` gave, where it was made already.
    """
    past = visits(tables, as_of) if past is None else past
    kinds = stage_kinds(tables.stages)
    past = _home(past.copy(), kinds)
    past["outcome"] = _outcome(past)
    known = tables.stages.drop_duplicates(["pipeline", "stage"])["gone"].astype("boolean").fillna(False)
    present = kinds[(kinds["kind"] == OPEN) & ~known.to_numpy(dtype=bool)]
    past["jumped"] = _jumped(past, present)
    past["came_back"] = past.duplicated(["deal_id", "stage"]).to_numpy()
    past = past.loc[past["kind"].isin([OPEN, UNKNOWN])]
    made = numbers(
        past["deal_id"], tables.deals.drop_duplicates("deal_id").set_index("deal_id")["created_at"]
    )
    entered = past["entered_at"].to_numpy(dtype=float)
    late = past["first"].to_numpy(dtype=bool) & (entered - made > SETTLED_MS)
    lowest = kinds[kinds["kind"] == OPEN].groupby("pipeline")["place"].min()
    at_start = numbers(past["pipeline"], lowest) == past["place"].to_numpy(dtype=float, na_value=np.nan)
    began = np.where(late, np.where(at_start, made, np.nan), entered)
    left = past["left_at"].to_numpy(dtype=float, na_value=np.nan)
    seen_from = np.maximum(entered, -np.inf if since is None else float(since))
    out = past.assign(
        seen=~late,
        counted=~late & (entered >= (-np.inf if since is None else since)),
        days=(np.where(np.isnan(left), float(as_of), left) - began) / DAY_MS,
        delay=np.where(np.isnan(began), np.nan, (seen_from - began) / DAY_MS),
    )
    inside = np.isnan(left) | (left >= (-np.inf if since is None else since))
    chosen: pd.DataFrame = out.loc[inside, list(STAY_COLUMNS)]
    return chosen.reset_index(drop=True)


def skips(tables: DealTables, past: pd.DataFrame, since: int | None = None) -> pd.DataFrame:
    """One row a deal and open stage it passed over: deal_id, pipeline, stage, at (ms: when it went past it).

    A stage that the CRM has no more is not skipped after the last deal entered it. `past` is what `visits` gave.
    """
    kinds = stage_kinds(tables.stages)
    gone = tables.stages[tables.stages["gone"].astype("boolean").fillna(False)]
    gone_keys = set(zip(gone["pipeline"], gone["stage"], strict=True))
    beyond = past["into_place"].to_numpy(dtype=float, na_value=np.nan)
    beyond = np.where(
        (past["into_kind"] == WON).to_numpy(), np.inf, np.where(past["into_kind"] == OPEN, beyond, np.nan)
    )
    rows = past.assign(beyond=beyond)
    # Stays are in the order of time: the first of a deal in a stage comes first.
    first = past.drop_duplicates(["stage", "deal_id"])
    found = [pd.DataFrame({"deal_id": [], "pipeline": [], "stage": [], "at": []})]
    for pipeline, stage, place in kinds.loc[kinds["kind"] == OPEN, ["pipeline", "stage", "place"]].itertuples(
        index=False
    ):
        # A deal is taken by the pipeline in which it stands.
        went = rows[
            (rows["pipeline"] == pipeline)
            & (rows["kind"] == OPEN)
            & (rows["place"] < place)
            & (rows["beyond"] > place)
        ]
        known = first[first["stage"] == stage].set_index("deal_id")["entered_at"]
        went = went[~(numbers(went["deal_id"], known) < went["left_at"].to_numpy(dtype=float))]
        went = went.drop_duplicates("deal_id")
        at = went["left_at"].astype("int64")
        if (pipeline, stage) in gone_keys:
            last = past.loc[(past["pipeline"] == pipeline) & (past["stage"] == stage), "entered_at"].max()
            went, at = went[at <= last], at[at <= last]
        found.append(
            pd.DataFrame({"deal_id": went["deal_id"], "pipeline": pipeline, "stage": stage, "at": at})
        )
    out = pd.concat([f for f in found if len(f)] or found[:1], ignore_index=True)
    return out if since is None else out[out["at"] >= since].reset_index(drop=True)


def incidence(chosen: pd.DataFrame, level: float = LEVEL, split_jumps: bool = False) -> dict[str, Curve]:
    """The share of stays that left by each way by each time (days), by Aalen-Johansen: one curve each of CAUSES.

    With `split_jumps` those that advanced past a stage are a cause of their own, "jumped", which competes with "advanced".
    """
    names = (*CAUSES, "jumped") if split_jumps else CAUSES
    code = _codes(chosen)
    if split_jumps:
        code = np.where(chosen["jumped"].to_numpy(dtype=bool), 5, code)
    curves = aalen_johansen(chosen["days"], code, chosen["delay"], len(names), level)
    return dict(zip(names, curves, strict=True))


def time_in_stage(chosen: pd.DataFrame, level: float = LEVEL) -> Curve:
    """The share of stays that has not left by each time (days), by Kaplan-Meier: whichever way they left."""
    return kaplan_meier(chosen["days"], chosen["outcome"] != STILL, chosen["delay"], level)


@dataclass(frozen=True)
class _Stays:
    """The columns of stays that figures are made of, as arrays: looked up once, not for every group."""

    code: npt.NDArray[np.int64]
    deal: npt.NDArray[np.int64]
    days: npt.NDArray[np.float64]
    delay: npt.NDArray[np.float64]
    counted: npt.NDArray[np.bool_]
    seen: npt.NDArray[np.bool_]
    jumped: npt.NDArray[np.bool_]
    came_back: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Stays:
        flags = (rows[c].to_numpy(dtype=bool) for c in ("counted", "seen", "jumped", "came_back"))
        numbers_ = (rows[c].to_numpy(dtype=float) for c in ("days", "delay"))
        deal = pd.factorize(rows["deal_id"])[0].astype(np.int64)
        return cls(_codes(rows), deal, *numbers_, *flags)


def _codes(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The cause by which each stay ended: its place in CAUSES and one more; 0: not over."""
    outcome = rows["outcome"].to_numpy(dtype=object)
    return np.select([outcome == c for c in CAUSES], range(1, 5), 0).astype(np.int64)


def _figures(stays_: _Stays, at: npt.NDArray[np.int64], level: float) -> dict[str, float]:
    inside = at[stays_.counted[at]]
    number = np.bincount(stays_.code[inside], minlength=5)
    out: dict[str, float] = {"entered": inside.size, "deals": np.unique(stays_.deal[inside]).size}
    out |= {c: int(number[i + 1]) for i, c in enumerate(CAUSES)} | {STILL: int(number[0])}
    out |= {"jumped": int(stays_.jumped[inside].sum()), "came_back": int(stays_.came_back[inside].sum())}
    out["unseen"] = int((~stays_.seen[at]).sum())
    over = out["entered"] - out[STILL]
    low, high = wilson(out[ADVANCED], over, level)
    out |= {"conversion": out[ADVANCED] / over if over else np.nan}
    out |= {"conversion_low": float(low), "conversion_high": float(high)}
    table = risk_table(stays_.days[at], stays_.code[at], stays_.delay[at], len(CAUSES))
    out["horizon"] = table.last
    for name, k in (("share_advanced", 0), ("share_lost", 1)):
        found = incidence_of(table, k, level).at(table.last)
        out |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    whole = survival_of(table, level)
    for name, q in (("median", 0.5), ("p90", 0.9)):
        days = quantile(whole, q)
        out |= {name: days.value, f"{name}_low": days.low, f"{name}_high": days.high}
    return out


def funnel(
    tables: DealTables,
    as_of: int,
    since: int | None = None,
    by: str | None = None,
    calendar: Calendar | None = None,
    period: Kind | None = None,
    level: float = LEVEL,
    past: pd.DataFrame | None = None,
    rows: pd.DataFrame | None = None,
    passed: pd.DataFrame | None = None,
) -> Funnel:
    """The funnel as of a moment (ms UTC), of what happened since another.

    `by` is a column of `deals` (pipeline, owner_id, source, segment, tier, product), as it is today. With `calendar` and
    `period` stays are divided by the period in which they were entered. `past`, `rows` and `passed` are what `visits`, `stays`
    and `skips` gave for the same moments, where they were made already: several tables need them made once.
    """
    past = visits(tables, as_of) if past is None else past
    rows = (stays(tables, as_of, since, past) if rows is None else rows).copy(deep=False)
    passed = (skips(tables, past, since) if passed is None else passed).copy(deep=False)
    keys = ["group", "period", "pipeline", "stage"]
    rows["group"], passed["group"] = (
        groups(tables, rows["deal_id"], by),
        groups(tables, passed["deal_id"], by),
    )
    rows["period"] = passed["period"] = ""
    if calendar is not None and period is not None:
        rows["period"] = period_labels(rows["entered_at"], calendar, period)
        passed["period"] = period_labels(passed["at"], calendar, period)
    columns, place = _Stays.of(rows), rows["place"].to_numpy(dtype=float, na_value=np.nan)
    table = pd.DataFrame(
        [
            dict(zip(keys, k, strict=True)) | {"place": place[at[0]]} | _figures(columns, at, level)
            for k, at in slices(rows, keys)
        ]
    )
    if table.empty:
        return Funnel(_nothing(keys), *_counts(tables, as_of, past))
    number = passed.groupby(keys).size().rename("skipped").reset_index()
    table = table.merge(number, on=keys, how="left")
    table["skipped"] = table["skipped"].fillna(0).astype("int64")
    table = table.sort_values(["group", "period", "pipeline", "place"], kind="stable", na_position="last")
    return Funnel(table.reset_index(drop=True), *_counts(tables, as_of, past))


def _nothing(keys: list[str]) -> pd.DataFrame:
    none = pd.DataFrame({c: pd.Series(dtype=bool if c in ("jumped", "came_back", "seen", "counted") else "object")
                         for c in STAY_COLUMNS}).astype({"days": float, "delay": float})  # fmt: skip
    return pd.DataFrame(
        columns=[*keys, "place", *_figures(_Stays.of(none), np.empty(0, dtype=np.int64), LEVEL), "skipped"]
    )


def _counts(tables: DealTables, as_of: int, past: pd.DataFrame) -> tuple[int, int, int]:
    made = tables.deals[(tables.deals["created_at"] <= as_of).fillna(False).astype(bool)]
    return (
        len(made),
        int((~among(made["deal_id"], past["deal_id"])).sum()),
        int(((past["kind"] == UNKNOWN) & past["place"].isna()).sum()),
    )
