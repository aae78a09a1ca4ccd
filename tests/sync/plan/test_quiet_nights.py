"""Ten nights in which nothing happens, with a training among them: nearly nothing is written."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.worlds import DAY, NOW, company

from sales_consultant.config import playbook
from sales_consultant.config.fields.catalogue import FIELDS
from sales_consultant.config.populations import Population
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.propensity.rules import RuleModel
from sales_consultant.sync.models import registry, training
from sales_consultant.sync.plan import desired_values
from sales_consultant.sync.plan.plan import CurrentValues, Limits, Plan, Values, make
from sales_consultant.sync.plan.steps import Steps
from sales_consultant.sync.stores.state import State

# What several nights write together one of them may not write; on the seventh there is a training.
NIGHTS, TRAINING = (6, 7, 10), 7
OBJECTS = ("deals", "contacts", "companies")
SETTINGS = Settings.model_validate(
    {
        "populations": {
            "deals": Population(object="deals", event="won", where={"pipeline": "sales"}).model_dump()
        }
    }
)
# Trained twice: with those who train too, so that what is compiled is there.
pytestmark = pytest.mark.xdist_group("training")


@pytest.mark.slow
def test_nights_are_quiet_with_a_training_among_them(tmp_path: Path) -> None:
    state, book = State(None), Steps(SETTINGS, playbook.load(None))
    fields = {o: tuple(f for f in FIELDS if o in f.on and f.set != "all") for o in OBJECTS}
    values: dict[RecordRef, Values] = {}
    written: list[set[RecordRef]] = []
    with company(deals=300, signal=2.5).connection() as engine:
        for obj in OBJECTS:
            values |= {
                RecordRef(obj, str(i)): {} for (i,) in engine.con.execute(f"SELECT id FROM {obj}").fetchall()
            }

        def train(as_of: int) -> list[training.TrainedModel]:
            return training.train(
                engine, state, tmp_path, SETTINGS, as_of=as_of, now=as_of, say=lambda _: None
            )

        def night(as_of: int) -> Plan:
            held = CurrentValues(values, {})
            shown = {f: {k: str(v[f]) for k, v in values.items() if v.get(f)} for f in desired_values.KEPT}
            force = registry.in_force(state, tmp_path, SETTINGS)
            wanted = desired_values.build(
                engine, SETTINGS, force, book, as_of=as_of, shown=shown, keys=values
            )
            plan = make(wanted, held, fields, Limits(), identity="test")
            for e in plan.entries:
                values[RecordRef(e.object, e.record_id)] |= {k: new for k, _, new in e.fields}
            return plan

        first = {t.name: t.published for t in train(NOW)}
        assert first["deals"] and first["value"]
        night(NOW)
        for n in NIGHTS:
            if n == TRAINING:
                again = {t.name: (t.published, t.why) for t in train(NOW + n * DAY)}
                assert not again["deals"][0] and "nothing has ended" in again["deals"][1]
                assert not again["value"][0] and "nothing was bought" in again["value"][1]
            written.append({RecordRef(e.object, e.record_id) for e in night(NOW + n * DAY).entries})
    assert max(map(len, written)) <= 0.03 * len(values)
    assert len(set().union(*written)) <= 0.3 * len(values)


def rules(trained_at: int, ended: int) -> PopulationModel:
    population = SETTINGS.populations["deals"]
    rest: tuple[Any, ...] = ([], [], None, RuleModel(), 1.0, {}, [], {"ended": ended})
    return PopulationModel("deals", population, "deal won", 30, trained_at, *rest)


def test_the_same_data_are_not_asked_until_they_say_yes(tmp_path: Path) -> None:
    state = State(None)
    engine = DuckEngine(duckdb.connect(":memory:"))
    made = training._Training(engine, state, tmp_path, SETTINGS, NOW, NOW, lambda _: None, dry_run=False)
    assert not made._nothing_ended_since("deals", rules(NOW, 90))
    for week in range(12):
        model = rules(NOW + week * 7 * DAY, 90)
        digest, report = registry.keep(model, tmp_path), {"ended": 90}
        registry.enter(
            state, digest, "deals", "propensity", registry.NO_BETTER, report, 0, NOW + week, publish=False
        )
    assert made._nothing_ended_since("deals", rules(NOW + 84 * DAY, 90))
    assert not made._nothing_ended_since("deals", rules(NOW + 84 * DAY, 91))
    # After a quarter silence is news, however often it was looked at since.
    assert not made._nothing_ended_since("deals", rules(NOW + 91 * DAY, 90))
