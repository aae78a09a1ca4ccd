"""Next steps: of the rules that hold for a record the one that is worth most, within what a rep can take on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sales_consultant.config.language.translation import Language, shown_date, translator
from sales_consultant.config.playbook import PREPARE
from sales_consultant.engine import Engine
from sales_consultant.scoring.next_steps import why_none
from sales_consultant.scoring.next_steps.channels import best_channels
from sales_consultant.scoring.next_steps.choose import Choice, RuleCounts, choose
from sales_consultant.scoring.next_steps.silence import Answer, Silence, cooling_off, of_answers
from sales_consultant.scoring.next_steps.state import Rows, day_of, zone_of
from sales_consultant.scoring.next_steps.step_ids import EVENTS, step_id, trigger_of
from sales_consultant.scoring.next_steps.wording import Words, gap, texts
from sales_consultant.scoring.next_steps.working_days import calendar, working_day, working_day_before
from sales_consultant.scoring.next_steps.worth import at_stake, priorities, worths

if TYPE_CHECKING:
    from sales_consultant.config.playbook import Playbook, Rule

COLUMNS = (
    "object",
    "record_id",
    "step",
    "due",
    "reason",
    "priority",
    "channel",
    "worth",
    "step_id",
    "rule",
    "stands",
    "draft_subject",
    "draft_body",
    "propensity",
    "probability",
)
_PREPARED = ("meeting", "call")
# A judgement: what is planned for later than two weeks says nothing of what to do until then.
PLANNED_DAYS = 14
# Who is met in three days gets the answer then, or before, as the rep prepares.
SOON_DAYS = 3
Key = tuple[str, str]


@dataclass(frozen=True)
class Options:
    """What a run says beside the facts; a key is the object (deals, contacts, companies) and the record's id.

    `current` are the ids of the steps that records show, `shown_why` what they say as reason. `given_today` counts the new
    steps that owners got today already.
    `answers` are what people answered, `ended` on which day a rule's step was last withdrawn. `countries` are the codes
    of owners' countries, `country` that of the others. `shares` are what evidence says of rules (see
    `evidence`); `explore` is the share of records whose rule is drawn. `drafts`: whether a message is drafted for each step.
    """

    as_of: int
    current: Mapping[Key, str] = field(default_factory=dict)
    shown_why: Mapping[Key, str] = field(default_factory=dict)
    max_new_per_owner: int = 5
    given_today: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[Key, Sequence[Answer]] = field(default_factory=dict)
    ended: Mapping[Key, Mapping[str, date]] = field(default_factory=dict)
    language: Language = "en"
    country: str = ""
    countries: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    explore: float = 0.0
    drafts: bool = True


@dataclass(frozen=True)
class Proposal:
    """The steps, why the other records have none, and what became of each rule.

    `steps` has the columns of COLUMNS. `without` has object, record_id, why and rule (the one that was left out, "" for
    none) for every open record without a step. `counts` is by rule.
    """

    steps: pd.DataFrame
    without: pd.DataFrame
    counts: dict[str, RuleCounts]


@dataclass
class _Row:
    """A record's step while it is decided on."""

    index: int
    key: Key
    owner: str
    values: dict[str, Any]
    rank: tuple[Any, ...]
    event: object = None


def propose(engine: Engine, table: pd.DataFrame, playbook: Playbook, options: Options) -> Proposal:
    """The next step of each record of a table of facts (see `facts`).

    A step whose id is that of `current` stands: it does not count as new, and its text and date in the CRM should be left as
    they are. Of the new ones each owner gets at most `max_new_per_owner`, less those of today, most worth first; records
    without an owner share one allowance. What one person did is asked of the rep once, on the record that is worth most.

    Raises:
        UnknownCountryError: a country's holidays are not known.
    """
    table = table[~table["closed"].map(lambda v: bool(v) and not gap(v)).astype(bool)].reset_index(drop=True)
    making = _Making(engine, table, playbook, options)
    choice = making.choice()
    found, why = making.planned(choice)
    for index in range(len(table)):
        if index not in found and index not in why and choice.rule[index] >= 0:
            found[index] = making.step(index, choice)
    kept = _within_caps(found, why, choice, making)
    without = making.without(choice, set(kept), why)
    _count(choice, kept, playbook.rules)
    rows = [{**kept[i].values} for i in sorted(kept)]
    steps = pd.DataFrame({c: pd.Series([r[c] for r in rows], dtype=object) for c in COLUMNS})
    steps = steps.sort_values(["object", "record_id"], ignore_index=True)
    return Proposal(pd.DataFrame(steps), without, choice.counts)


def _count(choice: Choice, kept: Mapping[int, _Row], rules: Sequence[Rule]) -> None:
    chosen = pd.Series([r.values["rule"] for r in kept.values()], dtype=object).value_counts()
    for rule in rules:
        choice.counts[rule.id].chosen = int(chosen.get(rule.id, 0))


class _Making:
    """The steps of one run: what all of them share."""

    def __init__(self, engine: Engine, table: pd.DataFrame, playbook: Playbook, options: Options) -> None:
        self.engine, self.table, self.playbook, self.options = engine, table, playbook, options
        self.zone = zone_of(engine)
        self.today = (
            day_of(options.as_of, self.zone) or datetime.fromtimestamp(options.as_of / 1000, UTC).date()
        )
        self.say = translator(options.language)
        self.rows = Rows(table)
        self.keys: list[Key] = [(str(r["object"]), str(r["record_id"])) for r in self.rows]
        self._calendars = {c: calendar(c) for c in {options.country, *options.countries.values()}}
        best = any(r.channel == "best" for r in playbook.rules)
        self._best = best_channels(engine, table, as_of=options.as_of) if best else {}

    def country(self, row: Mapping[str, Any]) -> Any:
        code = self.options.countries.get(_owner(row), self.options.country)
        return self._calendars[code]

    def choice(self) -> Choice:
        rules, options = self.playbook.rules, self.options
        stake = at_stake(self.engine, self.table, as_of=options.as_of) if len(self.table) else np.zeros(0)
        worth = worths(rules, self.table, stake, shares=options.shares)
        current = [options.current.get(k, "") for k in self.keys]
        silences = {k: self._silences(k, row) for k, row in zip(self.keys, self.rows, strict=True)}
        silences = {k: s for k, s in silences.items() if s}
        choice = choose(
            rules, self.table, self.rows, worth, current=current, silences=silences, explore=options.explore
        )
        self.priorities = priorities(rules, choice.rule, self.table, shares=options.shares)
        return choice

    def _silences(self, key: Key, row: Mapping[str, Any]) -> list[Silence]:
        answers, ended = self.options.answers.get(key, ()), self.options.ended.get(key, {})
        if not answers and not ended:
            return []
        found = of_answers(answers, self.today, self.country(row))
        shown = self.options.current.get(key, "")
        return found + cooling_off(self.playbook.rules, ended, shown, self.today, answers)

    def planned(self, choice: Choice) -> tuple[dict[int, _Row], dict[int, tuple[str, str]]]:
        """Steps to prepare what is planned soon, and of what else is planned that nothing is to do until then.

        What they wrote and wait for comes first, unless the meeting is near.
        """
        steps, why = {}, {}
        for index, row in enumerate(self.rows):
            at = None if gap(row.get("next_at")) else day_of(float(row["next_at"]), self.zone)
            if at is None or (at - self.today).days > PLANNED_DAYS:
                continue
            rule = self.playbook.rules[choice.rule[index]] if choice.rule[index] >= 0 else None
            urgent = rule is not None and rule.trigger in EVENTS and rule.due_working_days <= 1
            if urgent and (at - self.today).days > SOON_DAYS:
                continue
            shown = shown_date(at, self.options.language)
            kind = str(row["next_kind"])
            if kind not in _PREPARED:
                named = why_none.kind_of(kind, self.options.language)
                why[index] = (self.say(why_none.PLANNED).format(kind=named, date=shown), "")
                continue
            words = {"kind": self.say(kind), "date": shown}
            due = max(self.today, working_day_before(at, self.country(row)))
            key = step_id(PREPARE, str(row["record_id"]), int(row["next_at"]))
            text, reason = texts(self.playbook.planned, words, self.options.language)
            values = self._values(index, text, due, reason, "medium", "none", 0.0, key, PREPARE)
            steps[index] = self._row(index, values)
        return steps, why

    def answered_events(self) -> set[object]:
        """What persons did that was answered to on any of their records, and is silent there today."""
        rules = {r.id: r for r in self.playbook.rules if r.trigger in EVENTS}
        found: set[object] = set()
        for key, row in zip(self.keys, self.rows, strict=True):
            if key not in self.options.answers or gap(row.get("contact_id")):
                continue
            for silence in of_answers(self.options.answers[key], self.today, self.country(row)):
                if silence.rule in rules:
                    rule = rules[silence.rule]
                    trigger = trigger_of(rule.trigger, row)
                    if not silence.step_id or silence.step_id == step_id(rule.id, key[1], trigger):
                        found.add((rule.id, row["contact_id"], trigger))
        return found

    def step(self, index: int, choice: Choice) -> _Row:
        """The step of the rule chosen for a record."""
        row, rule = self.rows[index], self.playbook.rules[choice.rule[index]]
        words = Words(row, self.options.language, self.zone)
        text, reason = texts(rule, words, self.options.language)
        due = working_day(self.today, rule.due_working_days, self.country(row))
        channel = self._best.get(index, "email") if rule.channel == "best" else rule.channel
        worth = float(choice.worth[index])
        values = self._values(
            index, text, due, reason, self.priorities[index], channel, worth, choice.ids[index], rule.id
        )
        values["propensity"] = float(choice.propensity[index])
        values["probability"] = None if gap(row.get("probability")) else float(row["probability"])
        if self.options.drafts and rule.draft and _can_be_written_to(row):
            values["draft_subject"] = self.say(rule.draft.subject).format_map(words)
            values["draft_body"] = self.say(rule.draft.body).format_map(words)
        found = self._row(index, values)
        if rule.trigger in EVENTS and not gap(row.get("contact_id")):
            found.event = (rule.id, row["contact_id"], trigger_of(rule.trigger, row))
        return found

    def _values(
        self, index: int, text: str, due: date, reason: str, priority: str, channel: str, worth: float,
        key: str, rule: str,
    ) -> dict[str, Any]:  # fmt: skip
        obj, record_id = self.keys[index]
        stands = self.options.current.get(self.keys[index]) == key
        given = (obj, record_id, text, due.isoformat(), reason, priority, channel, worth, key, rule, stands)
        return {**dict.fromkeys(COLUMNS), **dict(zip(COLUMNS, given, strict=False))}

    def _row(self, index: int, values: dict[str, Any]) -> _Row:
        row, key = self.rows[index], self.keys[index]
        score = row.get("score")
        rank = (-values["worth"], 0 if gap(score) else -float(score or 0), key)
        return _Row(index, key, _owner(row), values, rank)

    def without(self, choice: Choice, kept: set[int], why: dict[int, tuple[str, str]]) -> pd.DataFrame:
        """Why each record that has no step has none."""
        left = [i for i in range(len(self.rows)) if i not in kept and i not in why]
        asked = []
        for index in left:
            if index in choice.silenced:
                silence = choice.silenced[index]
                why[index] = (why_none.silenced(silence, self.options.language), silence.rule)
            elif choice.blocked[index]:
                why[index] = (self.say(why_none.UNREACHABLE), "")
            else:
                asked.append(index)
        part = self.table.iloc[asked].reset_index(drop=True)
        days = why_none.first_days(self.playbook.rules, part)
        for place, index in enumerate(asked):
            text = why_none.before(days.get(place), self.today, self.options.language)
            shown = self.options.shown_why.get(self.keys[index], "")
            still = why_none.still_true(days.get(place), self.today, self.options.language)
            why[index] = (shown if shown in still else text, "")
        rows = [(*self.keys[i], *why[i]) for i in sorted(why) if i not in kept]
        return pd.DataFrame(rows, columns=["object", "record_id", "why", "rule"])


def _within_caps(
    found: dict[int, _Row], why: dict[int, tuple[str, str]], choice: Choice, making: _Making
) -> dict[int, _Row]:
    """The steps that stand, and of the new ones what each owner can take on today.

    What a person did is asked once: where its step stands, else on the deal before the contact, on the one that is worth most,
    of an owner who has room. Where it was answered on one record, it is answered. To prepare for a meeting takes no room.
    """
    options, left, kept = making.options, dict[str, int](), dict[int, _Row]()
    best: dict[object, tuple[Any, ...]] = {}
    for row in found.values():
        if row.event is not None:
            best[row.event] = min(best.get(row.event, row.rank), row.rank)
    taken, capped = making.answered_events(), list[_Row]()

    def order(row: _Row) -> tuple[Any, ...]:
        first = row.rank if row.event is None else best[row.event]
        return (not row.values["stands"], first, row.key[0] != "deals", row.rank)

    for row in sorted(found.values(), key=order):
        rule = row.values["rule"]
        if row.event is not None and row.event in taken:
            choice.counts[rule].elsewhere += 1
            why[row.index] = (making.say(why_none.ELSEWHERE), rule)
            continue
        if not row.values["stands"] and rule != PREPARE:
            given = options.given_today.get(row.owner, 0)
            room = left.setdefault(row.owner, options.max_new_per_owner - given)
            if room <= 0:
                choice.counts[rule].capped += 1
                text = making.say(why_none.CAPPED).format(cap=options.max_new_per_owner)
                why[row.index] = (text, rule)
                capped.append(row)
                continue
            left[row.owner] -= 1
        if row.event is not None:
            taken.add(row.event)
        kept[row.index] = row
    # An owner without room came first, and another record took what the person did: the next run would say so.
    for row in capped:
        if row.event is not None and row.event in taken:
            rule = row.values["rule"]
            choice.counts[rule].capped -= 1
            choice.counts[rule].elsewhere += 1
            why[row.index] = (making.say(why_none.ELSEWHERE), rule)
    return kept


def _can_be_written_to(row: Mapping[str, Any]) -> bool:
    """Whether a draft has somebody to go to: a person with a name who may be written to, by whatever channel the step goes."""
    return row.get("no_email") is not True and not gap(row.get("contact_name"))


def _owner(row: Mapping[str, Any]) -> str:
    owner = row.get("owner_id")
    return "" if gap(owner) else str(owner)
