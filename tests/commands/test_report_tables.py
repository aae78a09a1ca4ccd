"""Lists of deals in a terminal: one block a list in the usual case, whatever deals are called."""

import pytest
from rich.cells import cell_len
from support.report_company import WORDS

from sales_consultant.commands.output.insight.report import show
from sales_consultant.commands.output.writing.page import Page
from sales_consultant.insight.reports import Column, Figure, Kind, Report, Section, Table
from sales_consultant.sync.insights.making import MadeReport

KINDS: dict[str, Kind] = {
    "Deal": "record",
    "Owner": "text",
    "Amount": "money",
    "Grade": "text",
    "Reason": "text",
}


def lines(name: str, owner: str, reason: str, width: int) -> list[str]:
    columns = tuple(Column(n.lower(), n, kind) for n, kind in KINDS.items())
    rows = tuple((f"{name}{i}", owner, 11_000_000 + i, "A", reason) for i in range(3))
    section = Section("week", "The week", figures=(Figure("weak", "Weak", Table(columns, rows), "Method."),))
    report = Report("week", "en", "T", "S", "C", 0, 0, "USD", "booked", "UTC", (section,))
    page = Page(width=width, now=0)
    show(page, MadeReport(report, WORDS))
    return page.text().splitlines()


@pytest.mark.parametrize(
    ("name", "owner", "reason"),
    [
        ("Granåsen Diagnostics: Procure for Turner ", "Wanjiru Šimić", "Page views: 50 to 100: +8"),
        ("客户" * 100, "Rachel Dahl", "in Proposal sent: +4"),
        ("Deal ", "N" * 300, "in Sales qualified, longer than usual: -7"),
        ("Deal ", "o", "R" * 500),
        ("客" * 200, "客" * 200, "客" * 200),
    ],
)
def test_a_list_of_deals_is_one_block_at_100_columns(name: str, owner: str, reason: str) -> None:
    shown = lines(name, owner, reason, 100)
    assert [line.split()[0] for line in shown if "Owner" in line] == ["Deal"]
    (heading,) = [line for line in shown if "Deal" in line and "Owner" in line]
    assert all(column in heading for column in KINDS)
    assert max(cell_len(line) for line in shown) <= 100


def test_a_name_that_fits_is_whole_and_no_name_is_cut_below_20_cells() -> None:
    assert any(
        "Calder Instruments: Procure1" in line for line in lines("Calder Instruments: Procure", "o", "r", 100)
    )
    narrow = lines("N" * 60, "O" * 30, "R" * 60, 80)
    assert any(f"{'N' * 19}…" in line for line in narrow)
    assert max(cell_len(line) for line in narrow) <= 80
