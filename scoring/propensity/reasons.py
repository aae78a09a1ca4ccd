"""Reasons: points that sum, with the base 50, to the score exactly, each with what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.propensity.points import HIGH, LOW, split
from sales_consultant.scoring.propensity.wording import progress_all, say_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sales_consultant.scoring.propensity.model import PopulationModel

# Rows whose reasons are made at once: some megabytes of them, however many there are.
_AT_ONCE = 50_000
ELSE, ELSE_FEATURE = "everything else", "everything_else"
HELD_FEATURE = "held"
_PROGRESS = "progress"
# Judgements: a second thing is worth naming where it brings half as much as the first, and both fit into a line.
_SECOND = 0.5
_TWO_FIT = 72
# A judgement: one point is 7 % of the odds, and no reason to anybody.
_WORTH_A_LINE = 2

# A judgement: five lines are read, a list is not.
_MORE = 2


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
    parts = [_reasons(model, X.iloc[k : k + _AT_ONCE]) for k in range(0, len(X), _AT_ONCE)]
    told = [lines for part, _ in parts for lines in part]
    return told, np.concatenate([score for _, score in parts] or [np.empty(0, dtype=np.int64)])


def _reasons(model: PopulationModel, X: pd.DataFrame) -> tuple[list[list[Reason]], NDArray[np.int64]]:
    exact = model.exact_points(X)
    names = sorted({g.reason for g in model.groups})
    groups_of = [[j for j, g in enumerate(model.groups) if g.reason == name] for name in names]
    parts = np.column_stack([*(exact[:, mine].sum(axis=1) for mine in groups_of), exact[:, -1]])
    whole, holding, score = split(exact, parts)
    lines = np.empty((len(X), len(names) + 2), dtype=object)
    shown = np.zeros(lines.shape, dtype=bool)
    for k, name in enumerate(names):
        told = np.flatnonzero(whole[:, k])
        texts, which = _texts(model, name, groups_of[k], exact[told][:, groups_of[k]], X.iloc[told])
        lines[told, k], shown[told, k] = _each(texts, which, whole[told, k], name), True
    rest, held = np.flatnonzero(whole[:, -1]), np.flatnonzero(holding)
    lines[rest, -2], shown[rest, -2] = _each([ELSE], np.zeros_like(rest), whole[rest, -1], ELSE_FEATURE), True
    limits = [f"held at {s}" for s in (LOW, HIGH)]
    at = (score[held] == HIGH).astype(np.int64)
    lines[held, -1], shown[held, -1] = _each(limits, at, holding[held], HELD_FEATURE), True
    # Strongest first, of equal ones by name: the columns stand in the order of their names.
    order = np.argsort(-np.abs(parts[:, :-1]), axis=1, kind="stable")
    order = np.column_stack([order, np.tile([len(names), len(names) + 1], (len(X), 1))]).astype(np.int64)
    shown = np.take_along_axis(shown, order, axis=1)
    flat = np.take_along_axis(lines, order, axis=1)[shown].tolist()
    ends = shown.sum(axis=1).cumsum().tolist()
    return [flat[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)], score


def _texts(
    model: PopulationModel, name: str, groups: Sequence[int], points: NDArray[np.float64], X: pd.DataFrame
) -> tuple[list[str], NDArray[np.int64]]:
    """Texts of a reason, and which of them each row gets; `points` are those of its groups, a column a group."""
    stage = next((model.groups[j] for j in groups if model.groups[j].name == "stage"), None)
    if name == _PROGRESS and stage is not None and "stage" in X:
        known = X["stage"].notna().to_numpy()
        texts, which = progress_all(stage, X[known], points[known].sum(axis=1) > 0)
        others, rest = _strongest(model, groups, points[~known], X[~known])
        places = np.empty(len(X), dtype=np.int64)
        places[known], places[~known] = which, rest + len(texts)
        return texts + others, places
    return _strongest(model, groups, points, X)


def _strongest(
    model: PopulationModel, groups: Sequence[int], points: NDArray[np.float64], X: pd.DataFrame
) -> tuple[list[str], NDArray[np.int64]]:
    """The same by what the strongest groups that point the way of the sum say."""
    said: list[str] = []
    place = np.empty(points.shape, dtype=np.int64)
    for n, j in enumerate(groups):
        group = model.groups[j]
        mine = [f for f in model.features if f.group == group.name]
        texts, which = say_all(group, mine, X[list(dict.fromkeys(f.name for f in mine))])
        place[:, n] = which + len(said)
        said += texts
        if group.words.kind == "count" and (points[:, n] < 0).any() and _more_is_better(model, j):
            # Some, and less than is usual: without the word a rep reads that it counts against the record.
            place[:, n] += np.where(points[:, n] < 0, len(texts), 0)
            said += [f"only {t}" if t[:1].isdigit() else t for t in texts]
    helps = points * np.sign(points.sum(axis=1))[:, None]
    best = np.argsort(-helps, axis=1, kind="stable")[:, :2]
    first, second = np.take_along_axis(place, best, axis=1)[:, 0], np.full(len(X), -1)
    if len(groups) > 1:
        strength = np.take_along_axis(helps, best, axis=1)
        worth = (strength[:, 1] > 0) & (strength[:, 1] > _SECOND * strength[:, 0])
        second = np.where(worth, np.take_along_axis(place, best, axis=1)[:, 1], -1)
    pairs, which = np.unique(first * (len(said) + 1) + second + 1, return_inverse=True)
    return [_joined(said, *divmod(int(p), len(said) + 1)) for p in pairs], np.asarray(which, dtype=np.int64)


def _more_is_better(model: PopulationModel, group: int) -> bool:
    """Whether a group that counts gives more points for three lately than for none."""
    named = model.groups[group].name
    mine = {f.name: f for f in model.features if f.group == named}
    gaps: dict[str, list[object]] = {
        f.name: [None, None] if f.aggregate == "state" else [np.nan, np.nan] for f in model.features
    }
    counted = {n: [0.0, 3.0] for n, f in mine.items() if f.aggregate == "count"}
    since = {n: [np.nan, 3.0] for n, f in mine.items() if f.aggregate == "days_since_last"}
    few, many = model.group_points(pd.DataFrame(gaps | counted | since))[:, group]
    return bool(many > few)


def _joined(said: Sequence[str], first: int, after: int) -> str:
    """A text, and the second one where both fit into a line (`after` is its place and one more, 0 for none)."""
    text = said[first]
    if after and len(text) + len(said[after - 1]) < _TWO_FIT:
        return f"{text}, {said[after - 1]}"
    return text


def _each(
    texts: Sequence[str], which: NDArray[np.int64], points: NDArray[np.int64], feature: str
) -> NDArray[Any]:
    """A reason a row; rows of one text and points share one, which nobody can change."""
    code, first = np.unique(which * 100_000 + points, return_inverse=True, return_index=True)[1:]
    made = np.empty(len(code), dtype=object)
    made[:] = [Reason(texts[which[k]], int(points[k]), feature) for k in code]
    return np.asarray(made[first], dtype=object)


def shown(every: Sequence[Reason], top: int = 3) -> list[Reason]:
    """The strongest reasons, and all others in one line; the points still sum to the score less 50.

    What brings a single point is in "everything else", where anything brings more. Where that would be larger than every line,
    more of what is in it is named, up to five lines: the lines would not be why the score is what it is. What holding the score
    at 1 or 99 did is no reason of the record and comes last.
    """
    told = [r for r in every if r.points and r.feature not in (ELSE_FEATURE, HELD_FEATURE)]
    told.sort(key=lambda r: -abs(r.points))
    named = [r for r in told if abs(r.points) >= _WORTH_A_LINE] or told
    strongest = named[:top]
    held = [r for r in every if r.feature == HELD_FEATURE and r.points]
    rest = sum(r.points for r in every) - sum(r.points for r in (*strongest, *held))
    for r in told[len(strongest) :]:
        if abs(rest) <= abs(strongest[0].points) or len(strongest) == top + _MORE:
            break
        if r.points * rest > 0:
            strongest.append(r)
            rest -= r.points
    return [*strongest, *([Reason(ELSE, rest, ELSE_FEATURE)] if rest else []), *held]
