"""The groups of an experiment that goes on: drawn in the first plan after its start, and for every company that comes later.

Only who was drawn in an experiment is compared in it; `groups` says what holds for a company today.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.insight.experiments import CONTROL, EXCLUDED, assign
from sales_consultant.sync.plan.desired_values import Desired
from sales_consultant.sync.stores import State, experiment_units, experiments, groups


@dataclass(frozen=True)
class Experiment:
    """An experiment as it was announced: times in milliseconds UTC, `content` as `experiment start` wrote it."""

    id: str
    started_at: int
    ended_at: int | None
    salt: str
    content: dict[str, Any]

    @property
    def share(self) -> float:
        """The share of control."""
        return float(self.content["share"])


def known(state: State) -> list[Experiment]:
    """All experiments, newest first."""
    rows = state.rows(
        sa.select(experiments).order_by(experiments.c.started_at.desc(), experiments.c.id.desc())
    )
    return [
        Experiment(r["id"], r["started_at"], r["ended_at"], r["salt"], json.loads(r["content"])) for r in rows
    ]


def going_on(state: State) -> Experiment | None:
    """The experiment that has not ended."""
    return next((e for e in known(state) if e.ended_at is None), None)


def draw(
    state: State, experiment: Experiment, wanted: Desired, excluded: Collection[str], *, now: int
) -> int:
    """Draw the companies with a scored or graded record that the experiment has not drawn yet; how many they were.

    A company keeps its arm until the experiment ends, also where its score or its owner changes.
    """
    found: dict[str, float] = {}
    owners: dict[str, str] = {}
    for key, record in wanted.records.items():
        # Where data are few, rules give a grade and no score.
        if not (record.values.get("score") or record.values.get("grade")) or key not in wanted.directory:
            continue
        unit = wanted.unit(key)
        found[unit] = max(found.get(unit, 0.0), _likelihood(record.values))
        owners.setdefault(unit, wanted.owner(key))
    with state.begin() as c:
        drawn = {
            str(r.unit): (str(r.arm), str(r.cluster))
            for r in c.execute(
                sa.select(experiment_units).where(experiment_units.c.experiment_id == experiment.id)
            )
        }
        new = sorted(found.keys() - drawn.keys())
        if not new:
            return 0
        arms = assign(
            pd.DataFrame({"unit": new, "cluster": [owners[u] for u in new]}),
            salt=experiment.salt,
            share=experiment.share,
            excluded=excluded,
            clustered=bool(experiment.content["clustered"]),
            known={cluster: arm for arm, cluster in drawn.values() if arm != EXCLUDED} or None,
        )
        rows = [
            {
                "experiment_id": experiment.id,
                "unit": unit,
                "arm": arm,
                "cluster": cluster,
                "covariate": found[unit],
                "assigned_at": now,
            }
            for unit, cluster, arm in zip(arms["unit"], arms["cluster"], arms["group"], strict=True)
        ]
        c.execute(sa.insert(experiment_units), rows)
        today = [
            {
                "unit": r["unit"],
                "name": "control" if r["arm"] == CONTROL else "shown",
                "share": experiment.share,
                "assigned_at": now,
            }
            for r in rows
        ]
        insert = sqlite_insert(groups)
        put = {k: insert.excluded[k] for k in ("name", "share", "assigned_at")}
        c.execute(insert.on_conflict_do_update(index_elements=["unit"], set_=put), today)
    return len(new)


_OF_GRADE = {"A": 0.9, "B": 0.7, "C": 0.4, "D": 0.1}


def _likelihood(values: Mapping[str, Any]) -> float:
    """What was thought of a record at its draw, 0 to 1: its probability, else its score, else its grade.

    It only adjusts a comparison: any number that was known before the draw is allowed, a better one makes it sharper.
    """
    if values.get("probability"):
        return float(values["probability"])
    return float(values["score"]) / 100 if values.get("score") else _OF_GRADE.get(str(values["grade"]), 0.5)


def release(state: State, experiment: Experiment, *, now: int) -> int:
    """End an experiment and show its control group what the others see; how many companies that are."""
    with state.begin() as c:
        c.execute(sa.update(experiments).where(experiments.c.id == experiment.id).values(ended_at=now))
        mine = sa.select(experiment_units.c.unit).where(
            experiment_units.c.experiment_id == experiment.id, experiment_units.c.arm == CONTROL
        )
        shown = sa.update(groups).where(groups.c.unit.in_(mine), groups.c.name == "control")
        return c.execute(shown.values(name="shown", assigned_at=now)).rowcount
