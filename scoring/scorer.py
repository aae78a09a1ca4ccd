"""Scoring: every open member of a population with its probability, score, grade and reasons."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sales_consultant.scoring.frame import build
from sales_consultant.scoring.members import Membership
from sales_consultant.scoring.points import grade
from sales_consultant.scoring.reasons import Reason, reasons, shown

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from sales_consultant.config.populations import Exclusions, Population
    from sales_consultant.scoring.model import PopulationModel

__all__ = ["COLUMNS", "Reason", "excluded", "left_out", "members", "score", "shown"]

COLUMNS = ("object", "record_id", "probability", "score", "grade", "reasons")


def score(
    con: duckdb.DuckDBPyConnection, model: PopulationModel, *, as_of: int, exclusions: Exclusions
) -> pd.DataFrame:
    """One row an open member, ordered by record id: object, record_id, probability, score, grade, reasons.

    `probability` is a gap where the model is a set of rules. `score` is 1 to 99, `reasons` a list of `Reason`
    whose points with 50 sum to the score.
    """
    import pandas as pd

    members = Membership(con, model.population, exclusions, as_of=as_of).at(as_of)
    X = build(con, model.population.object, model.features, members)
    told, scores = reasons(model, X)
    p = model.probability(X)
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
            "reasons": pd.Series(told, index=members.index, dtype=object),
        }
    )
    return frame.sort_values("record_id", ignore_index=True)


def members(
    con: duckdb.DuckDBPyConnection, population: Population, exclusions: Exclusions, as_of: int
) -> list[str]:
    """Ids of the open members of a population as of a time, whether or not it has a model."""
    return [str(i) for i in Membership(con, population, exclusions, as_of=as_of).at(as_of)["record_id"]]


def left_out(
    con: duckdb.DuckDBPyConnection, population: Population, exclusions: Exclusions, as_of: int
) -> dict[str, str]:
    """The reason of every open record of a population that is left out as of a time, by record id."""
    rows = Membership(con, population, exclusions, as_of=as_of).at(as_of, with_excluded=True)
    found = rows[rows["excluded"] != ""]
    return {str(i): str(r) for i, r in zip(found["record_id"], found["excluded"], strict=True)}


def excluded(
    con: duckdb.DuckDBPyConnection, population: Population, exclusions: Exclusions, as_of: int
) -> dict[str, int]:
    """How many open records of a population are left out as of a time, by reason."""
    return dict(sorted(Counter(left_out(con, population, exclusions, as_of).values()).items()))
