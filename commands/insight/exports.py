"""Tables for a data scientist."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import moment, one_of
from sales_consultant.commands.output.insight import report as screens
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.sync.insights.exporting import KINDS, Exported
from sales_consultant.sync.insights.exporting import export as write


def export(
    shell: Shell,
    kind: Annotated[str, typer.Argument(metavar="TABLES", help=f"Which ones: {', '.join(KINDS)}.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A new folder for the files.")],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="TIME", help="As things were known then; default when the CRM was last read."
        ),
    ] = None,
) -> Answer[Exported]:
    """Write features, training rows, scores or stays in stages as Parquet, with a dictionary of their columns."""
    chosen = one_of(kind, tuple(KINDS), "TABLES")
    return Answer(write(shell.ws, chosen, out, as_of=moment(as_of, "--as-of")), screens.exported)
