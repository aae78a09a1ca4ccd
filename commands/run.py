"""The run, whole or by its stages: pull, train, score, plan, push, sync, backfill."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import (
    AsOf,
    MaxCalls,
    MaxEmptied,
    MaxGradeShare,
    MaxNewTasks,
    MaxRecords,
    MaxShare,
    Objects,
    ShownFields,
    ShownObjects,
    ShownRecords,
    Yes,
    guard_values,
    moment,
)
from sales_consultant.commands.output import evaluation as evaluation_screen
from sales_consultant.commands.output import plan as plan_screen
from sales_consultant.commands.output import run as run_screen
from sales_consultant.commands.output import state as state_screen
from sales_consultant.commands.output import training as training_screen
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.models import candidates, evaluation
from sales_consultant.sync.plan import Plan
from sales_consultant.sync.plan.pilot import narrowing
from sales_consultant.sync.pull.estimate import Estimated
from sales_consultant.sync.pull.estimate import estimate as reckon
from sales_consultant.sync.results.evaluation import Readiness
from sales_consultant.sync.results.runs import RunDone
from sales_consultant.sync.results.state import Backfilled
from sales_consultant.sync.results.training import TrainingDone
from sales_consultant.sync.runtime import running
from sales_consultant.sync.use_cases import Questions, SyncOptions, plan_file, pulling, training
from sales_consultant.sync.use_cases import backfill as filling
from sales_consultant.sync.use_cases.plan_made import PlanMade, ScoredRecords
from sales_consultant.sync.use_cases.sync import dry
from sales_consultant.sync.use_cases.sync import score as scoring
from sales_consultant.sync.use_cases.sync import sync as syncing


def pull(
    shell: Shell,
    object: Objects = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Then compare every id with the CRM, and repair.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say how many calls and minutes it would take.")
    ] = False,
) -> Answer[Estimated] | Answer[RunDone]:
    """Bring the warehouse up to date; only what changed is read."""
    objects = tuple(object or ())
    if estimate:
        _ = shell.ws.identity
        found = reckon(shell.ws.connector, shell.ws.warehouse, objects=objects, full=full)
        return Answer(found, run_screen.estimated)
    with running(shell.ws, "pull") as run:
        pulling(shell.ws, run, shell.reporter, objects=objects, full=full, compare=reconcile)
    return Answer(run.ended(), run_screen.done)


def train(
    shell: Shell,
    readiness: Annotated[
        bool, typer.Option("--readiness", help="Only say what the data allow, before anything is fitted.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Publish nothing: show old against new, and which records would change their grade.",
        ),
    ] = False,
) -> Answer[Readiness] | Answer[TrainingDone]:
    """Train the models and publish those that are better than the base rate in a forward test."""
    with running(shell.ws, "train") as run:
        pulling(shell.ws, run, shell.reporter)
        if readiness:
            return Answer(evaluation.ready(shell.ws, as_of=run.context.as_of), evaluation_screen.readiness)
        trained = training(shell.ws, run, shell.reporter, dry_run=dry_run)
        models = candidates.retrained(trained, dry_run=dry_run)
    tests = evaluation.evaluate(shell.ws.state).tests
    return Answer(TrainingDone(run.ended(), dry_run, models, tests), training_screen.done)


def score(shell: Shell, as_of: AsOf = None) -> Answer[ScoredRecords]:
    """Score what was pulled, without planning or writing."""
    run, records = scoring(shell.ws, shell.reporter, as_of=moment(as_of, "--as-of"))
    return Answer(ScoredRecords(run.ended(), tuple(records)), plan_screen.scored)


def plan(
    shell: Shell,
    output: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan to apply it later.")
    ] = None,
    as_of: AsOf = None,
    no_pull: Annotated[bool, typer.Option("--no-pull", help="Plan from what was pulled before.")] = False,
    object: ShownObjects = None,
    field: ShownFields = None,
    limit: ShownRecords = plan_screen.SHOWN,
) -> Answer[PlanMade]:
    """Show what a sync would write, old and new value by record and field. Writes nothing.

    --object, --field and --limit choose what is shown; the plan, its file and --json hold all of it.
    """
    view = plan_screen.View.of(object or (), field or (), limit)
    run, made = dry(shell.ws, shell.reporter, as_of=moment(as_of, "--as-of"), fresh=not no_pull)
    if output:
        plan_file.save(shell.ws, made, output, run.id)
    found = PlanMade(made, run.id, str(output) if output else None)
    return Answer(found, partial(plan_screen.show, view=view))


def push(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A plan saved with: plan --out FILE")],
    yes: Yes = False,
    max_records: MaxRecords = None,
    max_share: MaxShare = None,
    max_grade_share: MaxGradeShare = None,
    max_emptied: MaxEmptied = None,
    max_calls: MaxCalls = None,
    max_new_tasks: MaxNewTasks = None,
) -> Answer[RunDone]:
    """Apply a saved plan exactly, or refuse where the CRM has moved since."""
    guards = guard_values(max_records, max_share, max_grade_share, max_emptied, max_calls, max_new_tasks)
    run = plan_file.apply(shell.ws, shell.reporter, file, yes=yes, guards=guards)
    return Answer(run.ended(), run_screen.done, run.code)


def sync(
    shell: Shell,
    as_of: AsOf = None,
    yes: Yes = False,
    changed: Annotated[
        bool,
        typer.Option("--changed", help="Read changes only; small tables once a day, no computed fields."),
    ] = False,
    narrowed: Annotated[
        str, typer.Option(metavar="WHAT", help="What becomes of our values outside a pilot: keep or empty.")
    ] = "",
    max_records: MaxRecords = None,
    max_share: MaxShare = None,
    max_grade_share: MaxGradeShare = None,
    max_emptied: MaxEmptied = None,
    max_calls: MaxCalls = None,
    max_new_tasks: MaxNewTasks = None,
) -> Answer[RunDone]:
    """Pull, score, plan and write what changed. The first write asks, or needs --yes."""

    def ask(made: Plan) -> bool:
        shell.show(PlanMade(made), plan_screen.asked)
        return shell.agreed("Write this to the CRM?")

    def empty(count: int) -> bool:
        return shell.agreed(f"{count:,} records outside the pilot hold our values. Empty them?")

    options = SyncOptions(
        as_of=moment(as_of, "--as-of"),
        yes=yes,
        changed=changed,
        guards=guard_values(max_records, max_share, max_grade_share, max_emptied, max_calls, max_new_tasks),
        narrowed=narrowing(narrowed),
    )
    questions = Questions(ask if shell.asks else None, empty if shell.asks and not yes else None)
    run, _ = syncing(shell.ws, shell.reporter, options, questions)
    return Answer(run.ended(), run_screen.done, run.code)


def backfill(
    shell: Shell,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Rows modified from then on (ISO 8601).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Rows modified up to then; default the CRM's now.")
    ] = None,
    object: Objects = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help='Only rows like this, by = != < <= > >= or in, as "amount>=1000"; repeat for more.',
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Start over, also what was finished.")] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Where the day's calls are used, pause and go on when they come free."),
    ] = False,
) -> Answer[Backfilled]:
    """Read a stretch of the past once. Killed, it goes on where it was when it is run again."""
    task = filling.Task(
        moment(since, "--since"),
        moment(until, "--until"),
        tuple(object or ()),
        filling.conditions(where or ()),
    )
    done = filling.backfill(shell.ws, shell.reporter, task, again=again, wait=wait)
    found = Backfilled(done.rows, tuple(done.finished_before))
    return Answer(found, state_screen.backfilled)
