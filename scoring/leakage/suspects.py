"""Columns that nobody should trust unasked: they look as if they were known only at the end of a record.

What is dropped for sure is not asked here. A suspect has at least two signs against it: what its values look like beside the
others' (`orientation`), and its name, or that a model is far better with it and its like than without.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.leakage.ablation import HoldoutProbe
from sales_consultant.scoring.leakage.made_columns import date_spans, determined, grown, spans_of_dates
from sales_consultant.scoring.leakage.names import process_measure
from sales_consultant.scoring.leakage.orientation import orientation
from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.leakage.univariate import floats

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND, BY_VALUES = "known_late", "known_late_by_values"
"""Kinds of findings: with a name or an origin against the column, or by its values beside the others' alone."""
# Three models of these, and only where something is suspect: where one row in fifty has the event, 3,000 rows tell little.
ROWS_TO_JUDGE = 10_000
_TIED = "the outcome alone ties it to what else tells the outcome, as if that had come first"


def left_out(found: Sequence[Finding], policy: str) -> list[Finding]:
    """The suspects that are not used: with "drop" all, with "named" those that more than their values speaks against."""
    kinds = {"drop": (KIND, BY_VALUES), "named": (KIND,), "use": ()}[policy]
    return [f for f in found if f.kind in kinds]


@dataclass
class _Signs:
    """What speaks against each column, in words, and which are suspect.

    `said` is what names say, `seen` what values show; `named` have a name or an origin against them too, `alone` values only.
    """

    said: dict[str, str]
    seen: dict[str, str] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)

    @property
    def suspects(self) -> list[str]:
        """All of them."""
        return [*self.named, *self.alone]

    def add(self, column: str, text: str) -> None:
        """A suspect with more against it than what its values are like beside the others'."""
        if column in self.alone:
            self.alone.remove(column)
            text = f"{text}; {self.seen[column]}"
        if column not in self.named:
            self.named.append(column)
            self.seen[column] = text

    def kind(self, column: str) -> str:
        """The kind of a column's finding."""
        return BY_VALUES if column in self.alone else KIND

    def evidence(self, column: str) -> str:
        """All that speaks against a column."""
        name = f"its name says: {said}" if (said := self.said.get(column)) else ""
        return "; ".join(s for s in (name, self.seen.get(column, "")) if s)


def find_suspects(
    X: pd.DataFrame,
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    *,
    names: list[str],
    dropped: list[str],
    as_of: NDArray[Any] | None = None,
    families: dict[str, str] | None = None,
    random_state: int = 0,
) -> list[Finding]:
    """Those of `names` that look known only at the end of a record; `X` holds the `dropped` columns too.

    All are left out together for the figures of a finding: they stand in for each other, and one alone seldom shows.
    """
    gone = set(dropped)
    asked = [c for c in names if c not in gone]
    rest = X[[c for c in X.columns if c not in gone]]
    if not asked or min(y.sum(), (1 - y).sum()) < POLICY.fewest_of_a_class:
        return []
    signs = _Signs({c: said for c in asked if (said := process_measure(c))})
    grows = dict.fromkeys(grown(rest[asked], as_of), "it is the larger the older its row is")
    _by_values(signs, rest, asked, grows, y, groups, random_state)
    _kin(signs, rest, y)
    for column, text in determined(X, as_of, marked=[*dropped, *signs.suspects], asked=asked).items():
        signs.add(column, text)
    if not signs.suspects:
        return []
    probe = HoldoutProbe.of(rest, y, groups, families or {}, random_state, most=ROWS_TO_JUDGE)
    if probe is None:
        return [Finding(c, KIND, signs.evidence(c), "suspect") for c in asked if c in set(signs.named)]
    full, without = probe.full, probe.power(signs.suspects)
    # Where the others do nearly without them, as with tumours and images, much must be gained to ask.
    enough = POLICY.lifts if without <= POLICY.implausible else POLICY.cuts
    if signs.alone and not _lifts(probe, full, without, enough):
        signs.alone, without = [], probe.power(signs.named)
    if not _lifts(probe, full, without, POLICY.lifts_named):
        return []
    found, full, without = set(signs.suspects), round(full, 4), round(without, 4)
    return [
        Finding(c, signs.kind(c), signs.evidence(c), "suspect", auc_with=full, auc_without=without)
        for c in asked
        if c in found
    ]


def _by_values(
    signs: _Signs,
    X: pd.DataFrame,
    asked: list[str],
    grows: dict[str, str],
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    random_state: int,
) -> None:
    """Suspects by what their values look like beside the others'; spans of two dates are looked at like columns."""
    spans, later = date_spans(X[asked])
    made = {c: f"it is the time {what}" for c, what in spans_of_dates(X[asked], spans).items()} | grows
    doubtful = {**made, **signs.said}
    prior = dict.fromkeys([*doubtful, *spans.columns], POLICY.late_prior_named)
    judged = orientation(pd.concat([X, spans], axis=1), y, groups, prior, random_state)
    for c in asked:
        strength, late = judged.of(c)
        texts = [made[c]] if c in made else []
        texts.append(_TIED if late > POLICY.late else "its values go with the outcome")
        if c in doubtful and strength > POLICY.oriented and late > 0:
            signs.add(c, "; ".join(texts))
        elif late > POLICY.late and judged.causes > POLICY.causes:
            signs.alone.append(c)
            signs.seen[c] = _TIED
    for span, date in later.items():
        strength, late = judged.of(span)
        if strength > POLICY.oriented and late > POLICY.late:
            signs.add(date, f"the time {span} looks known only at the end")


def _lifts(probe: HoldoutProbe, full: float, without: float, factor: float) -> bool:
    """Whether without the suspects so many times as many pairs are in the wrong order."""
    return (1 - without) / (1 - full + probe.noise) > factor


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _kin(signs: _Signs, X: pd.DataFrame, y: NDArray[np.float64]) -> None:
    """Suspects are also columns named like the process that, among records of one outcome, move with a suspect more than with
    any honest column."""
    values = {str(c): v for c in X.columns if (v := floats(X[c])) is not None}
    columns = list(values)
    marked = np.isin(columns, signs.suspects)
    if not marked.any():
        return
    told = np.column_stack([pd.Series(v).rank().fillna(0.0).to_numpy() for v in values.values()])
    for k in (y == 1, y == 0):
        told[k] -= told[k].mean(axis=0)
    size = np.sqrt((told**2).sum(axis=0))
    told = told / np.where(size > 0, size, 1.0)
    honest = ~marked & ~np.isin(columns, list(signs.said))
    for c in [c for c in signs.said if c in columns and c not in signs.suspects]:
        r = np.abs(told.T @ told[:, columns.index(c)])
        near = np.where(marked, r, 0.0)
        if near.max() * np.sqrt(len(y)) > POLICY.kin and near.max() > r[honest].max(initial=0.0):
            signs.add(c, f"among records of one outcome it moves with {columns[int(near.argmax())]}")
