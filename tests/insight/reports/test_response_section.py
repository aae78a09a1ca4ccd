"""The section "response": what is told, and each reason why it is not."""

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from support.figures_response import company

from sales_consultant.config.clock import DAY_MS
from sales_consultant.insight.reports import Section, Words, response
from sales_consultant.insight.response import campaign_returns, respond, what_if

WORDS = Words("en", "EUR", ZoneInfo("UTC"))
CHANNELS = ("search", "fairs")


def section(
    months: pd.DataFrame, channels: tuple[str, ...] = CHANNELS, campaigns: Any = None, **series: Any
) -> Section:
    found = respond(months, channels, np.random.default_rng(1), draws=199)
    wanted = {}
    if not found.reason:
        now = dict(zip(found.channels["channel"], found.channels["spend"], strict=True))
        for name, spends in {"": now, **{c: {c: s} for c, s in now.items()}}.items():
            told = what_if(found, {c: s * (1 + response.MORE) for c, s in spends.items()})
            assert told is not None
            wanted[name] = told
    return response.section(
        response.Series(months, channels, series.pop("quality", "grade"), series),
        found,
        wanted,
        campaigns,
        WORDS,
    )


def test_each_channel_has_its_return_with_an_interval() -> None:
    made = section(company(3))
    figures = {f.key: f for f in made.figures}
    assert list(figures) == ["marginal", "what_if", "contribution", "terms", "months"]
    for row in figures["marginal"].table.rows:
        assert row[3] < row[2] < row[4]  # type: ignore[operator]
    assert figures["marginal"].chart is not None
    assert any("association" in n for n in figures["marginal"].notes)
    assert made.findings[0].startswith("€1.00 more a month on search goes along with")
    assert "With 20% more on every channel" in made.findings[-1]


def test_a_larger_budget_costs_what_its_channels_cost() -> None:
    rows = {r[0]: r for r in next(f for f in section(company(3)).figures if f.key == "what_if").table.rows}
    assert rows["every channel"][1] == pytest.approx(rows["search"][1] + rows["fairs"][1])  # type: ignore[operator]


def test_months_are_shown_newest_first_and_the_rest_counted() -> None:
    table = next(f for f in section(company(3)).figures if f.key == "months").table
    assert table.rows[0][0] == "2024-12" and len(table.rows) == 24 and table.more == 24


@pytest.mark.parametrize(
    ("months", "channels", "why"),
    [
        (
            company(1, months=12),
            CHANNELS,
            "told from 24 months on with spend, leads and booked revenue; 12 can be used",
        ),
        (company(1), (), "no spend is known"),
        (
            company(1, months=24),
            ("search", "fairs", "c", "d", "e"),
            "24 months are too few for these channels",
        ),
    ],
)
def test_without_enough_the_reason_and_the_next_step_are_told(
    months: pd.DataFrame, channels: tuple[str, ...], why: str
) -> None:
    extra = {c: np.arange(len(months)) % (i + 2) + 1.0 for i, c in enumerate("cde")}
    made = section(months.assign(**extra), channels)
    assert why in made.hidden
    assert not made.figures


def test_campaigns_are_told_even_without_enough_months() -> None:
    rng = np.random.default_rng(2)
    n = 60
    members = pd.DataFrame({"campaign": "k", "company": [f"c{i}" for i in range(n)], "responded_at": DAY_MS})
    deals = pd.DataFrame(
        {
            "deal_id": [f"d{i}" for i in range(n)], "company": [f"c{i}" for i in range(n)], "created_at": 5 * DAY_MS,
            "won": rng.random(n) < 0.5, "amount": 100_000.0,
        }
    )  # fmt: skip
    costs = pd.DataFrame({"campaign": ["k", "silent"], "cost": [500_000.0, 100.0]})
    rows, _ = campaign_returns(members, deals, costs, rng, as_of=100 * DAY_MS)
    made = section(company(1, months=12), campaigns=response.CampaignRows(rows, {"k": "Webinar"}))
    assert not made.hidden and "24 months" in made.unknown[0]
    assert made.findings[0].startswith("Of campaigns with a cost Webinar returned most")
    table = made.figures[0].table
    assert [r[0] for r in table.rows] == ["Webinar", "silent"]
    assert table.rows[1][7] is None, "without answers no return is told"


def test_what_is_left_out_is_said() -> None:
    made = section(company(3).assign(constant=5.0), (*CHANNELS, "constant"), quality="", no_cost=3)
    assert any("constant is left out" in u for u in made.unknown)
    assert any("3 campaigns have no cost or no date" in u for u in made.unknown)
    assert any("quality of leads is not in the model" in u for u in made.unknown)
    terms = next(f for f in made.figures if f.key == "terms").table.rows
    assert [r[0] for r in terms] == ["Leads: 1 % more", "Trend: a year"]
