"""Backups of the state, and its export."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import Yes
from sales_consultant.commands.shell import Document, Shell
from sales_consultant.config.errors import UsageError
from sales_consultant.sync import audit, backups


def back_up(
    shell: Shell,
    file: Annotated[
        Path | None, typer.Argument(help="Where to; default backups/ in the data directory.")
    ] = None,
) -> Document:
    """Copy the state as it is now, also while a run writes; the copy is checked."""
    ws = shell.ws
    keep = ws.settings.retention.backups
    return backups.backup(ws.state, ws.folder, now=ws.clock(), to=file, keep=keep)


def put_back(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A copy made by: state backup")],
    yes: Yes = False,
) -> Document:
    """Put a copy in place of the state; what was there is kept. The next sync asks the CRM what was written since."""
    if not yes:
        if not shell.asks:
            raise UsageError("This replaces the state.", action="Look with: state check, then give --yes.")
        typer.confirm(f"Replace the state by {file}?", abort=True)
    return backups.restore(shell.ws.folder, file, now=shell.ws.clock())


def check_state(shell: Shell) -> tuple[Document, int]:
    """Check the state's file and list its backups."""
    ws = shell.ws
    found = backups.look(ws.folder / "state.db")
    places = [] if found.problems else backups.known(ws.state)
    copies = backups.listed(ws.folder, places)
    return {**vars(found), "backups": copies}, 2 if found.problems else 0


def export_journal(
    shell: Shell, file: Annotated[Path, typer.Argument(help="The Parquet file to write.")]
) -> Document:
    """Write the journal, every change with its run and outcome, as Parquet for an auditor."""
    return audit.export(shell.ws.state, file)
