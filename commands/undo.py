"""What takes something back: rollback, resume, retry, forget."""

from dataclasses import replace
from typing import Annotated

import typer

from sales_consultant.commands.options import Yes, moment
from sales_consultant.commands.output import run as run_screen
from sales_consultant.commands.output import undo as screens
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.results.runs import RunDone
from sales_consultant.sync.runtime import running
from sales_consultant.sync.use_cases import forget as erasing
from sales_consultant.sync.use_cases import recovering
from sales_consultant.sync.use_cases import retry as retrying
from sales_consultant.sync.use_cases import rollback as undoing
from sales_consultant.sync.use_cases.undone import Forgotten, Resumed, Retried, UndoPlan


def rollback(
    shell: Shell,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The run to undo; see: runs list")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Instead: all runs started since then.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", help="Only this field; repeat for more.")
    ] = None,
    record: Annotated[
        list[str] | None, typer.Option("--record", metavar="ID", help="Only this id; repeat for more.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be restored.")] = False,
    yes: Yes = False,
) -> Answer[UndoPlan] | Answer[RunDone]:
    """Restore what the CRM held before, where it still holds what we wrote. Puts the fields on hold."""
    _ = shell.ws.identity
    chosen = undoing.chosen_runs(shell.ws.state, run_id, moment(since, "--since"))
    only = {"fields": tuple(field or ()), "records": tuple(record or ())}
    if dry_run:
        undo = undoing.prepare(shell.ws, chosen, **only, reporter=shell.reporter)
        return Answer(UndoPlan(undo.plan, tuple(undo.conflicts)), screens.planned)
    shell.confirm(
        f"Undo {', '.join(chosen)}?",
        yes=yes,
        why="A rollback writes to the CRM.",
        action="Look with --dry-run, then give --yes.",
    )
    run, undo = undoing.rollback(shell.ws, shell.reporter, chosen, **only)
    done = replace(run.ended(), conflicts=tuple(undo.conflicts))
    return Answer(done, run_screen.done, done.code)


def resume(shell: Shell) -> Answer[Resumed]:
    """Lift the hold that a rollback put on fields."""
    return Answer(Resumed(tuple(undoing.lift(shell.ws))), screens.resumed)


def retry(shell: Shell) -> Answer[Retried]:
    """Let the next sync try all dead letters again; restores what the CRM refused to a rollback."""
    found = retrying.retry(shell.ws, shell.reporter)
    return Answer(found, screens.retried, found.code)


def forget(
    shell: Shell,
    record: Annotated[str, typer.Argument(help="A record's id, alone or as contacts/ID.")],
    yes: Yes = False,
) -> Answer[Forgotten]:
    """Erase a person from warehouse, state and journal; says which backups still hold them. Cannot be undone."""
    shell.confirm(
        f"Erase {record} for good?", yes=yes, why="What is erased cannot be restored.", action="Give --yes."
    )
    with running(shell.ws, "forget") as run:
        recovering(shell.ws, run)
        object, record_id = erasing.find(shell.ws, record)
        return Answer(erasing.forget(shell.ws, object, record_id), screens.forgotten)
