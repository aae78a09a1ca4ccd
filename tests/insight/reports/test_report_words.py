"""How numbers are written in reports: what is missed by little is not written as reached."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.report_company import WORDS

from sales_consultant.insight.reports.targets import rounded


@given(share=st.floats(0.9, 1.1))
def test_a_share_is_100_per_cent_only_where_it_is_whole(share: float) -> None:
    whole = math.isclose(share, 1, abs_tol=1e-9)
    said = WORDS.share(share)
    assert (said == "100%") == whole and said != "100.0%"
    # What is written is on the right side of the whole, and hardly off.
    number = float(said.rstrip("%")) / 100
    assert whole or (number > 1) == (share > 1)
    assert abs(number - share) <= 0.0051


@pytest.mark.parametrize(
    ("share", "said"),
    [(28_863_044 / 29_000_000, "99.5%"), (0.9996, "99.9%"), (1.0004, "100.1%"), (2.0, "200%")],
)
def test_shares_beside_the_whole(share: float, said: str) -> None:
    assert WORDS.share(share) == said


@pytest.mark.parametrize(
    ("chance", "said"), [(0.456, "46%"), (0.9984, "99.8%"), (0.0021, "0.2%"), (1.0, "100%")]
)
def test_a_chance_that_is_not_certain_is_not_written_so(chance: float, said: str) -> None:
    assert WORDS.share(rounded(chance)) == said
