"""Hindsight: values that today's CRM shows of the past, and that nobody knew then.

A value without a history (a link, a field of today) stands on past rows as it is now: after the outcome, where there was one.
Today's open records show what such a value is like before it. Where records of the same age are alike, the past ones with
what they became and the open ones without, the outcome did not set the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.leakage.policy import POLICY
from sales_consultant.scoring.leakage.univariate import cells

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# Judgements: eight spans of age hold some dozen open records each in a company of a hundred deals; five folds are usual.
_SPANS = 8
_FOLDS = 5
# Levels of a text that are told apart, and the information (of a logistic score) by which a level's rate is drawn to that
# of all: a level of eight rows is half believed.
_MOST_LEVELS = 50
_PRIOR = 2.0
# A trend of fewer cut-offs is none.
_FEWEST_CUTS = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column: what it says of the outcome, and how open records differ from past ones of the same age.

    `gain` is the share of the log-loss that knowing the value takes away on groups not learnt from, `gain_low` and `gain_high`
    the ends of its 90 % interval. `spread` is the distance in log-odds between rows with the event and without it, `apart` that
    between past and open records, of the same age, with its standard error; `apart_now` the same against what the past's trend
    leads to, with the unrest of past cut-offs in its error. `rarer` is the share of the rarer outcome. `filled` are the shares
    of past rows with the event, without it, and of open records that have a value at all, at the ages of the open ones;
    `emptied` is how much more often past records have one than open ones, beyond trend and chance (below 0: less often).
    """

    gain: float
    gain_low: float
    gain_high: float
    spread: float
    apart: float
    error: float
    apart_now: float
    error_now: float
    rarer: float
    filled: tuple[float, float, float]
    emptied: float

    @property
    def harmless(self) -> bool:
        """Whether the value says so little of the outcome that no verdict can rest on it."""
        return self.gain_high <= POLICY.harmless

    @property
    def alike(self) -> bool:
        """Whether open records are sure to be like past ones: nearer than half of what the outcome would make of it."""
        ways = ((self.apart, self.error), (self.apart_now, self.error_now))
        limit = POLICY.share_of_spread * self.rarer * self.spread
        return any(abs(apart) + POLICY.one_sided * error <= limit for apart, error in ways)

    @property
    def no_sign(self) -> bool:
        """Whether open records are no farther from past ones than chance brings (two standard errors), and filled as often.

        Where the value says something of the outcome, open records must be so many that what the outcome would make of it would
        lie three standard errors away, and it must be the farther of the two.
        """
        near = abs(self.apart) <= 2 * self.error
        if not self.harmless:
            made = self.rarer * self.spread
            near = near and abs(self.apart) <= POLICY.share_of_spread * made and 3 * self.error <= made
        return near and max(self.filled) - min(self.filled) <= POLICY.fill_gap / 2

    @property
    def different(self) -> bool:
        """Whether open records are sure to be unlike past ones, in a way that says something of the outcome."""
        far = abs(self.apart_now) - POLICY.sure_errors * self.error_now
        return (
            self.gain_low > 0
            and far > 0
            and abs(self.apart_now) > POLICY.share_of_spread * self.rarer * self.spread
        )


class Hindsight:
    """Past rows with what became of them, and today's open records, both by age."""

    def __init__(self, past: pd.DataFrame, today: pd.DataFrame, *, random_state: int = 0) -> None:
        """`past` has cut, created_at (ms), label and group, a row a record and cut-off; `today` the same without a label."""
        self.y = past["label"].to_numpy(dtype=float)
        self.group = pd.factorize(past["group"])[0].astype(np.int64)
        self.now_group = pd.factorize(today["group"])[0].astype(np.int64)
        ages, now = _ages(past), _ages(today)
        edges = np.unique(np.quantile(now, np.linspace(0, 1, _SPANS + 1)[1:-1])) if len(now) else np.empty(0)
        self.span = np.searchsorted(edges, ages, side="right").astype(np.int64)
        self.now_span = np.searchsorted(edges, now, side="right").astype(np.int64)
        self.spans = len(edges) + 1
        self.days = (past["cut"].to_numpy(dtype=float) - (today["cut"].max() if len(today) else 0.0)) / DAY_MS
        self.cut = pd.factorize(past["cut"])[0].astype(np.int64)
        rng = np.random.default_rng(random_state)
        groups = int(self.group.max()) + 1 if len(self.group) else 0
        self.fold = (rng.permutation(groups) % _FOLDS)[self.group] if groups else self.group

    @cached_property
    def base(self) -> Floats:
        """Each past row's rate of the event among rows of its age."""
        wins = np.bincount(self.span, weights=self.y, minlength=self.spans)
        n = np.bincount(self.span, minlength=self.spans)
        rates = (wins + self.y.mean()) / (n + 1.0)
        return np.asarray(np.clip(rates, 1e-4, 1 - 1e-4)[self.span])

    def compare(self, past: pd.Series[Any], today: pd.Series[Any]) -> Comparison:
        """How a column's past values are to be judged."""
        codes, now = coded(past, today)
        told, told_now = self._scores(codes, now)
        gain, gain_error = self._gain(told)
        inside = told - _of_cell(told, self.span, self.spans)[self.span]
        won = self.y == 1
        spread = float(inside[won].mean() - inside[~won].mean())
        apart, error = self._apart(told, told_now)
        drift, drift_error = self._drift(told)
        filled, filled_now = (c.notna().to_numpy().astype(float) for c in (past, today))
        return Comparison(
            gain,
            gain - POLICY.one_sided * gain_error,
            gain + POLICY.one_sided * gain_error,
            max(spread, 0.0),
            apart,
            error,
            apart + drift,
            float(np.hypot(error, drift_error)),
            float(min(self.y.mean(), 1 - self.y.mean())),
            (
                self._at_ages(filled, won),
                self._at_ages(filled, ~won),
                float(filled_now.mean()) if len(today) else 0.0,
            ),
            self._emptied(filled, filled_now),
        )

    def told_then(self, past: pd.Series[Any], certain: NDArray[np.bool_]) -> bool:
        """Whether the value tells of the outcome on rows where it is sure to be as old as the cut-off.

        The scores are learnt from all rows and judged on these: what only the outcome sets tells nothing there.
        """
        y = self.y[certain]
        if min(y.sum(), (1 - y).sum()) < POLICY.fewest_ended:
            return False
        codes, now = coded(past, past.iloc[:0])
        told = self._scores(codes, now)[0]
        gain, error = self._gain(told, certain)
        return bool(gain - POLICY.one_sided * error > 0)

    def _at_ages(self, filled: Floats, rows: NDArray[np.bool_]) -> float:
        """The share of some past rows that have a value, at the ages of today's open records."""
        n, open_ = (np.bincount(s, minlength=self.spans) for s in (self.span[rows], self.now_span))
        weight = np.where(n > 0, open_, 0.0)
        if not weight.sum():
            return float(filled[rows].mean()) if rows.any() else 0.0
        return float(weight @ _of_cell(filled[rows], self.span[rows], self.spans) / weight.sum())

    def _emptied(self, filled: Floats, now: Floats) -> float:
        """The difference of the filled shares, past less open, that is beyond trend and chance."""
        apart, error = self._apart(filled, now)
        drift, drift_error = self._drift(filled)
        far = apart + drift
        return float(np.sign(far) * max(abs(far) - POLICY.sure_errors * np.hypot(error, drift_error), 0.0))

    def _scores(self, codes: Codes, now: Codes) -> tuple[Floats, Floats]:
        """The log-odds that each row's value adds to those of its age, told by the other folds; today's by all."""
        size = int(max(codes.max(initial=0), now.max(initial=0))) + 1
        told, tables = np.zeros(len(codes)), []
        rest, information = self.y - self.base, self.base * (1 - self.base)
        for k in range(_FOLDS):
            learn = self.fold != k
            top = np.bincount(codes[learn], weights=rest[learn], minlength=size)
            table = top / (np.bincount(codes[learn], weights=information[learn], minlength=size) + _PRIOR)
            told[~learn] = table[codes[~learn]]
            tables.append(table)
        of_all: Floats = np.mean(tables, axis=0)
        return told, of_all[now]

    def _gain(self, told: Floats, rows: NDArray[np.bool_] | None = None) -> tuple[float, float]:
        """The share of the log-loss of a record's age that the scores take away on some rows, and its standard error."""
        chosen = np.ones(len(told), dtype=bool) if rows is None else rows
        flat, y, told = np.log(self.base / (1 - self.base))[chosen], self.y[chosen], told[chosen]
        before = np.logaddexp(0.0, flat) - y * flat
        after = np.logaddexp(0.0, flat + told) - y * (flat + told)
        gains = np.bincount(self.group[chosen], weights=before - after)
        error = float(np.sqrt(((gains - gains.mean()) ** 2).sum()))
        whole = float(before.sum())
        return float(gains.sum()) / whole, error / whole

    def _apart(self, told: Floats, now: Floats) -> tuple[float, float]:
        """Mean of the past less mean of today over spans of age that both have, weighted as today's are."""
        n, open_ = (np.bincount(s, minlength=self.spans).astype(float) for s in (self.span, self.now_span))
        both = (n > 0) & (open_ > 0)
        weight = np.where(both, open_, 0.0) / max(open_[both].sum(), 1.0)
        mean, mean_now = _of_cell(told, self.span, self.spans), _of_cell(now, self.now_span, self.spans)
        apart = float((weight * (mean - mean_now)).sum())
        own = (weight / np.maximum(n, 1.0))[self.span] * (told - mean[self.span])
        theirs = (weight / np.maximum(open_, 1.0))[self.now_span] * (now - mean_now[self.now_span])
        square = sum(
            float((np.bincount(g, weights=part) ** 2).sum())
            for g, part in ((self.group, own), (self.now_group, theirs))
        )
        # Values that no open record has yet may be had by few: the rule of three, as a standard error.
        unseen = float(told.std()) * 1.5 / max(len(self.now_span), 1)
        return apart, float(np.hypot(np.sqrt(square), unseen))

    def _drift(self, told: Floats) -> tuple[float, float]:
        """How far the past's trend leads from its mean to today, and the standard error of a new cut-off about it."""
        inside = told - _of_cell(told, self.span, self.spans)[self.span]
        cuts = int(self.cut.max()) + 1
        if cuts < _FEWEST_CUTS:
            return 0.0, 0.0
        n = np.bincount(self.cut, minlength=cuts).astype(float)
        level = np.bincount(self.cut, weights=inside, minlength=cuts) / n
        day = np.bincount(self.cut, weights=self.days, minlength=cuts) / n
        share = n / n.sum()
        middle = float(share @ day)
        var = float(share @ (day - middle) ** 2)
        slope = float(share @ ((day - middle) * level)) / max(var, 1e-9)
        rest = level - slope * (day - middle)
        noise = float(share @ rest**2) * cuts / (cuts - 2)
        return -slope * middle, float(np.sqrt(noise * (1 + (1 + middle**2 / max(var, 1e-9)) / cuts)))


def _ages(rows: pd.DataFrame) -> Floats:
    ages: Floats = (rows["cut"] - rows["created_at"]).to_numpy(dtype=float) / DAY_MS
    return ages


def _of_cell(values: Floats, cell: Codes, size: int) -> Floats:
    """Mean of each cell, 0 for an empty one."""
    n = np.bincount(cell, minlength=size)
    return np.asarray(np.bincount(cell, weights=values, minlength=size) / np.maximum(n, 1))


def coded(past: pd.Series[Any], today: pd.Series[Any]) -> tuple[Codes, Codes]:
    """Both columns as codes of the same bins (quantiles of the past) or levels; a gap is one of its own."""
    both = pd.concat([past, today], ignore_index=True)
    learn = np.arange(len(both)) < len(past)
    if not (pd.api.types.is_numeric_dtype(both) and not pd.api.types.is_bool_dtype(both)):
        text = both.astype("string")
        most = set(text[learn].value_counts().index[:_MOST_LEVELS])
        both = text.where(text.isna() | text.isin(most), "others")
    codes = cells(both, learn) + 1
    return codes[learn], codes[~learn]
