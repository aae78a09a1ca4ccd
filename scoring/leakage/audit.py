"""The whole leak audit of a table: what is dropped, what is suspect, and levels that are as good as empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.leakage.ablation import (
    ROWS_TO_PROBE,
    HoldoutProbe,
    find_leaks_by_ablation,
    leaking,
    separable,
)
from sales_consultant.scoring.leakage.names import known_leaker
from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.leakage.suspects import ROWS_TO_JUDGE, find_suspects
from sales_consultant.scoring.leakage.univariate import (
    find_calendar_columns,
    find_label_determining_columns,
    has_level,
    single_fields,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass
class Audit:
    """Findings of all probes, a column's first one only; families go together.

    `dropped` are columns that are not used, `suspects` those that policy decides about, `levels` single values of texts
    that are not used. `read` is how many rows the models of a step saw, which are drawn by lot where there are more.
    """

    dropped: list[Finding] = field(default_factory=list)
    suspects: list[Finding] = field(default_factory=list)
    levels: list[Finding] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)


def audit(
    X: pd.DataFrame,
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    *,
    order: NDArray[Any],
    as_of: NDArray[Any] | None = None,
    names: Sequence[str] | None = None,
    families: Mapping[str, str] | None = None,
    random_state: int = 0,
) -> Audit:
    """Look for leaks in the columns of `names` (None: in all, and in their names).

    `order` is a time a row, or a number of its group where no times (`as_of`) are known. A probe sees no column that one
    before it dropped.
    """
    looking = _Looking(X, y, groups, list(X.columns), dict(families or {}), random_state)
    out = looking.found
    out.read = {"leaks": min(len(y), ROWS_TO_PROBE), "suspects": min(len(y), ROWS_TO_JUDGE)}
    if names is None:
        known = {c: known_leaker(str(c), has_history=True) for c in X.columns}
        out.dropped = [Finding(str(c), "known_leaker", why) for c, why in known.items() if why]
    else:
        looking.names = [c for c in X.columns if c in set(names)]
    strong = single_fields(X, y, order, names=looking.left())
    leaks = leaking(looking.probe(), [f.column for f in strong]) if strong else []
    out.dropped += [f for f in strong if f.column in leaks]
    sure = find_label_determining_columns(X, y, groups, names=looking.left(), as_of=order)
    # A value that always buys may be honest where everything tells them apart; to be filled by the outcome is not.
    out.dropped += [f for f in sure if f.kind != "decides"]
    always = [f for f in sure if f.kind == "decides"]
    if always and not separable(looking.probe(), sorted({f.column for f in always}), POLICY.separable):
        out.dropped += [f for f in always if f.level is None]
        out.levels = [f for f in always if f.level is not None]
    out.dropped += find_leaks_by_ablation(
        looking.shown(),
        y,
        groups,
        names=looking.left(),
        families=looking.made_of,
        random_state=random_state,
    )
    if as_of is not None:
        out.dropped += find_calendar_columns(X, y, as_of, names=looking.left())
    remaining = looking.left()
    out.levels = [f for f in out.levels if f.column in set(remaining)]
    out.suspects = find_suspects(
        _without_levels(X, out.levels, random_state),
        y,
        groups,
        names=remaining,
        dropped=[c for c in looking.names if c not in set(remaining)],
        as_of=as_of,
        families=looking.made_of,
        random_state=random_state,
    )
    return out


@dataclass
class _Looking:
    """A table under audit: what is found so far, and what that leaves."""

    X: pd.DataFrame
    y: NDArray[np.float64]
    groups: NDArray[np.int64]
    names: list[str]
    made_of: dict[str, str]
    random_state: int
    found: Audit = field(default_factory=Audit)

    def left(self) -> list[str]:
        """The names that are not dropped, nor anything of their family."""
        gone = {self.made_of.get(f.column, f.column) for f in self.found.dropped}
        return [c for c in self.names if self.made_of.get(c, c) not in gone]

    def shown(self) -> pd.DataFrame:
        """The table without what is dropped."""
        gone = set(self.names) - set(self.left())
        X = self.X[[c for c in self.X.columns if c not in gone]]
        return _without_levels(X, self.found.levels, self.random_state)

    def probe(self) -> HoldoutProbe | None:
        """A probe of that."""
        return HoldoutProbe.of(self.shown(), self.y, self.groups, self.made_of, self.random_state)


def _without_levels(X: pd.DataFrame, found: Sequence[Finding], random_state: int) -> pd.DataFrame:
    """The table with other values of the same column, drawn by lot, in place of these levels: they then say nothing."""
    rng = np.random.default_rng(random_state)
    for column in dict.fromkeys(f.column for f in found if f.column in X):
        gone = [f.level for f in found if f.column == column]
        hit = has_level(X[column], gone)
        drawn = X[column].to_numpy(dtype=object).copy()
        drawn[hit] = rng.choice(drawn[~hit], int(hit.sum()))
        X = X.assign(**{column: pd.Series(drawn, index=X.index)})
    return X
