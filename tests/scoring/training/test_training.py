"""Training end to end: signal is found, chance is not, too little is said, labels are honest."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.populations.training_rows import (
    classes,
    cut_offs,
    horizon_days,
    labelled,
    split,
)
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.scorer import COLUMNS, score, shown
from sales_consultant.scoring.training.training import STEPS, Trained, train

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})
LEADS = Population(object="contacts", event="converted", where={"source_object": "Lead"})
# The model they share is trained once, not once a worker.
pytestmark = pytest.mark.xdist_group("training")


def run(engine: DuckEngine, population: Population = DEALS, **more: object) -> Trained:
    settings = FeatureSettings.model_validate(more)
    return train(engine, "test", population, as_of=NOW, exclusions=Exclusions(), features=settings)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with company(deals=1500, leads=900, signal=1.5).connection() as engine:
        yield engine


@pytest.fixture(scope="module")
def trained(engine: DuckEngine) -> Trained:
    return run(engine)


def test_signal_is_better_than_the_base_rate(trained: Trained) -> None:
    report = trained.report
    assert (report.verdict, trained.publishable, trained.model.tier) == (
        "better than base rate",
        True,
        "full",
    )
    assert report.auc is not None and report.auc_low is not None and report.auc_high is not None
    assert 0.6 < report.auc_low < report.auc < report.auc_high < 0.95
    assert report.log_loss is not None and report.base_log_loss is not None
    assert report.log_loss < report.base_log_loss
    keys = {"auc", "auc_low", "auc_high", "log_loss", "base_log_loss", "brier", "ece", "lift_at_10", "n"}
    assert keys | {"positives", "base_rate", "verdict", "train_n"} <= set(report.as_dict())
    assert report.as_dict()["warnings"] == trained.model.card["warnings"] == []


def test_the_test_begins_a_horizon_after_the_last_row_learnt_from(
    engine: DuckEngine, trained: Trained
) -> None:
    members = Membership(engine, DEALS, Exclusions(), as_of=NOW)
    horizon = horizon_days(DEALS, members)
    rows = labelled(members, cut_offs(members, horizon), horizon)
    parts = split(rows, horizon)
    assert parts is not None
    learnt, judged = parts
    unseen = judged[~judged["group"].isin(set(learnt["group"]))]
    assert trained.report.cut_offs == judged["cut"].nunique()
    assert trained.report.unseen is not None
    assert trained.report.unseen["n"] == len(unseen) > 0
    assert 0.5 < trained.report.unseen["auc"] < 1
    assert learnt["cut"].max() + horizon * DAY <= judged["cut"].min() == trained.report.test_from
    assert learnt.groupby("record_id")["weight"].sum().to_numpy() == pytest.approx(1.0)
    assert trained.model.horizon_days == horizon
    assert 100 <= horizon <= 120  # deals of this world live 20 to 120 days


def test_leaks_are_named_and_not_learnt_from(trained: Trained) -> None:
    found = {f.column: f.kind for f in trained.model.leaks}
    assert found["deals.c_signed_by"] == "known_leaker"
    # Open deals have it too: nothing shows that the outcome sets it, but no honest field orders deals so.
    assert found["deals.c_paper"] in ("current", "single_field")
    assert not {f.name for f in trained.model.features} & set(found)
    assert {f["column"] for f in trained.report.as_dict()["leaks"]} == set(found)
    assert {d["column"] for d in trained.model.card["dropped"]} == set(found)


@pytest.mark.slow
def test_a_fill_gap_is_a_leak_whatever_the_name() -> None:
    engine = company(deals=300).connection()
    engine.con.execute("UPDATE fields SET column_name = 'c_handover' WHERE column_name = 'c_signed_by'")
    engine.con.execute("ALTER TABLE deals RENAME COLUMN c_signed_by TO c_handover")
    found = {f.column: f for f in run(engine).model.leaks}
    assert found["deals.c_handover"].kind == "fill_gap"
    assert "100 % of closed and 0 % of open" in found["deals.c_handover"].evidence


@pytest.mark.slow
def test_a_field_that_knows_the_outcome_is_a_leak(engine: DuckEngine) -> None:
    found = {f.column: f.kind for f in run(engine, fixed=["deals.c_paper"]).model.leaks}
    assert found["deals.c_paper"] == "single_field"


@pytest.mark.slow
@pytest.mark.parametrize("told_by", ["change_30d", "value"])
def test_a_leak_takes_all_columns_of_its_field(told_by: str) -> None:
    """A field with history that is written with the outcome in mind, long before it is official."""
    world = company(deals=600)
    next(f for f in world.rows["fields"] if f["column_name"] == "c_paper")["known"] = "history"
    for deal in world.rows["deals"]:
        # Where only the moves tell it, the height is a number that has nothing to do with them.
        value = 1000.0 * (int(deal["id"][1:]) * 7919 % 601) if told_by == "change_30d" else 0.0
        for days in range(-50, 130, 15):
            value += deal["c_paper"] * 3.0 + 1.0 if told_by == "change_30d" or days == -50 else 0.0
            row = {"object": "deals", "record_id": deal["id"], "field": "c_paper", "value": str(value)}
            world.add("field_history", **row, changed_at=deal["created_at"] + days * DAY)
    model = run(world.connection()).model
    found = {f.column: f.kind for f in model.leaks}
    assert found["deals.c_paper" if told_by == "value" else "deals.c_paper.change_30d"] == "single_field"
    assert len([c for c in found if c.startswith("deals.c_paper")]) == 1
    assert not [f.name for f in model.features if f.name.startswith("deals.c_paper")]
    assert "deals.c_paper" not in {g.name for g in model.groups}
    assert model.propensity is not None
    assert not [c for c in model.propensity.columns_ if c.startswith("deals.c_paper")]


def test_scores_add_up_and_are_ordered(engine: DuckEngine, trained: Trained) -> None:
    frame = score(engine, trained.model, as_of=NOW, exclusions=Exclusions())
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["record_id"]) == sorted(frame["record_id"])
    sums = frame["reasons"].map(lambda lines: 50 + sum(r.points for r in lines))
    assert (sums == frame["score"]).all()
    odds = frame["probability"] / (1 - frame["probability"])
    exact = 50 + 10 * np.log2(odds / trained.model.base_odds)
    assert np.abs(exact.clip(1, 99) - frame["score"]).max() <= 0.5 + 1e-6
    assert frame.sort_values("score")["grade"].tolist() == sorted(frame["grade"], reverse=True)
    texts = " ".join(r.text for lines in frame["reasons"] for r in lines)
    assert "meetings in the last 2 weeks" in texts and "Fit: good" in texts


def test_the_average_of_the_training_rows_is_50(engine: DuckEngine, trained: Trained) -> None:
    members = Membership(engine, DEALS, Exclusions(), as_of=NOW)
    horizon = horizon_days(DEALS, members)
    rows = labelled(members, cut_offs(members, horizon), horizon)
    rate = np.average(rows["label"], weights=rows["weight"])
    assert trained.model.base_odds == pytest.approx(rate / (1 - rate))


def test_a_held_score_says_so(engine: DuckEngine, trained: Trained) -> None:
    """Base odds a million times as high: everybody is held at 1, and told by how much."""
    far = replace(trained.model, base_odds=trained.model.base_odds * 1e6)
    frame = score(engine, far, as_of=NOW, exclusions=Exclusions())
    assert set(frame["score"]) == {1}
    for lines in frame["reasons"]:
        assert 50 + sum(r.points for r in lines) == 1
        assert (lines[-1].text, lines[-1].feature, lines[-2].feature) == (
            "held at 1",
            "held",
            "everything_else",
        )
        assert lines[-1].points > 0
        told = shown(lines)
        # Shown as what it is, and last: "everything else" would count it against the record.
        assert told[-1] == lines[-1] and 50 + sum(r.points for r in told) == 1


def test_scoring_twice_gives_the_same(engine: DuckEngine, trained: Trained) -> None:
    again = PopulationModel.from_dict(trained.model.to_dict())
    first = score(engine, trained.model, as_of=NOW, exclusions=Exclusions())
    pd.testing.assert_frame_equal(first, score(engine, again, as_of=NOW, exclusions=Exclusions()))


@pytest.mark.slow
def test_leads_too(engine: DuckEngine) -> None:
    trained = run(engine, LEADS)
    assert trained.report.verdict == "better than base rate"
    assert trained.model.horizon_days == 90
    frame = score(engine, trained.model, as_of=NOW, exclusions=Exclusions())
    assert set(frame["object"]) == {"contacts"}
    assert frame["record_id"].str.startswith("l").all()


@pytest.mark.slow
def test_meetings_entered_for_won_deals_only_are_hindsight() -> None:
    """Entered as of the deal's first day when it was won: their own date is not to be believed."""
    world = company(deals=900, signal=0.0)
    for deal in [d for d in world.rows["deals"] if d["is_won"]]:
        for _ in range(3):
            world.activity("meeting", deal["created_at"], [("deal", deal["id"])])
    found = run(world.connection())
    assert any(f.kind == "hindsight" and f.column.startswith("meetings") for f in found.model.leaks)
    assert found.report.verdict == "no better than base rate"


@pytest.mark.slow
def test_a_model_that_is_too_good_carries_a_warning() -> None:
    """Meetings that are entered as of the deal's first day, for the won ones only: no field that an audit sees."""
    world = company(deals=600)
    for deal in [d for d in world.rows["deals"] if d["c_paper"]]:
        for _ in range(30):
            world.activity("meeting", deal["created_at"], [("deal", deal["id"])])
    trained = run(world.connection())
    assert trained.report.auc is not None and trained.report.auc > 0.97
    assert trained.publishable
    assert "looks too good" in trained.report.warnings[0]
    assert (
        trained.model.card["warnings"] == trained.report.as_dict()["warnings"] == [*trained.report.warnings]
    )


@pytest.mark.slow
def test_pure_chance_is_not_published() -> None:
    trained = run(company(deals=1200, signal=0.0, seed=2).connection())
    assert trained.report.verdict == "no better than base rate"
    assert not trained.publishable
    assert "no better than the base rate" in trained.why


@pytest.mark.slow
@pytest.mark.parametrize("deals", [0, 3, 60])
def test_too_little_data_gives_rules(deals: int) -> None:
    engine = company(deals=deals, seed=4).connection()
    trained = run(engine)
    assert (trained.report.verdict, trained.publishable, trained.model.tier) == (
        "too little data",
        True,
        "rules",
    )
    frame = score(engine, trained.model, as_of=NOW, exclusions=Exclusions())
    assert frame["probability"].isna().all()
    assert (frame["reasons"].map(lambda lines: 50 + sum(r.points for r in lines)) == frame["score"]).all()
    assert set(frame["grade"]) <= set("ABCD")


@pytest.mark.slow
def test_sellers_features_can_be_left_out(engine: DuckEngine) -> None:
    silent = DEALS.model_copy(update={"seller_features": False})
    assert {"calls", "emails_sent"}.isdisjoint(run(engine, silent).model.card["features"])


def test_every_step_is_told_as_it_begins() -> None:
    seen: list[tuple[str, int, int]] = []
    train(
        company(deals=3).connection(),
        "x",
        DEALS,
        as_of=NOW,
        exclusions=Exclusions(),
        features=FeatureSettings(),
        progress=lambda *step: seen.append(step),
    )
    # Too few records for a test: nothing is fitted.
    assert seen == [("members", 0, 7), ("audit", 1, 7), ("features", 2, 7), ("grades", 6, 7)]


@pytest.mark.slow
def test_a_training_with_a_test_tells_of_it(engine: DuckEngine) -> None:
    seen: list[str] = []
    train(
        engine,
        "deals",
        DEALS,
        as_of=NOW,
        exclusions=Exclusions(),
        features=FeatureSettings(),
        progress=lambda what, *_: seen.append(what),
    )
    kept = [s for s in STEPS if s != "horizons under way" or s in seen]
    assert [s for s in dict.fromkeys(seen)] == kept and sum(STEPS.values()) == 100


def test_an_unfinished_horizon_is_censored_even_where_the_outcome_is_known() -> None:
    world = World()
    for key, closed, won in (("w", 20, True), ("l", 10, False), ("o", None, False)):
        end = None if closed is None else NOW - closed * DAY
        world.add(
            "deals", id=key, created_at=NOW - 100 * DAY, closed_at=end, is_closed=end is not None, is_won=won
        )
    members = Membership(world.connection(), DEALS, Exclusions(), as_of=NOW)
    rows = labelled(members, [NOW - 95 * DAY, NOW - 60 * DAY, NOW - 30 * DAY], 60)
    assert sorted(rows["cut"].unique()) == [NOW - 95 * DAY, NOW - 60 * DAY]
    ordered = rows.sort_values("cut")
    labels = {str(k): v.tolist() for k, v in ordered.groupby("record_id")["label"]}
    # The won deal is won 75 days after the first cut-off: beyond the horizon there, within it at the second.
    assert labels["w"] == [0.0, 1.0]
    assert labels["l"] == labels["o"] == [0.0, 0.0]
    assert classes(rows) == (1, 2)


def test_cut_offs_lie_a_horizon_back_and_are_at_most_24() -> None:
    world = company(deals=200, days=2000, signal=1.0)
    members = Membership(world.connection(), DEALS, Exclusions(), as_of=NOW)
    cuts = cut_offs(members, 90)
    assert len(cuts) == 24
    assert cuts[-1] == NOW - 90 * DAY
    assert set(np.diff(cuts)) == {30 * DAY}
    young = Membership(company(deals=200, days=150).connection(), DEALS, Exclusions(), as_of=NOW)
    assert len(cut_offs(young, 90)) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["use", "drop"])
def test_a_field_that_looks_known_only_at_the_end_is_a_question_to_the_admin(policy: str) -> None:
    world = company(deals=800, signal=1.5)
    rng = np.random.default_rng(0)
    paper = next(f for f in world.rows["fields"] if f["column_name"] == "c_paper")
    world.rows["fields"].append({**paper, "column_name": "c_calls_total", "name": "c_calls_total"})
    for deal in world.rows["deals"]:
        deal["c_calls_total"] = float(rng.poisson(3 + 1.5 * bool(deal["is_won"])))
    name = "deals.c_calls_total"
    with world.connection() as engine:
        model = run(engine, fixed=[name], suspects=policy).model
    (found,) = model.card["suspects"]
    assert (found["column"], found["used"]) == (name, policy == "use")
    assert found["question"] == f"Is {name} known before the record ends?"
    assert found["auc_with"] > found["auc_without"]
    assert (name in {f.name for f in model.features}) == (policy == "use")
    assert name not in {f["column"] for f in model.card["dropped"]}
    again = PopulationModel.from_dict(model.to_dict())
    assert again.leaks == model.leaks
    assert again.propensity is not None and model.propensity is not None
    assert again.propensity.suspects_ == model.propensity.suspects_
