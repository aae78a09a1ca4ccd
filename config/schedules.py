"""Schedules: which job runs when, and what of that can mean nothing and is refused while "
"the settings are read."""

import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sales_consultant.config.language.nearest import did_you_mean

# ASCII digits by name: \d takes those of all scripts, which compare as no time does.
_WINDOW = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
_EXAMPLE = 'write two local times from 00:00 to 24:00, as "08:00-10:00"'
YEAR_MINUTES = 365 * 1440


class Schedule(BaseModel):
    """When jobs run, under `serve`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job: Literal["sync", "changed", "train", "reconcile", "backup", "report"] = Field(
        default="sync",
        description="What runs: sync, the whole run; changed, a run that reads only changes; train, a "
        "training; "
        "reconcile, a comparison of all ids with the CRM; backup, a copy of the state; report, a report that is sent.",
    )
    cron: str = Field(
        default="",
        description='Cron expression with names of weekdays, such as "0 5 * * mon-fri". Each time of a date '
        "has one "
        "run, also when clocks change.",
    )
    every_minutes: int | None = Field(
        default=None,
        ge=1,
        le=YEAR_MINUTES,
        examples=[60],
        description="Instead of cron: a fixed interval, at most a year.",
    )
    time_zone: str = Field(
        default="UTC", description="Time zone of the cron expression and of not_between, as Europe/Berlin."
    )
    connection: str = Field(
        default="",
        description="Which connection. Empty: the only one; where there are several, one must be named.",
    )
    # An hour at most, a judgement: it spreads the jobs of many orgs, and more would be another time of day.
    jitter_seconds: int = Field(
        default=0,
        ge=0,
        le=3600,
        description="Start up to this many seconds later, at random, so that not all jobs start at the full "
        "hour. "
        "At most the time between two runs.",
    )
    not_between: str = Field(
        default="",
        description='Local time in which this job neither starts nor writes, such as "08:00-10:00", also '
        "across "
        "midnight. It applies to sync and changed; the other jobs write nothing to the CRM.",
    )

    report: str = Field(
        default="",
        examples=["monday"],
        description="Of job report: which of [reports.deliveries] is sent.",
    )

    @property
    def runs_as(self) -> str:
        """The job's name in the journal: two reports may be due at one moment."""
        return f"report {self.report}" if self.job == "report" else self.job

    @field_validator("not_between")
    @classmethod
    def _a_window(cls, value: str) -> str:
        if not value:
            return value
        found = _WINDOW.fullmatch(value)
        if found is None:
            raise ValueError(f'"{value}" is no stretch of a day: {_EXAMPLE}')
        if found[1] == found[2]:
            raise ValueError(f'"{value}" ends when it starts: {_EXAMPLE}, or leave the setting out')
        if value == "00:00-24:00":
            raise ValueError(f'"{value}" leaves no time to run: {_EXAMPLE}, or remove the schedule')
        return value

    @field_validator("time_zone")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if not value or any(c.isspace() for c in value):
            raise ValueError(
                f'"{value}" is no name of a time zone: write one without blanks, as "Europe/Berlin", or leave the '
                "setting out for UTC"
            )
        return value

    @model_validator(mode="after")
    def _jitter_fits(self) -> Self:
        if self.every_minutes and self.jitter_seconds > 60 * self.every_minutes:
            raise ValueError(
                f"jitter_seconds = {self.jitter_seconds} is longer than every_minutes = {self.every_minutes}, so runs "
                f"would be left out: write at most {60 * self.every_minutes}"
            )
        return self


def check_schedules(
    schedules: Mapping[str, Schedule], connections: Mapping[str, object], deliveries: Mapping[str, object]
) -> None:
    """ValueError for a schedule without a name that can be shown, or whose connection or report is not there or not clear."""
    for name, schedule in schedules.items():
        if schedule.job == "report" and schedule.report not in deliveries:
            raise ValueError(
                f'schedule.{name}.report = "{schedule.report}": there is no [reports.deliveries.{schedule.report or "NAME"}]. '
                f"{did_you_mean(schedule.report, deliveries)}"
            )
        if not name or not name.isprintable() or name != name.strip():
            raise ValueError(
                f'schedule name "{name}" is empty or has blanks around it: write one as "nightly"'
            )
        if not connections:
            continue
        said = f'schedule.{name}.connection = "{schedule.connection}"'
        if schedule.connection and schedule.connection not in connections:
            raise ValueError(
                f"{said}: there is no such connection. {did_you_mean(schedule.connection, connections)}"
            )
        if not schedule.connection and len(connections) > 1:
            raise ValueError(f"{said}: write which connection this is for, one of {', '.join(connections)}")
