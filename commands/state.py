"""Backups of the state, and its export."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import Yes
from sales_consultant.commands.output import state as screens
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.results.state import BackupMade, JournalExported, Restored, StateChecked
from sales_consultant.sync.stores import backups, journal_export


def back_up(
    shell: Shell,
    file: Annotated[
        Path | None, typer.Argument(help="Where to; default backups/ in the data directory.")
    ] = None,
) -> Answer[BackupMade]:
    """Copy the state as it is now, also while a run writes; the copy is checked."""
    ws = shell.ws
    keep = ws.settings.retention.backups
    made = backups.backup(ws.state, ws.folder, now=ws.clock(), to=file, keep=keep)
    return Answer(made, screens.backed_up)


def put_back(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A copy made by: state backup")],
    yes: Yes = False,
) -> Answer[Restored]:
    """Put a copy in place of the state; what was there is kept. The next sync asks the CRM what was written since."""
    shell.confirm(
        f"Replace the state by {file}?",
        yes=yes,
        why="This replaces the state.",
        action="Look with: state check, then give --yes.",
    )
    return Answer(backups.restore(shell.ws.folder, file, now=shell.ws.clock()), screens.restored)


def check_state(shell: Shell) -> Answer[StateChecked]:
    """Check the state's file and list its backups."""
    ws = shell.ws
    found = backups.check(ws.folder, lambda: ws.state)
    return Answer(found, screens.checked, found.code)


def export_journal(
    shell: Shell, file: Annotated[Path, typer.Argument(help="The Parquet file to write.")]
) -> Answer[JournalExported]:
    """Write the journal, every change with its run and outcome, as Parquet for an auditor."""
    return Answer(journal_export.export(shell.ws.state, file), screens.exported)
