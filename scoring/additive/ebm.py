"""The boosted form of an additive model: one table a column and a few for pairs (Lou, Caruana et al. 2013, GA2M).

`interpret-core` learns the tables; what is kept are the tables themselves, as numbers of ours: predicting needs no
foreign object, a model file no pickle, and a contribution is a lookup, so reasons are the model and add up exactly.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.additive.encoding import Encoder, LevelCode, NumberCode, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence


# A high learning rate: with few bags .001 of log-loss worse than the library's defaults, 7 times faster
# (docs/decisions/scoring-boosted-tables.md).
_RATE = 0.03
# Bags that went on for very small gains took half of the time; shorter patience costs no measurable log-loss.
_PATIENCE, _ROUNDS = 50, 3000
# A second process imports the library anew: with fewer rows that takes longer than it saves. The fit is the same.
_FEW = 3_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How fine tables are: their bins, those of a pair to each side, the pairs, and the bags that are averaged."""

    bins: int
    pair_bins: int
    pairs: int
    bags: int = 4


# Judgements: 128 bins are finer than a reason needs, coarse enough for some thousand rows; a pair has 16 x 16 cells, each of
# which needs rows. Of twice ten columns 20 are a tenth of all pairs; with 6 the tables fell behind where columns work together
# (docs/decisions/scoring-boosted-tables.md).
ORDINARY = Sizes(bins=128, pair_bins=16, pairs=20)
# What closed a gap of 1.4 % of log-loss to gradient boosting on a large table; tried from so many rows on, of which each of
# the 64 x 64 cells has five.
FINE = Sizes(bins=256, pair_bins=64, pairs=45)
MIN_FINE = 20_000
# A judgement: of fewer companies a bag would hold out two or three, by which nothing can be stopped; rows are held out
# then.
_LEAST_GROUPS = 20


@dataclass(frozen=True)
class Column:
    """How a column's value finds its bin: by cuts (numbers) or by level.

    `cuts` and `bins` are one entry a resolution: the column's own table, then the tables of its pairs. Bin 0 is a gap,
    the last bin a value never seen.
    """

    code: NumberCode | LevelCode
    cuts: tuple[NDArray[np.float64], ...] = ()
    bins: tuple[NDArray[np.int64], ...] = ()

    def values(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """The column as numbers: itself, or the place of its level (nan: a gap or never seen)."""
        return place(self.code, X)

    def find(self, values: NDArray[np.float64], resolution: int) -> NDArray[np.int64]:
        """The bin of each value."""
        if isinstance(self.code, NumberCode):
            cuts = self.cuts[min(resolution, len(self.cuts) - 1)]
            found = np.searchsorted(cuts, values, side="right") + 1
            return np.where(np.isfinite(values), found, 0)
        table = self.bins[min(resolution, len(self.bins) - 1)]
        return table[np.where(np.isfinite(values), values, len(table) - 1).astype(np.int64)]


def place(code: NumberCode | LevelCode, X: pd.DataFrame) -> NDArray[np.float64]:
    """A column as numbers: a number as it is, a text as the place of its level."""
    if isinstance(code, NumberCode):
        return numbers(X[code.name])
    return code.places(X[code.name]).astype(np.float64)


class Tables:
    """Margin = base + the sum of the tables' entries; a pair's entry counts half for each of its columns."""

    kind = "boosted"

    def __init__(
        self,
        found: Sequence[Column],
        terms: Sequence[tuple[tuple[int, ...], NDArray[np.float64]]],
        base: float,
    ) -> None:
        self.found = list(found)
        self.terms = list(terms)
        self.base = base
        self.columns = [c.code.name for c in found]

    def scaled(self, slope: float, shift: float) -> Tables:
        """The same with the margin mapped to slope x margin + shift."""
        return Tables(self.found, [(f, slope * t) for f, t in self.terms], slope * self.base + shift)

    def margin(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Log-odds, one a row."""
        out = np.full(len(X), self.base)
        for _, entry in self._entries(X):
            out += entry
        return out

    def contributions(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, columns): what each column adds to the base."""
        out = np.zeros((len(X), len(self.columns)))
        for which, entry in self._entries(X):
            for j in which:
                out[:, j] += entry / len(which)
        return out

    def _entries(self, X: pd.DataFrame) -> list[tuple[tuple[int, ...], NDArray[np.float64]]]:
        values = [c.values(X) for c in self.found]
        known: dict[tuple[int, int], NDArray[np.int64]] = {}

        def bins(j: int, resolution: int) -> NDArray[np.int64]:
            key = (j, resolution)
            if key not in known:
                known[key] = self.found[j].find(values[j], resolution)
            return known[key]

        return [(f, t[tuple(bins(j, len(f) - 1) for j in f)]) for f, t in self.terms]

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold."""
        return {
            "kind": self.kind,
            "codes": Encoder([c.code for c in self.found]).to_list(),
            "cuts": [[t.tolist() for t in c.cuts] for c in self.found],
            "bins": [[t.tolist() for t in c.bins] for c in self.found],
            "terms": [{"columns": list(f), "table": t.tolist()} for f, t in self.terms],
            "base": self.base,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tables:
        """The inverse of `to_dict`."""
        codes = Encoder.from_list(data["codes"]).codes
        columns = [
            Column(
                code,
                tuple(np.asarray(t, dtype=np.float64) for t in cuts),
                tuple(np.asarray(t, dtype=np.int64) for t in bins),
            )
            for code, cuts, bins in zip(codes, data["cuts"], data["bins"], strict=True)
        ]
        terms = [(tuple(t["columns"]), np.asarray(t["table"], dtype=np.float64)) for t in data["terms"]]
        return cls(columns, terms, float(data["base"]))


def fit_tables(
    encoder: Encoder,
    X: pd.DataFrame,
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    random_state: int,
    groups: NDArray[np.int64] | None = None,
    sizes: Sizes = ORDINARY,
) -> Tables:
    """Tables learnt from the columns that `encoder` knows; uses both cores."""
    model, _ = fit_library(encoder, X, y, weight, random_state=random_state, groups=groups, sizes=sizes)
    return read_tables(encoder, model)


def fit_library(
    encoder: Encoder,
    X: pd.DataFrame,
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    random_state: int,
    groups: NDArray[np.int64] | None = None,
    sizes: Sizes = ORDINARY,
) -> tuple[Any, NDArray[Any]]:
    """The library's own fitted model, and the matrix that it was given."""
    from interpret.glassbox import ExplainableBoostingClassifier

    matrix = np.column_stack([_shown(c, X) for c in encoder.codes])
    kinds = ["continuous" if isinstance(c, NumberCode) else "nominal" for c in encoder.codes]
    model = ExplainableBoostingClassifier(
        feature_names=encoder.columns,
        feature_types=kinds,
        interactions=sizes.pairs if len(kinds) > 1 else 0,
        outer_bags=sizes.bags,
        learning_rate=_RATE,
        early_stopping_rounds=_PATIENCE,
        max_rounds=_ROUNDS,
        max_bins=sizes.bins,
        max_interaction_bins=sizes.pair_bins,
        n_jobs=1 if len(y) < _FEW or sizes.bags == 1 else 2,
        random_state=random_state,
    )
    with warnings.catch_warnings():
        # Of a column that one bag sees as constant: it gets a flat table, which is right.
        warnings.simplefilter("ignore")
        model.fit(
            matrix, y.astype(np.int64), sample_weight=weight, bags=_bags(groups, random_state, sizes.bags)
        )
    return model, matrix


def read_tables(encoder: Encoder, model: Any) -> Tables:
    """The tables of a fitted model of the library."""
    found = [_column(c, model.bins_[j]) for j, c in enumerate(encoder.codes)]
    terms = [
        (tuple(int(j) for j in f), np.asarray(t, dtype=np.float64))
        for f, t in zip(model.term_features_, model.term_scores_, strict=True)
    ]
    return Tables(found, terms, float(np.ravel(model.intercept_)[0]))


def _bags(
    groups: NDArray[np.int64] | None, random_state: int, bags: int = ORDINARY.bags
) -> NDArray[np.int8] | None:
    """Which rows each bag learns from (1) and stops by (-1): whole groups, or a company's rows would vouch for it."""
    if groups is None or (size := int(groups.max()) + 1) < _LEAST_GROUPS:
        return None
    rng = np.random.default_rng(random_state)
    # The share is the library's own default of a validation set.
    held = np.stack([rng.permutation(size) < 0.15 * size for _ in range(bags)])
    return np.where(held[:, groups], -1, 1).astype(np.int8).T


def _shown(code: NumberCode | LevelCode, X: pd.DataFrame) -> NDArray[Any]:
    values = place(code, X)
    if isinstance(code, NumberCode):
        return np.where(np.isfinite(values), values, np.nan).astype(object)
    names = np.array([str(i) for i in range(code.width)] + [None], dtype=object)
    return np.asarray(names[np.where(np.isfinite(values), values, code.width).astype(np.int64)])


def _column(code: NumberCode | LevelCode, learnt: Sequence[Any]) -> Column:
    if isinstance(code, NumberCode):
        return Column(code, cuts=tuple(np.asarray(t, dtype=np.float64) for t in learnt))
    tables = []
    for names in learnt:
        last = max(names.values(), default=0) + 1
        # A level that a resolution does not know is one never seen; a gap that is no level of its own is bin 0.
        tables.append(np.array([names.get(str(i), last) for i in range(code.width)] + [0], dtype=np.int64))
    return Column(code, bins=tuple(tables))
