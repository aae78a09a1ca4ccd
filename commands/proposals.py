"""Account proposals: made, listed, reviewed."""

from pathlib import Path
from typing import Annotated

import typer

from sales_consultant.commands.options import one_of
from sales_consultant.commands.output.steps import proposals as screens
from sales_consultant.commands.shell import Answer, Shell
from sales_consultant.config.language.translation import LANGUAGES
from sales_consultant.sync.reports import proposing
from sales_consultant.sync.results.proposals import AccountProposal, ProposalList, ProposalReviews


def propose(
    shell: Shell,
    company: Annotated[
        str, typer.Argument(help="A company's id, alone or as companies/ID, or its whole name.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write it as Markdown and HTML there.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            "--language", help="The language of its texts, en or zh; default that of the connection."
        ),
    ] = None,
    review_days: Annotated[
        int,
        typer.Option(
            "--review-in", metavar="DAYS", help="After how many days it is reviewed.", min=1, max=730
        ),
    ] = proposing.REVIEW_DAYS,
) -> Answer[AccountProposal]:
    """Propose what to do with a company: goal, products with reasons and prices, steps, risks. It is kept."""
    chosen = None if language is None else one_of(language, LANGUAGES, "--language")
    made = proposing.propose(shell.ws, company, review_days=review_days, language=chosen, out=out)
    return Answer(made, screens.proposal)


def list_kept(shell: Shell) -> Answer[ProposalList]:
    """The account proposals that are kept, newest first."""
    return Answer(proposing.listed(shell.ws.state), screens.kept)


def review(
    shell: Shell,
    named: Annotated[
        str | None,
        typer.Argument(
            metavar="PROPOSAL", help="A proposal's id, or a company's id or name; default all due ones."
        ),
    ] = None,
) -> Answer[ProposalReviews]:
    """What was done of a proposal, and what happened since."""
    return Answer(proposing.reviews(shell.ws, named), screens.reviewed)
