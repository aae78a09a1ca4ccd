"""The forward test in parts; and scores that change who is called must not spoil what is learnt later."""

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW

from sales_consultant.scoring.metrics import metrics
from sales_consultant.scoring.populations.training_rows import weighted
from sales_consultant.scoring.propensity.propensity import PropensityModel
from sales_consultant.scoring.validation import slices

HORIZON = 120
CUTS = [NOW - k * 30 * DAY for k in range(4, 18)]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Records of a usual cycle of 90 days, at monthly cut-offs, with what a buyer and a seller did."""
    rng, out = np.random.default_rng(4), []
    for i in range(1500):
        born = NOW - int(rng.integers(120, 580)) * DAY
        end = born + int(rng.normal(90, 8)) * DAY
        keen = rng.normal()
        won = rng.random() < 1 / (1 + np.exp(-1.5 * keen))
        for cut in CUTS:
            if born <= cut < end:
                age = (cut - born) / DAY
                # What is seen of a buyer is noise at first and clear at the end.
                meetings = keen * min(age / 60, 1) + rng.normal(scale=0.7)
                out.append(
                    (
                        f"d{i}",
                        cut,
                        born,
                        end if won else None,
                        f"c{i % 300}",
                        meetings,
                        keen * 0.5 + rng.normal(),
                    )
                )
    frame = pd.DataFrame(
        out, columns=["record_id", "cut", "created_at", "event_at", "group", "meetings", "calls"]
    )
    frame["event_at"] = frame["event_at"].astype("float64")
    due = (frame["event_at"] > frame["cut"]) & (frame["event_at"] <= frame["cut"] + HORIZON * DAY)
    frame["label"] = due.astype("float64")
    return weighted(frame[frame["cut"] + HORIZON * DAY <= NOW].reset_index(drop=True))


@pytest.fixture(scope="module")
def model(rows: pd.DataFrame) -> PropensityModel:
    X = rows[["meetings", "calls"]]
    weight = rows["weight"].to_numpy()
    return PropensityModel(tier="shrunk", audit=[]).fit(
        X, rows["label"], groups=rows["group"], sample_weight=weight
    )


def test_a_records_rows_weigh_one(rows: pd.DataFrame) -> None:
    assert rows.groupby("record_id")["weight"].sum().to_numpy() == pytest.approx(1.0)


def test_the_moments_of_a_life(rows: pd.DataFrame, model: PropensityModel) -> None:
    judged = rows[rows["cut"] >= CUTS[5]].assign(p=0.0)
    judged["p"] = model.predict_proba(judged[["meetings", "calls"]])[:, 1]
    found = slices.by_moment(judged, rows)
    assert found is not None and list(found) == ["at creation", "one third", "two thirds"]
    for name, near in (("at creation", 0), ("two thirds", 60)):
        age = (judged["cut"] - judged["created_at"]) / DAY
        part = found[name]
        assert part is not None
        close = judged[(age - near).abs() <= 15]["record_id"].nunique()
        assert part["n"] == pytest.approx(close, rel=0.15)
        assert part["auc"] > 0.5
    assert slices.by_moment(judged, rows[rows["label"] == 0]) is None


def test_without_what_the_seller_did(rows: pd.DataFrame, model: PropensityModel) -> None:
    X = rows[["meetings", "calls"]]
    found = slices.without(X, rows, model, {"calls"}, horizon=HORIZON)
    assert found is not None
    from sales_consultant.scoring.populations.training_rows import split

    both = split(rows, HORIZON)
    assert both is not None
    test = both[1]
    p = model.predict_proba(X.loc[test.index])[:, 1]
    assert found["n"] == len(test)
    assert 0.55 < found["auc"] < metrics.auc(test["label"].to_numpy(), p)
    assert slices.without(X, rows, model, set(), horizon=HORIZON) is None


def test_apart_for_what_was_shown(rows: pd.DataFrame) -> None:
    judged = rows[rows["cut"] >= CUTS[5]].assign(p=0.5)
    base = float(rows["label"].mean())
    assert slices.by_exposure(judged, None, base=base, horizon=HORIZON) is None
    some = sorted(set(judged["record_id"]))[::2]
    first = int(judged["cut"].min())
    shown = pd.DataFrame({"record_id": some, "start": float(first - DAY), "end": np.nan})
    found = slices.by_exposure(judged, shown, base=base, horizon=HORIZON)
    assert found is not None and found["shown"] is not None and found["not shown"] is not None
    assert found["shown"]["n"] == judged["record_id"].isin(some).sum()
    assert found["shown"]["n"] + found["not shown"]["n"] == len(judged)
    over = shown.assign(end=float(first - 1))
    assert slices.by_exposure(judged, over, base=base, horizon=HORIZON) is None


def test_a_score_that_directs_the_calls_does_not_spoil_the_next_ones() -> None:
    """High scores get the calls, and calls win deals: learnt anew ten times, untouched records are ranked as well as at first."""
    rng = np.random.default_rng(8)

    def world(n: int) -> tuple[pd.DataFrame, np.ndarray]:
        X = pd.DataFrame(rng.normal(size=(n, 4)), columns=["meetings", "replies", "size", "noise"])
        return X, -0.8 + X["meetings"].to_numpy() + 0.7 * X["replies"].to_numpy()

    fresh, truth = world(4000)
    fresh["calls"] = 0.0
    happens = (rng.random(4000) < 1 / (1 + np.exp(-truth))).astype(float)
    model, ranking = None, []
    for _ in range(11):
        X, margin = world(700)
        X["calls"] = 0.0
        called = rng.random(len(X)) < 0.3
        if model is not None:
            p = model.predict_proba(X)[:, 1]
            called = p >= np.quantile(p, 0.7)
        X["calls"] = np.where(called, rng.poisson(3, len(X)) + 1.0, 0.0)
        y = (rng.random(len(X)) < 1 / (1 + np.exp(-(margin + 0.35 * X["calls"])))).astype(int)
        model = PropensityModel(tier="shrunk", audit=[]).fit(X, y)
        ranking.append(metrics.auc(happens, model.predict_proba(fresh)[:, 1]))
    assert min(ranking[1:]) > ranking[0] - 0.03
    assert np.mean(ranking[6:]) > np.mean(ranking[1:6]) - 0.01
