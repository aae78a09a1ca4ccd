"""The baseline of the benchmarks is Odoo's: the four probabilities that its own tests pin."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[3] / "benchmarks" / "naive_bayes.py"
# Team, country, state, source, stage of fourteen leads.
LEADS = (
    (1, 0, 0, 0, 0), (1, 1, 1, 1, 1), (1, 2, 2, 2, 2), (1, 0, 1, 2, 1), (1, 1, 1, 1, 0), (2, 0, 1, 1, 2), (2, 0, 1, 2, 1),
    (2, 0, 2, 2, 0), (2, 0, 1, 2, 1), (2, 1, 0, 1, 1), (3, 1, 1, 1, 2), (3, 0, 1, 0, 0), (3, 1, 2, 2, 0), (3, 0, 1, 2, 1),
)  # fmt: skip
WON, LOST = (2, 7, 10), (0, 1, 5, 6, 11, 12)


def table(leads: list[dict[str, int]]) -> Any:
    spec = importlib.util.spec_from_file_location("naive_bayes", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up.
    import sys

    sys.modules["naive_bayes"] = module
    spec.loader.exec_module(module)
    closed = sorted((*WON, *LOST))
    return module.OddsTable([0, 1, 2, 3]).fit([leads[i] for i in closed], [i in WON for i in closed])


def made(*, without_team: tuple[int, ...] = ()) -> list[dict[str, int]]:
    return [
        {
            "team": 0 if i in without_team else team,
            "country": country + 1,
            "state": state + 1,
            "source": source + 1,
            "stage": stage,
        }
        for i, (team, country, state, source, stage) in enumerate(LEADS)
    ]


def test_the_pinned_probabilities() -> None:
    leads = made()
    odds = table(leads)
    assert [odds.probability(leads[i]) for i in (3, 8, 13)] == [33.49, 7.74, 35.09]


@pytest.mark.parametrize("without_team", [(10, 11, 12, 13), (13,)])
def test_a_lead_without_a_team_takes_all_teams(without_team: tuple[int, ...]) -> None:
    leads = made(without_team=without_team)
    assert table(leads).probability(leads[13]) == 35.19
