"""What happened to records before a cut-off and after it, by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.leakage.policy import POLICY

if TYPE_CHECKING:
    Floats = NDArray[np.float64]


# A judgement: the most frequent kinds; the others are too rare each, and are counted together.
MOST_KINDS = 12


@dataclass(frozen=True, slots=True)
class EventCounts:
    """How many events of one kind, or of several together, each row had before its cut-off and after it.

    The law of Poisson gives a later count the variance of its mean: on average, the count itself.
    """

    name: str
    before: Floats
    after: Floats
    # Days from the first earlier event to the cut-off, 0 where there was none.
    age: Floats

    def explains_earlier_events(self, codes: NDArray[np.int64]) -> tuple[bool, bool]:
        """Whether a field's values (`codes`) told the earlier events too, and whether later ones make up for earlier ones.

        Visits by agreement keep no chance of Poisson, and who knows the agreement knows their number, of the past as of the
        future: within a value the earlier count follows the time since the first one more closely than chance would. Where
        the field is the sum of both, a later count makes up for an earlier one.
        """
        had = self.before >= 1
        spread = chance = traded = varied = 0.0
        for value in np.unique(codes[had]):
            rows = had & (codes == value)
            if rows.sum() < POLICY.fewest_in_value:
                continue
            before, age = self.before[rows] - 1, self.age[rows] - self.age[rows].mean()
            slope = float(before @ age) / max(float(age @ age), 1e-9)
            rest = before - before.mean() - slope * age
            spread += float(rest @ rest)
            chance += float(before.sum())
            later = self.after[rows] - self.after[rows].mean()
            traded += float((before - before.mean()) @ later)
            varied += float(((before - before.mean()) ** 2).sum())
        regular = chance > POLICY.fewest_later and spread < POLICY.by_agreement * chance
        return regular, traded < -POLICY.makes_up * varied

    @property
    def once(self) -> bool:
        """Whether it hardly ever happens twice: foresight of that may be good, for it is no count."""
        return bool((self.after > 1).sum() < POLICY.often * (self.after > 0).sum())


@dataclass(frozen=True, slots=True)
class Past:
    """What each row's past tells of its later counts: features of the earlier events, and kinds by column of `after`."""

    features: Floats
    before: Floats
    after: Floats
    kinds: list[str]


def past_of(events: pd.DataFrame, ids: pd.Series[Any], cut: Floats) -> Past:
    """Counts of each kind before and after the cut-off, and of the past how many, whether any and how long ago."""
    row = pd.Index(ids).get_indexer(pd.Index(events["record_id"]))
    known = row >= 0
    row, at = row[known], events["at"].to_numpy(dtype=float)[known]
    kind = events["kind"][known].astype(str)
    often = kind.value_counts().index[:MOST_KINDS]
    code, names = pd.factorize(kind.where(kind.isin(often), "other events"), sort=True)
    n, width = len(ids), len(names)
    later = at > cut[row]

    def table(hit: NDArray[np.bool_]) -> Floats:
        counted = np.bincount(row[hit] * width + code[hit], minlength=n * width)
        return counted.reshape(n, width).astype(float)

    last = np.full(n * width, -np.inf)
    np.maximum.at(last, (row * width + code)[~later], at[~later])
    first = np.full(n, np.inf)
    np.minimum.at(first, row[~later], at[~later])
    days = np.maximum((cut[:, None] - last.reshape(n, width)) / DAY_MS, 0.0)
    age = np.where(np.isfinite(first), (cut - first) / DAY_MS, 0.0)
    before, after = table(~later), table(later)
    # A judgement: what happened some days ago, and what happened in the last weeks.
    soon = [np.exp(-days / span) for span in (4.0, 30.0)]
    features = np.column_stack([before, np.log1p(before), before > 0, *soon, np.log1p(age)])
    return Past(features, before, after, [str(k) for k in names])


def sets_of(past: Past) -> list[EventCounts]:
    """Each kind, the kinds of one word before a "/", and all together; only what came after often enough."""
    sets: dict[str, list[int]] = {k: [i] for i, k in enumerate(past.kinds)}
    for i, kind in enumerate(past.kinds):
        family, several, _ = kind.partition("/")
        if several:
            sets.setdefault(family, []).append(i)
    sets["events"] = list(range(len(past.kinds)))
    ages = np.expm1(past.features[:, -len(past.kinds) :]) if past.kinds else past.before
    counts: dict[tuple[int, ...], EventCounts] = {}
    for name, members in sets.items():
        after = past.after[:, members].sum(axis=1)
        if (after > 0).sum() >= POLICY.fewest_later:
            one = EventCounts(name, past.before[:, members].sum(axis=1), after, ages[:, members].max(axis=1))
            counts.setdefault(tuple(members), one)
    return list(counts.values())
