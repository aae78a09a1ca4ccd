"""The models, their cards, which are in force."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.output import models as screens
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.models import candidates, card_page, cards, export_import
from sales_consultant.sync.models import registry as kept
from sales_consultant.sync.results.models import (
    CardPage,
    ModelCard,
    ModelExport,
    ModelImport,
    ModelList,
    ModelSwitch,
)


def list_models(shell: Shell) -> Answer[ModelList]:
    """All models, newest first: which are in force, which are candidates, and why the others were kept out."""
    return Answer(candidates.listed(shell.ws.state), screens.models)


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
) -> Answer[CardPage] | Answer[ModelCard]:
    """A model's card: event, horizon, data, features, leaks, what was left out, forward test; --json tells all of it."""
    if page or output is not None:
        return Answer(card_page.write(shell.ws, model, output), screens.page_written)
    return Answer(cards.card(shell.ws, model), screens.card)


def publish_model(
    shell: Shell, digest: Annotated[str, typer.Argument(help="The first letters of a candidate's digest.")]
) -> Answer[ModelSwitch]:
    """Put a model into force that train --dry-run left as a candidate; what the gate kept out stays out."""
    ws = shell.ws
    return Answer(candidates.publish(ws.state, ws.models_folder, digest, now=ws.clock()), screens.switched)


def revert_model(
    shell: Shell, name: Annotated[str, typer.Argument(help="The population whose model is to go back.")]
) -> Answer[ModelSwitch]:
    """Put a population's model before the one in force back; the next run writes with it."""
    ws = shell.ws
    return Answer(kept.revert(ws.state, ws.models_folder, name, now=ws.clock()), screens.switched)


def export_model(
    shell: Shell,
    digest: Annotated[str, typer.Argument(help="The first letters of a model's digest.")],
    file: Annotated[Path, typer.Argument(help="The file to write.")],
) -> Answer[ModelExport]:
    """Write a model with its card to a file, for another org: field names, values and counts, no record."""
    return Answer(
        export_import.export(shell.ws.state, shell.ws.models_folder, digest, file), screens.exported
    )


def import_model(
    shell: Shell,
    file: Annotated[Path, typer.Argument(help="A file made by: models export")],
    population: Annotated[str, typer.Option(help="Put it under this population; default its own name.")] = "",
    publish: Annotated[
        bool,
        typer.Option("--publish", help="In force from the next run on, without a test on this org's data."),
    ] = False,
) -> Answer[ModelImport]:
    """Take in a model that another org trained."""
    ws = shell.ws
    found = export_import.take(
        ws.state, ws.models_folder, file, now=ws.clock(), publish=publish, name=population
    )
    return Answer(found, screens.imported)
