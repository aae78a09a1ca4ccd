"""A population that is too small borrows its parent's model, moved by an offset that its own records ask for."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine
from sales_consultant.scoring.features import build_table, cleaning, coverage
from sales_consultant.scoring.metrics import clipped_rate, judge, sigmoid
from sales_consultant.scoring.populations import (
    Membership,
    classes,
    cut_offs,
    false_labels,
    labelled,
    weighted,
)
from sales_consultant.scoring.training.model_card import TrainingEvidence, finish
from sales_consultant.scoring.training.training import Trained
from sales_consultant.scoring.validation import month_of_creation, unseen, untested

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions, Population
    from sales_consultant.scoring.metrics import ForwardTest
    from sales_consultant.scoring.propensity import PopulationModel, PropensityModel

# Base rates of a company's pipelines differ by a factor of e in the odds, as a rule of thumb: the prior's spread.
PRIOR_SD = 1.0
GOOD = "better than base rate"


@dataclass(frozen=True, slots=True)
class Offset:
    """What is added to a margin (log-odds), with its standard error, and the effective number of records behind it."""

    value: float
    error: float
    records: int


def offset_of(margin: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> Offset:
    """The offset d that makes sigmoid(margin + d) most likely, shrunken to 0 by a normal prior of sd 1.

    It maximises sum w (y (m + d) - log(1 + exp(m + d))) - d^2 / 2: the recalibration of the intercept (Steyerberg et al.
    2004, "Validation and updating of predictive logistic regression models", method 2) with a ridge on it. Without a row
    it is 0. The three arrays have one value a row; the rows of a record share the weight of one.
    """

    def slope(d: float) -> float:
        return float((weight * (y - sigmoid(margin + d))).sum()) - d / PRIOR_SD**2

    # The slope falls with d, and no sum of weights W drives it beyond W either way.
    low, high = -(PRIOR_SD**2) * float(weight.sum()) - 1, PRIOR_SD**2 * float(weight.sum()) + 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
        if high - low < 1e-12:
            break
    d = (low + high) / 2 if len(margin) else 0.0
    p = sigmoid(margin + d)
    information = float((weight * p * (1 - p)).sum()) + 1 / PRIOR_SD**2
    return Offset(d, float(np.sqrt(1 / information)), round(float(weight.sum())))


@dataclass(frozen=True, slots=True)
class Lender:
    """A parent's model with the figures of its forward test (as `ForwardTest.as_dict`), and where it was trained in this
    run the model of that test, which had learnt only from before `report["test_from"]`."""

    model: PopulationModel
    report: dict[str, Any]
    tested: PropensityModel | None = None


def borrow(
    engine: Engine,
    name: str,
    population: Population,
    lender: Lender,
    *,
    as_of: int,
    exclusions: Exclusions,
    random_state: int = 0,
) -> Trained:
    """A model for a population of its parent's, with an offset, base odds and grade edges of its own.

    It may be written where its own forward test says so: learnt from before, parent and offset alike, it must beat the
    population's own rate. Where too few of its records can be tested the parent's verdict counts; the card says which.
    """
    parent = lender.model
    assert parent.propensity is not None
    horizon = parent.horizon_days
    members = Membership(engine, population, exclusions, as_of=as_of)
    wrong = false_labels.find(engine, members)
    rows = wrong.clean(labelled(members, cut_offs(members, horizon), horizon), horizon)
    table = build_table(engine, population.object, parent.features, rows)
    X = table.values
    offset = _fitted(parent.propensity, X, rows)
    rate = _rate(parent.propensity, X, rows, offset)
    propensity = _moved(parent.propensity, offset.value, rate)
    report, judged = _tested(lender, X, rows, horizon)
    own_test = report is not None
    if report is None:
        report = replace(untested(rows), verdict=lender.report["verdict"])
        judged = None
    model = replace(
        parent,
        name=name,
        population=population,
        trained_at=as_of,
        propensity=propensity,
        base_odds=propensity.base_odds,
        grade_edges={},
        card={},
    )
    model, report, today = finish(
        engine, model, report, TrainingEvidence(members, rows, wrong, judged), random_state=random_state
    )
    won, lost = classes(rows) if len(rows) else (0, 0)
    borrowed = _loan_details(lender, offset, (won, lost), report, own_test=own_test)
    unlogged = coverage.summary(table.unlogged)
    more = {
        "borrowed": borrowed,
        "cleaning": cleaning.counted(table),
        "activity_coverage": unlogged,
        "notes": [borrowed["said"], *model.card["notes"], *unlogged["notes"]],
    }
    model = replace(model, card=model.card | more)
    return Trained(model, report, report.verdict == GOOD, borrowed["said"], judged, today)


def _fitted(model: PropensityModel, X: pd.DataFrame, rows: pd.DataFrame) -> Offset:
    """The offset of labelled rows under a model."""
    if rows.empty:
        return offset_of(*(np.zeros(0) for _ in range(3)))
    y, weight = (rows[c].to_numpy(dtype=float) for c in ("label", "weight"))
    return offset_of(_margin(model, X.loc[rows.index]), y, weight)


def _margin(model: PropensityModel, X: pd.DataFrame) -> NDArray[np.float64]:
    # A column that leaked where all rows were looked at is no feature any more; to the past's model it is a gap.
    return model.decision_function(X.reindex(columns=model.feature_names_in_))


def _rate(model: PropensityModel, X: pd.DataFrame, rows: pd.DataFrame, found: Offset) -> float:
    """The rate that the moved model promises the population's own rows: its own rate, shrunken as the offset is."""
    if rows.empty:
        return clipped_rate(float(sigmoid(np.array([math.log(model.base_odds)]))[0]))
    p = sigmoid(_margin(model, X.loc[rows.index]) + found.value)
    return clipped_rate(float(np.average(p, weights=rows["weight"])))


def _moved(model: PropensityModel, offset: float, rate: float) -> PropensityModel:
    """The model with its margin moved: every contribution stays, the base value takes the offset."""
    moved = copy.copy(model)
    moved.base_rate_ = rate
    moved.shift_ = model.shift_ + offset
    moved._take(model.form_.scaled(1.0, offset))
    return moved


def _tested(
    lender: Lender, X: pd.DataFrame, rows: pd.DataFrame, horizon: int
) -> tuple[ForwardTest | None, pd.DataFrame | None]:
    """The forward test of the borrowed model on the population's own rows; None where they are too few.

    The parent's model of its own forward test saw nothing later than that test's start. Of one that came into force before
    the rows that it cannot have seen are the test, as at the publish gate.
    """
    if rows.empty:
        return None, None
    end = rows["cut"] + horizon * DAY_MS
    model, start = lender.tested, lender.report.get("test_from")
    if model is not None and start is not None:
        test, before = rows[rows["cut"] >= start], rows[end <= start]
    else:
        model = lender.model.propensity
        new = unseen(rows, lender.model)
        test, before = rows[new], rows[end <= lender.model.trained_at]
    assert model is not None
    if test.empty:
        return None, None
    before = weighted(before)
    offset = _fitted(model, X, before)
    p = sigmoid(_margin(model, X.loc[test.index]) + offset.value)
    report = judge(
        test["label"].to_numpy(dtype=float),
        p,
        test["group"].to_numpy(),
        base=_rate(model, X, before, offset),
        train=(len(before), int(before["label"].sum()), int(before["record_id"].nunique())),
        cuts=test["cut"].to_numpy(dtype=np.int64),
        periods={"cut-off": test["cut"].to_numpy()},
        born=month_of_creation(test),
    )
    return (None, None) if report.verdict == "too little data" else (report, test.assign(p=p))


def _loan_details(
    lender: Lender, found: Offset, own: tuple[int, int], report: ForwardTest, *, own_test: bool
) -> dict[str, Any]:
    """What the card says of the loan, as figures and in a sentence."""
    name = lender.model.population.label or lender.model.name
    if own_test:
        judged = f"{report.verdict} on {report.n} later rows of its own"
    else:
        auc = lender.report.get("auc")
        figure = f" (AUC {auc:.3f})" if auc is not None else ""
        judged = f"too few outcomes of its own to test it, so the verdict is that of {name}{figure}: {report.verdict}"
    said = (
        f"borrowed from {name}: {own[0]} records with the event and {own[1]} without are too few for a model of its own; "
        f"its odds are those of {name} times {math.exp(found.value):.2f}, as {found.records} records of its own say; {judged}"
    )
    return {
        "from": lender.model.name,
        "from_trained_at": lender.model.trained_at,
        "offset": round(found.value, 6),
        "offset_error": round(found.error, 6),
        "prior_sd": PRIOR_SD,
        "own_records": found.records,
        "own_records_with_event": own[0],
        "own_records_without_event": own[1],
        "verdict_of": "own records" if own_test else lender.model.name,
        "said": said,
    }
