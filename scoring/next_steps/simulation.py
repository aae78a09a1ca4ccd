"""A simulated year of steps whose effects are known: how far the choice by worth is from the best that is fixed.

Effects, costs, amounts and the playbook's own shares are drawn; the shares know nothing of the effects. Each week some
records get a step by the functions that a run uses, a share of them drawn; what followed is drawn with the true effect,
and teaches the next week.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sales_consultant.config.playbook import Rule
from sales_consultant.scoring.next_steps.choose import choose
from sales_consultant.scoring.next_steps.evidence import from_random
from sales_consultant.scoring.next_steps.state import Rows
from sales_consultant.scoring.next_steps.worth import worths

# What a company of ten reps is like, of whom each gets five new steps a day; five kinds of steps hold for most records.
WEEKS, RECORDS, RULES = 52, 250, 5
HOLDS, EXPLORE = 0.6, 0.02


@dataclass(frozen=True, slots=True)
class Year:
    """Money that steps brought in a year, expected under the true effects, less their costs.

    `chosen` by worth, `best` by the best fixed order of the rules (the first that holds, known only afterwards), `order` by
    the order of the file.
    """

    chosen: float
    best: float
    order: float

    @property
    def regret(self) -> float:
        """The share of the best fixed policy's money that the choice did not bring."""
        return (self.best - self.chosen) / self.best


def simulate(seed: int) -> Year:
    """One year."""
    draw = np.random.default_rng(seed)
    effects = draw.uniform(0.0, 0.5, RULES)
    costs = draw.uniform(0.0, 60.0, RULES)
    rules = [_rule(n, float(draw.uniform(0.02, 0.12)), float(costs[n])) for n in range(RULES)]
    log: list[pd.DataFrame] = []
    gains: list[NDArray[np.float64]] = []
    holds: list[NDArray[np.bool_]] = []
    chosen = 0.0
    for week in range(WEEKS):
        p = draw.beta(2, 6, RECORDS)
        amount = draw.lognormal(8.5, 0.8, RECORDS)
        able = draw.random((RECORDS, RULES)) < HOLDS
        able[:, 0] |= ~able.any(axis=1)
        gain = effects[None, :] * p[:, None] * amount[:, None] - costs[None, :]
        table = _table(week, p, able)
        known = from_random(pd.concat(log, ignore_index=True), rules) if log else {}
        shares = {r: e.share for r, e in known.items()}
        worth = worths(rules, table, amount, shares=shares)
        found = choose(rules, table, Rows(table), worth, current=[""] * RECORDS, silences={}, explore=EXPLORE)
        # Where every step would cost more than it may bring, none is taken: nothing is gained, and nothing learnt.
        given = found.rule >= 0
        taken, p = found.rule[given], p[given]
        chosen += float(gain[given, taken].sum())
        won = draw.random(len(p)) < np.clip(p * (1 + effects[taken]), 0, 1)
        names = [rules[int(n)].id for n in taken]
        log.append(
            pd.DataFrame({"rule": names, "propensity": found.propensity[given], "probability": p, "won": won})
        )
        gains.append(gain)
        holds.append(able)
    gain, able = np.concatenate(gains), np.concatenate(holds)
    fixed = {order: _first(gain, able, order) for order in permutations(range(RULES))}
    return Year(chosen, max(fixed.values()), fixed[tuple(range(RULES))])


def _rule(number: int, share: float, cost: float) -> Rule:
    flags = ("unanswered", "silent_since_meeting", "has_amount", "has_close_date", "customer")
    return Rule(
        id=f"rule-{number}",
        objects=("deals",),
        when=flags[number],
        share=share,
        cost=cost,
        step="Do it",
        reason="it holds",
    )


def _table(week: int, p: NDArray[np.float64], able: NDArray[np.bool_]) -> pd.DataFrame:
    flags = ("unanswered", "silent_since_meeting", "has_amount", "has_close_date", "customer")
    columns = {f: able[:, n].astype(object) for n, f in enumerate(flags)}
    ids = [f"{week}-{n}" for n in range(len(p))]
    return pd.DataFrame({"object": "deals", "kind": "deals", "record_id": ids, "probability": p, **columns})


def _first(gain: NDArray[np.float64], able: NDArray[np.bool_], order: tuple[int, ...]) -> float:
    """The money of a fixed order: of the rules that hold the first."""
    ranked = able[:, list(order)]
    first = np.array(order)[ranked.argmax(axis=1)]
    return float(gain[np.arange(len(gain)), first].sum())
