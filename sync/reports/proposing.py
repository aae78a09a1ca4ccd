"""The use cases of account proposals: make and keep one, list them, review them."""

from pathlib import Path

import sqlalchemy as sa

from sales_consultant.config.errors import UsageError
from sales_consultant.config.files import written_to
from sales_consultant.config.language.translation import Language
from sales_consultant.config.records import RecordRef
from sales_consultant.engine.reads import company as reads
from sales_consultant.engine.reads import records
from sales_consultant.sync.models import registry
from sales_consultant.sync.plan import CurrentValues, countries_of, current_values
from sales_consultant.sync.reports import account_proposal, proposal_pages, proposal_review
from sales_consultant.sync.results import (
    AccountProposal,
    ProposalList,
    ProposalReviews,
    ProposalRow,
)
from sales_consultant.sync.runtime import Workspace, last_as_of, open_pulled
from sales_consultant.sync.stores import State, feedback, groups, proposals_kept

REVIEW_DAYS = 90
"""A quarter: long enough for a deal to move, short enough to be remembered. A judgement."""


def propose(
    ws: Workspace, company: str, *, review_days: int, language: Language | None, out: Path | None
) -> AccountProposal:
    """Make the proposal for a company (its id, or its name), keep it, and write its pages into a folder where one is given.

    Without a language it is in that of the connection.

    UsageError where no company is meant, several are, or nothing may be shown of it; MachineError where the folder cannot be
    written.
    """
    open_pulled(ws)
    company_id = _meant(ws, company)
    _may_be_shown(ws, company_id)
    given, chosen = ws.settings.next_steps, language or ws.connection.language
    countries = countries_of(ws.warehouse.engine, given.countries, given.country)
    asked = account_proposal.Asked(company_id, last_as_of(ws), review_days, chosen, countries)
    made = account_proposal.make(
        ws.warehouse.engine,
        ws.settings,
        registry.in_force(ws.state, ws.models_folder, ws.settings),
        _current(ws).values,
        asked,
    )
    if out is not None:
        made = _with_pages(made, out)
    proposals_kept.keep(
        ws.state,
        made.kept(),
        as_of=made.as_of,
        made_at=ws.clock(),
        review_at=made.review_at,
        records=[_split(r) for r in made.records],
    )
    return made


def listed(state: State) -> ProposalList:
    """The kept proposals, the newest first."""
    return ProposalList(
        tuple(
            ProposalRow(p.id, p.company_id, p.company, p.as_of, p.review_at)
            for p in map(AccountProposal.of_kept, proposals_kept.kept(state))
        )
    )


def reviews(ws: Workspace, named: str | None) -> ProposalReviews:
    """The reviews of proposals whose day has come; with `named` (a proposal's id, a company's id or name) of these in any case.

    UsageError where nothing that is kept has that name.
    """
    every = [AccountProposal.of_kept(p) for p in proposals_kept.kept(ws.state)]
    chosen = [p for p in every if named is None or _is(p, named)]
    if named is not None and not chosen:
        raise UsageError(
            f'No proposal "{named}" is kept, nor one for a company of that id or name.',
            action="Next: sales-consultant proposals list",
        )
    if not chosen:
        return ProposalReviews(())
    open_pulled(ws)
    as_of = last_as_of(ws)
    due = [p for p in chosen if named is not None or as_of >= p.review_at]
    waiting = [p.review_at for p in chosen if p not in due]
    shown, answers = _current(ws).values, _answers(ws.state)
    found = [
        proposal_review.review(ws.warehouse.engine, ws.settings, p, shown, answers, as_of=as_of)
        for p in sorted(due, key=lambda p: (p.as_of, p.id))
    ]
    return ProposalReviews(tuple(found), len(waiting), min(waiting, default=None))


def _current(ws: Workspace) -> CurrentValues:
    return current_values.read(ws.connector, ws.warehouse, ws.state, ws.fields)


def _answers(state: State) -> dict[tuple[str, str, str], str]:
    rows = state.rows(sa.select(feedback))
    return {(str(r["object"]), str(r["record_id"]), str(r["step_id"])): str(r["value"]) for r in rows}


def _is(p: AccountProposal, named: str) -> bool:
    plain = named.removeprefix("companies/")
    return plain in (p.id, p.company_id) or named.strip().lower() == p.company.lower()


def _split(record: str) -> tuple[str, str]:
    object, _, record_id = record.partition("/")
    return object, record_id


def _meant(ws: Workspace, company: str) -> str:
    """The id of the company that is meant."""
    given, _, rest = company.rpartition("/")
    text = rest if given == "companies" else company
    found = reads.named(ws.warehouse.engine, text)
    if not found:
        raise UsageError(
            f'No company "{company}" was pulled.',
            action="Give its id as the CRM shows it in the address of its page, or its whole name.",
        )
    if len(found) > 1 and found[0] != text:
        raise UsageError(
            f'Several companies are called "{company}": {", ".join(found)}.',
            action="Give the id of one of them.",
        )
    return found[0]


def _may_be_shown(ws: Workspace, company_id: str) -> None:
    """Raise UsageError for a company that people want left alone, or that sees nothing of ours (the control group)."""
    if records.one(ws.warehouse.engine, "companies", company_id).get("do_not_score"):
        raise UsageError(
            f"Company {company_id} is set to be left alone (do not score).",
            action="Take the mark away in the CRM, then pull.",
        )
    unit = str(RecordRef("companies", company_id)).replace("/", ":")
    if ws.state.rows(sa.select(groups.c.unit).where(groups.c.unit == unit, groups.c.name == "control")):
        raise UsageError(
            f"Company {company_id} is in the control group: nothing of ours is shown for it.",
            action="Choose another company.",
        )


def _with_pages(made: AccountProposal, out: Path) -> AccountProposal:
    """The proposal with the files that were written of it: a page in Markdown and one in HTML."""
    document = proposal_pages.of_proposal(made)
    pages = {"md": proposal_pages.markdown(document), "html": proposal_pages.html(document)}
    files = []
    with written_to(out, "--out"):
        out.mkdir(parents=True, exist_ok=True)
        for end, body in pages.items():
            file = (out / f"proposal-{made.id}.{end}").absolute()
            file.write_text(body, encoding="utf-8")
            files.append(str(file))
    return made.with_files(files)
