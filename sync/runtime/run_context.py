"""A run under the lease, recorded in the state whatever its end."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sales_consultant.config.errors import (
    BusyError,
    DeclinedError,
    OtherOrgError,
    SalesConsultantError,
    StoppedError,
)
from sales_consultant.sync.results import RunDone
from sales_consultant.sync.runtime.lease import Lease, hold
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.stores import State, run_names, runs


@dataclass(frozen=True)
class RunContext:
    """What is fixed of a run once its as-of is known (ms UTC): the same for all that it computes."""

    id: str
    job: str
    as_of: int
    lease: Lease

    def __post_init__(self) -> None:
        if self.as_of <= 0:
            raise ValueError("a run has no as-of before the CRM's clock was read")


@dataclass
class Run:
    """A run while it goes on, and what it did. `as_of` is None until it is given or the CRM's clock is read."""

    id: str
    job: str
    as_of: int | None = None
    lease: Lease = field(default_factory=lambda: Lease(0))
    counts: dict[str, Any] = field(default_factory=dict)
    short: str = ""
    """The first letters of the id that tell it from all other runs."""

    @property
    def context(self) -> RunContext:
        """The run as what it computes sees it. Raises ValueError before its as-of is known."""
        return RunContext(self.id, self.job, self.as_of or 0, self.lease)

    @property
    def code(self) -> int:
        """Exit code of a run that ended: 5 where records are dead letters."""
        return 5 if self.counts.get("dead") else 0

    def ended(self) -> RunDone:
        """What it did, for whoever asked for it."""
        return RunDone(self.id, self.job, self.counts, short=self.short)


def new_id(now: int) -> str:
    """A run's name: when it started, and four letters against collisions."""
    return f"{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


STOPPED = "stopped"


@contextlib.contextmanager
def running(
    ws: Workspace, job: str, *, scheduled_at: int | None = None, reads_crm: bool = True
) -> Iterator[Run]:
    """A run under the lease, recorded whatever its end. Raises OtherOrgError before anything is read.

    A CRM that does not let us in is a run that failed, or nobody who watches would learn of it; the scheduled moment is not
    used up by that, nor by a run that was stopped or killed. A run that does not read the CRM (`reads_crm`) works on what was
    pulled, and does not ask who answers.
    """
    calls = ws.connector.calls.total
    now = ws.clock()
    run = Run(new_id(now), job)
    try:
        if reads_crm:
            _ = ws.identity
    except OtherOrgError:
        # Another org's state is not touched, not even to say so.
        raise
    except SalesConsultantError as e:
        row = {"id": run.id, "job": job, "started_at": now, "ended_at": ws.clock()}
        row["counts"] = json.dumps({"action": e.action})
        with ws.state.begin() as c:
            c.execute(sa.insert(runs).values(**row, outcome=f"failed: {e.kind}", error=e.message))
        raise
    with hold(ws.state, ws.lock, job=job, now=now) as lease:
        run.lease = lease
        _close_killed_runs(ws.state, now)
        run.short = run_names.short(ws.state, run.id)
        try:
            with ws.state.begin() as c:
                c.execute(
                    sa.insert(runs).values(id=run.id, job=job, scheduled_at=scheduled_at, started_at=now)
                )
        except sa.exc.IntegrityError as e:
            raise BusyError(
                f"The {job} scheduled for this moment has already run.",
                action="Nothing to do: a moment runs once.",
                details={"ran": True},
            ) from e
        try:
            yield run
        except BaseException as e:
            kind = e.kind if isinstance(e, SalesConsultantError) else type(e).__name__
            outcome = f"failed: {kind}"
            if isinstance(e, KeyboardInterrupt | StoppedError):
                outcome = "interrupted"
            elif isinstance(e, DeclinedError):
                outcome = "declined"
            message = e.message if isinstance(e, SalesConsultantError) else type(e).__name__
            if isinstance(e, SalesConsultantError) and e.action:
                run.counts["action"] = e.action
            run.counts["api_calls"] = ws.connector.calls.total - calls
            with contextlib.suppress(Exception):
                _end(ws.state, run, outcome, message, ws.clock())
            raise
        run.counts["api_calls"] = ws.connector.calls.total - calls
        if left := run.counts.get("not_sent"):
            _end(ws.state, run, STOPPED, f"stopped before {left:,} records were sent", ws.clock())
        else:
            _end(ws.state, run, "done, with dead letters" if run.code else "done", None, ws.clock())


def _close_killed_runs(state: State, now: int) -> None:
    """Close the runs that were killed: who holds the lease knows that no other goes on. Their moments come again."""
    with state.begin() as c:
        c.execute(
            sa.update(runs)
            .where(runs.c.ended_at.is_(None))
            .values(ended_at=now, outcome="failed: killed", error="the process was killed", scheduled_at=None)
        )


def _end(state: State, run: Run, outcome: str, error: str | None, now: int) -> None:
    with state.begin() as c:
        c.execute(
            sa.update(runs)
            .where(runs.c.id == run.id)
            .values(
                ended_at=now,
                outcome=outcome,
                error=error,
                as_of=run.as_of,
                counts=json.dumps(run.counts, default=str),
                # What was stopped has not been done: its moment comes again.
                **({"scheduled_at": None} if outcome in (STOPPED, "interrupted") else {}),
            )
        )
