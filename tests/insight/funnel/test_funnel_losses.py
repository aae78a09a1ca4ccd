"""Loss reasons, handovers, and deals that are pushed again and again."""

import math
from typing import Any

import pandas as pd
import pytest
from support.funnel_company import stage_rows

from sales_consultant.insight.core import DealTables, Rates, visits
from sales_consultant.insight.funnel import endings, handovers, loss_reasons, owner_changes, pushed

DAY = 86_400_000
AS_OF = 100 * DAY
USD_ONLY = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")


def tables(changes: list[dict[str, Any]], **deals: Any) -> DealTables:
    """Deals by id, made on day 0, and their changes (`day` and columns of the history)."""
    plain = {"name": "", "pipeline": "p", "owner_id": "o", "company_id": None, "currency": "EUR", "stage": "a", "cents": 100,
             "close_date": 0, "created_at": 0, "closed_at": None, "is_closed": False, "is_won": False}  # fmt: skip
    kinds = {"cents": "Int64", "close_date": "Int64"}
    d = pd.DataFrame([{"deal_id": k} | plain | v for k, v in deals.items()], columns=["deal_id", *plain])
    d = d.astype(kinds | {"created_at": "Int64", "closed_at": "Int64", "is_won": "boolean"})
    rows = [
        {"deal_id": c["deal"], "changed_at": int(c["day"] * DAY)}
        | {k: v for k, v in c.items() if k not in ("deal", "day")}
        for c in changes
    ]
    h = pd.DataFrame(rows, columns=["deal_id", "changed_at", "stage", "cents", "close_date", "owner_id"])
    return DealTables(d, h.astype(kinds | {"changed_at": "int64"}), stage_rows())


def stage(deal: str, day: float, name: str) -> dict[str, Any]:
    return {"deal": deal, "day": day, "stage": name}


def test_loss_reasons_by_stage_and_amount() -> None:
    t = tables(
        [stage(d, 0, "a") for d in "12345"] + [stage("1", 5, "b"), stage("1", 9, "lost"), stage("2", 9, "lost"), stage("3", 9, "lost"), stage("4", 9, "won"), stage("5", 60, "lost")],
        **{"1": {"cents": 900}, "2": {"cents": None}, "3": {"cents": -50}, "4": {}, "5": {"currency": "XXX"}, "6": {"closed_at": 3 * DAY, "cents": 10}},
    )  # fmt: skip
    ends, past = endings(t, AS_OF, USD_ONLY), visits(t, AS_OF)
    reasons = pd.DataFrame(
        {"deal_id": ["1", "2", "3", "4", "6"], "reason": ["price", " price ", None, "price", "price"]}
    )
    found = loss_reasons(ends, past, reasons)
    told = {
        (r["stage"], r["reason"]): (r["deals"], r["cents"], r["without_amount"])
        for r in found.to_dict("records")
    }
    # A deal without history is lost from no stage; one without a rate has no money.
    assert told == {
        ("b", "price"): (1, 900, 0),
        ("a", "price"): (1, 0, 1),
        ("a", ""): (2, -50, 1),
        ("", "price"): (1, 10, 0),
    }
    assert found["share"].sum() == pytest.approx(1) and (found["low"] < found["share"]).all()
    assert found.iloc[0]["cents"] == 900
    assert loss_reasons(ends, past, reasons, 50 * DAY)["deals"].tolist() == [1]
    assert len(loss_reasons(ends.iloc[:0], past, reasons)) == 0


def test_time_lost_by_handover() -> None:
    owners = [{"deal": d, "day": 0, "owner_id": "x"} for d in "1234"]
    t = tables(
        [*owners, *(stage(d, 0, "a") for d in "1234"),
         {"deal": "1", "day": 20, "owner_id": "y"}, {"deal": "2", "day": 20, "owner_id": "y"}, {"deal": "2", "day": 90, "owner_id": "z"},
         {"deal": "3", "day": 20, "owner_id": "x"}, stage("1", 32, "b"), stage("1", 40, "won"), stage("3", 30, "lost"),
         stage("4", 50, "lost"), {"deal": "4", "day": 60, "owner_id": "y"}],
        **{d: {} for d in "1234"},
    )  # fmt: skip
    touches = pd.DataFrame(
        {"deal_id": ["1", "1", "2", "2", "nowhere"], "at": [3 * DAY, 6 * DAY, 4 * DAY, 30 * DAY, 21 * DAY]}
    )
    ends = endings(t, AS_OF, USD_ONLY)
    found = handovers(t, ends, visits(t, AS_OF), touches, AS_OF)
    # Deal 3 kept its owner, deal 4 was over when it was handed on.
    assert (found.changes, found.deals) == (3, 2)
    assert found.rows[["deal_id", "days", "touched"]].to_numpy().tolist() == [
        ["1", 12, True],
        ["2", 10, True],
        ["2", 10, False],
    ]
    assert found.days_after.value == 12
    # Before: gaps of 3, 3 and 4 days, and two that the handover cut.
    assert found.days_before.value == 4
    assert (found.win_rate_with, found.win_rate_without) == (0.5, 0.0)
    assert found.difference.low < 0.5 < found.difference.high
    assert owner_changes(t, AS_OF, 50 * DAY)["after"].tolist() == ["z", "y"]


def test_nobody_handed_anything_on() -> None:
    t = tables([stage("1", 0, "a")], **{"1": {}})
    touches = pd.DataFrame({"deal_id": pd.Series(dtype=str), "at": pd.Series(dtype="int64")})
    found = handovers(t, endings(t, AS_OF), visits(t, AS_OF), touches, AS_OF)
    assert (found.changes, len(found.rows)) == (0, 0) and math.isnan(found.days_after.value)
    assert math.isnan(found.difference.value)


def test_deals_pushed_again_and_again() -> None:
    def date(deal: str, day: float, to: float) -> dict[str, Any]:
        return {"deal": deal, "day": day, "close_date": int(to * DAY)}

    t = tables(
        [date("1", 0, 10), date("1", 5, 20), date("1", 6, 15), date("1", 7, 45), date("2", 0, 10), date("2", 5, 20),
         *(date("3", d, 10 + d) for d in range(5)), stage("4", 0, "a"), *(date("4", d, 10 + d) for d in range(5)), stage("4", 3, "lost"),
         *(date("5", d, 10 + d) for d in range(3))],
        **{"1": {"cents": 5}, "2": {}, "3": {"cents": 70}, "4": {}, "5": {"cents": None}},
    )  # fmt: skip
    ends = endings(t, AS_OF, USD_ONLY)
    found = pushed(t, ends, AS_OF)
    assert found[["deal_id", "times", "days"]].to_numpy().tolist() == [["3", 4, 4], ["1", 2, 40], ["5", 2, 2]]
    # What moved when the deal was over no more counts.
    every = pushed(t, ends, AS_OF, only_open=False).set_index("deal_id")
    assert every.loc["4", "times"] == 2
    assert pushed(t, ends, AS_OF, since=4 * DAY)["deal_id"].tolist() == ["1"]
