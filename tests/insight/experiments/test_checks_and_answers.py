"""Sample ratio, balance, drawn next steps, satisfaction."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import UsageError
from sales_consultant.insight.core import Calendar
from sales_consultant.insight.experiments import balance, csat, holm, nps, sample_ratio, step_effects, wilson


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_ratio_that_was_not_drawn_is_found_and_a_drawn_one_is_not() -> None:
    assert sample_ratio([8000], [2000], 0.2).mismatch is False
    wrong = sample_ratio([8000], [1600], 0.2)
    assert wrong.mismatch and wrong.p < 1e-6 and wrong.found == pytest.approx(1 / 6)
    empty = sample_ratio([], [], 0.2)
    assert not empty.mismatch and empty.p == 1.0 and np.isnan(empty.found)


def test_the_ratio_may_be_looked_at_every_day() -> None:
    alarms = 0
    for s in range(500):
        control = rng(s).binomial(50, 0.2, 100).cumsum()
        alarms += sample_ratio(np.arange(1, 101) * 50 - control, control, 0.2, level=0.05).mismatch
    assert alarms <= 35


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_never_lowers(p: list[float]) -> None:
    out = holm(np.array([*p, np.nan]))
    assert np.isnan(out[-1]) and len(out) == len(p) + 1
    told = out[:-1]
    assert (told >= np.array(p)).all() and (told <= 1).all()
    assert (np.diff(told[np.argsort(p, kind="stable")]) >= 0).all()


def test_balance_finds_what_differs_and_only_that() -> None:
    n = 2000
    draw = rng()
    treated = draw.random(n) < 0.5
    frame = pd.DataFrame(
        {
            "treated": treated,
            "size": draw.normal(size=n),
            "score": draw.normal(size=n) + 0.3 * treated,
            "tier": draw.choice(["a", "b"], n),
            "gone": np.where(draw.random(n) < 0.5, np.nan, 1.0),
            "cluster": draw.integers(0, 30, n),
        }
    )
    told = balance(frame, ["size", "score", "tier", "gone"])
    assert list(told.loc[told["unbalanced"], "column"]) == ["score"]
    found = told.set_index(["column", "value"])
    assert told.loc[told["column"] == "score", "standardised"].item() == pytest.approx(0.3, abs=0.1)
    assert {v for c, v in found.index if c == "tier"} == {"a", "b"}
    gone = found.xs("gone").iloc[0]
    assert gone["missing_treated"] == pytest.approx(0.5, abs=0.06) and np.isnan(gone["p"])
    assert len(balance(frame[:0], ["size"])) == 1
    assert not balance(frame, ["size"], clustered=True)["unbalanced"].any()


def steps(seed: int, n: int = 2000) -> pd.DataFrame:
    """Rule "good" brings 0.1, "none" nothing; the better a record, the likelier it is chosen."""
    draw = rng(seed)
    quality = draw.random(n)
    propensity = 0.1 + 0.8 * quality
    chosen = draw.random(n) < propensity
    rule = draw.choice(["good", "none"], n)
    outcome = draw.random(n) < 0.1 + 0.4 * quality + 0.1 * (chosen & (rule == "good"))
    return pd.DataFrame(
        {"rule": rule, "propensity": propensity, "chosen": chosen, "outcome": outcome.astype(float)}
    )


@pytest.mark.slow
def test_drawn_steps_are_told_without_the_bias_of_who_was_chosen() -> None:
    inside, naive = {"good": 0, "none": 0}, []
    for s in range(120):
        frame = steps(s)
        found, dropped = step_effects(frame)
        assert not any(dropped.values())
        rows: Any = found.set_index("rule")
        for rule, true in (("good", 0.1), ("none", 0.0)):
            inside[rule] += bool(rows.loc[rule, "low"] <= true <= rows.loc[rule, "high"])
        assert (found["low_all"] < found["low"]).all() and (found["p_holm"] >= found["p"]).all()
        none = frame[frame["rule"] == "none"]
        naive.append(none.loc[none["chosen"], "outcome"].mean() - none.loc[~none["chosen"], "outcome"].mean())
    assert all(106 <= hits <= 120 for hits in inside.values())
    assert np.mean(naive) > 0.1


def test_rows_of_one_unit_depend_on_each_other() -> None:
    frame = steps(1)
    once, _ = step_effects(frame)
    again = pd.concat([frame.assign(unit=range(len(frame)))] * 3)
    three, _ = step_effects(again)
    assert three.set_index("rule").loc["good", "se"] == pytest.approx(
        once.set_index("rule").loc["good", "se"], rel=0.01
    )


def test_steps_without_enough_or_with_odd_rows() -> None:
    frame = steps(2, 100)
    odd = frame.assign(
        propensity=lambda f: f["propensity"].where(f.index > 1, [1.0, np.nan] + [0.5] * 98),
        outcome=lambda f: f["outcome"].where(f.index != 2),
    )
    odd.loc[3, "propensity"] = 0.001
    odd.loc[4, "rule"] = None
    found, dropped = step_effects(odd)
    assert dropped == {"no_rule": 1, "no_propensity": 2, "near_certain": 1, "not_known": 1}
    assert set(found["reason"]) <= {"too_few", ""} and found["effect"].isna().any()
    empty, _ = step_effects(frame[:0])
    assert len(empty) == 0
    flat, _ = step_effects(steps(1).assign(outcome=1.0))
    assert set(flat["reason"]) == {"no_spread"} and flat["low"].isna().all()


def test_promoter_scores_by_segment_and_month() -> None:
    answers = pd.DataFrame(
        {
            "score": [10] * 60 + [3] * 20 + [7] * 20 + [9] * 5 + [11, -1, None],
            "at": [5 * DAY_MS] * 100 + [40 * DAY_MS] * 5 + [DAY_MS] * 3,
            "segment": ["a"] * 100 + [None] * 5 + ["a"] * 3,
        }
    )
    future = pd.DataFrame({"score": [5, 5], "at": [9000 * DAY_MS, None], "segment": ["a", "a"]})
    found, dropped = nps(pd.concat([answers, future]), Calendar(), as_of=1000 * DAY_MS)
    assert dropped == {"no_score": 1, "off_scale": 2, "no_time": 1, "future": 1}
    rows: Any = found.set_index(["segment", "period"])
    assert rows.loc[("a", "1970-01"), "value"] == pytest.approx(40)
    half = 1.984 * np.sqrt((0.8 - 0.16) / 99) * 100
    assert rows.loc[("a", "1970-01"), "low"] == pytest.approx(40 - half, abs=0.1)
    assert rows.loc[("", "1970-02"), "reason"] == "too_few" and np.isnan(rows.loc[("", "1970-02"), "value"])
    assert rows.loc[("*", "*"), "n"] == 105
    none, _ = nps(answers[:0], Calendar(), as_of=0)
    assert len(none) == 0


@pytest.mark.slow
def test_intervals_of_promoter_scores_hold_the_truth_and_one_kind_of_answer_is_not_certain() -> None:
    inside = 0
    for s in range(200):
        score = rng(s).choice([10, 8, 2], 80, p=[0.5, 0.3, 0.2])
        found, _ = nps(pd.DataFrame({"score": score, "at": 0}), Calendar(), as_of=1)
        row = found.iloc[0]
        inside += row["low"] <= 30 <= row["high"]
    assert 180 <= inside <= 199
    found, _ = nps(pd.DataFrame({"score": [10] * 50, "at": 0}), Calendar(), as_of=1)
    assert found["low"].iloc[0] < 100 == found["high"].iloc[0]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_stays_inside_and_holds_the_share(n: int, share: float) -> None:
    low, high = wilson(np.array([share]), np.array([float(n)]))
    assert 0 <= low[0] <= share + 1e-9 and share - 1e-9 <= high[0] <= 1


def test_satisfaction_is_a_share_with_a_scale() -> None:
    answers = pd.DataFrame({"score": [5] * 30 + [4] * 10 + [1] * 10 + [7], "at": 0})
    found, dropped = csat(answers, Calendar(), as_of=1, satisfied=4)
    assert dropped["off_scale"] == 1 and found["value"].tolist() == [0.8] * 4
    # Wilson's interval of 40 out of 50.
    assert found["low"].iloc[0] == pytest.approx(0.6696, abs=1e-3) and found["high"].iloc[0] == pytest.approx(
        0.8876, abs=1e-3
    )
    for satisfied in (1, 6):
        with pytest.raises(UsageError):
            csat(answers, Calendar(), as_of=1, satisfied=satisfied)
