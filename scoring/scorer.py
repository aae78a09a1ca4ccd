"""Scoring: every open member of a population with its probability, score, grade and reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.fields.catalogue import PROBABLE
from sales_consultant.engine import Engine
from sales_consultant.scoring.features import build
from sales_consultant.scoring.populations import Membership
from sales_consultant.scoring.propensity import Reason, grade, reasons, say, shown

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions
    from sales_consultant.scoring.propensity import PopulationModel

__all__ = ["COLUMNS", "Reason", "excluded", "left_out", "members", "score", "score_with_features", "shown"]

COLUMNS = ("object", "record_id", "probability", "score", "grade", "reasons")


def score(
    engine: Engine,
    model: PopulationModel,
    *,
    as_of: int,
    exclusions: Exclusions,
    membership: Membership | None = None,
) -> pd.DataFrame:
    """One row an open member, ordered by record id: object, record_id, probability, score, grade, reasons.

    `probability` is a gap where the model is a set of rules, and never 0 or 1: of what is open nothing is certain. `score` is
    1 to 99, `reasons` a list of `Reason` whose points with 50 sum to the score. `membership` is the population's as of
    that time, where the caller has it.
    """
    membership = membership or Membership(engine, model.population, exclusions, as_of=as_of)
    members = membership.at(as_of)
    return _scored(model, members, build(engine, model.population.object, model.features, members))


def score_with_features(
    engine: Engine, model: PopulationModel, record_id: str, *, as_of: int, exclusions: Exclusions
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The same, with the features of one record: a list of reason, side, said, feature and value."""
    members = Membership(engine, model.population, exclusions, as_of=as_of).at(as_of)
    X = build(engine, model.population.object, model.features, members)
    mine = X[(members["record_id"] == record_id).to_numpy()]
    return _scored(model, members, X), _feature_values(model, mine)


def features_of(
    engine: Engine, model: PopulationModel, record_ids: Collection[str], *, as_of: int, exclusions: Exclusions
) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """The scores of all open members, as `score` gives them, and the features by name of some records, by their ids."""
    members = Membership(engine, model.population, exclusions, as_of=as_of).at(as_of)
    X = build(engine, model.population.object, model.features, members)
    told = {}
    for place in np.flatnonzero(members["record_id"].isin(set(record_ids)).to_numpy()):
        entries = _feature_values(model, X.iloc[[int(place)]])
        told[str(members["record_id"].iloc[int(place)])] = {e["feature"]: e["value"] for e in entries}
    return _scored(model, members, X), told


def _scored(model: PopulationModel, members: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    if model.population.scorer is not None:
        # Whom the admin's own model does not know it says nothing of.
        known = X.notna().all(axis=1)
        members, X = members[known.to_numpy()], X[known]
    reasons_of_rows, scores = reasons(model, X)
    p = model.probability(X)
    if p is not None:
        # Here, so that what follows from it (the expected value, the next step's rank) agrees with what is shown.
        p = np.clip(p, float(PROBABLE[0]), float(PROBABLE[1]))
    frame = pd.DataFrame(
        {
            "object": pd.Series(model.population.object, index=members.index, dtype=object),
            "record_id": members["record_id"].astype(object),
            "probability": pd.Series(
                p if p is not None else float("nan"), index=members.index, dtype="float64"
            ),
            "score": pd.Series(scores, index=members.index, dtype="int64"),
            "grade": pd.Series(
                [grade(int(s), model.grade_edges) for s in scores], index=members.index, dtype=object
            ),
            "reasons": pd.Series(reasons_of_rows, index=members.index, dtype=object),
        }
    )
    return frame.sort_values("record_id", ignore_index=True)


def _feature_values(model: PopulationModel, X: pd.DataFrame) -> list[dict[str, Any]]:
    """The features of one row, reason by reason; a gap is None."""
    if X.empty:
        return []
    row = {str(k): v for k, v in X.iloc[0].to_dict().items()}
    entries = []
    for group in model.groups:
        mine = [f for f in model.features if f.group == group.name]
        said = say(group, mine, row)
        for feature in mine:
            value = row[feature.name]
            if isinstance(value, float):
                value = round(value, 4)
            entry = {"reason": group.name, "side": group.side, "said": said, "feature": feature.name}
            entries.append({**entry, "value": None if pd.isna(value) else value})
    return entries


def members(membership: Membership) -> list[str]:
    """Ids of the open members of a population as of the membership's time, whether or not it has a model."""
    return [str(i) for i in membership.at(membership.as_of)["record_id"]]


def left_out(membership: Membership) -> dict[str, str]:
    """The reason of every open record of a population that is left out, by record id."""
    rows = membership.at(membership.as_of, with_excluded=True)
    found = rows[rows["excluded"] != ""]
    return {str(i): str(r) for i, r in zip(found["record_id"], found["excluded"], strict=True)}


def excluded(membership: Membership) -> dict[str, int]:
    """How many open records of a population are left out, by reason."""
    return dict(sorted(Counter(left_out(membership).values()).items()))
