"""Goals of a CRM become targets; an odd one costs itself and is counted; a file's targets go first."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_consultant.insight.core import Calendar, Period
from sales_consultant.insight.forecast import Span, Target, join, targets_of_goals

CALENDAR = Calendar()
DAY = 86_400_000
COLUMNS = ["owner_id", "excluded", "part", "currency", "cents", "start_at", "end_at"]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


JANUARY, LAST = at("2026-01-01"), at("2026-01-31T23:59:59.999")


def goals(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def test_goals_are_targets_and_odd_ones_are_counted_by_why() -> None:
    found = targets_of_goals(
        goals(
            ("a", "", "", "EUR", 100, JANUARY, LAST),
            ("a", "", "", "EUR", 70, JANUARY, LAST),
            ("a", "", "new", "EUR", 5, JANUARY, LAST),
            ("b", "", "new", "", 30, JANUARY, LAST),
            ("b", "", "renewal", "", 40, JANUARY, LAST),
            ("b", "", "renewal", "", 41, JANUARY, LAST),
            ("a", "not_revenue", "", "", 10, JANUARY, LAST),
            (None, "team", "", "", 10, JANUARY, LAST),
            (None, "", "", "", 10, JANUARY, LAST),
            ("a", "", "", "", None, JANUARY, LAST),
            ("a", "", "", "", -1, JANUARY, LAST),
            ("a", "", "", "", 10, LAST, JANUARY),
            ("a", "", "", "", 10, None, LAST),
            ("a", "", "", "", 10, JANUARY, JANUARY + 7 * DAY - 1),
        ),
        CALENDAR,
    )
    assert sorted((t.owner, t.period, t.cents, t.currency) for t in found.targets) == [
        ("a", "2026-01", 100, "EUR"), ("b", "2026-01", 30, ""), ("b", "2026-01", 40, ""),
    ]  # fmt: skip
    # The newest goal counts, and one for all revenue stands for those for parts of it.
    assert found.parts == 2
    assert found.left_out == {
        "again": 3, "no_amount": 2, "no_owner": 1, "no_period": 3, "not_revenue": 1, "team": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "fiscal", "zone", "label"),
    [
        ("2026-01-01", "2026-03-31", 1, "UTC", "FY2026-Q1"),
        ("2026-01-01", "2026-03-31T23:59:59.999", 1, "America/New_York", "FY2026-Q1"),
        ("2026-01-01", "2026-04-01", 1, "UTC", "FY2026-Q1"),
        ("2026-02-01", "2026-04-30", 2, "UTC", "FY2027-Q1"),
        ("2026-02-01", "2026-04-30", 1, "UTC", ""),
        ("2026-04-01", "2027-03-31", 4, "UTC", "FY2027"),
        # Midnights of Shanghai.
        ("2025-12-31T16:00", "2026-01-31T15:59:59.999", 1, "Asia/Shanghai", "2026-01"),
        ("2026-01-01", "2026-01-30", 1, "UTC", ""),
    ],
)
def test_a_period_is_one_of_the_fiscal_calendar(
    start: str, end: str, fiscal: int, zone: str, label: str
) -> None:
    calendar = Calendar(fiscal, ZoneInfo(zone))
    found = targets_of_goals(goals(("a", "", "", "", 1, at(start), at(end))), calendar)
    assert [t.period for t in found.targets] == ([label] if label else [])
    assert found.left_out == ({} if label else {"no_period": 1})


ODD = st.tuples(
    st.sampled_from(["a", "", None]),
    st.sampled_from(["", "not_revenue", "team", "territory", "other_type", None]),
    st.sampled_from(["", "p1", None]),
    st.sampled_from(["", "EUR", "XTS", None]),
    st.none() | st.integers(-(10**17), 10**18) | st.just(float("nan")),
    st.none() | st.integers(-(10**15), 253_402_300_799_999),
    st.none() | st.integers(-(10**15), 253_402_300_799_999) | st.just(LAST),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ODD, max_size=12))
def test_no_odd_goal_ends_a_report_or_hides_another(rows: list[tuple[object, ...]]) -> None:
    sound = ("sound", "", "", "EUR", 500, JANUARY, LAST)
    found = targets_of_goals(goals(*rows, sound), CALENDAR)
    assert Target("sound", "2026-01", 500, "EUR") in found.targets
    # Each goal is a target or counted.
    assert len(found.targets) + sum(found.left_out.values()) == len(rows) + 1
    assert all(t.owner and t.cents >= 0 for t in found.targets)


def spans(*periods: Period) -> list[Span]:
    return [Span(p.kind, p.label, p.start, p.end) for p in periods]


MAY = at("2026-05-10")
THREE = spans(CALENDAR.period("month", MAY), CALENDAR.period("quarter", MAY), CALENDAR.period("year", MAY))


def by_key(targets: tuple[Target, ...]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for t in targets:
        found[t.owner, t.period] = found.get((t.owner, t.period), 0) + t.cents
    return found


def test_the_file_goes_first_and_whole_periods_are_sums() -> None:
    monthly = [Target("a", f"2026-{m:02d}", 10 * m) for m in range(1, 13)]
    file = [Target("a", "2026-05", 1000), Target("b", "FY2026-Q2", 7), Target("b", "FY2030", 1)]
    found = join(file, [*monthly, Target("b", "FY2026-Q2", 99), Target("c", "FY2020", 5)], THREE, CALENDAR)
    assert by_key(found.targets) == {
        ("a", "2026-05"): 1000,
        ("a", "FY2026-Q2"): 40 + 1000 + 60,
        ("a", "FY2026"): sum(10 * m for m in range(1, 13)) - 50 + 1000,
        ("b", "FY2026-Q2"): 7,
        # The file's own, to be counted as of no period here; the CRM's old ones are not.
        ("b", "FY2030"): 1,
    }
    assert (found.of_file, found.of_goals) == (2, 11)


def test_a_period_with_a_gap_or_a_target_of_its_own_is_no_sum() -> None:
    months = [Target("a", "2026-04", 1), Target("a", "2026-05", 2), Target("b", "2026-04", 1)]
    whole = [*(Target("b", f"2026-0{m}", 1) for m in (5, 6)), Target("b", "FY2026-Q2", 50)]
    found = join((), [*months, *whole], THREE, CALENDAR)
    assert by_key(found.targets) == {("a", "2026-05"): 2, ("b", "2026-05"): 1, ("b", "FY2026-Q2"): 50}
    assert join((), (), THREE, CALENDAR).targets == ()
