"""The plan: the difference between what our fields should hold and what the CRM holds, decided before any write.

Nights are quiet: a score that moved less than 3 points, a reason's text, a time stamp or a model's name never causes a
write; they ride along with a change of score, grade, step or value. Scores end: a record that left its population gets
one last write (docs/explanation/architecture.md, section 10).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from sales_consultant.config.fields.canon import Canonical
from sales_consultant.config.fields.catalogue import FIELDS, Field, by_key
from sales_consultant.config.records import RecordRef
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan.desired_values import SCORE_KEYS, STEP_KEYS, Desired, Record
from sales_consultant.sync.plan.histograms import histograms
from sales_consultant.sync.plan.quiet import LAST_WRITE, Terms, agreeing, quiet

NEW_TASK = "new task"
CONTROL_GROUP = "control group"
_BY_SCORER = (*SCORE_KEYS, *STEP_KEYS)
_OURS = tuple(f.key for f in FIELDS if not f.people_write)
_RETIRED = tuple(f.key for f in FIELDS if f.retired)

Values = dict[str, Canonical]


@dataclass(frozen=True)
class Edit:
    """A field of ours that somebody else changed: what we wrote last, and what it holds now."""

    object: str
    record_id: str
    field: str
    wrote: Canonical
    holds: Canonical


@dataclass
class Plan:
    """All changes of a run, with what was looked at and left alone, by reason."""

    as_of: int
    identity: str
    entries: list[Entry] = field(default_factory=list)
    looked_at: int = 0
    graded: int = 0
    unchanged: int = 0
    left_alone: Counter[str] = field(default_factory=Counter)
    foreign_edits: list[Edit] = field(default_factory=list)
    calls: int = 0
    missing_fields: dict[str, dict[str, str]] = field(default_factory=dict)
    currency: str = ""
    """The org's; money of a deal is in the deal's own."""
    deal_currencies: Mapping[str, str] = field(default_factory=dict)
    """Those that are not the org's, by the deal's id."""
    tasks: list[Entry] = field(default_factory=list)
    """What is done to tasks: lines of the plan like any other, by our id of the task."""
    task_ends: dict[str, str] = field(default_factory=dict)
    """The status to note of tasks that people closed or took over, by our id; nothing is written of them."""
    task_records: Mapping[str, RecordRef] = field(default_factory=dict)
    """The record of each of these tasks, by our id."""

    def currency_of(self, object_: str, record_id: str) -> str:
        """The currency of a record's money, "" where it is not known."""
        return self.deal_currencies.get(record_id, self.currency) if object_ == "deals" else self.currency

    @property
    def emptied(self) -> int:
        """Records that lose a value of ours; a reason, a trend or whatever else only rides along is none."""
        return sum(any(_lost(*change) for change in e.fields) for e in self.entries)

    def emptied_by_field(self) -> dict[str, int]:
        """Values that go, by field key, most first."""
        return dict(Counter(c[0] for e in self.entries for c in e.fields if _lost(*c)).most_common())

    @property
    def grades_changed(self) -> int:
        """Records whose grade becomes another one."""
        return sum(
            k == "grade" and None not in (old, new) and old != new
            for e in self.entries
            for k, old, new in e.fields
        )

    @property
    def digest(self) -> str:
        """Names this plan: the same changes of the same org have the same digest."""
        lines = [*self.entries, *self.tasks]
        body = json.dumps([self.identity, [asdict(e) for e in lines]], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()

    def by_field(self) -> dict[str, int]:
        """Changes by field key."""
        counts = Counter(k for e in self.entries for k, _, _ in e.fields)
        return dict(sorted(counts.items()))

    def rows(self, entries: Sequence[Entry] | None = None) -> list[dict[str, Any]]:
        """The changes (or some), old and new value by record and field."""
        return [
            {"object": e.object, "id": e.record_id, "name": e.name, "why": e.why}
            | {"fields": {k: {"old": old, "new": new} for k, old, new in e.fields}}
            for e in (self.entries if entries is None else entries)
        ]

    def sample(self, count: int) -> list[Entry]:
        """A few changes to look at, of every object and reason there is."""
        groups: dict[tuple[str, str], list[Entry]] = {}
        for e in self.entries:
            groups.setdefault((e.why, e.object), []).append(e)
        return [e for turn in zip_longest(*groups.values()) for e in turn if e is not None][:count]

    def edits(self, count: int | None = None) -> list[dict[str, Any]]:
        """What people changed in fields of ours, with both values."""
        return [
            {"object": e.object, "id": e.record_id, "field": e.field, "we_wrote": e.wrote, "holds": e.holds}
            for e in self.foreign_edits[:count]
        ]

    def histograms(self) -> list[dict[str, Any]]:
        """How far values move, by field."""
        return histograms(change for e in self.entries for change in e.fields)

    def whole(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        found = {"histograms": self.histograms(), "edited_by_hand": self.edits(), "entries": self.rows()}
        return {**found, "task_entries": self.rows(self.tasks)} if self.tasks else found

    def summary(self) -> dict[str, Any]:
        """Counts for people and for `--json`."""
        return {
            "digest": self.digest,
            "records": len(self.entries),
            "changes": sum(len(e.fields) for e in self.entries),
            "by_object": dict(Counter(e.object for e in self.entries)),
            "by_field": self.by_field(),
            "why": dict(Counter(e.why for e in self.entries)),
            "looked_at": self.looked_at,
            "unchanged": self.unchanged,
            "left_alone": dict(self.left_alone),
            "foreign_edits": len(self.foreign_edits),
            "grades_changed": self.grades_changed,
            "emptied": self.emptied,
            "emptied_by_field": self.emptied_by_field(),
            "api_calls": self.calls,
            "missing_fields": {o: sorted(m) for o, m in self.missing_fields.items()},
            **({"tasks": self.by_task()} if self.tasks else {}),
        }

    @property
    def new_tasks(self) -> int:
        """Tasks that would be made."""
        return sum(e.why == NEW_TASK for e in self.tasks)

    def by_task(self) -> dict[str, int]:
        """Lines about tasks by what they do."""
        return dict(Counter(e.why for e in self.tasks).most_common())


@dataclass(frozen=True)
class CurrentValues:
    """What the CRM holds of our fields, by record, and what we last wrote there.

    `renew` are the fields of a record whose texts are in another language than the connection's.
    """

    values: Mapping[RecordRef, Values]
    written: Mapping[RecordRef, Values]
    renew: Mapping[RecordRef, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """What a plan must leave alone.

    `allowed`: None, or the records a pilot writes. `emptied`: records outside the pilot whose values go. `control`:
    records of the control group: they show nothing, and what they still show goes. `waiting`: dead letters whose next
    try is not due. `fields_on_hold`: fields on hold after a rollback.
    """

    allowed: frozenset[RecordRef] | None = None
    emptied: frozenset[RecordRef] = frozenset()
    control: frozenset[RecordRef] = frozenset()
    waiting: frozenset[RecordRef] = frozenset()
    fields_on_hold: frozenset[str] = frozenset()
    keep_foreign: bool = False


def make(
    desired: Desired,
    held: CurrentValues,
    fields: Mapping[str, Sequence[Field]],
    limits: Limits,
    *,
    identity: str,
    watch: Callable[[list[RecordRef]], Iterable[RecordRef]] = iter,
) -> Plan:
    """The plan; deterministic: entries by object and id. `watch` hands the records on, and sees how far it is."""
    plan = Plan(desired.as_of, identity)
    day = datetime.fromtimestamp(desired.as_of / 1000, UTC).date()
    without = Terms(named=desired.named, today=day)
    by_population = {name: replace(without, edges=edges) for name, edges in desired.edges.items()}
    # One set and no second one beside it: there may be a million keys.
    keys = {k for k in desired.records if k.object in fields}
    keys.update(k for k, v in held.values.items() if any(v.values()))
    for key in watch(sorted(keys)):
        if key.object not in fields:
            continue
        plan.looked_at += 1
        current = held.values.get(key)
        if reason := _passed_over(key, desired, current, limits):
            plan.left_alone[reason] += 1
            continue
        current = current or {}
        plan.graded += bool(current.get("grade"))
        writable = [f.key for f in fields[key.object] if not f.people_write]
        wanted, why = _wanted(key, desired, current, limits)
        wanted = {k: v for k, v in wanted.items() if k in writable}
        last = held.written.get(key, {})
        edits = _foreign(key, current, last, wanted)
        plan.foreign_edits += [Edit(*key, k, last.get(k), current.get(k)) for k in sorted(edits)]
        kept = edits if limits.keep_foreign else set[str]()
        record = desired.records.get(key)
        terms = by_population.get(record.population if record else "", without)
        free_of_people = {k: v for k, v in wanted.items() if k not in kept}
        changed = quiet(free_of_people, current, edits - kept, terms, renew=held.renew.get(key, ()))
        if not changed:
            plan.unchanged += 1
            continue
        if reason := _left_alone(key, limits):
            plan.left_alone[reason] += 1
            continue
        on_hold = limits.fields_on_hold
        if any(k in on_hold for k in changed):
            plan.left_alone["on hold"] += 1
        free = agreeing(changed, wanted, current, on_hold=on_hold, kept=kept, terms=terms)
        if free:
            free |= _unanswered(free, current, fields[key.object])
            change = tuple((k, current.get(k), v) for k, v in free.items())
            plan.entries.append(Entry(*key, desired.name(key), why, change))
    return plan


def _unanswered(free: Values, current: Values, fields: Sequence[Field]) -> Values:
    """The answer to a step goes with it: what stands beside the next step was said of the last one, and is kept here."""
    answered = current.get("next_step_feedback") and any(f.key == "next_step_feedback" for f in fields)
    return {"next_step_feedback": None} if answered and "next_step_id" in free else {}


def _left_alone(key: RecordRef, limits: Limits) -> str:
    if key in limits.control:
        # What it still shows goes, whoever the pilot writes.
        return ""
    if limits.allowed is not None and key not in limits.allowed and key not in limits.emptied:
        return "outside the pilot"
    return "dead letter, waiting" if key in limits.waiting else ""


def _passed_over(key: RecordRef, desired: Desired, current: Values | None, limits: Limits) -> str:
    """Why nothing is planned for a record, whatever it should hold; empty where something may be."""
    if current is None:
        # Scored from a row that is not there (any more) to be written.
        return "gone"
    if key in limits.control:
        # Scored, but it shows nothing: there is nothing to take away either.
        return "" if any(current.get(k) for k in _OURS) else CONTROL_GROUP
    if key.object == "deals" and key in desired.undecided and key not in desired.excluded_records:
        # Neither open nor over: the stage it stands in is not known, and what was said of it stays.
        return "stage not known"
    return ""


def _wanted(key: RecordRef, desired: Desired, current: Values, limits: Limits) -> tuple[Values, str]:
    """The values a record shall hold, and why, whether it is scored or not any more."""
    if key in limits.control:
        return dict.fromkeys(_OURS), CONTROL_GROUP
    if key in limits.emptied:
        return dict.fromkeys(_OURS), "outside the pilot"
    record: Record | None = desired.records.get(key)
    values = dict(record.values) if record else {}
    values |= {k: None for k in _RETIRED if current.get(k)}
    if key in desired.excluded_records:
        return dict.fromkeys(_OURS), "excluded"
    if "score" in values:
        if not current.get("score"):
            return values, "first score"
        return values, "scored again"
    if current.get("score") or (current.get("next_step") and "next_step" not in values):
        if key.object == "leads":
            # A converted lead can hardly be written, and its contact and deal carry on.
            return {}, "converted lead"
        if key.object in desired.modelled and key not in desired.unmodelled:
            # Score, grade and reasons stay as last given, so that what was shown can be judged by what happened.
            return {**values, **dict.fromkeys(LAST_WRITE)}, "left its population"
        return {**values, **dict.fromkeys(_BY_SCORER)}, "no model"
    return values, "value or segment"


def _foreign(key: RecordRef, current: Values, written: Values, wanted: Values) -> set[str]:
    """Fields of ours that hold neither what we last wrote nor what we want: somebody else changed them."""
    return {
        k for k, v in written.items() if k in wanted and current.get(k) != v and current.get(k) != wanted[k]
    }


def _lost(key: str, old: Canonical, new: Canonical) -> bool:
    """Whether a field goes that says something by itself; an answer goes with its step, and is kept here."""
    described = by_key(key)
    return bool(old) and new is None and not (described.rides or described.people_write)
