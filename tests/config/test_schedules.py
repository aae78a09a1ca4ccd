"""A schedule's settings that can mean nothing are refused where they are read, with the setting, the value and what to write."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.schedules import Schedule
from sales_consultant.config.settings import Settings, load

ONE = '[connections.main]\ncrm = "hubspot"\n'
TWO = ONE + '[connections.other]\ncrm = "salesforce"\n'


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "sales-consultant.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as e:
        read(tmp_path, text)
    assert e.value.code == 2
    return e.value.message


@pytest.mark.parametrize(
    "window",
    [
        "99:99-99:99",
        "08:00-10:60",
        "25:00-26:00",
        "24:00-06:00",
        "8:00-10:00",
        "08:00 - 10:00",
        "08:00-10:00\n",
        "08:00",
        "08-10",
        # Digits of another script: they compare as no time does.
        "٠٨:٠٠-١٠:٠٠",
    ],
)
def test_a_window_of_times_that_no_clock_shows(tmp_path: Path, window: str) -> None:
    toml = window.replace("\n", "\\n")
    said = refused(tmp_path, f'{ONE}[schedule.n]\nevery_minutes = 5\nnot_between = "{toml}"')
    for part in ('"schedule.n.not_between"', f'"{window}"', '"08:00-10:00"'):
        assert part in said


@pytest.mark.parametrize(
    ("window", "words"),
    [("08:00-08:00", "ends when it starts"), ("00:00-24:00", "leaves no time to run")],
)
def test_a_window_of_no_time_and_one_of_all(tmp_path: Path, window: str, words: str) -> None:
    said = refused(tmp_path, f'{ONE}[schedule.n]\nevery_minutes = 5\nnot_between = "{window}"')
    assert f'"schedule.n.not_between": "{window}" {words}' in said


@given(start=st.integers(0, 1439), end=st.integers(0, 1440))
def test_every_other_stretch_of_a_day_is_a_window(start: int, end: int) -> None:
    if start == end or (start, end) == (0, 1440):
        return
    window = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    assert Schedule(every_minutes=5, not_between=window).not_between == window


@pytest.mark.parametrize("zone", ["", " ", "Europe/Berlin ", "Europe/ Berlin", "UTC\t"])
def test_a_time_zone_with_blanks(tmp_path: Path, zone: str) -> None:
    said = refused(tmp_path, f'{ONE}[schedule.n]\nevery_minutes = 5\ntime_zone = "{zone}"')
    assert f'"schedule.n.time_zone": "{zone}" is no name of a time zone' in said and '"Europe/Berlin"' in said


def test_a_chance_delay_longer_than_the_interval(tmp_path: Path) -> None:
    said = refused(tmp_path, f"{ONE}[schedule.n]\nevery_minutes = 5\njitter_seconds = 301")
    for part in ('"schedule.n"', "jitter_seconds = 301", "every_minutes = 5", "at most 300"):
        assert part in said
    read(tmp_path, f"{ONE}[schedule.n]\nevery_minutes = 5\njitter_seconds = 300")


def test_an_interval_that_reaches_beyond_all_calendars(tmp_path: Path) -> None:
    said = refused(tmp_path, f"{ONE}[schedule.n]\nevery_minutes = 1000000000000")
    assert '"schedule.n.every_minutes"' in said and "525600" in said


@pytest.mark.parametrize("name", [" ", "mian", "main "])
def test_a_connection_that_is_not_there(tmp_path: Path, name: str) -> None:
    said = refused(tmp_path, f'{ONE}[schedule.n]\nevery_minutes = 5\nconnection = "{name}"')
    assert f'schedule.n.connection = "{name}": there is no such connection. ' in said
    assert "main" in said.split("connection. ")[1]


def test_an_empty_connection_is_the_only_one_and_of_two_it_must_be_named(tmp_path: Path) -> None:
    schedule = "[schedule.n]\nevery_minutes = 5\n"
    assert read(tmp_path, ONE + schedule).schedule["n"].connection == ""
    said = refused(tmp_path, TWO + schedule)
    assert 'schedule.n.connection = "": write which connection this is for, one of main, other' in said
    assert read(tmp_path, f'{TWO}{schedule}connection = "other"').schedule["n"].connection == "other"
    # Without a connection there is nothing to choose from yet: the command says that.
    read(tmp_path, schedule)


@pytest.mark.parametrize("name", ["", " ", " nightly", "a\\nb"])
def test_a_schedule_that_cannot_be_named(tmp_path: Path, name: str) -> None:
    said = refused(tmp_path, f'{ONE}[schedule."{name}"]\nevery_minutes = 5')
    assert "schedule name" in said and '"nightly"' in said
