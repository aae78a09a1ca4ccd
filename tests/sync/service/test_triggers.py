"""Each scheduled moment once: across daylight saving, restarts, and windows in which nothing is written."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.schedules import Schedule
from sales_consultant.sync.service.triggers import closed, missed, trigger, zone

BERLIN = ZoneInfo("Europe/Berlin")


def made(**more: Any) -> Schedule:
    return Schedule(**{"time_zone": "Europe/Berlin", **more})


def moments(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    one, found, at = trigger("n", schedule), [], start
    while (following := one.get_next_fire_time(None, at)) is not None and following < end:
        found.append(following.astimezone(UTC))
        at = following.astimezone(UTC) + timedelta(seconds=1)
    return found


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_a_night_in_which_the_clocks_change_has_one_run(day: datetime) -> None:
    nights = moments(made(cron="30 2 * * *"), day - timedelta(hours=6), day + timedelta(hours=18))
    assert len(nights) == 1
    # What runs every hour has one run for each of the 24 hours of such a day too, be it of 23 or 25; none is lost.
    begin = day.astimezone(BERLIN).replace(hour=0, minute=0)
    end = (begin + timedelta(days=1)).astimezone(UTC)
    assert len(moments(made(cron="30 * * * *"), begin.astimezone(UTC), end)) == 24
    # Equal distances are the business of an interval.
    every = moments(made(every_minutes=60), begin.astimezone(UTC), end)
    assert len(every) == (end - begin.astimezone(UTC)) / timedelta(hours=1)


@given(second=st.integers(1_735_689_600, 1_798_761_600), minutes=st.sampled_from([5, 15, 60]))
def test_an_interval_s_moments_do_not_hang_on_when_the_service_started(second: int, minutes: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    found = moments(made(every_minutes=minutes), at, at + timedelta(hours=3))
    assert all(m.timestamp() % (60 * minutes) == 0 for m in found)
    assert len(found) in (180 // minutes, 180 // minutes + 1)


def test_what_was_missed_is_made_up_for_once() -> None:
    one = trigger("n", made(every_minutes=15))
    now = datetime(2026, 5, 5, 12, 7, tzinfo=UTC)
    at = int(datetime(2026, 5, 5, 12, 0, tzinfo=UTC).timestamp() * 1000)
    assert missed(one, last=at - 3_600_000, now=now) == at
    assert missed(one, last=at, now=now) is None
    # One that has never run has missed nothing.
    assert missed(one, last=None, now=now) is None
    # A week's moment is made up for on the days after it, once.
    weekly = trigger("n", made(cron="0 2 * * sun"))
    sunday = int(datetime(2026, 5, 3, 2, 0, tzinfo=zone("n", made(cron="0 2 * * sun"))).timestamp() * 1000)
    assert missed(weekly, last=0, now=now) == sunday
    assert missed(weekly, last=sunday, now=now) is None


def test_a_window_may_reach_over_midnight() -> None:
    day, night = (
        made(every_minutes=15, not_between="08:00-10:00"),
        made(cron="0 1 * * *", not_between="22:00-06:00"),
    )
    at = datetime(2026, 7, 1, 6, 30, tzinfo=UTC)  # half past eight in Berlin
    assert closed("n", day, at) and not closed("n", night, at)
    assert not closed("n", day, at + timedelta(hours=2))
    assert closed("n", night, at - timedelta(hours=4)) and closed("n", night, at + timedelta(hours=14))
    assert not closed("n", made(every_minutes=5), at)


@pytest.mark.parametrize(
    ("cron", "jitter", "most"),
    [
        ("* * * * *", 61, 60),
        ("*/15 * * * *", 901, 900),
        ("0,10 5,17 * * *", 3600, 600),
        ("50 5 * * *", 3600, None),
    ],
)
def test_a_chance_delay_longer_than_a_cron_leaves_between_two_runs(
    cron: str, jitter: int, most: int | None
) -> None:
    """Runs would be left out; up to the distance itself none is."""
    schedule = made(cron=cron, jitter_seconds=jitter)
    if most is None:
        trigger("n", schedule)
        return
    with pytest.raises(ConfigError, match=f"jitter_seconds = {jitter} is longer") as e:
        trigger("n", schedule)
    assert e.value.action == f"Write at most {most}."
    trigger("n", made(cron=cron, jitter_seconds=most))


@pytest.mark.parametrize(
    ("cron", "window", "runs"),
    [
        ("0 9 * * *", "08:00-10:00", False),
        ("*/15 8,9 * * *", "08:00-10:00", False),
        ("30 23,0,5 * * *", "22:00-06:00", False),
        ("0 0-23 * * *", "00:30-00:15", False),
        ("15 0-23 * * *", "00:30-00:15", True),
        ("*/15 8-10 * * *", "08:00-10:00", True),
        ("0 10 * * *", "08:00-10:00", True),
        ("0 23 * * *", "22:00-24:00", False),
    ],
)
def test_a_job_that_is_left_out_at_all_of_its_times(cron: str, window: str, runs: bool) -> None:
    if runs:
        trigger("n", made(job="changed", cron=cron, not_between=window))
    else:
        with pytest.raises(ConfigError, match="never run"):
            trigger("n", made(job="changed", cron=cron, not_between=window))
        # A chance delay may lead out of the window.
        trigger("n", made(job="changed", cron=cron, not_between=window, jitter_seconds=600))
    # The others wait for the end of the window, or are none of its business.
    for job in ("sync", "train"):
        trigger("n", made(job=job, cron=cron, not_between=window))
