"""Reasons: points that sum, with the base 50, to the score exactly, each with what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.propensity.points import split
from sales_consultant.scoring.propensity.wording import Spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sales_consultant.scoring.propensity.model import PopulationModel

ELSE, ELSE_FEATURE = "everything else", "everything_else"
HELD_FEATURE = "held"


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of a score: what was seen, its whole points, and the theme it comes from.

    `feature` is "everything_else" for "everything else", and "held" for what holding the score at 1 or 99 did.
    """

    text: str
    points: int
    feature: str

    def line(self) -> str:
        """As it is shown: "3 meetings in the last 2 weeks: +18"."""
        return f"{self.text}: {self.points:+d}"


def reasons(model: PopulationModel, X: pd.DataFrame) -> tuple[list[list[Reason]], NDArray[np.int64]]:
    """For each row its reasons, strongest first, then "everything else" and "held at 99", and its score.

    Groups of one theme are one reason with the sum of their points; it is told by those of them that point the same way,
    the strongest first. Whole points that are zero are not told. "Everything else" is what the average record has above or
    below the base odds.
    """
    exact = model.exact_points(X)
    themes = list(dict.fromkeys(g.reason for g in model.groups))
    place = np.array([themes.index(g.reason) for g in model.groups], dtype=np.int64)
    parts = np.zeros((len(X), len(themes) + 1))
    np.add.at(parts.T, place, exact[:, :-1].T)
    parts[:, -1] = exact[:, -1]
    whole, holding, score = split(exact, parts)
    spoken = Spoken(model.groups, model.features, X)
    told = [
        spoken.theme(theme, np.flatnonzero(place == k), exact, np.flatnonzero(whole[:, k]))
        for k, theme in enumerate(themes)
    ]
    order = np.lexsort(
        (np.broadcast_to(np.argsort(np.argsort(themes)), whole[:, :-1].shape), -np.abs(parts[:, :-1]))
    )
    out = []
    for i in range(len(X)):
        lines = [Reason(told[k][i], int(whole[i, k]), themes[k]) for k in order[i] if whole[i, k]]
        if whole[i, -1]:
            lines.append(Reason(ELSE, int(whole[i, -1]), ELSE_FEATURE))
        if holding[i]:
            lines.append(Reason(f"held at {score[i]}", int(holding[i]), HELD_FEATURE))
        out.append(lines)
    return out, score


def shown(every: Sequence[Reason], top: int = 3) -> list[Reason]:
    """The strongest reasons, and all others in one line; the points still sum to the score less 50.

    What holding the score did is no reason of the record: it is in "everything else".
    """
    named = [r for r in every if r.points and r.feature not in (ELSE_FEATURE, HELD_FEATURE)]
    strongest = sorted(named, key=lambda r: -abs(r.points))[:top]
    rest = sum(r.points for r in every) - sum(r.points for r in strongest)
    return [*strongest, *([Reason(ELSE, rest, ELSE_FEATURE)] if rest else [])]
