"""Account proposals and their reviews on a terminal."""

from sales_consultant.commands.output.writing.page import Page, Piece, bold, command, dim, good
from sales_consultant.commands.output.writing.text import count, plain
from sales_consultant.sync.reports.proposal_pages import Document, Section, of_proposal, of_review
from sales_consultant.sync.results.proposals import AccountProposal, ProposalList, ProposalReviews

# What the last column of a table needs, to be read.
_LEAST = 24


def proposal(page: Page, found: AccountProposal) -> None:
    """The proposal, and where its pages are."""
    _document(page, of_proposal(found))
    page.blank()
    for file in found.files:
        page.line(good(f"Wrote {plain(file)}."))
    if not found.files:
        page.line(dim("--out FOLDER writes it as Markdown and HTML."))


def kept(page: Page, found: ProposalList) -> None:
    """The kept proposals."""
    if not found.rows:
        page.line("No proposal is kept.")
        page.line("Next: ", command("propose COMPANY"), " makes one.")
        return
    rows: list[tuple[Piece, ...]] = [(dim("proposal"), dim("company"), dim("made as of"), dim("review"))]
    rows += [
        (r.id, bold(plain(r.company)), page.times.day(r.as_of), page.times.day(r.review_at))
        for r in found.rows
    ]
    page.table(rows)
    page.line("Next: ", command("proposals review PROPOSAL"), " says what became of one.")


def reviewed(page: Page, found: ProposalReviews) -> None:
    """Each review, and when the next one is due."""
    for number, review in enumerate(found.reviews):
        if number:
            page.blank()
        _document(page, of_review(review))
    if not found.reviews:
        page.line("No proposal is to be reviewed yet.")
    if found.waiting and found.next_at is not None:
        page.line(
            dim(
                f"{count(found.waiting, 'proposal')} to be reviewed later, the first on {page.times.day(found.next_at)}."
            )
        )


def _document(page: Page, document: Document) -> None:
    page.line(bold(plain(document.title)))
    page.line(dim(plain(document.subtitle)))
    for section in document.sections:
        page.heading(plain(section.heading))
        for point in section.points:
            page.line(f"- {plain(point)}", indent=2, hang=4)
        _rows(page, section)
    if document.note:
        page.blank()
        page.line(dim(plain(document.note)))


def _rows(page: Page, section: Section) -> None:
    """A table where it fits, else each row as a line with what belongs to it below."""
    cells = [tuple(plain(cell) for cell in row) for row in section.rows]
    header = tuple(plain(h) for h in section.header)
    named = [header] if any(header) else []
    widths = [max(len(row[i]) for row in [*named, *cells]) for i in range(len(header) - 1)] if cells else []
    if sum(widths) + 2 * len(header) + _LEAST <= page.width:
        rows: list[tuple[Piece, ...]] = [tuple(dim(h) for h in row) for row in named]
        page.table([*rows, *cells], indent=2)
        return
    for first, *rest in cells:
        page.line(bold(first), indent=2, hang=4)
        for name, cell in zip(header[1:], rest, strict=True):
            if cell:
                page.line(dim(f"{name}: "), cell, indent=4, hang=6)
