"""What came of the companies of an experiment: who had the event, what they bought, what was done with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import deals, experiments, records
from sales_consultant.insight.core import Rates
from sales_consultant.insight.experiments import Trial, trial
from sales_consultant.scoring.populations import record_timelines
from sales_consultant.sync.plan import current_values, directory, experiment_groups
from sales_consultant.sync.runtime import Workspace
from sales_consultant.sync.stores import experiment_units, exposures

_OBJECT = {"deals": "deal", "contacts": "contact", "companies": "company"}


def timelines(ws: Workspace, populations: Sequence[str], as_of: int) -> pd.DataFrame:
    """The records of populations with their unit: unit, record_id, created_at, ended_at, event_at (ms UTC; gaps: not yet)."""
    engine = ws.warehouse.engine
    of = experiments.units(engine)
    found = []
    for name in populations:
        population = ws.settings.populations[name]
        life = record_timelines(engine, population, ws.settings.exclude, as_of=as_of)
        mine = of[of["object"] == _OBJECT[population.object]].set_index("id")["unit"]
        found.append(
            life.assign(unit=life["record_id"].map(mine))[
                ["unit", "record_id", "created_at", "ended_at", "event_at"]
            ]
        )
    if not found:
        return pd.DataFrame(columns=["unit", "record_id", "created_at", "ended_at", "event_at"])
    return pd.concat(found, ignore_index=True).dropna(subset=["unit"])


def alive_at(life: pd.DataFrame, at: int) -> pd.Series[bool]:
    """Which records were open in their population at a moment."""
    return (life["created_at"] <= at) & ~(life["ended_at"] <= at)


def scores_shown(ws: Workspace, at: int) -> dict[str, float]:
    """The best score that each unit's records showed at a moment (ms UTC)."""
    of = experiments.units(ws.warehouse.engine)
    units = dict(zip(zip(of["object"], of["id"], strict=True), of["unit"], strict=True))
    t = exposures.c
    query = sa.select(t.object, t.record_id, t.value).where(
        t.field == "score",
        t.value.is_not(None),
        t.visible_from <= at,
        sa.or_(t.visible_to.is_(None), t.visible_to > at),
    )
    best: dict[str, float] = {}
    for r in ws.state.rows(query):
        unit = units.get((_OBJECT.get(r["object"], "contact"), r["record_id"]))
        if unit is not None:
            best[unit] = max(best.get(unit, 0.0), float(r["value"]))
    return best


def rates(engine: DuckEngine, reporting: str) -> Rates:
    """The CRM's exchange rates into a currency, its own where none is named."""
    own, _ = records.currencies(engine, [])
    return Rates(deals.rates(engine), own, reporting or own)


def won(ws: Workspace) -> pd.DataFrame:
    """Won deals by unit: unit, at (ms UTC), amount (hundredths of the reporting currency; a gap: not known)."""
    engine = ws.warehouse.engine
    rows = deals.deals(engine)
    rows = rows[rows["is_won"].fillna(False) & rows["closed_at"].notna()].reset_index(drop=True)
    of = experiments.units(engine)
    unit = rows["deal_id"].map(of[of["object"] == "deal"].set_index("id")["unit"])
    money = rates(engine, ws.settings.company.reporting_currency)
    cents = money.cents(rows["cents"], rows["currency"], rows["closed_at"])
    return pd.DataFrame({"unit": unit, "at": rows["closed_at"], "amount": cents.astype("Float64")})


def drawn(ws: Workspace, experiment: experiment_groups.Experiment) -> pd.DataFrame:
    """Whom an experiment drew, as `trial` reads them."""
    rows = ws.state.rows(sa.select(experiment_units).where(experiment_units.c.experiment_id == experiment.id))
    columns = ["experiment_id", "unit", "arm", "assigned_at", "covariate", "cluster"]
    return pd.DataFrame(rows, columns=columns).rename(columns={"experiment_id": "experiment", "arm": "group"})


def conversions(ws: Workspace, experiment: experiment_groups.Experiment, as_of: int) -> Trial:
    """The trial of the populations' own event: a company's first one counts."""
    life = timelines(ws, experiment.content["populations"], as_of)
    events = life[["unit", "event_at"]].rename(columns={"event_at": "at"}).dropna()
    return _trial(ws, experiment, events, as_of, first_only=True)


def revenue(ws: Workspace, experiment: experiment_groups.Experiment, as_of: int) -> Trial:
    """The trial of what was booked: all won deals of a company, in hundredths."""
    return _trial(ws, experiment, won(ws), as_of, first_only=False)


def meetings(ws: Workspace, experiment: experiment_groups.Experiment, as_of: int) -> Trial:
    """The trial of meetings held."""
    rows = experiments.activities(ws.warehouse.engine, experiment.started_at, as_of)
    held = rows[rows["type"] == "meeting"]
    return _trial(ws, experiment, held[["unit", "at"]], as_of, first_only=False)


def _trial(
    ws: Workspace,
    experiment: experiment_groups.Experiment,
    events: pd.DataFrame,
    as_of: int,
    *,
    first_only: bool,
) -> Trial:
    return trial(
        drawn(ws, experiment),
        events,
        experiment=experiment.id,
        start=experiment.started_at,
        as_of=as_of,
        horizon=int(experiment.content["horizon_days"]),
        first_only=first_only,
    )


def activity_counts(
    ws: Workspace, experiment: experiment_groups.Experiment, as_of: int
) -> tuple[pd.DataFrame, int]:
    """What people did with each drawn unit before and after the start, over equally many days, and how many days.

    Columns: unit, treated, before, after, cluster.
    """
    days = max(int((as_of - experiment.started_at) // DAY_MS), 1)
    begin = experiment.started_at - days * DAY_MS
    rows = experiments.activities(ws.warehouse.engine, begin, as_of)
    units = drawn(ws, experiment)
    units = units[units["group"].isin(["treated", "control"])]
    later = rows["at"] >= experiment.started_at
    before, after = (rows[side].groupby("unit").size() for side in (~later, later))
    return (
        pd.DataFrame(
            {
                "unit": units["unit"],
                "treated": units["group"] == "treated",
                "before": units["unit"].map(before).fillna(0).astype("float64"),
                "after": units["unit"].map(after).fillna(0).astype("float64"),
                "cluster": np.unique(units["cluster"].astype(str), return_inverse=True)[1],
            }
        ),
        days,
    )


def owners_of(ws: Workspace) -> dict[str, str]:
    """The owner of each unit: that of the company, else of the record."""
    found: dict[str, str] = {}
    for entry, _ in directory.read(ws.warehouse.engine, ()):
        unit = f"companies:{entry.company}" if entry.company else f"{entry.key.object}:{entry.key.record_id}"
        if entry.owner and (entry.key.object == "companies" or unit not in found):
            found[unit] = entry.owner
    return found


def control_shown(ws: Workspace, experiment: experiment_groups.Experiment) -> int:
    """Records of the control group that still show something of ours: the next sync takes it away."""
    if experiment.ended_at is not None:
        return 0
    units = drawn(ws, experiment)
    control = set(units[units["group"] == "control"]["unit"])
    if not control:
        return 0
    held = current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields).values
    entries = directory.read(ws.warehouse.engine, held)
    shown = 0
    for entry, _ in entries:
        unit = f"companies:{entry.company}" if entry.company else f"{entry.key.object}:{entry.key.record_id}"
        if unit in control and any(held.get(entry.key, {}).values()):
            shown += 1
    return shown
