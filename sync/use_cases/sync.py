"""The run: pull, train where needed, score, plan, guard, push, settle; and its parts that commands and the schedule call."""

from collections.abc import Callable
from typing import Any

from sales_consultant.sync.plan import Plan
from sales_consultant.sync.pull import reconcile
from sales_consultant.sync.runtime import Reporter, Run, Silent, Workspace, open_pulled, running
from sales_consultant.sync.stores import backups
from sales_consultant.sync.use_cases.pulling import pulling
from sales_consultant.sync.use_cases.scoring import scoring, training
from sales_consultant.sync.use_cases.stages import SYNC, Questions, SyncOptions, Work, look, write

__all__ = ["Questions", "SyncOptions", "dry", "scheduled", "score", "sync"]


def sync(
    ws: Workspace,
    reporter: Reporter,
    options: SyncOptions = SyncOptions(),
    questions: Questions = Questions(),
    *,
    scheduled_at: int | None = None,
) -> tuple[Run, Plan]:
    """The whole run. Raises GuardError where the plan is more than the guards allow and nobody said yes."""
    # By names of their own, so that a moment that both have does not take the whole run for the small one.
    with running(ws, "changed" if options.changed else "sync", scheduled_at=scheduled_at) as run:
        run.as_of = options.as_of
        work = Work(ws, run, reporter, options, questions)
        write(SYNC, work)
    return run, work.planned


def dry(
    ws: Workspace, reporter: Reporter, *, as_of: int | None = None, fresh: bool = True
) -> tuple[Run, Plan]:
    """The plan of a sync without its push: the same stages, so that it cannot drift from the run."""
    with running(ws, "plan") as run:
        run.as_of = as_of
        work = Work(ws, run, reporter, SyncOptions(as_of=as_of, fresh=fresh))
        look(SYNC, work)
    return run, work.planned


def score(ws: Workspace, reporter: Reporter, *, as_of: int | None = None) -> tuple[Run, list[dict[str, Any]]]:
    """Score what was pulled; the records with their values, best first. Plans and writes nothing."""
    with running(ws, "score") as run:
        run.as_of = as_of or ws.connector.now()
        open_pulled(ws)
        wanted, _ = scoring(ws, run, reporter)
    records = [
        {"object": k.object, "id": k.record_id, "name": wanted.name(k), **r.values}
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
        options = SyncOptions(changed=job == "changed", compare=compare)
        return sync(ws, Silent(), options, Questions(stop=stop), scheduled_at=at)[0]
    with running(ws, job, scheduled_at=at) as run:
        if job == "backup":
            keep = ws.settings.retention.backups
            run.counts["backup"] = backups.backup(ws.state, ws.folder, now=ws.clock(), keep=keep).to_json()
            return run
        pulling(ws, run, Silent(), compare=job == "reconcile")
        if job == "train":
            training(ws, run, Silent())
    return run
