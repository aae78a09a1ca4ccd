"""What is told below a table of segments belongs to what it shows."""

import pytest
from support.report_company import WORDS

from sales_consultant.insight.reports.segments import Group, section


@pytest.mark.parametrize(
    ("cents", "told"), [((None, None), False), ((100, 200), False), ((100, None), True), ((0, None), True)]
)
def test_unknown_amounts_are_told_where_there_are_amounts(cents: tuple[int | None, ...], told: bool) -> None:
    groups = [Group("segment", f"S{i}", 3, c, None) for i, c in enumerate(cents)]
    [figure] = section(groups, WORDS).figures
    assert any("count as none in the sum" in n for n in figure.notes) is told
