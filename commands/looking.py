"""What a person asks about a connection: status, explain, evaluate."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.output import evaluation as screens
from sales_consultant.commands.output import record as record_screen
from sales_consultant.commands.output import status as status_screen
from sales_consultant.commands.output.training import tests
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.models import evaluation
from sales_consultant.sync.reports import report
from sales_consultant.sync.results.evaluation import AsGiven, Clusters, Comparison, Plots
from sales_consultant.sync.results.explanation import Explanation
from sales_consultant.sync.results.status import Status
from sales_consultant.sync.results.training import ForwardTests

Tested = Answer[ForwardTests] | Answer[Comparison] | Answer[Clusters] | Answer[Plots] | Answer[AsGiven]


def status(shell: Shell) -> Answer[Status]:
    """How the connection stands: last success, models, holds, dead letters."""
    return Answer(report.status(shell.ws), status_screen.show)


def explain(
    shell: Shell,
    record: Annotated[str, typer.Argument(help="A record's id, alone or as deals/ID.")],
    features: Annotated[
        bool, typer.Option("--features", help="Also every feature with its value; --json always has them.")
    ] = False,
) -> Answer[Explanation]:
    """Why a record has its score: reasons in points, what the CRM holds, what was shown when."""
    return Answer(report.explain(shell.ws, record), partial(record_screen.show, all_features=features))


def evaluate(
    shell: Shell,
    given: Annotated[
        bool,
        typer.Option(
            "--as-given", help="Scores as people saw them 30, 60 and 90 days ago, and what came of them."
        ),
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Beside a tree, a forest, an SVM and gradient boosting.")
    ] = False,
    clusters: Annotated[
        bool, typer.Option("--clusters", help="Clusters of the customers beside the named segments.")
    ] = False,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="FOLDER", help="Write plots as PNG files there.")
    ] = None,
) -> Tested:
    """The newest forward test of each model, against the base rate; how far scores have drifted since."""
    if compare:
        return Answer(evaluation.compared(shell.ws), screens.comparison)
    if clusters:
        return Answer(evaluation.clustered(shell.ws), screens.clusters)
    if plots is not None:
        return Answer(evaluation.plotted(shell.ws, plots), screens.plots)
    if given:
        return Answer(evaluation.as_given(shell.ws), screens.as_given)
    return Answer(evaluation.evaluate(shell.ws.state), tests)
