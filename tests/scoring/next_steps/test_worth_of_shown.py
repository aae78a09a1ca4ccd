"""The order of a rep's day: what the steps that records show are worth, from what the records show."""

import pandas as pd
import pytest
from support.worlds import NOW, World

from sales_consultant.config.playbook import parse
from sales_consultant.scoring.next_steps import of_shown

RULES = parse(
    '[[rules]]\nid = "call"\nobjects = ["deals"]\nwhen = "score > 1"\nshare = 0.06\ncost = 10\nstep = "abc"\nreason = "abc"\n'
).rules


def test_share_times_probability_times_money_in_one_currency_less_cost() -> None:
    world = World()
    world.add("org", currency="EUR")
    world.add("currencies", code="USD", rate=2.0)
    world.add("deals", id="large", amount=8000, currency="EUR", created_at=NOW)
    world.add("deals", id="foreign", amount=8000, currency="USD", created_at=NOW)
    rows = [
        ("deals", "large", "call", "0.5", None, None),
        ("deals", "foreign", "call", "0.5", None, None),
        ("companies", "firm", "review", None, "40", "1000.00"),
        ("deals", "large", "gone", "odd", None, None),
    ]
    table = pd.DataFrame(
        rows, columns=["object", "record_id", "rule", "probability", "churn_risk", "value_12m"]
    )
    found = of_shown(world.connection(), table, RULES, {"call": 0.05}, as_of=NOW)
    assert found[0] == pytest.approx(0.05 * 0.5 * 8000 - 10)
    assert found[1] == pytest.approx(0.05 * 0.5 * 4000 - 10)
    # A rule that is not in the playbook any more has the usual share, a chance that is no number is even.
    assert found[2] == pytest.approx(0.03 * 0.4 * 1000)
    assert found[3] == pytest.approx(0.03 * 0.5 * 8000)
