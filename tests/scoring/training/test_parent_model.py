"""A population that is too small borrows its parent's model: the offset, the card, exact sums, whose verdict counts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import DAY, NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring import model_file
from sales_consultant.scoring.features.build import build
from sales_consultant.scoring.features.catalogue import standard
from sales_consultant.scoring.metrics.calibration import sigmoid
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.scorer import score
from sales_consultant.scoring.training.parent_model import Lender, borrow, offset_of
from sales_consultant.scoring.training.training import Trained, train

SALES = Population(object="deals", event="won", where={"pipeline": "sales"}, label="Sales")
PARTNERS = Population(object="deals", event="won", where={"pipeline": "partners"}, parent="sales")
FEW = Population(object="deals", event="won", where={"pipeline": "few"}, parent="sales")
# A few reasons are enough here, and cheap.
FEATURES = FeatureSettings(
    omit=sorted({g.name for g in standard("deals", seller=True)[0]} - {"meetings", "age", "stage"})
)
# The parent is trained once, not once a worker.
pytestmark = [pytest.mark.xdist_group("borrowing"), pytest.mark.slow]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    world = company(deals=700, signal=3.0)
    for n, deal in enumerate(world.rows["deals"]):
        if n % 6 == 0:
            deal["pipeline"] = "partners"
        elif n % 70 == 1:
            deal["pipeline"] = "few"
    with world.connection() as engine:
        yield engine


@pytest.fixture(scope="module")
def lender(engine: DuckEngine) -> Lender:
    made = train(engine, "sales", SALES, as_of=NOW, exclusions=Exclusions(), features=FEATURES)
    assert made.publishable and made.tested is not None
    return Lender(made.model, made.report.as_dict(), made.tested)


def borrowed(engine: DuckEngine, population: Population, lender: Lender) -> Trained:
    return borrow(engine, "partners", population, lender, as_of=NOW, exclusions=Exclusions())


@pytest.fixture(scope="module")
def partners(engine: DuckEngine, lender: Lender) -> Trained:
    return borrowed(engine, PARTNERS, lender)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(-3, 3), st.integers(1, 400))
def test_the_offset_is_where_the_penalised_likelihood_is_level(seed: int, shift: float, n: int) -> None:
    rng = np.random.default_rng(seed)
    m = rng.normal(-1, 1, n)
    y = (rng.random(n) < sigmoid(m + shift)).astype(float)
    weight = rng.uniform(0.1, 1, n)
    found = offset_of(m, y, weight)
    slope = float((weight * (y - sigmoid(m + found.value))).sum()) - found.value
    assert abs(slope) < 1e-8
    # Shrunken: never beyond what the rows alone would ask for, and less certain the fewer they are.
    assert (
        abs((weight * (y - sigmoid(m))).sum()) < 1e-9 or found.value * (weight * (y - sigmoid(m))).sum() > 0
    )
    assert 0 < found.error <= 1.0


def test_many_records_have_their_way_and_none_ask_for_nothing() -> None:
    rng = np.random.default_rng(0)
    m = rng.normal(0, 1, 20_000)
    y = (rng.random(20_000) < sigmoid(m + 1.2)).astype(float)
    many = offset_of(m, y, np.ones(len(y)))
    assert many.value == pytest.approx(1.2, abs=3 * many.error)
    few = offset_of(m[:5], np.ones(5), np.ones(5))
    assert 0 < few.value < 1.5  # by themselves five wins in a row would ask for infinity
    none = offset_of(*(np.zeros(0) for _ in range(3)))
    assert (none.value, none.error, none.records) == (0.0, 1.0, 0)


def test_the_parent_is_moved_by_the_offset_and_by_nothing_else(
    engine: DuckEngine, lender: Lender, partners: Trained
) -> None:
    told = partners.model.card["borrowed"]
    mine, theirs = partners.model.propensity, lender.model.propensity
    assert mine is not None and theirs is not None
    today = Membership(engine, PARTNERS, Exclusions(), as_of=NOW).at(NOW)
    X = build(engine, "deals", partners.model.features, today)
    margin, before = mine.decision_function(X), theirs.decision_function(X)
    assert margin - before == pytest.approx(told["offset"], abs=1e-6)
    assert mine.contributions(X) == pytest.approx(theirs.contributions(X), abs=1e-12)
    assert mine.base_value_ + mine.contributions(X).sum(axis=1) == pytest.approx(margin, abs=1e-9)
    exact = 50 + partners.model.exact_points(X).sum(axis=1)
    odds = np.exp(margin) / partners.model.base_odds
    assert exact == pytest.approx(50 + 10 * np.log2(odds), abs=1e-9)
    assert partners.model.base_odds != lender.model.base_odds
    assert lender.model.propensity is not None
    # The lender's stays its own.
    assert theirs.base_value_ == pytest.approx(lender.model.propensity.base_value_)


def test_the_card_says_from_whom_and_whose_verdict_it_is(
    engine: DuckEngine, lender: Lender, partners: Trained
) -> None:
    told = partners.model.card["borrowed"]
    assert told["from"] == "sales"
    assert told["verdict_of"] == "own records"
    assert told["own_records"] > 30
    assert "borrowed from Sales" in partners.why and "of its own" in partners.why
    assert partners.model.card["notes"][0] == partners.why
    assert partners.publishable == (partners.report.verdict == "better than base rate")
    assert partners.judged is not None and partners.report.n == len(partners.judged)
    assert partners.report.test_from is not None and partners.report.test_from >= lender.report["test_from"]
    few = borrowed(engine, FEW, lender)
    card = few.model.card["borrowed"]
    assert card["verdict_of"] == "sales"
    assert few.report.verdict == lender.report["verdict"] and few.report.auc is None
    assert few.publishable and few.judged is None
    assert abs(card["offset"]) < 1.5 and "the verdict is that of Sales" in few.why


def test_a_parent_in_force_is_tested_on_what_came_after_it(engine: DuckEngine, lender: Lender) -> None:
    old = replace(lender.model, trained_at=NOW - 200 * DAY)
    made = borrowed(engine, PARTNERS, Lender(old, lender.report))
    assert made.judged is not None
    last = old.trained_at - old.horizon_days * DAY
    assert ((made.judged["created_at"] > last) | (made.judged["cut"] >= old.trained_at)).all()
    new = borrowed(engine, PARTNERS, Lender(lender.model, lender.report))
    assert new.judged is None  # the horizon of nothing has ended since this morning
    assert new.model.card["borrowed"]["verdict_of"] == "sales"
    assert not borrowed(
        engine, FEW, Lender(old, {**lender.report, "verdict": "no better than base rate"})
    ).publishable


def test_it_is_kept_read_and_scored_with_like_any_other(
    tmp_path: Path, engine: DuckEngine, partners: Trained
) -> None:
    digest = model_file.save(partners.model, tmp_path)
    model = model_file.load(tmp_path)
    assert isinstance(model, PopulationModel)
    assert model_file.digest(model) == digest
    assert json.loads(json.dumps(model.card["borrowed"])) == partners.model.card["borrowed"]
    assert model.population.parent == "sales"
    frame = score(engine, model, as_of=NOW, exclusions=Exclusions())
    assert len(frame) > 0
    assert (frame["reasons"].map(lambda lines: 50 + sum(r.points for r in lines)) == frame["score"]).all()
    assert frame["probability"].between(0, 1).all()
    assert set(frame["grade"]) <= set("ABCD")
    pipelines = engine.con.execute(
        "SELECT DISTINCT pipeline FROM deals WHERE id IN (SELECT unnest(?))", [list(frame["record_id"])]
    )
    assert pipelines.fetchall() == [("partners",)]
