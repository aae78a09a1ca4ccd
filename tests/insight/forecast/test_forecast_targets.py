"""Targets are read or refused by line, and compared with the draws."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sales_consultant.config.errors import UsageError
from sales_consultant.insight.core import Calendar, Rates
from sales_consultant.insight.forecast import (
    Draws,
    Target,
    attain,
    by_owner,
    parse_targets,
    read_targets,
)

CALENDAR = Calendar()
JANUARY = CALENDAR.period("month", 1_767_225_600_000)
RATES = Rates(
    pd.DataFrame([("USD", 2.0, None, None)], columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR"
)


def test_targets_are_read() -> None:
    text = "owner,period,amount,currency\no1,2026-01,1000.50,usd\n\no2,FY2026-Q1,0,\n"
    assert parse_targets(text, "t.csv") == [
        Target("o1", "2026-01", 100050, "USD"),
        Target("o2", "FY2026-Q1", 0, ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1"),
        ("owner,month,amount\n", "line 1"),
        ("owner,period,amount\n,2026-01,1\n", "line 2: the owner"),
        ("owner,period,amount\no,2026/01,1\n", "line 2: '2026/01' is no period"),
        ("owner,period,amount\no,2026-01,x\n", "line 2: 'x' is no amount"),
        ("owner,period,amount\no,2026-01,-5\n", "line 2"),
        ("owner,period,amount\no,2026-01,NaN\n", "line 2"),
        ("owner,period,amount\no,2026-01\n", "line 2: 2 cells"),
        ("owner,period,amount\no,2026-01,1\no,2026-01,2\n", "line 3: o has a target"),
    ],
)
def test_a_wrong_file_is_refused_by_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        read_targets(path)
    assert said in error.value.message
    assert error.value.action


IDS = {"ann@x.example": "7", "ann lee": "7"}


@pytest.mark.parametrize("again", ["7", "ANN@x.example", "ann lee"])
def test_a_second_target_of_one_owner_under_another_name_is_refused(again: str) -> None:
    first = Target("Ann Lee", "2026-01", 100)
    with pytest.raises(UsageError, match=f"Ann Lee and {again}.*2026-01") as error:
        by_owner([first, Target(again, "2026-01", 100)], IDS, "t.csv")
    assert error.value.message.startswith("t.csv: ")
    assert error.value.action


def test_a_target_by_a_name_that_several_owners_have_is_refused() -> None:
    lines = parse_targets("owner,period,amount\nAnna Smith,FY2026,5\n", "t.csv")
    ids = {"anna smith": "1", "a1@x.example": "1", "a2@x.example": "2"}
    with pytest.raises(UsageError, match="several owners are called Anna Smith"):
        by_owner(lines, ids, "t.csv", {"anna smith"})
    by_address = parse_targets("owner,period,amount\nA2@x.example,FY2026,5\n", "t.csv")
    assert [t.owner for t in by_owner(by_address, ids, "t.csv", {"anna smith"})] == ["2"]


def test_targets_are_by_the_owners_id() -> None:
    told = [Target("Ann Lee", "2026-01", 1), Target("Ann Lee", "2026-02", 2), Target("8", "2026-01", 3)]
    unknown = [Target("North", "2026-01", 4), Target("Total", "2026-01", 5)]
    found = by_owner([*told, *unknown], IDS, "t.csv")
    assert [(t.owner, t.cents) for t in found] == [("7", 1), ("7", 2), ("8", 3), ("North", 4), ("total", 5)]
    with pytest.raises(UsageError):
        by_owner([Target("Total", "2026-01", 5), Target("total", "2026-01", 5)], IDS, "t.csv")


def test_gap_coverage_and_probability() -> None:
    owner = np.array([[[100.0, 200.0, 300.0, 400.0]], [[0.0, 0.0, 100.0, 100.0]]])
    draws = Draws(
        (JANUARY.label,), {"owner": ("a", "b"), "team": ("north",), "total": ("total",)},
        {"owner": owner, "team": owner.sum(axis=0, keepdims=True), "total": owner.sum(axis=0, keepdims=True)},
    )  # fmt: skip
    booked = {"owner": np.array([[100.0], [0.0]]), "team": np.array([[100.0]]), "total": np.array([[100.0]])}
    standing = {
        "owner": np.array([[400.0], [50.0]]),
        "team": np.array([[450.0]]),
        "total": np.array([[450.0]]),
    }
    targets = [
        Target("a", "2026-01", 300), Target("b", "2026-01", 200, "USD"), Target("x", "2026-01", 1),
        Target("a", "2027-01", 1), Target("b", "2026-01", 1, "CHF"),
    ]  # fmt: skip
    found = attain(targets, draws, booked, standing, [JANUARY], RATES, {"a": "north", "b": "north"})
    assert (found.unknown_owners, found.other_periods, found.without_rate) == (("x",), 1, 1)
    rows = {(row.level, row.group): row for row in found.rows}
    one = rows["owner", "a"]
    assert (one.target, one.booked, one.expected, one.gap, one.coverage) == (300, 100, 250, 200, 2.0)
    assert one.probability == 0.5
    # 200 USD at 2 a EUR are 100.
    assert (rows["owner", "b"].target, rows["owner", "b"].probability) == (100, 0.5)
    assert rows["total", "total"].target == rows["team", "north"].target == 400
    assert rows["total", "total"].probability == 0.5
