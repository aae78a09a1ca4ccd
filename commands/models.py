"""The models, their cards, which are in force."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.shell import Document, Shell
from sales_consultant.sync import candidates, cardpage, cards, transfer
from sales_consultant.sync import models as kept


def list_models(shell: Shell) -> Document:
    """All models, newest first: which are in force, which are candidates, and why the others were kept out."""
    return {"models": candidates.listed(shell.ws.state)}


def show_model(
    shell: Shell,
    model: Annotated[
        str,
        typer.Argument(
            help="A population, value, segments, ...: the one in force; or a digest's first letters."
        ),
    ],
    page: Annotated[
        bool, typer.Option("--page", help="Write it as a page with its plots, into the model's folder.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write the page there instead.")
    ] = None,
) -> Document:
    """A model's card: event, horizon, data, features, leaks, what was left out, forward test; --json tells all of it."""
    if page or output is not None:
        return cardpage.write(shell.ws, model, output)
    told = cards.card(shell.ws, model)
    return told if shell.json else cards.brief(told)


def publish_model(
    shell: Shell, digest: Annotated[str, typer.Argument(help="The first letters of a candidate's digest.")]
) -> Document:
    """Put a model into force that train --dry-run left as a candidate; what the gate kept out stays out."""
    ws = shell.ws
    return candidates.publish(ws.state, ws.models_folder, digest, now=ws.clock())


def revert_model(
    shell: Shell, name: Annotated[str, typer.Argument(help="The population whose model is to go back.")]
) -> Document:
    """Put a population's model before the one in force back; the next run writes with it."""
    ws = shell.ws
    return kept.revert(ws.state, ws.models_folder, name, now=ws.clock())


def export_model(
    shell: Shell,
    digest: Annotated[str, typer.Argument(help="The first letters of a model's digest.")],
    file: Annotated[Path, typer.Argument(help="The file to write.")],
) -> Document:
    """Write a model with its card to a file, for another org: field names, values and counts, no record."""
    return transfer.export(shell.ws.state, shell.ws.models_folder, digest, file)


def import_model(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A file made by: models export")],
    population: Annotated[str, typer.Option(help="Put it under this population; default its own name.")] = "",
    publish: Annotated[
        bool,
        typer.Option("--publish", help="In force from the next run on, without a test on this org's data."),
    ] = False,
) -> Document:
    """Take in a model that another org trained."""
    ws = shell.ws
    return transfer.take(ws.state, ws.models_folder, file, now=ws.clock(), publish=publish, name=population)
