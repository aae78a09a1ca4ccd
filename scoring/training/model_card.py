"""What every model of a population gets last: frozen grade edges, doubts, and the card that tells how it came about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.engine import Engine
from sales_consultant.scoring.features import build
from sales_consultant.scoring.features import crm_fields as own
from sales_consultant.scoring.populations import classes
from sales_consultant.scoring.propensity import grade_edges, split
from sales_consultant.scoring.validation import settle, shares, warnings

if TYPE_CHECKING:
    from sales_consultant.scoring.metrics import ForwardTest
    from sales_consultant.scoring.populations import FalseLabels, Membership
    from sales_consultant.scoring.propensity import PopulationModel, PropensityModel

# A judgement: more points change no plot, and would make the file of the model large.
MOST_JUDGED = 20_000


@dataclass(frozen=True, slots=True)
class TrainingEvidence:
    """What a model rests on: the population's members, its labelled rows, and what was found wrong with their labels.

    `judged` are the forward test's rows with their probability `p`, None without a test.
    """

    members: Membership
    rows: pd.DataFrame
    wrong: FalseLabels
    judged: pd.DataFrame | None = None


def finish(
    engine: Engine,
    model: PopulationModel,
    report: ForwardTest,
    learnt: TrainingEvidence,
    *,
    random_state: int = 0,
) -> tuple[PopulationModel, ForwardTest, pd.DataFrame]:
    """The model with grade edges from today's open members and its card, the report with doubts, and those members."""
    members, judged = learnt.members, learnt.judged
    today = members.at(members.as_of)
    X = build(engine, model.population.object, model.features, today)
    exact = model.exact_points(X)
    scores = split(exact)[2]
    edges = grade_edges(scores)
    grade_rows: list[dict[str, Any]] = []
    merged: list[str] = []
    if judged is not None:
        y, p = (judged[c].to_numpy(dtype=float) for c in ("label", "p"))
        groups = judged["group"].to_numpy()
        edges, grade_rows, merged = settle(
            y, p, groups, edges, base_odds=model.base_odds, random_state=random_state
        )
    model = replace(model, grade_edges=edges)
    doubts = [*warnings(report.auc, learnt.rows, today, model.probability(X)), *merged]
    report = replace(report, leaks=tuple(model.leaks), warnings=tuple(doubts), grades=tuple(grade_rows))
    effects = _effects(exact[:, :-1])
    card = _card(learnt, report, model) | {
        "score_shares": shares(scores),
        "judged": _judged(judged),
        "effects": [
            {"reason": g.words.label or g.name, "feature": g.name, **effect}
            for g, effect in zip(model.groups, effects, strict=True)
        ],
        "protected": (protected := own.protected([f.name for f in model.features])),
    }
    if protected:
        text = f"learns from protected attributes that the settings put in: {', '.join(protected)}"
        card["notes"] = [*card["notes"], text]
    return replace(model, card=model.card | card), report, today


def _effects(points: NDArray[np.float64]) -> list[dict[str, float]]:
    """What each reason weighs on today's open members: its mean absolute points, the least and the most it gave."""
    if not len(points):
        points = np.zeros((1, points.shape[1]))
    found = zip(np.abs(points).mean(axis=0), points.min(axis=0), points.max(axis=0), strict=True)
    return [
        {"points": round(float(mean), 3), "low": round(float(low), 3), "high": round(float(high), 3)}
        for mean, low, high in found
    ]


def _card(learnt: TrainingEvidence, report: ForwardTest, model: PopulationModel) -> dict[str, Any]:
    rows, members = learnt.rows, learnt.members
    won, lost = classes(rows) if len(rows) else (0, 0)
    life = members.life
    reasons = life.loc[life["excluded"] != "", "excluded"].value_counts()
    return {
        "tier": model.form,
        "event": model.event,
        "horizon_days": model.horizon_days,
        "cut_offs": sorted(int(c) for c in rows["cut"].unique()),
        "rows": len(rows),
        "records_with_event": won,
        "records_without_event": lost,
        "ended": members.endings(),
        "excluded": {str(k): int(v) for k, v in reasons.items()},
        "disqualified": members.disqualified,
        "notes": [*members.notes, *learnt.wrong.notes, *samples(model.propensity, len(rows))],
        "false_labels": learnt.wrong.counts(),
        "features": [g.name for g in model.groups],
        "dropped": [f.as_dict() for f in model.leaks if f.verdict == "dropped"],
        "suspects": suspects(model),
        "forward_test": report.as_dict(),
        "warnings": list(report.warnings),
        "calibration": (
            {"slope": model.propensity.slope_, "shift": model.propensity.shift_} if model.propensity else None
        ),
    }


_READ = {
    "leaks": "leaks were looked for by models of {}",
    "suspects": "columns known late by models of {}",
    "tuning": "strength, form and calibration chosen on {}",
}


def samples(model: PropensityModel | None, rows: int) -> list[str]:
    """The steps that read a draw of the rows: what a training costs is bounded by these, and whoever reads the card is told.

    No seconds: they would differ each time, and with them the model's digest.
    """
    read = model.read_ if model is not None else {}
    said = [text.format(f"{read[k]:,}") for k, text in _READ.items() if read.get(k, rows) < rows]
    return [f"of {rows:,} rows, all of which were learnt from, {', '.join(said)}"] if said else []


def suspects(model: PopulationModel) -> list[dict[str, Any]]:
    """Columns that look known only at the end, used ones and left out ones, each with a question to whoever knows them."""
    left_out = [f for f in model.leaks if f.verdict == "suspect"]
    used = model.propensity.suspects_ if model.propensity is not None else []
    return [
        f.as_dict() | {"used": f not in left_out, "question": f.question}
        for f in sorted([*used, *left_out], key=lambda f: f.column)
    ]


def _judged(rows: pd.DataFrame | None) -> dict[str, list[float]] | None:
    """The forward test's labels and probabilities, for plots; a draw of them where there are very many."""
    if rows is None:
        return None
    some = rows.sample(MOST_JUDGED, random_state=0) if len(rows) > MOST_JUDGED else rows
    return {"y": [int(v) for v in some["label"]], "p": [round(float(v), 5) for v in some["p"]]}
