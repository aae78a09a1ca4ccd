"""Experiments: a control group drawn by lot, and a test that may be looked at every day."""

from typing import Annotated

import typer

from sales_consultant.commands.output.insight import experiments as screens
from sales_consultant.commands.output.writing.text import percent
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.insights.proof import experiment_design, experiments
from sales_consultant.sync.insights.proof.results import Designed, Ended, Looked, Started

Share = Annotated[
    float | None,
    typer.Option(
        "--share", help="Share of companies that see no scores, above 0 and at most 0.5; default 0.2."
    ),
]
Days = Annotated[
    int | None,
    typer.Option(
        "--days",
        metavar="N",
        help="Days within which an outcome counts; default the horizon.",
        min=1,
        max=730,
    ),
]
Populations = Annotated[
    list[str] | None, typer.Option("--population", help="Whose event counts; repeat for more; default all.")
]
ByOwner = Annotated[
    bool,
    typer.Option("--by-owner", help="Draw owners with all their companies, so that no rep has both kinds."),
]


def design(
    shell: Shell,
    share: Share = None,
    days: Days = None,
    population: Populations = None,
    by_owner: ByOwner = False,
) -> Answer[Designed]:
    """What an experiment could show here, and how long it would take. Starts nothing."""
    found = experiment_design.design(
        shell.ws, populations=population or (), share=share, clustered=by_owner, horizon_days=days
    )
    return Answer(found, screens.design)


def start(
    shell: Shell,
    hypothesis: Annotated[
        str, typer.Option("--hypothesis", metavar="TEXT", help="What is expected, kept with the experiment.")
    ] = "Companies with scores buy more often than those without.",
    share: Share = None,
    days: Days = None,
    population: Populations = None,
    by_owner: ByOwner = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Answer[Started]:
    """Draw a control group anew. The next sync takes away what it shows, through the plan and its guards."""
    chosen = experiment_design.share_of_control(share)
    shell.confirm(
        f"{percent(chosen)} of the companies will show no scores until the experiment ends. Does no automation of yours need "
        "them there (see [proof] exclude_companies)?",
        yes=yes,
        why="An experiment takes scores away from its control group: that needs a yes.",
        action="Look first: sales-consultant experiment design. Then give --yes.",
    )
    made = experiments.start(
        shell.ws,
        hypothesis=hypothesis,
        populations=population or (),
        share=share,
        clustered=by_owner,
        horizon_days=days,
    )
    return Answer(made, screens.started)


def status(
    shell: Shell,
    name: Annotated[
        str | None, typer.Argument(metavar="EXPERIMENT", help="Which one; default the newest.")
    ] = None,
) -> Answer[Looked]:
    """How an experiment stands. It may be looked at every day without being fooled by chance."""
    return Answer(experiments.status(shell.ws, name), screens.status)


def stop(
    shell: Shell,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Answer[Ended]:
    """End the experiment that goes on. The next sync shows its control group what the others see."""
    shell.confirm(
        "After its end nothing more can be measured by this experiment. End it?",
        yes=yes,
        why="Ending an experiment cannot be undone.",
        action="Give --yes.",
    )
    return Answer(experiments.stop(shell.ws), screens.ended)
