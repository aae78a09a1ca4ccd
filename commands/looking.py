"""What a person asks about a connection: status, explain, evaluate."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.shell import Document, Shell
from sales_consultant.sync import evaluation, report


def status(shell: Shell) -> Document:
    """How the connection stands: last success, models, holds, dead letters."""
    return report.status(shell.ws)


def explain(
    shell: Shell, record: Annotated[str, typer.Argument(help="A record's id, alone or as deals/ID.")]
) -> Document:
    """Why a record has its score: reasons in points, what the CRM holds, what was shown when."""
    return report.explain(shell.ws, record)


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
) -> Document:
    """The newest forward test of each model, against the base rate; how far scores have drifted since."""
    if compare:
        rows = evaluation.compared(shell.ws)
        return evaluation.noted({"comparison": rows}, "No model in force has a forward test: all are rules.")
    if clusters:
        return evaluation.clustered(shell.ws)
    if plots is not None:
        return evaluation.plotted(shell.ws, plots)
    if given:
        rows = evaluation.as_given(shell.ws)
        return evaluation.noted({"as_given": rows}, "No score has been visible for 30 days yet.")
    tests = evaluation.evaluate(shell.ws.state)
    return {"forward_tests": tests if shell.json else evaluation.brief(tests)}
