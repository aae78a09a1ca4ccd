"""The propensity model: a calibrated, additive probability with exact contributions."""

from __future__ import annotations

import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.additive import (
    CompetingRisks,
    Encoder,
    History,
    Linear,
    NumberCode,
    Rows,
    Tables,
    boosted_margins,
    calibrated_across,
    dense,
    linear_forms,
    linear_margins,
    promising,
    shift_to_come,
    sized_tables,
    some_groups,
    tables_win,
)
from sales_consultant.scoring.core import Finding, ScoringError
from sales_consultant.scoring.leakage import audit, left_out
from sales_consultant.scoring.metrics import (
    ForwardTest,
    calibrate,
    clipped_rate,
    judge,
    mean_loss,
    sigmoid,
    spans,
    twins,
)
from sales_consultant.scoring.propensity.columns import named, strongest, usable
from sales_consultant.scoring.propensity.estimator import Classifier
from sales_consultant.scoring.propensity.kinds import InputError, as_learnt, why_left
from sales_consultant.scoring.propensity.rows import rows_of
from sales_consultant.scoring.propensity.tiers import HINGES, STRENGTHS, Tier, tier_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sales_consultant.scoring.additive import Meaning
    from sales_consultant.scoring.propensity.columns import Table

# The odds of a probability of one in three million: what somebody's model calls certain is clipped there.
LARGEST_MARGIN = 15.0

Suspects = Literal["named", "drop", "use"]

Form = Linear | Tables | CompetingRisks


class PropensityModel(Classifier):
    """P(event) as a sigmoid of a sum of one term a column, calibrated, with scikit-learn's conventions.

    `tier` is "auto" (by the rows of each class: under 40 "rules", under 200 "shrunk", under 1,000 "full", from then on
    "boosted" where it has the smaller log-loss out of fold, by more than chance, and is not behind on the newest quarter)
    or one of the tiers. `audit` names the columns in which leaks are looked for (None: in all, and in their names);
    `suspects` says what becomes of columns that look known only at the end of a record ("named": not used where more than
    their values says so, as their name; "drop": not used; "use": used). `tables` says whether the tiers "shrunk" and
    "full" may be learnt as tables too, where quick trees show by a standard error that something bends and the tables
    then win as the boosted tier's do (None: where the tier is "auto"). `families` says what a column is made of: where
    one leaks, all columns of its family are dropped (a column without an entry is its own). `meanings` says which columns
    measure one thing, as the windows of a count: in the linear form their effects go one way. In the tier "rules" there
    is no model: every row gets the base rate and no contribution.

    After `fit`: `tier_`, `base_value_` (the margin of the average training row), `feature_names_in_`, `columns_`
    (those that are used), `leaks_` (findings with column, kind, evidence; their families are dropped), `suspects_` (the
    same of columns that the policy decides about, with a question to whoever knows them), `levels_` (levels of texts that
    are learnt from as the average row, for they know the outcome), `classes_` (the two labels, the event second),
    `unused_` (columns of which nothing can be learnt, each with the reason), `report_`
    (figures out of fold; whole groups are left out together), `strength_` and `screen_` (the C and the screen of
    columns that won), `slope_` and `shift_` (the affine map of the margin that calibrates it, already folded in),
    `drift_` (the part of the shift that follows a base rate that moves), `form_` (the additive form: linear, tables, or
    hazards), `free_` (the linear form whose effects may turn, None where it is the same), `contest_` (log-loss out of fold
    of the tiers that were tried).
    """

    tier_: Tier
    base_value_: float
    base_rate_: float
    feature_names_in_: list[str]
    columns_: list[str]
    drift_: float = 0.0
    free_: Linear | None = None
    # Margins of linear forms out of fold, for whoever learns the same rows as tables.
    _straight: Mapping[tuple[float, float], NDArray[np.float64]]
    # Rows that steps read which do not read all, by what they look for.
    read_: Mapping[str, int] = MappingProxyType({})
    leaks_: list[Finding]
    suspects_: list[Finding]
    levels_: list[Finding]
    unused_: dict[str, str]
    kinds_: dict[str, str]
    report_: ForwardTest

    def __init__(
        self,
        *,
        tier: str = "auto",
        random_state: int = 0,
        audit: Sequence[str] | None = None,
        families: Mapping[str, str] | None = None,
        tables: bool | None = None,
        meanings: Mapping[str, Meaning] | None = None,
        suspects: Suspects = "named",
    ) -> None:
        self.tier = tier
        self.meanings = meanings
        self.tables = tables
        self.random_state = random_state
        self.audit = audit
        self.families = families
        self.suspects = suspects

    def fit(
        self,
        X: Table,
        y: ArrayLike,
        *,
        as_of: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> PropensityModel:
        """Learn from rows of numbers, texts, flags, times, durations and gaps; `unused_` says of which columns it cannot.

        `y` holds two labels, as 0 and 1 or "lost" and "won": the event is the second of `classes_`. `as_of` is one time
        a row (the order in which leaks are looked for), `groups` one label a row (rows of a group are never split between
        learning and judging; a row without one is its own), `sample_weight` one weight a row; a row of weight 0 counts as
        if it were not there.
        """
        if self.suspects not in get_args(Suspects):
            raise ScoringError(
                f"unknown policy suspects={self.suspects!r}; one of {', '.join(get_args(Suspects))}"
            )
        rows = rows_of(X, y, as_of=as_of, groups=groups, sample_weight=sample_weight)
        self.tier_ = self._tier(rows.y)
        rows.must_be_judged(tier=self.tier_, chosen=self.tier not in ("auto", "rules"))
        X, target, weight, codes, times = rows.X, rows.y, rows.weight, rows.codes, rows.as_of
        self.classes_, self.unused_, self.kinds_ = rows.classes, rows.unused, rows.kinds
        self.feature_names_in_ = list(X.columns)
        self.base_rate_ = float(np.average(target, weights=weight))
        found = audit(
            X,
            target,
            codes,
            order=times if times is not None else codes,
            as_of=times,
            names=self.audit,
            families=self.families,
            random_state=self.random_state,
        )
        self.leaks_, self.suspects_, self.levels_ = found.dropped, found.suspects, found.levels
        self._straight, self.read_ = {}, found.read
        self._learn(self._without_leaks(X), target, weight, codes, times)
        return self

    def _without_leaks(self, X: pd.DataFrame) -> pd.DataFrame:
        made_of = self.families or {}
        leaking = {made_of.get(f.column, f.column) for f in self.left_out_}
        return X[[c for c in X.columns if made_of.get(c, c) not in leaking]]

    @classmethod
    def given(cls, column: str, *, base: float, rate: float, report: ForwardTest) -> PropensityModel:
        """A model that learnt nothing: its margin is the column's value, log-odds that somebody else's model gave.

        `base` is the margin of the average row, `rate` the rate of the event, `report` what a forward test said.
        """
        model = cls(tier="full")
        model.tier_, model.classes_, model.feature_names_in_ = "full", np.array([0, 1]), [column]
        model.leaks_, model.suspects_, model.levels_, model.unused_, model.kinds_ = [], [], [], {}, {}
        model.base_rate_, model.report_, model.contest_ = rate, report, {}
        model.strength_, model.screen_, model.slope_, model.shift_ = 0.0, 0.0, 1.0, 0.0
        code = NumberCode(column, -LARGEST_MARGIN, LARGEST_MARGIN, log=False, mean=base, scale=1.0)
        model._take(Linear(Encoder([code]), np.ones(1), np.zeros(1), base))
        return model

    @property
    def left_out_(self) -> list[Finding]:
        """The findings whose columns are not used: leaks, and suspects as the policy says."""
        return [*self.leaks_, *left_out(self.suspects_, self.suspects)]

    @property
    def _tables(self) -> bool:
        return self.tier == "auto" if self.tables is None else self.tables

    def _tier(self, y: NDArray[np.float64]) -> Tier:
        if self.tier == "auto":
            return tier_of(y.sum(), (1 - y).sum())
        if self.tier not in get_args(Tier):
            raise ScoringError(f"unknown tier {self.tier!r}; one of auto, {', '.join(get_args(Tier))}")
        return next(t for t in get_args(Tier) if t == self.tier)

    def _learn(
        self,
        X: pd.DataFrame,
        y: NDArray[np.float64],
        weight: NDArray[np.float64],
        codes: NDArray[np.int64],
        order: NDArray[Any] | None,
        made: Linear | Tables | None = None,
    ) -> None:
        """Learn from rows without leaks; `made` are tables of the very rows, where there are such."""
        flat = float(np.log(self.base_odds))
        self.strength_, self.screen_, self.slope_, self.shift_ = 0.0, 0.0, 1.0, 0.0
        self.contest_: dict[str, float] = {}
        self.free_: Linear | None = None
        self.drift_ = 0.0
        # The strength and the two numbers of the calibration need no more rows than this.
        some = some_groups(codes, np.random.default_rng(0))
        self.read_ = {**self.read_, "tuning": int(some.sum())}
        seen, at = y[some], order[some] if order is not None else None
        honest = np.full(len(seen), flat)
        form: Form = _flat(flat)
        twin: NDArray[np.int64] | None = None
        allowed = self.tier_
        hinges = HINGES.get("full" if allowed == "boosted" else allowed, 0)
        encoder = self._encoder(X if allowed != "rules" else X.iloc[:, :0], hinges)
        if encoder.codes:
            Z = encoder.encode(X)
            twin = twins(pd.DataFrame(Z[some]))
            rows = Rows(Z[some], seen, weight[some], dense(codes[some]), twin)
            out_of_fold, tried = self._choose(encoder, X[some], rows, at)
            self.slope_, self.shift_ = calibrate(out_of_fold, seen, rows.weight)
            if at is not None:
                self.drift_ = shift_to_come(
                    History(X[some], seen, rows.weight, rows.group, at),
                    hinges=hinges,
                    strength=self.strength_,
                    least=self.screen_,
                    calibration=(self.slope_, self.shift_),
                )
                self.shift_ += self.drift_
            if tried is None:
                made = made or sized_tables(encoder, X, y, weight, codes, self.random_state)
            else:
                made, self.free_ = linear_forms(
                    encoder, Z, y, weight, strength=self.strength_, least=self.screen_, meanings=self.meanings
                )
            form = made.scaled(self.slope_, self.shift_)
            honest = calibrated_across(tried or [out_of_fold], rows)
        self._take(form)
        self.report_ = judge(
            seen,
            sigmoid(honest),
            dense(codes[some]),
            base=self.base_rate_,
            train=(len(y), int(y.sum()), len(np.unique(codes))),
            periods=None if at is None else {"time": spans(at)},
            twins=twin,
        )

    def _choose(
        self, encoder: Encoder, X: pd.DataFrame, rows: Rows, order: NDArray[Any] | None
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64]] | None]:
        """Margins out of fold of the best linear form and those of all that were tried, or of tables and None.

        Sets the strength and the screen, the tier and the contest.
        """
        allowed, y, weight = self.tier_, rows.y, rows.weight
        self.tier_ = linear = "full" if allowed == "boosted" else allowed
        margins = self._straight = self._straight or linear_margins(rows, STRENGTHS[linear])
        self.strength_, self.screen_ = min(margins, key=lambda c: mean_loss(y, margins[c], weight))
        straight = margins[self.strength_, self.screen_]
        if allowed == "boosted" or (
            self._tables and promising(rows, straight, encoder.plain(), self.random_state)
        ):
            bent = boosted_margins(encoder, X, rows, self.random_state)
            own, theirs = (weight * (np.logaddexp(0.0, m) - y * m) for m in (straight, bent))
            total = float(weight.sum())
            self.contest_ = {"full": float(own.sum()) / total, "boosted": float(theirs.sum()) / total}
            if self.tier == "boosted" or tables_win(own, theirs, rows.group, order):
                self.tier_ = allowed
                return bent, None
        return straight, list(margins.values())

    def _encoder(self, X: pd.DataFrame, hinges: int) -> Encoder:
        """The codes of the columns, without the levels that know the outcome; columns without a code are unused."""
        levels: dict[str, set[str]] = {}
        for f in self.levels_:
            levels.setdefault(f.column, set()).add(str(f.level))
        encoder = Encoder.learn(X, hinges=hinges, without=levels)
        self.unused_ |= why_left(X, encoder.columns, self.unused_)
        return encoder

    def set_free(self) -> PropensityModel | None:
        """The same model with effects that may turn round, None where they do not."""
        if self.free_ is None:
            return None
        other = copy.copy(self)
        other._take(self.free_.scaled(self.slope_, self.shift_))
        other.meanings = other.free_ = None
        return other

    def _take(self, form: Form) -> None:
        self.form_ = form
        self.columns_ = form.columns
        self.base_value_ = form.base

    @property
    def base_odds(self) -> float:
        """The odds of the weighted rate of the training rows."""
        rate = clipped_rate(self.base_rate_)
        return rate / (1 - rate)

    def decision_function(self, X: Table) -> NDArray[np.float64]:
        """The calibrated margin in log-odds, one a row."""
        return self._told(self._table(X), "margin")

    def _table(self, X: Table) -> pd.DataFrame:
        """A table to predict: the columns that are used, as they were learnt."""
        self._must_be_fitted()
        return usable(as_learnt(named(X, self.feature_names_in_)[self.columns_], self.kinds_))

    def _told(self, X: pd.DataFrame, what: Literal["margin", "contributions"]) -> NDArray[np.float64]:
        """The form's margin or contributions; InputError where a column holds what it was not learnt from."""
        try:
            return np.asarray(getattr(self.form_, what)(X), dtype=np.float64)
        except ValueError as e:
            raise InputError(str(e)) from e

    def predict_proba(self, X: Table) -> NDArray[np.float64]:
        """P(no event) and P(event), shape (rows, 2)."""
        p = sigmoid(self.decision_function(X))
        return np.column_stack([1 - p, p])

    def contributions(self, X: Table) -> NDArray[np.float64]:
        """Log-odds that each input column adds to `base_value_`, shape (rows, input columns).

        Columns stand in the order of `feature_names_in_`; one that is not used adds 0.
        """
        X = self._table(X)
        out = np.zeros((len(X), len(self.feature_names_in_)))
        place = {name: i for i, name in enumerate(self.feature_names_in_)}
        if self.columns_:
            out[:, [place[c] for c in self.columns_]] = self._told(X, "contributions")
        return out

    def explain(self, X: Table, top: int | None = None) -> pd.DataFrame:
        """The contributions as a long table: row (its place), feature, value, contribution, strongest first."""
        c = self.contributions(X)
        X = named(X, self.feature_names_in_)
        return strongest(X[self.feature_names_in_], c, top)

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold, with everything that predicting needs."""
        self._must_be_fitted()
        return {
            "tier": self.tier_,
            "classes": self.classes_.tolist(),
            "random_state": self.random_state,
            "feature_names": self.feature_names_in_,
            "form": self.form_.to_dict(),
            "contest": self.contest_,
            "base_rate": self.base_rate_,
            "strength": self.strength_,
            "screen": self.screen_,
            "calibration": [self.slope_, self.shift_],
            "leaks": [f.as_dict() for f in self.leaks_],
            "suspects": [f.as_dict() for f in self.suspects_],
            "unused": self.unused_,
            "kinds": self.kinds_,
            "levels": [f.as_dict() for f in self.levels_],
            "report": self.report_.as_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PropensityModel:
        """The inverse of `to_dict`."""
        model = cls(tier=data["tier"], random_state=data["random_state"])
        model.tier_, model.classes_ = data["tier"], np.array(data.get("classes", [0, 1]))
        model.unused_, model.kinds_ = dict(data.get("unused", {})), dict(data.get("kinds", {}))
        model.feature_names_in_ = list(data["feature_names"])
        form = data["form"]
        kinds: dict[str, Any] = {k.kind: k for k in (Linear, Tables, CompetingRisks)}
        model._take(kinds[form["kind"]].from_dict(form))
        model.base_rate_, model.contest_ = data["base_rate"], dict(data["contest"])
        model.strength_, model.screen_ = data["strength"], data.get("screen", 0.0)
        model.slope_, model.shift_ = data["calibration"]
        model.leaks_, model.suspects_, model.levels_ = (
            [Finding(**f) for f in data.get(k, ())] for k in ("leaks", "suspects", "levels")
        )
        model.report_ = ForwardTest.from_dict(data["report"])
        return model


def _flat(base: float) -> Linear:
    """A form without a column."""
    return Linear(Encoder([]), np.zeros(0), np.zeros(0), base)
