"""Runs: what one did, the newest ones, and one in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.config.clock import iso
from sales_consultant.sync.results.run_counts import RunCounts

GOING_ON = "going on, or killed"


@dataclass(frozen=True)
class Conflict:
    """A value that a rollback leaves because somebody changed it since: what we wrote, and what the record holds now."""

    object: str
    record: str
    field: str
    we_wrote: str | None
    holds: str | None


class _Run:
    """What a run that ended and a run of the journal have in common."""

    id: str
    short: str
    counts: Mapping[str, Any]

    @property
    def counted(self) -> RunCounts:
        """The counts as a screen takes them."""
        return RunCounts.of(self.counts)

    @property
    def name(self) -> str:
        """What people type for it: the first letters of the id that tell it from all other runs."""
        return self.short or self.id


@dataclass(frozen=True)
class RunDone(_Run):
    """A run that ended just now: its id, its job, and what it counted.

    `counts` are the journal's: records and calls by what was done with them, under the keys that the state keeps.
    """

    id: str
    job: str
    counts: Mapping[str, Any]
    conflicts: tuple[Conflict, ...] | None = None
    """What a rollback left because somebody changed it since; None for other runs."""
    short: str = ""
    """The first letters of the id that tell it from all other runs."""

    @property
    def code(self) -> int:
        """Exit code: 5 where the CRM refused records."""
        return 5 if self.counts.get("dead") else 0

    def to_json(self) -> dict[str, Any]:
        """The counts with the run's id."""
        more = {} if self.conflicts is None else {"conflicts": [dict(vars(c)) for c in self.conflicts]}
        return {"run": self.id, **self.counts, **more}


@dataclass(frozen=True)
class RunRow(_Run):
    """A run of the journal; times in milliseconds UTC, `outcome` None while it goes on or where it was killed."""

    id: str
    job: str
    started_at: int
    ended_at: int | None
    as_of: int | None
    outcome: str | None
    counts: Mapping[str, Any]
    error: str | None = None
    short: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.ended_at is None else (self.ended_at - self.started_at) / 1000

    def to_json(self) -> dict[str, Any]:
        """One row of `runs list`."""
        return {
            "id": self.id,
            "job": self.job,
            "started": iso(self.started_at),
            "ended": iso(self.ended_at),
            "as_of": iso(self.as_of),
            "outcome": self.outcome or GOING_ON,
            "counts": dict(self.counts),
            "error": self.error,
        }


@dataclass(frozen=True)
class RunList:
    """The newest runs, newest first."""

    runs: tuple[RunRow, ...]
    total: int | None = None
    """How many runs there are, listed or not; None where nobody counted them."""

    def to_json(self) -> dict[str, Any]:
        """Under "runs"."""
        return {"runs": [r.to_json() for r in self.runs]}


@dataclass(frozen=True)
class ChangeCount:
    """How many values of one field of one object are in one state of the journal."""

    state: str
    object: str
    field: str
    n: int


@dataclass(frozen=True)
class Refusal:
    """Records that the CRM refused for the same reason, with its words for one of them."""

    code: str | None
    message: str | None
    records: int
    for_example: str


@dataclass(frozen=True)
class RuleRun:
    """What became of a rule of the playbook in a run, in records.

    Of those where it held (`eligible`) it was `chosen` for some; `written` and `refused` are what the CRM took of these,
    `why` its reason for most of the refusals; `withdrawn` are steps that ended, of which `done` were answered so.
    """

    rule: str
    eligible: int = 0
    chosen: int = 0
    capped: int = 0
    blocked: int = 0
    silent: int = 0
    written: int = 0
    refused: int = 0
    why: str = ""
    withdrawn: int = 0
    done: int = 0


@dataclass(frozen=True)
class RunDetails:
    """One run with its changes, its refusals, and what became of each rule of the playbook."""

    run: RunRow
    changes: tuple[ChangeCount, ...] = ()
    refused: tuple[Refusal, ...] = field(default=())
    rules: tuple[RuleRun, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The run's row with "changes" and "refused"."""
        return {
            **self.run.to_json(),
            "changes": _rows(self.changes),
            "refused": _rows(self.refused),
            "rules": _rows(self.rules),
        }


def _rows(records: Sequence[Any]) -> list[dict[str, Any]]:
    return [dict(vars(r)) for r in records]
