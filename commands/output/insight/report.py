"""A report in a terminal: findings first, then each figure as rows, its method, and what is not known."""

from collections.abc import Collection, Sequence

from rich.cells import cell_len, set_cell_size

from sales_consultant.commands.output.insight import bars
from sales_consultant.commands.output.writing.page import Page, Piece, bold, dim, good, warn
from sales_consultant.commands.output.writing.text import GLUE, count, listed, plain
from sales_consultant.insight.reports import NUMERIC, Figure, Kind, Section, Words
from sales_consultant.sync.insights.exporting import Exported
from sales_consultant.sync.insights.making import MadeReport
from sales_consultant.sync.insights.sending import Sent

# What a screen holds of a table; files and --json have all rows.
_ROWS = 15
_INDENT, _GAP = 2, 2
# A name of more cells is cut, and none below the fewest: it would tell too little.
_MOST_CELLS, _LEAST_CELLS = 40, 20


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
    page.line(bold(plain(figure.title)), indent=_INDENT)
    # A column of which nothing is known takes room and tells nothing; what is not known is said below.
    known = [
        i
        for i in range(len(figure.table.columns))
        if not i or any(r[i] is not None for r in figure.table.rows)
    ]
    columns = [figure.table.columns[i] for i in known]
    rows = [[plain(c.name) for c in columns]]
    rows += [
        [plain(words.cell(row[i], c.kind)) for i, c in zip(known, columns, strict=True)]
        for row in figure.table.rows[:_ROWS]
    ]
    if figure.table.rows:
        rows = fitted(rows, [c.kind for c in columns], page.width - _INDENT)
        numbers = {i for i, c in enumerate(columns) if c.kind in NUMERIC}
        *above, last = blocks(rows, page.width - _INDENT)
        for shown in above:
            page.table(_aligned(rows, shown, numbers), indent=_INDENT)
        lines = _aligned(rows, last, numbers)
        room = page.width - _INDENT - sum(_sizes(rows)[c] + _GAP for c in last)
        drawn = bars.beside(figure.chart, [str(row[0]) for row in figure.table.rows], room)
        if drawn is not None:
            lines = [lines[0], *([*line, bar] for line, bar in zip(lines[1:], drawn, strict=False))]
        page.table(lines, indent=_INDENT)
    left = figure.table.more + max(len(figure.table.rows) - _ROWS, 0)
    if left:
        page.line(dim(words("and {more} more", more=left)), indent=_INDENT)
    for note in figure.notes:
        page.line(warn("! "), plain(note), indent=_INDENT, hang=_INDENT + 2)
    page.line(dim(plain(figure.method)), indent=_INDENT)


def blocks(rows: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """The columns of a table in groups that fit into a width one below the other; each begins with the first column.

    >>> blocks([["stage", "entered", "lost"], ["Negotiation", "1,126", "119"]], 22)
    [[0, 1], [0, 2]]
    """
    sizes = _sizes(rows)
    found: list[list[int]] = []
    for i in range(1, len(sizes)):
        if not found or sum(sizes[c] + _GAP for c in found[-1]) + sizes[i] > width:
            found.append([0])
        found[-1].append(i)
    return found or [[0]]


def fitted(rows: Sequence[Sequence[str]], kinds: Sequence[Kind], width: int) -> list[list[str]]:
    """The rows with texts cut so that all columns stand beside each other, where that is enough; the first row is the heading.

    No name takes more than 40 cells. In a list of records their names are cut further, down to 20, and after them other
    texts, the last first. Files and --json have them whole.

    >>> fitted([["Deal", "Amount"], ["Garnet Lenses: Procure for Grant", "111,966"]], ["record", "money"], 34)
    [['Deal', 'Amount'], ['Garnet Lenses: Procure f…', '111,966']]
    """
    sizes = _sizes(rows)
    texts = [i for i, kind in enumerate(kinds) if kind in ("record", "text") and ("record" in kinds or not i)]
    for i in texts:
        sizes[i] = min(sizes[i], _MOST_CELLS)
    if "record" in kinds:
        for i in sorted(texts, key=lambda i: (kinds[i] != "record", -i)):
            over = sum(sizes) + _GAP * (len(sizes) - 1) - width
            sizes[i] = max(sizes[i] - max(over, 0), min(sizes[i], _LEAST_CELLS))
    return [[cut(v, sizes[i]) if i in texts else v for i, v in enumerate(row)] for row in rows]


def cut(text: str, cells: int) -> str:
    """A text that takes at most so many cells of a terminal, with an ellipsis where something is left out.

    >>> cut("Beacon Transport", 16), cut("Beacon Transport", 9), cut("客户名称很长", 8)
    ('Beacon Transport', 'Beacon T…', '客户名…')
    """
    if cell_len(text) <= cells:
        return text
    return f"{set_cell_size(text, max(cells - 1, 0)).rstrip()}…"


def _sizes(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))]


def _aligned(
    rows: Sequence[Sequence[str]], shown: Sequence[int], numbers: Collection[int]
) -> list[list[Piece]]:
    """Some columns of a table, numbers at the right of theirs; the first row is its heading."""
    sizes = _sizes(rows)

    def cell(row: Sequence[str], column: int) -> str:
        fill = GLUE * (sizes[column] - cell_len(row[column]))
        text = row[column].replace(" ", GLUE)
        return f"{fill}{text}" if column in numbers else f"{text}{fill}"

    heading: list[Piece] = [dim(cell(rows[0], c)) for c in shown]
    lines: list[list[Piece]] = [[cell(row, c) for c in shown] for row in rows[1:]]
    return [heading, *lines]


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
