"""Next steps: a rep's list of the day, and the playbook that the steps come from."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.output.steps import day_list as day_screen
from sales_consultant.commands.output.steps import playbook as screens
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.reports import day_list, playbook, record_against_rules
from sales_consultant.sync.results.day_list import DayList
from sales_consultant.sync.results.playbook import (
    Converted,
    PlaybookCheck,
    PlaybookStats,
    RecordTest,
    RuleExplained,
)

File = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A playbook's file; empty: the one in force.")
]


def steps(
    shell: Shell,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="NAME", help="An owner's name, e-mail address or id.")
    ] = None,
    left_out: Annotated[
        bool, typer.Option("--left-out", help="Also the records without a step, and why.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the steps there as CSV.")
    ] = None,
    calendar: Annotated[
        Path | None,
        typer.Option("--calendar", metavar="FILE", help="Write the steps there as a calendar (.ics)."),
    ] = None,
) -> Answer[DayList]:
    """The next steps that the CRM shows, the most important first."""
    found = day_list.steps(shell.ws, owner=owner, left_out=left_out, csv_file=csv, calendar=calendar)
    return Answer(found, day_screen.show)


def check_playbook(shell: Shell, file: File = None) -> Answer[PlaybookCheck]:
    """Whether the playbook can be used; rules that are never reached or contradict each other."""
    return Answer(playbook.check(shell.settings, file), screens.check)


def test_record(
    shell: Shell, record: Annotated[str, typer.Argument(help="A record's id, alone or as deals/ID.")]
) -> Answer[RecordTest]:
    """Which rules hold for a record and why, and which step it gets."""
    return Answer(record_against_rules.test(shell.ws, record), screens.record)


def rule_stats(shell: Shell) -> Answer[PlaybookStats]:
    """For each rule how often it held, was chosen, was shown, and what reps answered."""
    return Answer(playbook.stats(shell.settings, shell.ws.state), screens.stats)


def explain_rule(
    shell: Shell, rule: Annotated[str, typer.Argument(help="The rule's id.")]
) -> Answer[RuleExplained]:
    """A rule: what must hold, what it says, which facts it asks of, and what became of it."""
    return Answer(playbook.explain(shell.settings, shell.ws.state, rule), screens.explain)


def convert_playbook(
    shell: Shell,
    file: File = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there; else it is shown.")
    ] = None,
) -> Answer[Converted]:
    """A playbook of an earlier release with its conditions as expressions."""
    return Answer(playbook.convert(shell.settings, file, out), screens.converted)
