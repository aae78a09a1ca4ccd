"""What our fields should hold now: scores, reasons, value, segments and next steps as canonical values by record.

Nothing here looks at what the CRM holds but to keep a segment or a step that is there already; what changes is the
plan's to say.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.fields.canon import Canonical, written
from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.config.language.translation import Language
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring import scorer
from sales_consultant.scoring.customers import key_of, value
from sales_consultant.scoring.populations import Membership, undecided
from sales_consultant.scoring.propensity import in_language
from sales_consultant.scoring.scorer import shown
from sales_consultant.scoring.validation import publish_gate
from sales_consultant.sync.plan import directory, recommended
from sales_consultant.sync.plan.directory import DirectoryEntry

# Judgements: two weeks, as reps look at their records; 8 points are 1.7 times the odds; three reasons fit a rep's
# glance.
TREND_DAYS = 14
TREND_POINTS = 8
SHOWN_REASONS = 3
SCORE_KEYS = (
    "score",
    "grade",
    "top_reason",
    "probability",
    "trend",
    "reasons",
    "expected_value",
    "model",
    "scored_at",
)
KEPT = (
    "next_step_id",
    "next_step_reason",
    "segment",
    "customer_tier",
    "cluster",
    "recommended_product",
)
"""Fields that do not wander: what a record shows of them has a say in what it shall show."""
STEP_KEYS = (
    "next_step",
    "next_step_due",
    "next_step_reason",
    "next_step_priority",
    "next_step_channel",
    "next_step_id",
)


@dataclass(slots=True)
class Record:
    """One record's desired values; a key that is absent is not ours to say, None empties the field."""

    object: str
    record_id: str
    values: dict[str, Canonical] = field(default_factory=dict)
    population: str = ""
    task_draft: str = ""
    """A drafted message that belongs into the task of the next step."""


@dataclass
class Desired:
    """Desired values of all records, with what the run has to report.

    `undecided` are the deals of which nobody knows whether they are over, and the customers of whom nobody knows what
    they bought: what is said of them stays as it is. `estimated` are the deals whose expected value rests on an
    estimated amount. `drift` is each population's stability index of the scores against those at the model's
    publication, `edges` its grade edges. `named` are the values that the texts of each rule of the playbook name,
    `waiting` the rules whose step is to wait, which is nothing to do.
    `without_step` says why an open record has no step, and which rule was left out; `rules` counts by rule what became of
    it; `drawn` are the new steps where rules are drawn at random: id, the chance with which it was chosen, and the record's
    probability.
    """

    as_of: int
    language: Language = "en"
    records: dict[RecordRef, Record] = field(default_factory=dict)
    excluded: dict[str, dict[str, int]] = field(default_factory=dict)
    scored: dict[str, int] = field(default_factory=dict)
    drift: dict[str, float] = field(default_factory=dict)
    edges: dict[str, Mapping[str, int]] = field(default_factory=dict)
    named: dict[str, frozenset[str]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    estimated: set[str] = field(default_factory=set)
    directory: dict[RecordRef, DirectoryEntry] = field(default_factory=dict)
    excluded_records: set[RecordRef] = field(default_factory=set)
    modelled: set[str] = field(default_factory=set)
    undecided: set[RecordRef] = field(default_factory=set)
    unmodelled: set[RecordRef] = field(default_factory=set)
    without_step: dict[RecordRef, tuple[str, str]] = field(default_factory=dict)
    rules: dict[str, dict[str, int]] = field(default_factory=dict)
    drawn: dict[RecordRef, tuple[str, float, float | None]] = field(default_factory=dict)

    def name(self, key: RecordRef) -> str:
        """What people call a record; its id where it has no name."""
        return self.directory[key].name if key in self.directory else key.record_id

    def unit(self, key: RecordRef) -> str:
        """The company that a record belongs to, or the record itself: what shares a group."""
        company = self.directory[key].company if key in self.directory else ""
        return f"companies:{company}" if company else f"{key.object}:{key.record_id}"

    def owner(self, key: RecordRef) -> str:
        """The id of a record's owner; empty for none."""
        return self.directory[key].owner if key in self.directory else ""

    def record(self, key: RecordRef) -> Record:
        """The record's entry, made at first use."""
        if key not in self.records:
            # A key that is known already is not kept twice.
            own = self.directory[key].key if key in self.directory else key
            self.records[own] = Record(*own)
        return self.records[key]


@dataclass(frozen=True)
class Models:
    """The models in force, by population name, and those of customers."""

    populations: Mapping[str, Any]
    value: Any | None
    segments: Any | None
    labels: Mapping[str, str] = field(default_factory=dict)
    amount: Any | None = None
    clusters: Any | None = None
    products: Any | None = None


StepsMaker = Callable[
    [DuckEngine, Desired, "list[pd.DataFrame]", Mapping[str, Mapping[RecordRef, str]]], None
]
"""Puts the next steps of scored records into the desired values; told what records show of the fields in KEPT."""


def build(
    engine: DuckEngine,
    settings: Settings,
    models: Models,
    steps: StepsMaker,
    *,
    as_of: int,
    shown: Mapping[str, Mapping[RecordRef, str]],
    keys: Iterable[RecordRef] = (),
    language: Language = "en",
    progress: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> Desired:
    """Score everything that has a model in force, as of `as_of` (ms).

    `steps` makes the next steps of what was scored. `shown` holds what records show now of the fields in KEPT; `keys` are
    those of records that are held already.
    `progress` is told what begins, how many steps are done, and how many there are.
    """
    desired = Desired(as_of, language=language)
    _directory(engine, desired, keys)
    _undecided(engine, desired)
    of = len(settings.populations)
    frames = _scores(engine, settings, models, desired, lambda what, done: progress(what, done, of + 2))
    progress("customer value and segments", of, of + 2)
    _values(engine, settings, models, desired, shown)
    said = recommended.values(engine, settings, models.products, shown, as_of=as_of, language=language)
    for key, given in said:
        if key not in desired.undecided:
            put(desired, key, **given)
    progress("next steps", of + 1, of + 2)
    steps(engine, desired, frames, shown)
    return desired


def put(desired: Desired, key: RecordRef, **values: object) -> None:
    """Set values of a record, as they are written."""
    record = desired.record(key)
    for name, given in values.items():
        text = written(by_key(name), given)
        # Grades, segments, steps and models are few words on very many records: each is kept once.
        record.values[name] = None if text is None else sys.intern(text)


def _directory(engine: DuckEngine, desired: Desired, keys: Iterable[RecordRef]) -> None:
    for entry, leave in directory.read(engine, keys):
        desired.directory[entry.key] = entry
        if leave:
            desired.excluded_records.add(entry.key)


def _undecided(engine: DuckEngine, desired: Desired) -> None:
    found = undecided(engine)
    for obj, ids in (("deals", found.deals), ("companies", found.companies), ("contacts", found.contacts)):
        desired.undecided |= {RecordRef(obj, i) for i in ids}


def _scores(
    engine: DuckEngine, settings: Settings, models: Models, desired: Desired, tell: Callable[[str, int], None]
) -> "list[pd.DataFrame]":
    frames = []
    for number, (name, population) in enumerate(settings.populations.items()):
        tell(population.label or name, number)
        # Built once a night: who is left out, who is open and who is scored are told from the same rows.
        today = Membership(engine, population, settings.exclude, as_of=desired.as_of)
        out = scorer.left_out(today)
        desired.excluded[name] = dict(sorted(Counter(out.values()).items()))
        desired.excluded_records |= {RecordRef(written_as(desired, population.object, i), i) for i in out}
        model = models.populations.get(name)
        if model is None:
            # What a withdrawn model said of them is emptied, whatever other populations of the object have.
            open_now = scorer.members(today)
            desired.unmodelled |= {RecordRef(written_as(desired, population.object, i), i) for i in open_now}
            continue
        desired.modelled.add(population.object)
        desired.edges[name] = model.grade_edges
        frame = scorer.score(
            engine, model, as_of=desired.as_of, exclusions=settings.exclude, membership=today
        )
        # Who was a member then is told from what was known then, which is another membership.
        before = scorer.score(
            engine, model, as_of=desired.as_of - TREND_DAYS * DAY_MS, exclusions=settings.exclude
        )
        earlier = dict(zip(before["record_id"], before["score"], strict=True))
        label = models.labels.get(name, name)
        taken = []
        for row in rows_in(frame):
            key = RecordRef(written_as(desired, row.object, row.record_id), row.record_id)
            # A record in two populations is scored in the one that is configured first.
            first = not desired.record(key).values.get("score")
            taken.append(first)
            if first:
                desired.record(key).population = name
                put(
                    desired,
                    key,
                    **_score_values(row, earlier.get(row.record_id), desired.language),
                    model=label,
                    scored_at=desired.as_of,
                )
        if then := model.card.get("score_shares"):
            desired.drift[name] = round(
                publish_gate.stability_index(then, publish_gate.shares(frame["score"].to_numpy())), 3
            )
        frame = frame[np.array(taken, dtype=bool)]
        desired.scored[name] = len(frame)
        frames.append(frame)
    _expected(engine, frames, desired, models)
    return frames


def written_as(desired: Desired, obj: str, record_id: str) -> str:
    """A Salesforce lead is a row of the neutral contacts and written as a lead."""
    return "leads" if obj == "contacts" and RecordRef("leads", record_id) in desired.directory else obj


def _score_values(row: Any, earlier: int | None, language: Language) -> dict[str, object]:
    score = int(row.score)
    lines = reason_lines(row.reasons, language)
    if earlier is None:
        trend = "new"
    else:
        moved = score - int(earlier)
        trend = "rising" if moved >= TREND_POINTS else "falling" if moved <= -TREND_POINTS else "steady"
    return {
        "score": score,
        "grade": row.grade,
        "probability": row.probability,
        "trend": trend,
        "top_reason": lines[0] if lines else None,
        "reasons": "\n".join(lines) or None,
    }


def reason_lines(reasons: Any, language: Language = "en") -> list[str]:
    """Three lines, strongest first, then everything else, so that 50 and the lines sum to the score.

    Named are only what was seen of the record; "everything else" is left out where it is nothing. What holding the score at 1
    or 99 did comes last.
    """
    return [f"{in_language(r.text, language)}: {r.points:+d}" for r in shown(reasons, SHOWN_REASONS)]


def _expected(engine: DuckEngine, frames: "list[pd.DataFrame]", desired: Desired, models: Models) -> None:
    guessed: dict[str, float] = {}
    if models.amount is not None and any((f["object"] == "deals").any() for f in frames):
        found = models.amount.estimate(engine)
        guessed = dict(zip(found["record_id"], found["amount"], strict=True))
    for frame in frames:
        deals = frame[frame["object"] == "deals"]
        if deals.empty:
            continue
        held = value.deal_values(engine, deals, as_of=desired.as_of, estimates=guessed)
        desired.estimated |= set(held.loc[held["estimated"], "record_id"])
        worth = dict(zip(held["record_id"], held["expected_value"], strict=True))
        for record_id in deals["record_id"]:
            amount = worth.get(record_id)
            put(desired, RecordRef("deals", record_id), expected_value=None if _missing(amount) else amount)


def _values(
    engine: DuckEngine,
    settings: Settings,
    models: Models,
    desired: Desired,
    shown: Mapping[str, Mapping[RecordRef, str]],
) -> None:
    worth = None
    if models.value is not None:
        frame = worth = models.value.predict(
            engine,
            as_of=desired.as_of,
            exclusions=settings.exclude,
            discount_rate=settings.value.discount_rate,
        )
        for row in rows_in(frame):
            key = RecordRef(row.object, row.record_id)
            amount, risk = row.value_12m, row.churn_risk
            if key in desired.undecided:
                continue
            put(
                desired,
                key,
                value_12m=None if _missing(amount) else amount,
                churn_risk=None if _missing(risk) else risk,
            )
        desired.scored["value"] = len(frame)
    if models.segments is not None:
        frame = models.segments.assign(
            engine,
            as_of=desired.as_of,
            previous=shown["segment"],
            values=worth,
            previous_tiers={key_of(*k): int(t) for k, t in shown["customer_tier"].items()},
            exclusions=settings.exclude,
        )
        for row in rows_in(frame):
            key = RecordRef(written_as(desired, row.object, row.record_id), row.record_id)
            if key.object == "leads" or key in desired.undecided:
                continue
            tier = None if _missing(row.customer_tier) else str(int(row.customer_tier))
            lifecycle = None if _missing(row.lifecycle) else row.lifecycle
            put(desired, key, segment=row.segment, lifecycle=lifecycle, customer_tier=tier)
            if worth is not None:
                # Who is a customer no more has neither: a churn risk beside "never bought" would say both.
                for name in ("value_12m", "churn_risk"):
                    desired.record(key).values.setdefault(name, None)
        desired.scored["segments"] = len(frame)
    if models.clusters is not None:
        held = {k.record_id: v for k, v in shown["cluster"].items() if k.object == "companies"}
        frame = models.clusters.assign(
            engine, as_of=desired.as_of, previous=held, exclusions=settings.exclude
        )
        for row in rows_in(frame):
            key = RecordRef("companies", row.record_id)
            if key in desired.undecided:
                continue
            put(desired, key, cluster=None if _missing(row.cluster) else row.cluster)


def rows_in(frame: "pd.DataFrame") -> Iterator[Any]:
    """Rows as named tuples; pandas' own types for them are wider than what our frames hold."""
    yield from frame.itertuples(index=False)


def _missing(value: object) -> bool:
    """None, NaN and pandas' own missing values."""
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]  # any object may be asked
