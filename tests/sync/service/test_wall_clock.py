"""Each time that a cron names on a date has one run, whatever clocks do; what was missed is made up for once."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from hypothesis import given
from hypothesis import strategies as st
from support.schedule_sweep import DAY, Tally, Walk, around_changes, changes, expected, minute, product

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.settings import Settings
from sales_consultant.sync.service import service
from sales_consultant.sync.service.triggers import last_moment, missed, trigger

START, END = (minute(datetime(year, 1, 1, tzinfo=UTC)) for year in (2025, 2027))
# Changes that are unlike any of these two years: dates that were skipped, half hours, moves of a zone, negative summer time.
ODD = (
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(1994, 12, 31, 10, tzinfo=UTC)),
    ("Pacific/Kwajalein", datetime(1993, 8, 21, 12, tzinfo=UTC)),
    ("America/Caracas", datetime(2007, 12, 9, 7, tzinfo=UTC)),
    ("America/Caracas", datetime(2016, 5, 1, 7, tzinfo=UTC)),
    ("Asia/Pyongyang", datetime(2015, 8, 14, 15, tzinfo=UTC)),
    ("Asia/Pyongyang", datetime(2018, 5, 4, 15, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 3, 14, 3, 31, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2019, 3, 31, 1, tzinfo=UTC)),
    ("America/Juneau", datetime(1983, 10, 30, 10, tzinfo=UTC)),
)


def at(zone: str, cron: str, start: datetime, end: datetime) -> list[str]:
    """The moments of a cron, on the wall clock of its zone with the offset."""
    made, found, now = product(zone, cron), [], start
    while (now := made.get_next_fire_time(None, now)) < end:
        found.append(f"{now.astimezone(ZoneInfo(zone)):%m-%d %H:%M %z}")
        now += timedelta(microseconds=1)
    return found


@pytest.mark.slow
def test_every_change_of_two_years_in_every_zone() -> None:
    tally = around_changes(START, END)
    assert tally.wrong == []
    assert (tally.without, tally.twice) == (0, 0)
    assert tally.moments > 100_000 and tally.zones > 400


@pytest.mark.parametrize(("zone", "change"), ODD)
def test_odd_changes_of_earlier_years(zone: str, change: datetime) -> None:
    tally = Tally()
    tally.compare([zone], minute(change) - 2 * DAY, minute(change) + 2 * DAY)
    assert tally.wrong == [] and tally.moments > 500


def test_the_calculation_sees_what_the_scheduler_s_own_trigger_loses() -> None:
    tally = Tally(make=lambda zone, cron: CronTrigger.from_crontab(cron, timezone=ZoneInfo(zone)))
    change = minute(datetime(2026, 3, 29, 1, tzinfo=UTC))
    tally.compare(["Europe/Berlin"], change - 2 * DAY, change + 2 * DAY)
    assert tally.without > 0 and tally.twice > 0
    # The night after the change had no run at midnight.
    assert "Europe/Berlin 0 0 * * *: 2026-03-29T22:00Z" in tally.wrong


@pytest.mark.parametrize(
    ("zone", "cron", "day", "found"),
    [
        # Midnight is skipped.
        ("America/Havana", "0 0 * * *", (2026, 3, 8), ["03-08 01:00 -0400", "03-09 00:00 -0400"]),
        ("Asia/Beirut", "30 0 * * *", (2026, 3, 29), ["03-29 01:00 +0300", "03-30 00:30 +0300"]),
        ("Africa/Cairo", "0 0 * * fri", (2026, 4, 24), ["04-24 01:00 +0300"]),
        # Several times in one gap are one run.
        ("Europe/Berlin", "0,30 2 * * *", (2026, 3, 29), [
            "03-29 03:00 +0200", "03-30 02:00 +0200", "03-30 02:30 +0200"]),
        # Half an hour is skipped, or shown twice.
        ("Australia/Lord_Howe", "15 2 * * *", (2026, 10, 4), ["10-04 02:30 +1100", "10-05 02:15 +1100"]),
        ("Australia/Lord_Howe", "0 1-3 * * *", (2026, 10, 4), [
            "10-04 01:00 +1030", "10-04 02:30 +1100", "10-04 03:00 +1100",
            "10-05 01:00 +1100", "10-05 02:00 +1100", "10-05 03:00 +1100"]),
        ("Australia/Lord_Howe", "45 1 * * *", (2026, 4, 5), ["04-05 01:45 +1100", "04-06 01:45 +1030"]),
        # The clock goes back over midnight, and forward to it.
        ("America/Nuuk", "30 23 * * *", (2026, 3, 28), [
            "03-29 00:00 -0100", "03-29 23:30 -0100"]),
        ("Asia/Beirut", "30 23 * * *", (2026, 10, 24), ["10-24 23:30 +0300"]),
        # A date that the zone never had: nothing daily is missing, what names it has its run.
        ("Pacific/Apia", "0 5 * * *", (2011, 12, 29), ["12-29 05:00 -1000", "12-31 05:00 +1400"]),
        ("Pacific/Apia", "0 5 * * fri", (2011, 12, 29), ["12-31 00:00 +1400"]),
        ("Pacific/Apia", "0 5 30 * *", (2011, 12, 29), ["12-31 00:00 +1400"]),
        ("Pacific/Apia", "0 5 * * mon-fri", (2011, 12, 29), ["12-29 05:00 -1000", "12-31 00:00 +1400"]),
        ("Pacific/Apia", "0 */12 * * *", (2011, 12, 29), [
            "12-29 00:00 -1000", "12-29 12:00 -1000", "12-31 00:00 +1400", "12-31 12:00 +1400"]),
    ],
)  # fmt: skip
def test_what_is_skipped_or_repeated(
    zone: str, cron: str, day: tuple[int, int, int], found: list[str]
) -> None:
    start = datetime(*day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert at(zone, cron, start, start + timedelta(hours=47)) == found


@pytest.mark.parametrize("hours", ["*", "*/1", "0-23", "0-11,12-23"])
@pytest.mark.parametrize(
    ("zone", "minutes", "start", "length", "found"),
    [
        # The hour that is shown twice has its runs in the first pass, all of its minutes, and rests in the second.
        ("Europe/Berlin", "30", (2026, 10, 25, 1), 4, ["01:30 +0200", "02:30 +0200", "03:30 +0100"]),
        ("Europe/Berlin", "*/30", (2026, 10, 25, 2), 3, [
            "02:00 +0200", "02:30 +0200", "03:00 +0100", "03:30 +0100"]),
        ("America/Havana", "15", (2026, 11, 1, 0), 3, ["00:15 -0400", "01:15 -0500"]),
        # The hour that is skipped has its run at the first moment after it.
        ("Europe/Berlin", "30", (2026, 3, 29, 1), 3, [
            "01:30 +0100", "03:00 +0200", "03:30 +0200", "04:30 +0200"]),
        # Where it meets others of the gap, or the next hour's own, that is one run.
        ("Europe/Berlin", "0", (2026, 3, 29, 1), 2, ["01:00 +0100", "03:00 +0200"]),
        ("Europe/Berlin", "*/20", (2026, 3, 29, 1), 2, [
            "01:00 +0100", "01:20 +0100", "01:40 +0100", "03:00 +0200", "03:20 +0200", "03:40 +0200"]),
        ("America/Havana", "45", (2026, 3, 7, 23), 2, ["23:45 -0500", "01:00 -0400", "01:45 -0400"]),
        # Half an hour, skipped and shown twice.
        ("Australia/Lord_Howe", "0", (2026, 10, 4, 1), 2, ["01:00 +1030", "02:30 +1100", "03:00 +1100"]),
        ("Australia/Lord_Howe", "45", (2026, 10, 4, 1), 2, ["01:45 +1030", "02:45 +1100"]),
        ("Australia/Lord_Howe", "*/15", (2026, 4, 5, 1), 2, [
            "01:00 +1100", "01:15 +1100", "01:30 +1100", "01:45 +1100", "02:00 +1030", "02:15 +1030"]),
        # Over midnight: the last hour of the date before is shown again, and its gap ends on the date after.
        ("Asia/Beirut", "30", (2026, 10, 24, 22), 4, ["22:30 +0300", "23:30 +0300", "00:30 +0200"]),
        ("America/Nuuk", "30", (2026, 3, 28, 21), 3, [
            "21:30 -0200", "22:30 -0200", "00:00 -0100", "00:30 -0100"]),
        # The clock loses its time for good; a date that never was needs no runs of its own.
        ("America/Caracas", "0", (2016, 5, 1, 1), 3, [
            "01:00 -0430", "02:00 -0430", "03:00 -0400", "04:00 -0400"]),
        ("Pacific/Apia", "15", (2011, 12, 29, 22), 3, ["22:15 -1000", "23:15 -1000", "00:15 +1400"]),
    ],
)  # fmt: skip
def test_each_hour_of_a_date_has_one_run_in_every_form_of_all_hours(
    hours: str, zone: str, minutes: str, start: tuple[int, int, int, int], length: int, found: list[str]
) -> None:
    begin = datetime(*start, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    runs = at(zone, f"{minutes} {hours} * * *", begin, begin + timedelta(hours=length))
    assert [r.split(" ", 1)[1] for r in runs] == found


@pytest.mark.slow
@given(st.data())
def test_all_hours_are_the_24_hours_by_name(data: st.DataObject) -> None:
    """A job of all hours runs when 24 jobs do, one for each hour: no hour has more rights by being one of many."""
    zone = data.draw(st.sampled_from(ZONES))
    changed = [m for m, _ in changes(ZoneInfo(zone), START, END)][1:] or [START + 90 * DAY]
    begin = datetime.fromtimestamp((data.draw(st.sampled_from(changed)) - DAY) * 60, UTC)
    minute_of_hour = data.draw(st.integers(0, 59))
    together = at(zone, f"{minute_of_hour} * * * *", begin, begin + timedelta(days=2))
    alone = [at(zone, f"{minute_of_hour} {h} * * *", begin, begin + timedelta(days=2)) for h in range(24)]
    assert len(set(together)) == len(together)
    assert set(together) == {m for runs in alone for m in runs}


def test_a_date_that_never_comes_is_refused_and_a_rare_one_is_not() -> None:
    for cron in ("0 5 30 2 *", "0 5 31 4,6,9,11 *"):
        with pytest.raises(ConfigError, match="never comes"):
            trigger("n", Schedule(cron=cron, time_zone="Europe/Berlin"))
    leap = product("Europe/Berlin", "0 5 29 2 mon")
    assert leap.get_next_fire_time(None, datetime(2072, 3, 1, tzinfo=UTC)) == datetime(
        2112, 2, 29, 4, tzinfo=UTC
    )
    for name in ("Europe", "../etc", "Europe/berlin", "x" * 300):
        with pytest.raises(ConfigError, match="is not known"):
            trigger("n", Schedule(cron="0 5 * * *", time_zone=name))


def test_lists_of_the_next_moments_hold_the_first_one_after_a_gap() -> None:
    settings = Settings(
        connections={"main": {"crm": "hubspot"}},  # type: ignore[dict-item]  # as a file gives it
        schedule={"nightly": {"cron": "0 0 * * *", "time_zone": "America/Havana"}},  # type: ignore[dict-item]
    )
    now = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert [f"{u.at}" for u in service.upcoming(settings, now=now, count=2)] == [
        "2026-03-08 01:00:00-04:00",
        "2026-03-09 00:00:00-04:00",
    ]
    assert f"{service.jobs(settings, now=now)[0].next_at}" == "2026-03-08 01:00:00-04:00"


ZONES = (
    "Europe/Berlin",
    "America/Havana",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "Asia/Tokyo",
)
WALKS: dict[tuple[str, int], tuple[Walk, dict[str, Any]]] = {}


def calculated(zone: str, change: int) -> dict[str, Any]:
    """What the calculation expects of all crons in the days around a change, made once."""
    if (zone, change) not in WALKS:
        walk = Walk(zone, change - 40 * DAY, change + 6 * DAY)
        WALKS[zone, change] = (walk, dict(expected(walk)))
    return WALKS[zone, change][1]


@pytest.mark.slow
@given(st.data())
def test_after_being_away_each_moment_has_run_or_is_made_up_for_once(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    changed = [m for m, _ in changes(ZoneInfo(zone), START, END)][1:] or [START + 90 * DAY]
    change = data.draw(st.sampled_from(changed))
    crons = calculated(zone, change)
    cron = data.draw(st.sampled_from(sorted(crons)))
    away = change + data.draw(st.integers(-3 * DAY, 2 * DAY))
    back = away + data.draw(st.integers(0, 3 * DAY))
    end = change + 5 * DAY
    due = [m for m in crons[cron].tolist() if m < end]
    made = product(zone, cron)

    def moment(of: int) -> datetime:
        return datetime.fromtimestamp(of * 60, UTC)

    # A service that was here ran what was due until it went, at the newest the moment of that very minute.
    before = [m for m in due if m <= away and m > away - 31 * DAY]
    last = before[-1] * 60_000 if before else None
    meanwhile = [m for m in due if away < m <= back]
    made_up = missed(made, last=last, now=moment(back))
    assert made_up == (meanwhile[-1] * 60_000 if meanwhile and last is not None else None)
    # Made up for, it is not missed again.
    if made_up is not None:
        assert missed(made, last=made_up, now=moment(back)) is None
    # From then on it runs what comes, none of it twice.
    ran, at = [], made.get_next_fire_time(None, moment(back) + timedelta(microseconds=1))
    while at is not None and at < moment(end):
        ran.append(minute(at))
        at = made.get_next_fire_time(at, at)
    assert ran == [m for m in due if m > back]


@given(
    minutes=st.integers(1, 10_000), second=st.integers(1_735_689_600, 1_798_761_600), gone=st.integers(0, 10**6)
)  # fmt: skip
def test_intervals_are_made_up_for_by_the_newest(minutes: int, second: int, gone: int) -> None:
    made = trigger("n", Schedule(every_minutes=minutes))
    away = datetime.fromtimestamp(second, UTC)
    back = away + timedelta(seconds=gone)
    before, newest = last_moment(made, away), last_moment(made, back)
    assert before is not None and newest is not None
    assert timedelta(0) <= back - newest < timedelta(minutes=minutes)
    last = int(before.timestamp() * 1000)
    assert missed(made, last=last, now=back) == (int(newest.timestamp() * 1000) if newest > before else None)


class Beat(service.Service):
    """The service with moments a second apart, anchored as the real ones are."""

    def trigger(self, name: str) -> Any:
        return IntervalTrigger(seconds=1, start_date=datetime(2024, 1, 1, tzinfo=UTC), timezone=UTC)


SCHEDULE = {"n": {"every_minutes": 1}}
HUBSPOT = {"main": {"crm": "hubspot"}}


def test_moments_that_pass_while_the_job_runs_are_made_up_for_once() -> None:
    ran: list[int] = []
    enough = threading.Event()

    def run(schedule: Schedule, at: int, stop: Any) -> dict[str, Any]:
        ran.append(at)
        if len(ran) == 1:
            threading.Event().wait(2.3)
        if len(ran) == 3:
            enough.set()
        return {}

    def last(name: str) -> int | None:
        return ran[-1] if ran else None

    settings = Settings(connections=HUBSPOT, schedule=SCHEDULE)  # type: ignore[arg-type]  # as a file gives them
    made = Beat(settings, run, lambda e: None, last=last)
    thread = threading.Thread(target=lambda: made.serve(install_signals=False))
    thread.start()
    try:
        assert enough.wait(20)
    finally:
        made.stopping.set()
        thread.join(20)
    # Two passed during the first run: the newer is made up for at once, then the next comes as always.
    assert [at - ran[0] for at in ran[:3]] == [0, 2000, 3000]


def test_a_moment_that_waited_runs_for_what_passed_meanwhile_too() -> None:
    """After a window in which nothing is written there is one run, not one for each moment of the window."""
    now = [datetime(2026, 5, 5, 8, 0, tzinfo=UTC)]
    ran: list[int] = []
    schedule = {"n": {"every_minutes": 60, "not_between": "08:00-10:00"}}
    settings = Settings(connections=HUBSPOT, schedule=schedule)  # type: ignore[arg-type]  # as a file gives them

    def run(schedule: Schedule, at: int, stop: Any) -> dict[str, Any]:
        ran.append(at)
        return {}

    def emit(event: dict[str, Any]) -> None:
        if event["event"] == "postponed":
            now[0] = datetime(2026, 5, 5, 10, 0, 30, tzinfo=UTC)

    seven, eight, ten = (int(datetime(2026, 5, 5, h, tzinfo=UTC).timestamp() * 1000) for h in (7, 8, 10))
    made = service.Service(
        settings, run, emit, last=lambda n: ran[-1] if ran else seven, clock=lambda: now[0], pause=0.01
    )
    made._fire("n", eight)
    assert ran == [ten]


def test_a_moment_between_the_look_back_and_the_start_is_not_lost() -> None:
    """The service reads its clock once: what passed until then is missed, what comes after it is scheduled."""
    ran: list[int] = []
    enough = threading.Event()
    asked = 0

    def clock() -> datetime:
        nonlocal asked
        asked += 1
        now = datetime.now(UTC)
        # As if a moment passed while the service was starting: its look back was half a minute ago.
        return now - timedelta(seconds=30) if asked == 1 else now

    def run(schedule: Schedule, at: int, stop: Any) -> dict[str, Any]:
        ran.append(at)
        enough.set()
        return {}

    class Once(service.Service):
        def trigger(self, name: str) -> Any:
            return IntervalTrigger(hours=9, start_date=passed, timezone=UTC)

    passed = datetime.now(UTC) - timedelta(seconds=10)
    settings = Settings(connections=HUBSPOT, schedule=SCHEDULE)  # type: ignore[arg-type]  # as a file gives them
    made = Once(settings, run, lambda e: None, clock=clock)
    thread = threading.Thread(target=lambda: made.serve(install_signals=False))
    thread.start()
    try:
        assert enough.wait(20)
    finally:
        made.stopping.set()
        thread.join(20)
    assert ran == [int(passed.timestamp() * 1000)]
