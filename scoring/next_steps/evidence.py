"""What the past says of a rule's step: how much more often the event followed where it was taken.

Two sources, which are never mixed. From the past (`from_past`) comes an association: reps call good deals, so it is compared
within grades only, shrunk towards zero, taken at its lower bound, and may move a rule's place no further than by a
factor of three. From choices that were drawn with known chances, which depend on nothing but what the model knows
(`from_random`), comes an effect: how much more often the event followed than the model expected, by least squares on the
probability, shrunk towards the playbook's own share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sales_consultant.config.clock import DAY_MS
from sales_consultant.engine import Engine, alive, neutral, query
from sales_consultant.scoring.next_steps.choose import holding
from sales_consultant.scoring.next_steps.state import facts

if TYPE_CHECKING:
    from sales_consultant.config.playbook import Rule

# Judgements: a step is taken within a week; a quarter is long enough for something to follow; a change of five points
# is much for one step, so that what shows more is mostly noise; the past is no proof, so it moves a rule by thrice at most.
TAKEN_DAYS, FOLLOW_DAYS = 7, 90
SPREAD = 0.05
# A judgement: how far true shares lie from what a playbook says.
SHARE_SPREAD = 0.3
FURTHEST = 3.0
# Each side of a comparison needs some cases of its own.
LEAST_SIDE = 10
_TYPES = {"call": ("call",), "email": ("email",), "meeting": ("meeting",), "best": ("call", "email")}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a rule's step.

    `share` is the change over the record's probability, as the rule's own `share` is; `change` in probability with its
    standard error `error`; `taken` and `left` are the cases on each side.
    """

    kind: Literal["past", "random"]
    share: float
    change: float
    error: float
    taken: int
    left: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": self.kind, "share": self.share, "change": self.change, "error": self.error,
            "taken": self.taken, "left": self.left,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evidence:
        """The inverse of `to_dict`."""
        return cls(
            "random" if data["kind"] == "random" else "past",
            float(data["share"]),
            float(data["change"]),
            float(data["error"]),
            int(data["taken"]),
            int(data["left"]),
        )


def compare(taken: pd.Series[bool], won: pd.Series[bool], stratum: pd.Series[Any]) -> tuple[float, float]:
    """The difference of the shares of events between cases where the step was taken and where not, and its error.

    Within strata (Mantel and Haenszel, 1959: weights n1 n0 / (n1 + n0)); each share with one case added to two.
    """
    total, weights, variance = 0.0, 0.0, 0.0
    for _, rows in pd.DataFrame({"t": taken, "w": won, "s": stratum}).groupby("s", dropna=False):
        yes, no = rows[rows["t"]]["w"], rows[~rows["t"]]["w"]
        if yes.empty or no.empty:
            continue
        weight = len(yes) * len(no) / (len(yes) + len(no))
        p1, p0 = ((float(s.sum()) + 0.5) / (len(s) + 1) for s in (yes, no))
        total += weight * (p1 - p0)
        weights += weight
        variance += weight**2 * (p1 * (1 - p1) / len(yes) + p0 * (1 - p0) / len(no))
    if not weights:
        return 0.0, float("inf")
    return total / weights, float(np.sqrt(variance)) / weights


def cautious(change: float, error: float) -> float:
    """The lower bound of a change after it was shrunk towards zero: posterior mean less one standard deviation.

    The prior is normal around zero with the deviation SPREAD (empirical Bayes with a fixed prior).

    >>> round(cautious(0.1, 0.01), 3), cautious(0.02, 0.2) < 0
    (0.086, True)
    """
    if not np.isfinite(error):
        return -SPREAD
    prior, noise = SPREAD**2, error**2
    return float(change * prior / (prior + noise) - np.sqrt(prior * noise / (prior + noise)))


def within(rule_share: float, share: float) -> float:
    """A share that the past gives, no further from the rule's own than by the factor FURTHEST.

    >>> within(0.06, 0.5), within(0.06, -0.1), round(within(0.06, 0.1), 3)
    (0.18, 0.02, 0.1)
    """
    return round(min(max(share, rule_share / FURTHEST), rule_share * FURTHEST), 12)


def shares_in_force(
    rules: Sequence[Rule], known: Mapping[str, Evidence], answered: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """The share that orders each rule: its own, moved by evidence and by what reps answered (counts by rule and value).

    The past only moves rules against each other. Its lower bounds lie below the playbook's shares for all alike, so they are
    taken against the one in the middle: else every rule that can be measured would fall behind those that cannot.
    """
    past = [
        known[r.id].share / r.share
        for r in rules
        if r.share > 0 and r.id in known and known[r.id].kind == "past"
    ]
    middle = float(np.median(past)) if past else 1.0
    found = {}
    for rule in rules:
        evidence = known.get(rule.id)
        share = rule.share if evidence is None else evidence.share
        if evidence is not None and evidence.kind == "past" and middle > 0:
            share = within(rule.share, share / middle)
        found[rule.id] = share * accepted_factor(answered.get(rule.id, {}))
    return found


def from_past(
    engine: Engine,
    rules: Sequence[Rule],
    score_at: Callable[[int], pd.DataFrame],
    *,
    as_of: int,
    cuts: Sequence[int],
) -> dict[str, Evidence]:
    """Evidence by rule out of open deals at past cut-offs (ms), each at least FOLLOW_DAYS before `as_of`.

    `score_at` gives the scores at a cut-off (object, record_id, score, grade, probability). A step was taken where an activity
    of its channel followed within a week; the event is the deal won within the quarter. Rules without a channel, and
    those with fewer cases than they ask for, have no evidence.
    """
    asked = [r for r in rules if "deals" in r.objects and r.channel in _TYPES and not r.pause]
    frames: dict[str, list[pd.DataFrame]] = {r.id: [] for r in asked}
    for cut in cuts:
        scores = score_at(cut)
        scores = scores[scores["object"] == "deals"]
        if scores.empty or not asked:
            continue
        table = facts(engine, scores, as_of=cut)
        table = table[~table["closed"].astype(bool)].reset_index(drop=True)
        won = table["record_id"].isin(_won(engine, cut))
        holds = holding(asked, table)
        done = {c: table["record_id"].isin(_contacted(engine, cut, t)) for c, t in _TYPES.items()}
        for number, rule in enumerate(asked):
            here = holds[:, number]
            rows = {
                "taken": done[rule.channel][here],
                "won": won[here],
                "grade": table["grade"][here].astype(str),
                "p": pd.to_numeric(table["probability"], errors="coerce")[here],
            }
            frames[rule.id].append(pd.DataFrame(rows))
    found = {}
    for rule in asked:
        cases = pd.concat(frames[rule.id], ignore_index=True) if frames[rule.id] else pd.DataFrame()
        evidence = _of(rule, cases) if len(cases) >= rule.evidence else None
        if evidence is not None:
            found[rule.id] = evidence
    return found


def _of(rule: Rule, cases: pd.DataFrame) -> Evidence | None:
    taken = int(cases["taken"].sum())
    left = len(cases) - taken
    p = float(cases["p"].mean())
    if min(taken, left) < LEAST_SIDE or not p > 0:
        return None
    change, error = compare(cases["taken"], cases["won"], cases["grade"])
    share = within(rule.share, cautious(change, error) / p)
    return Evidence("past", share, change, error, taken, left)


def _won(engine: Engine, cut: int) -> set[str]:
    t = alive(neutral(engine, "deals"))
    until = cut + FOLLOW_DAYS * DAY_MS
    t = t.filter(t.is_won.fill_null(False) & (t.closed_at > cut) & (t.closed_at <= until))
    return set(query(engine, t.select("id"))["id"])


def _contacted(engine: Engine, cut: int, types: Sequence[str]) -> set[str]:
    """Deals with which somebody was in touch within a week, by one of the types."""
    t = alive(neutral(engine, "activities"))
    until = cut + TAKEN_DAYS * DAY_MS
    t = t.filter((t.occurred_at > cut) & (t.occurred_at <= until) & t.type.isin(list(types)))
    t = t.filter((t.direction == "outbound") | t.direction.isnull())
    links = neutral(engine, "associations")
    links = links.filter((links.from_object == "activity") & (links.to_object == "deal"))
    joined = links.inner_join(t, links.from_id == t.id)
    return set(query(engine, joined.select(deal=joined.to_id).distinct())["deal"])


def from_random(log: pd.DataFrame, rules: Sequence[Rule]) -> dict[str, Evidence]:
    """Evidence by rule out of choices that were drawn with known chances.

    `log` has rule, propensity (the chance with which the rule was chosen, 0 to 1), probability (the model's, before) and won
    (whether the event followed). The effect is against what the model expected.
    """
    found = {}
    for rule in rules:
        cases = log[(log["rule"] == rule.id) & (log["propensity"] > 0)]
        if len(cases) < rule.evidence:
            continue
        p = cases["probability"].to_numpy("float64")
        won = cases["won"].to_numpy("float64")
        # The share s of: won = p (1 + s) + noise, by least squares, and what noise there is in it.
        pull = float(np.sum(p**2))
        if pull <= 0:
            continue
        raw = float(np.sum(p * (won - p))) / pull
        noise = np.sum(p**2 * np.maximum(p * (1 - p), 1e-9))
        error = float(np.sqrt(noise)) / pull
        prior = SHARE_SPREAD**2
        share = (raw * prior + rule.share * error**2) / (prior + error**2)
        change, mean = raw * float(p.mean()), float(p.mean())
        found[rule.id] = Evidence("random", share, change, error * mean, len(cases), 0)
    return found


def accepted_factor(answers: Mapping[str, int]) -> float:
    """How a rule's place moves by what reps answered to its steps: 1 where nobody did, from one half to one and a half.

    Twice the posterior mean of the share that was taken, from a prior of two taken and two not.

    >>> accepted_factor({}), accepted_factor({"done": 16}), accepted_factor({"wrong": 6, "done": 1})
    (1.0, 1.5, 0.5454545454545454)
    """
    good = answers.get("done", 0) + answers.get("accepted", 0)
    bad = answers.get("not_useful", 0) + answers.get("wrong", 0)
    return min(max(2 * (good + 2) / (good + bad + 4), 0.5), 1.5)
