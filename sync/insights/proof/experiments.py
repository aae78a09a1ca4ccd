"""Experiments: started, looked at every day, ended."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.nearest import did_you_mean
from sales_consultant.insight.experiments import (
    LOOK_COLUMNS,
    Plan,
    Ratio,
    Trial,
    first_alarm,
    looks,
    sample_ratio,
)
from sales_consultant.sync.insights.proof import trials
from sales_consultant.sync.insights.proof.experiment_design import design, refuse_few_owners, share_of_control
from sales_consultant.sync.insights.proof.results import Ended, Looked, Started
from sales_consultant.sync.plan import experiment_groups
from sales_consultant.sync.runtime import Workspace, last_as_of, open_pulled
from sales_consultant.sync.stores import experiments

# What a look tells as whole numbers, and as figures that may be gaps.
_COUNTS = ("day", "n_treated", "n_control", "events_treated", "events_control")
_FIGURES = ("effect", "low", "high", "p")


def start(
    ws: Workspace,
    *,
    hypothesis: str,
    populations: Sequence[str] = (),
    share: float | None = None,
    clustered: bool = False,
    horizon_days: int | None = None,
) -> Started:
    """Announce an experiment: its hypothesis, metric and design are kept before anything is drawn.

    The next plan or sync draws anew among all companies with a scored record, and takes away what the control group shows.
    Raises UsageError where one goes on already, the share is not between 0 and a half, or owners are drawn and are too few.
    """
    if going := experiment_groups.going_on(ws.state):
        raise UsageError(
            f"Experiment {going.id} goes on since {_day(going.started_at)}.",
            action="See it with: sales-consultant experiment status, or end it with: sales-consultant experiment stop",
        )
    chosen = share_of_control(share)
    made = design(ws, populations=populations, share=chosen, clustered=clustered, horizon_days=horizon_days)
    if clustered:
        refuse_few_owners(made.owners)
    now = ws.connector.now()
    name = f"{_day(now)}-{secrets.token_hex(2)}"
    content = {
        "hypothesis": hypothesis,
        "metric": "share of companies with the populations' event within the horizon",
        "share": chosen,
        "clustered": clustered,
        "horizon_days": made.horizon_days,
        "populations": list(made.populations),
        "alpha": 0.05,
        "design": made.to_json(),
    }
    with ws.state.begin() as c:
        c.execute(
            sa.insert(experiments).values(
                id=name,
                started_at=now,
                ended_at=None,
                salt=secrets.token_hex(16),
                content=json.dumps(content),
            )
        )
    return Started(name, now, made)


def status(ws: Workspace, name: str | None = None) -> Looked:
    """How an experiment stands: the one that goes on, the newest, or the one that is named."""
    open_pulled(ws)
    experiment = find(ws, name)
    drawn = trials.drawn(ws, experiment)
    # The clock of a run is told in whole seconds: who was drawn in the last one was drawn by then.
    newest = min(last_as_of(ws), experiment.ended_at or last_as_of(ws))
    as_of = max([newest, *drawn["assigned_at"].tolist()])
    made = trials.conversions(ws, experiment, as_of)
    found = looks(made, plan_of(experiment)) if len(made.units) else pd.DataFrame(columns=list(LOOK_COLUMNS))
    last = found.iloc[-1] if len(found) else None
    treated, control = _sizes(made)
    return Looked(
        id=experiment.id,
        started_at=experiment.started_at,
        ended_at=experiment.ended_at,
        as_of=as_of,
        horizon_days=int(experiment.content["horizon_days"]),
        share=experiment.share,
        clustered=bool(experiment.content["clustered"]),
        n_treated=treated,
        n_control=control,
        excluded=int((drawn["group"] == "excluded").sum()),
        events_treated=0 if last is None else int(last["events_treated"]),
        events_control=0 if last is None else int(last["events_control"]),
        share_treated=_figure(last, "mean_treated") if treated else None,
        share_control=_figure(last, "mean_control") if control else None,
        effect=_figure(last, "effect") if _figure(last, "se") is not None else None,
        low=_figure(last, "low"),
        high=_figure(last, "high"),
        p=1.0 if last is None else float(last["p"]),
        alarm_day=first_alarm(found) if len(found) else None,
        ratio=ratio_of(experiment, made),
        control_still_shown=trials.control_shown(ws, experiment),
        dropped={k: n for k, n in made.dropped.items() if n},
        looks=tuple(_look(row) for row in found.to_dict("records")),
    )


def ratio_of(experiment: experiment_groups.Experiment, made: Trial) -> Ratio:
    """Whether the groups have the sizes that were drawn, counted in what was drawn."""
    clusters = made.units.drop_duplicates("cluster") if experiment.content["clustered"] else made.units
    sides = [int((clusters["treated"] == side).sum()) for side in (True, False)]
    return sample_ratio(sides[:1], sides[1:], experiment.share)


def plan_of(experiment: experiment_groups.Experiment) -> Plan:
    """What was fixed before the first look."""
    content = experiment.content
    return Plan(
        float(content["design"]["planned"]),
        alpha=float(content["alpha"]),
        clustered=bool(content["clustered"]),
    )


def _look(row: dict[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {k: int(row[k]) for k in _COUNTS}
    return told | {k: float(row[k]) if np.isfinite(row[k]) else None for k in _FIGURES}


def _figure(row: Any, key: str) -> float | None:
    return None if row is None or not np.isfinite(row[key]) else float(row[key])


def _sizes(made: Trial) -> tuple[int, int]:
    treated = int(made.units["treated"].sum())
    return treated, len(made.units) - treated


def find(ws: Workspace, name: str | None) -> experiment_groups.Experiment:
    """The experiment that is named, else the newest. UsageError where there is none."""
    known = experiment_groups.known(ws.state)
    if not known:
        raise UsageError("There was no experiment yet.", action="Next: sales-consultant experiment design")
    if name is None:
        return known[0]
    for one in known:
        if one.id == name:
            return one
    raise UsageError(f'No experiment is called "{name}".', action=did_you_mean(name, [e.id for e in known]))


def stop(ws: Workspace) -> Ended:
    """End the experiment that goes on. UsageError where none does."""
    going = experiment_groups.going_on(ws.state)
    if going is None:
        raise UsageError(
            "No experiment goes on.", action="See the last one with: sales-consultant experiment status"
        )
    now = ws.connector.now()
    return Ended(going.id, now, experiment_groups.release(ws.state, going, now=now))


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
