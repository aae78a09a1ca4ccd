"""What the past and drawn choices say of rules."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import DAY, NOW, World

from sales_consultant.config.playbook import parse
from sales_consultant.scoring.next_steps import (
    Evidence,
    accepted_factor,
    from_past,
    from_random,
    shares_in_force,
)
from sales_consultant.scoring.next_steps.evidence import FURTHEST, cautious, compare, within
from sales_consultant.scoring.next_steps.simulation import simulate

RULES = parse(
    """[[rules]]
id = "call"
objects = ["deals"]
when = "has_amount"
channel = "call"
share = 0.06
evidence = 40
step = "Call"
reason = "they"

[[rules]]
id = "note"
objects = ["deals"]
when = "has_amount"
step = "Note"
reason = "they"
"""
).rules


def test_the_difference_within_strata() -> None:
    """Simpson's paradox: the better half is called more, and calls change nothing."""
    rng = np.random.default_rng(1)
    good = rng.random(20_000) < 0.5
    called = rng.random(20_000) < np.where(good, 0.8, 0.2)
    won = rng.random(20_000) < np.where(good, 0.6, 0.2)
    plain = won[called].mean() - won[~called].mean()
    change, error = compare(pd.Series(called), pd.Series(won), pd.Series(good))
    assert plain > 0.2 and abs(change) < 3 * error < 0.05


@given(st.floats(-1, 1), st.floats(0.001, 2))
def test_a_cautious_change_is_nearer_to_zero_or_below(change: float, error: float) -> None:
    assert cautious(change, error) <= max(change, 0.0)


@given(st.floats(0.001, 0.5), st.floats(-2, 2))
def test_the_past_moves_a_share_by_a_bounded_factor(own: float, found: float) -> None:
    assert own / FURTHEST - 1e-9 <= within(own, found) <= own * FURTHEST + 1e-9


def past(effect: float, n: int = 120) -> World:
    """Deals that were open half a year ago, half of them called then; the calls made `effect` more of them won."""
    world, rng = World(), np.random.default_rng(3)
    cut = NOW - 120 * DAY
    for i in range(n):
        called = i % 2 == 0
        won = rng.random() < 0.3 + effect * called
        closed = cut + 30 * DAY
        world.add(
            "deals", id=f"d{i}", created_at=cut - 40 * DAY, amount=1000, stage="won" if won else "lost",
            is_closed=True, is_won=won, closed_at=closed,
        )  # fmt: skip
        world.add("deal_history", deal_id=f"d{i}", changed_at=cut - 40 * DAY, stage="offer", amount=1000)
        if called:
            world.activity("call", cut + 2 * DAY, [("deal", f"d{i}")], direction="outbound")
    return world


def found_in(world: World, n: int = 120) -> dict[str, Evidence]:
    scores = pd.DataFrame(
        {
            "object": "deals",
            "record_id": [f"d{i}" for i in range(n)],
            "score": 50,
            "grade": "B",
            "probability": 0.3,
        }
    )
    cut = NOW - 120 * DAY
    return from_past(world.connection(), RULES, lambda _: scores, as_of=NOW, cuts=[cut])


def test_the_past_is_told_as_of_then() -> None:
    strong, none = found_in(past(0.5))["call"], found_in(past(0.0))["call"]
    assert (strong.kind, strong.taken, strong.left) == ("past", 60, 60)
    assert strong.share > 0.06 > none.share >= 0.02
    assert strong.share <= 0.06 * FURTHEST
    assert Evidence.from_dict(strong.to_dict()) == strong


def test_too_few_cases_are_no_evidence_and_a_step_without_channel_has_none() -> None:
    assert found_in(past(0.5, 30), 30) == {}
    assert set(found_in(past(0.5))) == {"call"}


def test_an_effect_comes_from_drawn_choices_only_where_there_are_enough() -> None:
    rng = np.random.default_rng(5)
    p = rng.beta(3, 6, 4000)
    log = pd.DataFrame(
        {"rule": "call", "propensity": 0.5, "probability": p, "won": rng.random(4000) < p * 1.4}
    )
    found = from_random(log, RULES)["call"]
    assert found.kind == "random" and found.share == pytest.approx(0.4, abs=0.08)
    assert from_random(log.head(39), RULES) == {}
    assert from_random(log.head(0), RULES) == {}


def test_answers_move_a_share_between_a_half_and_one_and_a_half() -> None:
    assert accepted_factor({}) == accepted_factor({"later": 9}) == 1
    assert accepted_factor({"done": 3}) > 1 > accepted_factor({"not_useful": 3})
    assert accepted_factor({"wrong": 1000}) == 0.5 and accepted_factor({"accepted": 1000}) == 1.5


@pytest.mark.slow
def test_a_simulated_year_learns_what_helps() -> None:
    """Six of the fifty seeds of the benchmark; the bound leaves room for so few."""
    years = [simulate(seed) for seed in range(6)]
    assert np.mean([y.regret for y in years]) <= 0.08
    assert np.mean([y.chosen - y.order for y in years]) > 0


def of_the_past(share: float) -> Evidence:
    return Evidence("past", share, 0.01, 0.02, 50, 50)


def test_the_past_moves_rules_against_each_other_and_not_behind_those_it_cannot_measure() -> None:
    many = parse(
        "".join(
            f'[[rules]]\nid = "r{n}"\nobjects = ["deals"]\nwhen = "score > {n}"\nshare = 0.06\nstep = "abc"\nreason = "abc"\n'
            for n in range(5)
        )
    ).rules
    # All that can be measured is measured low, as lower bounds are; one is better than the others, one worse.
    known = {"r0": of_the_past(0.02), "r1": of_the_past(0.024), "r2": of_the_past(0.04)}
    found = shares_in_force(many, known, {})
    assert found["r3"] == found["r4"] == found["r1"] == pytest.approx(0.06)
    assert found["r0"] == pytest.approx(0.05) and found["r2"] == pytest.approx(0.1)
    # What was drawn by chance is an effect, and stands as it is.
    drawn = shares_in_force(many, {**known, "r3": Evidence("random", 0.01, 0.0, 0.01, 50, 50)}, {})
    assert drawn["r3"] == 0.01 and drawn["r2"] == found["r2"]
    assert shares_in_force(many, {}, {})["r0"] == 0.06
    # Answers move what evidence gives.
    answered = shares_in_force(many, known, {"r2": {"wrong": 40}})
    assert answered["r2"] < found["r2"] and answered["r1"] == found["r1"]


@given(st.dictionaries(st.sampled_from(["call"]), st.floats(0.02, 0.18), max_size=1))
def test_one_measured_rule_has_nothing_to_be_compared_with(shares: dict[str, float]) -> None:
    known = {r: of_the_past(s) for r, s in shares.items()}
    assert shares_in_force(RULES, known, {})["call"] == pytest.approx(0.06)
