"""What ran, and what it did."""

import time
from typing import Annotated

import typer

from sales_consultant.commands.options import RunId
from sales_consultant.commands.output import events
from sales_consultant.commands.output import runs as screens
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.reports import report
from sales_consultant.sync.reports.run_events import tail
from sales_consultant.sync.results.runs import RunDetails, RunList


def list_runs(
    shell: Shell, limit: Annotated[int, typer.Option(help="How many.", min=0)] = 20
) -> Answer[RunList]:
    """The newest runs."""
    return Answer(report.list_runs(shell.ws.state, limit), screens.runs)


def show_run(shell: Shell, run_id: RunId) -> Answer[RunDetails]:
    """One run: its changes by field, and what the CRM refused, by reason."""
    return Answer(report.show_run(shell.ws.state, run_id), screens.run)


def tail_runs(
    shell: Shell,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Only this run, until it has ended; default: all.")
    ] = None,
) -> None:
    """What runs do, as it happens; ends with the run, or with Ctrl-C. In a pipe one JSON object a line."""
    for found in tail(shell.ws.state, run_id, sleep=time.sleep):
        shell.show_event(found, events.event)
