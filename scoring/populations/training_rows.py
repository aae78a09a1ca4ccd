"""Training rows: the members of past cut-offs with the label that a horizon later was known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.populations import DEFAULT_HORIZON_DAYS, MAX_HORIZON_DAYS

if TYPE_CHECKING:
    from sales_consultant.config.populations import Population
    from sales_consultant.scoring.populations.members import Membership

# Judgements: closer cut-offs show the same records again; fewer than four do not show how a record changes; what is
# older than 24 months is another business.
STEP_DAYS = 30
MIN_CUTS = 4
MAX_CUTS = 24
# Won deals below which their longest cycles are not known: a judgement.
_MIN_WON = 20
# A judgement: under a week no rep could act on a score.
_MIN_HORIZON_DAYS = 7
# Nearly all won deals were won within it; the few slowest would lengthen the horizon of all.
_WON_SHARE = 0.95
# A horizon that is computed moves with every week's deals; labels that move with it cannot be compared.
_STAYS_WITHIN = 0.2


def horizon_days(population: Population, members: Membership, *, before: int | None = None) -> int:
    """The configured horizon, else 90 days, else for deals the 95th percentile of won cycles.

    `before` is the horizon of the model in force: a computed one that differs from it by no more than 20 % gives way to it.
    """
    found = _horizon_days(population, members)
    if population.horizon_days is None and before and abs(found - before) <= _STAYS_WITHIN * before:
        return before
    return found


def _horizon_days(population: Population, members: Membership) -> int:
    if population.horizon_days is not None:
        return population.horizon_days
    if population.object != "deals":
        return DEFAULT_HORIZON_DAYS
    life = members.life[(members.life["excluded"] == "") & members.life["event_at"].notna()]
    days = ((life["event_at"] - life["created_at"]) / DAY_MS).to_numpy(dtype=float)
    if len(days) < _MIN_WON:
        return DEFAULT_HORIZON_DAYS
    return int(np.clip(np.ceil(np.quantile(days, _WON_SHARE)), _MIN_HORIZON_DAYS, MAX_HORIZON_DAYS))


def cut_offs(members: Membership, horizon: int) -> list[int]:
    """Past cut-offs whose horizon is over by the as-of time, oldest first.

    Every 30 days, closer where the data are younger than four such steps; at most 24.
    """
    life = members.life
    if life.empty:
        return []
    newest = members.as_of - horizon * DAY_MS
    # A few records with a date of long ago are no history.
    span = (newest - int(life["created_at"].quantile(0.02))) // DAY_MS
    if span < MIN_CUTS:
        return []
    step = min(STEP_DAYS, span // MIN_CUTS)
    count = min(MAX_CUTS, span // step)
    return [newest - k * step * DAY_MS for k in range(count)][::-1]


def under_way(members: Membership, horizon: int) -> list[int]:
    """Cut-offs whose horizon is not over by the as-of time, in the steps of those that are, oldest first."""
    over = cut_offs(members, horizon)
    if len(over) < 2:
        return []
    step = over[-1] - over[-2]
    return list(range(over[-1] + step, members.as_of, step))


def labelled(members: Membership, cuts: list[int], horizon: int) -> pd.DataFrame:
    """Members at the cut-offs with `label` (1: the event happened within the horizon), `weight`, and whether the event
    `repeats`.

    Rows whose horizon is not over by the as-of time are censored and left out. That holds for those whose
    outcome came early too: keeping only these would make wins and losses look quicker than they are. A deal
    that was lost, or a lead that left, within the horizon is a negative. The rows of a record share the
    weight of one.
    """
    whole = [c for c in cuts if c + horizon * DAY_MS <= members.as_of]
    rows = members.at_all(whole) if whole else members.at(members.as_of).iloc[:0]
    happened = (rows["event_at"] > rows["cut"]) & (rows["event_at"] <= rows["cut"] + horizon * DAY_MS)
    rows["label"] = happened.astype("float64")
    rows["repeats"] = members.population.event == "next_purchase"
    return weighted(rows)


def weighted(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a weight of 1 over the number of rows of their record."""
    rows = rows.copy()
    rows["weight"] = 1.0 / rows.groupby("record_id")["record_id"].transform("size")
    return rows


def classes(rows: pd.DataFrame) -> tuple[int, int]:
    """Records with the event in any of their rows, and records without it.

    A customer may buy again and again: those whose event can repeat count on both sides.
    """
    of_record = rows.groupby("record_id")["label"]
    best, worst = of_record.max(), of_record.min()
    repeats = "repeats" in rows and bool(rows["repeats"].any())
    return int(best.sum()), int((1 - (worst if repeats else best)).sum())


def split(rows: pd.DataFrame, horizon: int) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Rows to learn from and rows to judge on, in time, with a gap of the horizon between them.

    The first cut-off of the test is chosen such that the smaller class of both sides is as large as can be,
    a record of the test counting three times one to learn from. Every label to learn from was known before
    the test began. None where no choice leaves both classes on both sides.
    """
    best, chosen = 0, None
    for start in sorted(rows["cut"].unique()):
        train, test = rows[rows["cut"] + horizon * DAY_MS <= start], rows[rows["cut"] >= start]
        if train.empty or test.empty:
            continue
        # A judgement: to judge needs fewer records than to learn (docs/decisions/scoring-test-start.md).
        worth = min(*classes(train), 3 * min(classes(test)))
        if worth >= best and worth > 0:
            best, chosen = worth, (weighted(train), test)
    return chosen
