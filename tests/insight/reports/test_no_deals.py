"""Where no deal was known by a date the sections say so; only a CRM without deals is to be looked at."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.report_company import context, usual

from sales_consultant.insight.core import as_known
from sales_consultant.insight.forecast import Hidden
from sales_consultant.insight.reports import Context, Section, forecast, pipeline, week
from sales_consultant.insight.reports import funnel as funnels

DAY = 86_400_000
BEFORE = 18_262 * DAY  # 2020-01-01
SECTIONS: dict[str, Callable[[Context], Section]] = {
    "funnel": lambda c: funnels.section(c, funnels.FunnelFacts()),
    "pipeline": lambda c: pipeline.section(c, frozenset()),
    "forecast": lambda c: forecast.section(Hidden("too_few_months", 12, 0), c),
    "week": lambda c: week.section(c, week.WeekFacts()),
}


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize(
    ("later", "said"), [(True, "No deal was known by 1 Jan 2020."), (False, "The CRM has no deals that")]
)
def test_why_there_is_none_is_told(name: str, later: bool, said: str) -> None:
    tables = as_known(usual(20), BEFORE)
    assert tables.deals.empty
    ground = replace(context(tables, since=BEFORE - 90 * DAY, as_of=BEFORE), deals_later=later)
    found = SECTIONS[name](ground)
    assert found.hidden.startswith(said)
    assert ("check" in found.hidden) is not later
    assert not found.figures
