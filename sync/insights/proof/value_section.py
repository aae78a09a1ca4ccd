"""The section "value": whether the scores helped, from the newest experiment, steps and surveys."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd
import sqlalchemy as sa

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.experiments import (
    LOOK_COLUMNS,
    Effect,
    Trial,
    attention,
    before_after,
    cycle_time,
    first_alarm,
    looks,
    outcomes,
    revenue_uplift,
    roi,
    spill_over,
    uplift,
)
from sales_consultant.insight.reports import Context, Section, value
from sales_consultant.sync.insights.proof import experiments, steps_used, surveys, trials
from sales_consultant.sync.insights.proof.experiment_design import scored_populations
from sales_consultant.sync.plan import experiment_groups
from sales_consultant.sync.runtime import Workspace, known_until, last_as_of
from sales_consultant.sync.stores import exposures

# Months of a year before the first score tell of every season once.
_MONTHS_BEFORE = 12
_MONTH_DAYS = 365.25 / 12


def of_value(ws: Workspace, context: Context) -> Section:
    """What an experiment found, or that there was none; how steps are used; what customers say."""
    until = known_until(ws, context.as_of)
    experiment = next((e for e in experiment_groups.known(ws.state) if e.started_at <= until), None)
    return value.section(
        context.words,
        trial=None if experiment is None else _trial(ws, experiment, context),
        monthly=_monthly(ws, context) if experiment is None else value.Monthly(None),
        answers=steps_used.answers(ws, context),
        drawn=steps_used.drawn(ws, context),
        upkeep=steps_used.upkeep(ws, context),
        surveys=surveys.surveys(ws, context),
        by_owner=ws.settings.reports.by_owner,
    )


def _trial(
    ws: Workspace, experiment: experiment_groups.Experiment, context: Context
) -> tuple[value.Announced, value.Looks, value.Outcomes]:
    content = experiment.content
    # One that was announced since the CRM was last read is told as it began.
    until = max(min(context.as_of, experiment.ended_at or context.as_of), experiment.started_at)
    drawn = trials.drawn(ws, experiment)
    if context.as_of >= last_as_of(ws):
        # The clock of a run is told in whole seconds: who was drawn in the last one was drawn by then.
        until = max([until, *drawn["assigned_at"].tolist()])
    made = trials.conversions(ws, experiment, until)
    there = len(made.units) > 0
    days = looks(made, experiments.plan_of(experiment)) if there else pd.DataFrame(columns=list(LOOK_COLUMNS))
    populations = tuple(
        getattr(ws.settings.populations.get(n), "label", "") or n for n in content["populations"]
    )
    ended = experiment.ended_at if (experiment.ended_at or context.as_of + 1) <= context.as_of else None
    announced = value.Announced(
        experiment.id, str(content["hypothesis"]), populations, experiment.share, int(content["horizon_days"]),
        bool(content["clustered"]), experiment.started_at, ended, content["design"].get("base"),
        content["design"].get("smallest"),
    )  # fmt: skip
    told = value.Looks(
        days,
        first_alarm(days) if len(days) else None,
        experiments.ratio_of(experiment, made),
        int((drawn["group"] == "excluded").sum()),
        trials.control_shown(ws, experiment) if ended is None else 0,
    )
    return announced, told, _outcomes(ws, experiment, made, until)


def _outcomes(
    ws: Workspace, experiment: experiment_groups.Experiment, made: Trial, until: int
) -> value.Outcomes:
    clustered = bool(experiment.content["clustered"])
    rng = np.random.default_rng(zlib.crc32(experiment.id.encode()))
    effects: dict[value.Measure, Effect] = {
        "conversion": uplift(outcomes(made), clustered=clustered),
        "revenue": revenue_uplift(outcomes(trials.revenue(ws, experiment, until)), rng, clustered=clustered),
        "days": cycle_time(_days(made), horizon=made.horizon, clustered=clustered),
        "meetings": uplift(outcomes(trials.meetings(ws, experiment, until)), clustered=clustered),
    }
    counted, days = trials.activity_counts(ws, experiment, until)
    moved = spill = None
    if len(counted) and counted[["before", "after"]].to_numpy().sum() > 0:
        moved = attention(counted, days_before=days, days_after=days, clustered=clustered)
        if not moved.reason:
            spill = spill_over(counted, days_before=days, days_after=days, clustered=clustered)
    proof = ws.settings.proof
    cost = None
    if proof.cost_per_month is not None:
        # A day at least: on the first one it has cost something, too.
        months = max((until - experiment.started_at) / DAY_MS, 1.0) / _MONTH_DAYS
        cost = proof.cost_per_month * 100 * months
    revenue = effects["revenue"]
    entry = int(made.units["entry"].min()) if len(made.units) else 0
    return value.Outcomes(
        effects,
        experiment.started_at + (entry + made.horizon) * DAY_MS,
        moved,
        spill,
        days,
        proof.margin,
        cost,
        roi(revenue, exposed=revenue.n_treated, control=revenue.n_control, margin=proof.margin, cost=cost),
    )


def _days(made: Trial) -> pd.DataFrame:
    """Complete windows, with the days until the event; a gap where there was none."""
    first = made.events.drop_duplicates("position").set_index("position")["day"]
    days = first.reindex(made.units.index) - made.units["entry"]
    out = made.units.assign(y=days.astype("float64"))
    return out[out["entry"] + made.horizon <= made.days].reset_index(drop=True)


def _monthly(ws: Workspace, context: Context) -> value.Monthly:
    """The share of companies with the event by month, before and after the first score; never an effect."""
    t = exposures.c
    query = sa.select(sa.func.min(t.visible_from).label("at")).where(
        t.field.in_(("score", "grade")),
        t.value.is_not(None),
        t.visible_from <= known_until(ws, context.as_of),
    )
    first = ws.state.rows(query)[0]["at"]
    if first is None or not ws.settings.populations:
        return value.Monthly(None if first is None else int(first))
    started = int(first)
    calendar = context.calendar
    month = calendar.period("month", started)
    life = trials.timelines(ws, scored_populations(ws, ()), context.as_of)
    rows = []
    for period in calendar.between("month", calendar.shift(month, -_MONTHS_BEFORE).start, context.as_of):
        if period.end > context.as_of or period.label == month.label:
            continue
        alive = life[trials.alive_at(life, period.start)]
        hit = ((alive["event_at"] > period.start) & (alive["event_at"] <= period.end)).fillna(False)
        units = alive["unit"].nunique()
        if units:
            rows.append(
                (period.label, period.start, period.first_day.month, units,
                 alive["unit"][hit].nunique(), period.start >= started)
            )  # fmt: skip
    months = pd.DataFrame(rows, columns=["label", "start", "month", "units", "outcome", "later"])
    found = None
    if months["later"].nunique() == 2:
        found = before_after(months, started_at=started)
    return value.Monthly(started, months, found)
