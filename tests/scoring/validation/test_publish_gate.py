"""The publish gate: only a model that is worse beyond doubt stays out; drift is measured between trainings."""

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import DAY, NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.features.declarations import Feature
from sales_consultant.scoring.populations.training_rows import horizon_days
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.propensity.rules import RuleModel
from sales_consultant.scoring.training.training import train
from sales_consultant.scoring.validation.publish_gate import (
    compare,
    given_up,
    paired,
    shares,
    stability_index,
    unseen,
)

if TYPE_CHECKING:
    from sales_consultant.scoring.populations.members import Membership
    from sales_consultant.scoring.propensity.propensity import PropensityModel

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


def rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, the true probabilities, companies."""
    rng = np.random.default_rng(seed)
    p = rng.beta(2, 4, n)
    return (rng.random(n) < p).astype(float), p, rng.integers(0, n // 3, n)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_the_truth_is_published_over_noise_and_not_the_other_way(seed: int) -> None:
    y, p, groups = rows(900, seed)
    noise = np.clip(p + np.random.default_rng(seed + 1).normal(0, 0.3, 900), 0.02, 0.98)
    assert paired(y, p, noise, groups).publish
    against = paired(y, noise, p, groups)
    assert not against.publish
    assert against.low is not None and against.low > 0
    assert "worse" in against.why


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_the_same_model_again_is_published(seed: int) -> None:
    y, p, groups = rows(300, seed)
    same = paired(y, p, p, groups)
    assert same.publish
    assert (same.difference, same.low, same.high) == (0.0, 0.0, 0.0)


def test_companies_are_resampled_together() -> None:
    """100 rows of one company that the new model gets wrong are one doubt, not a hundred."""
    rng = np.random.default_rng(0)
    y = np.concatenate([np.ones(100), (rng.random(200) < 0.4).astype(float)])
    old, new = np.full(300, 0.4), np.r_[np.full(100, 0.3), np.full(200, 0.4)]
    assert not paired(y, new, old, np.arange(300)).publish
    assert paired(y, new, old, np.r_[np.zeros(100), np.arange(1, 201)]).publish


@pytest.mark.slow
def test_old_and_new_are_compared_on_what_came_after_the_old() -> None:
    with company(deals=800, signal=1.5).connection() as engine:

        def at(as_of: int, **more: object):  # type: ignore[no-untyped-def]  # a frame, told by its use
            features = FeatureSettings.model_validate(more)
            return train(engine, "test", DEALS, as_of=as_of, exclusions=Exclusions(), features=features)

        old, new = at(NOW - 180 * DAY), at(NOW)
        assert new.judged is not None and new.today is not None
        assert old.model.horizon_days == new.model.horizon_days
        found = compare(engine, old.model, new.model, new.judged, new.today)
        # The old one knows what became of all records of its last cut-off; those made since then it has not seen.
        last = old.model.trained_at - old.model.horizon_days * DAY
        later = (new.judged["created_at"] > last) | (new.judged["cut"] >= old.model.trained_at)
        assert 0 < found.n == int(later.sum()) <= len(new.judged)
        assert found.publish
        assert found.new_log_loss is not None
        assert sum(found.grades.values()) == len(new.today)
        assert found.changed is not None and 0 <= found.changed <= 1
        # A new model that knows nothing of what tells deals apart is kept out, also where the horizon moved.
        poor = new.judged.assign(p=1 - new.judged["p"])
        for days in (0, 40):
            held = replace(old.model, horizon_days=old.model.horizon_days + days)
            verdict = compare(engine, held, new.model, poor, new.today)
            assert not verdict.publish
            assert verdict.difference is not None and verdict.difference > 0
            assert (f"was taught {held.horizon_days}" in verdict.why) == bool(days)
        nothing_new = compare(engine, replace(old.model, trained_at=NOW), new.model, new.judged, new.today)
        # On what both know by heart nothing is compared: the one that has learnt it better would win.
        assert nothing_new.publish and "too few to compare" in nothing_new.why
        assert nothing_new.difference is None
        assert given_up(old.model, new.model) == []
        asked = old.model.population.model_copy(update={"event": "opened"})
        other = replace(old.model, population=asked)
        assert "not comparable" in compare(engine, other, new.model, new.judged, new.today).why


def test_one_that_leans_on_what_is_left_out_by_now_is_no_measure() -> None:
    bare = PopulationModel("deals", DEALS, "deal won", 90, NOW, [], [], None, RuleModel(), 1.0, {}, [])
    features = [Feature("a", "members", "a"), Feature("b", "members", "b")]
    leaning = cast("PropensityModel", SimpleNamespace(columns_=["a", "deals.c_signed"]))
    old, new = replace(bare, propensity=leaning), replace(bare, features=features)
    assert given_up(old, new) == ["deals.c_signed"]
    assert given_up(bare, new) == []


def test_what_a_model_has_learnt_by_heart_is_no_test_of_it() -> None:
    """A week later the same records are open at the same cut-offs, but for a week: they say nothing for the old model."""
    model = PopulationModel(
        "deals", DEALS, "deal won", 90, NOW - 7 * DAY, [], [], None, RuleModel(), 1.0, {}, []
    )
    known = cast("PropensityModel", SimpleNamespace(form_=SimpleNamespace(kind="linear")))
    hazards = cast("PropensityModel", SimpleNamespace(form_=SimpleNamespace(kind="hazards")))
    rows = pd.DataFrame(
        {"created_at": [NOW - d * DAY for d in (300, 98, 97, 96, 93)], "cut": [NOW - 90 * DAY] * 5}
    )
    assert unseen(rows, replace(model, propensity=known)).tolist() == [False, False, False, True, True]
    # Competing outcomes are learnt from horizons under way, too.
    assert not unseen(rows, replace(model, propensity=hazards)).any()
    assert unseen(rows.assign(cut=NOW - 7 * DAY), replace(model, propensity=hazards)).all()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 1000))
def test_the_horizon_of_a_pipeline_stays_while_its_cycles_hardly_move(seed: int) -> None:
    """Weekly trainings of ~1,000 won deals: each computes another percentile, and all are compared."""
    rng = np.random.default_rng(seed)
    born = np.sort(rng.integers(0, 900, 1500)) * DAY
    end = born + (np.exp(rng.normal(3.9, 0.7, 1500)) * DAY).astype(np.int64)
    known: list[int] = []
    for week in range(26):
        as_of = (700 + 7 * week) * DAY
        life = pd.DataFrame(
            {"created_at": born, "event_at": np.where(end <= as_of, end, np.nan), "excluded": ""}
        )
        members = cast("Membership", SimpleNamespace(life=life[life["created_at"] <= as_of]))
        known.append(horizon_days(DEALS, members, before=known[-1] if known else None))
    assert len(set(known)) == 1
    assert horizon_days(DEALS, members, before=known[0] * 2) != known[0] * 2
    fixed = DEALS.model_copy(update={"horizon_days": known[0] + 1})
    assert horizon_days(fixed, members, before=known[0]) == known[0] + 1


@given(st.lists(st.integers(1, 99), min_size=1, max_size=300))
def test_drift_of_the_same_scores_is_nothing(scores: list[int]) -> None:
    held = shares(np.array(scores))
    assert sum(held) == pytest.approx(1)
    assert stability_index(held, held) == 0


def test_drift_of_other_scores_is_seen() -> None:
    rng = np.random.default_rng(0)
    then = shares(np.clip(rng.normal(50, 12, 2000), 1, 99).astype(np.int64))
    again = shares(np.clip(rng.normal(50, 12, 2000), 1, 99).astype(np.int64))
    moved = shares(np.clip(rng.normal(65, 12, 2000), 1, 99).astype(np.int64))
    assert stability_index(then, again) < 0.1
    assert stability_index(then, moved) > 0.25
