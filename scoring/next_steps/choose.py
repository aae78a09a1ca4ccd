"""Which rules hold for which records, and which of them gives the step: by worth, with what silences a rule."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.scoring.next_steps.evaluate import Bools, Facts, evaluate
from sales_consultant.scoring.next_steps.step_ids import rule_of, step_id, trigger_of

if TYPE_CHECKING:
    from sales_consultant.config.playbook import Rule
    from sales_consultant.scoring.next_steps.silence import Silence

# A judgement: another rule takes the place of a step that stands only where it is worth a quarter more, so that two
# rules of nearly the same worth do not take turns.
KEEP = 1.25
NO_RULE = -1


@dataclass
class RuleCounts:
    """What became of a rule in a run, in records: of those where its condition held."""

    eligible: int = 0
    chosen: int = 0
    blocked: int = 0
    silent: int = 0
    outranked: int = 0
    capped: int = 0
    elsewhere: int = 0


@dataclass
class Choice:
    """Per record (rows of the facts): the rule chosen (its number, NO_RULE for none), its worth, and why not.

    `propensity` is the chance with which each rule was chosen, 1 where nothing is drawn. `blocked` are the records where
    only a blocked channel stood in the way, `silenced` says by record what silenced the best rule and until when.
    """

    rule: NDArray[np.int64]
    worth: NDArray[np.float64]
    eligible: Bools
    blocked: Bools
    silenced: dict[int, Silence]
    ids: list[str]
    propensity: NDArray[np.float64]
    counts: dict[str, RuleCounts] = field(default_factory=dict)


def holding(rules: Sequence[Rule], table: pd.DataFrame, facts: Facts | None = None) -> Bools:
    """Whether the condition of each rule holds for each record of its objects; shape (records, rules)."""
    facts = facts or Facts(table)
    kinds = table["kind"].to_numpy(dtype=object)
    found = np.zeros((len(table), len(rules)), dtype=bool)
    for number, rule in enumerate(rules):
        found[:, number] = np.isin(kinds, rule.objects) & evaluate(rule.condition, facts).true
    return found


def unreachable(rule: Rule, table: pd.DataFrame) -> Bools:
    """The records whose person must not be reached by the rule's channel."""
    no = {}
    for channel in ("email", "call"):
        column = table.get(f"no_{channel}")
        known = pd.Series(False, table.index) if column is None else column
        no[channel] = np.array([v is True or v == 1 for v in known.to_numpy(dtype=object)], dtype=bool)
    if rule.channel in ("best", "meeting"):
        return np.asarray(no["email"] & no["call"])
    return no.get(rule.channel, np.zeros(len(table), dtype=bool))


def choose(
    rules: Sequence[Rule],
    table: pd.DataFrame,
    rows: Sequence[Mapping[str, Any]],
    worth: NDArray[np.float64],
    *,
    current: Sequence[str],
    silences: Mapping[tuple[str, str], Sequence[Silence]],
    explore: float = 0.0,
) -> Choice:
    """The rule of each record.

    Args:
        rules: the playbook's, in its order, which decides between equals.
        table: facts, a row a record.
        rows: the same facts by row.
        worth: what each rule's step is worth on each record; shape (records, rules).
        current: the id of the step that each record shows, "" for none.
        silences: what must not be said again, by object and record id.
        explore: the share of records whose rule is drawn among those that hold, by a hash of the record and the rules, so
            that the same input gives the same step.

    A rule that pauses comes before all others. The step that stands is kept unless another is worth a quarter more.
    """
    holds = holding(rules, table)
    counts = {r.id: RuleCounts(eligible=int(holds[:, n].sum())) for n, r in enumerate(rules)}
    able = holds.copy()
    for number, rule in enumerate(rules):
        out = holds[:, number] & unreachable(rule, table)
        able[:, number] &= ~out
        counts[rule.id].blocked = int(out.sum())
    blocked = holds.any(axis=1) & ~able.any(axis=1)
    silenced = _silence(rules, rows, able, worth, silences, counts)
    pauses = np.array([r.pause for r in rules], dtype=bool)
    paused = (able & pauses).any(axis=1)
    able[np.ix_(paused, ~pauses)] = False
    # What costs more than it may bring is no step, but one may be drawn: its share may be wrong.
    ranked = np.where(able & (worth >= 0), worth, -np.inf)
    first = ranked.argmax(axis=1) if len(rules) else np.zeros(len(table), dtype=np.int64)
    chosen = (
        np.where(np.isfinite(ranked).any(axis=1), first, NO_RULE)
        if len(rules)
        else np.full(len(table), NO_RULE)
    )
    propensity = _explore(rules, chosen, able, rows, explore)
    # What was kept was not drawn.
    propensity[_keep_standing(rules, chosen, ranked, current)] = 1.0
    best = np.array([worth[i, c] if c >= 0 else -np.inf for i, c in enumerate(chosen)])
    ids = [
        step_id(rules[c].id, str(row["record_id"]), trigger_of(rules[c].trigger, row)) if c >= 0 else ""
        for c, row in zip(chosen, rows, strict=True)
    ]
    for number, rule in enumerate(rules):
        counts[rule.id].chosen = int((chosen == number).sum())
        left = able[:, number] & (chosen != number)
        counts[rule.id].outranked = int(left.sum())
    return Choice(
        chosen, best, np.asarray(holds.any(axis=1)), np.asarray(blocked), silenced, ids, propensity, counts
    )


def _silence(
    rules: Sequence[Rule],
    rows: Sequence[Mapping[str, Any]],
    able: Bools,
    worth: NDArray[np.float64],
    silences: Mapping[tuple[str, str], Sequence[Silence]],
    counts: dict[str, RuleCounts],
) -> dict[int, Silence]:
    """Take out what was answered or is cooling off; gives by record the silence that cost it its best rule."""
    said: dict[int, Silence] = {}
    if not silences:
        return said
    numbers = {r.id: n for n, r in enumerate(rules)}
    keys = [(row["object"], row["record_id"]) for row in rows]
    for index, key in enumerate(keys):
        best = -np.inf
        for silence in silences.get((str(key[0]), str(key[1])), ()):
            number = numbers.get(silence.rule)
            if number is None or not able[index, number]:
                continue
            rule = rules[number]
            if silence.step_id:
                mine = step_id(rule.id, str(key[1]), trigger_of(rule.trigger, rows[index]))
                if mine != silence.step_id:
                    continue
            able[index, number] = False
            counts[rule.id].silent += 1
            if worth[index, number] > best:
                best, said[index] = worth[index, number], silence
    return said


def _explore(
    rules: Sequence[Rule],
    chosen: NDArray[Any],
    able: Bools,
    rows: Sequence[Mapping[str, Any]],
    explore: float,
) -> NDArray[np.float64]:
    """Draw a rule among those that hold for a share of the records; the chance with which each one's rule was chosen."""
    chances = np.ones(len(chosen))
    if explore <= 0:
        return chances
    for index in map(int, np.flatnonzero(chosen >= 0)):
        among = [int(n) for n in np.flatnonzero(able[index])]
        row = rows[index]
        told = [f"{rules[n].id}:{trigger_of(rules[n].trigger, row)}" for n in among]
        seed = hashlib.sha256("|".join([str(row["object"]), str(row["record_id"]), *told]).encode()).digest()
        draw, which = (int.from_bytes(part, "big") / 2**64 for part in (seed[:8], seed[8:16]))
        best = chosen[index]
        if draw < explore:
            chosen[index] = among[int(which * len(among))]
        each = explore / len(among)
        chances[index] = each + (1 - explore if chosen[index] == best else 0.0)
    return chances


def _keep_standing(
    rules: Sequence[Rule], chosen: NDArray[Any], ranked: NDArray[np.float64], current: Sequence[str]
) -> list[int]:
    """Keep the rules of steps that stand; gives the rows where one was kept."""
    kept = []
    numbers = {r.id: n for n, r in enumerate(rules)}
    for index, shown in enumerate(current):
        number = numbers.get(rule_of(shown), NO_RULE) if shown else NO_RULE
        if number < 0 or chosen[index] < 0 or not np.isfinite(ranked[index, number]):
            continue
        mine, other = ranked[index, number], ranked[index, chosen[index]]
        if other <= mine * KEEP or other <= mine:
            chosen[index] = number
            kept.append(index)
    return kept
