"""Models that are not learnt here: borrowed from a parent with an offset, or of an admin's own, whose scores lie in a file."""

from __future__ import annotations

import copy
import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, neutral, query
from sales_consultant.engine.reads import own_scores
from sales_consultant.scoring.features import (
    OWN_SCORES,
    Feature,
    Group,
    Words,
    build_table,
    cleaning,
    coverage,
)
from sales_consultant.scoring.metrics import clipped_rate, judge, sigmoid
from sales_consultant.scoring.populations import (
    Membership,
    classes,
    cut_offs,
    false_labels,
    horizon_days,
    labelled,
    split,
    weighted,
)
from sales_consultant.scoring.propensity import PopulationModel, PropensityModel
from sales_consultant.scoring.training.model_card import TrainingEvidence, finish
from sales_consultant.scoring.training.training import EVENTS, Trained
from sales_consultant.scoring.validation import month_of_creation, unseen, untested

if TYPE_CHECKING:
    from sales_consultant.config.populations import Exclusions, Population
    from sales_consultant.scoring.metrics import ForwardTest

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


def bring(
    engine: Engine,
    name: str,
    population: Population,
    *,
    as_of: int,
    exclusions: Exclusions,
    horizon_before: int | None = None,
    random_state: int = 0,
) -> Trained:
    """The model of a population whose probabilities come from a file (`Population.scorer`), judged by what became of them.

    The forward test is of the scores that the file held at past cut-offs, against the rate of what had ended by then. It
    is not publishable where it is no better, or where there is too little to judge by.
    """
    assert population.scorer is not None
    members = Membership(engine, population, exclusions, as_of=as_of)
    horizon = horizon_days(population, members, before=horizon_before)
    wrong = false_labels.find(engine, members)
    rows = wrong.clean(labelled(members, cut_offs(members, horizon), horizon), horizon)
    group, feature = own_model(population.scorer, horizon)
    margin = build_table(engine, population.object, [feature], rows).values[feature.name]
    rows = rows[margin.notna()]
    report, judged = _brought(rows, margin[rows.index].to_numpy(dtype=float), horizon)
    seen = margin[rows.index]
    weight = rows["weight"] if len(rows) else None
    rate = clipped_rate(float(np.average(rows["label"], weights=weight)) if len(rows) else 0.5)
    base = float(np.average(seen, weights=weight)) if len(rows) else math.log(rate / (1 - rate))
    model = PopulationModel(
        name=name,
        population=population,
        event=EVENTS[population.event],
        horizon_days=horizon,
        trained_at=as_of,
        features=[feature],
        groups=[group],
        propensity=PropensityModel.given(feature.name, base=base, rate=rate, report=report),
        rules=None,
        base_odds=rate / (1 - rate),
        grade_edges={},
        leaks=[],
    )
    learnt = TrainingEvidence(members, rows, wrong, judged)
    model, report, today = finish(engine, model, report, learnt, random_state=random_state)
    said = f"scored by the model {Path(population.scorer).stem} of your own"
    more = {
        "scorer": population.scorer,
        "scores": _fingerprint(population.scorer, members),
        "notes": [
            said,
            *_without_score(engine, members, population.scorer, horizon, as_of),
            *model.card["notes"],
        ],
    }
    model = replace(model, card=model.card | more)
    return Trained(model, report, report.verdict == GOOD, _verdict(report), judged, today)


def _verdict(report: ForwardTest) -> str:
    """What the forward test says of given scores."""
    if report.verdict == GOOD:
        return f"better than the base rate on {report.n} later rows"
    if report.verdict == "too little data":
        return "the file holds too few scores of the past whose outcome is known: no score is written"
    return f"no better than the base rate on {report.n} later rows: no score is written"


def _without_score(engine: Engine, members: Membership, path: str, horizon: int, as_of: int) -> list[str]:
    """What of the file is of no record, and how many open records it gives no score."""
    object_ = members.population.object
    known = query(engine, neutral(engine, object_).select("id"))["id"]
    said = own_scores.unmatched(path, set(known), as_of=as_of).say(object_)
    life = members.life
    still = life.loc[life["ended_at"].isna(), ["record_id"]].assign(cut=as_of)
    without = int(own_scores.given(path, still, days=horizon).isna().sum())
    if without:
        said.append(
            f"{without:,} of the {len(still):,} open {object_} have no score in the file from the last {horizon} days, so none"
        )
    return said


def _fingerprint(path: str, members: Membership) -> str:
    """What tells whether the scores of ended records are those that were judged before; it moves with no calendar."""
    life = members.life
    over = life.loc[life["ended_at"].notna(), ["record_id", "ended_at"]].rename(columns={"ended_at": "cut"})
    over = over.sort_values("record_id", ignore_index=True)
    told = over.assign(p=own_scores.given(path, over).round(6))
    return hashlib.sha256(told.to_csv(index=False).encode()).hexdigest()[:16]


def own_model(path: str, horizon: int) -> tuple[Group, Feature]:
    """The one feature of a model of somebody's own: its log-odds, none older than the horizon, and how it is named."""
    text = f"scored by the model {Path(path).stem}"
    group = Group("own_model", "neutral", Words("flag", text, none=text))
    return group, Feature("own_model", f"{OWN_SCORES}{path}", "own_model", window=horizon)


def _brought(
    rows: pd.DataFrame, margin: NDArray[np.float64], horizon: int
) -> tuple[ForwardTest, pd.DataFrame | None]:
    """The forward test of given scores: all later rows than those whose rate is the base to beat."""
    parts = split(rows, horizon) if len(rows) else None
    if parts is None:
        return untested(rows), None
    before, test = parts
    p = sigmoid(margin[rows.index.get_indexer(test.index)])
    report = judge(
        test["label"].to_numpy(dtype=float),
        p,
        test["group"].to_numpy(),
        base=float(np.average(before["label"], weights=before["weight"])),
        train=(len(before), int(before["label"].sum()), int(before["record_id"].nunique())),
        cuts=test["cut"].to_numpy(dtype=np.int64),
        periods={"cut-off": test["cut"].to_numpy()},
        born=month_of_creation(test),
    )
    return report, test.assign(p=p)
