"""The publish gate: a new model against the one in force, on the newest outcomes that neither has learnt from."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, neutral, query
from sales_consultant.scoring.additive import CompetingRisks
from sales_consultant.scoring.features import build
from sales_consultant.scoring.metrics import metrics
from sales_consultant.scoring.propensity import grade, split
from sales_consultant.scoring.validation.no_change import nothing_ended

if TYPE_CHECKING:
    from sales_consultant.scoring.propensity import PopulationModel

# The new one stays out only where the whole 80 % interval says that it is worse
# (docs/decisions/scoring-publish-gate.md, also for the ten of either outcome).
INTERVAL = (0.1, 0.9)
# Of 400 draws either end is the fortieth, known well enough; more cost time.
RESAMPLES = 400
MIN_CLASS = 10
# How many records are shown: a judgement of what one screen holds.
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class GateComparison:
    """Old and new on the same rows.

    `difference` is the mean log-loss of the new less that of the old (below 0: the new one is better), with an 80 %
    interval by drawing companies with replacement; None where there were too few new outcomes. `grades` counts today's
    open records by their grade under the old and the new model ("B to A"), `changed` is the share that gets another, and
    `examples` are a few of these, whose scores move farthest.
    """

    publish: bool
    why: str
    n: int = 0
    new_log_loss: float | None = None
    old_log_loss: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    grades: dict[str, int] = field(default_factory=dict)
    changed: float | None = None
    examples: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A form that JSON can hold, to be kept: without the examples, for a report outlives the records that it names."""
        return {k: v for k, v in asdict(self).items() if k != "examples"}


def compare(
    engine: Engine,
    old: PopulationModel,
    new: PopulationModel,
    judged: pd.DataFrame | None,
    today: pd.DataFrame,
    *,
    random_state: int = 0,
) -> GateComparison:
    """Whether the new model may take the old one's place.

    `judged` are the rows of the new one's forward test (as of `training_rows.labelled`, with `p`, given by a model that had
    learnt only from before; None without a test). Of these count those that the old model has not seen, see `unseen`.
    `today` are the open members.
    """
    given = moves(engine, old, new, today)
    grades = dict(sorted(Counter(given["old_grade"] + " to " + given["new_grade"]).items()))
    moved = given[given["old_grade"] != given["new_grade"]]
    shared: dict[str, Any] = {
        "grades": grades,
        "changed": len(moved) / len(given) if len(given) else None,
        "examples": _examples(engine, new.population.object, moved),
    }
    if nothing_ended(old, new):
        return GateComparison(False, "nothing has ended since it was trained, so it stays", **shared)
    if old.propensity is None or new.propensity is None:
        return GateComparison(True, "one of the two is rules: nothing to compare", **shared)
    if judged is None:
        return GateComparison(True, "too few outcomes to compare", **shared)
    if old.population.event != new.population.event:
        return GateComparison(True, "another event than before: not comparable", **shared)
    if gone := given_up(old, new):
        named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        text = f"the one before learnt from what is no longer to be learnt from ({named}): not comparable"
        return GateComparison(True, text, **shared)
    rows = judged[unseen(judged, old)]
    positives = float(rows["label"].sum())
    if min(positives, len(rows) - positives) < MIN_CLASS:
        # On rows that both were trained on, the one that fits them closer would win, and stay.
        text = f"only {len(rows)} outcomes that neither had seen: too few to compare"
        return GateComparison(True, text, len(rows), **shared)
    before = old.probability(build(engine, old.population.object, old.features, rows))
    assert before is not None
    y, groups = rows["label"].to_numpy(dtype=float), rows["group"].to_numpy()
    comparison = paired(y, rows["p"].to_numpy(dtype=float), before, groups, random_state, shared)
    if old.horizon_days == new.horizon_days:
        return comparison
    text = f"{comparison.why}, over {new.horizon_days} days where the old one was taught {old.horizon_days}"
    return replace(comparison, why=text)


def given_up(old: PopulationModel, new: PopulationModel) -> list[str]:
    """Columns that the old model uses and the new one may not: leaks found out since, fields that an admin has left out.

    They make the old one look better than it may be.
    """
    if old.population.scorer is not None or new.population.scorer is not None:
        # Somebody's own model is one column whatever it learnt from, and is held against what it replaces.
        return []
    used = old.propensity.columns_ if old.propensity is not None else []
    return sorted(set(used) - {f.name for f in new.features})


def unseen(rows: pd.DataFrame, model: PopulationModel) -> pd.Series[bool]:
    """Which labelled rows (cut, created_at) a model cannot have learnt from.

    It has seen the records that existed at its last cut-off, and what became of them until it was trained: a later row of the
    same record has mostly the same outcome. Left are records made since then, and rows of after its training.
    """
    last = model.trained_at
    if model.propensity is not None and model.propensity.form_.kind != CompetingRisks.kind:
        # Horizons under way teach competing outcomes alone.
        last -= model.horizon_days * DAY_MS
    return (rows["created_at"] > last) | (rows["cut"] >= model.trained_at)


def paired(
    y: NDArray[np.float64],
    new: NDArray[np.float64],
    old: NDArray[np.float64],
    groups: NDArray[Any],
    random_state: int = 0,
    shared: dict[str, Any] | None = None,
) -> GateComparison:
    """The decision from labels, both models' probabilities and each row's company."""
    fresh, before = metrics.losses(y, new), metrics.losses(y, old)
    weights = metrics.group_weights(groups, RESAMPLES, np.random.default_rng(random_state))
    drawn = weights @ (fresh - before) / np.maximum(weights.sum(axis=1), 1)
    low, high = (float(q) for q in np.quantile(drawn, INTERVAL))
    publish = low <= 0
    how = "better" if high < 0 else "as good" if publish else "worse"
    return GateComparison(
        publish,
        f"{how} on {len(y)} outcomes that neither had seen: log-loss {fresh.mean():.4f}, before {before.mean():.4f} "
        f"(80 % interval of the difference {low:+.4f} to {high:+.4f})",
        len(y),
        float(fresh.mean()),
        float(before.mean()),
        float((fresh - before).mean()),
        low,
        high,
        **(shared or {}),
    )


def moves(engine: Engine, old: PopulationModel, new: PopulationModel, today: pd.DataFrame) -> pd.DataFrame:
    """Today's open members under both models: record_id, old_score, new_score, old_grade, new_grade."""
    out: dict[str, Any] = {"record_id": today["record_id"].astype(object)}
    for when, model in (("old", old), ("new", new)):
        X = build(engine, model.population.object, model.features, today)
        scores = split(model.exact_points(X))[2]
        out[f"{when}_score"] = pd.Series(scores, index=today.index, dtype="int64")
        out[f"{when}_grade"] = pd.Series(
            [grade(int(n), model.grade_edges) for n in scores], index=today.index, dtype=object
        )
    return pd.DataFrame(out)


def _examples(engine: Engine, entity: str, moved: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """The records whose score moves farthest, with their names."""
    far = (moved["new_score"] - moved["old_score"]).abs()
    some = moved.assign(far=far).sort_values(["far", "record_id"], ascending=[False, True]).head(EXAMPLES)
    names = own_names(engine, entity, list(some["record_id"]))
    return tuple(
        {
            "record": f"{entity}/{r.record_id}",
            "name": names.get(str(r.record_id), ""),
            "score": f"{r.old_score} to {r.new_score}",
            "grade": f"{r.old_grade} to {r.new_grade}",
        }
        for r in some.itertuples(index=False)
    )


def own_names(engine: Engine, entity: str, ids: list[str]) -> dict[str, str]:
    """What people call records, by id."""
    if not ids:
        return {}
    t = neutral(engine, entity)
    name = t.first_name.fill_null("") + " " + t.last_name.fill_null("") if entity == "contacts" else t.name
    rows = query(engine, t.filter(t.id.isin(ids)).select(record_id=t.id, name=name.fill_null("")))
    return {str(i): str(n).strip() for i, n in zip(rows["record_id"], rows["name"], strict=True)}


# Ten bands are the custom of a population stability index.
SCORE_EDGES = tuple(range(10, 100, 10))


def shares(scores: NDArray[np.int64]) -> list[float]:
    """Shares of the scores in ten bands of ten, each of at least one in 10,000, so that logarithms exist."""
    counts = np.bincount(np.searchsorted(SCORE_EDGES, scores, side="right"), minlength=10)
    held = np.maximum(counts / max(len(scores), 1), 1e-4)
    return [float(s) for s in held / held.sum()]


def stability_index(then: list[float], now: list[float]) -> float:
    """Population stability index of two distributions over the same bands: below .1 stable, above .25 another world.

    >>> stability_index([0.5, 0.5], [0.5, 0.5])
    0.0
    """
    a, b = np.asarray(then), np.asarray(now)
    return float(((b - a) * np.log(b / a)).sum())
