"""A training on too little data: what was learnt before stays in force, and says why."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from support.worlds import DAY, NOW, company

from sales_consultant.config.errors import ConfigError, UsageError
from sales_consultant.config.populations import Population
from sales_consultant.config.settings import Settings
from sales_consultant.scoring import model_file
from sales_consultant.scoring.customers.value import ValueModel
from sales_consultant.scoring.features.declarations import Feature, Group, Words
from sales_consultant.scoring.propensity import PropensityModel
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.sync.models import card_page, cards, registry, training
from sales_consultant.sync.results.cards import PropensityCard
from sales_consultant.sync.stores.state import State
from sales_consultant.sync.stores.state import models as index

if TYPE_CHECKING:
    from sales_consultant.sync.runtime.workspace import Workspace

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


@pytest.fixture(scope="module")
def fitted() -> PropensityModel:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age_days": 100 + 30 * rng.normal(size=120)})
    y = (rng.random(120) < 1 / (1 + np.exp((100 - X["age_days"]) / 15))).astype(int)
    return PropensityModel().fit(X, y)


def real(propensity: PropensityModel, population: Population) -> PopulationModel:
    """A model with a probability, which learnt from other data than the test's."""
    features = [Feature("age_days", "members", "age")]
    groups = [Group("age", "neutral", Words("duration", "age"))]
    return PopulationModel(
        "deals", population, "deal won", 110, NOW - 30 * DAY, features, groups, propensity, None, 1.0, {}, []
    )


def thin_night(
    tmp_path: Path, model: object, name: str
) -> tuple[State, list[training.TrainedModel], list[str]]:
    """`model` is in force; then a training sees 40 deals."""
    state, said = State(None), list[str]()
    digest = registry.keep(model, tmp_path)
    registry.enter(state, digest, name, name, "", {}, 0, NOW - 30 * DAY, publish=True)
    settings = Settings.model_validate({"populations": {"deals": DEALS.model_dump()}})
    with company(deals=40).connection() as engine:
        done = training.train(
            engine, state, tmp_path, settings, as_of=NOW, now=NOW, say=said.append, only=[name]
        )
    return state, done, said


def digest_in_force(state: State, name: str) -> str:
    row = registry.in_force_row(state, name)
    assert row is not None
    return str(row["digest"])


@pytest.mark.slow
def test_a_thin_training_leaves_a_real_model_in_force(tmp_path: Path, fitted: PropensityModel) -> None:
    old = real(fitted, DEALS)
    state, done, said = thin_night(tmp_path, old, "deals")
    assert digest_in_force(state, "deals") == model_file.digest(old)
    (trained,) = done
    assert (trained.verdict, trained.published) == ("too little data", False)
    assert "the model in force stays" in trained.why
    assert any("the model in force stays" in line for line in said)
    # Such a night says nothing: it is neither one of two bad verdicts nor asks for a training a day later.
    for n in range(2):
        registry.enter(
            state, f"bad{n}", "deals", "propensity", registry.NO_BETTER, {}, NOW, NOW + n + 1, publish=False
        )
        registry.maybe_withdraw(state, "deals", NOW + n + 1)
        assert (registry.in_force_row(state, "deals") is None) == (n == 1)


@pytest.mark.slow
def test_rules_take_the_place_of_a_model_for_another_event(tmp_path: Path, fitted: PropensityModel) -> None:
    other = DEALS.model_copy(update={"where": {"pipeline": "renewals"}})
    state, done, _ = thin_night(tmp_path, real(fitted, other), "deals")
    assert done[0].published
    assert digest_in_force(state, "deals") == done[0].digest


def test_values_that_were_learnt_stay_too(tmp_path: Path) -> None:
    params = {"r": 0.5, "alpha": 5.0, "a": 0.8, "b": 2.5}
    old = ValueModel(NOW - DAY, "EUR", params, {"p": 6.0, "q": 4.0, "v": 15.0}, True, (), {}, None)
    state, done, _ = thin_night(tmp_path, old, registry.VALUE)
    assert digest_in_force(state, registry.VALUE) == model_file.digest(old)
    assert [(t.verdict, t.published) for t in done if t.name == registry.VALUE] == [
        ("too little data", False)
    ]
    rows = state.rows(sa.select(index.c.name, index.c.published_at).where(index.c.name == registry.SEGMENTS))
    assert rows and rows[0]["published_at"] == NOW


def test_the_very_model_that_is_in_force_stays_in_force(tmp_path: Path) -> None:
    state, settings = State(None), Settings()
    with company(deals=30).connection() as engine:
        for n in range(2):
            training.train(
                engine,
                state,
                tmp_path,
                settings,
                as_of=NOW,
                now=NOW + n,
                say=lambda _: None,
                only=[registry.VALUE],
            )
            rows = {
                k: registry.in_force_row(state, k)
                for k in (registry.VALUE, registry.SEGMENTS, registry.AMOUNT)
            }
            assert all(r is not None and r["published_at"] == NOW for r in rows.values())


def test_a_field_of_contracts_that_the_crm_does_not_have_is_named(tmp_path: Path) -> None:
    settings = Settings.model_validate({"value": {"renewal_date": "companies.c_employee"}})
    with company(deals=4).connection() as engine, pytest.raises(ConfigError, match="renewal_date") as e:
        training.train(engine, State(None), tmp_path, settings, as_of=NOW, now=NOW, say=lambda _: None)
    assert "companies.c_employees" in e.value.action


@pytest.mark.slow
def test_a_card_tells_what_a_model_is_made_of(tmp_path: Path) -> None:
    state = State(None)
    settings = Settings.model_validate({"populations": {"deals": DEALS.model_dump()}})
    with company(deals=60).connection() as engine:
        done = training.train(
            engine, state, tmp_path, settings, as_of=NOW, now=NOW, say=lambda _: None, only=["deals"]
        )
    ws = cast("Workspace", SimpleNamespace(state=state, models_folder=tmp_path))
    told = cards.card(ws, done[0].digest[:8]).to_json()
    json.dumps(told)
    wanted = {
        "event",
        "horizon_days",
        "learnt_at",
        "features",
        "dropped",
        "excluded",
        "false_labels",
        "cleaning",
    }
    assert wanted | {"activity_coverage", "verdict", "why", "in_force"} <= set(told)
    assert "judged" not in told
    brief = card_page.lines_of(told)
    assert brief["event"] == "deal won"
    assert brief["horizon"] == f"{told['horizon_days']} days"
    assert "meetings" in brief["features"]
    assert {"column", "kind", "evidence"} == set(brief["left out as leaks"][0])
    assert re.search(r"outliers: \d+ values in \d+ columns", brief["cleaning"])
    assert {e["feature"] for e in told["effects"]} == set(told["features"])
    assert all(e["low"] <= e["high"] and e["points"] >= 0 for e in told["effects"])
    strongest = cards.card(ws, done[0].digest[:8]).about
    assert isinstance(strongest, PropensityCard) and strongest.weights[0].size >= strongest.weights[-1].size
    assert len(brief["strongest features"]) <= 10
    with pytest.raises(UsageError, match="digest starts with"):
        cards.card(ws, "ffff")
