"""A report in a terminal: findings first, then each figure as bars or rows, its method, and what is not known."""

from sales_consultant.commands.output.writing.page import Page, Piece, bold, dim, good, warn
from sales_consultant.commands.output.writing.text import count, listed, plain
from sales_consultant.insight.reports import NUMERIC, Figure, Section, Words
from sales_consultant.sync.insights.exporting import Exported
from sales_consultant.sync.insights.making import MadeReport
from sales_consultant.sync.insights.sending import Sent

# What a screen holds of a table; files and --json have all rows.
_ROWS = 15


def show(page: Page, made: MadeReport) -> None:
    """The files where some were written; else the report itself."""
    if made.files:
        for file in made.files:
            page.line(good("written "), file)
        return
    report = made.report
    page.line(bold(plain(report.title)))
    page.line(dim(plain(report.subtitle)))
    for section in report.sections:
        _section(page, section, made.words)
    page.blank()
    for line in report.unknown:
        page.line(dim(plain(line)))


def _section(page: Page, section: Section, words: Words) -> None:
    page.heading(plain(section.title))
    for finding in section.findings:
        page.line("• ", plain(finding), indent=2, hang=4)
    if section.hidden:
        page.line(warn(plain(section.hidden)), indent=2)
    for figure in section.figures:
        _figure(page, figure, words)
    for line in section.unknown:
        page.line(warn("? "), plain(line), indent=2, hang=4)


def _figure(page: Page, figure: Figure, words: Words) -> None:
    page.blank()
    page.line(bold(plain(figure.title)), indent=2)
    columns = figure.table.columns
    rows: list[list[Piece]] = [[dim(plain(c.name)) for c in columns]]
    rows += [
        [plain(words.cell(v, c.kind)) for v, c in zip(row, columns, strict=True)]
        for row in figure.table.rows[:_ROWS]
    ]
    right = [i for i, c in enumerate(columns) if c.kind in NUMERIC]
    if figure.table.rows:
        page.table(rows, indent=2, right=right)
    left = figure.table.more + max(len(figure.table.rows) - _ROWS, 0)
    if left:
        page.line(dim(words("and {more} more", more=left)), indent=2)
    for note in figure.notes:
        page.line(warn("! "), plain(note), indent=2, hang=4)
    page.line(dim(plain(figure.method)), indent=2)


def sent(page: Page, done: Sent) -> None:
    """Where a report went."""
    to = [count(done.mailed, "address", "addresses")] if done.mailed else []
    to += ["the webhook"] if done.posted else []
    page.line(good("sent: "), f"{done.report}, to {listed(to)}")


def exported(page: Page, done: Exported) -> None:
    """The files, and what is not in them."""
    for file, rows in done.files.items():
        page.line(good("written "), f"{file}: {count(rows, 'row')}")
    page.line(dim("dictionary.json says what each column means."))
    for why in done.left_out:
        page.line(warn("! "), f"left out: {plain(why)}", hang=2)
