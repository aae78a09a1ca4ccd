"""Bottlenecks: stages that let through less, or keep deals longer, than their own past or their peers, beyond noise.

How it is decided:

- Past: stays entered since `recent` against those entered before, each watched in its own stretch of time only, so that both
  are independent. Peers: stays of one group (owner, segment, pipeline) in a stage since `recent` against those of all others
  in the same stage.
- Conversion is the share that has advanced by a common horizon, by Aalen-Johansen, so that recent stays that are not over
  yet count for what is known of them. The horizon is the longest time for which five stays on either side were watched. The
  two shares are compared by the pooled score test (Wilson 1927 gives its interval), one-sided: lower is worse. Each side
  counts with its effective number, share x (1 - share) / variance, at most its entries; that is the plain test of two
  shares where nothing is censored.
- Time is time to leaving by any way, by the one-sided log-rank test: later is worse.
- Error budget: `alpha` bounds the chance of naming any stage where none differs. Each kind of comparison that is asked for has an
  equal part of it; of that part conversion has nine tenths and time one. Within each, Holm's step-down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import LOST, WON
from sales_consultant.insight.funnel.endings import ALL, slices
from sales_consultant.insight.funnel.intervals import (
    LEVEL,
    benjamini_hochberg,
    holm,
    share_difference,
    upper_tail,
    z_of,
)
from sales_consultant.insight.funnel.stages import ADVANCED, STILL
from sales_consultant.insight.funnel.survival import (
    RiskTable,
    incidence_of,
    log_rank,
    quantile,
    risk_table,
    survival_of,
)

PAST, PEERS = "past", "peers"
LEAST = 30
"""With fewer stays than this on a side nothing is compared."""
_WATCHED = 5
_OF_CONVERSION = 0.9


@dataclass(frozen=True)
class _Side:
    """Stays of one side of a comparison: days under observation and what they ended with (0: not over)."""

    days: npt.NDArray[np.float64]
    advanced: npt.NDArray[np.bool_]
    left: npt.NDArray[np.bool_]

    @property
    def horizon(self) -> float:
        return float(np.sort(self.days)[-_WATCHED])

    @property
    def table(self) -> RiskTable:
        return risk_table(self.days, np.where(self.advanced, 1, np.where(self.left, 2, 0)), None, 2)

    def share(self, table: RiskTable, horizon: float) -> tuple[float, float, float]:
        """The share advanced by a horizon, its variance, and the effective number of stays."""
        curve = incidence_of(table, 0)
        p, v, n = curve.at(horizon).value, curve.variance_at(horizon), self.days.size
        effective = min(n, p * (1 - p) / v) if v > 0 else n
        # At 0 and 1 the delta method knows no variance; what one more stay could show stands for it.
        return p, v if v > 0 else 1 / (4 * n * n), effective


@dataclass(frozen=True)
class _Stays:
    """Stays that were seen to begin, and what became of their deals: looked up once, not for every comparison.

    Times in ms (`left_at` infinite while it stands), `deal` the number of a deal, `won` and `lost` whether it ended so, `value`
    its cents (NaN: not known).
    """

    entered: npt.NDArray[np.float64]
    left_at: npt.NDArray[np.float64]
    advanced: npt.NDArray[np.bool_]
    deal: npt.NDArray[np.int64]
    won: npt.NDArray[np.bool_]
    lost: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float64]

    @classmethod
    def of(cls, rows: pd.DataFrame, ends: pd.DataFrame) -> _Stays:
        of_end = pd.Index(ends["deal_id"]).get_indexer(pd.Index(rows["deal_id"]))
        status = np.append(ends["status"].to_numpy(dtype=object), "")[of_end]
        value = np.append(ends["value"].to_numpy(dtype=float, na_value=np.nan), np.nan)[of_end]
        outcome = rows["outcome"].to_numpy(dtype=object)
        left_at = rows["left_at"].to_numpy(dtype=float, na_value=np.inf)
        return cls(
            rows["entered_at"].to_numpy(dtype=float), np.where(outcome == STILL, np.inf, left_at), outcome == ADVANCED,
            pd.factorize(rows["deal_id"])[0].astype(np.int64), status == WON, status == LOST, value,
        )  # fmt: skip

    def side(self, at: npt.NDArray[np.int64], start: float, end: float) -> _Side:
        """Of some stays those entered from `start` up to `end` (ms), watched until `end`."""
        at = at[(self.entered[at] >= start) & (self.entered[at] < end)]
        over = self.left_at[at] <= end
        days = (np.minimum(self.left_at[at], end) - self.entered[at]) / DAY_MS
        return _Side(days, self.advanced[at] & over, over)


def _compare(other: _Side, own: _Side) -> dict[str, float]:
    """Both tests of one stage: `other` is what it is measured by."""
    out = dict.fromkeys(
        ("share_other", "share_own", "difference_low", "difference_high", "p_conversion", "p_time"), math.nan
    )
    out |= {
        "entries_other": other.days.size,
        "entries": own.days.size,
        "horizon": math.nan,
        "variance": math.nan,
    }
    out |= {"median_other": math.nan, "median_own": math.nan}
    if min(other.days.size, own.days.size) < LEAST:
        return out
    horizon = min(other.horizon, own.horizon)
    tables = other.table, own.table
    (p, v, n), (q, w, m) = other.share(tables[0], horizon), own.share(tables[1], horizon)
    pooled = (p * n + q * m) / (n + m)
    spread = pooled * (1 - pooled) * (1 / n + 1 / m)
    apart = share_difference((q * m, p * n), (m, n))
    out |= {"share_other": p, "share_own": q, "horizon": horizon, "variance": v + w}
    out |= {"difference_low": apart.low, "difference_high": apart.high}
    out["p_conversion"] = float(upper_tail(np.array([(p - q) / math.sqrt(spread)]))[0]) if spread > 0 else 1.0
    later = log_rank(
        np.r_[other.days, own.days], np.r_[other.left, own.left],
        np.r_[np.zeros(other.days.size, dtype=bool), np.ones(own.days.size, dtype=bool)],
    )  # fmt: skip
    out["p_time"] = 1.0 if math.isnan(later) else float(upper_tail(np.array([later]))[0])
    for name, table in zip(("median_other", "median_own"), tables, strict=True):
        out[name] = quantile(survival_of(table)).value
    return out


def _stake(
    found: dict[str, float], stays: _Stays, at: npt.NDArray[np.int64], level: float
) -> dict[str, float]:
    """Entries x conversion lost x win rate of what advances x mean amount won, with the delta method's interval."""
    at = at[stays.advanced[at] & (stays.won[at] | stays.lost[at])]
    at = at[np.unique(stays.deal[at], return_index=True)[1]]
    won = stays.won[at]
    value = stays.value[at][won]
    value = value[np.isfinite(value)]
    nothing = dict.fromkeys(("downstream", "amount", "stake", "stake_low", "stake_high"), math.nan)
    if value.size < 2 or math.isnan(found["share_own"]):
        return nothing
    e, lost = found["entries"], found["share_other"] - found["share_own"]
    w, a = float(won.mean()), float(value.mean())
    var_w, var_a = w * (1 - w) / won.size, float(value.var(ddof=1)) / value.size
    # The three estimates are taken as independent: Casella and Berger (2002), Statistical Inference, section 5.5.4.
    spread = e * math.sqrt(
        found["variance"] * (w * a) ** 2 + var_w * (lost * a) ** 2 + var_a * (lost * w) ** 2
    )
    stake, half = e * lost * w * a, z_of(level) * spread
    return {
        "downstream": w,
        "amount": a,
        "stake": stake,
        "stake_low": stake - half,
        "stake_high": stake + half,
    }


def same_stage(rows: pd.DataFrame, stages: pd.DataFrame) -> npt.NDArray[np.object_]:
    """What makes stages of several pipelines peers: their label, without case and blanks at its ends."""
    label = stages.drop_duplicates(["pipeline", "stage"])[["pipeline", "stage", "label"]]
    found = rows[["pipeline", "stage"]].merge(label, on=["pipeline", "stage"], how="left")["label"]
    return (
        found.fillna(rows["stage"].reset_index(drop=True))
        .astype(str)
        .str.strip()
        .str.casefold()
        .to_numpy(dtype=object)
    )


def bottlenecks(
    rows: pd.DataFrame,
    ends: pd.DataFrame,
    recent: int,
    as_of: int,
    groups: npt.NDArray[np.object_] | None = None,
    peers: npt.NDArray[np.object_] | None = None,
    alpha: float = 0.06,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Compare each stage with its past, and with its peers where `groups` are given.

    `rows` is what `stays` gave, `ends` what `endings` gave; `recent` (ms UTC) is where past and present part. `groups` is the
    group of each row; `peers` what makes stages the same among groups (without it: pipeline and stage).

    One row a comparison, the largest stake first: against (past, peers), group, pipeline, stage, named (it is a bottleneck),
    by_conversion, by_time; entries and entries_other; share_own and share_other by `horizon` days, difference_low and
    difference_high (own less other, Newcombe); median_own and median_other in days; p_conversion, p_time and both adjusted
    (adjusted_conversion, adjusted_time); downstream (win rate), amount (mean cents won), stake with stake_low and stake_high:
    cents of the reporting currency over the entries of the recent stretch. NaN: too little to compare.
    """
    stage = rows["pipeline"].astype(str) + "\0" + rows["stage"].astype(str)
    same = stage.to_numpy(dtype=object) if peers is None else peers
    rows = rows.assign(_group=ALL if groups is None else groups, _same=same)[
        rows["counted"].to_numpy(dtype=bool)
    ]
    stays = _Stays.of(rows, ends)
    found = _against_past(rows, stays, recent, as_of, level)
    if groups is not None:
        found += _against_peers(rows, stays, recent, as_of, level)
    table = pd.DataFrame(found)
    if table.empty:
        return table
    budget = alpha / table["against"].nunique()
    for kind, part in (("conversion", _OF_CONVERSION), ("time", 1 - _OF_CONVERSION)):
        adjusted = table.groupby("against")[f"p_{kind}"].transform(lambda p: holm(p.to_numpy()))
        table[f"adjusted_{kind}"] = adjusted
        table[f"by_{kind}"] = adjusted <= budget * part
    table["named"] = table["by_conversion"] | table["by_time"]
    return table.sort_values(["named", "stake"], ascending=False, kind="stable").reset_index(drop=True)


def _against_past(
    rows: pd.DataFrame, stays: _Stays, recent: int, as_of: int, level: float
) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for (pipeline, stage), at in slices(rows, ["pipeline", "stage"]):
        told = _compare(stays.side(at, -math.inf, recent), stays.side(at, recent, as_of))
        place = {"against": PAST, "group": ALL, "pipeline": pipeline, "stage": stage}
        out.append(place | told | _stake(told, stays, at, level))
    return out


def _against_peers(
    rows: pd.DataFrame, stays: _Stays, recent: int, as_of: int, level: float
) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    group = rows["_group"].to_numpy(dtype=object)
    pipeline, stage = rows["pipeline"].to_numpy(dtype=object), rows["stage"].to_numpy(dtype=object)
    for _, every in slices(rows, ["_same"]):
        every = every[stays.entered[every] >= recent]
        labels, where = np.unique(group[every].astype(str), return_inverse=True)
        for k, label in enumerate(labels):
            own, others = every[where == k], every[where != k]
            if label == "" or min(own.size, others.size) < LEAST:
                continue
            told = _compare(stays.side(others, recent, as_of), stays.side(own, recent, as_of))
            place = {
                "against": PEERS,
                "group": str(label),
                "pipeline": pipeline[own[0]],
                "stage": stage[own[0]],
            }
            out.append(place | told | _stake(told, stays, every, level))
    return out


def what_won_deals_did(
    rows: pd.DataFrame, ends: pd.DataFrame, activity: pd.DataFrame, alpha: float = 0.05, level: float = LEVEL
) -> pd.DataFrame:
    """How activities in a stage differ between deals later won and later lost: an association, no cause.

    `activity` has rows of deal_id, stage, kind, count; a deal that was in the stage and has no row did none. A deal that
    stays longer has time for more. Columns: pipeline, stage, kind, won, lost (deals), mean_won, mean_lost (activities a
    deal), difference with low and high (Welch 1947, by normal quantiles), p (two-sided), adjusted (Benjamini-Hochberg over
    all rows), differs (adjusted <= alpha). At least LEAST deals on either side.
    """
    deals = rows.drop_duplicates(["deal_id", "pipeline", "stage"])[["deal_id", "pipeline", "stage"]]
    deals = deals.merge(ends.loc[ends["status"].isin([WON, LOST]), ["deal_id", "status"]], on="deal_id")
    usable = activity[activity["count"].ge(0).fillna(False)]
    counts = usable.groupby(["stage", "kind", "deal_id"])["count"].sum()
    out = []
    for stage, kind in usable[["stage", "kind"]].drop_duplicates().itertuples(index=False):
        done = counts.loc[(stage, kind)]
        for pipeline, part in deals[deals["stage"] == stage].groupby("pipeline"):
            n = part["deal_id"].map(done).fillna(0).to_numpy(dtype=float)
            is_won = (part["status"] == WON).to_numpy()
            won, lost = n[is_won], n[~is_won]
            if min(won.size, lost.size) < LEAST:
                continue
            apart, error = (
                won.mean() - lost.mean(),
                math.sqrt(won.var(ddof=1) / won.size + lost.var(ddof=1) / lost.size),
            )
            half, sure = z_of(level) * error, abs(apart) / error if error > 0 else 0.0
            out.append(
                {"pipeline": pipeline, "stage": stage, "kind": kind, "won": won.size, "lost": lost.size, "mean_won": won.mean(),
                 "mean_lost": lost.mean(), "difference": apart, "low": apart - half, "high": apart + half,
                 "p": float(2 * upper_tail(np.array([sure]))[0])}
            )  # fmt: skip
    table = pd.DataFrame(
        out,
        columns=[
            "pipeline",
            "stage",
            "kind",
            "won",
            "lost",
            "mean_won",
            "mean_lost",
            "difference",
            "low",
            "high",
            "p",
        ],
    )
    table["adjusted"] = benjamini_hochberg(table["p"].to_numpy(dtype=float))
    table["differs"] = table["adjusted"] <= alpha
    return table.sort_values("adjusted", kind="stable").reset_index(drop=True)
