"""How likely an open deal is won or lost in each of the next months, from what became of deals like it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sales_consultant.insight.forecast.snapshots import NEVER, Floats, Ints, Snapshots

# Months in the stage at which the next age band begins.
_AGES = np.array([1, 2, 4, 7, 13])
# Months until the close date at which the next band begins; band 0 is overdue, the last band is "no date".
_DUES = np.array([0, 1, 2, 3, 6])
# Deal-months of a larger group that count as much as a cell's own.
_SHRINK = 20.0
# Past origins that are learned from.
WINDOW = 24


@dataclass(frozen=True)
class Hazards:
    """Chances by cell.

    cell
        (rows,) of each snapshot that was asked for, its row in the two tables.
    won
        (cells, H) chance that the deal is won in that month (from the origin's own on), not given that it lasts.
    lost
        (cells, H) the same for lost.
    """

    cell: Ints
    won: Floats
    lost: Floats


def _keys(snaps: Snapshots, use_close: bool) -> tuple[Ints, Ints, Ints]:
    """Codes of each row's cell, its stage and its pipeline: each nested in the next."""
    pipeline = snaps.pipeline + 1
    stage = pipeline * (len(snaps.stages) + 1) + snaps.stage + 1
    age = np.searchsorted(_AGES, snaps.age, side="right")
    due = np.searchsorted(_DUES, snaps.due, side="right")
    due = np.where(snaps.due == -NEVER, len(_DUES) + 1, due) if use_close else np.zeros_like(age)
    cell = (stage * (len(_AGES) + 1) + age) * (len(_DUES) + 2) + due
    return cell, stage, pipeline


def _counts(
    code: Ints, groups: int, snaps: Snapshots, rows: Ints, place: int, horizon: int
) -> tuple[Floats, ...]:
    """Deal-months at risk, won and lost by group and month ahead: each (groups, H)."""
    # A month counts only where it had ended at the origin that asks.
    follow = np.minimum(place - snaps.origin[rows] - 1, horizon - 1)
    won, lost = snaps.won_in[rows], snaps.lost_in[rows]
    last = np.minimum(np.minimum(won, lost), follow)
    size = groups * horizon

    def counted(offset: Ints, keep: NDArray[np.bool_]) -> Floats:
        hits = np.bincount((code * horizon + offset)[keep], minlength=size)
        return hits.reshape(groups, horizon).astype(np.float64)

    at_end = counted(last, last >= 0)
    risk = at_end[:, ::-1].cumsum(axis=1)[:, ::-1]
    return risk, counted(won, won <= follow), counted(lost, lost <= follow)


def hazards(snaps: Snapshots, rows: Ints, place: int, horizon: int, use_close: bool) -> Hazards:
    """The chances of some snapshots (row numbers), learned from origins before `place` and what was known at it.

    The discrete hazard of each month ahead is events over deals at risk (Allison, 1982), for each cell of pipeline,
    stage and months in the stage (and months to the close date, where `use_close`). Each is shrunk to its stage's, that to
    its pipeline's, that to all: (events + k h) / (at risk + k), the mean under a beta prior worth k deals.
    """
    learn = np.flatnonzero((snaps.origin < place) & (snaps.origin >= place - WINDOW - horizon))
    used = np.concatenate([learn, rows])
    codes = [np.unique(key[used], return_inverse=True)[1] for key in _keys(snaps, use_close)]
    count = len(learn)
    above_won, above_lost = np.zeros((1, horizon)), np.zeros((1, horizon))
    above_code = np.zeros(len(used), dtype=np.int64)
    for code in (above_code, *codes[::-1]):
        groups = int(code.max(initial=0)) + 1
        risk, won, lost = _counts(code[:count], groups, snaps, learn, place, horizon)
        parent = np.zeros(groups, dtype=np.int64)
        parent[code] = above_code
        above_won = (won + _SHRINK * above_won[parent]) / (risk + _SHRINK)
        above_lost = (lost + _SHRINK * above_lost[parent]) / (risk + _SHRINK)
        above_code = code
    staying = np.clip(1 - above_won - above_lost, 0, 1)
    before = np.concatenate([np.ones((len(staying), 1)), np.cumprod(staying, axis=1)[:, :-1]], axis=1)
    return Hazards(above_code[count:].astype(np.int64), before * above_won, before * above_lost)


def log_loss(snaps: Snapshots, place: int, horizon: int, use_close: bool) -> Floats:
    """What the hazards as of a past origin cost at the deals then open, (rows,): minus the log of the chance of what came.

    What came by the snapshots' last origin: won in month j, lost in month j, or neither.
    """
    horizon = min(horizon, len(snaps.months.origins) - 1 - place)
    rows = np.flatnonzero(snaps.origin == place)
    if horizon < 1 or not len(rows):
        return np.empty(0)
    found = hazards(snaps, rows, place, horizon, use_close)
    won, lost = snaps.won_in[rows], snaps.lost_in[rows]
    chance = np.select(
        [won < horizon, lost < horizon],
        [
            found.won[found.cell, np.minimum(won, horizon - 1)],
            found.lost[found.cell, np.minimum(lost, horizon - 1)],
        ],
        1 - found.won[found.cell].sum(axis=1) - found.lost[found.cell].sum(axis=1),
    )
    out: Floats = -np.log(np.clip(chance, 1e-6, 1))
    return out


def close_date_helps(snaps: Snapshots, place: int, horizon: int = 3) -> bool:
    """Whether deals told apart by their close date were foretold better at the six origins that are known by `place`.

    By more than a standard error of the difference over origins; below three origins it does not.
    """
    gains = []
    for past in range(max(place - horizon - 5, 1), place - horizon + 1):
        cut = up_to(snaps, place)
        without, withed = log_loss(cut, past, horizon, False), log_loss(cut, past, horizon, True)
        if len(without):
            gains.append(float(np.mean(without - withed)))
    if len(gains) < 3:
        return False
    return bool(np.mean(gains) > np.std(gains, ddof=1) / np.sqrt(len(gains)))


def up_to(snaps: Snapshots, place: int) -> Snapshots:
    """The snapshots as they could be made at a past origin: endings in months that were not over by then are not known.

    The origin's own month is left out too, as it was only begun.
    """
    keep = snaps.origin <= place
    names = (
        "origin",
        "deal",
        "pipeline",
        "stage",
        "age",
        "due",
        "cents",
        "owner",
        "won_in",
        "lost_in",
        "final",
    )
    kept = {name: getattr(snaps, name)[keep] for name in names}
    follow = place - kept["origin"] - 1
    for name in ("won_in", "lost_in"):
        kept[name] = np.where(kept[name] <= follow, kept[name], NEVER)
    kept["final"] = np.where(kept["won_in"] < NEVER, kept["final"], np.nan)
    months = snaps.months
    cut = type(months)(months.starts, months.origins[: place + 1], months.labels)
    return replace(snaps, months=cut, **kept)
