"""What people wrote, as signals."""

from functools import partial
from typing import Annotated

import typer

from sales_consultant.commands.output import run as run_screen
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.pull.estimate import Estimated
from sales_consultant.sync.results.runs import RunDone
from sales_consultant.sync.runtime import running
from sales_consultant.sync.use_cases import text_reread


def reread(
    shell: Shell,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say how many calls and minutes it would take.")
    ] = False,
) -> Answer[Estimated] | Answer[RunDone]:
    """Read all activities again, after a change of the rules or of the names in [text]. No text is kept."""
    if estimate:
        return Answer(text_reread.reckon(shell.ws), partial(run_screen.estimated, then="text reread"))
    with running(shell.ws, "pull") as run:
        text_reread.reread(shell.ws, run, shell.reporter)
    return Answer(run.ended(), run_screen.done)
