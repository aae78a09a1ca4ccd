"""How a connection stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sales_consultant.config.clock import iso
from sales_consultant.sync.results.run_counts import ComparedTable


@dataclass(frozen=True)
class ModelInForce:
    """A model that scores now; `as_of` in milliseconds UTC is the moment its training looked from."""

    name: str
    digest: str
    verdict: str
    as_of: int | None

    def to_json(self) -> dict[str, Any]:
        """One row of "models"."""
        return {
            "name": self.name,
            "digest": self.digest,
            "verdict": self.verdict,
            "as_of": iso(self.as_of),
            "in_force": True,
        }


@dataclass(frozen=True)
class FieldOnHold:
    """A field that a rollback put on hold, since when, and by which run."""

    field: str
    since: int
    run_id: str


@dataclass(frozen=True)
class NotRestored:
    """Fields of a record that a rollback could not restore."""

    object: str
    record_id: str
    fields: tuple[str, ...]
    run_id: str


@dataclass(frozen=True)
class Calls:
    """Our calls of the last 24 hours; the org's limit and our share of it, None where it was never stated."""

    last_24_hours: int
    org_limit: int | None
    allowed: int | None


@dataclass(frozen=True)
class Reading:
    """When something was read last (milliseconds UTC), and of what: names, or tables that were compared as rows."""

    at: int | None
    of: Any

    @property
    def names(self) -> tuple[str, ...]:
        """What was read, where it is told by names."""
        listed = self.of if isinstance(self.of, list) else [self.of]
        return tuple(str(n) for n in listed if not isinstance(n, Mapping))

    @property
    def tables(self) -> tuple[ComparedTable, ...]:
        """The tables that were compared."""
        rows = self.of if isinstance(self.of, list) else []
        return tuple(
            ComparedTable(str(r["stream"]), str(r["result"])) for r in rows if isinstance(r, Mapping)
        )


@dataclass(frozen=True)
class Running:
    """A run that goes on; `since` in milliseconds UTC, `short` the first letters of its id that people type."""

    run_id: str
    job: str
    since: int
    short: str = ""


@dataclass(frozen=True)
class NextJob:
    """The next job of the schedule; `at` in milliseconds UTC."""

    name: str
    job: str
    at: int


@dataclass(frozen=True)
class Status:
    """How the connection stands; times in milliseconds UTC."""

    connection: str
    org: str | None
    now: int
    last_success: int | None
    models: tuple[ModelInForce, ...]
    on_hold: tuple[FieldOnHold, ...]
    dead_letters: int
    not_restored: tuple[NotRestored, ...]
    try_again: str
    """The command that tries again to restore."""
    waiting_for_a_lock: int
    calls: Calls
    computed_fields_read: Reading | None
    compared: Reading | None
    in_flight: int
    groups: Mapping[str, int] = field(default_factory=dict)
    feedback: Mapping[str, int] = field(default_factory=dict)
    running: Running | None = None
    next_job: NextJob | None = None
    schedule_error: str = ""
    """Why the schedule cannot be read; empty where it can."""

    @property
    def age_seconds(self) -> int | None:
        """How long ago the last success was."""
        return None if self.last_success is None else (self.now - self.last_success) // 1000

    def to_json(self) -> dict[str, Any]:
        """As `status --json` tells it."""
        return {
            "connection": self.connection,
            "org": self.org,
            "last_success": iso(self.last_success),
            "last_success_age_seconds": self.age_seconds,
            "models": [m.to_json() for m in self.models],
            "on_hold": [{"field": h.field, "since": iso(h.since), "run": h.run_id} for h in self.on_hold],
            "dead_letters": self.dead_letters,
            **self._unrestored(),
            "waiting_for_a_lock": self.waiting_for_a_lock,
            "calls": dict(vars(self.calls)),
            "computed_fields_read": _reading(self.computed_fields_read),
            "compared": _reading(self.compared),
            "in_flight": self.in_flight,
            "groups": dict(self.groups),
            "feedback": dict(self.feedback),
            "running": self.running
            and {"run": self.running.run_id, "job": self.running.job, "since": iso(self.running.since)},
            "next_job": self.next_job
            and {"schedule": self.next_job.name, "job": self.next_job.job, "at": iso(self.next_job.at)},
            **({"schedule_error": self.schedule_error} if self.schedule_error else {}),
        }

    def _unrestored(self) -> dict[str, Any]:
        if not self.not_restored:
            return {}
        rows = [
            {
                "object": r.object,
                "record": r.record_id,
                "fields": ", ".join(r.fields),
                "rollback": r.run_id,
            }
            for r in self.not_restored
        ]
        return {"not_restored": rows, "not_restored_is_tried_again_by": self.try_again}


def _reading(reading: Reading | None) -> dict[str, Any] | None:
    return None if reading is None else {"at": iso(reading.at), "of": reading.of}
