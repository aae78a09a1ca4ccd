"""The next steps of a run: who gets one, what earlier nights and reps' answers say, and what becomes of each rule."""

import datetime
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sales_consultant.config.language.translation import Language
from sales_consultant.config.playbook import Playbook
from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine, neutral, query
from sales_consultant.scoring.next_steps import Answer, Options, country_code, facts, propose
from sales_consultant.scoring.products import bought
from sales_consultant.scoring.text import signals
from sales_consultant.sync.plan.customer_facts import customer_facts
from sales_consultant.sync.plan.desired_values import STEP_KEYS, Desired, put, rows_in, written_as

_CUSTOMERS = ("new", "active", "at_risk", "lost")


@dataclass(frozen=True)
class StepMemory:
    """What is remembered of steps: answers and when a rule's step ended, by record; who got a new one today.

    `shares` are what evidence and answers make of the rules' shares.
    """

    of_today: Collection[RecordRef] = ()
    answers: Mapping[RecordRef, Sequence[Answer]] = field(default_factory=dict)
    ended: Mapping[RecordRef, Mapping[str, datetime.date]] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Steps:
    """Makes the next steps of what was scored (see `desired_values.StepsMaker`)."""

    settings: Settings
    playbook: Playbook
    language: Language = "en"
    memory: StepMemory = field(default_factory=StepMemory)

    def __call__(
        self,
        engine: DuckEngine,
        desired: Desired,
        frames: "list[pd.DataFrame]",
        shown: Mapping[str, Mapping[RecordRef, str]],
    ) -> None:
        """Put steps, and why there is none, into the desired values."""
        desired.named.update({r.id: r.named for r in self.playbook.rules})
        desired.waiting.update(r.id for r in self.playbook.rules if not r.task)
        records = scored(frames, desired)
        if records.empty:
            return
        owned = owned_products(engine, desired.as_of)
        written = signals(engine, desired.as_of) if self.settings.text.enabled else None
        known = customer_facts(((k, r.values) for k, r in desired.records.items()), owned)
        table = facts(engine, records, as_of=desired.as_of, customers=known, signals=written)
        found = propose(engine, table, self.playbook, self._options(engine, desired, shown))
        for row in rows_in(records):
            put(desired, _key(desired, row.object, row.record_id), **dict.fromkeys(STEP_KEYS))
        for row in rows_in(found.steps):
            self._put(desired, row)
        for row in rows_in(found.without):
            key = _key(desired, row.object, row.record_id)
            desired.without_step[key] = (row.why, row.rule)
            put(desired, key, next_step_reason=row.why)
        desired.scored["next steps"] = len(found.steps)
        desired.rules.update({r: vars(c) for r, c in found.counts.items()})

    def _put(self, desired: Desired, row: Any) -> None:
        key = _key(desired, row.object, row.record_id)
        put(
            desired,
            key,
            next_step=row.step,
            next_step_due=row.due,
            next_step_reason=row.reason,
            next_step_priority=row.priority,
            next_step_channel=row.channel,
            next_step_id=row.step_id,
        )
        if self.settings.next_steps.explore > 0 and not row.stands and row.propensity is not None:
            desired.drawn[key] = (row.step_id, row.propensity, row.probability)
        if row.draft_body:
            desired.record(key).task_draft = f"{row.draft_subject}\n\n{row.draft_body}".strip()

    def options_without_cap(self, engine: DuckEngine, as_of: int) -> Options:
        """What one record is tried with: no cap, and no step that stands."""
        options = self._options(engine, Desired(as_of), {})
        return replace(options, max_new_per_owner=10**9, given_today={})

    def _options(
        self, engine: DuckEngine, desired: Desired, shown: Mapping[str, Mapping[RecordRef, str]]
    ) -> Options:
        memory, steps = self.memory, self.settings.next_steps
        return Options(
            as_of=desired.as_of,
            current={_neutral(k): v for k, v in shown.get("next_step_id", {}).items()},
            shown_why={_neutral(k): v for k, v in shown.get("next_step_reason", {}).items()},
            max_new_per_owner=steps.max_new_per_owner,
            given_today=Counter(desired.owner(k) for k in memory.of_today),
            answers={_neutral(k): v for k, v in memory.answers.items()},
            ended={_neutral(k): v for k, v in memory.ended.items()},
            shares=memory.shares,
            explore=steps.explore,
            # Only a task has room for a drafted message.
            drafts=self.settings.tasks.create,
            language=self.language,
            country=steps.country,
            countries=countries_of(engine, steps.countries, steps.country),
        )


def scored(frames: "list[pd.DataFrame]", desired: Desired) -> pd.DataFrame:
    """The records that get steps: what was scored, and customers, whose companies need no score."""
    columns = ["object", "record_id", "score", "grade", "probability"]
    parts = [f[columns] for f in frames]
    known = {(o, i) for f in frames for o, i in zip(f["object"], f["record_id"], strict=True)}
    more = [
        (k.object, k.record_id)
        for k, r in desired.records.items()
        if k.object == "companies"
        and r.values.get("lifecycle") in _CUSTOMERS
        and (k.object, k.record_id) not in known
        and k not in desired.excluded_records
        and k not in desired.undecided
    ]
    if more:
        rows = pd.DataFrame(sorted(more), columns=columns[:2])
        parts.append(rows.assign(score=float("nan"), grade=None, probability=float("nan")))
    parts = [p for p in parts if len(p)]
    if not parts:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(parts, ignore_index=True)
    # A company that never bought gets its steps on its contacts and deals.
    never_bought = {
        k.record_id
        for k, r in desired.records.items()
        if k.object == "companies" and r.values.get("lifecycle") not in _CUSTOMERS
    }
    out = (rows["object"] == "companies") & rows["record_id"].isin(never_bought)
    return pd.DataFrame(rows[~out].drop_duplicates(["object", "record_id"]).reset_index(drop=True))


def owned_products(engine: DuckEngine, as_of: int) -> dict[str, tuple[str, ...]]:
    """The names of the products that each customer bought and did not return, by the customer's key; of who is not in it
    nothing is known."""
    held = bought(engine, as_of=as_of)
    rows = held.rows
    if rows.empty:
        return {}
    back = {(c, p) for c, p in rows.loc[rows["returned"], ["customer", "product_id"]].itertuples(index=False)}
    found: dict[str, dict[str, None]] = {}
    for customer, product in rows[["customer", "product_id"]].itertuples(index=False):
        mine = found.setdefault(str(customer), {})
        if (customer, product) not in back:
            mine[held.names.get(str(product), str(product))] = None
    return {c: tuple(names) for c, names in found.items()}


def countries_of(engine: DuckEngine, given: Mapping[str, str], country: str = "") -> dict[str, str]:
    """The countries of owners by their id: those that are `given`, by id or e-mail address, else those of the CRM.

    An owner of whom neither is known, or of whose country no holidays are known, is not in it. Nor is one in `country`, that of
    all others: it may be a part of a country, which a CRM does not tell.
    """
    t = neutral(engine, "owners")
    owners = query(engine, t.select("id", "email", country=t.country.fill_null("")))
    wanted = {k.lower(): v for k, v in given.items()}
    found = {}
    for owner, email, in_crm in zip(owners["id"], owners["email"], owners["country"], strict=True):
        code = wanted.get(str(owner).lower()) or wanted.get(str(email).lower())
        if not code and (told := country_code(str(in_crm))) != country.partition("-")[0]:
            code = told
        if code:
            found[str(owner)] = code
    return found


def _key(desired: Desired, obj: str, record_id: str) -> RecordRef:
    return RecordRef(written_as(desired, obj, record_id), record_id)


def _neutral(key: RecordRef) -> tuple[str, str]:
    return ("contacts" if key.object == "leads" else key.object, key.record_id)


def playbook_path(settings: Settings) -> Path | None:
    """The admin's playbook, where one is set."""
    return Path(settings.next_steps.playbook) if settings.next_steps.playbook else None
