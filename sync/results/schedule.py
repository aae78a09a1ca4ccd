"""What is scheduled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Job:
    """A schedule with its next moment."""

    name: str
    connection: str
    job: str
    when: str
    next_at: datetime | None
    window: str


@dataclass(frozen=True)
class JobList:
    """All schedules."""

    jobs: tuple[Job, ...]

    def to_json(self) -> dict[str, Any]:
        """Under "jobs"."""
        return {"jobs": [dict(vars(j)) for j in self.jobs]}


@dataclass(frozen=True)
class Upcoming:
    """A moment at which a job runs, on its schedule's clock."""

    at: datetime
    schedule: str
    job: str

    def to_json(self) -> dict[str, Any]:
        """One row of "next"."""
        return {"at": f"{self.at}", "schedule": self.schedule, "job": self.job}


@dataclass(frozen=True)
class UpcomingList:
    """The next moments, soonest first."""

    moments: tuple[Upcoming, ...]

    def to_json(self) -> dict[str, Any]:
        """Under "next"."""
        return {"next": [m.to_json() for m in self.moments]}
