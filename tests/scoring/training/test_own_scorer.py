"""A model of the admin's own: its scores in a file go through the same forward test and gate, and are written without reasons."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.populations import Exclusions, FeatureSettings, Population, check_parents
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import own_scores
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.scorer import score
from sales_consultant.scoring.training import Trained, bring
from sales_consultant.scoring.training.training import train
from sales_consultant.scoring.validation.publish_gate import compare

WORLD = company(deals=1500, signal=1.5)
pytestmark = pytest.mark.xdist_group("training")


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with WORLD.connection() as engine:
        yield engine


def written(folder: Path, scores: pd.DataFrame, name: str = "scores.parquet") -> Population:
    path = folder / name
    scores.to_csv(path, index=False) if name.endswith("csv") else scores.to_parquet(path)
    return Population(object="deals", event="won", where={"pipeline": "sales"}, scorer=str(path))


def scores_of(world: World, *, honest: bool, every: int = 14) -> pd.DataFrame:
    """Scores of each deal every other week of its life, of a model that knows `c_fit`, or of one that guesses."""
    rng = np.random.default_rng(0)
    rows = []
    for deal in world.rows["deals"]:
        end = deal["closed_at"] or NOW
        for at in range(int(deal["created_at"]), int(end), every * DAY):
            p = (0.52 if deal["c_fit"] == "good" else 0.32) if honest else rng.uniform(0.05, 0.95)
            rows.append((deal["id"], p, at))
    return pd.DataFrame(rows, columns=["record_id", "probability", "as_of"])


def brought(engine: DuckEngine, population: Population) -> Trained:
    return bring(engine, "test", population, as_of=NOW, exclusions=Exclusions())


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
def test_good_scores_earn_their_place_and_are_written_as_they_are(
    engine: DuckEngine, tmp_path: Path, name: str
) -> None:
    given = scores_of(WORLD, honest=True)
    missing = next(d["id"] for d in WORLD.rows["deals"] if not d["closed_at"])
    population = written(tmp_path, given[given["record_id"] != missing], name)
    trained = brought(engine, population)
    assert (trained.report.verdict, trained.publishable) == ("better than base rate", True)
    assert trained.model.card["scorer"] == population.scorer
    assert "scored by the model scores of your own" in trained.model.card["notes"]
    model = PopulationModel.from_dict(trained.model.to_dict())
    frame = score(engine, model, as_of=NOW, exclusions=Exclusions())
    assert len(frame) and missing not in set(frame["record_id"])
    newest = given.sort_values("as_of").groupby("record_id")["probability"].last()
    assert frame["probability"].to_numpy() == pytest.approx(newest[frame["record_id"]].to_numpy())
    for lines, points in zip(frame["reasons"], frame["score"], strict=True):
        assert 50 + sum(r.points for r in lines) == points
        assert {r.text for r in lines} <= {"scored by the model scores", "everything else"}


def test_guesses_and_scores_without_a_past_are_not_published(engine: DuckEngine, tmp_path: Path) -> None:
    guessed = brought(engine, written(tmp_path, scores_of(WORLD, honest=False)))
    assert (guessed.report.verdict, guessed.publishable) == ("no better than base rate", False)
    today = scores_of(WORLD, honest=True).assign(as_of=NOW - DAY)
    fresh = brought(engine, written(tmp_path, today.drop_duplicates("record_id"), "fresh.parquet"))
    assert (fresh.report.verdict, fresh.publishable) == ("too little data", False)
    assert "too few scores of the past" in fresh.why


def test_it_is_held_against_the_model_that_it_replaces(engine: DuckEngine, tmp_path: Path) -> None:
    plain = Population(object="deals", event="won", where={"pipeline": "sales"})
    learnt = train(
        engine, "test", plain, as_of=NOW - 220 * DAY, exclusions=Exclusions(), features=FeatureSettings()
    )
    guessed = brought(engine, written(tmp_path, scores_of(WORLD, honest=False)))
    assert guessed.today is not None
    gate = compare(engine, learnt.model, guessed.model, guessed.judged, guessed.today)
    assert not gate.publish and "worse on" in gate.why


def test_only_what_was_known_at_a_time_counts(tmp_path: Path) -> None:
    given = pd.DataFrame(
        {
            "record_id": ["1", "1", "2"],
            "probability": [0.2, 0.7, 0.4],
            "as_of": [10 * DAY, 20 * DAY, 10 * DAY],
        }
    )
    path = written(tmp_path, given).scorer
    assert path is not None
    asked = pd.DataFrame(
        {"record_id": ["1", "1", "1", "2", "3"], "cut": [n * DAY for n in (9, 19, 20, 50, 50)]}
    )
    found = own_scores.given(path, asked, days=30)
    assert found.tolist() == pytest.approx([np.nan, 0.2, 0.7, np.nan, np.nan], nan_ok=True)
    as_text = given.assign(as_of=pd.to_datetime(given["as_of"], unit="ms", utc=True).astype(str))
    other = written(tmp_path, as_text, "text.csv").scorer
    assert other is not None
    assert own_scores.given(other, asked, days=30).equals(found)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"probability": 1.5}, "not between 0 and 1"),
        ({"probability": None}, "not between 0 and 1"),
        ({"as_of": "soon"}, "no time"),
        ({"record_id": None}, "record_id is missing"),
        ({"record_id": "1", "as_of": 5}, "two probabilities"),
        ("probability", "lacks the column probability"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(
    tmp_path: Path, changed: dict[str, Any] | str, why: str
) -> None:
    rows = pd.DataFrame({"record_id": ["1", "2"], "probability": [0.2, 0.7], "as_of": [5, 6]})
    rows = rows.drop(columns=changed) if isinstance(changed, str) else rows.assign(**changed)
    path = written(tmp_path, rows).scorer
    assert path is not None
    with pytest.raises(ConfigError, match=why):
        own_scores.given(path, pd.DataFrame({"record_id": ["1"], "cut": [9]}))
    with pytest.raises(ConfigError, match="cannot be read"):
        own_scores.given(str(tmp_path / "none.parquet"), pd.DataFrame({"record_id": ["1"], "cut": [9]}))


def test_a_scorer_and_a_parent_exclude_each_other() -> None:
    first = Population(object="deals", event="won")
    with pytest.raises(ValueError, match="borrows no model"):
        check_parents({"a": first, "b": first.model_copy(update={"parent": "a", "scorer": "scores.csv"})})
