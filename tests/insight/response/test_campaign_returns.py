"""Campaign return from members, deals and spend."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.config.clock import DAY_MS as DAY
from sales_consultant.insight.response import campaign_returns


def played(
    members: list[tuple[Any, ...]], deals: list[tuple[Any, ...]], costs: list[tuple[Any, ...]], **how: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    found, dropped = campaign_returns(
        pd.DataFrame(members, columns=["campaign", "company", "responded_at"]),
        pd.DataFrame(deals, columns=["deal_id", "company", "created_at", "won", "amount"]),
        pd.DataFrame(costs, columns=["campaign", "cost"]),
        np.random.default_rng(1),
        as_of=1000 * DAY,
        **how,
    )
    return found.set_index("campaign"), dropped


def test_deals_after_an_answer_count_and_are_shared_out() -> None:
    found, dropped = played(
        [
            ("a", "x", 10 * DAY),
            ("b", "x", 20 * DAY),
            ("a", "y", 10 * DAY),
            ("a", "z", None),
            ("a", "x", 15 * DAY),
        ],
        [
            ("1", "x", 30 * DAY, True, 100.0),
            ("2", "x", 5 * DAY, True, 7.0),  # before any answer
            ("3", "y", 200 * DAY, True, 7.0),  # after the window
            ("4", "y", 11 * DAY, False, 50.0),
            ("5", "q", 11 * DAY, True, 50.0),  # no member
        ],
        [("a", 20.0), ("a", 5.0), ("c", 9.0)],
    )
    assert list(found.index) == ["a", "b", "c"]
    a, b, c = (found.loc[k] for k in "abc")
    assert (a["members"], a["responded"], a["deals"], a["won"], a["won_money"]) == (3, 2, 2, 1, 100.0)
    assert (a["first"], a["last"], a["linear"]) == (100.0, 0.0, 50.0)
    assert (b["first"], b["last"], b["linear"], b["reason"]) == (0.0, 100.0, 50.0, "no_cost")
    assert (a["cost"], a["reason"]) == (25.0, "too_few") and np.isnan(a["return"])
    assert (c["members"], c["won_money"], c["reason"]) == (0, 0.0, "too_few") and np.isnan(c["response_rate"])
    assert not any(dropped.values())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.integers(0, 99)), max_size=30),
       st.lists(st.tuples(st.integers(0, 6), st.integers(0, 200), st.booleans(), st.integers(0, 99)), max_size=20))  # fmt: skip
def test_each_way_of_sharing_adds_up_to_the_same(
    members: list[tuple[str, int, int]], deals: list[tuple[int, int, bool, int]]
) -> None:
    found, _ = played(
        [(c, str(n), at * DAY) for c, n, at in members],
        [(str(i), str(n), at * DAY, won, float(x)) for i, (n, at, won, x) in enumerate(deals)],
        [],
    )
    sums = [float(found[way].sum()) for way in ("first", "last", "linear")]
    assert sums == pytest.approx([sums[0]] * 3)
    assert sums[0] <= sum(x for _, _, won, x in deals if won) + 1e-9


def test_the_interval_holds_the_return() -> None:
    rng = np.random.default_rng(2)
    true, inside = 200 * 0.1 * 1000 / 5000 - 1, 0
    for _ in range(40):
        won = rng.random(200) < 0.1
        amounts = rng.gamma(4, 250, 200)
        found, _ = played(
            [("a", str(i), DAY) for i in range(200)],
            [
                (str(i), str(i), 2 * DAY, bool(w), a)
                for i, (w, a) in enumerate(zip(won, amounts, strict=True))
            ],
            [("a", 5000.0)],
            draws=300,
        )
        row: Any = found.loc["a"]
        assert row["return_low"] < row["return"] < row["return_high"]
        inside += row["return_low"] <= true <= row["return_high"]
    assert 32 <= inside <= 40


def test_odd_rows_cost_themselves_only() -> None:
    found, dropped = played(
        [("a", "x", DAY), (None, "x", DAY), ("a", None, DAY), ("a", "x", 2000 * DAY)],
        [
            ("1", "x", 2 * DAY, True, None), ("2", "x", 2 * DAY, True, -5.0), ("3", None, 2 * DAY, True, 5.0),
            ("4", "x", None, True, 5.0), ("5", "x", 3000 * DAY, True, 5.0), ("1", "x", 2 * DAY, True, 5.0),
            ("6", "x", 2 * DAY, None, 5.0),
        ],
        [("a", -3.0), ("b", 0.0), ("a", None)],
    )  # fmt: skip
    assert (found.loc["a", "deals"], found.loc["a", "won_money"], found.loc["a", "reason"]) == (
        3,
        0.0,
        "no_cost",
    )
    assert found.loc["b", "reason"] == "no_cost"
    assert dropped == {
        "no_campaign": 1, "no_company": 1, "after_as_of": 1, "deal_no_company": 1, "deal_no_time": 1,
        "deal_after_as_of": 1, "deal_repeated": 1, "amount_unknown": 1, "amount_negative": 1, "cost_unknown": 1,
    }  # fmt: skip
    empty, _ = played([], [], [])
    assert len(empty) == 0
