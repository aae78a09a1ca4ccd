"""A run as a list of stages, which two readers go through: one writes, the other only looks.

The plan that an admin looks at cannot drift from the run that writes, for both come of the same list.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sales_consultant.config.errors import DeclinedError, SalesConsultantError
from sales_consultant.config.records import RecordRef
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import (
    Ask,
    CurrentValues,
    Desired,
    Narrowed,
    Plan,
    guard,
    override,
    returning,
)
from sales_consultant.sync.push import FRESH_MS, field_notes, restored, without_changed
from sales_consultant.sync.runtime import Reporter, Run, Workspace, open_pulled
from sales_consultant.sync.setup import fields_there, refuse_without_master
from sales_consultant.sync.stores import retention
from sales_consultant.sync.tasks import never_made
from sales_consultant.sync.use_cases.planning import planning
from sales_consultant.sync.use_cases.pulling import pulling
from sales_consultant.sync.use_cases.pushing import pushing, recovering
from sales_consultant.sync.use_cases.scoring import scoring, training


@dataclass(frozen=True)
class SyncOptions:
    """What is asked of a run.

    `as_of` (ms): score as of then, not as of the CRM's now. `fresh`: pull first. `changed`: read deltas only (the scoring is
    whole all the same). `compare`: prove the pull. `retrain`: train everything. `yes`: go on where a guard would stop.
    `guards`: those of the command line, by their names in the settings. `narrowed`: what becomes of our values outside the
    pilot.
    """

    as_of: int | None = None
    fresh: bool = True
    changed: bool = False
    compare: bool = False
    retrain: bool = False
    yes: bool = False
    guards: dict[str, Any] = field(default_factory=dict)
    narrowed: Narrowed | None = None


@dataclass(frozen=True)
class Questions:
    """Whom a run may ask: whether to write a plan, what becomes of values outside a pilot, and whether to stop."""

    confirm: Callable[[Plan], bool] | None = None
    narrow: Ask | None = None
    stop: Callable[[], bool] = lambda: False


@dataclass
class Work:
    """What the stages hand on to each other."""

    ws: Workspace
    run: Run
    reporter: Reporter
    options: SyncOptions
    questions: Questions = field(default_factory=Questions)
    writing: bool = False
    read_at: int = 0
    wanted: Desired | None = None
    current: CurrentValues | None = None
    plan: Plan | None = None
    before: frozenset[RecordRef] | Any = frozenset()
    asked: bool = False

    @property
    def planned(self) -> Plan:
        """The plan, after the stage that makes it."""
        assert self.plan is not None, "the plan is made by an earlier stage"
        return self.plan


class Stage(ABC):
    """One step of a run. One that `writes` is passed over by who only looks."""

    writes: ClassVar[bool] = False

    @abstractmethod
    def do(self, work: Work) -> None:
        """Do it."""


class Recover(Stage):
    """Settle what earlier runs left behind, before anything is planned."""

    writes = True

    def do(self, work: Work) -> None:
        """Read back what was sent without an answer."""
        work.ws.connector.now()
        recovering(work.ws, work.run)


class MayWrite(Stage):
    """What forbids every write is said before minutes are spent on reading."""

    writes = True

    def do(self, work: Work) -> None:
        """Refuse two CRMs that sync with each other, and fields that are not there."""
        refuse_without_master(work.ws)
        fields_there.look_first(work.ws)


class Pull(Stage):
    """Bring the warehouse up to the CRM's now, or take what was pulled before."""

    def do(self, work: Work) -> None:
        """Pull, or open what was pulled."""
        work.read_at = work.ws.clock()
        if work.options.fresh:
            pulling(
                work.ws,
                work.run,
                work.reporter,
                changed=work.options.changed,
                compare=work.options.compare,
            )
            return
        if work.run.as_of is None:
            work.run.as_of = work.ws.connector.now()
        open_pulled(work.ws)


class Train(Stage):
    """Train what a run cannot do without, or all."""

    def do(self, work: Work) -> None:
        """Train where it is needed."""
        ws, as_of = work.ws, work.run.context.as_of
        needed = registry.training_needed(ws.state, ws.models_folder, ws.settings, as_of=as_of)
        if work.options.retrain or needed:
            training(ws, work.run, work.reporter, only=None if work.options.retrain else needed)


class Score(Stage):
    """What our fields should hold, and what they hold."""

    def do(self, work: Work) -> None:
        """Score."""
        work.wanted, work.current = scoring(work.ws, work.run, work.reporter)


class MakePlan(Stage):
    """The difference, less what is left alone."""

    def do(self, work: Work) -> None:
        """Plan."""
        assert work.wanted is not None and work.current is not None, "scores come before the plan"
        work.plan = planning(
            work.ws,
            work.run,
            work.reporter,
            work.wanted,
            work.current,
            writing=work.writing,
            narrowed=work.options.narrowed,
            ask=work.questions.narrow,
        )


class Guard(Stage):
    """Stop where the plan is more than the guards allow and nobody says yes."""

    writes = True

    def do(self, work: Work) -> None:
        """Raise GuardError, or ask."""
        ws, plan = work.ws, work.planned
        work.before = returning.before_rollback(ws.state, plan)
        if work.before:
            work.run.counts["back_after_a_rollback"] = len(work.before)
        if work.options.yes:
            return
        try:
            guard(
                plan,
                override(ws.settings.guards, work.options.guards),
                first=fields_there.never_written(ws.state),
                first_tasks=never_made(ws.state),
                restored=restored.pending(ws.state) is not None,
                before=work.before,
            )
        except SalesConsultantError:
            work.asked = True
            if work.questions.confirm is None:
                raise
            if not work.questions.confirm(plan):
                raise DeclinedError("Nothing was written, as you said.", action="") from None


class Recheck(Stage):
    """Leave out what somebody changed since the reading: answers to steps that end, and anything where time has passed."""

    writes = True

    def do(self, work: Work) -> None:
        """Read the plan's records back."""
        fresh = not work.asked and work.ws.clock() - work.read_at <= FRESH_MS
        work.plan, told = without_changed(work.ws, work.planned, work.reporter, fresh=fresh)
        work.run.counts |= told


class Push(Stage):
    """Journal the plan, write it, settle it."""

    writes = True

    def do(self, work: Work) -> None:
        """Write."""
        pushing(work.ws, work.run, work.reporter, work.planned, stop=work.questions.stop)


class Close(Stage):
    """What a written run leaves behind: notes in descriptions, and nothing that is too old."""

    writes = True

    def do(self, work: Work) -> None:
        """Close what a restore or a rollback had left open, leave notes, prune."""
        ws, run = work.ws, work.run
        restored.done(ws.state)
        if not work.before and not run.counts["not_sent"]:
            returning.over(ws.state)
        if not work.options.changed:
            field_notes.leave(ws, run.counts)
        retention.prune(ws.state, ws.settings.retention, now=ws.connector.latest())


SYNC: tuple[Stage, ...] = (
    Recover(),
    MayWrite(),
    Pull(),
    Train(),
    Score(),
    MakePlan(),
    Guard(),
    Recheck(),
    Push(),
    Close(),
)


def write(stages: Sequence[Stage], work: Work) -> None:
    """Go through all stages."""
    work.writing = True
    for stage in stages:
        stage.do(work)


def look(stages: Sequence[Stage], work: Work) -> None:
    """Go through the stages that write nothing to the CRM."""
    work.writing = False
    for stage in stages:
        if not stage.writes:
            stage.do(work)
