"""Deals at a moment and their stays in stages, money of several currencies, periods of a fiscal year."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.insight.core import Calendar, DealTables, Rates, states, visits

DAY = 86_400_000


def tables(history: list[dict[str, Any]], **deal: object) -> DealTables:
    """One deal "1" of pipeline "p" with stages a, b, won and lost."""
    one = {
        "deal_id": "1", "name": "One", "pipeline": "p", "owner_id": "o", "company_id": "c", "currency": "EUR",
        "stage": "a", "cents": 100, "close_date": 50 * DAY, "created_at": 0, "closed_at": pd.NA, "is_closed": False,
        "is_won": False,
    }  # fmt: skip
    deals = pd.DataFrame([one | deal]).astype(
        {"cents": "Int64", "close_date": "Int64", "created_at": "Int64", "closed_at": "Int64"}
    )
    columns = ["deal_id", "changed_at", "stage", "cents", "close_date", "owner_id"]
    past = pd.DataFrame(history, columns=columns).astype({"cents": "Int64", "close_date": "Int64"})
    past["deal_id"] = "1"
    stages = pd.DataFrame(
        [
            ("p", "P", "a", "A", 0, False, False, False),
            ("p", "P", "b", "B", 1, False, False, False),
            ("p", "P", "won", "Won", 2, True, True, False),
            ("p", "P", "lost", "Lost", 3, True, False, False),
        ],
        columns=["pipeline", "pipeline_label", "stage", "label", "place", "closed", "won", "gone"],
    )
    return DealTables(deals, past, stages)


def at(t: DealTables, days: float) -> dict[str, Any]:
    rows = states(t, int(days * DAY)).to_dict("records")
    return {str(k): v for k, v in rows[0].items()} if rows else {}


def test_an_owner_of_whom_no_crm_keeps_a_history_is_today_s() -> None:
    """As Salesforce's deals are read: texts of Arrow, and no change of an owner at all."""
    t = tables([{"changed_at": 0, "stage": "a", "cents": 100}])
    text = pd.StringDtype("pyarrow")
    deals = t.deals.astype(dict.fromkeys(("deal_id", "pipeline", "owner_id", "currency", "stage"), text))
    history = t.history.astype(dict.fromkeys(("deal_id", "stage", "owner_id"), text))
    assert at(DealTables(deals, history, t.stages), 4)["owner_id"] == "o"


def test_a_deal_is_what_its_last_change_made_it() -> None:
    t = tables(
        [
            {"changed_at": 0, "stage": "a", "cents": 100},
            {"changed_at": 5 * DAY, "cents": 300},
            {"changed_at": 9 * DAY, "stage": "won"},
        ],
        stage="won", is_closed=True, is_won=True, closed_at=9 * DAY,
    )  # fmt: skip
    assert at(t, -1) == {}
    assert (at(t, 4)["cents"], at(t, 4)["status"], at(t, 4)["stage"]) == (100, "open", "a")
    assert (at(t, 5)["cents"], at(t, 8.9)["status"]) == (300, "open")
    assert at(t, 9)["status"] == "won"
    # No change of the close date is known at all: it is taken to be today's.
    assert at(t, 1)["close_date"] == 50 * DAY


def test_a_past_that_begins_later_is_unknown_before() -> None:
    t = tables([{"changed_at": 5 * DAY, "cents": 300}])
    assert pd.isna(at(t, 1)["cents"])


def test_a_stage_that_nobody_knows_is_neither_won_nor_lost() -> None:
    t = tables([{"changed_at": 0, "stage": "old"}], stage="old", is_closed=None, is_won=None)
    assert at(t, 1)["status"] == "open"
    t = tables([{"changed_at": 0, "stage": "old"}], stage="old", is_closed=True, is_won=None, closed_at=0)
    assert at(t, 1)["status"] == "unknown"
    assert visits(t, 9 * DAY)["kind"].tolist() == ["unknown"]


def test_stays_in_stages() -> None:
    rows = [(0, "a"), (2, "a"), (3, "b"), (4, "a"), (6, "won"), (8, "b")]
    t = tables([{"changed_at": d * DAY, "stage": s} for d, s in rows])
    found = visits(t, 7 * DAY)
    assert found["stage"].tolist() == ["a", "b", "a", "won"]
    assert [None if pd.isna(x) else x // DAY for x in found["left_at"]] == [3, 4, 6, None]
    assert found["into_kind"].fillna("").tolist() == ["open", "open", "won", ""]
    assert found["first"].tolist() == [True, False, False, False]


def test_amounts_at_the_rate_of_their_day() -> None:
    rates = pd.DataFrame(
        [("USD", 1.25, None, None), ("GBP", 0.5, 10, 20), ("GBP", 0.8, 20, None)],
        columns=["code", "rate", "start_at", "end_at"],
    )
    r = Rates(rates, "EUR", "USD")
    cents = pd.Series([100, 100, 100, 100, 3, None], dtype="Int64")
    codes = pd.Series(["EUR", "GBP", "GBP", "CHF", "USD", "EUR"])
    found = r.cents(cents, codes, pd.Series([0, 9, 25, 0, 0, 0]))
    assert found.tolist() == [125, pd.NA, 156, pd.NA, 3, pd.NA]


def test_a_rate_that_has_ended_counts_no_more_and_the_reporting_currency_is_worth_itself() -> None:
    rates = pd.DataFrame([("USD", 1.25, None, 100)], columns=["code", "rate", "start_at", "end_at"])
    r = Rates(rates, "EUR", "EUR")
    moments = pd.Series([99, 100, None], dtype="Int64")
    found = r.cents(pd.Series([125] * 3, dtype="Int64"), pd.Series(["USD"] * 3), moments)
    # A moment that is not known takes the newest rate.
    assert found.tolist() == [100, pd.NA, 100]
    nowhere = Rates(rates, "EUR", "GBP")
    found = nowhere.cents(pd.Series([7, 8], dtype="Int64"), pd.Series(["GBP", "EUR"]), moments[:2])
    assert found.tolist() == [7, pd.NA]


def test_the_largest_amounts_stay_exact_in_their_own_currency() -> None:
    r = Rates(pd.DataFrame(columns=["code", "rate", "start_at", "end_at"]), "EUR", "EUR")
    big = pd.Series([10**17 + 1, -(10**17) - 3], dtype="Int64")
    assert r.cents(big, pd.Series(["", None]), pd.Series([0, 0])).tolist() == big.tolist()


@given(
    st.integers(946_684_800_000, 3_786_912_000_000),
    st.integers(1, 12),
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.sampled_from(["UTC", "America/New_York", "Asia/Shanghai", "Pacific/Apia"]),
)
def test_periods_follow_one_another_without_a_gap(ms: int, start: int, kind: str, zone: str) -> None:
    calendar = Calendar(start, ZoneInfo(zone))
    here = calendar.period(kind, ms)  # type: ignore[arg-type]
    assert here.start <= ms < here.end
    after = calendar.shift(here, 1)
    assert after.start == here.end
    assert calendar.shift(after, -1) == here
    assert calendar.period(kind, here.end - 1) == here  # type: ignore[arg-type]
    if kind != "week":
        assert here.label < after.label


@pytest.mark.parametrize(
    ("start", "day", "quarter", "year"),
    [
        (1, date(2026, 12, 31), "FY2026-Q4", "FY2026"),
        (2, date(2026, 1, 31), "FY2026-Q4", "FY2026"),
        (2, date(2026, 2, 1), "FY2027-Q1", "FY2027"),
        (10, date(2025, 10, 1), "FY2026-Q1", "FY2026"),
    ],
)
def test_fiscal_years_are_called_after_their_end(start: int, day: date, quarter: str, year: str) -> None:
    calendar = Calendar(start)
    assert calendar.period("quarter", calendar.ms(day)).label == quarter
    assert calendar.period("year", calendar.ms(day)).label == year


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
@given(days=st.lists(st.integers(0, 20_000) | st.none(), max_size=8), ms=st.integers(1, DAY - 1))
def test_a_midnight_of_utc_is_that_day_in_every_zone(zone: str, days: list[int | None], ms: int) -> None:
    calendar = Calendar(zone=ZoneInfo(zone))
    given_days = pd.Series([pd.NA if d is None else d * DAY for d in days], dtype="Int64")
    found = calendar.dates(given_days)
    assert found.dtype == "Int64"
    for day, moment in zip(days, found, strict=True):
        assert (
            pd.isna(moment) if day is None else calendar.day(int(moment)) == date.fromordinal(719_163 + day)
        )
        assert pd.isna(moment) or calendar.begin(int(moment)) == moment
    # A moment with a time, and one beyond every calendar, stay as they are.
    odd = pd.Series([5 * DAY + ms, 9_000_000 * DAY], dtype="Int64")
    assert calendar.dates(odd).tolist() == odd.tolist()
