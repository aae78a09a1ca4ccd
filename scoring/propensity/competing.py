"""Competing outcomes fitted as a propensity model, with calibration and report out of fold."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.scoring.additive import (
    FOLDS,
    LOST,
    WON,
    CompetingRisks,
    Linear,
    Spans,
    dense,
    fit_hazards,
    folds,
    some_groups,
    spans,
)
from sales_consultant.scoring.metrics import calibrate, judge, sigmoid

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
