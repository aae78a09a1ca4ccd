"""What was shown is kept as it was, and compared with what came."""

import json
from typing import Any

from sales_consultant.insight.forecast import Kept, as_given, from_record


def kept(period: str, as_of: int, **more: Any) -> Kept:
    end = int(period[-2:]) * 100 + 100
    values: dict[str, Any] = {
        "as_of": as_of, "period": period, "period_end": end, "level": "total", "group": "total", "basis": "booked",
        "currency": "EUR", "method": "reconciled", "expected": 50, "quantiles": (10, 20, 30, 50, 70, 80, 90),
    }  # fmt: skip
    return Kept(**(values | more))


def test_a_record_survives_json() -> None:
    one = kept("2026-03", 310, commit=40, weighted_pipeline=45)
    assert from_record(json.loads(json.dumps(one.record()))) == one


def test_a_record_of_another_version_or_in_pieces_is_left_out() -> None:
    record = kept("2026-03", 310).record()
    assert from_record(record | {"version": 99}) is None
    assert from_record({k: v for k, v in record.items() if k != "basis"}) is None
    assert from_record(record | {"quantiles": [1]}) is None


def test_said_commit_and_came() -> None:
    records = [
        kept("2026-01", 90, expected=1),
        kept("2026-01", 110, expected=2, commit=60),
        kept("2026-01", 150, expected=3),
        kept("2026-02", 120, expected=4),
        kept("2026-03", 310, expected=5),
        kept("2026-02", 210, level="owner", group="o1"),
    ]
    came = {("total", "total", "2026-01"): 81}
    found = as_given(records, came, 350, {"2026-01": 100, "2026-02": 200})
    assert [(one.said.period, one.said.expected, one.said.commit, one.came, one.inside) for one in found] == [
        # No forecast was made in February itself: the last before it stands; what came is not known.
        ("2026-02", 4, None, None, None),
        ("2026-01", 2, 60, 81, False),
    ]


def test_only_the_last_periods_are_told() -> None:
    records = [kept(f"2026-{month:02d}", month * 100) for month in range(1, 13)]
    found = as_given(records, {}, 10_000, {})
    assert [one.said.period for one in found] == [f"2026-{month:02d}" for month in range(12, 4, -1)]
