"""Ours beside the usual models on the same forward test, for analysts who ask why not a forest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.engine import Engine
from sales_consultant.scoring.additive import Encoder
from sales_consultant.scoring.features import build
from sales_consultant.scoring.metrics import calibrate, metrics
from sales_consultant.scoring.populations import Membership, classes, cut_offs, false_labels, labelled, split
from sales_consultant.scoring.propensity import fit_competing_risks as competing
from sales_consultant.scoring.propensity import tier_of
from sales_consultant.scoring.validation.forward_test import fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sales_consultant.config.populations import Exclusions
    from sales_consultant.scoring.propensity import PopulationModel, PropensityModel

# The time of an SVM grows with the square of the rows: with these it takes seconds.
_MOST_FOR_SVM = 5_000


def peers(random_state: int = 0) -> dict[str, Any]:
    """scikit-learn's classifiers at usual settings for some thousand rows: large leaves, small steps, an early stop."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    return {
        "decision tree": DecisionTreeClassifier(min_samples_leaf=50, random_state=random_state),
        "random forest": RandomForestClassifier(
            300, min_samples_leaf=10, n_jobs=2, random_state=random_state
        ),
        "SVM (sampled)": SVC(random_state=random_state),
        "gradient boosting": HistGradientBoostingClassifier(
            learning_rate=0.06, early_stopping=True, random_state=random_state
        ),
        "naive Bayes": GaussianNB(),
    }


def compare(
    engine: Engine, model: PopulationModel, *, as_of: int, exclusions: Exclusions
) -> list[dict[str, Any]]:
    """One row a model: auc, log_loss, brier, ece, lift_at_10 on the forward test's rows, seconds to fit.

    Ours are every form that competed in the forward test; `in_force` marks the one that won it and is in force. All
    learn from the columns that the leak audit left, encoded alike, on the rows before the test; the base rate is the
    first row. Empty where there is too little to test on.
    """
    rows, parts = tested_rows(engine, model, as_of=as_of, exclusions=exclusions)
    if parts is None or model.propensity is None or not model.features:
        return []
    learnt, judged = parts
    tier = tier_of(*classes(learnt))
    if tier == "rules":
        return []
    X = build(engine, model.population.object, model.features, rows)
    y, y_test = (part["label"].to_numpy(dtype=float) for part in parts)
    weight = learnt["weight"].to_numpy(dtype=float)
    compared = [_row("base rate", y_test, np.full(len(y_test), np.average(y, weights=weight)), 0.0)]
    ours = {}
    for kind, made, seconds in of_ours(X, rows, learnt, int(judged["cut"].min()), model.horizon_days):
        p = made.predict_proba(X.loc[judged.index])[:, 1]
        ours[kind] = _row(f"ours, {kind}", y_test, p, seconds)
    # With more rows than the test's the same linear form may be in force as another tier: the row has the name of the
    # model in force, as its card has it.
    mine = ours[model.form if model.form in ours else next(iter(ours))]
    mine |= {"model": f"ours, {model.form}", "in_force": True}
    compared += ours.values()
    encoder = Encoder.learn(X.loc[learnt.index], hinges=0)
    Z, Z_test = encoder.encode(X.loc[learnt.index]), encoder.encode(X.loc[judged.index])
    for name, peer in peers().items():
        began = time.perf_counter()
        p = _probabilities(name, peer, Z, y, weight, Z_test)
        compared.append(_row(name, y_test, p, time.perf_counter() - began))
    return compared


def tested_rows(
    engine: Engine, model: PopulationModel, *, as_of: int, exclusions: Exclusions
) -> tuple[pd.DataFrame, tuple[pd.DataFrame, pd.DataFrame] | None]:
    """The rows of a model's forward test: all of them, and those it learnt from beside those it was judged on.

    Rows are members at cut-offs with label and weight; None where there is too little to test on.
    """
    members = Membership(engine, model.population, exclusions, as_of=as_of)
    rows = labelled(members, cut_offs(members, model.horizon_days), model.horizon_days)
    rows = false_labels.find(engine, members).clean(rows, model.horizon_days)
    return rows, split(rows, model.horizon_days) if len(rows) else None


def of_ours(
    X: pd.DataFrame, rows: pd.DataFrame, learnt: pd.DataFrame, start: int, horizon: int
) -> Iterator[tuple[str, PropensityModel, float]]:
    """Every form of ours that the forward test tries, learnt from before its start (ms), with the seconds it took."""
    tier = tier_of(*classes(learnt))
    began = time.perf_counter()
    linear = fit(X, learnt, tier="full" if tier == "boosted" else tier, random_state=0)
    yield linear.tier_, linear, time.perf_counter() - began
    if linear.tier_ == "full":
        began = time.perf_counter()
        hazards = competing(linear, X, rows[rows["cut"] < start], horizon=horizon, until=start)
        if hazards is not None:
            yield "hazards", hazards, time.perf_counter() - began
    if tier == "boosted":
        began = time.perf_counter()
        boosted = fit(X, learnt, tier=tier, random_state=0)
        yield "boosted", boosted, time.perf_counter() - began


def _probabilities(
    name: str,
    peer: Any,
    Z: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    Z_test: NDArray[np.float64],
) -> NDArray[np.float64]:
    """P(event) of the test rows; the SVM learns from a sample and gets its probabilities by Platt's map (1999)."""
    from scipy.special import expit

    if not name.startswith("SVM"):
        return np.asarray(peer.fit(Z, y, sample_weight=weight).predict_proba(Z_test)[:, 1])
    some = np.random.default_rng(0).permutation(len(y))[:_MOST_FOR_SVM]
    half = len(some) // 2
    peer.fit(Z[some[:half]], y[some[:half]])
    slope, shift = calibrate(peer.decision_function(Z[some[half:]]), y[some[half:]], weight[some[half:]])
    return np.asarray(expit(slope * peer.decision_function(Z_test) + shift))


def _row(name: str, y: NDArray[np.float64], p: NDArray[np.float64], seconds: float) -> dict[str, Any]:
    return {
        "model": name,
        "in_force": False,
        "auc": round(metrics.auc(y, p), 4),
        "log_loss": round(float(metrics.losses(y, p).mean()), 4),
        "brier": round(float(((p - y) ** 2).mean()), 4),
        "ece": round(metrics.expected_calibration_error(y, p), 4),
        "lift_at_10": round(metrics.lift(y, p), 2),
        "rows": len(y),
        "seconds": round(seconds, 2),
    }
