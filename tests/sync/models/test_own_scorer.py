"""Scores of an admin's own model are published, planned and withdrawn like those of a model that was trained here."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config import playbook
from sales_consultant.config.errors import UsageError
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.sync.models import registry, training
from sales_consultant.sync.plan import desired_values
from sales_consultant.sync.plan.steps import Steps
from sales_consultant.sync.stores.state import State

pytestmark = pytest.mark.xdist_group("candidates")


@pytest.fixture(scope="module")
def world() -> World:
    return company(deals=900, signal=1.5)


@pytest.fixture(scope="module")
def engine(world: World) -> Iterator[DuckEngine]:
    with world.connection() as engine:
        yield engine


def write(path: Path, world: World, *, until: int, guesses: bool = False) -> None:
    """Scores of every deal every other week until a time."""
    rng = np.random.default_rng(0)
    rows = [
        (deal["id"], rng.uniform(0.05, 0.95) if guesses else 0.52 if deal["c_fit"] == "good" else 0.32, at)
        for deal in world.rows["deals"]
        for at in range(int(deal["created_at"]), int(deal["closed_at"] or until), 14 * DAY)
    ]
    pd.DataFrame(rows, columns=["record_id", "probability", "as_of"]).to_parquet(path)


@pytest.mark.slow
def test_own_scores_come_into_force_are_desired_and_go(
    engine: DuckEngine, world: World, tmp_path: Path
) -> None:
    file, state, folder = tmp_path / "fit_model.parquet", State(None), tmp_path / "models"
    population = {"object": "deals", "event": "won", "where": {"pipeline": "sales"}, "scorer": str(file)}
    settings = Settings.model_validate({"populations": {"sales": population}})

    def train(now: int) -> training.TrainedModel:
        (done,) = training.train(
            engine, state, folder, settings, as_of=now, now=now, say=print, only=["sales"]
        )
        return done

    def desired() -> dict[str, dict[str, str | None]]:
        wanted = desired_values.build(
            engine,
            settings,
            registry.in_force(state, folder, settings),
            Steps(settings, playbook.load(None)),
            as_of=NOW,
            shown={f: {} for f in desired_values.KEPT},
        )
        return {k.record_id: r.values for k, r in wanted.records.items() if k.object == "deals"}

    write(file, world, until=NOW, guesses=True)
    first = train(NOW - DAY)
    assert not first.published and "no better than the base rate" in first.why
    assert not any(v.get("score") for v in desired().values())

    write(file, world, until=NOW)
    second = train(NOW)
    assert second.published and second.report["verdict"] == "better than base rate"
    values = {i: v for i, v in desired().items() if v.get("score")}
    assert len(values) > 20
    open_now = {d["id"] for d in world.rows["deals"] if not d["closed_at"]}
    assert set(values) <= open_now
    for v in values.values():
        assert v["probability"] in ("0.5200", "0.3200")
        assert v["model"] == f"sales {second.digest[:8]}"
        assert {line.rsplit(":", 1)[0] for line in str(v["reasons"]).split("\n")} <= {
            "scored by the model fit_model",
            "everything else",
        }
    # The same scores again, and nothing ended: what was decided stays.
    third = train(NOW + DAY)
    assert not third.published and "nothing has ended" in third.why
    with pytest.raises(UsageError, match="no earlier model"):
        registry.revert(state, folder, "sales", now=NOW)
