"""What is kept quiet is kept together: over 60 nights no text names what its record does not show, and one score has one
grade."""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.worlds import DAY, NOW, company

from sales_consultant.config import playbook
from sales_consultant.config.fields.catalogue import FIELDS, fields
from sales_consultant.config.populations import Population
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.scoring.propensity import grade
from sales_consultant.sync.models import registry, training
from sales_consultant.sync.plan import desired_values
from sales_consultant.sync.plan.desired_values import Desired, Record
from sales_consultant.sync.plan.plan import CurrentValues, Limits, Values, make
from sales_consultant.sync.plan.steps import Steps
from sales_consultant.sync.stores.state import State

NIGHTS = 60
NAMED = {
    "by-grade": {"grade"},
    "by-score": {"score"},
    "both-of-them": {"score", "grade"},
    "plain": set[str](),
}
TEXTS = {
    "by-grade": ("Call", "grade {grade}, silent for {weeks} weeks"),
    "by-score": ("Call, score {score}", "silent for {weeks} weeks"),
    "both-of-them": ("Call", "score {score}, grade {grade}"),
    "plain": ("Call", "silent for {weeks} weeks"),
}
ALL = fields("all", ["deals"])
HELD = ["grade", "score", "next_step", "next_step_reason", "next_step_id", "reasons", "expected_value"]


def naming(values: Values) -> dict[str, str]:
    """What the step's texts of a record say of its score and grade."""
    text = f"{values.get('next_step')} / {values.get('next_step_reason')}"
    return dict(re.findall(r"(score|grade) ([A-D]|\d+)", text))


@dataclass
class Simulated:
    """Deals whose score wanders, with steps that change, trainings, holds, people's edits and writes that fail."""

    rng: random.Random
    keep: bool
    edges: dict[str, int] = field(default_factory=lambda: {"A": 70, "B": 58, "C": 45})
    scores: dict[str, int] = field(default_factory=dict)
    steps: dict[str, tuple[str, int]] = field(default_factory=dict)
    crm: dict[RecordRef, Values] = field(default_factory=dict)
    written: dict[RecordRef, Values] = field(default_factory=dict)
    on_hold: frozenset[str] = frozenset()
    edited: set[RecordRef] = field(default_factory=set)
    failed: set[RecordRef] = field(default_factory=set)

    def wish(self, night: int) -> Desired:
        named = {k: frozenset(v) for k, v in NAMED.items()}
        desired = Desired(night * DAY, modelled={"deals"}, edges={"p": dict(self.edges)}, named=named)
        for record, score in self.scores.items():
            if self.rng.random() < 0.02:
                continue  # Out of its population for a night.
            step, trigger = self.steps[record]
            words = {"score": score, "grade": grade(score, self.edges), "weeks": 1 + night // 7}
            texts = [t.format(**words) for t in TEXTS[step]]
            values: Values = {
                "score": str(score), "grade": str(words["grade"]), "reasons": f"one: {score - 50:+d}",
                "expected_value": f"{score * 100}.00", "next_step": texts[0], "next_step_reason": texts[1],
                "next_step_id": f"{step}-{trigger}", "next_step_due": f"2026-01-{1 + night % 28:02d}",
            }  # fmt: skip
            if self.rng.random() < 0.05:
                values |= dict.fromkeys(desired_values.STEP_KEYS)
            desired.records[RecordRef("deals", record)] = Record("deals", record, values, "p")
        return desired

    def day(self) -> None:
        rng = self.rng
        for record in self.scores:
            self.scores[record] = min(
                99, max(1, self.scores[record] + rng.choice((-4, -2, -1, 0, 0, 1, 2, 4)))
            )
            if rng.random() < 0.1:
                self.steps[record] = (rng.choice(list(NAMED)), rng.randrange(10**6))
        if rng.random() < 0.05:
            shift = rng.randrange(-4, 5)
            self.edges = {"A": 70 + shift, "B": 58 + shift, "C": 45 + shift}
        if rng.random() < 0.1:
            self.on_hold = frozenset(rng.sample(HELD, rng.randrange(0, 3)))
        for key in rng.sample(sorted(self.crm), 1):
            name = rng.choice(("grade", "score", "next_step_reason", "top_reason"))
            self.crm[key][name] = {"grade": "D", "score": "7"}.get(name, "as I like it")
            self.edited.add(key)

    def night(self, night: int) -> None:
        desired = self.wish(night)
        limits = Limits(fields_on_hold=self.on_hold, keep_foreign=self.keep)
        plan = make(desired, CurrentValues(self.crm, self.written), ALL, limits, identity="x")
        self.failed, done = set(), set[RecordRef]()
        for entry in plan.entries:
            key = RecordRef(entry.object, entry.record_id)
            if self.rng.random() < 0.03:
                self.failed.add(key)
                continue
            news = {k: new for k, _, new in entry.fields}
            self.crm[key] |= news
            self.written.setdefault(key, {}).update(news)
            done.add(key)
        if not self.on_hold and not self.keep:
            # Whatever people wrote is overwritten by a whole write of ours.
            self.edited -= done & set(desired.records)
        self.check(desired)

    def check(self, desired: Desired) -> None:
        for key, shown in self.crm.items():
            if key in self.edited:
                continue
            for name, said in naming(shown).items():
                assert shown.get(name) == said, (key, shown)
            now = key in desired.records and key not in self.failed and not self.on_hold
            if now and shown.get("score"):
                assert shown["grade"] == grade(int(str(shown["score"])), self.edges), (key, shown)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.booleans())
def test_sixty_nights_of_wandering_scores(seed: int, keep: bool) -> None:
    rng = random.Random(seed)
    world = Simulated(rng, keep)
    for n in range(12):
        record = str(n)
        world.scores[record] = rng.randrange(20, 90)
        world.steps[record] = (rng.choice(list(NAMED)), n)
        world.crm[RecordRef("deals", record)] = {}
    for night in range(NIGHTS):
        world.day()
        world.night(night)


OBJECTS = ("deals", "contacts", "companies")
POPULATION = Population(object="deals", event="won", where={"pipeline": "sales"})
SETTINGS = Settings.model_validate({"populations": {"deals": POPULATION.model_dump()}})


@pytest.mark.slow
@pytest.mark.xdist_group("training")
def test_sixty_days_of_a_company(tmp_path: Path) -> None:
    """The nights up to now, as they would have been: deals come, move on and end, with a training every three weeks."""
    state, book = State(None), Steps(SETTINGS, playbook.load(None))
    writable = {o: tuple(f for f in FIELDS if o in f.on and f.set != "all") for o in OBJECTS}
    values: dict[RecordRef, Values] = {}
    named = 0
    with company(deals=250, signal=2.5).connection() as engine:
        for obj in OBJECTS:
            ids = engine.con.execute(f"SELECT id FROM {obj}").fetchall()
            values |= {RecordRef(obj, str(i)): {} for (i,) in ids}
        # Every fifth of them: a night of a whole company takes more than a second.
        for night in range(0, NIGHTS, 5):
            as_of = NOW - (NIGHTS - night) * DAY
            if night % 20 == 0:
                training.train(engine, state, tmp_path, SETTINGS, as_of=as_of, now=as_of, say=lambda _: None)
            shown = {f: {k: str(v[f]) for k, v in values.items() if v.get(f)} for f in desired_values.KEPT}
            force: Any = registry.in_force(state, tmp_path, SETTINGS)
            desired = desired_values.build(
                engine, SETTINGS, force, book, as_of=as_of, shown=shown, keys=values
            )
            plan = make(desired, CurrentValues(values, {}), writable, Limits(), identity="test")
            for e in plan.entries:
                values[RecordRef(e.object, e.record_id)] |= {k: new for k, _, new in e.fields}
            grades: dict[str, set[str]] = {}
            for key, v in values.items():
                for name, said in naming(v).items():
                    assert v.get(name) == said, (night, key, v)
                    named += 1
                record = desired.records.get(key)
                if record is not None and record.values.get("score"):
                    grades.setdefault(str(v["score"]), set()).add(str(v["grade"]))
                else:
                    assert key.object == "deals" or not {"score", "grade", "probability"} & v.keys()
            assert {s: g for s, g in grades.items() if len(g) > 1} == {}, night
    assert named >= 5, "steps that name a grade were among them"
