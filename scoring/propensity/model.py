"""The model of a population: everything that scoring needs, frozen, in a form that JSON can hold."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.populations import Population
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.features import Feature, Group, group_from_dict
from sales_consultant.scoring.propensity.competing import form_name
from sales_consultant.scoring.propensity.points import points
from sales_consultant.scoring.propensity.propensity import PropensityModel
from sales_consultant.scoring.propensity.rules import RuleModel

KIND = "population"


@dataclass(frozen=True, slots=True)
class PopulationModel:
    """A trained model with its population, features, frozen base odds, grade edges and card.

    Exactly one of `propensity` and `rules` is there. `base_odds` are those of the average training record, at
    which the score is 50. `card` holds what a reader should know: data window,
    features, leaks, exclusions, metrics.
    """

    name: str
    population: Population
    event: str
    horizon_days: int
    trained_at: int
    features: list[Feature]
    groups: list[Group]
    propensity: PropensityModel | None
    rules: RuleModel | None
    base_odds: float
    grade_edges: dict[str, int]
    leaks: list[Finding]
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def tier(self) -> str:
        """rules, shrunk, full or boosted: what so many records allowed."""
        return self.propensity.tier_ if self.propensity is not None else "rules"

    @property
    def form(self) -> str:
        """What people are told that the model is: its tier, or "hazards" where competing outcomes won the forward test."""
        return form_name(self.propensity) if self.propensity is not None else "rules"

    def group_points(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Exact points of each reason, shape (rows, groups), in the order of `groups`."""
        if self.rules is not None:
            return self.rules.points(X, [g.name for g in self.groups])
        assert self.propensity is not None
        c = points(self.propensity.contributions(X[self.propensity.feature_names_in_]))
        group_of = {f.name: f.group for f in self.features}
        place = {g.name: i for i, g in enumerate(self.groups)}
        sums = np.zeros((len(X), len(self.groups)))
        for j, name in enumerate(self.propensity.feature_names_in_):
            sums[:, place[group_of[name]]] += c[:, j]
        return sums

    @property
    def constant_points(self) -> float:
        """Points of the average row against the base odds: what no reason of a record explains."""
        if self.propensity is None:
            return 0.0
        return 10 * (self.propensity.base_value_ - math.log(self.base_odds)) / math.log(2)

    def exact_points(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Exact points that sum, with 50, to the score before it is held: the groups', then the constant.

        Shape (rows, groups + 1).
        """
        return np.column_stack([self.group_points(X), np.full(len(X), self.constant_points)])

    def probability(self, X: pd.DataFrame) -> NDArray[np.float64] | None:
        """P(event within the horizon), one a row; None for rules, which promise none."""
        if self.propensity is None:
            return None
        return self.propensity.predict_proba(X[self.propensity.feature_names_in_])[:, 1]

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "name": self.name,
            "population": self.population.model_dump(),
            "event": self.event,
            "horizon_days": self.horizon_days,
            "trained_at": self.trained_at,
            "features": [f.to_dict() for f in self.features],
            "groups": [asdict(g) for g in self.groups],
            "propensity": self.propensity.to_dict() if self.propensity is not None else None,
            "rules": self.rules.to_dict() if self.rules is not None else None,
            "base_odds": self.base_odds,
            "grade_edges": self.grade_edges,
            "leaks": [f.as_dict() for f in self.leaks],
            "card": self.card,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PopulationModel:
        """The inverse of `to_dict`."""
        return cls(
            name=data["name"],
            population=Population.model_validate(data["population"]),
            event=data["event"],
            horizon_days=data["horizon_days"],
            trained_at=data["trained_at"],
            features=[Feature.from_dict(f) for f in data["features"]],
            groups=[group_from_dict(g) for g in data["groups"]],
            propensity=PropensityModel.from_dict(data["propensity"]) if data["propensity"] else None,
            rules=RuleModel.from_dict(data["rules"]) if data["rules"] else None,
            base_odds=data["base_odds"],
            grade_edges=dict(data["grade_edges"]),
            leaks=[Finding(**f) for f in data["leaks"]],
            card=data["card"],
        )
