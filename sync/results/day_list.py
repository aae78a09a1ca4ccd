"""A rep's day: the steps that the CRM shows, and the records that have none with the reason."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """A step as the CRM shows it; `due` is an ISO date, empty where there is none."""

    object: str
    record_id: str
    name: str
    company: str
    owner: str
    step: str
    reason: str
    due: str
    priority: str
    channel: str
    step_id: str
    score: str = ""
    grade: str = ""


@dataclass(frozen=True)
class Without:
    """A record that has no step, and why."""

    object: str
    record_id: str
    name: str
    owner: str
    grade: str
    why: str


@dataclass(frozen=True)
class DayList:
    """Steps, the most important first; `without` is asked for, or None. `files` are what was written."""

    owner: str
    steps: tuple[Step, ...]
    without: tuple[Without, ...] | None = None
    files: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        more = {} if self.without is None else {"without": [asdict(w) for w in self.without]}
        return {
            "owner": self.owner,
            "steps": [asdict(s) for s in self.steps],
            **more,
            "files": list(self.files),
        }
