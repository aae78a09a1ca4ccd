"""The page of the week: what is in commit and weak, what is strong and not, what is silent, what moved, what comes."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from support.funnel_company import DAY
from support.report_company import AS_OF, BEGIN, NO_RATES, context, everything, few, keys, rows_of, usual

from sales_consultant.insight.core import Calendar, DealTables, visits
from sales_consultant.insight.forecast import Attainment, Attainments
from sales_consultant.insight.funnel import endings
from sales_consultant.insight.reports import Column, Figure, Table
from sales_consultant.insight.reports.pipeline import overdue
from sales_consultant.insight.reports.targets import TargetOrigin
from sales_consultant.insight.reports.week import WeekFacts, WeekForecast, reached, section, silent_days

NO_TOUCHES = pd.DataFrame({"deal_id": pd.Series(dtype=str), "at": pd.Series(dtype="int64")})


def open_deals(*closing: int) -> DealTables:
    """Open deals "0", "1" and so on that close so many days after the report's date, each worth more than the one before."""
    tables = few(
        [(str(i), 100, (i + 1) * 100_000, "a") for i in range(len(closing))],
        [(str(i), 100, "a") for i in range(len(closing))],
    )
    dates = pd.array([AS_OF + d * DAY for d in closing], dtype="Int64")
    return DealTables(tables.deals.assign(close_date=dates), tables.history, tables.stages)


def test_commit_of_the_crm_against_grades() -> None:
    grades, reasons = {"0": "D", "1": "A", "2": "C", "3": "A"}, {"0": "no answer: -9"}
    facts = WeekFacts(grades, reasons, commit={"0", "1", "2"}, touches=NO_TOUCHES)
    found = section(context(open_deals(5, 5, 5, 5)), facts)
    assert [r["deal"] for r in rows_of(found, "weak")] == ["Deal 2", "Deal 0"]
    assert rows_of(found, "weak")[1]["reason"] == "no answer: -9"
    assert [r["deal"] for r in rows_of(found, "strong")] == ["Deal 3"]
    assert found.findings[0] == "In commit, but grade C or D: 2 deals, worth €4,000."


def test_without_a_forecast_category_deals_of_the_quarter_stand_for_commit() -> None:
    facts = WeekFacts({"0": "D", "1": "D", "2": "A"}, touches=NO_TOUCHES)
    found = section(context(open_deals(5, 200, 200)), facts)
    assert [r["deal"] for r in rows_of(found, "weak")] == ["Deal 0"]
    assert [r["deal"] for r in rows_of(found, "strong")] == ["Deal 2"]
    assert "stand for commit" in next(f for f in found.figures if f.key == "weak").method


def test_silence_is_measured_by_won_deals() -> None:
    won = [(f"w{i}", 0, 100, "won") for i in range(40)]
    moves = [m for i in range(40) for m in ((f"w{i}", 0.0, "a"), (f"w{i}", 10.0, "won"))]
    tables = few([*won, ("1", 0, 900, "a"), ("2", 0, 800, "a"), ("3", 0, 700, "a")],
                 [*moves, ("1", 285, "a"), ("2", 285, "a"), ("3", 285, "a")])  # fmt: skip
    touches = pd.DataFrame({"deal_id": ["2"], "at": [AS_OF - DAY]})
    ends = endings(tables, AS_OF)
    assert silent_days(NO_TOUCHES, visits(tables, AS_OF), ends) == 10
    found = section(context(tables), WeekFacts({"1": "A", "2": "B", "3": "C"}, touches=touches))
    assert [(r["deal"], r["silent"]) for r in rows_of(found, "stalled")] == [("Deal 1", 15.0)]


def test_with_few_won_deals_no_deal_is_called_silent() -> None:
    found = section(context(open_deals(5)), WeekFacts({"0": "A"}, touches=NO_TOUCHES))
    assert "stalled" not in keys(found)
    assert any(u.startswith("Stalled deals:") for u in found.unknown)


def test_grades_that_moved_and_came_back_did_not_move() -> None:
    moves = pd.DataFrame(
        [("0", "B", "C", 1), ("0", "C", "B", 2), ("1", "B", "A", 1), ("1", "A", "D", 3), ("9", "A", "B", 1)],
        columns=["deal_id", "before", "after", "at"],
    )
    found = section(context(open_deals(5, 5)), WeekFacts({"0": "B", "1": "D"}, {"1": "quiet: -8"}, moves))
    assert [(r["deal"], r["before"], r["after"], r["reason"]) for r in rows_of(found, "moves")] == [
        ("Deal 1", "B", "D", "quiet: -8")
    ]


def test_the_rest_of_this_week_and_the_next_four() -> None:
    # The day of the report is a Sunday: the rest of its week is one day.
    steps = pd.DataFrame({"deal_id": ["0", "1"], "step": "Call", "due": [AS_OF, AS_OF + DAY]})
    tables = open_deals(0, 1, 8, 28, 29)
    found = section(context(tables), WeekFacts({"1": "A"}, steps=steps))
    rows = rows_of(found, "ahead")
    assert rows[0]["week"] == "Rest of this week" and rows[1]["week"] == "Week of 28 Oct 2024"
    assert [r["deals"] for r in rows] == [1, 1, 1, 0, 1]
    assert [r["good"] for r in rows] == [0, 200_000, 0, 0, 0]
    assert [r["steps"] for r in rows] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
@pytest.mark.parametrize("hour", [0, 1, 12, 23])
def test_what_is_due_today_is_ahead_and_not_overdue_at_every_hour(zone: str, hour: int) -> None:
    calendar = Calendar(zone=ZoneInfo(zone))
    as_of = calendar.ms(date(2024, 10, 30)) + hour * DAY // 24
    days = [date(2024, 10, 29), date(2024, 10, 30), date(2024, 11, 3)]
    steps = pd.DataFrame({"deal_id": ["0", "1", "2"], "step": "Call", "due": [calendar.ms(d) for d in days]})
    # As a CRM writes a day: a midnight of UTC.
    dates = pd.Series([int(pd.Timestamp(d).timestamp() * 1000) for d in days], dtype="Int64")
    tables = open_deals(0, 0, 0)
    tables = DealTables(tables.deals.assign(close_date=calendar.dates(dates)), tables.history, tables.stages)
    ground = replace(context(tables, as_of=as_of), calendar=calendar)
    found = section(ground, WeekFacts({"1": "A"}, steps=steps))
    rows = rows_of(found, "ahead")
    assert [(r["deals"], r["steps"]) for r in rows] == [(2, 2), (0, 0), (0, 0), (0, 0), (0, 0)]
    notes = next(f for f in found.figures if f.key == "ahead").notes
    assert "has passed: 1, worth €1,000" in notes[0] and "steps whose day has passed: 1" in notes[1]
    assert "has passed: 1, worth €1,000" in overdue(ground, endings(tables, as_of, NO_RATES))


def test_pushed_deals_and_a_forecast_of_another_room() -> None:
    tables = open_deals(5)
    moves = pd.DataFrame(
        {"deal_id": "0", "changed_at": [BEGIN + (110 + i) * DAY for i in range(3)],
         "close_date": pd.array([BEGIN + (200 + i) * DAY for i in range(3)], dtype="Int64")}
    )  # fmt: skip
    tables = DealTables(tables.deals, pd.concat([tables.history, moves], ignore_index=True), tables.stages)
    reached = Figure("reached", "This quarter", Table((Column("x", "X"),), (("1",),)), "Simulated.")
    found = section(context(tables), WeekFacts({"0": "B"}, reached=reached))
    assert found.figures[0] is reached and not any("no forecast" in u for u in found.unknown)
    assert rows_of(found, "pushed")[0]["times"] == 2
    assert any("no forecast yet" in u for u in section(context(tables), WeekFacts({"0": "B"})).unknown)


def test_the_control_group_is_in_no_list() -> None:
    tables = usual(200)
    ids = list(tables.deals["deal_id"])
    grades = dict(zip(ids, np.resize(["A", "B", "C", "D"], len(ids)), strict=True))
    hidden = frozenset(ids[::2])
    moves = pd.DataFrame({"deal_id": ids, "before": "A", "after": "B", "at": 1})
    said = everything(
        section(context(tables), WeekFacts(grades, {}, moves, hidden=hidden, touches=NO_TOUCHES))
    )
    whole = everything(section(context(tables), WeekFacts(grades, {}, moves, touches=NO_TOUCHES)))
    assert any(f"Deal {i}" in whole for i in hidden)
    assert not any(f"Deal {i}" in said for i in hidden)


def test_without_open_deals_or_grades_it_says_what_to_do() -> None:
    closed = few([("1", 0, 5, "won")], [("1", 0, "s0"), ("1", 9, "won")])
    assert section(context(closed), WeekFacts()).hidden == "No deal was open on 27 Oct 2024."
    found = section(context(open_deals(5)), WeekFacts())
    assert any(u.startswith("No deal shows a grade yet.") for u in found.unknown)
    assert found.findings == ("Nothing stands out this week.",)


def test_gaps_in_amounts_dates_and_names_cost_only_themselves() -> None:
    tables = open_deals(5, 5, 5)
    deals = tables.deals.assign(
        cents=pd.array([pd.NA, -500, 700], dtype="Int64"), name=pd.Series([None, "", "Deal 2"]),
        owner_id=pd.Series([None, "o", "o"]),
        close_date=pd.array([pd.NA, 9_000_000_000_000_000, AS_OF], dtype="Int64"), currency=["EUR", "XAU", "EUR"],
    )  # fmt: skip
    tables = DealTables(deals, tables.history, tables.stages)
    found = section(context(tables), WeekFacts({"0": "A", "1": "A", "2": "D"}, touches=NO_TOUCHES))
    rows = {r["deal"]: r for r in rows_of(found, "strong")}
    assert rows["0"]["owner"] == "not given" and rows["0"]["amount"] is None and rows["1"]["amount"] is None


def test_why_the_quarter_has_no_target_is_said() -> None:
    ground = context(open_deals(5))

    def notes(attained: Attainments | None) -> str:
        said = WeekForecast("FY2024-Q4", AS_OF, 0, 100, 50, 150, None, None, TargetOrigin(), attained)
        figure = reached(ground, said)
        return " ".join(figure.notes) if figure is not None else ""

    row = Attainment("total", "total", "FY2025-Q1", 100, 0, 100, 100, 0, None, 0.5)
    assert notes(None) == "No targets are set: see [reports] targets."
    assert (
        notes(Attainments((row,), (), 0, 0))
        == "No target of FY2024-Q4 is set; there are targets of FY2025-Q1."
    )
    few_owners = notes(Attainments((row,), (), 0, 0, {"FY2024-Q4": 3, "FY2025": 2}))
    assert few_owners.startswith("No total target of FY2024-Q4:") and "FY2025" not in few_owners
    of_strangers = notes(Attainments((), ("nobody",), 2, 1))
    assert of_strangers.startswith("No target of FY2024-Q4 is set. Targets of owners with no deal")
    for wanted in ("nobody", "not forecast here: 2", "without a rate, left out: 1"):
        assert wanted in of_strangers


def test_of_a_past_day_what_is_not_known_is_not_told_as_none() -> None:
    ground = context(open_deals(5))
    found = section(ground, WeekFacts(steps=None, past=True))
    said = " ".join(found.unknown)
    assert (
        "on 27 Oct 2024 is not known" in said and "Next steps and reasons of a past day are not known" in said
    )
    assert "sales-consultant train" not in said
    assert set(rows_of(found, "ahead")[0]) == {"week", "deals", "amount"}
    graded = section(ground, WeekFacts({"0": "A"}, steps=None, past=True))
    assert "is not known: by then" not in " ".join(graded.unknown)
    assert rows_of(graded, "ahead")[1] == {
        "week": "Week of 28 Oct 2024", "deals": 1, "amount": 100_000, "good": 100_000
    }  # fmt: skip
    # Today too: before the first sync nobody knows which deal is A, nor what is due.
    assert set(rows_of(section(ground, WeekFacts()), "ahead")[0]) == {"week", "deals", "amount"}
    assert rows_of(section(ground, WeekFacts({"0": "C"})), "ahead")[1]["good"] == 0
