"""A dry run publishes nothing and shows old against new; a candidate comes into force by hand; small populations borrow."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.worlds import DAY, NOW, company

from sales_consultant.commands.output.training import done as show_training
from sales_consultant.commands.output.writing.page import Page
from sales_consultant.config.errors import UsageError
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring import model_file
from sales_consultant.scoring.features.catalogue import standard
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.sync.models import candidates, registry, training
from sales_consultant.sync.results.runs import RunDone
from sales_consultant.sync.results.training import Retrained, TrainingDone
from sales_consultant.sync.stores.state import State, holds

# A few reasons are enough here, and cheap.
KEPT = {"meetings", "age", "stage"}
SETTINGS = Settings.model_validate(
    {
        "features": {"omit": sorted({g.name for g in standard("deals", seller=True)[0]} - KEPT)},
        "populations": {
            "few": {"object": "deals", "event": "won", "where": {"pipeline": "few"}, "parent": "sales"},
            "sales": {"object": "deals", "event": "won", "where": {"pipeline": "sales"}},
        },
    }
)
# They share trainings: once, not once a worker.
pytestmark = [pytest.mark.xdist_group("candidates"), pytest.mark.slow]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    world = company(deals=420, signal=3.0, seed=2)
    for n, deal in enumerate(world.rows["deals"]):
        if n % 20 == 0:
            deal["pipeline"] = "few"
    with world.connection() as engine:
        yield engine


class Desk:
    """A state, a folder of models, and trainings of both populations."""

    def __init__(self, engine: DuckEngine, folder: Path) -> None:
        self.con, self.folder, self.state = engine, folder, State(None)
        self.said: list[str] = []

    def train(
        self, as_of: int, *, dry_run: bool = False, only: tuple[str, ...] = ("few", "sales")
    ) -> list[training.TrainedModel]:
        return training.train(
            self.con,
            self.state,
            self.folder,
            SETTINGS,
            as_of=as_of,
            now=as_of,
            say=self.said.append,
            only=only,
            dry_run=dry_run,
        )

    @property
    def force(self) -> dict[str, str]:
        rows = {n: registry.in_force_row(self.state, n) for n in ("few", "sales")}
        return {n: str(r["digest"]) for n, r in rows.items() if r is not None}


Shown = tuple[Desk, list[training.TrainedModel]]


@pytest.fixture(scope="module")
def shown(engine: DuckEngine, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A month ago both were trained and published, now there was a dry run."""
    desk = Desk(engine, tmp_path_factory.mktemp("models"))
    desk.train(NOW - 30 * DAY)
    return desk, desk.train(NOW, dry_run=True)


def test_the_small_one_borrows_what_its_parent_learnt_a_moment_ago(shown: Shown) -> None:
    desk, done = shown
    assert [t.name for t in done] == ["sales", "few"]
    few = model_file.load(desk.folder / desk.force["few"])
    assert isinstance(few, PopulationModel) and few.propensity is not None
    assert few.card["borrowed"]["from_trained_at"] == few.trained_at == NOW - 30 * DAY
    assert done[1].report["verdict"] == "better than base rate"
    assert "borrowed from sales" in done[1].why
    assert set(registry.in_force(desk.state, desk.folder, SETTINGS).populations) == {"few", "sales"}


def test_a_dry_run_publishes_nothing_and_tells_old_against_new(shown: Shown) -> None:
    desk, done = shown
    made = {t.name: t for t in done}
    assert not set(desk.force.values()) & {t.digest for t in done}
    told = candidates.retrained(done, dry_run=True)
    json.dumps([m.to_json() for m in told])
    mine = next(m for m in told if m.name == "sales")
    assert (mine.published, mine.would_publish) == (False, made["sales"].published)
    assert mine.old is not None and mine.old.digest == desk.force["sales"][:12]
    assert mine.gate is not None and mine.gate["n"] > 0
    changed = sum(n for k, n in mine.gate["grades"].items() if k[0] != k[-1])
    assert changed > 0 and 0 < len(mine.examples) <= 5
    assert mine.examples[0].name.startswith("Deal ")
    assert sum(m.records for m in mine.moves) == changed
    text = screen(told, dry_run=True)
    assert "Nothing was published." in text
    assert f"{mine.moves[0].old} → {mine.moves[0].new}: {mine.moves[0].records}" in text
    # Names of records are told, not kept.
    assert "Deal " not in json.dumps(registry.index(desk.state), default=str)


def test_what_a_dry_run_says_is_what_happens() -> None:
    """Of every kind of model the note names those that would come into force, and the lines say the same."""
    segments, amounts, same = "a" * 64, "b" * 64, "c" * 64
    made = [
        training.TrainedModel("segments", "segments", segments, "", True, {}),
        training.TrainedModel("value", "value", amounts, "", False, {}, "the model in force stays"),
        training.TrainedModel("amounts", "amounts", same, "", True, {}, before={"digest": same}),
    ]
    told = candidates.retrained(made, dry_run=True)
    assert {m.name: m.would_publish for m in told} == {"segments": True, "value": False, "amounts": False}
    text = screen(told, dry_run=True)
    assert [line for line in text.splitlines() if "models publish" in line] == [
        f"  Next: sales-consultant models publish {segments[:7]} puts segments into force."
    ]
    assert "amounts  it is in force already" in text
    assert "Nothing was published. Nothing would be." in screen(told[1:], dry_run=True)
    published = candidates.retrained(made, dry_run=False)
    assert [m.published for m in published] == [True, False, True]
    assert "Nothing was published" not in screen(published, dry_run=False)


def screen(models: tuple[Retrained, ...], *, dry_run: bool) -> str:
    """What a person reads of a training."""
    page = Page(width=100, now=NOW)
    show_training(page, TrainingDone(RunDone("r", "train", {}), dry_run, models, ()))
    return page.text()


def test_looks_are_no_trainings(shown: Shown) -> None:
    desk, _ = shown
    for _ in range(2):
        (few,) = desk.train(NOW - DAY, dry_run=True, only=("few",))
    assert len([m for m in registry.index(desk.state) if m["digest"] == few.digest]) == 1
    assert few.report["verdict"] == "better than base rate"  # of the parent in force
    other = State(None)
    registry.enter(other, "a", "sales", "propensity", registry.NO_BETTER, {}, 0, 1, publish=True)
    for n in range(2):
        registry.enter(
            other,
            f"b{n}",
            "sales",
            "propensity",
            registry.NO_BETTER,
            {"dry_run": True},
            0,
            2 + n,
            publish=False,
        )
    registry.maybe_withdraw(other, "sales", 9)
    assert registry.in_force_row(other, "sales") is not None
    fresh = State(None)
    registry.enter(fresh, "a", "sales", "propensity", "", {"dry_run": True}, 0, 1, publish=False)
    assert "sales" in registry.training_needed(fresh, desk.folder, SETTINGS, as_of=NOW)


def test_a_candidate_comes_into_force_by_hand_and_only_once_compared(shown: Shown) -> None:
    desk, done = shown
    made = {t.name: t for t in done}
    listed = {m["digest"]: m for m in candidates.listed(desk.state).to_json()["models"]}
    short = made["sales"].digest[:12]
    assert listed[short]["standing"] == "candidate" and f"models publish {short}" in listed[short]["why"]
    before = desk.force["sales"]
    with desk.state.begin() as c:
        c.execute(sa.insert(holds).values(field="score", since=0, run_id="r"))
    found = candidates.publish(desk.state, desk.folder, short, now=NOW + 1)
    assert found.to_json() == {"name": "sales", "in_force": made["sales"].digest, "withdrawn": before}
    assert desk.force["sales"] == made["sales"].digest
    assert desk.state.rows(sa.select(holds)) == []
    # By hand is agreed: what a rollback took away comes back past the guard, as after `resume`.
    assert json.loads(desk.state.get("resumed") or "") == {"score": NOW + 1}
    for digest, words in (
        (short, "in force already"),
        (before[:12], "was in force before"),
        ("ffffffffff", "No model's digest"),
    ):
        with pytest.raises(UsageError, match=words):
            candidates.publish(desk.state, desk.folder, digest, now=NOW + 2)
    registry.enter(
        desk.state,
        "e" * 64,
        "sales",
        "propensity",
        "",
        {"would_publish": False, "why": "worse on 200 outcomes"},
        NOW,
        NOW,
        publish=False,
    )
    with pytest.raises(UsageError, match="worse on 200"):
        candidates.publish(desk.state, desk.folder, "eeee", now=NOW + 2)
    registry.enter(
        desk.state,
        "d" * 64,
        "sales",
        "propensity",
        "",
        {"would_publish": True, "against": before},
        NOW,
        NOW,
        publish=False,
    )
    with pytest.raises(UsageError, match="another model"):
        candidates.publish(desk.state, desk.folder, "dddd", now=NOW + 2)
