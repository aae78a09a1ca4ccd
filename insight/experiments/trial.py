"""The frame of an experiment: who was drawn in it, when, and what came from then on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.core import sieve
from sales_consultant.insight.experiments.draw import CONTROL, TREATED


@dataclass(frozen=True)
class Trial:
    """Only units drawn in this experiment, and only outcomes from assignment on.

    units
        Index 0..n-1: unit, treated (bool), assigned_at (ms UTC), entry (day of assignment, whole days since the start),
        covariate (float; gaps filled with the mean), cluster (codes from 0; without one: a code of its own).
    events
        What came within the horizon: position (row of `units`), day (whole days since the start), amount.
    start, days, horizon
        Start (ms UTC); whole days from it to the moment of the report; days within which an outcome counts.
    dropped
        Counts of what was left out, by code: other_experiment, excluded, no_group, before_start, after_as_of, repeated
        (units), unknown_unit, before_assignment, after_horizon, future, no_time, no_amount, negative (events),
        and covariate_missing (filled, not left out).
    """

    units: pd.DataFrame
    events: pd.DataFrame
    start: int
    days: int
    horizon: int
    dropped: dict[str, int]


def _drawn(
    assignments: pd.DataFrame, experiment: str, start: int, as_of: int, dropped: dict[str, int]
) -> pd.DataFrame:
    """The rows that belong to this experiment: who was switched on otherwise is no random sample."""
    left = assignments
    at = pd.to_numeric(left["assigned_at"], errors="coerce").astype("float64")
    reasons = {
        "other_experiment": (left["experiment"] != experiment).fillna(True),
        "excluded": left["group"] == "excluded",
        "no_group": ~left["group"].isin([TREATED, CONTROL]) | left["unit"].isna(),
        "before_start": ~(at >= start),
        "after_as_of": at > as_of,
    }
    keep, counts = sieve(left.index, reasons)
    dropped |= counts
    found = left[keep].assign(assigned_at=at[keep]).sort_values("assigned_at", kind="stable")
    repeated = found["unit"].duplicated()
    dropped["repeated"] = int(repeated.sum())
    return found[~repeated].reset_index(drop=True)


def _came(
    events: pd.DataFrame, units: pd.DataFrame, horizon: int, as_of: int, dropped: dict[str, int]
) -> pd.DataFrame:
    of = pd.Series(units.index, index=units["unit"].to_numpy(dtype=object))
    # Without any event the column keeps the type of texts.
    position = events["unit"].astype("object").map(of).astype("float64")
    at = pd.to_numeric(events["at"], errors="coerce").astype("float64")
    amount = (
        pd.to_numeric(events["amount"], errors="coerce").astype("float64")
        if "amount" in events
        else pd.Series(1.0, index=events.index)
    )
    assigned = position.map(units["assigned_at"]).astype("float64")
    reasons = {
        "unknown_unit": position.isna(),
        "no_time": at.isna(),
        "no_amount": ~np.isfinite(amount),
        "negative": amount < 0,
        "before_assignment": at < assigned,
        "future": at > as_of,
        "after_horizon": at >= assigned + horizon * DAY_MS,
    }
    keep, counts = sieve(events.index, reasons)
    dropped |= counts
    return pd.DataFrame(
        {"position": position[keep].astype("int64"), "at": at[keep], "amount": amount[keep]}
    ).sort_values(["at", "position"], kind="stable")


def trial(
    assignments: pd.DataFrame,
    events: pd.DataFrame,
    *,
    experiment: str,
    start: int,
    as_of: int,
    horizon: int,
    first_only: bool = True,
) -> Trial:
    """The trial of an experiment as it was known at a moment.

    assignments
        Rows of experiment, unit, group ("treated", "control", others are left out), assigned_at (ms UTC); if there:
        covariate (the score at assignment, never a later one) and cluster (the owner).
    events
        Rows of unit, at (ms UTC) and, for amounts, amount (in any one unit of money).
    start, as_of
        Milliseconds UTC.
    horizon
        Days from assignment within which an outcome counts.
    first_only
        A unit's first event only, counted as 1 (conversion). Otherwise all its amounts.
    """
    dropped: dict[str, int] = {}
    found = _drawn(assignments, experiment, start, as_of, dropped)
    covariate = (
        pd.to_numeric(found["covariate"], errors="coerce").astype("float64")
        if "covariate" in found
        else pd.Series(0.0, index=found.index)
    )
    covariate = covariate.where(np.isfinite(covariate))
    dropped["covariate_missing"] = int(covariate.isna().sum())
    filled = covariate.fillna(covariate.mean() if covariate.notna().any() else 0.0)
    cluster = pd.Series(np.arange(len(found)), index=found.index)
    if "cluster" in found:
        codes, _ = pd.factorize(found["cluster"])
        cluster = pd.Series(np.where(codes >= 0, codes, len(found) + cluster), index=found.index)
        cluster = pd.Series(pd.factorize(cluster)[0], index=found.index)
    entry = ((found["assigned_at"] - start) // DAY_MS).astype("int64")
    units = pd.DataFrame(
        {
            "unit": found["unit"],
            "treated": found["group"] == TREATED,
            "assigned_at": found["assigned_at"],
            "entry": entry,
            "covariate": filled,
            "cluster": cluster,
        }
    )
    came = _came(events, units, horizon, as_of, dropped)
    if first_only:
        came = came.drop_duplicates("position").assign(amount=1.0)
    came["day"] = ((came["at"] - start) // DAY_MS).astype("int64")
    kept = came[["position", "day", "amount"]].reset_index(drop=True)
    return Trial(units, kept, start, int((as_of - start) // DAY_MS), horizon, dropped)


def outcomes(made: Trial, *, complete: bool = True, cap: float | None = None) -> pd.DataFrame:
    """A unit's outcome: the columns of `units` and `y`; `complete`: only units whose horizon has passed.

    `cap`: no outcome counts for more (winsorised).
    """
    y = np.bincount(made.events["position"], weights=made.events["amount"], minlength=len(made.units)).astype(
        "float64"
    )
    out = made.units.assign(y=np.minimum(y, cap) if cap is not None else y)
    if complete:
        out = out[out["entry"] + made.horizon <= made.days]
    return out.reset_index(drop=True)
