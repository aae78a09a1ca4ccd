"""What is learnt beside a linear model of the same rows: competing outcomes, and tables."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.additive import (
    FOLDS,
    LOST,
    WON,
    CompetingRisks,
    Linear,
    Spans,
    Tables,
    dense,
    fit_hazards,
    folds,
    sized_tables,
    some_groups,
    spans,
)
from sales_consultant.scoring.metrics import calibrate, judge, mean_loss, sigmoid
from sales_consultant.scoring.propensity.rows import rows_of
from sales_consultant.scoring.propensity.tiers import HINGES

if TYPE_CHECKING:
    from sales_consultant.scoring.propensity.propensity import PropensityModel


# A judgement: six periods need some ends of either kind each.
_LEAST_EACH = 20


def form_name(model: PropensityModel) -> str:
    """What a model is by name: its tier, or "hazards" where competing outcomes won the forward test."""
    return "hazards" if isinstance(model.form_, CompetingRisks) else model.tier_


def fit_competing_risks(
    linear: PropensityModel,
    X: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    horizon: int,
    until: int,
    random_state: int = 0,
) -> PropensityModel | None:
    """The hazards with a fitted linear model's columns and strength, learnt from all rows whose cut is before `until` (ms).

    `rows` need cut, event_at, ended_at, label, group, weight. Calibration and report are out of fold, of the rows whose
    horizon was over. None where records hardly ever end both ways: there is nothing that competes.
    """
    seen = spans(rows, horizon=horizon, until=until)
    if min(np.bincount(seen.outcome, minlength=3)[[WON, LOST]]) < _LEAST_EACH:
        return None
    if not isinstance(linear.form_, Linear) or not linear.columns_:
        return None
    encoder = linear.form_.encoder
    Z = encoder.encode(X.loc[rows.index])
    # The columns that the linear form does without are none of this one's either.
    Z = Z * (linear.form_.coef != 0)
    weight = (1.0 / rows.groupby("record_id")["record_id"].transform("size")).to_numpy()
    codes = dense(rows["group"].factorize()[0])
    whole = (rows["cut"] + horizon * DAY_MS <= until).to_numpy()
    label, out = rows["label"].to_numpy(dtype=float), np.zeros(len(rows))
    # As of the linear form: two numbers of a calibration need no more rows.
    some = some_groups(codes, np.random.default_rng(0))
    fold = np.full(len(rows), -1)
    fold[some] = folds(dense(codes[some]), label[some])
    for k in range(FOLDS):
        known, judged = some & (fold != k), fold == k
        part = Spans(seen.period[known], seen.outcome[known], seen.edges)
        made = fit_hazards(encoder, Z[known], part, weight[known], linear.strength_)
        out[judged] = made._margin((Z[judged] - made.means) @ made.coef.T)
    told = whole & some
    slope, shift = calibrate(out[told], label[told], weight[told])
    # Of a model from before, about what a base rate does, the linear form has asked already.
    shift += linear.drift_
    model = copy.copy(linear)
    model.slope_, model.shift_ = slope, shift
    model._take(fit_hazards(encoder, Z, seen, weight, linear.strength_).scaled(slope, shift))
    model.report_ = judge(
        label[told],
        sigmoid(slope * out[told] + shift),
        dense(codes[told]),
        base=linear.base_rate_,
        train=(len(rows), int(label[whole].sum()), int(rows["record_id"].nunique())),
    )
    return model


class TablesBeside:
    """Tables learnt from the rows of a linear model, given as to its `fit`: neither leaks nor linear forms are looked for
    once more.

    The tables themselves are quickly learnt. What takes five times as long is their calibration, for which they are learnt
    anew in each fold: where they cannot win it need not be known.
    """

    def __init__(self, linear: PropensityModel, X: pd.DataFrame, y: NDArray[Any], **more: Any) -> None:
        rows, self._model = rows_of(X, y, **more), copy.copy(linear)
        self._model.tier, self._model.tier_, self._model.meanings = "boosted", "boosted", None
        self._rows = (linear._without_leaks(rows.X), rows.y, rows.weight, rows.codes)
        self._times = rows.as_of

    @cached_property
    def _made(self) -> Tables | None:
        encoder = self._model._encoder(self._rows[0], HINGES["full"])
        return sized_tables(encoder, *self._rows, self._model.random_state) if encoder.codes else None

    def least_loss(self, X: pd.DataFrame, y: NDArray[np.float64]) -> float:
        """The mean log-loss on other rows with the calibration that is best for these: any other has more."""
        if self._made is None:
            return float("inf")
        margin, ones = self._made.margin(X), np.ones(len(y))
        slope, shift = calibrate(margin, y, ones)
        return mean_loss(y, slope * margin + shift, ones)

    def fitted(self) -> PropensityModel:
        """The model of tables, calibrated out of fold."""
        self._model._learn(*self._rows, self._times, self._made)
        return self._model
