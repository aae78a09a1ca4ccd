"""Churn risk, segment and lifecycle come from one definition of alive: only declared pairs stand on a record."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import DAY, NOW, World

from sales_consultant.config.fields.canon import written
from sales_consultant.config.fields.catalogue import SEGMENTS, by_key
from sales_consultant.scoring.customers.alive import LIFECYCLE, RISKS, agree
from sales_consultant.scoring.customers.segments import SegmentModel

MODEL = SegmentModel(0, (30, 90, 180, 365), (1, 2, 4, 9), (25, 75, 150, 400), (100, 300), False, 10)
OPTIONS = by_key("lifecycle").options


def test_every_segment_has_its_lifecycle_and_every_lifecycle_its_risks() -> None:
    assert set(LIFECYCLE) == set(SEGMENTS) and set(LIFECYCLE.values()) == set(OPTIONS)
    assert set(RISKS) == set(OPTIONS) - {"prospect"}
    # Each risk has a lifecycle, and none has more than two: those on either side of an edge.
    assert {sum(low <= r <= high for k, (low, high) in RISKS.items() if k != "new") for r in range(101)} == {
        1,
        2,
    }
    assert not agree("prospects", "prospect", 3.0), "who never bought cannot leave"


risks = st.one_of(st.just(float("nan")), st.floats(0, 100))


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.floats(0, 900), st.integers(1, 20), st.floats(1, 900), risks), min_size=1, max_size=12
    ),
    st.sampled_from(["", *SEGMENTS]),
)
def test_only_declared_pairs_come_about_from_night_to_night(
    nights: list[tuple[float, int, float, float]], before: str
) -> None:
    known = before
    for since, count, total, risk in nights:
        table = pd.DataFrame({"since_days": [since], "purchases": [count], "total": [total]})
        shown = np.rint(np.array([risk]))
        known = str(MODEL.named(table, [known], shown)[0])
        text = written(by_key("churn_risk"), None if np.isnan(risk) else risk)
        assert agree(known, LIFECYCLE[known], None if text is None else float(text))


def test_who_buys_once_a_year_is_not_lost_and_who_fell_silent_is() -> None:
    """Recency alone would say the opposite of the churn risk in both."""
    since, count, total = np.array([(300.0, 4.0, 200.0), (40.0, 12.0, 900.0), (300.0, 4.0, 200.0)]).T
    names = MODEL.name(since, count, total, np.array([12.0, 91.0, 62.0]))
    assert list(names) == ["needs_attention", "dormant", "at_risk"]
    assert list(MODEL.name(since, count, total)) == ["at_risk", "champions", "at_risk"]


@pytest.mark.parametrize(
    ("risk", "of_firm", "of_contact"),
    [(7.0, "needs_attention", "needs_attention"), (93.0, "dormant", "dormant")],
)
def test_a_contact_is_as_alive_as_its_company(risk: float, of_firm: str, of_contact: str) -> None:
    world = World()
    world.add("companies", id="f", created_at=1)
    world.add("contacts", id="k", created_at=1, company_id="f")
    at = NOW - 300 * DAY
    row: dict[str, Any] = {"company_id": "f", "amount": 100, "created_at": at - DAY, "closed_at": at}
    world.add("deals", id="d", **row, is_closed=True, is_won=True, stage="won")
    world.add("associations", from_object="deal", from_id="d", to_object="contact", to_id="k")
    values = pd.DataFrame({"record_id": ["f"], "churn_risk": [risk], "value_12m": [1.0]})
    found = MODEL.assign(world.connection(), as_of=NOW, previous={}, values=values).set_index("record_id")
    assert found["segment"].to_dict() == {"f": of_firm, "k": of_contact}


def test_a_risk_that_wanders_around_an_edge_does_not_change_the_name() -> None:
    table = pd.DataFrame({"since_days": [200.0], "purchases": [3], "total": [100.0]})
    known, path = "", []
    for risk in (48.0, 52.0, 49.0, 54.0, 56.0, 53.0, 47.0, 44.0):
        known = str(MODEL.named(table, [known], np.array([risk]))[0])
        path.append(known)
    assert path == ["needs_attention"] * 4 + ["at_risk"] * 3 + ["needs_attention"]
