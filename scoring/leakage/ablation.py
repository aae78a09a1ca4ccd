"""Leaks that show beside the other columns: what lifts a model further than everything else together can.

A strong column is honest where the others, without it, order the rows nearly as well: what separates such records is
in the world, not in a field that was filled afterwards. It is a leak where most of what is then ordered wrongly is
put right by it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.additive import Encoder, is_number, logistic, numbers, quick_trees
from sales_consultant.scoring.core import Finding
from sales_consultant.scoring.leakage.names import doubted
from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.leakage.univariate import cells
from sales_consultant.scoring.metrics import auc

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


# Judgements between time and what is found: the eight columns that matter most are left out one by one, the strongest
# by twos and threes; forty trees show what bends.
_SUSPECTS = 8
_AT_ONCE = 3
_TREES = 40
# Pairs are looked for among columns of fewer values than the first, and so many columns: a joint table must stay small,
# and the number of pairs grows with the square.
_COARSE, _MOST_PAIRED = 8, 60
# Each round drops what was found and looks again: one leak may hide another. A judgement: no benchmark plants six.
_ROUNDS = 6
# A judgement: more rows cost time, for some dozen models are made; `planted_leaks` has tables of less and of more.
ROWS_TO_PROBE = 3_000


@dataclass(frozen=True, eq=False)
class HoldoutProbe:
    """A table of which models learn one half of the groups and order the other, both ways."""

    X: pd.DataFrame
    Z: NDArray[np.float64]
    y: NDArray[np.float64]
    half: NDArray[np.bool_]
    owner: NDArray[np.int64]
    columns: list[str]
    families: dict[str, str]
    random_state: int

    @classmethod
    def of(
        cls,
        X: pd.DataFrame,
        y: NDArray[np.float64],
        groups: NDArray[np.int64],
        families: dict[str, str],
        random_state: int,
        most: int = ROWS_TO_PROBE,
    ) -> HoldoutProbe | None:
        """A probe of at most so many rows; None where a half would have too few of a class to tell."""
        rng = np.random.default_rng(random_state)
        if len(y) > most:
            some = np.sort(rng.permutation(len(y))[:most])
            X, y, groups = X.iloc[some], y[some], groups[some]
        if not len(y):
            return None
        half = rng.permutation(int(groups.max()) + 1)[groups] % 2 == 0
        encoder = Encoder.learn(X, hinges=0)
        owner = np.repeat(np.arange(len(encoder.codes)), [c.width for c in encoder.codes])
        probe = cls(X, encoder.encode(X), y, half, owner, encoder.columns, families, random_state)
        return probe if encoder.codes and probe.least >= POLICY.fewest_to_judge else None

    def family(self, column: str) -> str:
        """What the column is made of."""
        return self.families.get(column, column)

    def power(self, without: Collection[str] = (), *, enough: float = 1.0) -> float:
        """The AUC on rows of unseen groups of the better of a linear model and trees, less some columns' families.

        Trees are not asked where the linear model has `enough`.
        """
        gone = {self.family(c) for c in without}
        kept = ~np.isin(self.owner, [j for j, c in enumerate(self.columns) if self.family(c) in gone])
        if not kept.any():
            return 0.5
        Z, y, ones = self.Z[:, kept], self.y, np.ones(len(self.y))
        sides = (self.half, ~self.half)
        # The penalty is a middle one of those that training chooses from: what is asked is an order, not a probability.
        straight = [auc(y[~k], Z[~k] @ logistic(Z[k], y[k], ones[k], 0.3)[0]) for k in sides]
        if sum(straight) / 2 >= enough:
            return sum(straight) / 2
        bent = [auc(y[~k], quick_trees(Z[k], y[k], ones[k], Z[~k], self.random_state, _TREES)) for k in sides]
        return max(sum(straight), sum(bent)) / 2

    @cached_property
    def least(self) -> int:
        """The records of the smaller class in the half that has fewer of it."""
        return int(min(side.sum() for k in (self.half, ~self.half) for side in (self.y[k], 1 - self.y[k])))

    @property
    def noise(self) -> float:
        """What an AUC may be off by."""
        return POLICY.noise + POLICY.noise_of_one / float(min(self.y.sum(), (1 - self.y).sum()))

    @cached_property
    def full(self) -> float:
        """The power of all columns."""
        return self.power()

    def weight(self) -> NDArray[np.float64]:
        """How much each column matters: the AUC that trees lose where its values are shuffled."""
        learn, rng = self.half, np.random.default_rng(self.random_state)
        y, shown = self.y[~learn], self.Z[~learn]
        mixed = rng.permutation(len(y))
        tables = [shown]
        for j in range(len(self.columns)):
            other = shown.copy()
            mine = self.owner == j
            other[:, mine] = shown[mixed][:, mine]
            tables.append(other)
        margins = quick_trees(
            self.Z[learn],
            self.y[learn],
            np.ones(int(learn.sum())),
            np.vstack(tables),
            self.random_state,
            _TREES,
        )
        powers = [auc(y, m) for m in np.split(margins, len(tables))]
        return powers[0] - np.asarray(powers[1:])

    def rates(self, column: str) -> NDArray[np.float64]:
        """Each row's rate of the event among rows of the other half with its value."""
        out = np.empty(len(self.y))
        for learn in (self.half, ~self.half):
            cell = cells(self.X[column], learn) + 1
            size = int(cell.max()) + 1
            wins = np.bincount(cell[learn], weights=self.y[learn], minlength=size)
            rate = (wins + self.y.mean()) / (np.bincount(cell[learn], minlength=size) + 1.0)
            out[~learn] = rate[cell[~learn]]
        return out

    def alone(self, column: str) -> float:
        """The AUC of one column: by the rates of its values, or of a number as it is, if that is more."""
        rates = self.rates(column)
        most = sum(auc(self.y[k], rates[k]) for k in (self.half, ~self.half)) / 2
        if is_number(self.X[column]):
            values = numbers(self.X[column])
            filled = np.isfinite(values)
            if filled.all():
                straight = auc(self.y, values)
                most = max(most, straight, 1 - straight)
        return most

    def pairs(self, columns: Sequence[str]) -> list[tuple[str, str, float]]:
        """Pairs of columns that alone say little and together nearly everything, with their AUC by joint values."""
        learn = self.half
        cell = {c: cells(self.X[c], learn) + 1 for c in columns if self.X[c].nunique() < _COARSE}
        single = {c: self.alone(c) for c in cell}
        columns = list(cell)
        y, telling = self.y, []
        for i, a in enumerate(columns):
            for b in columns[:i]:
                if self.family(a) == self.family(b) or max(single[a], single[b]) > 1 - POLICY.pair_lift:
                    continue
                joint = cell[a] * _COARSE + cell[b]
                wins = np.bincount(joint[learn], weights=y[learn], minlength=_COARSE**2)
                rate = (wins + y.mean()) / (np.bincount(joint[learn], minlength=_COARSE**2) + 1.0)
                together = auc(y[~learn], rate[joint[~learn]])
                if together > POLICY.pair_auc and together - max(single[a], single[b]) > POLICY.pair_lift:
                    telling.append((b, a, together))
        return telling

    def largest_correlation(self, columns: Sequence[str]) -> float:
        """The largest correlation of two of the columns' rates among rows of one outcome.

        What is copied from the outcome has nothing else in common; what measures one thing twice has.
        """
        rates = np.column_stack([self.rates(c) for c in columns])
        most = 0.0
        for k in (self.y == 1, self.y == 0):
            spread = rates[k].std(axis=0)
            if (spread > 0).all():
                most = max(most, float((np.corrcoef(rates[k].T) - np.eye(len(columns))).max()))
        return most

    def few_values(self, column: str) -> bool:
        """Whether it is a text, a flag or a number of few values, as what somebody or something ticks at the outcome."""
        return not is_number(self.X[column]) or int(self.X[column].nunique()) <= POLICY.few_values

    def copied(self, column: str) -> bool:
        """Whether among rows of one outcome the column has nothing to do with any other.

        A copy of the outcome with noise has not. A cause has: where an outcome has several causes, knowing it ties them
        together (Berkson 1946), and what measures one thing is seldom measured once. Asked where others are causes too.
        """
        from scipy.stats import norm, rankdata

        mine = self.owner == self.columns.index(column)
        others = self.Z[:, ~mine]
        if len(self.columns) < POLICY.fewest_columns or not is_number(self.X[column]):
            return False
        value = rankdata(np.nan_to_num(numbers(self.X[column])))
        most = 0.0
        for k in (self.y == 1, self.y == 0):
            z = others[k][:, others[k].std(axis=0) > 0]
            with np.errstate(invalid="ignore", divide="ignore"):
                r = np.nan_to_num(np.corrcoef(np.column_stack([value[k], z]), rowvar=False)[0, 1:])
            most = max(most, float(np.abs(r).max(initial=0.0) * np.sqrt(k.sum())))
        # Two tails and two outcomes are tried for each other column: the level is divided by all of these (Bonferroni).
        return most < float(norm.isf(POLICY.unrelated / (4 * max(others.shape[1], 1))))

    def twin(self, column: str) -> bool:
        """Whether a column that alone says little follows another one closely: what they differ by may be the outcome."""
        mine = self.owner == self.columns.index(column)
        if self.alone(column) > POLICY.weak or not is_number(self.X[column]):
            return False
        Z = np.column_stack([self.Z[:, mine][:, :1], self.Z[:, ~mine]])
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.atleast_2d(np.corrcoef(Z, rowvar=False))[0, 1:]
        return bool(np.nan_to_num(np.abs(r)).max(initial=0.0) > POLICY.twin)

    def fill_gap(self, column: str) -> float:
        """How much more often a column is filled on one outcome than on the other."""
        filled = self.X[column].notna().to_numpy()
        return abs(float(filled[self.y == 1].mean()) - float(filled[self.y == 0].mean()))


def separable(probe: HoldoutProbe | None, suspects: Sequence[str], least: float) -> bool:
    """Whether all other columns order the rows nearly as well, above `least`: strong ones are then no wonder."""
    if probe is None or (rest := probe.power(suspects)) <= least:
        return False
    return (1 - rest) < POLICY.cuts_strong * (
        1 - max([probe.full, *map(probe.alone, suspects)]) + probe.noise
    )


def leaking(probe: HoldoutProbe | None, suspects: Sequence[str]) -> list[str]:
    """Those of some columns, each strong alone, that are leaks (all of them where there are too few rows to tell).

    None where the others do as well. Else what takes few values, what is all but perfect, and what looks copied: in numbers
    of many values honest causes come to .98 too.
    """
    if probe is None:
        return list(suspects)
    if not suspects or separable(probe, suspects, POLICY.implausible):
        return []
    return [c for c in suspects if probe.alone(c) > POLICY.perfect or _as_leaks_are(probe, c)]


def _as_leaks_are(probe: HoldoutProbe, column: str) -> bool:
    """Whether more than its strength speaks against a column: few values, its name, a twin, or nothing else to do
    with anything."""
    if probe.few_values(column) or doubted(column):
        return True
    return column in probe.columns and (probe.copied(column) or probe.twin(column))


def _beyond(probe: HoldoutProbe, columns: Sequence[str], full: float, rest: float) -> bool:
    """Whether what was left out put right so much that no honest column would."""
    cuts = (1 - rest) / (1 - full + probe.noise)
    if full > POLICY.perfect and cuts > POLICY.cuts_perfect:
        return True
    if full <= POLICY.implausible or cuts <= (
        POLICY.cuts if rest <= POLICY.implausible else POLICY.cuts_separable
    ):
        return False
    # Where nothing else says anything, one cause that is measured well looks like a copy; what is ticked does not.
    return all(_as_leaks_are(probe, c) and (rest > POLICY.nothing or probe.few_values(c)) for c in columns)


def _enough(full: float, noise: float) -> float:
    """The AUC of the rest from which on nothing was beyond."""
    return 1 - POLICY.cuts * (1 - full + noise)


def find_leaks_by_ablation(
    X: pd.DataFrame,
    y: NDArray[np.float64],
    groups: NDArray[np.int64],
    *,
    names: Sequence[str],
    families: dict[str, str] | None = None,
    random_state: int = 0,
) -> list[Finding]:
    """Columns of `names` without which a model that is too good falls to an ordinary one.

    Some leak only in combination (an amount that is the offer's until the deal is won; two whose parity is the outcome):
    alone they look harmless. Where the better of a linear model and trees has an AUC above .9 on rows of groups it has not
    seen, the strongest columns are left out with their families, one, then two, then three of them. A finding is what raises
    the share of pairs in the wrong order 3.2 times by its absence (10 times where the others are above .9 too), if more than
    its strength speaks against it: few values, its name, a twin, no near relative; or 20 times where the whole is above .985,
    whatever it is like. Filled on one outcome far more often than on the other (by half of the rows), a fall of .1 is enough:
    what is honest can lift as much, and is seldom written down so one-sidedly.
    """
    findings: list[Finding] = []
    made_of = families or {}
    for _ in range(_ROUNDS):
        gone = {made_of.get(f.column, f.column) for f in findings}
        left = X[[c for c in X.columns if made_of.get(c, c) not in gone]]
        probe = HoldoutProbe.of(left, y, groups, made_of, random_state)
        if probe is None or probe.least < POLICY.fewest_to_look:
            break
        more = _round(probe, [c for c in names if c in set(probe.columns)])
        if not more:
            break
        findings += more
    return findings


def _round(probe: HoldoutProbe, names: Sequence[str]) -> list[Finding]:
    alone = {c: probe.alone(c) for c in names}
    full = max([probe.full, *alone.values()])
    one_sided = [c for c in names if probe.fill_gap(c) > POLICY.filled_with_outcome]
    rests = {c: probe.power([c]) for c in one_sided}
    findings = [
        Finding(c, "fill_lift", _evidence(full, r)) for c, r in rests.items() if full - r > POLICY.fill_lift
    ]
    for a, b, power in probe.pairs(names[:_MOST_PAIRED]) if not findings else ():
        if not separable(probe, [a, b], POLICY.implausible):
            text = f"together they order the rows with an AUC of {power:.3f}, neither does alone"
            findings += [Finding(c, "pair", text) for c in (a, b)]
    if findings or full <= POLICY.implausible:
        return findings
    shuffled = dict(zip(probe.columns, probe.weight(), strict=True))
    order = sorted(names, key=lambda c: -max(shuffled[c], alone[c] - 0.5))[:_SUSPECTS]
    rests = {c: probe.power([c], enough=_enough(full, probe.noise)) for c in order}
    findings = [
        Finding(c, "multivariate", _evidence(full, r))
        for c, r in rests.items()
        if _beyond(probe, [c], full, r)
    ]
    strong = [c for c in order if alone[c] > POLICY.copy]
    for size in range(2, min(_AT_ONCE, len(strong)) + 1):
        if findings or probe.largest_correlation(strong[:size]) > POLICY.copies_correlate:
            break
        rest = probe.power(strong[:size], enough=_enough(full, probe.noise))
        if _beyond(probe, strong[:size], full, rest):
            findings = [Finding(c, "multivariate", _evidence(full, rest)) for c in strong[:size]]
    return findings


def _evidence(full: float, rest: float) -> str:
    return f"with it a model of all columns has an AUC of {full:.3f}, without it {rest:.3f}"
