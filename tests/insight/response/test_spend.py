"""Spend by month: a campaign's cost lies on its days, and a file of spend is read with care."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.clock import DAY_MS
from sales_consultant.config.errors import UsageError
from sales_consultant.insight.core import Calendar
from sales_consultant.insight.response import parse_spend, read_spend, spend_by_month

FIRST = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
MONTHS = list(Calendar().between("month", FIRST, FIRST + 120 * DAY_MS))


def campaigns(*rows: tuple[str, float | None, float | None, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["channel", "start_at", "end_at", "cost"]).astype(
        {"start_at": "Float64", "end_at": "Float64", "cost": "Float64"}
    )


def test_a_cost_lies_evenly_on_the_days_of_its_campaign() -> None:
    # 26 January to 4 February: six days in January, four in February.
    found, dropped = spend_by_month(
        campaigns(("fair", FIRST + 25 * DAY_MS, FIRST + 34 * DAY_MS, 1000.0)), MONTHS
    )
    assert found["fair"].tolist() == pytest.approx([600.0, 400.0, 0.0, 0.0])
    assert not any(dropped.values())


def test_odd_campaigns_cost_only_themselves() -> None:
    found, dropped = spend_by_month(
        campaigns(
            ("a", FIRST, None, 70.0),
            ("a", FIRST + 40 * DAY_MS, FIRST, 30.0),
            ("a", None, FIRST, 5.0),
            ("b", FIRST, FIRST, None),
            ("b", FIRST, FIRST, -5.0),
        ),
        MONTHS,
    )
    assert found["a"].tolist() == [70.0, 30.0, 0.0, 0.0]
    assert "b" not in found
    assert dropped == {"no_start": 1, "no_cost": 1, "negative": 1}


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 100), st.integers(0, 19), st.floats(0, 1e6)),
        max_size=20,
    )
)
def test_no_money_is_lost_or_made(rows: list[tuple[str, int, int, float]]) -> None:
    made = campaigns(*((c, FIRST + s * DAY_MS, FIRST + (s + n) * DAY_MS, m) for c, s, n, m in rows))
    found, _ = spend_by_month(made, MONTHS)
    assert np.isclose(found.to_numpy().sum(), sum(m for *_, m in rows))


def test_no_campaign_at_all_is_no_spend() -> None:
    found, _ = spend_by_month(campaigns(), MONTHS)
    assert found.shape == (len(MONTHS), 0)


def test_a_file_of_spend_is_read() -> None:
    found = parse_spend(
        "\ufeffmonth,channel,amount\n2026-02,search,10\n2026-01,search,5\n\n2026-02,fairs,7.5\n", "f"
    )
    assert found.to_dict() == {
        "fairs": {"2026-01": 0.0, "2026-02": 7.5},
        "search": {"2026-01": 5.0, "2026-02": 10.0},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the header"),
        ("month,channel,amount\n", "no spend is in it"),
        ("month,channel,amount\n2026-13,a,1", "line 2: '2026-13' is no month"),
        ("month,channel,amount\n01/2026,a,1", "is no month"),
        ("month,channel,amount\n2026-01,a,1.000,50", "4 cells instead of 3"),
        ("month,channel,amount\n2026-01,a,-1", "is no amount spent"),
        ("month,channel,amount\n2026-01,a,nan", "is no amount spent"),
        ("month,channel,amount\n2026-01,,1", "the channel is empty"),
        ("month,channel,amount\n2026-01,a,1\n2026-01,a,2", "line 3: a was given for 2026-01 before"),
    ],
)
def test_a_wrong_file_says_which_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(")) as error:
        parse_spend(text, "spend.csv")
    assert "spend.csv" in str(error.value)
    assert error.value.action


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_spend(tmp_path / "none.csv")
