"""Open risks of a deal are sentences on what its features say; a gap says nothing."""

import pytest

from sales_consultant.sync.reports.risks import NO_VALUE, of_deal

FINE = {
    "days_to_close_date": 20.0,
    "stage_slowness": 1.1,
    "close_date_pushed": 1.0,
    "amount_growth": 1.0,
    "contacts": 3.0,
    "meetings_30d": 2.0,
    "replies_30d": 0.0,
    "planned_meetings": 0.0,
}


@pytest.mark.parametrize(
    ("changed", "why", "said"),
    [
        ({}, "", []),
        ({}, "no amount", []),
        ({}, "stale", [NO_VALUE["stale"]]),
        ({"days_to_close_date": -12.0}, "", ["its close date passed 12 days ago"]),
        ({"stage_slowness": 3.24}, "", ["in its stage 3.2 times as long as usual"]),
        ({"close_date_pushed": 4.0}, "", ["its close date was pushed back 4 times"]),
        ({"moved_back": 1.0}, "", ["it was moved back a stage"]),
        ({"amount_growth": 0.4}, "", ["its amount was cut to half or less"]),
        ({"meetings_30d": 0.0}, "", ["no activity in the last 30 days, none planned"]),
        ({"meetings_30d": 0.0, "planned_meetings": 1.0}, "", []),
        ({"meetings_30d": None, "replies_30d": None}, "", []),
        ({"contacts": 1.0}, "", ["only one contact is on it"]),
        ({"contacts": 0.0}, "", ["no contact is on it"]),
    ],
)
def test_each_risk(changed: dict[str, object], why: str, said: list[str]) -> None:
    assert of_deal({**FINE, **changed}, why) == said


def test_nothing_known_is_no_risk() -> None:
    assert of_deal({}, "") == []
