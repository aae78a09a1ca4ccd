"""The run: pull, train where needed, score, plan, guard, push, settle. Each step reports; none writes but push."""

import contextlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa

from sales_consultant.config import playbook
from sales_consultant.config.catalogue import Field
from sales_consultant.config.errors import (
    AccessError,
    BusyError,
    ConfigError,
    CrmUnavailableError,
    OtherOrgError,
    SalesConsultantError,
    StoppedError,
    UsageError,
)
from sales_consultant.connectors.neutral import field_column
from sales_consultant.sync import (
    backups,
    fieldsthere,
    forget,
    groups,
    held,
    lookups,
    models,
    notes,
    reconcile,
    restored,
    retention,
    returning,
    trainings,
)
from sales_consultant.sync import desired as desiring
from sales_consultant.sync.athand import at_hand
from sales_consultant.sync.check import refuse_without_master
from sales_consultant.sync.desired import Desired
from sales_consultant.sync.guards import guard, override
from sales_consultant.sync.journal import Journal, waiting
from sales_consultant.sync.lease import Lease, hold
from sales_consultant.sync.moved import FRESH_MS, without_moved
from sales_consultant.sync.order import by_company
from sales_consultant.sync.pilot import Ask, Narrowed, allowed, decide, left_behind
from sales_consultant.sync.plan import Held, Limits, Plan, make
from sales_consultant.sync.pull import Pulled, pull
from sales_consultant.sync.push import calls_for, push, recover
from sales_consultant.sync.results.runs import RunDone
from sales_consultant.sync.state import State, holds, merges, runs
from sales_consultant.sync.workspace import Workspace

DAY_MS = 86_400_000


class Reporter(Protocol):
    """Where progress goes."""

    def say(self, text: str) -> None:
        """One line about what begins."""
        ...

    def progress(self, what: str, done: int, total: int | None) -> None:
        """How far something is."""
        ...


class Silent:
    """No progress."""

    def say(self, text: str) -> None:
        """Nothing."""

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Nothing."""


@dataclass
class Run:
    """A run while it goes on, and what it did."""

    id: str
    job: str
    as_of: int = 0
    lease: Lease = field(default_factory=lambda: Lease(0))
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> int:
        """Exit code of a run that ended: 5 where records are dead letters."""
        return 5 if self.counts.get("dead") else 0

    def ended(self) -> RunDone:
        """What it did, for whoever asked for it."""
        return RunDone(self.id, self.job, self.counts)


def new_id(now: int) -> str:
    """A run's name: when it started, and four letters against collisions."""
    return f"{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


STOPPED = "stopped"


@contextlib.contextmanager
def running(ws: Workspace, job: str, *, scheduled_at: int | None = None) -> Iterator[Run]:
    """A run under the lease, recorded whatever its end. Raises OtherOrgError before anything is read.

    A CRM that does not let us in is a run that failed, or nobody who watches would learn of it; the scheduled moment is not
    used up by that, nor by a run that was stopped or killed.
    """
    calls = ws.connector.calls.total
    now = ws.clock()
    run = Run(new_id(now), job)
    try:
        _ = ws.identity
    except OtherOrgError:
        # Another org's state is not touched, not even to say so.
        raise
    except SalesConsultantError as e:
        row = {"id": run.id, "job": job, "started_at": now, "ended_at": ws.clock()}
        with ws.state.begin() as c:
            c.execute(sa.insert(runs).values(**row, outcome=f"failed: {e.kind}", error=e.message))
        raise
    with hold(ws.state, ws.lock, job=job, now=now) as lease:
        run.lease = lease
        _bury(ws.state, now)
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
            outcome = "interrupted" if isinstance(e, KeyboardInterrupt | StoppedError) else f"failed: {kind}"
            message = e.message if isinstance(e, SalesConsultantError) else type(e).__name__
            run.counts["api_calls"] = ws.connector.calls.total - calls
            with contextlib.suppress(Exception):
                _end(ws.state, run, outcome, message, ws.clock())
            raise
        run.counts["api_calls"] = ws.connector.calls.total - calls
        if left := run.counts.get("not_sent"):
            _end(ws.state, run, STOPPED, f"stopped before {left:,} records were sent", ws.clock())
        else:
            _end(ws.state, run, "done, with dead letters" if run.code else "done", None, ws.clock())


def _bury(state: State, now: int) -> None:
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
                as_of=run.as_of or None,
                counts=json.dumps(run.counts, default=str),
                # What was stopped has not been done: its moment comes again.
                **({"scheduled_at": None} if outcome in (STOPPED, "interrupted") else {}),
            )
        )


def pulling(
    ws: Workspace,
    run: Run,
    reporter: Reporter,
    *,
    objects: tuple[str, ...] = (),
    full: bool = False,
    changed: bool = False,
    compare: bool = False,
) -> Pulled:
    """Bring the warehouse up to the CRM's now: by `changed` only what changed, with `compare` proven against all ids."""
    reporter.say("pulling")
    # After a restore the journal does not know what was written: only a whole reading shows it for sure.
    lost = restored.pending(ws.state) is not None and not objects
    full, changed = full or lost, changed and not lost
    until = ws.connector.now()
    if ws.warehouse.empty:
        known = ws.state.rows(sa.select(merges))
        ws.warehouse.remember_merges({k: str(v) for k, v in r.items()} for r in known)
    pulled = pull(
        ws.connector,
        ws.warehouse,
        until=until,
        objects=objects,
        full=full,
        changed=changed,
        computed_ms=ws.settings.pull.computed_days * DAY_MS,
        progress=reporter.progress,
    )
    run.as_of = run.as_of or until
    run.counts["pulled"] = pulled.rows
    run.counts["pulled_whole"] = pulled.full
    if pulled.unseen:
        run.counts["not_shown_any_more"] = pulled.unseen
    if pulled.vanished:
        run.counts["vanished"] = pulled.vanished
    if pulled.computed:
        run.counts["computed_fields_of"] = sorted(set(pulled.computed))
    run.counts["calls"] = pulled.calls
    if pulled.odd:
        # One odd value costs that value, never its row, and is said.
        run.counts["could_not_be_read"] = pulled.odd
        reporter.say(unreadable(pulled.odd))
    if absent := lookups.missing(ws.warehouse.con):
        run.counts["not_found"] = absent
    if pulled.not_permitted:
        run.counts["not_permitted"] = pulled.not_permitted
    _keep_merges(ws)
    if compare:
        reporter.say("comparing with the CRM")
        found = reconcile.reconcile(
            ws.connector, ws.warehouse, until=until, objects=objects, progress=reporter.progress
        )
        run.counts["compared"] = [{"stream": c.stream, "object": c.object, "result": str(c)} for c in found]
        run.counts["repaired"] = sum(c.missing + c.stale + c.vanished for c in found)
    back = forget.after_pull(ws)
    if back:
        run.counts["forgotten_but_in_the_crm"] = back
    if lost:
        run.counts["taken_as_written"] = restored.adopt(ws, run.id)
    return pulled


def unreadable(odd: Mapping[str, int]) -> str:
    """One line about values that could not be read.

    >>> unreadable({"deals.amount": 2, "contacts.birthday": 1})
    '3 values could not be read as they came, and are empty or mended: deals.amount (2), contacts.birthday (1)'
    """
    most = sorted(odd.items(), key=lambda kv: (-kv[1], kv[0]))
    listed = ", ".join(f"{k} ({n:,})" for k, n in most[:5])
    more = f" and {len(most) - 5} more fields" if len(most) > 5 else ""
    total = sum(odd.values())
    return f"{total:,} value{'s' * (total != 1)} could not be read as they came, and are empty or mended: {listed}{more}"


def _keep_merges(ws: Workspace) -> None:
    """What the warehouse knows of merges outlives it."""
    rows = ws.warehouse.merged()
    with ws.state.begin() as c:
        c.execute(sa.delete(merges))
        if rows:
            c.execute(sa.insert(merges), rows)


def from_before(ws: Workspace) -> None:
    """Make what was pulled before ready to be read; UsageError where nothing ever was."""
    if ws.warehouse.empty:
        raise UsageError("Nothing was pulled yet.", action="Run: sales-consultant pull")
    ws.warehouse.make_views(ws.connector)


@contextlib.contextmanager
def _settings_named() -> Iterator[None]:
    """What scoring and the playbook cannot work with is the admin's to mend."""
    from sales_consultant.scoring.errors import ScoringError

    try:
        yield
    except (ScoringError, playbook.PlaybookError) as e:
        raise ConfigError(str(e), action="Correct the setting, then run the command again.") from e


def training(
    ws: Workspace,
    run: Run,
    reporter: Reporter,
    *,
    only: Collection[str] | None = None,
    dry_run: bool = False,
) -> list[trainings.TrainedModel]:
    """Train and publish what earned it: all that is asked for, or `only` what a run cannot do without.

    With `dry_run` nothing is published: what would be is kept as a candidate.
    """
    with _settings_named(), at_hand(ws.warehouse.con):
        trained = trainings.train(
            ws.warehouse.con,
            ws.state,
            ws.models_folder,
            ws.settings,
            as_of=run.as_of,
            now=ws.clock(),
            say=reporter.say,
            only=only,
            dry_run=dry_run,
        )
    run.counts["trained"] = {t.name: t.verdict or t.kind for t in trained}
    if only is None and not dry_run and any(t.published and t.kind == "propensity" for t in trained):
        # A newly published model lifts the hold that a rollback left; what a nightly run had to make up for does not.
        with ws.state.begin() as c:
            c.execute(sa.delete(holds))
    return trained


def scoring(ws: Workspace, run: Run, reporter: Reporter) -> tuple[Desired, Held]:
    """What our fields should hold, and what they hold."""
    reporter.say("scoring")
    current = held.read(ws.connector, ws.warehouse, ws.state, ws.fields)
    held.keep_feedback(ws.state, current, now=ws.connector.latest())
    with _settings_named(), at_hand(ws.warehouse.con):
        wanted = desiring.build(
            ws.warehouse.con,
            ws.settings,
            models.in_force(ws.state, ws.models_folder, ws.settings),
            playbook.load(desiring.playbook_path(ws.settings)),
            as_of=run.as_of,
            shown={f: held.shown(current, f) for f in desiring.KEPT},
            steps_of_today=held.steps_of_day(ws.state, run.as_of),
            keys=current.values,
        )
    run.counts["scored"] = wanted.scored
    run.counts["drift"] = wanted.drift
    run.counts["estimated_amounts"] = len(wanted.estimated)
    run.counts["excluded"] = wanted.excluded
    return wanted, current


def planning(
    ws: Workspace,
    run: Run,
    reporter: Reporter,
    wanted: Desired,
    current: Held,
    *,
    writing: bool,
    narrowed: Narrowed | None = None,
    ask: Ask | None = None,
) -> Plan:
    """The difference, less what a pilot, the control group, holds and dead letters leave alone.

    `narrowed`: what becomes of our values outside the pilot; `ask` finds out where it is not said.
    """
    reporter.say("planning")
    missing = fieldsthere.unwritable(ws)
    if writing:
        fieldsthere.refuse_without_any(ws, missing)
    for obj, fs in ws.fields.items():
        _do_not_score_is_seen(ws, obj, fs)
    # A plan shows what would be written once the fields are there; a run writes what it can and names the rest.
    out = missing if writing else {}
    fields = {o: tuple(f for f in fs if f.key not in out.get(o, {})) for o, fs in ws.fields.items()}
    share = ws.settings.proof.control_share
    drawn = share > 0 or groups.any_control(ws.state)
    units = {k: wanted.unit(k) for k in current.values if k in wanted.directory} if drawn else {}
    group = groups.assign(ws.state, units.values(), share=share, now=ws.connector.latest())
    with ws.state.begin() as c:
        on_hold = frozenset(str(f) for f in c.execute(sa.select(holds.c.field)).scalars())
    pilot = allowed(ws, wanted, current)
    outside = left_behind(pilot, current)
    if outside:
        found = decide(ws.state, ws.settings.write, len(outside), given=narrowed, ask=ask, remember=writing)
        run.counts["outside_the_pilot"] = {"records": len(outside), "values": f"{found} them"}
        outside = outside if found == "empty" else frozenset()
    limits = Limits(
        allowed=pilot,
        emptied=outside,
        control=frozenset(k for k, u in units.items() if group[u] == "control"),
        waiting=waiting(ws.state, now=ws.connector.latest()),
        held_fields=on_hold,
        keep_foreign=ws.settings.write.on_foreign_edit == "keep",
    )
    plan = make(wanted, current, fields, limits, identity=str(ws.identity))
    if not drawn:
        # Without a control group only who is shown something has to be remembered as that.
        shown = {wanted.unit((e.object, e.record_id)) for e in plan.entries}
        groups.assign(ws.state, shown, share=share, now=ws.connector.latest())
    plan.missing_fields = missing
    plan.calls = calls_for(ws.connector, [e.change() for e in plan.entries])
    run.counts["plan"] = {k: v for k, v in plan.summary().items() if k != "missing_fields"}
    if missing:
        run.counts["missing_fields"] = {o: sorted(m) for o, m in missing.items()}
    return plan


def _do_not_score_is_seen(ws: Workspace, obj: str, fields: Sequence[Field]) -> None:
    """Raise AccessError where "do not score" was pulled before and this user cannot see it now: people's word counts."""
    for f in fields:
        if f.key == "do_not_score":
            name, table = ws.connector.field_name(obj, f), ws.connector.raw(obj)[0]
            if field_column(name) in ws.warehouse.columns(table) and name not in {
                i.name for i in ws.connector.describe(obj)
            }:
                raise AccessError(
                    f"{name} on {obj} cannot be seen any more: records that people set to be left alone would be scored.",
                    action="Give this user the field again (sales-consultant check says where).",
                )


def pushing(
    ws: Workspace, run: Run, reporter: Reporter, plan: Plan, *, stop: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Journal the plan, write it, settle it.

    Raises CrmUnavailableError where answers were lost to the end and nobody had said stop: what was not written is closed
    then as well, and the next run plans it anew.
    """
    journal = Journal(ws.state, run.id)
    journal.plan(by_company(ws.warehouse, plan.entries))
    reporter.say(f"writing {len(plan.entries):,} records")
    try:
        counts = push(
            ws.connector,
            journal,
            run.lease,
            ws.fields,
            clock=ws.connector.latest,
            stop=stop,
            progress=lambda done, total: reporter.progress("writing", done, total),
        )
    finally:
        now = journal.counts()
        run.counts["written"] = now.get("done", 0)
        run.counts["dead"] = now.get("dead", 0)
        for state in ("waiting", "left"):
            if now.get(state):
                run.counts[f"{state}_records"] = now[state]
    unanswered, left = journal.unanswered(), len(journal.pending())
    journal.skip_pending("not sent: the run ended; planned anew by the next", now=ws.connector.latest())
    run.counts["not_sent"] = left
    if unanswered and not stop():
        raise _not_answered(run.counts["written"], left, unanswered)
    return counts


def _not_answered(written: int, left: int, unanswered: int) -> CrmUnavailableError:
    return CrmUnavailableError(
        f"The CRM's answers to writes did not come, or could not be read: written {written:,} records, not written "
        f"{left:,}, of which {unanswered:,} got no answer and hold what they held before.",
        action="Check the proxy in between and the CRM's status page, then run the command again: what was written stays, "
        "and the rest is planned anew.",
        details={"written": written, "not_sent": left, "unanswered": unanswered},
    )


def recovering(ws: Workspace, run: Run) -> None:
    """Settle what earlier runs left behind, before anything is planned."""
    found = recover(ws.connector, ws.state, ws.fields, clock=ws.connector.latest)
    if found:
        run.counts["recovered"] = dict(found)


def sync(
    ws: Workspace,
    reporter: Reporter,
    *,
    as_of: int | None = None,
    yes: bool = False,
    retrain: bool = False,
    scheduled_at: int | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    stop: Callable[[], bool] = lambda: False,
    changed: bool = False,
    compare: bool = False,
    guards: dict[str, Any] | None = None,
    narrowed: Narrowed | None = None,
    ask: Ask | None = None,
) -> tuple[Run, Plan]:
    """The whole run; `changed` reads deltas only (the scoring is whole all the same), `compare` proves the pull. Raises GuardError where the plan is more than the guards allow and nobody said yes."""
    # By names of their own, so that a moment that both have does not take the whole run for the small one.
    with running(ws, "changed" if changed else "sync", scheduled_at=scheduled_at) as run:
        run.as_of = as_of or 0
        ws.connector.now()
        recovering(ws, run)
        refuse_without_master(ws)
        fieldsthere.look_first(ws)
        read_at, asked = ws.clock(), False
        pulling(ws, run, reporter, changed=changed, compare=compare)
        needed = models.training_needed(ws.state, ws.models_folder, ws.settings, as_of=run.as_of)
        if retrain or needed:
            training(ws, run, reporter, only=None if retrain else needed)
        wanted, current = scoring(ws, run, reporter)
        plan = planning(ws, run, reporter, wanted, current, writing=True, narrowed=narrowed, ask=ask)
        before = returning.before_rollback(ws.state, plan)
        if before:
            run.counts["back_after_a_rollback"] = len(before)
        if not yes:
            try:
                guard(
                    plan,
                    override(ws.settings.guards, guards or {}),
                    first=fieldsthere.never_written(ws.state),
                    restored=restored.pending(ws.state) is not None,
                    before=before,
                )
            except SalesConsultantError:
                asked = True
                if confirm is None or not confirm(plan):
                    raise
        if asked or ws.clock() - read_at > FRESH_MS:
            plan, told = without_moved(ws, plan)
            run.counts |= told
        pushing(ws, run, reporter, plan, stop=stop)
        restored.done(ws.state)
        if not before and not run.counts["not_sent"]:
            returning.over(ws.state)
        if not changed:
            notes.leave(ws, run.counts)
        retention.prune(ws.state, ws.settings.retention, now=ws.connector.latest())
    return run, plan


def dry(
    ws: Workspace, reporter: Reporter, *, as_of: int | None = None, fresh: bool = True
) -> tuple[Run, Plan]:
    """The plan of a sync without its push: the same steps, so that it cannot drift from the run."""
    with running(ws, "plan") as run:
        run.as_of = as_of or 0
        if fresh:
            pulling(ws, run, reporter)
        else:
            run.as_of = run.as_of or ws.connector.now()
            from_before(ws)
        needed = models.training_needed(ws.state, ws.models_folder, ws.settings, as_of=run.as_of)
        if needed:
            training(ws, run, reporter, only=needed)
        wanted, current = scoring(ws, run, reporter)
        plan = planning(ws, run, reporter, wanted, current, writing=False)
    return run, plan


def score(ws: Workspace, reporter: Reporter, *, as_of: int | None = None) -> tuple[Run, list[dict[str, Any]]]:
    """Score what was pulled; the records with their values, best first. Plans and writes nothing."""
    with running(ws, "score") as run:
        run.as_of = as_of or ws.connector.now()
        from_before(ws)
        wanted, _ = scoring(ws, run, reporter)
    records = [
        {"object": k[0], "id": k[1], "name": wanted.name(k), **r.values}
        for k, r in sorted(
            wanted.records.items(), key=lambda kr: (-int(kr[1].values.get("score") or 0), kr[0])
        )
        if r.values.get("score")
    ]
    return run, records


def scheduled(ws: Workspace, job: str, *, at: int, stop: Callable[[], bool]) -> Run:
    """A job of the schedule, for its moment `at` (ms), without anybody to ask."""
    if job in ("sync", "changed"):
        compare = job == "sync" and reconcile.due(ws.warehouse, at, ws.settings.pull.reconcile_days)
        return sync(ws, Silent(), scheduled_at=at, stop=stop, changed=job == "changed", compare=compare)[0]
    with running(ws, job, scheduled_at=at) as run:
        if job == "backup":
            keep = ws.settings.retention.backups
            run.counts["backup"] = backups.backup(ws.state, ws.folder, now=ws.clock(), keep=keep).to_json()
            return run
        pulling(ws, run, Silent(), compare=job == "reconcile")
        if job == "train":
            training(ws, run, Silent())
    return run
