"""Reports for people who decide: funnel, pipeline, forecast, and whether the scores helped."""

import os
from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import moment, one_of
from sales_consultant.commands.output.insight import report as screen
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.config.errors import UsageError
from sales_consultant.config.language.translation import LANGUAGES
from sales_consultant.config.secrets import os_keyring
from sales_consultant.insight.reports import BY
from sales_consultant.sync.insights import sending
from sales_consultant.sync.insights.making import FORMATS, KINDS, MadeReport, make


def report(
    shell: Shell,
    kind: Annotated[str, typer.Argument(metavar="REPORT", help=f"Which one: {', '.join(KINDS)}.")] = "all",
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="TIME", help="As things were known then; default when the CRM was last read."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="From then on; default a year before.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="COLUMN", help=f"What figures are broken down by: {', '.join(BY)}.")
    ] = "pipeline",
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help=f"How it is shown: {', '.join(FORMATS)}.")
    ] = "terminal",
    language: Annotated[
        str | None, typer.Option("--language", help="en or zh; default that of the connection.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where html, pdf or the folder of csv goes."),
    ] = None,
    as_given: Annotated[
        bool,
        typer.Option("--as-given", help="With forecast: said, commit and came of the last 8 quarters."),
    ] = False,
    send: Annotated[
        str | None,
        typer.Option(
            "--send", metavar="DELIVERY", help="Send one of [reports.deliveries] now, instead of showing it."
        ),
    ] = None,
) -> Answer[MadeReport] | Answer[sending.Sent]:
    """A report of what was read of the CRM: on screen, as a page, a PDF, or tables."""
    if send is not None:
        done = sending.deliver(shell.ws, send, keyring=os_keyring(), environ=os.environ)
        return Answer(done, screen.sent)
    kind = one_of(kind, tuple(KINDS), "REPORT")
    chosen = one_of(form, FORMATS, "--format")
    if out is not None and chosen not in ("html", "csv", "pdf"):
        raise UsageError(
            f"--out goes with --format html, csv or pdf, not with {chosen}.", action="Leave one of them out."
        )
    made = make(
        shell.ws,
        kind,
        as_of=moment(as_of, "--as-of"),
        since=moment(since, "--since"),
        by=one_of(by, BY, "--by"),
        language=None if language is None else one_of(language, LANGUAGES, "--language"),
        form=chosen,
        out=out,
        as_given=as_given,
    )
    shell.json = shell.json or chosen == "json"
    return Answer(made, screen.show)
